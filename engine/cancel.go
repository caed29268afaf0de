package engine

import "context"

// cancel ends a leg that somebody asked to cancel: the job is cancelled, and
// where its synchronisation had begun the on-premises VM is marked damaged, since
// Site Recovery writes in place.
func (l *leg) cancel(ctx context.Context) error {
	job, err := l.jobToCancel(ctx)
	if err != nil {
		return err
	}
	if job == "" {
		return l.emit(LegFinished{Outcome: OutcomeCancelled})
	}
	err = l.perform(ctx, effect{
		op: OpCancel,
		look: func(ctx context.Context, _ string) (string, sight, error) {
			j, err := l.r.Ports.Inventory.Job(ctx, job)
			if err == nil && (j.State.Ended() || j.Detail == "Cancelling") {
				return job, sightUnderway, nil
			}
			return "", sightTodo, err
		},
		act: func(ctx context.Context, request string) (string, error) {
			return job, l.r.Ports.Failover.Cancel(ctx, job, request)
		},
	})
	if err != nil {
		return err
	}
	var last Job
	if err := l.watchJob(ctx, job, func(j Job) bool { last = j; return j.State.Ended() }, nil); err != nil {
		return err
	}
	if last.State.Good() {
		return &Failure{Kind: FailureRefused, What: "cancel", Where: jobPlace(l.item.Name, last), Job: job,
			Why: "the job had succeeded before the cancel reached it", Remedy: "resume the run: the machine is on-premises now and waits to be verified"}
	}
	if l.plan().Direction == ToOnPremises && syncBegun(last) {
		if err := l.markDamaged(ctx, "the failback was cancelled while its disks were being written"); err != nil {
			return err
		}
	}
	if err := l.sayAzurePower(ctx); err != nil {
		return err
	}
	return l.emit(LegFinished{Outcome: OutcomeCancelled})
}

// jobToCancel is the leg's job; where the start's answer was lost, it is looked for.
func (l *leg) jobToCancel(ctx context.Context) (string, error) {
	s := l.state()
	if s.Job != "" {
		return s.Job, nil
	}
	op, began := s.Ops[OpStart]
	if !began {
		return "", nil
	}
	j, _, err := l.jobByRequest(ctx, op.Request)
	return j.Name, err
}

// syncBegun reports whether the job has begun to write the on-premises disks.
func syncBegun(j Job) bool {
	return taskBegun(j, TaskInitiateSync, "") || taskBegun(j, TaskInitiateSync, TaskStartFailback)
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
