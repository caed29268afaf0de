package rules

import (
	"strings"
	"testing"
	"time"

	"failback/engine"
)

// onHost changes what the original host says of itself.
func onHost(do func(*engine.HostFacts)) func(*world) {
	return func(w *world) {
		f := w.facts["hv1"]
		do(&f)
		w.facts["hv1"] = f
	}
}

func unreadPart(part string) func(*world) {
	return onHost(func(f *engine.HostFacts) { f.Unread = map[string]string{part: "AccessDenied"} })
}

func TestS51TheRoleIsReadAndTheCommandPrinted(t *testing.T) {
	runAll(t, []trip{
		{"disabled", nil, onHost(func(f *engine.HostFacts) { f.Role = "Disabled" }), "role", engine.VerdictBlock, "Install-WindowsFeature -Name Hyper-V -IncludeManagementTools"},
		{"absent", nil, onHost(func(f *engine.HostFacts) { f.Role = "Absent" }), "role", engine.VerdictBlock, "Install-WindowsFeature"},
		{"silent", nil, onHost(func(f *engine.HostFacts) { f.Role = "" }), "role", engine.VerdictUnknown, "Get-WindowsFeature"},
		{"unreadable", nil, unreadPart("role"), "role", engine.VerdictUnknown, "AccessDenied"},
		{"a VMM server without it", legacy, onHost(func(f *engine.HostFacts) { f.Role, f.Services["SCVMMService"] = "Absent", running }), "role", engine.VerdictOK, "its hosts have it"},
	})
}

func TestS11WhatTheAgentNeeds(t *testing.T) {
	version := func(v string) func(*world) { return onHost(func(f *engine.HostFacts) { f.AgentVersion = v }) }
	big := func() *world {
		w := healthy()
		w.item.Disks[0].OS, w.item.Disks[0].Bytes = false, 5000*gib
		w.plan.Items[0].Bytes, w.vms["hv1"][0].Disks[0].Bytes = 5000*gib, 5000*gib
		return w
	}
	runAll(t, []trip{
		{"old framework", nil, onHost(func(f *engine.HostFacts) { f.DotNet = 394271 }), "dotnet", engine.VerdictWarn, "older than 4.6.2"},
		{"framework unread", nil, unreadPart("dotnet"), "dotnet", engine.VerdictUnknown, "AccessDenied"},
		{"no agent", nil, version(""), "agent-version", engine.VerdictBlock, "install it"},
		{"versions unread", nil, unreadPart("versions"), "agent-version", engine.VerdictUnknown, "AccessDenied"},
		{"old agent, big disk", big, version("2.0.9214.0"), "agent-version", engine.VerdictBlock, "not later than 2.0.9214.0"},
		{"odd agent, big disk", big, version("two"), "agent-version", engine.VerdictUnknown, "can be compared"},
		{"old agent, small disk", nil, version("2.0.8000.0"), "agent-version", engine.VerdictOK, "2.0.8000.0"},
		{"provider updated", nil, onHost(func(f *engine.HostFacts) { f.ProviderVersion = "5.1.9000.0" }), "provider-installed", engine.VerdictWarn, "the vault knows 5.1.8500.0"},
		{"certificate over", nil, onHost(func(f *engine.HostFacts) { f.CertificateExpires = time.Now().Add(-time.Hour) }), "provider-certificate", engine.VerdictWarn, "ended"},
		{"certificate ends soon", nil, onHost(func(f *engine.HostFacts) { f.CertificateExpires = time.Now().Add(48 * time.Hour) }), "provider-certificate", engine.VerdictWarn, "before then"},
		{"HTTPS proxy", nil, onHost(func(f *engine.HostFacts) { f.Proxy = "HTTPS://proxy:443" }), "proxy", engine.VerdictWarn, "not supported"},
		{"HTTP proxy", nil, onHost(func(f *engine.HostFacts) { f.Proxy = "http://proxy:3128" }), "proxy", engine.VerdictOK, "proxy:3128"},
		{"backup", nil, onHost(func(f *engine.HostFacts) { f.Backup = true }), "azure-backup", engine.VerdictWarn, "backup policy"},
		{"backup unread", nil, unreadPart("backup"), "azure-backup", engine.VerdictUnknown, "AccessDenied"},
		{"pools", nil, onHost(func(f *engine.HostFacts) { f.Pools = 1 }), "storage-spaces", engine.VerdictWarn, "S2D"},
	})
}

func TestS13TheHostsHealthIsShown(t *testing.T) {
	runAll(t, []trip{{"a complaint", nil, func(w *world) { w.hosts[0].Health = []string{"708: no heartbeat"} }, "host-health", engine.VerdictWarn, "708"}})
}

