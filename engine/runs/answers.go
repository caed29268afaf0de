package runs

import (
	"context"
	"fmt"
	"slices"
	"time"

	"failback/engine"
)

// readInbox takes answers that other terminals left, until ctx ends. A decision
// for a gate that is not open yet is kept; any other refused answer is noted in
// the run and removed, so that nobody waits for it in vain.
func (r *run) readInbox(ctx context.Context) {
	t := time.NewTicker(r.m.set.Inbox)
	defer t.Stop()
	stuck := map[string]bool{} // used, and not to be removed: never used again
	for {
		for _, a := range r.m.store.answers(r.id) {
			if !stuck[a.path] && r.take(a) && a.used() != nil {
				stuck[a.path] = true
			}
		}
		select {
		case <-t.C:
		case <-ctx.Done():
			return
		}
	}
}

// take carries an answer out and reports whether it is settled. An answer that
// this process can't keep any more stays for the next one.
func (r *run) take(a answer) bool {
	var err error
	switch {
	case a.Look != nil:
		err = r.runner.Look(a.Item, a.Look.By, a.Look.Saw)
	case a.Limit != nil:
		err = r.runner.Limit(a.Limit.By, a.Limit.Limit)
	case a.Cancel != nil:
		err = r.runner.Cancel(a.Item, a.Cancel.By, a.Cancel.Reason)
	default:
		item, early, why := r.addressee(a.Item, a.Decision.Gate)
		switch {
		case early:
			return false
		case why != nil:
			err = why
		case r.unlisted(item, a):
			err = engine.Refuse("decide "+string(a.Decision.Gate), item,
				"the answer is from before the list of what the commit deletes was shown", "read the list, then decide again")
		case r.uninformed(item, a):
			err = engine.Refuse("decide "+string(a.Decision.Gate), item,
				"the answer is from before the machine was looked at, and this gate asks somebody who has seen it", "look at it, then decide again")
		default:
			err = r.runner.Decide(item, *a.Decision)
		}
	}
	if r.stream.Broken() != nil || err != nil && r.stream.State().Ended() {
		return false
	}
	if err != nil {
		// A note that can't be kept breaks the stream, which ends the run itself.
		_ = r.stream.Emit("", engine.PhaseNone, engine.Noted{Level: "warn", Text: fmt.Sprintf("an answer from another terminal was refused: %v", err)})
	}
	return true
}

// addressee finds the item an answer is for. It is early where the gate is still
// to come; after a resume a gate counts as open only when its leg has opened it
// again. A gate that lies behind, or an answer that fits several items, is refused.
func (r *run) addressee(item string, g engine.Gate) (name string, early bool, err error) {
	var open []string
	known, coming := false, false
	st := r.stream.State()
	shared := st.Plan.Shared(g)
	if (shared || g == engine.GateManual) && st.Leg(item) != nil {
		item = "" // one answer for all; after a resume another leg may ask for a manual action
	}
	for _, l := range st.Legs {
		if item != "" && item != l.Item.Name {
			continue
		}
		known = true
		switch at := slices.IndexFunc(l.Steps, func(s engine.Step) bool { return s.Gate == g }); {
		case l.Mode == engine.ModeWaiting && l.Gate.Gate == g:
			open = append(open, l.Item.Name)
		case at >= l.At && l.Mode != engine.ModeEnded:
			early, coming = true, coming || l.Outcome == engine.OutcomeNone
		case g == engine.GateManual && l.Mode != engine.ModeEnded:
			early = st.Plan.Joint() // the recovery plan's job may still come to it
		}
	}
	refuse := func(why string) error {
		return engine.Refuse("decide "+string(g), item, why, "failback show "+string(r.id)+" tells how it stands")
	}
	switch {
	case len(open) > 0 && shared && coming:
		return "", true, nil // once all are there
	case len(open) == 1, len(open) > 1 && shared:
		return open[0], false, nil
	case len(open) > 1:
		return "", false, refuse(fmt.Sprintf("%d items wait at that gate and the answer names none", len(open)))
	case early:
		return "", true, nil
	case !known:
		return "", false, refuse("the run has no such item")
	}
	return "", false, refuse("that gate has been passed already, or the leg has ended")
}

// uninformed reports whether the answer was left before its machine was looked at,
// though its gate asks a person who has seen it.
func (r *run) uninformed(item string, a answer) bool {
	st := r.stream.State()
	l := st.Leg(item)
	if l.Gate == nil || !l.Gate.NeedsReason {
		return false
	}
	// At a shared gate the answer is about every machine that waits there.
	return a.blind(l) || st.Plan.Shared(l.Gate.Gate) && slices.ContainsFunc(st.Legs, func(o *engine.Leg) bool {
		return o.Gate != nil && o.Gate.Gate == l.Gate.Gate && a.blind(o)
	})
}

// unlisted reports whether the answer would have deleted what its person has not seen
// listed.
func (r *run) unlisted(item string, a answer) bool {
	st := r.stream.State()
	l := st.Leg(item)
	return l != nil && a.Decision.Gate == engine.GateCommit && l.Gate != nil && l.Gate.Deletes != nil && a.At.Before(l.ListedAt)
}

// blind reports whether the answer is for the commit gate and older than the first
// look at the machine that the commit would leave as the only copy.
func (a answer) blind(l *engine.Leg) bool {
	looked := l.Phases[engine.PhaseVerify].Started
	return a.Decision.Gate == engine.GateCommit && l.Direction == engine.ToOnPremises && (looked.IsZero() || a.At.Before(looked))
}

// answered reports whether a decision for the gate waits in the inbox, of somebody
// who could have seen what it is about.
func (r *run) answered(item string, g engine.Gate) bool {
	l := r.stream.State().Leg(item)
	for _, a := range r.m.store.answers(r.id) {
		if a.Decision != nil && a.Decision.Gate == g && a.Decision.Reason != "" && (a.Item == "" || a.Item == item) && !a.blind(l) {
			return true
		}
	}
	return false
}
