package storage

import (
	"context"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// Limits are what one blob gives a second; zero is no limit. The service's own
// targets are 60 MiB and 500 requests.
type Limits struct{ Bytes, Requests int }

// queue is how much longer than at once a request may have to wait. Beyond it the
// service says that it is busy.
const queue = 2 * time.Second

// busyAfter is what a busy service asks for.
const busyAfter = time.Second

var serverBusy = Fault{Status: 503, Code: "ServerBusy", Message: "The server is busy.", RetryAfter: busyAfter}

// throttles holds every blob to the limits of its account.
type throttles struct {
	limits func() Limits

	mu     sync.Mutex
	byBlob map[string]*throttle
}

type throttle struct {
	limits          Limits
	bytes, requests *rate.Limiter
}

// burst is how many bytes may go at once.
const burst = 1 << 20

// of is the throttle of a blob, nil without limits.
func (t *throttles) of(name string) *throttle {
	if t.limits == nil {
		return nil
	}
	now := t.limits()
	if now == (Limits{}) {
		return nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	known := t.byBlob[name]
	if known == nil || known.limits != now {
		known = &throttle{limits: now, bytes: limiter(now.Bytes, burst), requests: limiter(now.Requests, max(1, now.Requests/20))}
		if t.byBlob == nil {
			t.byBlob = map[string]*throttle{}
		}
		t.byBlob[name] = known
	}
	return known
}

func limiter(perSecond, burst int) *rate.Limiter {
	if perSecond <= 0 {
		return rate.NewLimiter(rate.Inf, burst)
	}
	return rate.NewLimiter(rate.Limit(perSecond), burst)
}

// admit waits for a request's turn, or says that there are too many before it.
func (t *throttle) admit(ctx context.Context) bool {
	if t == nil {
		return true
	}
	if owed := -t.bytes.Tokens(); t.limits.Bytes > 0 && owed > queue.Seconds()*float64(t.limits.Bytes) {
		return false
	}
	turn := t.requests.Reserve()
	if turn.Delay() > queue {
		turn.Cancel()
		return false
	}
	return sleep(ctx, turn.Delay()) == nil
}

// pass waits until n bytes may go.
func (t *throttle) pass(ctx context.Context, n int) error {
	if t == nil {
		return nil
	}
	for n > 0 {
		part := min(n, burst)
		if err := t.bytes.WaitN(ctx, part); err != nil {
			return err
		}
		n -= part
	}
	return nil
}

func sleep(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
