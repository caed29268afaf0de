package hosts_test

import (
	"encoding/json"
	"errors"
	"strings"
	"testing"

	"failback/providers/hyperv/scripts"
	"failback/providers/lab"
	"failback/providers/lab/hosts"
	"failback/providers/lab/winrm"
	"failback/providers/lab/world"
)

// small is the default estate and a way to run scripts on its hosts.
func small(t *testing.T) (run func(host, script string, params any) (any, error), w *world.World) {
	t.Helper()
	m, err := lab.NewInMemory(t.Context(), lab.Options{StateDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := m.Close(); err != nil {
			t.Error(err)
		}
	})
	return func(host, script string, params any) (any, error) {
		raw, err := json.Marshal(params)
		if err != nil {
			t.Fatal(err)
		}
		return hosts.Model{World: m.World()}.Run(t.Context(), host, script, raw)
	}, m.World()
}

func idOf(w *world.World, item string) (id string) {
	w.Read(func(s *world.State) { id = s.Item(item).HyperVID })
	return id
}

func isID(err error, id string) bool {
	var e *winrm.ScriptError
	return errors.As(err, &e) && e.ID == id
}

func TestS70GuardedVMIsNotStarted(t *testing.T) {
	run, w := small(t)
	host, vm := "hv02.contoso.lab", idOf(w, "erp01")
	if _, err := run(host, scripts.Guard, scripts.GuardParams{VMID: vm, Mark: "half\nwritten"}); err != nil {
		t.Fatal(err)
	}
	if _, err := run(host, scripts.StartVM, scripts.VMParams{VMID: vm}); !isID(err, scripts.IDGuarded) {
		t.Errorf("a guarded VM: %v", err)
	}
	answer, err := run(host, scripts.ReadVM, scripts.VMParams{VMID: vm})
	if err != nil {
		t.Fatal(err)
	}
	got := answer.(scripts.VMAnswer)
	if got.AutoStart != scripts.AutoStartNothing || got.Notes != scripts.GuardPrefix+"StartIfRunning] half written" {
		t.Errorf("guarded: %q %q", got.AutoStart, got.Notes)
	}
	lifted, err := run(host, scripts.Guard, scripts.GuardParams{VMID: vm})
	if err != nil {
		t.Fatal(err)
	}
	if after := lifted.(scripts.GuardAnswer).After; after.AutoStart != "StartIfRunning" || after.Notes != "" {
		t.Errorf("lifted: %+v", after)
	}
	if _, err := run(host, scripts.StartVM, scripts.VMParams{VMID: vm}); err != nil {
		t.Errorf("an unguarded VM: %v", err)
	}
	if _, err := run(host, scripts.StartVM, scripts.VMParams{VMID: vm}); !isID(err, scripts.IDPrecondition) {
		t.Errorf("a running VM: %v", err)
	}
}

func TestHostsTellTheirFacts(t *testing.T) {
	run, w := small(t)
	answer, err := run("vmm01.contoso.lab", scripts.HostFacts, scripts.NoParams{})
	if err != nil {
		t.Fatal(err)
	}
	facts := answer.(scripts.HostFactsAnswer)
	var names []string
	for _, s := range facts.Services {
		names = append(names, s.Name+" "+s.State)
	}
	if !strings.Contains(strings.Join(names, ","), "SCVMMService Running") || facts.EditionID != "ServerDatacenter" || len(facts.Volumes) == 0 {
		t.Errorf("%+v", facts)
	}
	vms, err := run("hv01.contoso.lab", scripts.ListVMs, scripts.NoParams{})
	if err != nil || len(vms.(scripts.VMsAnswer).VMs) != 3 {
		t.Errorf("%+v %v", vms, err)
	}
	if _, err := run("hv01.contoso.lab", scripts.ReadVM, scripts.VMParams{VMID: idOf(w, "files01")}); !isID(err, scripts.IDNotFound) {
		t.Errorf("a deleted VM: %v", err)
	}
	if _, err := run("hv01.contoso.lab", scripts.DiskSums, scripts.VMParams{VMID: idOf(w, "web01")}); !isID(err, scripts.IDNotFound) {
		t.Errorf("sums before a synchronisation: %v", err)
	}
	activity, err := run("hv01.contoso.lab", scripts.Activity, scripts.NoParams{})
	if err != nil || activity.(scripts.ActivityAnswer).Processes != 1 {
		t.Errorf("%+v %v", activity, err)
	}
}
