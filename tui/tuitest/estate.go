package tuitest

import (
	"time"

	"failback/engine"
	"failback/engine/estimate"
)

const gib = 1 << 30

// Estate is a small world: one item that is ready, one at a VMM server with
// encrypted data, one that is at home already, one of another provider.
func Estate() *World {
	return &World{
		Items: []engine.Item{
			azureItem("web01", engine.KindHyperVSite, "site-a", "hv01", 40*gib),
			azureItem("db01", engine.KindHyperVSite, "site-a", "hv01", 120*gib),
			encrypted(azureItem("crm01", engine.KindVMM, "vmm-a", "vmm01", 80*gib)),
			{ID: "/items/dc01", Name: "dc01", Kind: engine.KindHyperVSite, FabricID: "/fabrics/site-a", HostName: "hv01", HostID: "/hosts/hv01",
				Active: engine.LocationOnPremises, Allowed: []string{engine.AllowPlannedFailover}, Disks: []engine.Disk{{Name: "os", Bytes: 30 * gib, OS: true}}},
			{ID: "/items/esx01", Name: "esx01", Kind: engine.KindOther, OutOfScope: "replicated by InMageRcm", Active: engine.LocationAzure},
		},
		Hosts: []engine.Host{
			host("hv01", "site-a", true), host("hv02", "site-a", true), host("hv03", "site-a", false), host("hv09", "site-b", true),
		},
		Plans: []engine.RecoveryPlan{{ID: "/plans/shop", Name: "shop", Groups: []engine.RecoveryGroup{
			{Name: "Group 1", Items: []string{"/items/db01"}}, {Name: "Group 2", Items: []string{"/items/web01", "/items/dc01"}},
		}}, {ID: "/plans/store", Name: "store", Groups: []engine.RecoveryGroup{
			{Name: "Group 1", Items: []string{"/items/db01"}}, {Name: "Group 2", Items: []string{"/items/web01"}},
		}, Actions: []engine.RecoveryAction{
			{Kind: engine.ActionScript, Name: "drain", Group: "Shutdown", Before: true, Text: "drain.ps1"},
			{Kind: engine.ActionManual, Name: "look", Group: "Group 1", Text: "Look at the database."},
		}}},
		Findings: []engine.Finding{
			{Rule: "heartbeat", Title: "Provider connected", Verdict: engine.VerdictOK, Observed: "heartbeat 12 s ago"},
			{Rule: "checkpoints", Title: "No checkpoints", Verdict: engine.VerdictOK, Observed: "none"},
			{Rule: "switch", Title: "Virtual switch of the same name", Verdict: engine.VerdictOK, Observed: "LAN"},
		},
		Forecasts: estimate.Forecasts{
			Delta: estimate.Forecast{Option: engine.SyncDelta, Bytes: 3 * gib, Reasons: []string{"checksums of 40 GB take 13 minutes"},
				Total:    estimate.Range{P50: 26 * time.Minute, P90: 52 * time.Minute},
				Downtime: estimate.Range{P50: 6 * time.Minute, P90: 11 * time.Minute}},
			Full: estimate.Forecast{Option: engine.SyncFull, Bytes: 40 * gib, Reasons: []string{"40 GB come over the wire"},
				Total:    estimate.Range{P50: 71 * time.Minute, P90: 142 * time.Minute},
				Downtime: estimate.Range{P50: 68 * time.Minute, P90: 136 * time.Minute}},
			Recommended: engine.SyncDelta,
			Why:         []string{"The VM was failed over 6 days ago: little has changed since.", "Downtime is 1 hour shorter."},
			Assumed:     []string{"a download of 100 Mbit/s"},
		},
	}
}

func azureItem(name string, kind engine.ItemKind, fabric, host string, size int64) engine.Item {
	return engine.Item{
		ID: "/items/" + name, Name: name, Kind: kind, VMID: "vm-" + name, FabricID: "/fabrics/" + fabric, FabricName: fabric,
		HostID: "/hosts/" + host, HostName: host, Active: engine.LocationAzure, Allowed: []string{engine.AllowFailback},
		Disks: []engine.Disk{{Name: name + "-os", Bytes: size, OS: true}}, OS: "Windows",
		AzureVM: engine.AzureVMRef{ResourceGroup: "rg-prod", Name: name},
	}
}

func encrypted(it engine.Item) engine.Item {
	it.Encryption = true
	return it
}

func host(name, fabric string, connected bool) engine.Host {
	return engine.Host{
		ID: "/hosts/" + name, Name: name, Kind: engine.HostHyperV, FabricID: "/fabrics/" + fabric, FabricName: fabric,
		Connected: connected, LastHeartbeat: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC).Add(-40 * time.Second),
		Version: "5.24.0814.3", ProtectedItems: 3,
	}
}

// Plan is a plan for items of the estate, as the wizard would make it.
func Plan(sync engine.SyncOption, names ...string) engine.Plan {
	p := engine.Plan{
		Version: engine.PlanVersion, Profile: "lab", Rehearsal: true, Vault: "rsv-lab", Owner: "kim@jump01",
		Direction: engine.ToOnPremises, Sync: sync, Budget: 10 * time.Minute,
	}
	for _, it := range Estate().Items {
		for _, n := range names {
			if it.Name == n {
				p.Items = append(p.Items, engine.PlanItem{ID: it.ID, Name: it.Name, VMID: it.VMID, Host: it.HostName, Bytes: it.Bytes(), Disks: len(it.Disks)})
			}
		}
	}
	return p
}
