package rules

import (
	"testing"

	"failback/engine"
)

func disk(change func(*engine.VMDisk)) func(*world) {
	return vm(func(vm *engine.VM) { change(&vm.Disks[0]) })
}

func TestSPlus1DisksAreNoChain(t *testing.T) {
	runAll(t, []trip{
		{"differencing", nil, disk(func(d *engine.VMDisk) { d.Type = "Differencing" }), "differencing", engine.VerdictBlock, "merge"},
		{"a parent", nil, disk(func(d *engine.VMDisk) { d.Parent = `D:\base.vhdx` }), "differencing", engine.VerdictBlock, `D:\base.vhdx`},
		{"always started", nil, vm(func(vm *engine.VM) { vm.AutoStart = "Start" }), "auto-start", engine.VerdictWarn, "restart of the host"},
	})
}

func TestDisksThatSiteRecoveryDoesNotTake(t *testing.T) {
	runAll(t, []trip{
		{"shared", nil, disk(func(d *engine.VMDisk) { d.Shared = true }), "shared-disks", engine.VerdictBlock, "shared"},
		{"passed through", nil, disk(func(d *engine.VMDisk) { d.PassThrough = true }), "pass-through", engine.VerdictWarn, "replicated"},
		{"4K", nil, disk(func(d *engine.VMDisk) { d.Sector = 4096 }), "sectors", engine.VerdictWarn, "4096"},
		{"unreadable", nil, disk(func(d *engine.VMDisk) { d.Problem = "AccessDenied" }), "disk-files", engine.VerdictWarn, "AccessDenied"},
		{"none named", nil, vm(func(vm *engine.VM) { vm.Disks = nil }), "differencing", engine.VerdictUnknown, "no disks"},
	})
}

func TestSPlus4ResizedAndAddedDisks(t *testing.T) {
	runAll(t, []trip{
		{"resized", nil, disk(func(d *engine.VMDisk) { d.Bytes *= 2 }), "disk-count", engine.VerdictWarn, "254.0 GiB"},
		{"added", nil, vm(func(vm *engine.VM) { vm.Disks = append(vm.Disks, vm.Disks[0]) }), "disk-count", engine.VerdictWarn, "2 disks on the host, 1 disk in the vault"},
		{"size not known", nil, disk(func(d *engine.VMDisk) { d.Bytes = 0 }), "disk-count", engine.VerdictUnknown, "by hand"},
	})
}

func TestSPlus2GenerationFitsTheDisks(t *testing.T) {
	runAll(t, []trip{
		{"VHD in generation 2", nil, disk(func(d *engine.VMDisk) { d.Format = "VHD" }), "generation", engine.VerdictBlock, "VHDX"},
		{"silent", nil, vm(func(vm *engine.VM) { vm.Generation = 0 }), "generation", engine.VerdictUnknown, "which generation"},
		{"generation 1, 3 TB", nil, func(w *world) { w.vms["hv1"][0].Generation, w.item.Disks[0].Bytes = 1, 3000*gib }, "generation", engine.VerdictWarn, "2.0 TiB"},
		{"generation 1", nil, vm(func(vm *engine.VM) { vm.Generation = 1 }), "generation", engine.VerdictOK, "BIOS"},
		{"secure boot", nil, vm(func(vm *engine.VM) { vm.SecureBoot = "On" }), "vm-security", engine.VerdictWarn, "secure boot"},
		{"TPM", nil, vm(func(vm *engine.VM) { vm.TPM = true }), "vm-security", engine.VerdictWarn, "BitLocker"},
		{"shielded", nil, vm(func(vm *engine.VM) { vm.Shielded = true }), "vm-security", engine.VerdictWarn, "shielded"},
		{"firmware unread", nil, vm(func(vm *engine.VM) { vm.Unread = map[string]string{"firmware": "AccessDenied"} }), "vm-security", engine.VerdictUnknown, "AccessDenied"},
	})
}

