package direct

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"failback/engine"
	"failback/engine/transfer"
	"failback/providers/azure/snapshots"
)

// initial takes the first set of snapshots, while the machine runs.
func (v *driver) initial(ctx context.Context) error {
	if err := v.begin(engine.TaskInitiateSync); err != nil {
		return err
	}
	if err := v.take(ctx, "initial"); err != nil {
		return err
	}
	return v.finish(stepCopy, engine.TaskInitiateSync)
}

// take takes a set of snapshots, or takes it up; those before it are kept until the new
// one has been brought.
func (v *driver) take(ctx context.Context, name string) error {
	r := v.look()
	if set := r.Failback.Set; set != nil && set.Name == name && v.owns(set) {
		return nil
	}
	client, err := v.client()
	if err != nil {
		return err
	}
	set, err := client.Take(ctx, r.Item.AzureVM, name)
	if err != nil {
		return err
	}
	disks, err := client.Disks(ctx, r.Item.AzureVM)
	if err != nil {
		return err
	}
	return v.change(func(r *record) {
		if before := r.Failback.Set; before != nil {
			r.Failback.Older = append(r.Failback.Older, before.Snapshots...)
		}
		r.Failback.Set = &set
		r.fit(disks, set)
	})
}

// owns reports whether the set was taken by this job, and not by one that it repairs.
func (v *driver) owns(set *snapshots.Set) bool {
	return len(set.Snapshots) > 0 && set.Snapshots[0].Run == v.look().run()
}

// fit has a file for every disk of a set: one that was attached since gets a new one,
// one that was resized too, since no difference reaches across that; what was
// detached is left out.
func (r *record) fit(disks []snapshots.Disk, set snapshots.Set) {
	f := r.Failback
	before := f.Disks
	f.Disks = nil
	r.Item.Disks = nil
	for i, s := range set.Snapshots {
		at := slices.IndexFunc(disks, func(d snapshots.Disk) bool { return engine.SameID(d.ID, s.Disk) })
		disk := engine.Disk{ID: s.Disk, Name: s.Name, Managed: true}
		if at >= 0 {
			disk = diskOf(disks[at])
		}
		disk.Bytes = s.Bytes
		rec := diskRecord{Disk: disk}
		known := slices.IndexFunc(before, func(d diskRecord) bool { return engine.SameID(d.Disk.ID, s.Disk) })
		switch {
		case known >= 0 && before[known].Disk.Bytes == s.Bytes:
			rec = before[known]
		case known >= 0:
			rec.Old = append(slices.Clone(before[known].Old), before[known].File)
			rec.File, rec.There = files(r.Direct, f.Home, fmt.Sprintf("%s-resized%d", disk.Name, len(rec.Old)), i)
		default:
			rec.File, rec.There = files(r.Direct, f.Home, disk.Name, i)
		}
		f.Disks = append(f.Disks, rec)
		r.Item.Disks = append(r.Item.Disks, disk)
	}
	for _, d := range before {
		if !slices.ContainsFunc(f.Disks, func(now diskRecord) bool { return now.Disk.ID == d.Disk.ID }) && len(f.Disks) > 0 {
			f.Disks[0].Old = append(append(slices.Clone(f.Disks[0].Old), d.File), d.Old...)
		}
	}
}

// first brings the first set, whole or as a repair's difference.
func (v *driver) first(ctx context.Context) error {
	if err := v.begin(engine.TaskMonitorSync); err != nil {
		return err
	}
	begun := time.Now()
	n, err := v.bring(ctx)
	if err != nil {
		return err
	}
	if err := v.bootable(); err != nil {
		return err
	}
	if err := v.forget(ctx); err != nil {
		return err
	}
	return v.change(func(r *record) {
		r.Failback.Passes = append(r.Failback.Passes, transfer.Pass{Bytes: n, Took: time.Since(begun)})
		r.Step = stepPass
	})
}

// onePass brings what has changed since the set before, by a set of its own.
func (v *driver) onePass(ctx context.Context, set string) (transfer.Pass, error) {
	if err := v.take(ctx, set); err != nil {
		return transfer.Pass{}, err
	}
	begun := time.Now()
	n, err := v.bring(ctx)
	if err == nil {
		err = v.forget(ctx)
	}
	return transfer.Pass{Bytes: n, Took: time.Since(begun)}, err
}

