package rules

import (
	"slices"
	"strings"
	"testing"
	"time"

	"failback/engine"
)

func TestRulesAreDocumented(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range Rules() {
		if seen[r.ID] {
			t.Errorf("two rules are called %s", r.ID)
		}
		seen[r.ID] = true
		if r.Title == "" || r.Source == "" || r.Severity == "" || r.Override == "" || r.applies == nil || r.evaluate == nil {
			t.Errorf("rule %s is not complete: %+v", r.ID, r)
		}
		if r.handles&^r.needs != 0 {
			t.Errorf("rule %s handles what it does not need", r.ID)
		}
	}
}

// Every rule that applies answers exactly once, and a healthy world has nothing
// but good answers.
func TestHealthyWorldsPass(t *testing.T) {
	home := func() *world {
		w := healthy()
		w.plan.Direction = engine.ToAzure
		w.item.Active, w.item.Allowed = engine.LocationOnPremises, []string{"PlannedFailover"}
		return w
	}
	for name, world := range map[string]func() *world{"original": healthy, "alternate": elsewhere, "VMM": legacy, "to Azure": home,
		"direct": straight, "direct, elsewhere": straightElsewhere} {
		w := world()
		found := check(t, w)
		for _, r := range Rules() {
			f, has := found[r.ID]
			if applies := r.holds(w.plan, w.item); applies != has {
				t.Errorf("%s: rule %s applies %v, answered %v", name, r.ID, applies, has)
			}
			if has && (f.Verdict != engine.VerdictOK || f.Title != r.Title || f.Observed == "") {
				t.Errorf("%s: %+v", name, f)
			}
		}
	}
}

func TestS1OnlyHyperVItemsAreInScope(t *testing.T) {
	runAll(t, []trip{
		{"another provider", nil, func(w *world) { w.item.OutOfScope, w.item.Kind = "VMware", engine.KindOther }, "scope", engine.VerdictBlock, "VMware"},
		{"unknown kind", nil, func(w *world) { w.item.Kind = engine.KindUnknown }, "scope", engine.VerdictBlock, "not known"},
	})
	w := healthy()
	w.item.OutOfScope = "VMware"
	found := check(t, w)
	if len(found) != 2 || found["item"].Verdict != engine.VerdictOK {
		t.Errorf("an item out of scope has findings of its own: %v", found)
	}
}

func TestS2DirectionFitsTheItem(t *testing.T) {
	runAll(t, []trip{
		{"already home", nil, func(w *world) { w.item.Active = engine.LocationOnPremises; w.item.Allowed = nil }, "direction", engine.VerdictBlock, "already on-premises"},
		{"already away", nil, func(w *world) { w.plan.Direction = engine.ToAzure }, "direction", engine.VerdictBlock, "already in Azure"},
		{"nobody knows", nil, func(w *world) { w.item.Active = engine.LocationUnknown }, "direction", engine.VerdictUnknown, "does not say"},
	})
}

func TestS14FailoverIsCommitted(t *testing.T) {
	runAll(t, []trip{
		{"commit pending", nil, func(w *world) { w.item.Allowed = []string{"Commit"} }, "committed", engine.VerdictBlock, "recovery points"},
		{"in progress", nil, func(w *world) { w.item.Allowed = nil }, "committed", engine.VerdictBlock, "does not offer"},
		{"failback commit pending", nil, func(w *world) { w.item.Allowed = []string{"FinalizeFailback"} }, "committed", engine.VerdictBlock, "waits for its commit"},
	})
}

func TestS40NoOtherJobWorksOnTheItem(t *testing.T) {
	runAll(t, []trip{{"a job", nil, func(w *world) { w.item.CurrentJob, w.item.CurrentScenario = "job-7", "TestFailover" }, "idle", engine.VerdictBlock, "job-7"}})
}

func TestTheItemIsStillWhatWasPlanned(t *testing.T) {
	runAll(t, []trip{
		{"another VM", nil, func(w *world) { w.item.VMID = "other" }, "as-planned", engine.VerdictBlock, "another VM"},
		{"a disk more", nil, func(w *world) { w.item.Disks = append(w.item.Disks, engine.Disk{Bytes: gib}) }, "as-planned", engine.VerdictWarn, "2 disks"},
		{"another host", nil, func(w *world) { w.plan.Items[0].Host = "hv9" }, "as-planned", engine.VerdictWarn, "hv9"},
	})
}

