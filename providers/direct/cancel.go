package direct

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"strings"

	"failback/engine"
)

// takeBack undoes what the job did: the VM gets its old disks, files that it wrote and
// snapshots that it took are removed. It may be repeated.
func (v *driver) takeBack(ctx context.Context) error {
	var left []string
	if v.look().Failback.Touched {
		var err error
		if left, err = v.takeHostBack(ctx); err != nil {
			return err
		}
	}
	if len(left) == 0 {
		if err := v.removeFiles(); err != nil {
			return err
		}
	}
	if err := v.removeSnapshots(ctx, nil); err != nil {
		return err
	}
	return v.change(func(r *record) {
		at := now()
		r.Failback.Left = left
		r.State, r.Detail, r.Ended, r.Step = engine.JobCancelled, "", at, stepDone
		if len(left) > 0 {
			r.Detail = "left there: " + strings.Join(left, ", ")
			r.Error = &engine.JobError{Message: "cancelled; " + r.Detail, Level: "Warning", Recommended: "remove it on the host where it is not wanted"}
			m := r.Tasks[idFinalize]
			m.Detail = r.Detail // journals keep what tasks say
			r.Tasks[idFinalize] = m
		}
		for id, m := range r.Tasks {
			if m.State == engine.TaskStateInProgress || m.State == engine.TaskStateSuspended {
				r.finish(id, engine.TaskStateCancelled, at)
			}
		}
	})
}

// takeHostBack gives a VM its old disks. A VM that was made stays, off, with its
// disks: hosts are asked to make VMs here, never to delete one. Files that any VM has,
// by whatever name, are not taken away from it; where it runs the cancel is refused.
func (v *driver) takeHostBack(ctx context.Context) (left []string, err error) {
	r := v.look()
	f := r.Failback
	if r.original() {
		vm, err := v.d.o.Vault.Hosts.VM(ctx, r.Host, f.VM)
		if err != nil {
			return nil, err
		}
		have := pathsOf(vm)
		switch {
		case samePaths(have, f.Before):
		case !samePaths(have, f.paths()):
			return []string{"VM " + vm.Name + " on " + r.Host + " with disks of somebody else's choice"}, nil
		default:
			if _, err := v.d.o.Machines.SwapDisks(ctx, r.Host, f.VM, engine.DiskSwap{From: have, To: f.Before}); err != nil {
				return nil, err
			}
		}
	}
	users, err := v.d.users(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, vm := range users {
		if vm.State != "Off" {
			return nil, &engine.Failure{Kind: engine.FailureUnsafe, What: "cancel", Where: vm.Name + " (" + vm.ID + ") on " + r.Host,
				Why:    "somebody has started that VM with the disks that were brought (it is " + vm.State + "); nothing was removed",
				Remedy: "what it wrote is in its disks alone, in " + f.Home + ", while the Azure VM is stopped: decide which of the two goes on, and see that the other never runs"}
		}
		left = append(left, leftWords(vm, r))
	}
	return left, nil
}

// leftWords name a VM that stays with disks that the job wrote.
func leftWords(vm engine.VM, r *record) string {
	name := "VM " + vm.Name
	if !strings.EqualFold(vm.Name, r.Item.Name) {
		name += ", made as " + r.Item.Name
	}
	return fmt.Sprintf("%s (%s) on %s, off, with its disks in %s", name, vm.ID, r.Host, r.Failback.Home)
}

// removeFiles removes what the job wrote, and its folder where nothing else is in it.
func (v *driver) removeFiles() error {
	f := v.look().Failback
	if f.Home == "" {
		return nil
	}
	var errs []error
	for _, d := range f.Disks {
		for _, file := range append([]string{d.File}, d.Old...) {
			errs = append(errs, v.removeFile(file))
		}
	}
	if err := errors.Join(errs...); err != nil {
		return engine.Refuse("remove the disks that were written", f.Home, err.Error(), "see that nothing has them open, and cancel again")
	}
	// A folder that somebody put something into stays.
	_ = os.Remove(f.Home)
	return nil
}

func (v *driver) removeFile(file string) error {
	if _, err := v.d.o.Mover.Cancel(file); err != nil {
		return err
	}
	for _, name := range filesBeside(file) {
		if err := os.Remove(name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return err
		}
	}
	return nil
}

// notesBeside are the files that say what a disk's file is, while it is brought.
func notesBeside(file string) []string {
	return []string{file + ".manifest", file + ".failback-state", file + ".failback-undo", file + ".azure.manifest"}
}

// forgetNotes removes what says of the disks what they were, once the VM that writes to
// them is all there is; and files of disks that were resized on the way. What can't be
// removed does no harm.
func (v *driver) forgetNotes() {
	for _, d := range v.look().Failback.Disks {
		for _, name := range notesBeside(d.File) {
			_ = os.Remove(name)
		}
		for _, old := range d.Old {
			_ = v.removeFile(old)
		}
	}
}