func TestS15NothingElseIsNeeded(t *testing.T) {
	runAll(t, []trip{{"a process server", nil, onHost(func(f *engine.HostFacts) { f.Services["cxprocessserver"] = running }), "no-extra", engine.VerdictWarn, "VMware"}})
}

func TestSPlus6ServicesRun(t *testing.T) {
	for _, name := range []string{"obengine", "dra", "Winmgmt"} {
		trip{name, nil, onHost(func(f *engine.HostFacts) { f.Services[name] = "Stopped" }), "services", engine.VerdictBlock, "Start-Service " + name}.run(t)
	}
	runAll(t, []trip{
		{"vmms", nil, onHost(func(f *engine.HostFacts) { f.Services["vmms"] = "Paused" }), "vmms", engine.VerdictBlock, "Start-Service vmms"},
		{"VMM's own", legacy, onHost(func(f *engine.HostFacts) { f.Services["SCVMMService"] = "Stopped" }), "services", engine.VerdictBlock, "SCVMMService"},
	})
}

func TestS17DownloadThreads(t *testing.T) {
	set := func(t engine.Threads) func(*world) { return onHost(func(f *engine.HostFacts) { f.Threads = t }) }
	runAll(t, []trip{
		{"default", nil, set(engine.Threads{}), "threads", engine.VerdictOK, "16 would download faster"},
		{"4", nil, set(engine.Threads{Download: 4}), "threads", engine.VerdictOK, "16 would download faster"},
		{"40", nil, set(engine.Threads{Download: 40}), "threads", engine.VerdictWarn, "between 1 and 32"},
		{"one key too high", nil, set(engine.Threads{Parent: 16}), "threads", engine.VerdictWarn, "older documents"},
		{"unread", nil, unreadPart("threads"), "threads", engine.VerdictUnknown, "AccessDenied"},
	})
	w := healthy()
	if f := check(t, w)["threads"]; strings.Contains(f.Observed, "faster") {
		t.Errorf("16 threads are not enough: %+v", f)
	}
}

func TestS18ThrottleAgainstTheWindow(t *testing.T) {
	week := []string{"Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday"}
	// 500 GB at 10 Mbit/s take 111 hours.
	slow := func(sync engine.SyncOption, change func(*engine.Plan)) func(*world) {
		return func(w *world) {
			onHost(func(f *engine.HostFacts) {
				f.Throttle = &engine.Throttle{Work: 1250000, NonWork: 1250000, From: 8 * time.Hour, To: 18 * time.Hour, Days: week}
			})(w)
			w.item.Disks[0].Bytes, w.plan.Items[0].Bytes, w.plan.Sync = 500e9, 500e9, sync
			if change != nil {
				change(&w.plan)
			}
		}
	}
	window := func(p *engine.Plan) {
		p.Window = engine.Window{Start: time.Now().Add(time.Hour), End: time.Now().Add(9 * time.Hour)}
	}
	runAll(t, []trip{
		{"breaks the window", nil, slow(engine.SyncFull, window), "throttle", engine.VerdictBlock, "111 hours"},
		{"breaks the budget", nil, slow(engine.SyncFull, func(p *engine.Plan) { p.Budget = time.Hour }), "throttle", engine.VerdictBlock, "downtime budget"},
		{"full", nil, slow(engine.SyncFull, nil), "throttle", engine.VerdictWarn, "Set-OBMachineSetting -NoThrottle"},
		{"delta", nil, slow(engine.SyncDelta, window), "throttle", engine.VerdictWarn, "at most"},
		{"unread", nil, unreadPart("throttle"), "throttle", engine.VerdictUnknown, "Get-OBMachineSetting"},
		{"for ever", nil, func(w *world) {
			onHost(func(f *engine.HostFacts) { f.Throttle = &engine.Throttle{Work: 1, NonWork: 1} })(w)
		}, "throttle", engine.VerdictWarn, "more than"},
	})
}

func TestThrottleKnowsTheHostsHours(t *testing.T) {
	th := engine.Throttle{Work: 1e6, NonWork: 4e6, From: 8 * time.Hour, To: 18 * time.Hour, Days: []string{"Monday"}, Offset: time.Hour}
	monday := time.Date(2026, 11, 23, 6, 59, 0, 0, time.UTC)
	for at, want := range map[time.Time]int64{
		monday: 4e6, monday.Add(time.Minute): 1e6, monday.Add(10*time.Hour + time.Minute): 4e6, monday.Add(24*time.Hour + time.Minute): 4e6,
	} {
		if got := speedAt(th, at); got != want {
			t.Errorf("%s: %d, want %d", at, got, want)
		}
	}
	if took, ends := duration(th, monday.Add(time.Minute), 4e6*3600+1e6*36000); !ends || took.Round(time.Minute) != 11*time.Hour {
		t.Errorf("%v %v", took, ends)
	}
}
