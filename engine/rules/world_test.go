package rules

import (
	"context"
	"strings"
	"testing"
	"time"

	"failback/engine"
)

const gib = int64(1) << 30

// world is a vault, its hosts and Azure, as far as a check reads them. Ports
// that a check must not use are nil and would panic.
type world struct {
	engine.Inventory
	engine.HostAccess
	engine.AzureAccess
	engine.DirectDesk

	direct engine.DirectFacts
	plan   engine.Plan
	item   engine.Item
	hosts  []engine.Host
	facts  map[string]engine.HostFacts // by host
	vms    map[string][]engine.VM      // by host
	power  engine.Power
	// closed is why the sign-in is not reached.
	closed string
	tls    string // what the registry says; Default where empty
	point  []engine.RecoveryPoint
	fails  map[string]error // by what is read: item, hosts, facts, vm@host, vms, power
}

func (w *world) Item(context.Context, string) (engine.Item, error) { return w.item, w.fails["item"] }

func (w *world) Hosts(context.Context) ([]engine.Host, error) { return w.hosts, w.fails["hosts"] }

func (w *world) RecoveryPoints(context.Context, string) ([]engine.RecoveryPoint, error) {
	return w.point, w.fails["points"]
}

func (w *world) Facts(_ context.Context, host string) (engine.HostFacts, error) {
	return w.facts[host], w.fails["facts"]
}

func (w *world) VM(_ context.Context, host, id string) (engine.VM, error) {
	if err := w.fails["vm@"+host]; err != nil {
		return engine.VM{}, err
	}
	for _, vm := range w.vms[host] {
		if vm.ID == id {
			return vm, nil
		}
	}
	return engine.VM{}, &engine.Failure{Kind: engine.FailureNotFound, What: "read the VM", Where: host, Why: "no VM " + id}
}

func (w *world) Reach(_ context.Context, _ string, names []string) (engine.HostWay, error) {
	out := []engine.HostReach{{Address: "login.microsoftonline.com:443", Why: w.closed}}
	for _, n := range names {
		out = append(out, engine.HostReach{Address: n + ":443"})
	}
	return engine.HostWay{Reach: out, TLS12: firstOf(w.tls, "Default")}, w.fails["reach"]
}

func (w *world) VMs(_ context.Context, host string) ([]engine.VM, error) {
	return w.vms[host], w.fails["vms"]
}

func (w *world) Power(context.Context, engine.AzureVMRef) (engine.Power, error) {
	return w.power, w.fails["power"]
}

func (w *world) Look(context.Context, engine.Item) (engine.DirectFacts, error) {
	return w.direct, w.fails["direct"]
}

func (w *world) ports() engine.Ports {
	return engine.Ports{Inventory: w, Hosts: w, Azure: w, Direct: w}
}

const (
	webID  = "11111111-2222-3333-4444-555555555555"
	siteID = "/fabrics/site"
)

func host(name string) engine.Host {
	return engine.Host{
		ID: "/providers/" + name, Name: name, Kind: engine.HostHyperV, FabricID: siteID, FabricName: "site",
		Connected: true, LastHeartbeat: time.Now(), Version: "5.1.8500.0", VersionStatus: "Supported",
	}
}