func TestS13HeartbeatAge(t *testing.T) {
	beat := func(age time.Duration) func(*world) {
		return func(w *world) { w.hosts[0].LastHeartbeat = time.Now().Add(-age) }
	}
	runAll(t, []trip{
		{"0 min", nil, beat(0), "connected", engine.VerdictOK, "connected"},
		{"5 min", nil, beat(5 * time.Minute), "connected", engine.VerdictWarn, "5 min"},
		{"60 min", nil, beat(60 * time.Minute), "connected", engine.VerdictBlock, "1 h"},
		{"never", nil, func(w *world) { w.hosts[0].LastHeartbeat = time.Time{} }, "connected", engine.VerdictUnknown, "no heartbeat"},
		{"disconnected", nil, func(w *world) { w.hosts[0].Connected = false }, "connected", engine.VerdictBlock, "not connected"},
		{"not registered", nil, func(w *world) { w.hosts = nil }, "connected", engine.VerdictBlock, "no provider"},
		{"old version", nil, func(w *world) { w.hosts[0].VersionStatus = "Deprecated" }, "provider-version", engine.VerdictWarn, "Deprecated"},
		{"no word on the version", nil, func(w *world) { w.hosts[0].VersionStatus = "" }, "provider-version", engine.VerdictUnknown, "does not say"},
	})
}

func TestS13TheHostsWayToAzure(t *testing.T) {
	facts := func(do func(*engine.HostFacts)) func(*world) {
		return func(w *world) {
			w.closed = "HostNotFound"
			f := w.facts["hv1"]
			do(&f)
			w.facts["hv1"] = f
		}
	}
	runAll(t, []trip{
		{"closed", nil, facts(func(*engine.HostFacts) {}), "azure-reach", engine.VerdictWarn, "login.microsoftonline.com:443 (HostNotFound)"},
		{"closed, names to open", nil, facts(func(*engine.HostFacts) {}), "azure-reach", engine.VerdictWarn, "*.hypervrecoverymanager.windowsazure.com"},
		{"behind a proxy", nil, facts(func(f *engine.HostFacts) { f.Proxy = "http://proxy:3128" }), "azure-reach", engine.VerdictUnknown, "was not tried"},
		{"not asked", nil, func(w *world) {
			w.fails["reach"] = &engine.Failure{Kind: engine.FailureRetryable, What: "try", Why: "no answer"}
		}, "azure-reach", engine.VerdictUnknown, "no answer"},
		{"old TLS", nil, func(w *world) { w.tls = "Disabled" }, "tls", engine.VerdictWarn, "Azure speaks nothing older"},
		{"TLS unread", nil, func(w *world) { w.tls = "Perhaps" }, "tls", engine.VerdictUnknown, "does not say"},
	})
	w := healthy()
	if f := check(t, w)["azure-reach"]; !strings.Contains(f.Observed, "a.example:443") {
		t.Errorf("the storage account of the disks was not tried: %+v", f)
	}
}

func TestS12VMMServerOnlyForVMMItems(t *testing.T) {
	if f, asked := check(t, healthy())["vmm"]; asked {
		t.Errorf("an item of a Hyper-V site was asked for VMM: %+v", f)
	}
	runAll(t, []trip{
		{"down", legacy, func(w *world) { w.hosts[0].Connected = false }, "vmm", engine.VerdictBlock, "not connected"},
		{"gone", legacy, func(w *world) { w.hosts = w.hosts[1:] }, "vmm", engine.VerdictBlock, "no VMM server"},
	})
}

