package direct

import (
	"context"
	"errors"
	"slices"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"

	"failback/engine"
)

// remove deletes exactly the things of the job's list, one after the other.
func (v *driver) remove(ctx context.Context) error {
	if err := v.begin(taskDelete); err != nil {
		return err
	}
	for v.look().Gone < len(v.look().Things) {
		r := v.look()
		thing := r.Things[r.Gone]
		if p, err := v.d.o.Vault.Azure.Power(ctx, r.Item.AzureVM); err != nil {
			return err
		} else if !p.Off() && p != engine.PowerDeleted {
			return inUse(r.Item.AzureVM, p)
		}
		if err := v.d.o.Azure.Remove(ctx, thing); err != nil {
			return err
		}
		if err := v.change(func(r *record) { r.Gone++ }); err != nil {
			return err
		}
	}
	return v.finish(stepTidy, taskDelete)
}

// inUse refuses to delete a machine that somebody went back to.
func inUse(vm engine.AzureVMRef, p engine.Power) error {
	return &engine.Failure{Kind: engine.FailureUnsafe, What: "delete the Azure copy", Where: vm.Name,
		Why: "its power state is " + string(p) + ": somebody went back to it", Remedy: "find out who uses it; nothing more was deleted"}
}

// tidy deletes the snapshots that the failback took, but for those of its last set
// where the plan keeps them.
func (v *driver) tidy(ctx context.Context) error {
	if err := v.begin(taskTidy); err != nil {
		return err
	}
	r := v.look()
	if r.Direct.KeepDays > 0 && r.Failback.Set != nil {
		if err := v.keep(ctx); err != nil {
			return err
		}
	}
	var keep []string
	if r.Direct.KeepDays > 0 && r.Failback.Set != nil {
		for _, s := range r.Failback.Set.Snapshots {
			keep = append(keep, s.ID)
		}
	}
	if err := v.removeSnapshots(ctx, keep); err != nil {
		return err
	}
	v.forgetNotes()
	return v.change(func(r *record) {
		at := now()
		r.finish(taskTidy, engine.TaskStateSucceeded, at)
		r.State, r.Detail, r.Ended, r.Step = engine.JobSucceeded, "", at, stepDone
	})
}

// keep tags the snapshots of the last set with until when they are kept. Each is
// tagged as the run that took it.
func (v *driver) keep(ctx context.Context) error {
	r := v.look()
	until := r.Until
	if until.IsZero() {
		until = now().AddDate(0, 0, r.Direct.KeepDays)
		if err := v.change(func(r *record) { r.Until = until }); err != nil {
			return err
		}
	}
	client, err := v.client()
	if err != nil {
		return err
	}
	for _, s := range r.Failback.Set.Snapshots {
		if err := client.Keep(ctx, s, until); err != nil {
			return err
		}
	}
	return nil
}

// removeSnapshots deletes every snapshot of the failback's runs that is not to be
// kept, those too that were taken and not noted.
func (v *driver) removeSnapshots(ctx context.Context, keep []string) error {
	r := v.look()
	if len(r.Failback.Runs) == 0 {
		return nil
	}
	client, err := v.client()
	if err != nil {
		return err
	}
	all, err := client.Leftovers(ctx, r.groups()...)
	if err != nil {
		return err
	}
	ours := append(slices.Clone(r.Failback.Runs), r.run())
	var errs []error
	for _, s := range all {
		if !slices.Contains(ours, s.Run) || slices.ContainsFunc(keep, func(id string) bool { return engine.SameID(id, s.ID) }) {
			continue
		}
		errs = append(errs, client.Remove(ctx, s))
	}
	return errors.Join(errs...)
}

// groups are the resource groups that the disks lie in, where their snapshots are.
func (r *record) groups() []string {
	var out []string
	add := func(group string) {
		if group != "" && !slices.ContainsFunc(out, func(g string) bool { return strings.EqualFold(g, group) }) {
			out = append(out, group)
		}
	}
	for _, d := range r.Item.Disks {
		if id, err := arm.ParseResourceID(d.ID); err == nil {
			add(id.ResourceGroupName)
		}
	}
	for _, d := range r.Failback.Disks {
		if id, err := arm.ParseResourceID(d.Disk.ID); err == nil {
			add(id.ResourceGroupName)
		}
	}
	add(r.Item.AzureVM.ResourceGroup)
	return out
}

// protect asks the vault to protect the machine afresh, where that can be asked for.
func (v *driver) protect(ctx context.Context) error {
	if err := v.begin(taskProtect); err != nil {
		return err
	}
	r := v.look()
	if v.d.o.Protect == nil || engine.IsMachineID(r.Item.ID) {
		return v.protected(engine.TaskStateSkipped, "the machine is in no vault that this run knows: enable its protection in the portal, where it is wanted")
	}
	err := v.d.o.Protect.Protect(ctx, r.Host, r.Failback.VM, r.Item.Name, r.Request)
	switch kind := engine.KindOf(err); {
	case kind == engine.FailureNotFound: // the vault hears of a new VM some minutes later
		f := *engine.AsFailure(err, "", r.Item.Name)
		f.Kind = engine.FailureRetryable
		return &f
	case kind == engine.FailureRefused || kind == engine.FailurePermission:
		f := engine.AsFailure(err, "", r.Item.Name)
		return v.protected(engine.TaskStateSkipped, f.Why+"; now: "+f.Remedy)
	}
	if err != nil {
		return err
	}
	return v.protected(engine.TaskStateSucceeded, "")
}

func (v *driver) protected(state, why string) error {
	return v.change(func(r *record) {
		at := now()
		r.finish(taskProtect, state, at)
		m := r.Tasks[taskProtect]
		m.Detail = why
		r.Tasks[taskProtect] = m
		r.State, r.Detail, r.Ended, r.Step = engine.JobSucceeded, "", at, stepDone
	})
}

// sameThings reports whether two lists name the same things in the same order.
func sameThings(a, b []engine.AzureThing) bool {
	return slices.EqualFunc(a, b, func(x, y engine.AzureThing) bool {
		return x.Kind == y.Kind && engine.SameID(x.ID, y.ID)
	})
}

// keptUntil is until when a commit now would keep snapshots.
func keptUntil(days int) time.Time {
	if days <= 0 {
		return time.Time{}
	}
	return now().AddDate(0, 0, days)
}
