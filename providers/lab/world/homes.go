package world

import (
	"context"
	"errors"
	"os"

	"failback/engine/transfer"
)

// StartHome starts an on-premises VM as somebody at its host would. A missing
// switch is refused as Hyper-V refuses it.
func (w *World) StartHome(host, id string) error {
	var refused error
	var images []Image
	w.Read(func(s *State) {
		vm := s.VM(host, id)
		if vm == nil {
			refused = missing("virtual machine", id)
			return
		}
		images = vm.Images
		shape := s.ShapeOf(vm)
		if bare := vm.Shape != nil && shape.Switch == ""; !bare && !s.HasSwitch(host, shape.Switch) {
			refused = &JobError{Code: "559", Message: "'" + vm.Name + "' failed to start: the Ethernet switch '" + shape.Switch + "' was not found."}
		}
	})
	for _, i := range images {
		if _, err := w.LookImage(i.Path); err != nil {
			refused = errors.Join(refused, &JobError{Code: "559", Message: "The virtual machine failed to start: " + err.Error()})
		}
	}
	if refused != nil {
		return refused
	}
	return w.startHome(context.WithoutCancel(w.ctx), host, id)
}

// StopHome shuts an on-premises VM down as somebody at its host would.
func (w *World) StopHome(host, id string) error { return w.stopHome(host, id) }

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

// fileHead is what a dynamic disk's file has beside the blocks that were written.
const fileHead = 1 << 20

// FileBytes is how large a host would say that the file of a disk is; zero where there
// is none. A fixed one has its whole size from the beginning, another what was written.
func (w *World) FileBytes(rel string, fixed bool) int64 {
	f, err := os.Open(w.homePath(rel))
	if err != nil {
		return 0
	}
	defer f.Close() //nolint:errcheck // read only
	info, err := f.Stat()
	if err != nil || fixed {
		return sizeOf(info, err)
	}
	extents, err := transfer.FileSource(f, info.Size()).Extents(w.ctx)
	if err != nil {
		return info.Size()
	}
	bytes := int64(fileHead)
	for _, e := range transfer.Normalize(extents) {
		bytes += e.Len
	}
	return min(bytes, info.Size())
}

func sizeOf(info os.FileInfo, err error) int64 {
	if err != nil {
		return 0
	}
	return info.Size()
}
