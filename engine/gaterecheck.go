package engine

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// Recheck looks again at the rules whose answer may have changed since the preflight,
// and at each gate only at those that count there. Like [Preflight] it fails only when
// ctx ended.
type Recheck func(ctx context.Context, p Ports, plan Plan, item PlanItem, g Gate, emit func(Finding)) error

// recheckTime bounds the look: a gate opens whether or not a host answers.
const recheckTime = 2 * time.Minute

// recheck records what is found at the gate, and puts into its dialog what has changed.
// What blocks now takes the gate out of policy's hands: Azure is running, and whether
// to go on is a person's to say.
func (l *leg) recheck(ctx context.Context, o *GateOpened) error {
	if l.r.Recheck == nil {
		return nil
	}
	looking, done := context.WithTimeout(ctx, recheckTime)
	defer done()
	known := l.state().Findings
	var broken error
	err := l.r.Recheck(looking, l.r.Ports, l.plan(), l.item, o.Gate, func(f Finding) {
		before := verdictOf(known, f.Rule)
		if before != f.Verdict {
			f.Was = before
		}
		if err := l.emit(PreflightChecked{f}); err != nil && broken == nil {
			broken = err
		}
		o.mind(f)
	})
	switch {
	case ctx.Err() != nil:
		return context.Cause(ctx)
	case broken != nil:
		return broken
	case err != nil:
		o.Consequences = append(o.Consequences, "Mind: not every rule that may have changed could be looked at again within "+SpanWords(recheckTime)+".")
	}
	return nil
}

func verdictOf(known []Finding, rule string) Verdict {
	i := slices.IndexFunc(known, func(f Finding) bool { return f.Rule == rule })
	if i < 0 {
		return ""
	}
	return known[i].Verdict
}

// mind says a verdict that changed, or that blocks, where the answer is given.
func (o *GateOpened) mind(f Finding) {
	if f.Verdict == VerdictBlock {
		o.NeedsReason = true
	} else if f.Was == "" {
		return
	}
	was := ""
	if f.Was != "" {
		was = fmt.Sprintf(" (it was %s)", f.Was)
	}
	line := fmt.Sprintf("%s%s: %s: %s", f.Verdict, was, f.Title, f.Observed)
	if f.Verdict != VerdictOK {
		line = "Mind: " + line
	}
	if f.Remedy != "" && f.Verdict != VerdictOK {
		line += ". Do: " + f.Remedy
	}
	o.Consequences = append(o.Consequences, line+".")
}
