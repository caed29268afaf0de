package world

import (
	"context"
	"slices"

	"failback/providers/lab/blob"
	"failback/providers/lab/estate"
)

// Protection states of an item, as Site Recovery names them.
const (
	Protected          = "Protected"
	FailoverPending    = "PlannedFailoverCommitRequired"
	FailedOver         = "PlannedFailoverStatesBegin"
	UnplannedPending   = "UnplannedFailoverCommitPendingStatesBegin"
	UnplannedDone      = "UnplannedFailoverCommitted"
	FailbackPending    = "FinalizeRestorePending"
	FailbackFinal      = "RestoreFinalized"
	InitialReplication = "InitialReplicationInProgress"
	InitialWaiting     = "InitialReplicationRecoveryCompletionPending"
)

// failbackScript is the job of an item's failback. In full mode the first
// synchronisation and the wait are skipped. What of the delta mode's tasks runs
// or waits is inferred from the recorded full one.
func failbackScript(t estate.Times, full bool) []step {
	return []step{
		{task: tCheck, time: t.Check, do: checkFailback},
		{task: tPrepare, time: t.Prepare, do: prepareHome},
		{task: tInitiate, time: t.Initiate, skip: full, do: snapshotPhase1},
		{task: tMonitor, skip: full, do: firstSync},
		{task: tWait, skip: full, wait: true},
		{task: tCheckAgain, time: t.Check / 4, do: checkFailback},
		{task: tShutdown, do: shutdownAzure},
		{task: tInitiateFinal, time: t.Initiate, do: snapshotPhase2},
		{task: tMonitorFinal, do: finalSync},
		{task: tFinalize, time: t.Finalize, firm: true, do: finalizeRestore},
		{task: tBoot, firm: true, do: startOnPrimary},
	}
}

func checkFailback(_ context.Context, r *run) error {
	j, it := r.look()
	return r.needHost(j.targetHost(&it))
}

// prepareHome finds the on-premises VM, or creates it where the job may.
func prepareHome(_ context.Context, r *run) error {
	j, it := r.look()
	host := j.targetHost(&it)
	if err := r.reach(estate.AtPrepare, it.Name, host); err != nil {
		return err
	}
	if err := r.trouble(estate.AtPrepare, it.Name, host); err != nil {
		return err
	}
	if err := r.roomFor(host, &it); err != nil {
		return err
	}
	vm, err := r.homeVM(host, &it)
	switch {
	case err == nil && vm.State == VMOff:
		return nil
	case err == nil:
		return &JobError{
			Code: "559", Message: "The virtual machine '" + vm.Name + "' on '" + host + "' is running.",
			Causes: "The on-premises virtual machine was started after its failover.",
			Remedy: "Shut the on-premises virtual machine down and start the failback again.",
		}
	case j.Args.CreateVM:
		return r.createVM(host, &it)
	}
	return err
}

// homeVM is the on-premises VM of an item on a host.
func (r *run) homeVM(host string, it *Item) (vm VM, err error) {
	r.Read(func(s *State) {
		if v := s.VM(host, it.HyperVID); v != nil {
			vm = *v
			return
		}
		err = &JobError{
			Code: "559", Message: "The virtual machine '" + it.Name + "' was not found on '" + host + "'.",
			Causes: "The on-premises virtual machine was deleted.",
			Remedy: "Start the failback again and let it create the virtual machine if it does not exist.",
		}
	})
	return vm, err
}

// roomFor wants space on the host's volume for the disks.
func (r *run) roomFor(host string, it *Item) error {
	var full bool
	r.Read(func(s *State) {
		var need int64
		for _, d := range it.Disks {
			need += d.Bytes
		}
		_, full = s.Holds(estate.VolumeFull, host)
		if h := s.Host(host); h != nil && len(h.Volumes) > 0 {
			full = full || int64(h.Volumes[len(h.Volumes)-1].Free) < need
		}
	})
	if !full {
		return nil
	}
	return &JobError{
		Code: "539", Message: "There is not enough space on the disk of '" + host + "' for '" + it.Name + "'.",
		Causes: "The volume that holds the virtual hard disks is full.",
		Remedy: "Free space on the volume and start the failback again.",
	}
}

// createVM makes the VM on the target host. That it keeps its id is inferred.
func (r *run) createVM(host string, it *Item) error {
	return r.change(func(s *State) {
		vm := &VM{
			ID: it.HyperVID, Item: it.Name, Name: it.Name, Host: host, State: VMOff,
			Since: now(), AutoStart: "StartIfRunning",
		}
		for _, d := range it.Disks {
			vm.Files = append(vm.Files, diskFile(host, it.HyperVID, d.LUN))
		}
		s.VMs = append(s.VMs, vm)
	})
}

