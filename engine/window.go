package engine

import (
	"context"
	"errors"
)

// errLate says that the plan's window closed after the decision to switch and
// before anything of the switch was done.
var errLate = errors.New("the window closed before the switch began")

// late reports whether the switch stands right behind its decision while the
// window that the decision was made in has closed: the run was resumed later, or
// its host was out of contact. A decision is for its window, not for ever.
func (l *leg) late() bool {
	s := l.r.Stream.State()
	me := s.Leg(l.item.Name)
	if s.Plan.Window.Contains(l.r.Stream.Now()) || me.mayReopen(GateComplete) != nil {
		return false
	}
	if op := gateOp(GateComplete, s.Plan); s.Plan.Joint() && (s.asking(op) != nil || s.accepted(op, "").Accepted) {
		return false // another leg of the recovery plan has begun the switch for all
	}
	last := me.Decisions[len(me.Decisions)-1]
	return !last.Override
}

// reopen asks at a gate again, and says why.
func (l *leg) reopen(ctx context.Context, g Gate, why error) error {
	opened, err := l.opening(ctx, g)
	if err != nil {
		return err
	}
	opened.Again = why.Error()
	opened.NeedsReason = opened.NeedsReason || g == GateCommit // what policy agreed to was another list
	return l.r.Stream.Emit(l.item.Name, PhaseNone, opened)
}

// mayReopen says why the gate before the current phase can't be asked again: only
// the complete gate can, while nothing of the switch was done, and the commit gate of
// a failback without Site Recovery, while nothing was deleted.
func (l *Leg) mayReopen(g Gate) error {
	if g != GateComplete && (g != GateCommit || !l.Direct) || l.At == 0 || l.At >= len(l.Steps) || l.Steps[l.At-1].Gate != g || len(l.Decisions) == 0 {
		return errors.New("this is not the step after that gate")
	}
	acts := []Op{OpStart}
	if p := l.Step().Phase; p == PhaseCommit {
		acts = []Op{OpCommit}
	} else if p == PhaseStopAzure {
		acts = []Op{OpDeallocate, OpComplete} // the start was made long before
	}
	for _, op := range acts {
		if asked, ok := l.Ops[op]; ok && (asked.Accepted || !l.declined()) {
			return errors.New("what it answers has begun")
		}
	}
	if g == GateComplete && !l.DowntimeFrom.IsZero() {
		return errors.New("the downtime has begun")
	}
	return nil
}

// declined reports whether the leg stopped because a request was understood and
// declined: then nothing of it has happened.
func (l *Leg) declined() bool {
	if l.Failure == nil {
		return false
	}
	switch l.Failure.Kind {
	case FailureRefused, FailureNotFound, FailurePermission, FailureUsage, FailureBlocked:
		return true
	case FailureOther, FailureRetryable, FailureUnknown, FailureCancelled, FailureJob, FailureBoot, FailureUnsafe:
	}
	return false
}
