package pace

import (
	"context"
	"math"
	"sync"
	"time"
)

const (
	// window is how long goodput is measured before the limit moves.
	window = time.Second
	// gain is what one more request in flight must bring to be kept.
	gain = 1.05
	// cut is what a throttled source leaves of the limit.
	cut = 0.7
	// rest is how many windows pass between two tries for more.
	rest = 5
)

// Governor holds the number of requests in flight: one more while that brings
// more bytes, 0.7 of them when the source throttles. It goes on trying for as
// long as it is used. It is safe for concurrent use.
type Governor struct {
	mu      sync.Mutex
	limit   float64
	most    float64
	active  int
	full    bool // the limit was reached in this window
	wake    chan struct{}
	until   time.Time // nobody starts before
	cutAt   time.Time
	started time.Time
	bytes   int64
	goodput float64 // of the last window
	probing bool
	idle    int // windows since the last try
}

// NewGovernor starts with so many requests in flight and never has more than
// most.
func NewGovernor(start, most int) *Governor {
	most = max(most, 1)
	return &Governor{limit: float64(min(max(start, 1), most)), most: float64(most), wake: make(chan struct{}), started: time.Now()}
}

// Acquire waits until one more request may start.
func (g *Governor) Acquire(ctx context.Context) error {
	for {
		if err := ctx.Err(); err != nil {
			return err
		}
		g.mu.Lock()
		pause := time.Until(g.until)
		if pause <= 0 && g.active < int(g.limit) {
			g.active++
			g.full = g.full || g.active == int(g.limit)
			g.mu.Unlock()
			return nil
		}
		wake := g.wake
		g.mu.Unlock()
		if err := sleep(ctx, wake, pause); err != nil {
			return err
		}
	}
}

// sleep waits for wake, and for pause to pass where there is one.
func sleep(ctx context.Context, wake <-chan struct{}, pause time.Duration) error {
	var after <-chan time.Time
	if pause > 0 {
		t := time.NewTimer(pause)
		defer t.Stop()
		after = t.C
	}
	select {
	case <-wake:
		return nil
	case <-after:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Release ends a request that moved so many bytes.
func (g *Governor) Release(bytes int64) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.active--
	g.bytes += bytes
	if dt := time.Since(g.started); dt >= window {
		g.adjust(float64(g.bytes) / dt.Seconds())
		g.bytes, g.started, g.full = 0, time.Now(), false
	}
	g.signal()
}

func (g *Governor) adjust(goodput float64) {
	better := goodput >= g.goodput*gain
	g.idle++
	switch {
	case !g.full: // more in flight would change nothing
	case g.probing && !better:
		g.limit, g.probing, g.idle = max(1, g.limit-1), false, 0
	case better || g.idle >= rest:
		g.limit, g.probing, g.idle = min(g.most, g.limit+1), g.limit < g.most, 0
	default:
		g.probing = false
	}
	g.goodput = goodput
}

// Throttled says that the source asked for less, and for how long to leave it
// alone; zero where it did not say. Several refusals within a second, the
// answers to requests that were in flight together, count once.
func (g *Governor) Throttled(retryAfter time.Duration) {
	g.mu.Lock()
	defer g.mu.Unlock()
	now := time.Now()
	if until := now.Add(retryAfter); until.After(g.until) {
		g.until = until
	}
	if !g.cutAt.IsZero() && now.Sub(g.cutAt) < window {
		return
	}
	g.cutAt, g.probing, g.idle = now, false, 0
	g.limit = max(1, math.Floor(g.limit*cut))
	g.bytes, g.started, g.goodput = 0, now, 0
}

// Paused says that the source has asked to be left alone and that time has not
// passed.
func (g *Governor) Paused() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return time.Now().Before(g.until)
}

// Limit is how many requests may be in flight now.
func (g *Governor) Limit() int {
	g.mu.Lock()
	defer g.mu.Unlock()
	return int(g.limit)
}

func (g *Governor) signal() {
	close(g.wake)
	g.wake = make(chan struct{})
}