// pass brings what changed meanwhile, and judges whether another one helps.
func (v *driver) pass(ctx context.Context) error {
	one, err := v.onePass(ctx, fmt.Sprintf("pass-%d", len(v.look().Failback.Passes)))
	if err != nil {
		return err
	}
	r := v.look()
	// What this pass brought stands for what the last one would: it came about in about
	// that time. Here it is on the disk already.
	end, _ := transfer.Judge(r.Failback.Passes, one.Bytes, r.fits(), engine.MostDirectPasses)
	return v.change(func(r *record) {
		r.Failback.Passes = append(r.Failback.Passes, one)
		if end == transfer.GoOn {
			return
		}
		at := now()
		r.Failback.End = end.String()
		r.finish(engine.TaskMonitorSync, engine.TaskStateSucceeded, at)
		r.begin(engine.TaskWaitForUser, at)
		m := r.Tasks[engine.TaskWaitForUser]
		m.State = engine.TaskStateSuspended
		r.Tasks[engine.TaskWaitForUser] = m
		r.State, r.Detail, r.Step = engine.JobSuspended, engine.WaitingAfterDataSync, stepWait
	})
}

// forget deletes the sets before the one that all disks are at.
func (v *driver) forget(ctx context.Context) error {
	older := v.look().Failback.Older
	if len(older) == 0 {
		return nil
	}
	client, err := v.client()
	if err != nil {
		return err
	}
	for _, s := range older {
		if err := client.Remove(ctx, s); err != nil {
			return err
		}
	}
	return v.change(func(r *record) { r.Failback.Older = nil })
}

// seeOff believes nobody that the Azure VM is off.
func (v *driver) seeOff(ctx context.Context) error {
	if err := v.begin(engine.TaskStartFailback, idShutdown); err != nil {
		return err
	}
	if err := v.off(ctx, "bring the last changes", "what is written now would be missing at home"); err != nil {
		return err
	}
	return v.finish(stepFinal, idShutdown)
}

// off refuses to go on while the Azure VM is not seen off.
func (v *driver) off(ctx context.Context, what, risk string) error {
	vm := v.look().Item.AzureVM
	p, err := v.d.o.Vault.Azure.Power(ctx, vm)
	if err != nil || p.Off() {
		return err
	}
	return &engine.Failure{Kind: engine.FailureUnsafe, What: what, Where: vm.Name,
		Why:    fmt.Sprintf("the power state of the Azure VM is %q: %s", p, risk),
		Remedy: "find out who started it; what was brought is kept. Start the failback of this item again: only what changed since is brought"}
}

// final takes the set of the stopped machine: all its disks at one instant.
func (v *driver) final(ctx context.Context) error {
	if err := v.begin(idInitiate); err != nil {
		return err
	}
	if err := v.take(ctx, "final"); err != nil {
		return err
	}
	r := v.look()
	if r.original() {
		vm, err := v.d.o.Vault.Hosts.VM(ctx, r.Host, r.Failback.VM)
		if err != nil {
			return err
		}
		if err := swappable(vm, r.Host, len(r.Failback.Disks)); err != nil {
			return err
		}
	}
	return v.finish(stepLast, idInitiate)
}

// last brings the final set and sees that it was one.
func (v *driver) last(ctx context.Context) error {
	if err := v.begin(idMonitor); err != nil {
		return err
	}
	if _, err := v.bring(ctx); err != nil {
		return err
	}
	if err := v.off(ctx, "bring the last changes", "it ran again while they were brought"); err != nil {
		return err
	}
	if err := v.whole(); err != nil {
		return err
	}
	if err := v.bootable(); err != nil {
		return err
	}
	if err := v.forget(ctx); err != nil {
		return err
	}
	return v.finish(stepHome, idMonitor)
}

// whole sees that every disk is the final set's and was verified as that.
func (v *driver) whole() error {
	f := v.look().Failback
	for i, d := range f.Disks {
		if d.At != f.Set.Snapshots[i].ID || d.Root == "" || d.Level < transfer.LevelReread {
			return &engine.Failure{Kind: engine.FailureUnsafe, What: "prove the disks", Where: d.Disk.Name,
				Why: "the file is not proven to be the last snapshot", Remedy: "start the failback of this item again", Err: errors.New(d.File)}
		}
	}
	return nil
}
