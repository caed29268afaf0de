package engine

import (
	"context"
	"fmt"
	"slices"
)

// stopLooks is how many polls a stopping Azure VM is given.
const stopLooks = 40

// actStopAzure stops the Azure VM. With delta sync the program stops it itself
// and sees it stopped before it lets Site Recovery go on: the final sync can then
// never begin on a machine that still writes (Site Recovery's own stop follows
// and finds it stopped). With full sync the job stops it, and is watched.
func actStopAzure(ctx context.Context, l *leg) error {
	if l.plan().Sync == SyncFull {
		return nil
	}
	if l.joint() {
		l.count(ctx)
		if err := l.awaitContact(ctx); err != nil {
			return err
		}
		return l.damaging(ctx, l.completePlan(ctx))
	}
	it, err := l.fresh(ctx)
	if err != nil {
		return err
	}
	power, err := l.power(ctx, it.AzureVM)
	if err != nil {
		return err
	}
	if err := l.sawAzure(power); err != nil {
		return err
	}
	if power == PowerDeleted {
		return notThere(it.AzureVM)
	}
	if !power.Off() {
		if err := l.awaitContact(ctx); err != nil {
			return err
		}
		if err := l.jobLives(ctx); err != nil {
			return l.damaging(ctx, err)
		}
		if err := l.stopAndConfirm(ctx, it.AzureVM); err != nil {
			return err
		}
	} else if err := l.emitDowntime(); err != nil {
		return err
	}
	return l.damaging(ctx, l.complete(ctx))
}

// jobLives makes sure that there is a job to go on with before a machine is stopped
// for it: the gate may have been open for days. The end of a job that is being
// cancelled is waited for.
func (l *leg) jobLives(ctx context.Context) error {
	for {
		j, err := patient(ctx, l, "read job "+l.state().Job, func(ctx context.Context) (Job, error) {
			return l.readJob(ctx, l.state().Job)
		})
		switch {
		case err != nil:
			return err
		case j.State.Ended() && !j.State.Good():
			return jobFailure(l.item.Name, j)
		case !j.Cancelling():
			return nil
		}
		if err := l.pause(ctx); err != nil {
			return err
		}
	}
}

// complete lets Site Recovery go on with the final sync.
func (l *leg) complete(ctx context.Context) error {
	l.count(ctx)
	return l.perform(ctx, effect{
		op: OpComplete,
		look: func(ctx context.Context, _ string) (string, sight, error) {
			j, err := l.readJob(ctx, l.state().Job)
			if err != nil {
				return "", sightTodo, err
			}
			if j.WaitsForComplete() {
				return "", sightTodo, nil
			}
			if j.State.Ended() && !j.State.Good() {
				return "", sightTodo, jobFailure(l.item.Name, j)
			}
			if !j.WentOn() {
				return "", sightTodo, &Failure{Kind: FailureRetryable, What: "complete the failover", Where: jobPlace(l.item.Name, j), Job: j.Name,
					Why: "the job neither waits for it nor goes on (state: " + firstOf(j.Detail, string(j.State)) + ")", Remedy: "look at the job in the portal, then resume the run"}
			}
			return j.Name, sightUnderway, nil
		},
		act: func(ctx context.Context, request string) (string, error) {
			job := l.state().Job
			return job, l.r.Ports.Failover.Complete(ctx, job, l.completeComment(), request)
		},
	})
}

// awaitContact holds the switch while the host is out of contact with the vault:
// Site Recovery would fail it, with the Azure VM already stopped.
func (l *leg) awaitContact(ctx context.Context) error {
	for {
		if err := l.hostContact(ctx, afresh); err != nil {
			return err
		}
		if l.late() {
			return errLate
		}
		if l.contact.IsZero() {
			return nil
		}
		if err := l.pause(ctx); err != nil {
			return err
		}
	}
}

func (l *leg) completeComment() string { return l.comment(GateComplete) }

// comment is what the service is told with the last answer at a gate.
func (l *leg) comment(g Gate) string {
	s := l.state()
	for _, d := range slices.Backward(s.Decisions) { // the gate may have been asked again
		if d.Gate == g {
			return fmt.Sprintf("failback %s: %s %s", l.r.Stream.State().Run, d.By, d.Reason)
		}
	}
	return "failback " + string(l.r.Stream.State().Run)
}

func (l *leg) power(ctx context.Context, vm AzureVMRef) (Power, error) {
	return patient(ctx, l, "read the power state of Azure VM "+vm.Name, func(ctx context.Context) (Power, error) {
		return l.r.board.power(Urgent(ctx), vm, afresh)
	})
}

