package direct

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"failback/engine"
)

// startLooks is how many polls a VM that starts is given.
const startLooks = 40

// notes are what a VM that a job had made says of itself.
func (r *record) notes() string { return "failback direct " + r.Name }

// home puts the disks under the VM on its host, or has the host make it with them.
func (v *driver) home(ctx context.Context) error {
	if err := v.begin(idFinalize); err != nil {
		return err
	}
	id, err := v.rehome(ctx)
	if err != nil {
		return err
	}
	return v.change(func(r *record) {
		r.Failback.VM, r.Failback.AtHome = id, true
		r.finish(idFinalize, engine.TaskStateSucceeded, now())
		r.Step = stepStart
	})
}

func (v *driver) rehome(ctx context.Context) (string, error) {
	if v.look().original() {
		return v.swap(ctx)
	}
	return v.create(ctx)
}

// swap looks what the VM has, and changes its disks where it has those of before.
func (v *driver) swap(ctx context.Context) (string, error) {
	r := v.look()
	vm, err := v.d.o.Vault.Hosts.VM(ctx, r.Host, r.Failback.VM)
	if err != nil {
		return "", err
	}
	have, want := pathsOf(vm), r.Failback.paths()
	if samePaths(have, want) {
		return vm.ID, nil
	}
	if err := swappable(vm, r.Host, len(want)); err != nil {
		return "", err
	}
	if r.Failback.Touched && !samePaths(have, r.Failback.Before) {
		return "", &engine.Failure{Kind: engine.FailureUnsafe, What: "change the disks of the VM", Where: vm.Name + " on " + r.Host,
			Why:    "it has neither the disks of before nor those that were brought: " + strings.Join(have, ", "),
			Remedy: "look at the VM on its host: it had " + strings.Join(r.Failback.Before, ", ") + ", and " + strings.Join(want, ", ") + " are whole"}
	}
	if !r.Failback.Touched {
		if err := v.change(func(r *record) { r.Failback.Touched, r.Failback.Before = true, have }); err != nil {
			return "", err
		}
	}
	after, err := v.d.o.Machines.SwapDisks(ctx, r.Host, vm.ID, engine.DiskSwap{From: have, To: want})
	if err != nil {
		return "", err
	}
	return after.ID, nil
}

// create looks for the VM that was asked for, and asks for it where there is none.
func (v *driver) create(ctx context.Context) (string, error) {
	r := v.look()
	if id, err := v.made(ctx); id != "" || err != nil {
		return id, err
	}
	want, err := v.shape(ctx)
	if err != nil {
		return "", err
	}
	if !r.Failback.Touched {
		if err := v.change(func(r *record) { r.Failback.Touched = true }); err != nil {
			return "", err
		}
	}
	id, err := v.d.o.Machines.CreateVM(ctx, r.Host, want)
	if err != nil && id != "" { // made, and otherwise than it was asked for
		return "", errors.Join(err, v.change(func(r *record) { r.Failback.VM = id }))
	}
	return id, err
}

// made finds the VM that this job had made, by the disks that no other VM has: somebody
// may have renamed it, and another may have its name.
func (v *driver) made(ctx context.Context) (string, error) {
	r := v.look()
	const what = "make the VM"
	if r.Failback.Touched {
		users, err := v.d.users(ctx, r)
		if err != nil {
			return "", err
		}
		for _, vm := range users {
			if samePaths(pathsOf(vm), r.Failback.paths()) {
				return vm.ID, nil
			}
		}
		if len(users) > 0 {
			return "", engine.Refuse(what, users[0].Name+" on "+r.Host, "that VM ("+users[0].ID+") has some of the disks that were brought, and not all of them alone",
				"look at the VM on its host, and remove it or give it "+strings.Join(r.Failback.paths(), ", "))
		}
	}
	vms, err := v.d.o.Vault.Hosts.VMs(ctx, r.Host)
	if err != nil {
		return "", err
	}
	if i := slices.IndexFunc(vms, func(vm engine.VM) bool { return strings.EqualFold(vm.Name, r.Item.Name) }); i >= 0 {
		return "", engine.Refuse(what, r.Item.Name+" on "+r.Host, "a VM of that name is there, with other disks ("+vms[i].ID+")", "rename or remove that one, then start the failback of this item again: nothing has to be brought twice")
	}
	return "", nil
}

