package engine

import (
	"context"
	"slices"
)

// cancel ends a leg that somebody asked to cancel: the job is cancelled, and
// where its synchronisation had begun the on-premises VM is marked damaged, since
// Site Recovery writes in place.
func (l *leg) cancel(ctx context.Context) error {
	job, err := l.jobToCancel(ctx)
	if err != nil {
		return err
	}
	if job == "" {
		if _, committed := l.state().Ops[OpCommitFailover]; committed {
			if err := l.note("warn", "the commit of the earlier failover is not taken back; nothing of the failback was begun"); err != nil {
				return err
			}
		}
		if _, asked := l.state().Ops[OpStart]; asked {
			if err := l.note("warn", "a start was asked for and no job of it is to be seen: look at the item's jobs in the portal before anything else is done with it"); err != nil {
				return err
			}
		}
		return l.emit(LegFinished{Outcome: OutcomeCancelled})
	}
	e := effect{
		op: OpCancel,
		look: func(ctx context.Context, _ string) (string, sight, error) {
			j, err := l.readJob(ctx, job)
			if err == nil && (j.State.Ended() || j.Cancelling()) {
				return job, sightUnderway, nil
			}
			return "", sightTodo, err
		},
		act: func(ctx context.Context, request string) (string, error) {
			return job, l.r.Ports.Failover.Cancel(ctx, job, request)
		},
	}
	if l.joint() {
		err = l.together(ctx, whole{effect: e, mayLead: func(o *Leg) bool { return o.Mode == ModeCancelling && o.live() }})
	} else {
		err = l.perform(ctx, e)
	}
	if err != nil {
		return err
	}
	var last Job
	if err := l.watchJob(ctx, job, func(j Job) bool { last = j; return j.State.Ended() }, nil); err != nil {
		return err
	}
	if last.State.Good() {
		return &Failure{Kind: FailureRefused, What: "cancel", Where: jobPlace(l.item.Name, last), Job: job,
			Why: "the job had succeeded before the cancel reached it", Remedy: "resume the run: the switch has been made, and it goes on with looking at the machine where it is now"}
	}
	if l.plan().Direction == ToOnPremises && !l.direct() && l.syncBegun(last) {
		if err := l.markDamaged(ctx, "the failback was cancelled while its disks were being written"); err != nil {
			return err
		}
	}
	if err := l.sayAzurePower(ctx); err != nil {
		return err
	}
	return l.emit(LegFinished{Outcome: OutcomeCancelled})
}

// jobToCancel is the leg's job; where the start's answer was lost, it is looked for
// as long as the start itself would be: "nothing to cancel" must not be a guess.
func (l *leg) jobToCancel(ctx context.Context) (string, error) {
	s := l.state()
	op, asked := s.Ops[OpStart]
	find := l.jobByRequest
	if l.joint() {
		// Another leg may have asked for all, and this one not have taken it yet.
		all := l.r.Stream.State()
		if got := all.accepted(OpStart, l.item.Name); got.Accepted {
			return got.Job, nil
		}
		if asks := all.asking(OpStart); asks != nil {
			op, asked = asks.Ops[OpStart], true
		}
		find = l.planJobByRequest
	}
	if !asked || op.Accepted {
		return s.Job, nil
	}
	for i := range settleLooks {
		if i > 0 {
			if err := l.pause(ctx); err != nil {
				return "", err
			}
		}
		j, err := patient(ctx, l, "look for the job to cancel", func(ctx context.Context) (Job, error) {
			j, _, err := find(ctx, op.Request)
			return j, err
		})
		if err != nil || j.Name != "" {
			return j.Name, err
		}
	}
	return s.Job, nil
}

// syncBegun reports whether the job may have begun to write the on-premises disks:
// by its tasks as they are now, by those that were seen before, or, where the job
// tells no tasks at all, by the phase the leg had come to.
func (l *leg) syncBegun(j Job) bool {
	s := l.state()
	for _, t := range s.Tasks {
		if t.Job == j.Name && writes(t.Task) {
			return true
		}
	}
	return anyWrites(j.Tasks) || s.Passed(PhaseInitialSync) ||
		len(j.Tasks) == 0 && (s.reached(PhaseInitialSync) || s.reached(PhaseStopAzure))
}

func anyWrites(ts []Task) bool {
	return slices.ContainsFunc(ts, func(t Task) bool { return writes(t) || anyWrites(t.Children) })
}

// writes reports whether the task is one that writes to the disks, and may have
// begun: one that failed counts, also where nobody tells when it began.
func writes(t Task) bool {
	if t.Name != TaskInitiateSync && t.Name != TaskMonitorSync {
		return false
	}
	return t.Begun() || t.State == TaskStateFailed
}

// sayAzurePower tells the operator where the machine is now: the Azure VM is its
// only whole copy, and this run may have stopped it.
func (l *leg) sayAzurePower(ctx context.Context) error {
	it, err := l.fresh(ctx)
	if err != nil {
		return l.note("warn", "the Azure VM is the only whole copy now; its state could not be read: "+err.Error())
	}
	p, err := l.power(ctx, it.AzureVM)
	if err != nil {
		return l.note("warn", "the Azure VM is the only whole copy now; its state could not be read: "+err.Error())
	}
	if err := l.sawAzure(p); err != nil || !p.Off() {
		return err
	}
	return l.note("warn", "Azure VM "+it.AzureVM.Name+" is "+string(p)+" and the only whole copy: start it in the portal if its users need it")
}