func TestS52SwitchesLeadOut(t *testing.T) {
	kind := func(k string) func(*world) {
		return onHost(func(f *engine.HostFacts) { f.Switches = []engine.Switch{{Name: "LAN", Type: k}} })
	}
	runAll(t, []trip{
		{"private", nil, kind("Private"), "switch-type", engine.VerdictWarn, `"LAN" is private`},
		{"internal", nil, kind("Internal"), "switch-type", engine.VerdictWarn, "external"},
		{"loose", nil, vm(func(vm *engine.VM) { vm.Loose = 1 }), "switch-type", engine.VerdictWarn, "without a switch"},
		{"no adapter", nil, vm(func(vm *engine.VM) { vm.Switches = nil }), "switch-type", engine.VerdictUnknown, "no adapter"},
		{"alternate, private", elsewhere, func(w *world) {
			f := w.facts["hv2"]
			f.Switches = []engine.Switch{{Name: "LAN", Type: "Private"}}
			w.facts["hv2"] = f
		}, "switch-type", engine.VerdictWarn, "private"},
	})
}

func TestSPlus8RetriesAreNamed(t *testing.T) {
	forwardWorld := func() *world {
		w := healthy()
		w.plan.Direction, w.item.Active, w.item.Allowed = engine.ToAzure, engine.LocationOnPremises, []string{"PlannedFailover"}
		return w
	}
	runAll(t, []trip{
		{"an error that passes", forwardWorld, func(w *world) {
			w.item.Health = "Warning"
			w.item.Replication.Errors = []engine.HealthNote{{Code: "1", Message: "the upload timed out"}}
		}, "replication", engine.VerdictWarn, "1, 2, 4, 8 and 10 minutes, then every 30"},
		{"a name Azure refuses", forwardWorld, func(w *world) { w.item.Name, w.item.AzureVM.Name = "web server", "" }, "azure-name", engine.VerdictWarn, "hyphens"},
	})
}

func TestOverridesTakeABlockOutOnlyWhereTheyMay(t *testing.T) {
	override := func(rule string) func(*world) {
		return func(w *world) {
			w.plan.Owner = "anna@jump01"
			w.plan.Overrides = []engine.Override{{Rule: rule, Reason: "tried on Tuesday"}}
		}
	}
	w := healthy()
	disk(func(d *engine.VMDisk) { d.Shared, d.Type = true, "Differencing" })(w)
	override("shared-disks")(w)
	if f := check(t, w)["shared-disks"]; f.Verdict != engine.VerdictWarn || f.Override != string(ByDocument) ||
		f.Observed != `c:\clusterstorage\volume1\web\os.vhdx is a shared virtual disk; overridden by anna@jump01: tried on Tuesday` {
		t.Errorf("%+v", f)
	}
	override("differencing")(w)
	found := check(t, w)
	if f := found["differencing"]; f.Verdict != engine.VerdictBlock || f.Override != string(ByNobody) {
		t.Errorf("nobody may override it: %+v", f)
	}
	if f := found["shared-disks"]; f.Verdict != engine.VerdictBlock {
		t.Errorf("an override of another rule: %+v", f)
	}
	for id, want := range map[string]bool{"shared-disks": true, "differencing": false, "no such rule": false} {
		if err := (Set{}).Overridable(id); (err == nil) != want {
			t.Errorf("%s: %v", id, err)
		}
	}
}

func TestAGateLooksAgainOnlyAtWhatCanChange(t *testing.T) {
	w := healthy()
	w.vms["hv1"][0].State = "Running"
	at := func(g engine.Gate) map[string]engine.Finding {
		found := map[string]engine.Finding{}
		if err := (Set{}).Recheck(t.Context(), w.ports(), w.plan, w.plan.Items[0], g, func(f engine.Finding) { found[f.Rule] = f }); err != nil {
			t.Fatal(err)
		}
		return found
	}
	complete := at(engine.GateComplete)
	if f := complete["off"]; f.Verdict != engine.VerdictBlock || f.Gate != engine.GateComplete {
		t.Errorf("before Azure is stopped: %+v", f)
	}
	if _, asked := complete["committed"]; asked {
		t.Error("a rule that can't change was asked again")
	}
	w.vms, w.power = nil, engine.PowerUnknown // neither may be read
	commit := at(engine.GateCommit)
	if _, asked := commit["off"]; asked || commit["vmms"].Verdict != engine.VerdictOK {
		t.Errorf("before the Azure copy is deleted: %+v", commit)
	}
	w.facts = nil
	if found := at(engine.GateReprotect); found["connected"].Verdict != engine.VerdictOK {
		t.Errorf("before it is protected again: %+v", found)
	}
}
