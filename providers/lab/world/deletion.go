package world

import (
	"context"
	"errors"
	"net/http"
	"slices"
	"strings"

	"failback/providers/lab/blob"
)

// NICOf is the name of an Azure VM's network interface.
func NICOf(vm string) string { return vm + "-nic" }

// NIC finds a network interface, and the VM that it belongs to: nil for one that was
// left behind.
func (s *State) NIC(name string) (vm *AzureVM, there bool) {
	if v := find(s.AzureVMs, func(v *AzureVM) bool { return strings.EqualFold(NICOf(v.Name), name) }); v != nil {
		return v, true
	}
	return nil, slices.ContainsFunc(s.NICs, func(n string) bool { return strings.EqualFold(n, name) })
}

// DeleteAzureVM deletes an Azure VM and leaves its disks and its network interface.
// The operation goes on after the answer; one that deletes it already is answered
// again.
func (w *World) DeleteAzureVM(name string) (op Operation, err error) {
	going := false
	err = w.update(func(s *State) error {
		v := s.AzureVM(name)
		if v == nil {
			return noAzureVM(name)
		}
		if found := s.Operation(v.Deleting); v.Deleting != "" && found != nil {
			op, going = *found, true
			return nil
		}
		op = Operation{ID: s.mint(), AzureVM: v.Name, Started: now()}
		v.Deleting = op.ID
		keep := op
		s.Operations = append(s.Operations, &keep)
		return nil
	})
	if err == nil && !going {
		w.goes(func(ctx context.Context) { _ = w.deleteAzure(ctx, op.AzureVM) })
	}
	return op, err
}

// deleteAzure ends the deletion of a VM.
func (w *World) deleteAzure(ctx context.Context, name string) error {
	if err := w.setPower(name, PowerDeallocating); err != nil {
		return err
	}
	if err := w.sleep(ctx, w.times().Stop); err != nil {
		return err
	}
	w.guests.stop(azureKey(name))
	return w.change(func(s *State) {
		v := s.AzureVM(name)
		if v == nil {
			return
		}
		if op := s.Operation(v.Deleting); op != nil {
			op.Ended = now()
		}
		if it := s.Item(v.Item); it != nil && it.AzureVM == v.Name {
			it.AzureVM = ""
		}
		s.AzureVMs = slices.DeleteFunc(s.AzureVMs, func(o *AzureVM) bool { return o == v })
		s.NICs = append(s.NICs, NICOf(v.Name))
	})
}

// DeleteNIC deletes a network interface. One of a VM is refused, as was seen in the
// field.
func (w *World) DeleteNIC(name string) (op Operation, err error) {
	err = w.update(func(s *State) error {
		vm, there := s.NIC(name)
		switch {
		case !there:
			return &Refusal{
				Status: http.StatusNotFound, Code: "ResourceNotFound", Detail: "ResourceNotFound",
				Message: "The Resource 'Microsoft.Network/networkInterfaces/" + name + "' was not found.",
			}
		case vm != nil:
			return &Refusal{
				Status: http.StatusBadRequest, Code: "NicInUse", Detail: "NicInUse",
				Message: "Network Interface " + name + " is used by existing resource " + vm.Name + ". In order to delete the network interface, it must be dissociated from the resource.",
			}
		}
		s.NICs = slices.DeleteFunc(s.NICs, func(n string) bool { return strings.EqualFold(n, name) })
		op = s.doneOperation("")
		return nil
	})
	return op, err
}

// DeleteDisk deletes a managed disk. One that is attached is refused; snapshots of it
// stay, with their bytes.
func (w *World) DeleteDisk(name string) (op Operation, err error) {
	err = w.update(func(s *State) error {
		it, d := s.ManagedDisk(name)
		if d == nil {
			return noResource("disks", name)
		}
		if v := s.AzureVM(it.AzureVM); v != nil {
			return conflictOf("OperationNotAllowed", "Disk "+d.Managed+" is attached to VM "+v.Name+".")
		}
		content := d.Blob
		d.Blob, d.Managed = "", ""
		if err := w.dropUnread(s, content); err != nil {
			return err
		}
		op = s.doneOperation("")
		return nil
	})
	return op, err
}

// dropUnread deletes the bytes of a disk that nobody can ask for any more.
func (w *World) dropUnread(s *State, content string) error {
	if slices.ContainsFunc(s.Snapshots, func(d *DiskSnapshot) bool { return d.Blob == content }) {
		return nil
	}
	for _, it := range s.Items {
		if slices.ContainsFunc(it.Disks, func(d *Disk) bool { return d.Blob == content }) {
			return nil
		}
	}
	if err := w.blobs.Delete(content); err != nil && !errors.Is(err, blob.ErrNotFound) {
		return err
	}
	return nil
}
