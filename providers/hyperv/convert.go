package hyperv

import (
	"strings"
	"time"

	"failback/engine"
	"failback/providers/hyperv/scripts"
)

func facts(a scripts.HostFactsAnswer) engine.HostFacts {
	f := engine.HostFacts{
		Name: a.Name, Build: a.Build, Edition: a.Caption, Core: a.InstallationType == scripts.InstallationCore,
		Services: map[string]string{}, MemoryFree: a.MemoryFree, Clock: a.Clock,
	}
	if f.Edition == "" {
		f.Edition = a.EditionID
	}
	for _, s := range a.Services {
		f.Services[s.Name] = s.State
	}
	for _, s := range a.Switches {
		f.Switches = append(f.Switches, engine.Switch{Name: s.Name, Type: s.Type})
	}
	for _, v := range a.Volumes {
		f.Volumes = append(f.Volumes, engine.Volume{Path: v.Path, Bytes: v.Bytes, Free: v.Free})
	}
	return f
}

func machineRow(r scripts.VMRow) engine.VM {
	return engine.VM{
		ID: strings.ToLower(r.ID), Name: r.Name, State: r.State, Heartbeat: r.Heartbeat,
		Uptime: time.Duration(r.Uptime) * time.Second, Generation: r.Generation, CPUs: r.CPUs, Memory: r.Memory,
		AutoStart: r.AutoStart, Notes: r.Notes,
	}
}

func machine(a scripts.VMAnswer) engine.VM {
	vm := machineRow(a.VMRow)
	vm.Addresses, vm.Checkpoints = a.Addresses, a.Checkpoints
	for _, name := range a.Switches {
		if name != "" { // an adapter without a switch
			vm.Switches = append(vm.Switches, name)
		}
	}
	for _, d := range a.Disks {
		vm.Disks = append(vm.Disks, engine.VMDisk{Path: d.Path, Format: d.Format, Bytes: d.Bytes, File: d.File})
	}
	return vm
}

func diskSums(a scripts.DiskSumsAnswer) []engine.DiskSum {
	sums := make([]engine.DiskSum, 0, len(a.Sums))
	for _, s := range a.Sums {
		sums = append(sums, engine.DiskSum{Disk: s.Disk, Bytes: s.Bytes, SHA256: strings.ToLower(s.SHA256), At: s.At})
	}
	return sums
}