func snapshotPhase1(_ context.Context, r *run) error {
	return r.snapshot(func(j *Job) *string { return &j.Phase1 })
}

func snapshotPhase2(_ context.Context, r *run) error {
	return r.snapshot(func(j *Job) *string { return &j.Phase2 })
}

// snapshot freezes all disks of the item at one instant. One that the job has
// already taken is used again.
func (r *run) snapshot(field func(*Job) *string) error {
	j, it := r.look()
	blobs, err := r.azureDisks(it)
	if err != nil {
		return err
	}
	if id := *field(&j); id != "" && slices.Contains(blobs[0].Snapshots(), id) {
		return nil
	}
	ids, err := blob.SnapshotAll(blobs, now())
	if err != nil {
		return err
	}
	return r.edit(func(_ *State, j *Job, _ *Item) { *field(j) = ids[0] })
}

func firstSync(ctx context.Context, r *run) error {
	if err := r.synchronise(ctx, estate.AtInitialSync, compareAll); err != nil {
		return err
	}
	return r.restoreCompletion()
}

func finalSync(ctx context.Context, r *run) error {
	j, _ := r.look()
	m := changesOnly
	if j.Args.Full {
		m = copyAll
	}
	if err := r.synchronise(ctx, estate.AtFinalSync, m); err != nil {
		return err
	}
	return r.restoreCompletion()
}

// shutdownAzure stops the Azure VM. Where the stop lies, the job goes on in
// good faith.
func shutdownAzure(ctx context.Context, r *run) error {
	j, it := r.look()
	host := j.targetHost(&it)
	if err := r.reach(estate.AtStop, it.Name, host); err != nil {
		return err
	}
	if err := r.trouble(estate.AtStop, it.Name, host); err != nil {
		return err
	}
	lie := r.strike(estate.AtStop, it.Name, host, estate.StopLies) != nil
	return r.stopAzure(ctx, it.AzureVM, lie)
}

// finalizeRestore lets go of the snapshots: the data is home.
func finalizeRestore(_ context.Context, r *run) error {
	j, it := r.look()
	return r.dropSnapshots(&j, &it)
}

// startOnPrimary starts the on-premises VM and hands the item over to its host.
// Whether it starts or not, the data is home: what is left is the commit.
func startOnPrimary(ctx context.Context, r *run) error {
	j, it := r.look()
	host := j.targetHost(&it)
	err := r.edit(func(_ *State, _ *Job, it *Item) {
		it.Protection, it.Inner = FailbackPending, FailbackPending
		it.AtRecovery, it.Host = false, host
	})
	if err != nil {
		return err
	}
	if err := r.reach(estate.AtBoot, it.Name, host); err != nil {
		return err
	}
	if err := r.startRefused(host, &it); err != nil {
		return err
	}
	if err := r.startHome(ctx, host, it.HyperVID); err != nil {
		return err
	}
	return r.sleep(ctx, r.times().Boot)
}

// startRefused is why Hyper-V would not start the VM.
func (r *run) startRefused(host string, it *Item) error {
	if err := r.trouble(estate.AtBoot, it.Name, host); err != nil {
		return err
	}
	fault := r.strike(estate.AtBoot, it.Name, host, estate.StartFails)
	var noSwitch bool
	r.Read(func(s *State) { noSwitch = !s.HasSwitch(host, it.Switch) })
	switch {
	case noSwitch:
		return &JobError{
			Code: "559", Message: "'" + it.Name + "' failed to start: the Ethernet switch '" + it.Switch + "' was not found on '" + host + "'.",
			Causes: "The host has no virtual switch of the same name as the original host.",
			Remedy: "Create the virtual switch with that name, then start the virtual machine.",
		}
	case fault != nil:
		e := errorOf(*fault, "559", "'"+it.Name+"' failed to start on '"+host+"'.")
		return e
	}
	return nil
}

// HasSwitch reports whether a host has a virtual switch of exactly that name.
func (s *State) HasSwitch(host, name string) bool {
	h := s.Host(host)
	if _, missing := s.Holds(estate.SwitchMissing, host); missing || h == nil {
		return false
	}
	return slices.ContainsFunc(h.Switches, func(sw estate.Switch) bool { return sw.Name == name })
}

// restoreCompletion adds the short job that the service runs on the same VM
// when a synchronisation has ended.
func (r *run) restoreCompletion() error {
	var name string
	err := r.edit(func(s *State, j *Job, it *Item) {
		c := s.addJob(KindRestore, j.Activity)
		c.Item, c.FromAzure = it.Name, true
		name = c.Name
	})
	if err == nil {
		r.launch(name)
	}
	return err
}
