package hosts

import (
	"cmp"
	"os"
	"regexp"
	"strconv"
	"strings"

	"failback/providers/hyperv/scripts"
	"failback/providers/lab/world"
)

// row is a VM in a list.
func row(s *world.State, vm *world.VM) scripts.VMRow {
	r := scripts.VMRow{
		ID: vm.ID, Name: vm.Name, State: vm.State, AutoStart: vm.AutoStart, Notes: vm.Notes, Heartbeat: vm.Heartbeat(),
		Uptime: int64(vm.Uptime().Seconds()),
	}
	shape := s.ShapeOf(vm)
	r.Clustered = s.HomeOf(vm).Clustered
	r.Generation, r.CPUs, r.Memory = shape.Generation, shape.CPUs, shape.Memory
	return r
}

func (m Model) vms(host string) (any, error) {
	answer := scripts.VMsAnswer{VMs: []scripts.VMRow{}}
	m.World.Read(func(s *world.State) {
		for _, vm := range s.VMs {
			if vm.Host == host {
				answer.VMs = append(answer.VMs, row(s, vm))
			}
		}
	})
	return answer, nil
}

func (m Model) vm(host, id string) (any, error) {
	answer := scripts.VMAnswer{Addresses: []string{}, Switches: []string{}, Disks: []scripts.VMDisk{}, Unread: map[string]string{}}
	found := false
	m.World.Read(func(s *world.State) {
		vm := s.VM(host, id)
		if vm == nil {
			return
		}
		found = true
		answer.VMRow, answer.Checkpoints = row(s, vm), vm.Snapshots
		answer.Addresses = append(answer.Addresses, vm.Addresses()...)
		home := s.HomeOf(vm)
		answer.TPM, answer.Shielded, answer.SecureBoot = home.TPM, home.Shielded, s.ShapeOf(vm).SecureBoot
		answer.Switches = adapters(s, vm)
		answer.Disks = append(answer.Disks, m.disks(s, vm)...)
	})
	if !found {
		return nil, notFound(id)
	}
	return answer, nil
}

// adapters are the switches of a VM's adapters, empty where one is not connected.
func adapters(s *world.State, vm *world.VM) []string {
	list := []string{""}
	if name := s.ShapeOf(vm).Switch; s.HasSwitch(vm.Host, name) {
		list[0] = name
	}
	return append(list, make([]string, s.HomeOf(vm).Loose)...)
}

// disks are those that are attached to a VM.
func (m Model) disks(s *world.State, vm *world.VM) (list []scripts.VMDisk) {
	for _, i := range vm.Images {
		d := scripts.VMDisk{Path: i.Path, Format: i.Format, Type: i.Type, Bytes: i.Bytes, Sector: i.Sector}
		info, err := os.Stat(i.Path)
		if err != nil {
			d = scripts.VMDisk{Path: i.Path, Problem: "ObjectNotFound"}
		} else {
			d.File = info.Size()
		}
		list = append(list, d)
	}
	if it := s.Item(vm.Item); it != nil && vm.Images == nil && vm.Shape == nil {
		for i, d := range it.Disks {
			list = append(list, disk(s.WindowsPath(vm, d), d, m.World.FileBytes(vm.Files[i], d.Home.Type == "Fixed")))
		}
	}
	return list
}

// disk is one disk of a VM as its host tells of it.
func disk(path string, d *world.Disk, file int64) scripts.VMDisk {
	h := d.Home
	out := scripts.VMDisk{
		Path: path, Parent: h.Parent, Shared: h.Shared, PassThrough: h.PassThrough, Problem: h.Problem,
	}
	if h.Problem == "" && !h.PassThrough {
		out.Format, out.Type, out.Sector = cmp.Or(h.Format, "VHDX"), cmp.Or(h.Type, "Dynamic"), cmp.Or(h.Sector, 512)
		out.Bytes, out.File = cmp.Or(int64(h.Size), d.Bytes), file
	}
	return out
}

// guardLine is the line that a guard leaves in a VM's notes.
var guardLine = regexp.MustCompile(`^\[failback-guard auto-start=([A-Za-z]+)(?: cluster-priority=([0-9]+))?\] `)

