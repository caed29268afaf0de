package direct

import (
	"context"
	"slices"
	"strings"

	"failback/engine"
)

// users are the VMs of the job's host that have a file that the job wrote, and the one
// that it is known to have had made, whatever they are called by now. A host lists no
// disks, so every VM is looked at.
func (d *Desk) users(ctx context.Context, r *record) ([]engine.VM, error) {
	rows, err := d.o.Vault.Hosts.VMs(ctx, r.Host)
	if err != nil {
		return nil, err
	}
	var out []engine.VM
	for _, row := range rows {
		vm, err := d.o.Vault.Hosts.VM(ctx, r.Host, row.ID)
		if engine.KindOf(err) == engine.FailureNotFound { // it was removed meanwhile
			continue
		}
		if err != nil {
			return nil, err
		}
		if r.Failback.has(vm) || !r.original() && r.Failback.VM != "" && strings.EqualFold(vm.ID, r.Failback.VM) {
			out = append(out, vm)
		}
	}
	return out, nil
}

// original reports whether a VM that was there before gets the disks.
func (r *record) original() bool {
	return !r.Target.Alternate && r.Failback.VM != "" && strings.EqualFold(r.Failback.VM, r.Item.HyperVID)
}

// has reports whether a VM has any file that the job wrote, itself or below a
// differencing disk.
func (f *failback) has(vm engine.VM) bool {
	return slices.ContainsFunc(vm.Disks, func(d engine.VMDisk) bool {
		return slices.ContainsFunc(f.all(), func(path string) bool {
			return strings.EqualFold(path, d.Path) || d.Parent != "" && strings.EqualFold(path, d.Parent)
		})
	})
}

// all are the files of all disks as the host names them, those of before they were
// resized too.
func (f *failback) all() []string {
	out := f.paths()
	for _, d := range f.Disks {
		for _, old := range d.Old {
			out = append(out, sibling(d.There, old))
		}
	}
	return out
}

// sibling is what the host calls a file of this machine that lies beside the one that
// it calls there.
func sibling(there, file string) string {
	return there[:strings.LastIndexAny(there, `\/`)+1] + file[strings.LastIndexAny(file, `\/`)+1:]
}
