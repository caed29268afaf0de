package hyperv_test

import (
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"failback/engine"
	"failback/providers/hyperv"
	"failback/providers/hyperv/scripts"
)

// over runs a test over sockets and in memory.
func over(t *testing.T, test func(t *testing.T, l *lab, a *hyperv.Access)) {
	t.Helper()
	t.Run("memory", func(t *testing.T) {
		l := newLab()
		test(t, l, access(t, l.memory()))
	})
	t.Run("loopback", func(t *testing.T) {
		l := newLab()
		test(t, l, access(t, l.socket(t)))
	})
}

func TestFacts(t *testing.T) {
	over(t, func(t *testing.T, l *lab, a *hyperv.Access) {
		f, err := a.Facts(t.Context(), "hv01") // another case than in the settings
		if err != nil {
			t.Fatal(err)
		}
		if f.Name != "hv01.lab.example" || f.Build != "17763" || f.Core || f.Services["vmms"] != "Running" {
			t.Errorf("facts %+v", f)
		}
		if len(f.Switches) != 1 || f.Switches[0].Name != "LAN " {
			t.Errorf("switches %+v: the trailing blank counts", f.Switches)
		}
		if !f.Clock.Equal(l.site.facts.Clock) || f.MemoryFree != 64<<30 || f.Volumes[0].Free != 1<<39 {
			t.Errorf("facts %+v", f)
		}
		l.noShells(t, a)
	})
}

// What the agent's script can't say hides nothing else, and says why.
func TestFactsOfTheAgent(t *testing.T) {
	over(t, func(t *testing.T, l *lab, a *hyperv.Access) {
		f, err := a.Facts(t.Context(), "HV01")
		if err != nil || f.Build != "17763" || len(f.Unread) != len(engine.HostParts) || !strings.Contains(f.Unread["throttle"], "Zugriff") {
			t.Errorf("without the agent: %+v, %v", f, err)
		}
		l.site.agent = scripts.HostAgentAnswer{
			Role: "Enabled", DotNet: 528449, Agent: "2.0.9263.0", Provider: "5.25.1120.0", Proxy: "http://proxy:3128", Backup: true, Pools: 1, Offset: 3600,
			Throttle: &scripts.Throttle{Work: 7, NonWork: 8, From: 28800, To: 64800, Days: []string{"Monday"}},
			Threads:  scripts.Threads{Download: 4, Upload: 5, Parent: 6}, CertificateExpires: "2027-01-02T03:04:05.0000000Z",
			Unread: map[string]string{"backup": "CommandNotFoundException"},
		}
		f, err = a.Facts(t.Context(), "HV01")
		want := engine.HostAgent{
			Role: "Enabled", DotNet: 528449, AgentVersion: "2.0.9263.0", ProviderVersion: "5.25.1120.0", Proxy: "http://proxy:3128", Backup: true, Pools: 1,
			Throttle: &engine.Throttle{Work: 7, NonWork: 8, From: 8 * time.Hour, To: 18 * time.Hour, Days: []string{"Monday"}, Offset: time.Hour},
			Threads:  engine.Threads{Download: 4, Upload: 5, Parent: 6}, CertificateExpires: time.Date(2027, 1, 2, 3, 4, 5, 0, time.UTC),
			Unread: map[string]string{"backup": "CommandNotFoundException"},
		}
		if err != nil || !reflect.DeepEqual(f.HostAgent, want) {
			t.Errorf("%+v, %v", f.HostAgent, err)
		}
		l.site.agent.CertificateExpires = "soon"
		if f, err = a.Facts(t.Context(), "HV01"); err != nil || f.Unread["certificates"] == "" || f.Unread["backup"] == "" {
			t.Errorf("a date that is none: %+v, %v", f.HostAgent, err)
		}
		l.noShells(t, a)
	})
}

func TestVM(t *testing.T) {
	over(t, func(t *testing.T, l *lab, a *hyperv.Access) {
		vm, err := a.VM(t.Context(), "HV01", vmID)
		if err != nil {
			t.Fatal(err)
		}
		if vm.Name != "web01" || vm.State != "Off" || vm.Running() || !slices.Equal(vm.Switches, []string{"LAN "}) {
			t.Errorf("VM %+v", vm)
		}
		if len(vm.Disks) != 1 || vm.Disks[0].Path != `D:\vm\web01 [x].vhdx` || vm.Disks[0].Bytes != 1<<35 {
			t.Errorf("disks %+v", vm.Disks)
		}
		list, err := a.VMs(t.Context(), "HV01")
		if err != nil || len(list) != 1 || list[0].ID != vmID {
			t.Errorf("VMs %+v, %v", list, err)
		}
		_, err = a.VM(t.Context(), "HV01", otherID)
		wantKind(t, err, engine.FailureNotFound)
		_, err = a.VM(t.Context(), "HV01", "web01")
		wantKind(t, err, engine.FailureUsage)
		l.noShells(t, a)
	})
}

func TestStartOnce(t *testing.T) {
	over(t, func(t *testing.T, l *lab, a *hyperv.Access) {
		if err := a.Start(t.Context(), "HV01", vmID); err != nil {
			t.Fatal(err)
		}
		if l.site.vm.State != "Running" {
			t.Error("the VM does not run")
		}
		wantKind(t, a.Start(t.Context(), "HV01", vmID), engine.FailureRefused)
		l.noShells(t, a)
	})
}

func TestS70GuardIsSetAndLifted(t *testing.T) {
	over(t, func(t *testing.T, l *lab, a *hyperv.Access) {
		if err := a.Guard(t.Context(), "HV01", vmID, "damaged by run 7"); err != nil {
			t.Fatal(err)
		}
		if l.site.vm.AutoStart != scripts.AutoStartNothing {
			t.Error("the VM still starts by itself")
		}
		if err := a.Guard(t.Context(), "HV01", vmID, ""); err != nil {
			t.Fatal(err)
		}
		if l.site.vm.AutoStart != "StartIfRunning" || l.site.vm.Notes != "" {
			t.Errorf("after lifting: %+v", l.site.vm)
		}
	})
}

func TestActivity(t *testing.T) {
	over(t, func(t *testing.T, l *lab, a *hyperv.Access) {
		got, err := a.Activity(t.Context(), "HV01")
		if err != nil || got.Read != 1<<40 || got.Written != 7 || !got.At.Equal(l.site.facts.Clock) {
			t.Errorf("activity %+v, %v", got, err)
		}
		l.site.engine = false
		_, err = a.Activity(t.Context(), "HV01")
		wantKind(t, err, engine.FailureNotFound)
	})
}

func TestDiskSums(t *testing.T) {
	over(t, func(t *testing.T, l *lab, a *hyperv.Access) {
		_, err := a.DiskSums(t.Context(), "HV01", vmID)
		wantKind(t, err, engine.FailureNotFound)
		at := time.Date(2026, 11, 2, 4, 0, 0, 0, time.UTC)
		l.site.sums = []scripts.DiskSum{{Disk: "os", Bytes: 5, SHA256: "AB", At: at, Path: `D:\x.vhdx`}}
		sums, err := a.DiskSums(t.Context(), "HV01", vmID)
		want := engine.DiskSum{Disk: "os", Bytes: 5, SHA256: "ab", At: at}
		if err != nil || len(sums) != 1 || sums[0] != want {
			t.Errorf("sums %+v, %v", sums, err)
		}
	})
}
