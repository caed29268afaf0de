package engine

import (
	"context"
	"errors"
	"fmt"
	"strings"
)

// decideJointly answers a gate for every leg that waits at it. One answer counts for
// all; it is refused while a leg is still on its way there.
func (r *Runner) decideJointly(s State, item string, d Decision) error {
	refuse := func(why, remedy string) error { return Refuse("decide "+string(d.Gate), item, why, remedy) }
	var waiting []*Leg
	for _, l := range s.Legs {
		if l.Gate != nil && l.Gate.Gate == d.Gate {
			waiting = append(waiting, l)
		}
	}
	named := s.Leg(item)
	switch {
	case item != "" && named == nil:
		return refuse("the run has no such item", "failback show RUN lists them")
	case len(waiting) == 0 || named != nil && (named.Gate == nil || named.Gate.Gate != d.Gate):
		return refuse("that gate is not open", "wait until it opens")
	}
	first := waiting[0]
	for _, o := range s.Legs {
		if o.live() && o.left() >= first.left() && (o.Gate == nil || o.Gate.Gate != d.Gate) {
			return refuse(o.Item.Name+" of the same recovery plan is not there yet", "wait until it is: the answer is given once for all")
		}
	}
	for _, l := range waiting {
		if err := r.acceptable(s, l, d); err != nil {
			return err
		}
	}
	d.Joint = true
	taken := 0
	for _, l := range waiting {
		d.Verb = l.Gate.Verb
		err := r.Stream.Emit(l.Item.Name, PhaseNone, DecisionMade{d})
		var moved *Illegal
		if errors.As(err, &moved) && taken > 0 {
			continue // it was cancelled just now
		}
		if err != nil {
			return err
		}
		taken++
	}
	return nil
}

// given is an answer that the other legs of a recovery plan had at this gate while
// this one was interrupted there: it counts as long as nothing has come of it.
func (l *leg) given(g Gate) (Decision, bool) {
	s := l.r.Stream.State()
	me := s.Leg(l.item.Name)
	op := gateOp(g, s.Plan)
	if s.asking(op) != nil || s.accepted(op, "").Accepted {
		return Decision{}, false
	}
	for _, o := range s.Legs {
		if !o.live() || o.left() >= me.left() {
			continue
		}
		for _, d := range o.Decisions {
			if d.Gate == g && d.Joint {
				return d, true
			}
		}
	}
	return Decision{}, false
}

// gateOp is the effect that a gate stands before.
func gateOp(g Gate, p Plan) Op {
	switch g {
	case GateComplete:
		if p.Direction == ToOnPremises && p.Sync == SyncDelta {
			return OpComplete
		}
		return OpStart
	case GateCommit:
		return OpCommit
	case GateReprotect:
		return OpReprotect
	case GateCommitFailover:
		return OpCommitFailover
	case GateManual, GateNone:
	}
	return ""
}

// Shared reports whether the gate is answered once for all items of the plan.
func (p Plan) Shared(g Gate) bool {
	return p.Joint() && sharedGate(g)
}

func sharedGate(g Gate) bool { return g == GateComplete || g == GateCommit || g == GateReprotect }

// awaitOthers holds a leg of a recovery plan before a gate until every leg that
// goes on stands there, too.
func (l *leg) awaitOthers(ctx context.Context) error {
	for {
		s, changed := l.r.Stream.Changed()
		if s.arrived(s.Leg(l.item.Name)) {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// openJointly adds to a gate what concerns the whole recovery plan.
func (l *leg) openJointly(ctx context.Context, o *GateOpened) error {
	s := l.r.Stream.State()
	var names []string
	for _, x := range s.Legs {
		if x.live() {
			names = append(names, x.Item.Name)
		}
	}
	head := fmt.Sprintf("This is answered once for recovery plan %s: %s.", s.Plan.RecoveryPlan, strings.Join(names, ", "))
	lines := []string{head}
	if o.Gate == GateCommit && s.Plan.Direction == ToOnPremises {
		for _, x := range s.Legs {
			if x.committable() && !x.proven() {
				o.Unverified = append(o.Unverified, x.Item.Name)
			}
		}
		if len(o.Unverified) > 0 {
			o.NeedsReason = true
			lines = append(lines, "Mind: nothing has shown that these are well, and their Azure copies are deleted, too: "+strings.Join(o.Unverified, ", ")+". Name each in the reason.")
		}
	}
	if s.leads(s.Leg(l.item.Name)) {
		more, err := l.consequencesForOthers(ctx, o.Gate, s)
		if err != nil {
			return err
		}
		o.Consequences = append(o.Consequences, more...)
	}
	o.Consequences = append(lines, o.Consequences...)
	return nil
}

// consequencesForOthers says what an approval does to the other machines, in a line
// each.
func (l *leg) consequencesForOthers(ctx context.Context, g Gate, s State) ([]string, error) {
	var out []string
	for _, o := range s.Legs {
		if o.Item.Name == l.item.Name || !o.live() && !(g == GateCommit && o.committable()) {
			continue
		}
		it, err := patient(ctx, l, "read the item", func(ctx context.Context) (Item, error) { return l.r.Ports.Inventory.Item(ctx, o.Item.ID) })
		if err != nil {
			return nil, err
		}
		switch {
		case g == GateComplete && s.Plan.Direction == ToOnPremises:
			out = append(out, "Azure VM "+it.AzureVM.Name+" is stopped, when its group's turn comes.")
		case g == GateCommit && s.Plan.Direction == ToOnPremises:
			var disks []string
			for _, d := range it.Disks {
				disks = append(disks, d.Name+" ("+SizeWords(d.Bytes)+")")
			}
			out = append(out, "Azure VM "+it.AzureVM.Name+" is deleted with its disks "+strings.Join(disks, ", ")+".")
		case s.Plan.Direction == ToAzure:
			out = append(out, consequencesToAzure(g, it)...)
		default:
			out = append(out, it.Name+" replicates to Azure again.")
		}
	}
	return out, nil
}

// committable reports whether a commit of the recovery plan would take the leg's
// Azure copy: its machine was brought home, whatever came of it. A leg that ended for
// good before that has left its item in Azure.
func (l *Leg) committable() bool {
	return l.Mode != ModeEnded && l.reached(PhaseStartOnPremises) && !l.Passed(PhaseCommit) && l.Outcome != OutcomeCancelled
}

// proven reports whether the machine was seen to be well.
func (l *Leg) proven() bool {
	return l.Verified() && l.Boot != nil && l.Boot.Result == BootProven && l.Damage == nil
}