func TestS11HostRunsHyperV(t *testing.T) {
	change := func(do func(*engine.HostFacts)) func(*world) {
		return func(w *world) {
			f := w.facts["hv1"]
			do(&f)
			w.facts["hv1"] = f
		}
	}
	down := &engine.Failure{Kind: engine.FailureRetryable, What: "read the host", Where: "hv1", Why: "no answer in 20 s", Remedy: "switch it on"}
	trips := []trip{
		{"host off", nil, func(w *world) { w.fails["facts"] = down }, "host", engine.VerdictBlock, "no answer in 20 s"},
		{"vmms stopped", nil, change(func(f *engine.HostFacts) { f.Services["vmms"] = "Stopped" }), "vmms", engine.VerdictBlock, "Start-Service vmms"},
		{"no role", nil, change(func(f *engine.HostFacts) { delete(f.Services, "vmms") }), "vmms", engine.VerdictBlock, "Install-WindowsFeature"},
		{"agent stopped", nil, change(func(f *engine.HostFacts) { f.Services["obengine"] = "Stopped" }), "services", engine.VerdictBlock, "Start-Service obengine"},
		{"provider missing", nil, change(func(f *engine.HostFacts) { delete(f.Services, "dra") }), "services", engine.VerdictBlock, "install"},
		{"no services named", nil, change(func(f *engine.HostFacts) { f.Services = nil }), "services", engine.VerdictUnknown, "obengine"},
		{"2019 Core", nil, change(func(f *engine.HostFacts) { f.Build, f.Core = "10.0.17763.5329", true }), "edition", engine.VerdictWarn, "2026-09-11"},
		{"2019 with desktop", nil, change(func(f *engine.HostFacts) { f.Build = "17763" }), "edition", engine.VerdictOK, "2019"},
	}
	runAll(t, trips)
	w := healthy()
	trips[6].change(w)
	if f := check(t, w)["edition"]; !strings.Contains(f.Dated, datedMatrix2020) || !strings.Contains(f.Dated, datedMatrix) {
		t.Errorf("the contradiction of the documents is not dated: %+v", f)
	}
}

func TestS11AHostThatDoesNotAnswerIsAskedOnce(t *testing.T) {
	w := healthy()
	w.fails["facts"] = &engine.Failure{Kind: engine.FailureRetryable, What: "read the host", Why: "no answer"}
	w.vms = nil // a VM that was asked for would be not-found
	found := check(t, w)
	if f := found[hostRule]; f.Verdict != engine.VerdictBlock || !strings.Contains(f.Observed, "no answer") {
		t.Errorf("the host's own rule: %+v", f)
	}
	if f := found["original-vm"]; !strings.Contains(f.Observed, "not looked at") || f.Verdict != engine.VerdictUnknown {
		t.Errorf("the VM was read from a host that does not answer: %+v", f)
	}
}

func TestS50WindowsBuilds(t *testing.T) {
	build := func(b string) func(*world) {
		return func(w *world) { f := w.facts["hv1"]; f.Build = b; w.facts["hv1"] = f }
	}
	runAll(t, []trip{
		{"2008 R2", nil, build("7601"), "windows", engine.VerdictBlock, "older"},
		{"not released yet", nil, build("31000"), "windows", engine.VerdictUnknown, "decide"},
		{"2025", nil, build("26100"), "windows", engine.VerdictOK, "2025"},
		{"nothing said", nil, build(""), "windows", engine.VerdictUnknown, "no build"},
		{"2016, alternate", elsewhere, func(w *world) { f := w.facts["hv2"]; f.Build = "14393"; w.facts["hv2"] = f }, "edition", engine.VerdictWarn, "2018"},
	})
}

func TestSPlus9ClockSkew(t *testing.T) {
	skew := func(d time.Duration) func(*world) {
		return func(w *world) { f := w.facts["hv1"]; f.Clock = time.Now().Add(d); w.facts["hv1"] = f }
	}
	runAll(t, []trip{
		{"slow", nil, skew(-time.Hour), "clock", engine.VerdictWarn, "set the clocks right"},
		{"fast", nil, skew(time.Hour), "clock", engine.VerdictWarn, "differs"},
		{"silent", nil, func(w *world) { f := w.facts["hv1"]; f.Clock = time.Time{}; w.facts["hv1"] = f }, "clock", engine.VerdictUnknown, "no time"},
	})
}

func TestBlockedIsOnlyABlock(t *testing.T) {
	f := func(vs ...engine.Verdict) []engine.Finding {
		var out []engine.Finding
		for _, v := range vs {
			out = append(out, engine.Finding{Verdict: v})
		}
		return out
	}
	if Blocked(nil) || Blocked(f(engine.VerdictOK, engine.VerdictWarn, engine.VerdictUnknown)) {
		t.Error("blocked without a block")
	}
	if !Blocked(slices.Concat(f(engine.VerdictOK), f(engine.VerdictBlock))) {
		t.Error("a block does not block")
	}
}