func facts(name string) engine.HostFacts {
	return engine.HostFacts{
		Name: name, Build: "20348", Edition: "ServerDatacenter",
		Services:   map[string]string{"vmms": running, "obengine": running, "dra": running, "Winmgmt": running},
		Switches:   []engine.Switch{{Name: "LAN", Type: "External"}},
		Volumes:    []engine.Volume{{Path: `C:\`, Bytes: 100 * gib, Free: 50 * gib}, {Path: `C:\ClusterStorage\Volume1\`, Bytes: 900 * gib, Free: 800 * gib}},
		MemoryFree: 64 * gib, Clock: time.Now(),
		HostAgent: engine.HostAgent{
			Role: "Enabled", DotNet: 528449, AgentVersion: "2.0.9263.0", ProviderVersion: "5.1.8500.0",
			Threads: engine.Threads{Download: 16}, CertificateExpires: time.Now().AddDate(1, 0, 0),
		},
	}
}

// healthy is a world in which nothing stands in the way of a failback to the
// original location.
func healthy() *world {
	return &world{
		plan: engine.Plan{
			Version: engine.PlanVersion, Direction: engine.ToOnPremises, Sync: engine.SyncDelta,
			Items: []engine.PlanItem{{ID: "/items/web", Name: "web", VMID: webID, Host: "hv1", Bytes: 127 * gib, Disks: 1}},
		},
		item: engine.Item{
			ID: "/items/web", Name: "web", Kind: engine.KindHyperVSite, VMID: webID, HyperVID: webID,
			FabricID: siteID, FabricName: "site", HostID: "/providers/hv1", HostName: "hv1",
			Active: engine.LocationAzure, State: engine.ItemFailedOver, RawDescription: "Failover committed",
			Allowed: []string{"Failback", "DisableProtection"},
			Disks:   []engine.Disk{{ID: "d0", Name: "os", Bytes: 127 * gib, OS: true, BlobURL: "https://a.example/os.vhd"}},
			AzureVM: engine.AzureVMRef{Name: "web-azure"},
		},
		hosts: []engine.Host{host("hv1"), host("hv2")},
		facts: map[string]engine.HostFacts{"hv1": facts("hv1"), "hv2": facts("hv2")},
		vms: map[string][]engine.VM{"hv1": {{
			ID: webID, Name: "web", State: "Off", Memory: 4 * gib, Switches: []string{"LAN"}, Generation: 2, AutoStart: "StartIfRunning", SecureBoot: "Off",
			Disks: []engine.VMDisk{{Path: `c:\clusterstorage\volume1\web\os.vhdx`, Bytes: 127 * gib, File: 40 * gib, Format: "VHDX", Type: "Dynamic", Sector: 512}},
		}}},
		power: engine.PowerRunning,
		fails: map[string]error{},
	}
}

// elsewhere is a healthy world with an alternate location that creates the VM.
func elsewhere() *world {
	w := healthy()
	w.plan.Target = engine.Target{Alternate: true, HostID: "/providers/hv2", HostName: "hv2", CreateVM: true}
	return w
}

// straight is a world in which nothing stands in the way of a failback without Site
// Recovery that puts its disks under the VM that exists.
func straight() *world {
	w := healthy()
	w.plan.Direct = &engine.Direct{Folder: `D:\vms`}
	f := w.facts["hv1"]
	f.Volumes = append(f.Volumes, engine.Volume{Path: `D:\`, Bytes: 900 * gib, Free: 800 * gib})
	w.facts["hv1"] = f
	w.direct = engine.DirectFacts{
		Machine: engine.AzureMachine{Size: "Standard_D2s_v5", CPUs: 2, Memory: 8 * gib, Generation: 2},
		Disks:   []engine.DirectDisk{{Disk: engine.Disk{Name: "os", Bytes: 127 * gib, OS: true, Managed: true}, Sector: 512}},
		Folder:  engine.FolderFacts{Free: 500 * gib, Total: 900 * gib},
	}
	return w
}

// straightElsewhere has the VM created at another host.
func straightElsewhere() *world {
	w := straight()
	w.plan.Target = engine.Target{Alternate: true, HostID: "/providers/hv2", HostName: "hv2", CreateVM: true}
	w.facts["hv2"] = w.facts["hv1"]
	return w
}

// legacy is a healthy world with an item that VMM protects.
func legacy() *world {
	w := healthy()
	w.item.Kind = engine.KindVMM
	w.hosts[0].Kind = engine.HostVMM
	return w
}

// check runs a whole check and returns its findings by rule.
func check(t *testing.T, w *world) map[string]engine.Finding {
	t.Helper()
	found := map[string]engine.Finding{}
	err := Check(t.Context(), w.ports(), w.plan, w.plan.Items[0], func(f engine.Finding) {
		if _, twice := found[f.Rule]; twice {
			t.Errorf("rule %s was emitted twice", f.Rule)
		}
		found[f.Rule] = f
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// trip is a world that trips a rule, and what the rule must say then.
type trip struct {
	name    string
	world   func() *world
	change  func(*world)
	rule    string
	verdict engine.Verdict
	says    string // in observed or remedy
}

// run checks that the rule says ok without the change and the verdict with it.
func (c trip) run(t *testing.T) {
	t.Helper()
	t.Run(c.name, func(t *testing.T) {
		base := c.world
		if base == nil {
			base = healthy
		}
		if f, found := check(t, base())[c.rule]; !found || f.Verdict != engine.VerdictOK {
			t.Fatalf("%s without the change: %+v", c.rule, f)
		}
		w := base()
		c.change(w)
		f, found := check(t, w)[c.rule]
		if !found || f.Verdict != c.verdict {
			t.Fatalf("%s: %+v, want %s", c.rule, f, c.verdict)
		}
		if text := f.Observed + "\n" + f.Remedy; !strings.Contains(text, c.says) {
			t.Errorf("%s does not say %q:\n%s", c.rule, c.says, text)
		}
		if f.Verdict != engine.VerdictOK && f.Remedy == "" {
			t.Errorf("%s is %s and says nothing to do", c.rule, f.Verdict)
		}
	})
}

func runAll(t *testing.T, trips []trip) {
	t.Helper()
	for _, c := range trips {
		c.run(t)
	}
}
