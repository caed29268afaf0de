package engine

import (
	"context"
	"errors"
	"time"
)

// leg walks one item through its steps. It is used by one goroutine.
type leg struct {
	r    *Runner
	item PlanItem
	free func() // gives the leg's slot back; nil without one

	overrun bool      // said once that the downtime's budget is spent
	sent    *upload   // of the re-protection; nil before it, and after a resume
	files   fileSizes // of the VM's disks, before it too; nil if not read
	counted *Activity // the agent's counters before the synchronisation that is to come; nil if not read
	contact time.Time // since when the host is seen disconnected; zero while connected

	raw      Job             // a recovery plan's own job as it was last read
	children map[string]Job  // jobs of its VM that are over, by name
	said     map[string]bool // what was said once
}

func (l *leg) state() *Leg { return l.r.Stream.State().Leg(l.item.Name) }

func (l *leg) plan() Plan { return l.r.Stream.State().Plan }

// emit records a fact in the leg's current phase.
func (l *leg) emit(b Body) error {
	return l.r.Stream.Emit(l.item.Name, l.state().Step().Phase, b)
}

func (l *leg) note(level, text string) error { return l.emit(Noted{Level: level, Text: text}) }

// host is the host the machine goes to.
func (l *leg) host() string {
	return l.plan().hostOf(l.item)
}

// walk goes from where the journal says the leg stands to its end, to a failure,
// or until ctx ends. Its error means that the journal can't be kept.
func (l *leg) walk(run, ctx context.Context) error {
	for {
		s := l.state()
		var err error
		switch {
		case s.Mode == ModeEnded:
			return nil
		case s.Mode == ModeCancelling:
			// The leg's own context was ended by the cancel itself.
			if err = l.cancel(run); err == nil || run.Err() != nil {
				return nil
			}
			return l.fail(l.failure(err))
		case s.At >= len(s.Steps):
			return l.r.Stream.Emit(l.item.Name, PhaseNone, LegFinished{Outcome: OutcomeSucceeded})
		case s.Step().IsGate():
			l.release()
			err = l.gate(ctx, s.Step().Gate)
		default:
			err = l.phase(ctx, s.Step().Phase)
		}
		switch {
		case errors.Is(err, errLate):
			err = l.reopen(ctx, GateComplete, errLate)
		case errors.Is(err, errMoved):
			err = l.reopen(ctx, GateCommit, errMoved)
		}
		if err == nil {
			continue
		}
		if l.state().Mode == ModeCancelling {
			continue
		}
		if run.Err() != nil {
			return nil // detached: the journal says where to go on
		}
		return l.fail(l.failure(err))
	}
}

// phase carries out one phase: begin, look, act, watch.
func (l *leg) phase(ctx context.Context, p Phase) error {
	if err := l.acquire(ctx, p); err != nil {
		return err
	}
	if l.late() {
		return errLate
	}
	if p == PhaseStartOnPremises && !l.state().AzurePower.Off() {
		// It was seen running when the leg stopped here; that may be mended.
		if err := l.stillOff(ctx); err != nil {
			return err
		}
	}
	if p == PhasePrepare || p == PhaseInitialSync || p == PhaseStopAzure {
		if err := l.r.threads.hold(ctx, l); err != nil {
			return err
		}
	}
	if l.state().Mode != ModeRunning {
		if err := l.emit(PhaseStarted{}); err != nil {
			return err
		}
	}
	work := phaseWork[p]
	seen, err := work.look(ctx, l)
	if err != nil {
		return err
	}
	if seen == sightTodo && work.act != nil {
		if err := work.act(ctx, l); err != nil {
			return err
		}
	}
	if seen != sightDone && work.watch != nil {
		if err := work.watch(ctx, l); err != nil {
			return err
		}
	}
	if err := l.emit(PhaseFinished{}); err != nil || p != PhaseVerify {
		return err
	}
	return l.r.threads.release(l.r.ctx, l.host())
}

// acquire takes a place among the legs at work, and says where it has to wait for
// one. A machine that is down never waits, and healthy replication is only looked
// at: neither keeps others out.
func (l *leg) acquire(ctx context.Context, p Phase) error {
	// A recovery plan's job moves all its machines at once; who waits for it keeps
	// nobody out.
	if p == PhaseProtected || l.joint() && p != PhasePreflight && p != PhaseVerify {
		l.release()
		return nil
	}
	if l.free != nil || l.state().InDowntime() {
		return nil
	}
	if l.r.slots.busy(l.host()) {
		if err := l.note("info", "waits for its turn: as many legs as may be are at work, in all or on "+l.host()); err != nil {
			return err
		}
	}
	free, err := l.r.slots.take(ctx, l.host())
	l.free = free
	return err
}

func (l *leg) release() {
	if l.free != nil {
		l.free()
		l.free = nil
	}
}

// failure gives err the leg's place where it has none of its own.
func (l *leg) failure(err error) *Failure {
	f := AsFailure(err, l.state().Step().Phase.Info().Title, l.item.Name)
	if f.Where == "" {
		c := *f
		c.Where = l.item.Name
		f = &c
	}
	return f
}

// fail records that the leg stops here for now.
func (l *leg) fail(f *Failure) error {
	if err := l.emit(PhaseFailed{f}); err != nil {
		return err
	}
	out := OutcomeFailed
	switch f.Kind {
	case FailureBlocked:
		out = OutcomeBlocked
	case FailureUnknown:
		out = OutcomeUnknown
	case FailureOther, FailureRetryable, FailureRefused, FailureNotFound, FailurePermission,
		FailureUsage, FailureCancelled, FailureJob, FailureBoot, FailureUnsafe:
	}
	return l.emit(LegFinished{Outcome: out, Final: l.final(f)})
}

// final reports whether the failure ends the leg for good: the failback's job is
// over in the middle of its synchronisation, and only a new one can go on.
func (l *leg) final(f *Failure) bool {
	s := l.state()
	if s.Step().Gate == GateComplete && s.Job != "" {
		return f.Kind == FailureJob
	}
	switch s.Step().Phase {
	case PhaseInitialSync, PhaseStopAzure, PhaseFinalSync:
		return f.Kind == FailureJob || f.Kind == FailureCancelled
	case PhaseStartOnPremises:
		// A recovery plan's job that is over before the VM's turn came.
		return l.joint() && f.Kind == FailureJob
	case PhaseNone, PhasePreflight, PhasePrepare, PhaseVerify, PhaseCommit,
		PhaseReverseReplicate, PhaseProtected, PhaseFailover, PhaseCommitFailover:
	}
	return false
}

// pause waits one poll interval, or ends with the context's cause. Whatever the leg
// waits for, a downtime that outgrows its budget is said then.
func (l *leg) pause(ctx context.Context) error {
	if err := sleep(ctx, l.r.Poll); err != nil {
		return err
	}
	// What nobody can keep any more is not waited for either.
	if err := l.r.Stream.Broken(); err != nil {
		return err
	}
	if err := l.r.tellThrottle(); err != nil {
		return err
	}
	s, budget := l.state(), l.plan().Budget
	if l.overrun || budget <= 0 || !s.InDowntime() || s.Downtime(l.r.Stream.Now()) <= budget {
		return nil
	}
	l.overrun = true
	return l.note("warn", "the downtime is longer than the plan's budget of "+budget.String())
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

// acting is the context of an effectful request: once begun it is never aborted
// by a detach or a cancel, since its outcome would be unknown then.
func acting(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(Urgent(context.WithoutCancel(ctx)), 2*time.Minute)
}
