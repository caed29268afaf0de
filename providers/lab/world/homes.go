package world

import (
	"context"
	"os"
)

// StartHome starts an on-premises VM as somebody at its host would. A missing
// switch is refused as Hyper-V refuses it.
func (w *World) StartHome(host, id string) error {
	var refused error
	w.Read(func(s *State) {
		vm := s.VM(host, id)
		if vm == nil {
			refused = missing("virtual machine", id)
			return
		}
		if it := s.Item(vm.Item); it != nil && !s.HasSwitch(host, it.Switch) {
			refused = &JobError{Code: "559", Message: "'" + vm.Name + "' failed to start: the Ethernet switch '" + it.Switch + "' was not found."}
		}
	})
	if refused != nil {
		return refused
	}
	return w.startHome(context.WithoutCancel(w.ctx), host, id)
}

// EditVM changes an on-premises VM's own settings.
func (w *World) EditVM(host, id string, f func(vm *VM)) error {
	return w.update(func(s *State) error {
		vm := s.VM(host, id)
		if vm == nil {
			return missing("virtual machine", id)
		}
		f(vm)
		return nil
	})
}

// EditHost changes a host. An error of f leaves it as it was.
func (w *World) EditHost(name string, f func(h *Host) error) error {
	return w.update(func(s *State) error {
		h := s.Host(name)
		if h == nil {
			return missing("host", name)
		}
		return f(h)
	})
}

// FileBytes is how large the file of a disk is; zero where there is none.
func (w *World) FileBytes(rel string) int64 {
	info, err := os.Stat(w.homePath(rel))
	if err != nil {
		return 0
	}
	return info.Size()
}
