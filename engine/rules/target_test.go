package rules

import (
	"strings"
	"testing"
	"time"

	"failback/engine"
)

// vm changes the item's VM on its original host.
func vm(change func(*engine.VM)) func(*world) {
	return func(w *world) { change(&w.vms["hv1"][0]) }
}

func TestS19OriginalVMIsFoundByID(t *testing.T) {
	runAll(t, []trip{
		{"deleted", nil, func(w *world) { w.vms = nil }, "original-vm", engine.VerdictBlock, "alternate location"},
		{"deleted, a recovery plan creates it", nil, func(w *world) {
			w.vms, w.plan.RecoveryPlanID, w.plan.Target.CreateVM = nil, "/plans/shop", true
		}, "original-vm", engine.VerdictWarn, "creates it"},
		{"same name, another id", nil, vm(func(vm *engine.VM) { vm.ID = "other" }), "original-vm", engine.VerdictBlock, "no VM with the id"},
		{"renamed", nil, vm(func(vm *engine.VM) { vm.Name = "web-old" }), "original-vm", engine.VerdictOK, "web-old"},
		{"unreadable", nil, func(w *world) {
			w.fails["vm@hv1"] = &engine.Failure{Kind: engine.FailurePermission, What: "read the VM", Why: "access denied", Remedy: "ask for rights"}
		}, "original-vm", engine.VerdictBlock, "access denied"},
	})
}

func TestSPlus1VMIsOffWithoutCheckpoints(t *testing.T) {
	runAll(t, []trip{
		{"running", nil, vm(func(vm *engine.VM) { vm.State = "Running" }), "off", engine.VerdictBlock, "shut it down"},
		{"saved", nil, vm(func(vm *engine.VM) { vm.State = "Saved" }), "off", engine.VerdictBlock, "Saved"},
		{"storage lost", nil, vm(func(vm *engine.VM) { vm.State = "OffCritical" }), "off", engine.VerdictBlock, "storage"},
		{"silent", nil, vm(func(vm *engine.VM) { vm.State = "" }), "off", engine.VerdictUnknown, "does not say"},
		{"checkpoints", nil, vm(func(vm *engine.VM) { vm.Checkpoints = 2 }), "checkpoints", engine.VerdictBlock, "2 checkpoints"},
		{"the original runs", elsewhere, vm(func(vm *engine.VM) { vm.State = "Running" }), "original-copy", engine.VerdictBlock, "twice"},
		// After the switch the vault names the new host; the original is still the other.
		{"it runs at its new host", elsewhere, func(w *world) {
			w.item.HostName = "hv2"
			w.vms["hv2"] = []engine.VM{{ID: webID, Name: "web", State: "Running"}}
		}, "original-copy", engine.VerdictOK, "it exists on hv1"},
		{"the original is gone", elsewhere, func(w *world) { w.vms = nil }, "original-copy", engine.VerdictOK, "any more"},
	})
	w := healthy()
	w.vms = nil
	if found := check(t, w); found["off"].Verdict != engine.VerdictUnknown || found["checkpoints"].Verdict != engine.VerdictUnknown {
		t.Errorf("a VM that does not exist was judged: %+v", found)
	}
}

func TestS54ExistingVMIsNotCreatedAndAClashBlocks(t *testing.T) {
	runAll(t, []trip{
		{"absent", elsewhere, func(*world) {}, "vm-name", engine.VerdictOK, "will be created"},
		{"exists", elsewhere, func(w *world) { w.vms["hv2"] = []engine.VM{{ID: webID, Name: "web", State: "Off"}} }, "vm-name", engine.VerdictOK, "will not be created"},
		{"clash", elsewhere, func(w *world) { w.vms["hv2"] = []engine.VM{{ID: "other", Name: "WEB"}} }, "vm-name", engine.VerdictBlock, "another VM named"},
		{"not to be created", elsewhere, func(w *world) { w.plan.Target.CreateVM = false }, "vm-name", engine.VerdictBlock, "let the plan create"},
		{"unreadable", elsewhere, func(w *world) {
			w.fails["vms"] = &engine.Failure{Kind: engine.FailureOther, What: "list the VMs", Why: "vmms is stopped"}
		}, "vm-name", engine.VerdictBlock, "vmms is stopped"},
	})
}

