package world

import (
	"cmp"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"strconv"

	"failback/providers/lab/estate"
	"failback/providers/lab/guest"
)

// Shape is what a VM is made of.
type Shape struct {
	Generation int    `json:"generation"`
	CPUs       int    `json:"cpus"`
	Memory     int64  `json:"memory"`
	Switch     string `json:"switch"` // empty where its adapter is not connected
	SecureBoot string `json:"secure_boot,omitempty"`
}

// ShapeOf is what a VM is made of.
func (s *State) ShapeOf(vm *VM) Shape {
	if vm.Shape != nil {
		return *vm.Shape
	}
	it := s.Item(vm.Item)
	if it == nil {
		return Shape{}
	}
	shape := Shape{Generation: it.Generation, CPUs: it.CPUs, Memory: it.Memory, Switch: it.Switch}
	if it.Generation == 2 {
		shape.SecureBoot = "Off"
		if it.Home.SecureBoot {
			shape.SecureBoot = "On"
		}
	}
	return shape
}

// HomeOf is what is odd about a VM; nothing is about one that was made on the host.
func (s *State) HomeOf(vm *VM) estate.Home {
	if it := s.Item(vm.Item); it != nil && vm.Shape == nil {
		return it.Home
	}
	return estate.Home{}
}

// Attached are the paths of a VM's disks as its host calls them.
func (s *State) Attached(vm *VM) []string {
	paths := []string{}
	for _, i := range vm.Images {
		paths = append(paths, i.Path)
	}
	if it := s.Item(vm.Item); it != nil && vm.Images == nil && vm.Shape == nil {
		for _, d := range it.Disks {
			paths = append(paths, s.WindowsPath(vm, d))
		}
	}
	return paths
}

// MakeVM makes a VM on a host and gives it an id. check is asked first, and its error
// leaves everything as it was. A VM with the name of an item is that item's.
func (w *World) MakeVM(host string, vm VM, check func(s *State) error) (VM, error) {
	err := w.update(func(s *State) error {
		h := s.Host(host)
		if h == nil {
			return missing("host", host)
		}
		if err := check(s); err != nil {
			return err
		}
		vm.ID, vm.Host, vm.State, vm.Since = s.mint(), h.Name, VMOff, now()
		if it := s.Item(vm.Name); it != nil {
			vm.Item = it.Name
		}
		keep := vm
		s.VMs = append(s.VMs, &keep)
		return nil
	})
	return vm, err
}

// Attach puts images in the place of a VM's disks; none puts its own files back. check
// is asked first, and its error leaves everything as it was.
func (w *World) Attach(host, id string, images []Image, check func(s *State, vm *VM) error) error {
	return w.update(func(s *State) error {
		vm := s.VM(host, id)
		if vm == nil {
			return missing("virtual machine", id)
		}
		if err := check(s, vm); err != nil {
			return err
		}
		vm.Images, vm.Sums = images, nil
		for i := range images { // what is known of other disks does not hold for these
			if err := os.Remove(w.homePath(vm.rel(i)) + mapSuffix); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return err
			}
		}
		return nil
	})
}

// firmware refuses disks whose system starts from another generation of machine than
// the VM is. Site Recovery converts a machine that it brings home; nobody has converted
// what was copied past it.
func (w *World) firmware(vm VM, disks []homeDisk) error {
	if vm.Images == nil {
		return nil
	}
	g, err := guest.Open(asGuest(disks))
	if err != nil {
		return err
	}
	has, wants := 0, 0
	w.Read(func(s *State) {
		has = s.ShapeOf(&vm).Generation
		if it := find(s.Items, func(it *Item) bool { return it.VMID == g.Spec().ID }); it != nil {
			wants = it.AzureGeneration()
		}
	})
	if wants != 0 && has != wants {
		return fmt.Errorf("the firmware of generation %d finds nothing to start: the system on the disk starts from generation %d", has, wants)
	}
	return nil
}

// AzureGeneration is the generation of the item's Azure VM.
func (it *Item) AzureGeneration() int { return cmp.Or(it.InAzure, it.Generation, 1) }

// rel names what the world keeps beside disk i of a VM.
func (vm *VM) rel(i int) string {
	if vm.Images == nil && i < len(vm.Files) {
		return vm.Files[i]
	}
	return path.Join(hostsDir, vm.Host, vm.ID, "image"+strconv.Itoa(i))
}
