package rules

import (
	"testing"

	"failback/engine"
)

// look changes what the look of a failback without Site Recovery says.
func look(do func(*engine.DirectFacts)) func(*world) {
	return func(w *world) { do(&w.direct) }
}

// onDisk changes the one disk of the look.
func onDisk(do func(*engine.DirectDisk)) func(*world) {
	return look(func(f *engine.DirectFacts) { do(&f.Disks[0]) })
}

func TestDirectLooksAtAzureAndTheFolder(t *testing.T) {
	unread := func(part string) func(*world) {
		return look(func(f *engine.DirectFacts) { f.Unread = map[string]string{part: "403: no rights"} })
	}
	runAll(t, []trip{
		{"another run of it", straight, func(w *world) { w.item.Allowed = []string{engine.AllowFinalizeFailback} }, "direct-open", engine.VerdictBlock, "waits for its commit"},
		{"no rights to the VM", straight, unread(engine.DirectMachine), "direct-machine", engine.VerdictBlock, "403: no rights"},
		{"a size nobody knows", straightElsewhere, look(func(f *engine.DirectFacts) { f.Machine.CPUs = 0 }), "direct-machine", engine.VerdictBlock, "0 processors"},
		{"the VM keeps its own", straight, look(func(f *engine.DirectFacts) { f.Machine.CPUs = 0 }), "direct-machine", engine.VerdictWarn, "keeps its own"},
		{"nothing can be looked at", straight, func(w *world) {
			w.fails["direct"] = &engine.Failure{Kind: engine.FailurePermission, What: "look", Why: "nobody is signed in"}
		}, "direct-machine", engine.VerdictBlock, "nobody is signed in"},
		{"no folder", straight, look(func(f *engine.DirectFacts) { f.Folder.Closed = "read-only file system" }), "direct-folder", engine.VerdictBlock, "read-only file system"},
		{"somebody's file", straight, look(func(f *engine.DirectFacts) { f.Folder.Taken = []string{"os.vhdx"} }), "direct-folder", engine.VerdictBlock, "os.vhdx"},
		{"the folder is not read", straight, unread(engine.DirectFolder), "direct-folder", engine.VerdictBlock, "403"},
		{"too small", straight, look(func(f *engine.DirectFacts) { f.Folder.Free = 100 * gib }), "direct-space", engine.VerdictBlock, "100.0 GiB free"},
		{"just enough", straight, look(func(f *engine.DirectFacts) { f.Folder.Free = 130 * gib }), "direct-space", engine.VerdictWarn, "half-way"},
		{"no room is told", straight, look(func(f *engine.DirectFacts) { f.Folder = engine.FolderFacts{} }), "direct-space", engine.VerdictUnknown, "127.0 GiB"},
		{"no such volume", straight, func(w *world) { w.plan.Direct.HostFolder = `Q:\vms` }, "direct-place", engine.VerdictWarn, "no volume"},
		{"a share", straight, func(w *world) { w.plan.Direct.HostFolder = `\\filer\vms` }, "direct-place", engine.VerdictUnknown, "share"},
	})
}

// S+10: Azure keeps 500 incremental snapshots of a disk.
func TestSPlus10DirectSnapshotsOfADisk(t *testing.T) {
	runAll(t, []trip{
		{"500 of 500", straight, onDisk(func(d *engine.DirectDisk) { d.Snapshots = 500 }), "direct-disks", engine.VerdictBlock, "500 incremental snapshots"},
		{"nearly", straight, onDisk(func(d *engine.DirectDisk) { d.Snapshots = 490 }), "direct-disks", engine.VerdictWarn, "490 of 500"},
		{"not readable", straight, onDisk(func(d *engine.DirectDisk) { d.Problem = "sectors of 4096 bytes" }), "direct-disks", engine.VerdictBlock, "4096"},
		{"none", straight, look(func(f *engine.DirectFacts) { f.Disks = nil }), "direct-disks", engine.VerdictBlock, "no disk"},
	})
}

