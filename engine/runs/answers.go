package runs

import (
	"context"
	"fmt"
	"time"

	"failback/engine"
)

// readInbox takes answers that other terminals left, until ctx ends. A decision
// for a gate that is not open yet is kept; any other refused answer is noted in
// the run and removed, so that nobody waits for it in vain.
func (r *run) readInbox(ctx context.Context) {
	t := time.NewTicker(r.m.set.Inbox)
	defer t.Stop()
	for {
		for _, a := range r.m.store.answers(r.id) {
			r.take(a)
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

func (r *run) take(a answer) {
	var err error
	if a.Cancel != nil {
		err = r.runner.Cancel(a.Item, a.Cancel.By, a.Cancel.Reason)
	} else {
		item, open := r.addressee(a.Item, a.Decision.Gate)
		if !open {
			return
		}
		err = r.runner.Decide(item, *a.Decision)
	}
	if err != nil {
		// A note that can't be kept breaks the stream, which ends the run itself.
		_ = r.stream.Emit("", engine.PhaseNone, engine.Noted{Level: "warn", Text: fmt.Sprintf("an answer from another terminal was refused: %v", err)})
	}
	// A file that can't be removed is refused as "not open" the next time.
	_ = a.used()
}

// addressee finds the item an answer is for and whether its gate is open. After a
// resume a gate counts as open only when its leg has opened it again.
func (r *run) addressee(item string, g engine.Gate) (string, bool) {
	for _, l := range r.stream.State().Legs {
		if l.Mode == engine.ModeWaiting && l.Gate.Gate == g && (item == "" || item == l.Item.Name) {
			return l.Item.Name, true
		}
	}
	return item, false
}

// answered reports whether a decision for the gate waits in the inbox.
func (r *run) answered(item string, g engine.Gate) bool {
	for _, a := range r.m.store.answers(r.id) {
		if a.Decision != nil && a.Decision.Gate == g && a.Decision.Reason != "" && (a.Item == "" || a.Item == item) {
			return true
		}
	}
	return false
}
