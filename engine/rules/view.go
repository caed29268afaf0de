package rules

import (
	"time"

	"failback/engine"
)

// view is what the expressions of users' rules see. Times are in UTC, sizes in bytes;
// docs/rules.md lists it, from the tags below.
type view struct {
	Item  itemView             `expr:"item" doc:"the replicated item, as the vault tells of it"`
	Host  hostView             `expr:"host" doc:"what the target host says of itself"`
	VM    vmView               `expr:"vm" doc:"the item's VM on the target host"`
	Plan  planView             `expr:"plan" doc:"what the operator decided"`
	Azure azureView            `expr:"azure" doc:"the Azure VM"`
	Step  func() (bool, error) `expr:"step__"`
}

type itemView struct {
	Name       string    `expr:"name"`
	Kind       string    `expr:"kind" doc:"hyperv-site, vmm"`
	Host       string    `expr:"host"`
	Site       string    `expr:"site"`
	Active     string    `expr:"active" doc:"azure, on-premises"`
	State      string    `expr:"state" doc:"protectionState, in the service's words"`
	Allowed    []string  `expr:"allowed" doc:"allowedOperations"`
	Health     string    `expr:"health"`
	OS         string    `expr:"os"`
	Policy     string    `expr:"policy"`
	Bytes      int64     `expr:"bytes"`
	Disks      int       `expr:"disks"`
	Managed    int       `expr:"managed" doc:"how many disks are managed ones"`
	FailedOver time.Time `expr:"failed_over"`
	Damaged    bool      `expr:"damaged"`
}

type hostView struct {
	Name       string            `expr:"name"`
	Build      string            `expr:"build"`
	Core       bool              `expr:"core"`
	Services   map[string]string `expr:"services" doc:"state by name; missing where not installed"`
	Switches   []string          `expr:"switches"`
	MemoryFree int64             `expr:"memory_free"`
	Volumes    []volumeView      `expr:"volumes"`
	Role       string            `expr:"role"`
	DotNet     int               `expr:"dotnet"`
	Agent      string            `expr:"agent" doc:"version of the recovery services agent"`
	Provider   string            `expr:"provider" doc:"version of the provider"`
	Proxy      string            `expr:"proxy"`
	Threads    int               `expr:"threads" doc:"DownloadThreadsPerVM, 0 where it is not set"`
	Throttled  bool              `expr:"throttled"`
	Clock      time.Time         `expr:"clock"`
}

type volumeView struct {
	Path  string `expr:"path"`
	Bytes int64  `expr:"bytes"`
	Free  int64  `expr:"free"`
}

type vmView struct {
	Name        string   `expr:"name"`
	State       string   `expr:"state"`
	Generation  int      `expr:"generation"`
	CPUs        int      `expr:"cpus"`
	Memory      int64    `expr:"memory"`
	Checkpoints int      `expr:"checkpoints"`
	AutoStart   string   `expr:"auto_start"`
	Notes       string   `expr:"notes"`
	Switches    []string `expr:"switches"`
	Disks       []string `expr:"disks" doc:"paths of the files"`
}

type planView struct {
	Direction string    `expr:"direction" doc:"to-onprem, to-azure"`
	Sync      string    `expr:"sync" doc:"delta, full"`
	Owner     string    `expr:"owner"`
	Reason    string    `expr:"reason"`
	Alternate bool      `expr:"alternate"`
	Host      string    `expr:"host" doc:"the alternate host, empty for the original"`
	Items     int       `expr:"items" doc:"how many items the plan has"`
	Rehearsal bool      `expr:"rehearsal"`
	Start     time.Time `expr:"window_start"`
	End       time.Time `expr:"window_end"`
	Budget    float64   `expr:"downtime_budget" doc:"seconds, 0 without one"`
}

type azureView struct {
	Name  string `expr:"name"`
	Power string `expr:"power" doc:"running, stopped, deallocated, …"`
}

func viewOf(o *observation) *view {
	v := &view{Item: itemViewOf(o.item), Plan: planViewOf(o.plan), Azure: azureView{Name: o.item.AzureVM.Name, Power: string(o.power)}}
	f := o.facts
	v.Host = hostView{
		Name: f.Name, Build: buildOf(f), Core: f.Core, Services: f.Services, Switches: switchNames(f), MemoryFree: f.MemoryFree,
		Role: f.Role, DotNet: f.DotNet, Agent: f.AgentVersion, Provider: f.ProviderVersion, Proxy: f.Proxy,
		Threads: f.Threads.Download, Throttled: f.Throttle != nil, Clock: f.Clock.UTC(),
	}
	for _, d := range f.Volumes {
		v.Host.Volumes = append(v.Host.Volumes, volumeView(d))
	}
	vm := o.vm
	v.VM = vmView{
		Name: vm.Name, State: vm.State, Generation: vm.Generation, CPUs: vm.CPUs, Memory: vm.Memory,
		Checkpoints: vm.Checkpoints, AutoStart: vm.AutoStart, Notes: vm.Notes, Switches: vm.Switches,
	}
	for _, d := range vm.Disks {
		v.VM.Disks = append(v.VM.Disks, d.Path)
	}
	return v
}

func itemViewOf(it engine.Item) itemView {
	v := itemView{
		Name: it.Name, Kind: string(it.Kind), Host: it.HostName, Site: it.FabricName, Active: string(it.Active), State: it.RawState,
		Allowed: it.Allowed, Health: it.Health, OS: it.OS, Policy: it.Policy, Bytes: it.Bytes(), Disks: len(it.Disks),
		FailedOver: it.FailedOver.UTC(), Damaged: it.Damaged != nil,
	}
	for _, d := range it.Disks {
		if d.Managed {
			v.Managed++
		}
	}
	return v
}

func planViewOf(p engine.Plan) planView {
	return planView{
		Direction: string(p.Direction), Sync: string(p.Sync), Owner: p.Owner, Reason: p.Reason, Alternate: p.Target.Alternate,
		Host: p.Target.HostName, Items: len(p.Items), Rehearsal: p.Rehearsal, Start: p.Window.Start.UTC(), End: p.Window.End.UTC(),
		Budget: p.Budget.Seconds(),
	}
}
