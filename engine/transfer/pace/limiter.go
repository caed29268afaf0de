package pace

import (
	"context"
	"math"
	"slices"
	"sync"
	"time"
)

const (
	// credit is how much of idle time may be caught up with: as much as a timer
	// may be late.
	credit = 100 * time.Millisecond
	// look is how often a waiting limiter looks at the time of day again.
	look = time.Minute
)

// Limiter holds everything that passes through its shares to one schedule, and
// divides it evenly among those that want something. It is safe for concurrent
// use.
type Limiter struct {
	mu       sync.Mutex
	schedule Schedule
	bytes    meter
	requests meter
	settled  time.Time
	shares   []*Share
	timer    *time.Timer
}

// meter counts what passed and was not yet paid for by time; below zero it is
// credit.
type meter struct{ debt float64 }

func (m *meter) pay(rate float64, dt time.Duration) {
	if rate == 0 {
		m.debt = 0
		return
	}
	m.debt = max(m.debt-rate*dt.Seconds(), -rate*credit.Seconds())
}

func (m *meter) wait(rate float64) time.Duration {
	if rate == 0 || m.debt <= 0 {
		return 0
	}
	return time.Duration(math.Ceil(m.debt / rate * float64(time.Second)))
}

// NewLimiter starts with a schedule.
func NewLimiter(s Schedule) *Limiter { return &Limiter{schedule: s, settled: time.Now()} }

// Set changes the schedule for everybody, those who wait already included.
func (l *Limiter) Set(s Schedule) {
	l.mu.Lock()
	defer l.mu.Unlock()
	l.settle(time.Now())
	l.schedule = s
	l.pump()
}

// Rate is what may pass now.
func (l *Limiter) Rate() Rate {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.schedule.At(time.Now())
}

// Share is one disk's part of a limiter. However many requests of one share
// wait, every other waiting share gets as many bytes.
type Share struct {
	limiter *Limiter
	queue   []*waiter
	served  float64
}

type waiter struct {
	bytes int
	ready chan struct{}
}

// Join adds a disk. It starts level with those that were served least.
func (l *Limiter) Join() *Share {
	l.mu.Lock()
	defer l.mu.Unlock()
	s := &Share{limiter: l}
	l.shares = append(l.shares, s)
	return s
}

// Leave takes the share's disk out. Nothing may wait on it any more.
func (s *Share) Leave() {
	l := s.limiter
	l.mu.Lock()
	defer l.mu.Unlock()
	l.shares = slices.DeleteFunc(l.shares, func(o *Share) bool { return o == s })
}

// Wait returns when a request of so many bytes may start, or with the error of
// ctx.
func (s *Share) Wait(ctx context.Context, bytes int) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	l, w := s.limiter, &waiter{bytes: bytes, ready: make(chan struct{})}
	l.mu.Lock()
	if len(s.queue) == 0 {
		s.served = max(s.served, l.floor()) // idle time is not saved up
	}
	s.queue = append(s.queue, w)
	l.pump()
	l.mu.Unlock()
	select {
	case <-w.ready:
		return nil
	case <-ctx.Done():
		l.mu.Lock()
		s.queue = slices.DeleteFunc(s.queue, func(o *waiter) bool { return o == w })
		l.mu.Unlock()
		return ctx.Err()
	}
}

// floor is the least service among the shares that wait.
func (l *Limiter) floor() float64 {
	least := math.Inf(1)
	for _, s := range l.shares {
		if len(s.queue) > 0 {
			least = min(least, s.served)
		}
	}
	if math.IsInf(least, 1) {
		return 0
	}
	return least
}

func (l *Limiter) settle(now time.Time) Rate {
	rate := l.schedule.At(now)
	dt := now.Sub(l.settled)
	l.bytes.pay(rate.Bytes, dt)
	l.requests.pay(rate.Requests, dt)
	l.settled = now
	return rate
}

// pump lets everybody go who may, and comes back when the next one may.
func (l *Limiter) pump() {
	if l.timer != nil {
		l.timer.Stop()
		l.timer = nil
	}
	rate := l.settle(time.Now())
	for {
		s := l.next()
		if s == nil {
			return
		}
		if wait := max(l.bytes.wait(rate.Bytes), l.requests.wait(rate.Requests)); wait > 0 {
			l.timer = time.AfterFunc(min(wait, look), func() {
				l.mu.Lock()
				defer l.mu.Unlock()
				l.pump()
			})
			return
		}
		w := s.queue[0]
		s.queue = s.queue[1:]
		s.served += float64(w.bytes) + 1
		l.bytes.debt += float64(w.bytes)
		l.requests.debt++
		close(w.ready)
	}
}

// next is the waiting share that was served least.
func (l *Limiter) next() *Share {
	var best *Share
	for _, s := range l.shares {
		if len(s.queue) > 0 && (best == nil || s.served < best.served) {
			best = s
		}
	}
	return best
}