// emitDowntime starts the downtime clock, from the moment the stop was asked for
// where this run has asked.
func (l *leg) emitDowntime() error {
	s := l.state()
	if !s.DowntimeFrom.IsZero() {
		return nil
	}
	return l.emit(DowntimeBegan{At: s.Ops[OpDeallocate].At})
}

// stopAndConfirm asks Azure to stop the VM and believes only the power state.
func (l *leg) stopAndConfirm(ctx context.Context, vm AzureVMRef) error {
	err := l.performAgain(ctx, effect{
		op: OpDeallocate,
		look: func(ctx context.Context, _ string) (string, sight, error) {
			p, err := l.r.Ports.Azure.Power(ctx, vm)
			if err == nil && (p.Off() || p == PowerStopping) {
				return "", sightUnderway, nil
			}
			return "", sightTodo, err
		},
		act: func(ctx context.Context, _ string) (string, error) {
			return "", l.r.Ports.Azure.Deallocate(ctx, vm)
		},
	})
	if err != nil {
		return err
	}
	if err := l.emitDowntime(); err != nil {
		return err
	}
	return l.confirmOff(ctx, vm, "the final sync was not started and nothing is lost. Find out why it does not stop, stop it in the portal, then resume this run")
}

// confirmOff waits until the VM is seen off.
func (l *leg) confirmOff(ctx context.Context, vm AzureVMRef, remedy string) error {
	var p Power
	for range stopLooks {
		var err error
		if p, err = l.power(ctx, vm); err != nil {
			return err
		}
		if err := l.sawAzure(p); err != nil {
			return err
		}
		if p == PowerDeleted {
			return notThere(vm)
		}
		if p.Off() {
			return nil
		}
		if err := l.pause(ctx); err != nil {
			return err
		}
	}
	return &Failure{
		Kind: FailureUnsafe, What: "stop the Azure VM", Where: vm.Name, Remedy: remedy,
		Why: fmt.Sprintf("the stop was accepted, but after %d looks its power state is still %q: users may go on writing to it", stopLooks, p),
	}
}

// notThere refuses to take an Azure VM that can't be found for one that is stopped.
func notThere(vm AzureVMRef) *Failure {
	return &Failure{
		Kind: FailureUnsafe, What: "stop the Azure VM", Where: firstOf(vm.Name, "the Azure VM"),
		Why:    "Azure knows no VM of that name in " + firstOf(vm.ResourceGroup, "its resource group") + ": it was deleted, or moved and may run elsewhere",
		Remedy: "find it in the portal. Where it was moved, move it back, then resume this run; where it was deleted, ask Microsoft's support before anything else is done with its disks",
	}
}

// watchStopAzure waits for Site Recovery's own stop and confirms it.
func watchStopAzure(ctx context.Context, l *leg) error {
	var last Job
	err := l.watchJob(ctx, l.state().Job, func(j Job) bool {
		last = j
		t, ok := j.Find(TaskShutdownAzure, TaskStartFailback)
		return ok && t.Done() || j.State.Good()
	}, func(context.Context) error {
		if taskBegun(last, TaskShutdownAzure, TaskStartFailback) {
			return l.emitDowntime()
		}
		return nil
	})
	if err != nil {
		return l.damaging(ctx, err)
	}
	if err := l.emitDowntime(); err != nil {
		return err
	}
	it, err := l.fresh(ctx)
	if err != nil {
		return err
	}
	return l.damaging(ctx, l.confirmOff(ctx, it.AzureVM,
		"Site Recovery copies a disk that is still written to: do not commit. Cancel this run, find out why the VM does not stop, and run the failback again"))
}

// watchFinalSync waits until Site Recovery begins to start the on-premises VM.
func watchFinalSync(ctx context.Context, l *leg) error {
	m := l.meter(ctx)
	err := l.watchJob(ctx, l.state().Job, Job.dataHome, m.tick)
	return l.damaging(ctx, m.end(ctx, err))
}

// watchFailover is the acting phase of the forward direction: the job to its end.
func watchFailover(ctx context.Context, l *leg) error {
	if err := l.emitDowntime(); err != nil {
		return err
	}
	if err := l.watchJob(ctx, l.state().Job, func(j Job) bool { return j.State.Good() }, nil); err != nil {
		return err
	}
	it, err := l.fresh(ctx)
	if err != nil {
		return err
	}
	for range stopLooks {
		p, err := l.power(ctx, it.AzureVM)
		if err != nil {
			return err
		}
		if err := l.sawAzure(p); err != nil || p == PowerRunning {
			return err
		}
		if err := l.pause(ctx); err != nil {
			return err
		}
	}
	return l.note("warn", "the failover is done, but Azure VM "+it.AzureVM.Name+" was not seen running: look at it in the portal before you accept the failover")
}
