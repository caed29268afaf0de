package hyperv

import (
	"maps"
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

// agent is what host-agent said. A part that failed keeps its reason, and nothing
// it may have said is taken.
func agent(a scripts.HostAgentAnswer) engine.HostAgent {
	h := engine.HostAgent{
		Role: a.Role, DotNet: a.DotNet, AgentVersion: a.Agent, ProviderVersion: a.Provider, Proxy: a.Proxy,
		Threads: engine.Threads{Download: a.Threads.Download, Upload: a.Threads.Upload, Parent: a.Threads.Parent},
		Backup:  a.Backup, Pools: a.Pools, Unread: a.Unread,
	}
	if t := a.Throttle; t != nil {
		second := func(n int64) time.Duration { return time.Duration(n) * time.Second }
		h.Throttle = &engine.Throttle{
			Work: t.Work, NonWork: t.NonWork, From: second(t.From), To: second(t.To), Days: t.Days, Offset: second(a.Offset),
		}
	}
	if a.CertificateExpires == "" {
		return h
	}
	at, err := time.Parse(time.RFC3339, a.CertificateExpires)
	if err != nil {
		return unreadPart(h, "certificates", "no time: "+a.CertificateExpires)
	}
	h.CertificateExpires = at
	return h
}

func unreadPart(h engine.HostAgent, part, why string) engine.HostAgent {
	unread := map[string]string{part: why}
	maps.Copy(unread, h.Unread)
	h.Unread = unread
	return h
}

// unreadable is an agent nothing of which could be read.
func unreadable(err error) engine.HostAgent {
	h := engine.HostAgent{Unread: map[string]string{}}
	for _, part := range engine.HostParts {
		h.Unread[part] = err.Error()
	}
	return h
}

func machineRow(r scripts.VMRow) engine.VM {
	return engine.VM{
		ID: strings.ToLower(r.ID), Name: r.Name, State: r.State, Heartbeat: r.Heartbeat,
		Uptime: time.Duration(r.Uptime) * time.Second, Generation: r.Generation, CPUs: r.CPUs, Memory: r.Memory,
		AutoStart: r.AutoStart, Notes: r.Notes, Clustered: r.Clustered,
	}
}

func machine(a scripts.VMAnswer) engine.VM {
	vm := machineRow(a.VMRow)
	vm.Addresses, vm.Checkpoints = a.Addresses, a.Checkpoints
	for _, name := range a.Switches {
		if name == "" { // an adapter without a switch
			vm.Loose++
			continue
		}
		vm.Switches = append(vm.Switches, name)
	}
	vm.SecureBoot, vm.TPM, vm.Shielded, vm.Unread = a.SecureBoot, a.TPM, a.Shielded, a.Unread
	for _, d := range a.Disks {
		vm.Disks = append(vm.Disks, engine.VMDisk{
			Path: d.Path, Format: d.Format, Bytes: d.Bytes, File: d.File, Type: d.Type, Parent: d.Parent,
			Shared: d.Shared, PassThrough: d.PassThrough, Sector: d.Sector, Problem: d.Problem,
		})
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