func TestS55AlternateHostIsOfTheSiteAndHasRoom(t *testing.T) {
	runAll(t, []trip{
		{"another site", elsewhere, func(w *world) { w.hosts[1].FabricID = "/fabrics/other" }, "alternate-host", engine.VerdictBlock, "own site"},
		{"not registered", elsewhere, func(w *world) { w.hosts = w.hosts[:1] }, "alternate-host", engine.VerdictBlock, "not registered"},
		{"not connected", elsewhere, func(w *world) { w.hosts[1].Connected = false }, "alternate-host", engine.VerdictBlock, "not connected"},
		{"its heartbeat counts", elsewhere, func(w *world) { w.hosts[1].LastHeartbeat = time.Now().Add(-2 * time.Hour) }, "connected", engine.VerdictBlock, "hv2"},
		{"VMM places it", elsewhere, func(w *world) { w.item.Kind = engine.KindVMM }, "alternate-host", engine.VerdictWarn, "VMM places"},
		{"full", elsewhere, func(w *world) { w.facts["hv2"].Volumes[1].Free = 146 * gib }, "space", engine.VerdictBlock, "127.0 GiB"},
		{"just enough", elsewhere, func(w *world) { w.facts["hv2"].Volumes[1].Free = 147 * gib }, "space", engine.VerdictOK, "147.0 GiB"},
		{"no volumes", elsewhere, func(w *world) { f := w.facts["hv2"]; f.Volumes = nil; w.facts["hv2"] = f }, "space", engine.VerdictUnknown, "by hand"},
		{"no memory", elsewhere, func(w *world) { f := w.facts["hv2"]; f.MemoryFree = gib; w.facts["hv2"] = f }, "alternate-memory", engine.VerdictBlock, "1.0 GiB"},
		{"memory of a deleted VM", elsewhere, func(w *world) { w.vms = nil }, "alternate-memory", engine.VerdictUnknown, "not known"},
		{"original: volume short", nil, func(w *world) { w.facts["hv1"].Volumes[1].Free = 100 * gib }, "space", engine.VerdictWarn, "make room"},
		{"original: elsewhere stored", nil, vm(func(vm *engine.VM) { vm.Disks[0].Path = `\\share\web.vhdx` }), "space", engine.VerdictUnknown, `\\share`},
		{"original: no memory", nil, func(w *world) { f := w.facts["hv1"]; f.MemoryFree = gib; w.facts["hv1"] = f }, "memory", engine.VerdictBlock, "could not start"},
		{"original: memory not said", nil, func(w *world) { f := w.facts["hv1"]; f.MemoryFree = 0; w.facts["hv1"] = f }, "memory", engine.VerdictUnknown, "by hand"},
	})
}

func TestS52SwitchNamesAreExact(t *testing.T) {
	switches := func(names ...string) func(*world) {
		return func(w *world) {
			f := w.facts["hv2"]
			f.Switches = nil
			for _, n := range names {
				f.Switches = append(f.Switches, engine.Switch{Name: n})
			}
			w.facts["hv2"] = f
		}
	}
	runAll(t, []trip{
		{"trailing blank", elsewhere, switches("LAN "), "switch", engine.VerdictBlock, `"LAN" ("LAN " is not the same name)`},
		{"case", elsewhere, switches("lan"), "switch", engine.VerdictBlock, `"lan"`},
		{"none", elsewhere, switches(), "switch", engine.VerdictBlock, `failback hosts switch hv2 --create "LAN"`},
		{"one more", elsewhere, switches("DMZ", "LAN"), "switch", engine.VerdictOK, "LAN"},
		{"no cable", elsewhere, vm(func(vm *engine.VM) { vm.Switches = []string{""} }), "switch", engine.VerdictOK, "uses"},
		{"original gone", elsewhere, func(w *world) { w.vms = nil }, "switch", engine.VerdictUnknown, "by hand"},
		{"VM exists", elsewhere, func(w *world) { w.vms["hv2"] = w.vms["hv1"]; switches()(w) }, "switch", engine.VerdictOK, "keeps its adapters"},
	})
}