// shape is what the host is asked to make: what the machine was in Azure, connected as
// the VM on its old host was where that can be read.
func (v *driver) shape(ctx context.Context) (engine.NewVM, error) {
	r := v.look()
	generation, err := v.generation()
	if err != nil {
		return engine.NewVM{}, err
	}
	m := r.Failback.Machine
	const unit = 2 << 20
	vm := engine.NewVM{
		Name: r.Item.Name, Generation: generation, CPUs: max(1, m.CPUs), Memory: (m.Memory + unit - 1) / unit * unit,
		Disks: r.Failback.paths(), Notes: r.notes(),
	}
	if generation == 2 {
		vm.SecureBoot = "Off" // INFERRED: what it was signed for is not told
	}
	vm.Switch, err = v.network(ctx)
	return vm, err
}

// network is the plan's switch, or else that which the VM on its old host is connected
// to, where this host has one of that name. With neither no adapter is connected.
func (v *driver) network(ctx context.Context) (string, error) {
	r := v.look()
	if r.Direct.Switch != "" {
		return r.Direct.Switch, nil
	}
	facts, err := v.d.o.Vault.Hosts.Facts(ctx, r.Host)
	if err != nil {
		return "", err
	}
	has := func(name string) bool {
		return slices.ContainsFunc(facts.Switches, func(s engine.Switch) bool { return s.Name == name })
	}
	if r.Item.HyperVID != "" && r.Item.HostName != "" {
		// That host may be gone for good, which is why the machine goes elsewhere.
		if old, err := v.d.o.Vault.Hosts.VM(ctx, r.Item.HostName, r.Item.HyperVID); err == nil {
			for _, name := range old.Switches {
				if has(name) {
					return name, nil
				}
			}
		}
	}
	return "", nil
}

// start starts the VM, the data being home, and sees it run.
func (v *driver) start(ctx context.Context) error {
	if err := v.begin(idStart); err != nil {
		return err
	}
	r := v.look()
	if err := v.off(ctx, "start the VM", "two live copies would be written to"); err != nil {
		return err
	}
	if !r.Failback.Launched {
		if err := v.change(func(r *record) { r.Failback.Launched = true }); err != nil {
			return err
		}
	}
	if _, err := engine.StartOnPremises(ctx, v.d.o.Vault.Hosts, r.Host, r.Failback.VM, nil); err != nil {
		return err
	}
	for range startLooks {
		vm, err := v.d.o.Vault.Hosts.VM(ctx, r.Host, r.Failback.VM)
		if err != nil {
			return err
		}
		if vm.Running() {
			return v.change(func(r *record) {
				at := now()
				r.finish(idStart, engine.TaskStateSucceeded, at)
				r.finish(engine.TaskStartFailback, engine.TaskStateSucceeded, at)
				r.State, r.Detail, r.Ended, r.Step = engine.JobSucceeded, "", at, stepDone
			})
		}
		wait(ctx, v.d.o.Poll)
		if ctx.Err() != nil {
			return context.Cause(ctx)
		}
	}
	return &engine.Failure{Kind: engine.FailureBoot, What: "start the VM", Where: r.Item.Name + " on " + r.Host,
		Why: fmt.Sprintf("its start was accepted, and after %d looks it does not run", startLooks), Remedy: "look at the host's event log"}
}

func pathsOf(vm engine.VM) []string {
	out := make([]string, len(vm.Disks))
	for i, d := range vm.Disks {
		out[i] = d.Path
	}
	return out
}

// samePaths compares paths as Windows does, without case.
func samePaths(a, b []string) bool { return slices.EqualFunc(a, b, strings.EqualFold) }
