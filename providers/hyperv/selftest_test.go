package hyperv

import (
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"failback/providers/hyperv/scripts"
)

// TestSelfTestTriesEveryReadingScript: a new reading script belongs into it, an
// acting one never does.
func TestSelfTestTriesEveryReadingScript(t *testing.T) {
	tried := map[string]bool{}
	for _, s := range selfTests {
		tried[s.script] = true
		if scripts.ClassOf(s.script) != scripts.Reading || s.answer == nil || s.check == nil {
			t.Errorf("%s is run in a self-test", s.script)
		}
	}
	for _, name := range scripts.Names() {
		if scripts.ClassOf(name) == scripts.Reading && !tried[name] {
			t.Errorf("%s is not tried; tried: %v", name, slices.Sorted(maps.Keys(tried)))
		}
	}
}

// TestSelfTestRefusesValuesThatCannotBe gives each check a value that its schema
// allows and no host can mean.
func TestSelfTestRefusesValuesThatCannotBe(t *testing.T) {
	const id = "b0000000-0000-4000-8000-000000000001"
	row := scripts.VMRow{ID: id, State: "Off"}
	facts := scripts.HostFactsAnswer{Name: "hv", Build: "20348", Clock: time.Unix(1, 0), Services: []scripts.Service{{Name: "vmms"}}}
	if err := checkFacts(&facts, ""); err != nil {
		t.Errorf("good facts: %v", err)
	}
	if err := checkVM(&scripts.VMAnswer{VMRow: row, Disks: []scripts.VMDisk{{Path: "x", Problem: "gone"}}}, strings.ToUpper(id)); err != nil {
		t.Errorf("a good VM: %v", err)
	}
	build, full := facts, facts
	build.Build = "ten"
	full.Volumes = []scripts.Volume{{Path: `C:\`, Bytes: 1, Free: 2}}
	for name, err := range map[string]error{
		"build":      checkFacts(&build, ""),
		"volume":     checkFacts(&full, ""),
		"nothing":    checkFacts(&scripts.HostFactsAnswer{}, ""),
		"role":       checkAgent(&scripts.HostAgentAnswer{Role: "Perhaps"}, ""),
		"threads":    checkAgent(&scripts.HostAgentAnswer{Role: "Enabled", Threads: scripts.Threads{Upload: -1}}, ""),
		"expiry":     checkAgent(&scripts.HostAgentAnswer{Role: "Enabled", CertificateExpires: "soon"}, ""),
		"unread":     checkAgent(&scripts.HostAgentAnswer{Role: "Enabled", Unread: map[string]string{"proxy": "x"}}, ""),
		"counters":   checkActivity(&scripts.ActivityAnswer{At: time.Unix(1, 0), Read: -1}, ""),
		"twice":      checkVMs(&scripts.VMsAnswer{VMs: []scripts.VMRow{row, row}}, ""),
		"no id":      checkVMs(&scripts.VMsAnswer{VMs: []scripts.VMRow{{ID: "web01", State: "Off"}}}, ""),
		"another VM": checkVM(&scripts.VMAnswer{VMRow: row}, "b0000000-0000-4000-8000-000000000002"),
		"no size":    checkVM(&scripts.VMAnswer{VMRow: row, Disks: []scripts.VMDisk{{Path: "x"}}}, id),
		"no address": checkReach(&scripts.ReachAnswer{}, ""),
		"no name":    checkManagers(&scripts.ManagersAnswer{Nodes: []string{"HV01"}}, ""),
		"no VMM":     checkManagers(&scripts.ManagersAnswer{Clouds: []string{"Gold"}}, ""),
		"no cluster": checkManagers(&scripts.ManagersAnswer{Unread: map[string]string{"cluster": "down"}}, ""),
		"no log":     checkEvents(&scripts.EventsAnswer{Logs: []scripts.EventLog{{}}}, ""),
		"unread log": checkEvents(&scripts.EventsAnswer{Logs: []scripts.EventLog{{Log: "Admin", Problem: "UnauthorizedAccess"}}}, ""),
		"no time":    checkEvents(&scripts.EventsAnswer{Logs: []scripts.EventLog{{Log: "Admin", Events: []scripts.Event{{ID: 1, Provider: "x"}}}}}, ""),
		"no sum":     checkSums(&scripts.DiskSumsAnswer{Sums: []scripts.DiskSum{{SHA256: "ab", Bytes: 1, At: time.Unix(1, 0)}}}, ""),
	} {
		if err == nil {
			t.Errorf("%s was taken", name)
		}
	}
}