func (m Model) start(host, id string) (any, error) {
	var vm *world.VM
	m.World.Read(func(s *world.State) {
		if found := s.VM(host, id); found != nil {
			c := *found
			vm = &c
		}
	})
	switch {
	case vm == nil:
		return nil, notFound(id)
	case guarded(vm.Notes):
		return nil, scriptError(scripts.IDGuarded, "InvalidOperation", "The notes of the virtual machine carry the start guard: its disks are half-written.")
	case vm.State != world.VMOff:
		return nil, scriptError(scripts.IDPrecondition, "InvalidOperation", "The virtual machine is "+vm.State+"; it is started from Off or Saved only.")
	}
	if err := m.World.StartHome(host, id); err != nil {
		return nil, scriptError("VirtualMachineStartFailed,Microsoft.HyperV.PowerShell.Commands.StartVM", "NotSpecified", err.Error())
	}
	return scripts.StartVMAnswer{Before: vm.State, After: world.VMRunning}, nil
}

func guarded(notes string) bool {
	for line := range strings.SplitSeq(notes, "\n") {
		if strings.HasPrefix(line, "[failback-guard ") {
			return true
		}
	}
	return false
}

// guard does what the script of that name does to notes, automatic start and role.
func (m Model) guard(host, id, mark string) (any, error) {
	var answer scripts.GuardAnswer
	clustered := false
	m.World.Read(func(s *world.State) {
		if vm := s.VM(host, id); vm != nil {
			clustered = s.HomeOf(vm).Clustered
		}
	})
	state := func(vm *world.VM) scripts.GuardState {
		g := scripts.GuardState{AutoStart: vm.AutoStart, Notes: vm.Notes}
		if clustered {
			g.Cluster = strconv.Itoa(vm.Priority)
		}
		return g
	}
	err := m.World.EditVM(host, id, func(vm *world.VM) {
		answer.Before = state(vm)
		after := setGuard(answer.Before, mark)
		vm.AutoStart, vm.Notes = after.AutoStart, after.Notes
		if n, err := strconv.Atoi(after.Cluster); err == nil {
			vm.Priority = n
		}
		answer.After = state(vm)
	})
	if err != nil {
		return nil, notFound(id)
	}
	return answer, nil
}

var lineBreaks = regexp.MustCompile(`[\r\n]+`)

func setGuard(g scripts.GuardState, mark string) scripts.GuardState {
	mark = lineBreaks.ReplaceAllString(mark, " ")
	var kept []string
	for line := range strings.SplitSeq(g.Notes, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if m := guardLine.FindStringSubmatch(line); m != nil {
			g.AutoStart, g.Cluster = m[1], cmp.Or(m[2], g.Cluster)
			continue
		}
		kept = append(kept, line)
	}
	if mark != "" {
		if len(kept) == 1 && kept[0] == "" {
			kept = nil
		}
		guard := scripts.GuardPrefix + g.AutoStart
		if g.Cluster != "" {
			guard += " cluster-priority=" + g.Cluster
			g.Cluster = scripts.ClusterNoAutoStart
		}
		kept = append(kept, guard+"] "+mark)
		g.AutoStart = scripts.AutoStartNothing
	}
	g.Notes = strings.Join(kept, "\r\n")
	return g
}

func (m Model) sums(host, id string) (any, error) {
	answer := scripts.DiskSumsAnswer{}
	found := false
	m.World.Read(func(s *world.State) {
		vm := s.VM(host, id)
		if vm == nil {
			return
		}
		found = true
		paths := s.Attached(vm)
		for i, sum := range vm.Sums {
			answer.Sums = append(answer.Sums, scripts.DiskSum{
				Disk: sum.Disk, Bytes: sum.Bytes, SHA256: sum.SHA256, At: sum.At, Path: paths[i],
			})
		}
	})
	switch {
	case !found:
		return nil, notFound(id)
	case len(answer.Sums) == 0:
		return nil, scriptError(scripts.IDNotFound, "ObjectNotFound", "No checksum file lies beside the disks of the virtual machine.")
	}
	return answer, nil
}