func TestS5AzurePowerIsReadable(t *testing.T) {
	power := func(p engine.Power) func(*world) { return func(w *world) { w.power = p } }
	runAll(t, []trip{
		{"unreadable", nil, func(w *world) {
			w.fails["power"] = &engine.Failure{Kind: engine.FailurePermission, What: "read the power", Why: "AuthorizationFailed", Remedy: "ask for Virtual Machine Contributor"}
		}, "azure-vm", engine.VerdictBlock, "AuthorizationFailed"},
		{"unknown", nil, power(engine.PowerUnknown), "azure-vm", engine.VerdictBlock, "confirmed stopped"},
		{"deleted", nil, power(engine.PowerDeleted), "azure-vm", engine.VerdictBlock, "does not exist"},
	})
}

func TestS27AzureVMRunsMeanwhile(t *testing.T) {
	for _, p := range []engine.Power{engine.PowerDeallocated, engine.PowerStopped, engine.PowerStopping, engine.PowerStarting} {
		trip{string(p), nil, func(w *world) { w.power = p }, "azure-vm", engine.VerdictWarn, string(p)}.run(t)
	}
}

func TestS9ManagedDisksInformOnly(t *testing.T) {
	managed := func(w *world) { w.item.Disks[0].Managed = true }
	trip{"managed", nil, managed, "managed-disks", engine.VerdictWarn, "Site Recovery offers the failback"}.run(t)
	w := healthy()
	managed(w)
	f := check(t, w)["managed-disks"]
	if !strings.Contains(f.Dated, datedMatrix) || !strings.Contains(f.Dated, datedMatrix2020) {
		t.Errorf("both documents are not dated: %+v", f)
	}
	if Blocked([]engine.Finding{f}) {
		t.Error("an overtaken document blocks the failback")
	}
}

func TestSPlus5DiskLimitsAreDated(t *testing.T) {
	disk := func(bytes int64, os bool) func(*world) {
		return func(w *world) { w.item.Disks = []engine.Disk{{Name: "big", Bytes: bytes, OS: os}} }
	}
	runAll(t, []trip{
		{"over the old data limit", nil, disk(5000*gib, false), "disk-limits", engine.VerdictWarn, "within those of " + datedMatrix},
		{"over every data limit", nil, disk(40000*gib, false), "disk-limits", engine.VerdictWarn, "over the limits of " + datedMatrix},
		{"system disk", nil, disk(3000*gib, true), "disk-limits", engine.VerdictWarn, "big with"},
		{"65 disks", nil, func(w *world) { w.item.Disks = make([]engine.Disk, 65) }, "disk-limits", engine.VerdictWarn, "65 disks"},
	})
}

func TestS39RetiredEncryption(t *testing.T) {
	if _, asked := check(t, healthy())["encryption"]; asked {
		t.Error("an item without VMM was asked for VMM's encryption")
	}
	away := func() *world {
		w := legacy()
		w.plan.Direction, w.item.Active, w.item.Allowed = engine.ToAzure, engine.LocationOnPremises, []string{"PlannedFailover"}
		return w
	}
	runAll(t, []trip{
		{"failback", legacy, func(w *world) { w.item.Encryption = true }, "encryption", engine.VerdictBlock, "2022-04-30"},
		{"forward without a certificate", away, func(w *world) { w.item.Encryption = true }, "encryption", engine.VerdictBlock, "names no certificate"},
		{"forward with one", away, func(w *world) { w.item.Encryption, w.plan.CertificateThumbprint = true, "AB12" }, "encryption", engine.VerdictWarn, "AB12"},
	})
}

func TestS71DamageIsRepairedByTheRun(t *testing.T) {
	runAll(t, []trip{{"damaged", nil, func(w *world) {
		w.item.Damaged = &engine.Damage{Since: time.Date(2026, 11, 1, 8, 0, 0, 0, time.UTC), Reason: "cancelled"}
	}, "damage", engine.VerdictWarn, "this run repairs it"}})
}
