package hosts

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"failback/providers/hyperv/scripts"
	"failback/providers/lab/estate"
	"failback/providers/lab/world"
)

// createVM does what the script of that name does.
func (m Model) createVM(host string, p scripts.CreateVMParams) (any, error) {
	files, err := m.look(p.Disks)
	if err != nil {
		return nil, err
	}
	vm := world.VM{
		Name: p.Name, AutoStart: scripts.AutoStartNothing, Notes: p.Notes, Images: files,
		Shape: &world.Shape{Generation: p.Generation, CPUs: p.CPUs, Memory: p.Memory, Switch: p.Switch},
	}
	if p.Generation == 2 {
		vm.Shape.SecureBoot = "On" // as Hyper-V makes it
		if p.SecureBoot != "" {
			vm.Shape.SecureBoot = p.SecureBoot
		}
	}
	made, err := m.World.MakeVM(host, vm, func(s *world.State) error {
		if slices.ContainsFunc(s.VMs, func(v *world.VM) bool { return v.Host == host && strings.EqualFold(v.Name, p.Name) }) {
			return scriptError(scripts.IDPrecondition, "ResourceExists", "The host has a virtual machine of that name already.")
		}
		if n := countSwitches(s, host, p.Switch); p.Switch != "" && n != 1 {
			return scriptError(scripts.IDNoSwitch, "ObjectNotFound", fmt.Sprintf("The host has %d virtual switches of the name %s.", n, p.Switch))
		}
		return fits(s, files, p.Generation, host, "")
	})
	if err != nil {
		return nil, err
	}
	return m.machine(host, made.ID)
}

func countSwitches(s *world.State, host, name string) (n int) {
	h := s.Host(host)
	if h == nil {
		return 0
	}
	if _, missing := s.Holds(estate.SwitchMissing, host); missing {
		return 0
	}
	for _, sw := range h.Switches {
		if sw.Name == name {
			n++
		}
	}
	return n
}

// swapDisks does what the script of that name does. Where the VM's own files are put
// back they count for images no more.
func (m Model) swapDisks(host string, p scripts.SwapDisksParams) (any, error) {
	own := false
	m.World.Read(func(s *world.State) {
		if vm := s.VM(host, p.VMID); vm != nil && vm.Shape == nil {
			bare := *vm
			bare.Images = nil
			own = slices.EqualFunc(s.Attached(&bare), p.To, strings.EqualFold)
		}
	})
	var files []world.Image
	if !own {
		var err error
		if files, err = m.look(p.To); err != nil {
			return nil, err
		}
	}
	found := false
	err := m.World.Attach(host, p.VMID, files, func(s *world.State, vm *world.VM) error {
		found = true
		now := s.Attached(vm)
		switch {
		case vm.State != world.VMOff:
			return scriptError(scripts.IDPrecondition, "InvalidOperation", "The virtual machine is "+vm.State+", not Off.")
		case vm.Snapshots > 0:
			return scriptError(scripts.IDPrecondition, "InvalidOperation", "The virtual machine has checkpoints: its disks belong to them.")
		case len(p.From) != len(p.To) || len(p.From) != len(now):
			return scriptError(scripts.IDPrecondition, "InvalidOperation", fmt.Sprintf("The virtual machine has %d disks, not %d.", len(now), len(p.From)))
		}
		for i := range now {
			if !strings.EqualFold(now[i], p.From[i]) {
				return scriptError(scripts.IDPrecondition, "InvalidOperation", "The virtual machine has the disk "+now[i]+", not "+p.From[i]+".")
			}
		}
		return fits(s, files, s.ShapeOf(vm).Generation, host, vm.ID)
	})
	switch {
	case !found:
		return nil, notFound(p.VMID)
	case err != nil:
		return nil, err
	}
	return m.machine(host, p.VMID)
}

// look reads the files that a VM is to have, as Get-VHD does.
func (m Model) look(paths []string) ([]world.Image, error) {
	files := make([]world.Image, 0, len(paths))
	for _, p := range paths {
		i, err := m.World.LookImage(p)
		switch {
		case errors.Is(err, fs.ErrNotExist):
			return nil, scriptError(scripts.IDNoFile, "ObjectNotFound", "The host has no file "+p+".")
		case err != nil:
			return nil, scriptError("InvalidParameter,Microsoft.Vhd.PowerShell.Cmdlets.GetVhd", "InvalidArgument", err.Error())
		}
		files = append(files, i)
	}
	return files, nil
}

// fits refuses files that another VM of the host has, or that a VM of the generation
// can't have.
func fits(s *world.State, files []world.Image, generation int, host, own string) error {
	for n, f := range files {
		taken := slices.ContainsFunc(files[:n], func(o world.Image) bool { return strings.EqualFold(o.Path, f.Path) })
		for _, vm := range s.VMs {
			taken = taken || vm.Host == host && vm.ID != own && slices.ContainsFunc(s.Attached(vm), func(p string) bool { return strings.EqualFold(p, f.Path) })
		}
		switch {
		case taken:
			return scriptError(scripts.IDPrecondition, "ResourceBusy", "The disk "+f.Path+" is attached to a machine already.")
		case generation == 2 && f.Format == "VHD":
			return scriptError(scripts.IDPrecondition, "InvalidType", "A machine of generation 2 takes no VHD: "+f.Path+".")
		}
	}
	return nil
}

// machine is a VM after a change of its disks.
func (m Model) machine(host, id string) (any, error) {
	var answer any
	m.World.Read(func(s *world.State) {
		if vm := s.VM(host, id); vm != nil {
			answer = scripts.MachineAnswer{VMRow: row(s, vm), Switches: adapters(s, vm), Paths: s.Attached(vm)}
		}
	})
	if answer == nil {
		return nil, notFound(id)
	}
	return answer, nil
}
