package azure

import (
	"context"
	"net/http"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"golang.org/x/time/rate"

	"failback/engine"
)

// DefaultBudget is how many requests a minute reads keep to where nobody says
// otherwise: a sixth of what the management API refills for one principal (facts §6).
// What Site Recovery itself allows is not documented.
const DefaultBudget = 240

// budget bounds how often a session asks the management API. Reads wait their turn;
// requests that change something, and what is read on their way, go at once and are
// paid for by the reads after them. It is safe for concurrent use.
type budget struct {
	limit   int // a minute; 0 without one
	tickets *rate.Limiter

	mu      sync.Mutex
	sent    []time.Time // of the last minute, oldest first
	waiting int
	until   time.Time // Azure asked to be left alone until then
}

// newBudget makes a budget of so many requests a minute. A quarter may come at
// once and the rest is spread, so that no minute, begun whenever, has more.
func newBudget(perMinute int) *budget {
	b := &budget{limit: perMinute, tickets: rate.NewLimiter(rate.Inf, 1)}
	if perMinute > 0 {
		burst := max(1, perMinute/4)
		b.tickets = rate.NewLimiter(rate.Limit(float64(max(1, perMinute-burst))/60), burst)
	}
	return b
}

// gate stands before the retries of a call: here a read waits for its ticket.
type gate struct{ *budget }

// meter stands behind them and sees every attempt leave.
type meter struct{ *budget }

// ticket is what a read has waited for. Its first attempt uses it up.
type ticket struct{ good bool }

// Do implements [policy.Policy].
func (g gate) Do(r *policy.Request) (*http.Response, error) {
	if effectful(r) {
		return r.Next()
	}
	t := &ticket{}
	if err := g.await(r.Raw().Context(), t); err != nil {
		return nil, err
	}
	r.SetOperationValue(t)
	return r.Next()
}

// Do implements [policy.Policy].
func (m meter) Do(r *policy.Request) (*http.Response, error) {
	var t *ticket
	if r.OperationValue(&t) && t.good {
		t.good = false
	} else {
		m.tickets.Reserve() // it goes without waiting; the reads after it wait for it
	}
	m.left()
	answer, err := r.Next()
	if err == nil && !effectful(r) {
		m.heed(answer)
	}
	return answer, err
}

func effectful(r *policy.Request) bool {
	return r.Raw().Method != http.MethodGet && r.Raw().Method != http.MethodHead
}

// await waits until the read may go: until Azure wants to be asked again, and then
// for a ticket, which an urgent one does without.
func (b *budget) await(ctx context.Context, t *ticket) error {
	b.wait(1)
	defer b.wait(-1)
	for left := b.closed(); left > 0; left = b.closed() {
		if err := Pause(ctx, left); err != nil {
			return err
		}
	}
	if engine.IsUrgent(ctx) {
		return nil
	}
	turn := b.tickets.Reserve()
	if err := Pause(ctx, turn.Delay()); err != nil {
		turn.Cancel()
		return err
	}
	t.good = true
	return nil
}

// closed is how long Azure still wants to be left alone.
func (b *budget) closed() time.Duration {
	b.mu.Lock()
	defer b.mu.Unlock()
	return time.Until(b.until)
}

// heed keeps all reads back for as long as the answer to one asks for.
func (b *budget) heed(answer *http.Response) {
	if answer.StatusCode != http.StatusTooManyRequests && answer.StatusCode != http.StatusServiceUnavailable {
		return
	}
	until := time.Now().Add(retryAfter(answer))
	b.mu.Lock()
	defer b.mu.Unlock()
	if until.After(b.until) {
		b.until = until
	}
}

// left notes that a request is on its way.
func (b *budget) left() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent = append(b.forget(time.Now()), time.Now())
}

// forget drops what is older than a minute; b.mu is held.
func (b *budget) forget(now time.Time) []time.Time {
	i := 0
	for i < len(b.sent) && now.Sub(b.sent[i]) >= time.Minute {
		i++
	}
	return b.sent[i:]
}

// traffic is what was sent of late.
func (b *budget) traffic() engine.Traffic {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.sent = b.forget(time.Now())
	return engine.Traffic{LastMinute: len(b.sent), Budget: b.limit, Waiting: b.waiting, Until: b.until}
}

func (b *budget) wait(n int) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.waiting += n
}

// Pause waits for d, or returns the error of ctx, whichever ends first.
func Pause(ctx context.Context, d time.Duration) error {
	if d <= 0 {
		return ctx.Err()
	}
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
