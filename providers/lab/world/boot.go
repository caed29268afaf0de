package world

import (
	"context"
	"errors"
	"fmt"
	"time"

	"failback/engine/transfer"
	"failback/providers/lab/estate"
	"failback/providers/lab/guest"
)

// boot starts the guest of disks: it reads back everything that was written
// and refuses disks that no power cut could have left. check false continues a
// guest that had booted before the lab was closed.
func (w *World) boot(ctx context.Context, key string, disks []guest.Disk, check bool, closing func()) error {
	if check {
		if _, err := guest.Check(ctx, disks); err != nil {
			closing()
			return fmt.Errorf("the guest does not boot: %w", err)
		}
		if err := checkFiles(disks); err != nil {
			closing()
			return fmt.Errorf("the guest does not boot: %w", err)
		}
	}
	g, err := guest.Open(disks)
	if err != nil {
		closing()
		return fmt.Errorf("the guest does not boot: %w", err)
	}
	w.guests.start(key, g, w.guestEvery(), closing)
	return nil
}

// bootAzure boots the guest of an Azure VM and notes how that went.
func (w *World) bootAzure(ctx context.Context, name string, check bool) error {
	var it Item
	w.Read(func(s *State) {
		if v := s.AzureVM(name); v != nil {
			it = s.copyItem(v.Item)
		}
	})
	blobs, err := w.azureDisks(it)
	if err == nil {
		err = w.boot(ctx, azureKey(name), asGuest(blobs), check, func() {})
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return w.change(func(s *State) {
		if v := s.AzureVM(name); v != nil {
			v.Power, v.Booted, v.Problem = PowerRunning, err == nil, problemOf(err)
		}
	})
}

func problemOf(err error) string {
	if err == nil {
		return ""
	}
	return err.Error()
}

// startHome starts an on-premises VM that is off: Hyper-V says Running at once,
// and the guest answers when it has booted, or never.
func (w *World) startHome(ctx context.Context, host, id string) error {
	var vm VM
	err := w.update(func(s *State) error {
		v := s.VM(host, id)
		if v == nil {
			return missing("virtual machine", id)
		}
		if v.State != VMRunning {
			v.State, v.Since, v.Booted, v.Problem, v.Odd = VMRunning, now(), false, "", ""
			// The checksums speak of the disks as the synchronisation left them;
			// they stay, with their time.
		}
		vm = *v
		return nil
	})
	if err != nil || vm.Booted {
		return err
	}
	if f := w.strike(estate.AtBoot, vm.Item, host, oddBoots...); f != nil {
		vm.Odd = f.What
		if err := w.EditVM(host, id, func(v *VM) { v.Odd = f.What }); err != nil {
			return err
		}
		if why := neverBoots[f.What]; why != "" {
			return w.booted(vm, why)
		}
	}
	w.goes(func(ctx context.Context) { _ = w.bootHome(ctx, vm, true) })
	return context.Cause(ctx)
}

// bootHome boots the guest of a running on-premises VM.
func (w *World) bootHome(ctx context.Context, vm VM, check bool) error {
	var it Item
	w.Read(func(s *State) { it = s.copyItem(vm.Item) })
	if check && vm.Odd == estate.Restarts {
		if err := w.restartOnce(ctx, vm); err != nil {
			return err
		}
	}
	if check {
		if err := w.sleep(ctx, w.times().Boot); err != nil {
			return err
		}
	}
	disks, err := w.homeDisks(it, vm)
	if err == nil {
		if err = w.firmware(vm, disks); err != nil {
			err = fmt.Errorf("the guest does not boot: %w", errors.Join(err, closeDisks(disks)))
		}
	}
	if err == nil {
		err = w.boot(ctx, homeKey(vm.Host, vm.ID), asGuest(disks), check, func() { _ = closeDisks(disks) })
	}
	if ctx.Err() != nil {
		return context.Cause(ctx)
	}
	return w.booted(vm, problemOf(err))
}

func (w *World) booted(vm VM, problem string) error {
	return w.change(func(s *State) {
		if v := s.VM(vm.Host, vm.ID); v != nil {
			v.Booted, v.Problem = problem == "", problem
		}
	})
}

// stopHome shuts an on-premises VM down.
func (w *World) stopHome(host, id string) error {
	w.guests.stop(homeKey(host, id))
	return w.change(func(s *State) {
		if v := s.VM(host, id); v != nil && v.State != VMOff {
			v.State, v.Since, v.Booted, v.Problem, v.Odd = VMOff, now(), false, "", ""
		}
	})
}

// continueVM lets a VM that ran when the lab was closed run on.
func (w *World) continueVM(vm VM) {
	if vm.State != VMRunning || vm.Problem != "" {
		return
	}
	w.goes(func(ctx context.Context) { _ = w.bootHome(ctx, vm, !vm.Booted) })
}

func (w *World) times() (t estate.Times) {
	w.Read(func(s *State) { t = s.Times })
	return t
}

func (w *World) guestEvery() (d time.Duration) {
	w.Read(func(s *State) { d = s.GuestEvery })
	return d
}

// sumOf reads a whole disk back.
func sumOf(ctx context.Context, d homeDisk) (string, error) {
	return transfer.Sum(ctx, d.source(), nil)
}
