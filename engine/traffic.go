package engine

import (
	"context"
	"fmt"
	"time"
)

// Traffic is how much a connection asks of Azure's management API.
type Traffic struct {
	LastMinute int // requests of the last 60 seconds, repeated ones included
	Budget     int // requests a minute that reads keep to; 0 without one
	Waiting    int // reads that wait for their turn now
	// Until is when Azure lets itself be asked again, where it has throttled.
	Until time.Time
}

// Throttled reports whether Azure has asked to be left alone beyond now.
func (t Traffic) Throttled(now time.Time) bool { return t.Until.After(now) }

// Words say the traffic in a few words: "37 of 240 requests a minute".
func (t Traffic) Words(now time.Time) string {
	s := fmt.Sprintf("%d requests a minute", t.LastMinute)
	if t.Budget > 0 {
		s = fmt.Sprintf("%d of %d requests a minute", t.LastMinute, t.Budget)
	}
	switch {
	case t.Throttled(now):
		s += ", throttled until " + t.Until.UTC().Format("15:04:05 MST")
	case t.Waiting > 0:
		s += fmt.Sprintf(", %d waiting", t.Waiting)
	}
	return s
}

type urgentKey struct{}

// Urgent marks what is read on the way to an effect, or of a machine that is being
// stopped: it does not wait behind other reads.
func Urgent(ctx context.Context) context.Context { return context.WithValue(ctx, urgentKey{}, true) }

// IsUrgent reports whether ctx comes from [Urgent].
func IsUrgent(ctx context.Context) bool { u, _ := ctx.Value(urgentKey{}).(bool); return u }

func (r *Runner) traffic() Traffic {
	if r.Traffic == nil {
		return Traffic{}
	}
	return r.Traffic()
}

// tellThrottle says in the run's log that Azure wants to be left alone, once for
// each time that it asks.
func (r *Runner) tellThrottle() error {
	t := r.traffic()
	r.mu.Lock()
	news := t.Throttled(r.Stream.Now()) && t.Until.Sub(r.throttled) > r.Poll
	if news {
		r.throttled = t.Until
	}
	r.mu.Unlock()
	if !news {
		return nil
	}
	return r.Stream.Emit("", PhaseNone, Noted{Level: "warn", Text: "Azure asks for fewer requests: reads wait until " +
		t.Until.UTC().Format("15:04:05 MST") + ". Jobs go on; what is shown is as old as it says"})
}
