package engine

import (
	"context"
	"fmt"
)

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
	if err := l.takenBack(ctx); err != nil {
		return sightTodo, err
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
	return l.azureOffOf(ctx, l.item, what, risk)
}

// azureOffOf is azureOff for any item of the run.
func (l *leg) azureOffOf(ctx context.Context, item PlanItem, what, risk string) error {
	it, err := l.r.Ports.Inventory.Item(ctx, item.ID)
	if err != nil || it.AzureVM.Name == "" {
		return err
	}
	p, err := l.r.Ports.Azure.Power(ctx, it.AzureVM)
	if err != nil {
		return err
	}
	if item.Name == l.item.Name {
		if err := l.sawAzure(p); err != nil {
			return err
		}
	}
	if p.Off() {
		return nil
	}
	return &Failure{Kind: FailureUnsafe, What: what, Where: item.Name,
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