// S+2: a disk that starts by one firmware never gets under the other.
func TestSPlus2DirectNeverMixesGenerations(t *testing.T) {
	runAll(t, []trip{
		{"BIOS in Azure, UEFI here", straight, look(func(f *engine.DirectFacts) { f.Machine.Generation = 1 }), "direct-generation", engine.VerdictBlock, "generation 2 on the host, generation 1 in Azure"},
		{"a VHD for generation 2", straightElsewhere, func(w *world) { w.plan.Direct.Format = "vhd" }, "direct-generation", engine.VerdictBlock, "takes no VHD"},
		{"created as in Azure", straightElsewhere, look(func(f *engine.DirectFacts) { f.Machine.Generation = 1 }), "direct-generation", engine.VerdictOK, "generation 1"},
		{"nobody knows", straight, look(func(f *engine.DirectFacts) { f.Machine.Generation = 0 }), "direct-generation", engine.VerdictBlock, "does not say"},
	})
}

// S+4, S+5: disks that were added, and disks that no file holds.
func TestSPlus4DirectDisksFit(t *testing.T) {
	runAll(t, []trip{
		{"one was added in Azure", straight, look(func(f *engine.DirectFacts) {
			f.Disks = append(f.Disks, engine.DirectDisk{Disk: engine.Disk{Name: "new", Bytes: gib}})
		}), "direct-count", engine.VerdictBlock, "1 disk on the host, 2 disks in Azure"},
		{"too large for VHDX", straight, onDisk(func(d *engine.DirectDisk) { d.Bytes = 65 << 40 }), "direct-limits", engine.VerdictBlock, "65.0 TiB"},
		{"too large for VHD", straight, func(w *world) {
			w.plan.Direct.Format, w.direct.Machine.Generation = "vhd", 1
			w.direct.Disks[0].Bytes = 2041 * gib
		}, "direct-limits", engine.VerdictBlock, "--format vhdx"},
	})
}

// S52, S54, S55, S59: what stands in the way of a VM that is created.
func TestS54DirectCreatesAVM(t *testing.T) {
	runAll(t, []trip{
		{"the name is taken", straightElsewhere, func(w *world) {
			w.vms["hv2"] = []engine.VM{{ID: "other", Name: "WEB"}}
		}, "direct-name", engine.VerdictBlock, "rename that VM"},
		{"no such switch", straightElsewhere, func(w *world) { w.plan.Direct.Switch = "Lan" }, "direct-switch", engine.VerdictBlock, `no switch "Lan"`},
		{"no switch named", straightElsewhere, func(w *world) { w.vms["hv1"] = nil }, "direct-switch", engine.VerdictWarn, "without a network"},
		{"too little memory", straightElsewhere, look(func(f *engine.DirectFacts) { f.Machine.Memory = 512 * gib }), "direct-memory", engine.VerdictBlock, "512.0 GiB"},
		{"no vault", straightElsewhere, func(w *world) {
			w.item.ID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/web"
		}, "direct-protection", engine.VerdictWarn, "no vault"},
	})
	w := straightElsewhere()
	w.item.ID, w.item.VMID = "/subscriptions/s/resourceGroups/rg/providers/Microsoft.Compute/virtualMachines/web", "/subscriptions/s"
	w.item.HyperVID, w.item.HostName, w.item.HostID, w.item.Kind = "", "", "", engine.KindUnknown
	w.plan.Items[0] = engine.PlanItem{ID: w.item.ID, Name: "web"}
	w.plan.Direct.Switch = "LAN"
	for rule, f := range check(t, w) {
		if f.Verdict != engine.VerdictOK && rule != "direct-protection" {
			t.Errorf("an Azure VM of no vault, %s: %+v", rule, f)
		}
	}
	w = straight()
	w.vms["hv1"] = nil
	if f := check(t, w)["original-vm"]; f.Verdict != engine.VerdictBlock {
		t.Errorf("the plan creates none: %+v", f)
	}
	w.plan.Target.CreateVM = true
	if f := check(t, w)["original-vm"]; f.Verdict != engine.VerdictOK {
		t.Errorf("the plan creates it: %+v", f)
	}
}

// S10: what only Site Recovery needs stands in nobody's way without it.
func TestS10DirectNeedsNothingOfSiteRecovery(t *testing.T) {
	w := straight()
	w.hosts, w.item.Disks[0].Managed = nil, true
	f := w.facts["hv1"]
	f.Services = map[string]string{"vmms": running}
	f.AgentVersion, f.ProviderVersion, f.Build = "", "", "99999"
	w.facts["hv1"] = f
	for rule, got := range check(t, w) {
		if got.Verdict != engine.VerdictOK {
			t.Errorf("%s: %+v", rule, got)
		}
	}
}
