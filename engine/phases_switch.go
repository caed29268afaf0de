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

func (l *leg) completeComment() string {
	s := l.state()
	for _, d := range slices.Backward(s.Decisions) { // the gate may have been asked again
		if d.Gate == GateComplete {
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

// lookStart tells whether the on-premises VM runs already. Starting is Site
// Recovery's part; only where its job failed at that very task, the data being
// home, is the start ours to repeat.
func lookStart(ctx context.Context, l *leg) (sight, error) {
	j, err := patient(ctx, l, "read job "+l.state().Job, func(ctx context.Context) (Job, error) {
		return l.readJob(ctx, l.state().Job)
	})
	if err != nil {
		return sightTodo, err
	}
	if !j.State.Ended() || j.State.Good() {
		return sightUnderway, nil
	}
	if l.state().Phases[PhaseStartOnPremises].Failed > 0 {
		return sightTodo, nil // it was said, and somebody has resumed the run
	}
	if err := l.recordTasks(j); err != nil {
		return sightTodo, err
	}
	return sightTodo, startFailed(l.item.Name, j)
}

// startFailed says that the data is home and only the start failed.
func startFailed(item string, j Job) error {
	f := *jobFailure(item, j)
	f.Kind, f.What = FailureBoot, "start the on-premises VM"
	f.Remedy = also(firstOf(f.Remedy, "mend what is named"), "the data is home and complete: resume the run, it repeats only the start")
	return &f
}

// actStartVM starts the VM on its host, the data being home.
func actStartVM(ctx context.Context, l *leg) error {
	vm, err := l.findVM(ctx)
	if err != nil {
		return err
	}
	if vm.Running() {
		return nil
	}
	if err := l.stillOff(ctx); err != nil {
		return err
	}
	// An earlier, broken failback may have left its guard; the data is home now.
	if l.state().Damage == nil {
		if err := l.liftGuard(ctx, vm); err != nil {
			return err
		}
	}
	return l.performAgain(ctx, effect{
		op: OpStartVM,
		look: func(ctx context.Context, _ string) (string, sight, error) {
			vm, err := l.findVM(ctx)
			if err == nil && vm.Running() {
				return "", sightDone, nil
			}
			return "", sightTodo, err
		},
		act: func(ctx context.Context, _ string) (string, error) {
			_, err := StartOnPremises(ctx, l.r.Ports.Hosts, l.host(), vm.ID, l.damage())
			return "", err
		},
	})
}

// azureOff refuses to go on while the Azure VM is not seen off: somebody may have
// gone back to it after the switch.
func (l *leg) azureOff(ctx context.Context, what, risk string) error {
	it, err := l.r.Ports.Inventory.Item(ctx, l.item.ID)
	if err != nil || it.AzureVM.Name == "" {
		return err
	}
	p, err := l.r.Ports.Azure.Power(ctx, it.AzureVM)
	if err != nil {
		return err
	}
	if err := l.sawAzure(p); err != nil || p.Off() {
		return err
	}
	return &Failure{Kind: FailureUnsafe, What: what, Where: l.item.Name,
		Why:    fmt.Sprintf("Azure VM %s was stopped and its power state is %q again: %s", it.AzureVM.Name, p, risk),
		Remedy: "find out who uses it. What was written there since the switch is not on-premises. Stop it in the portal if the on-premises VM is the one to keep, then resume this run"}
}

// stillOff makes sure that starting the on-premises VM makes no second live copy.
func (l *leg) stillOff(ctx context.Context) error {
	_, err := patient(ctx, l, "look at the Azure VM", func(ctx context.Context) (struct{}, error) {
		return struct{}{}, l.azureOff(ctx, "start the on-premises VM", "two live copies would be written to")
	})
	return err
}

func (l *leg) damage() *Damage {
	s := l.state()
	if s.Damage == nil {
		return nil
	}
	return &Damage{Since: s.DamagedAt, Reason: s.Damage.Reason, Job: s.Job, Run: l.r.Stream.State().Run}
}

// StartOnPremises starts a VM on its host, unless it is damaged: a VM whose disks
// were left half-written may not boot, or boot and lose what it holds. It returns
// the VM as it was before.
func StartOnPremises(ctx context.Context, hosts HostAccess, host, vmID string, d *Damage) (VM, error) {
	vm, err := hosts.VM(ctx, host, vmID)
	if err != nil {
		return vm, err
	}
	if d != nil {
		return vm, Refuse("start the on-premises VM", vm.Name+" on "+host,
			"it is damaged since "+d.Since.UTC().Format("2006-01-02 15:04 MST")+": "+d.Reason,
			"run the failback again to its end; that repairs it")
	}
	if vm.Running() {
		return vm, nil
	}
	return vm, hosts.Start(ctx, host, vmID)
}

// watchStartVM waits for the job's end and sees the VM running on its host.
func watchStartVM(ctx context.Context, l *leg) error {
	var last Job
	again := l.state().Phases[PhaseStartOnPremises].Failed > 0
	err := l.watchJob(ctx, l.state().Job, func(j Job) bool {
		last = j
		return j.State.Good() || startTaskFailed(j) || again && j.State.Ended()
	}, nil)
	if err != nil {
		return err
	}
	if startTaskFailed(last) && !again {
		return startFailed(l.item.Name, last)
	}
	look := l.findVM
	for range stopLooks {
		vm, err := patient(ctx, l, "look at the VM on "+l.host(), look)
		look = l.glimpseVM
		if err != nil {
			return err
		}
		if vm.Running() {
			return l.sawOnPremises(PowerRunning)
		}
		if err := l.pause(ctx); err != nil {
			return err
		}
	}
	return &Failure{Kind: FailureBoot, What: "start the on-premises VM", Where: l.item.Name + " on " + l.host(),
		Why: "Site Recovery says it started, its host says it does not run", Remedy: "look at the host's event log, start the VM there, then resume the run"}
}

func startTaskFailed(j Job) bool {
	t, ok := j.Find(TaskStartOnPrimary, TaskStartFailback)
	return ok && t.State == TaskStateFailed
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
