package hyperv_test

import (
	"encoding/json"
	"reflect"
	"slices"
	"strings"
	"testing"

	"failback/engine"
	"failback/providers/hyperv"
	"failback/providers/hyperv/scripts"
	"failback/providers/lab/winrm"
)

const madeID = "0a0b0c0d-1111-2222-3333-444455556666"

func newVM() engine.NewVM {
	return engine.NewVM{
		Name: `web '$(x)"` + "`n [a]*?", Generation: 1, CPUs: 2, Memory: 4 << 30, Switch: "LAN ", Notes: "failback run 7",
		Disks: []string{`E:\vm\web01 [1].vhdx`, `E:\vm\data.vhdx`},
	}
}

func swap() engine.DiskSwap {
	return engine.DiskSwap{From: []string{`d:\VM\web01 [x].vhdx`}, To: []string{`E:\vm\new.vhdx`}}
}

// createVM makes the site's VM of what was asked for.
func (s *site) createVM(params json.RawMessage) (any, error) {
	var p scripts.CreateVMParams
	if err := json.Unmarshal(params, &p); err != nil {
		return nil, err
	}
	if p.Name == s.vm.Name {
		return nil, &winrm.ScriptError{Msg: "Den Namen gibt es.", ID: scripts.IDPrecondition, Category: "ResourceExists"}
	}
	row := scripts.VMRow{ID: strings.ToUpper(madeID), Name: p.Name, State: "Off", Generation: p.Generation, CPUs: p.CPUs, Memory: p.Memory, AutoStart: "Nothing", Notes: p.Notes}
	if s.lies {
		row.State = "Running"
	}
	return scripts.MachineAnswer{VMRow: row, Switches: []string{p.Switch}, Paths: p.Disks}, nil
}

func (s *site) swap(params json.RawMessage) (any, error) {
	var p scripts.SwapDisksParams
	if err := json.Unmarshal(params, &p); err != nil {
		return nil, err
	}
	if s.vm.State != "Off" || !strings.EqualFold(p.From[0], s.vm.Disks[0].Path) {
		return nil, &winrm.ScriptError{Msg: "Nicht so.", ID: scripts.IDPrecondition, Category: "InvalidOperation"}
	}
	answer := scripts.MachineAnswer{VMRow: s.vm.VMRow, Switches: s.vm.Switches, Paths: []string{s.vm.Disks[0].Path}}
	if !s.lies {
		s.vm.Disks[0].Path = p.To[0]
		answer.Paths = p.To
	}
	return answer, nil
}

// S59: a VM is asked for once and with data only, what the host made is held against
// what was asked for, and what can't be made never leaves here.
func TestS59MachineIsMadeAsAsked(t *testing.T) {
	over(t, func(t *testing.T, l *lab, a *hyperv.Access) {
		want := newVM()
		id, err := a.CreateVM(t.Context(), "HV01", want)
		if err != nil || id != madeID {
			t.Fatalf("%q, %v", id, err)
		}
		var sent scripts.CreateVMParams
		asked := scripts.CreateVMParams{
			Name: want.Name, Generation: 1, CPUs: 2, Memory: 4 << 30, Switch: "LAN ", Notes: want.Notes, Disks: want.Disks,
		}
		if err := json.Unmarshal(l.site.params[0], &sent); err != nil || !reflect.DeepEqual(sent, asked) {
			t.Errorf("%+v, %v", sent, err)
		}
		again := want
		again.Name = "web01"
		_, err = a.CreateVM(t.Context(), "HV01", again)
		wantKind(t, err, engine.FailureRefused)
		runs, _, _ := l.site.counts()
		for name, change := range map[string]func(*engine.NewVM){
			"no name":               func(v *engine.NewVM) { v.Name = " " },
			"a name of two lines":   func(v *engine.NewVM) { v.Name = "a\nb" },
			"generation 3":          func(v *engine.NewVM) { v.Generation = 3 },
			"no processor":          func(v *engine.NewVM) { v.CPUs = 0 },
			"odd memory":            func(v *engine.NewVM) { v.Memory = 1<<30 + 1 },
			"secure boot of BIOS":   func(v *engine.NewVM) { v.SecureBoot = "On" },
			"secure boot by itself": func(v *engine.NewVM) { v.Generation, v.SecureBoot = 2, "$true" },
			"no disk":               func(v *engine.NewVM) { v.Disks = nil },
			"a disk without a path": func(v *engine.NewVM) { v.Disks = []string{""} },
			"notes of a guard":      func(v *engine.NewVM) { v.Notes = scripts.GuardPrefix + "Nothing] x" },
		} {
			bad := newVM()
			change(&bad)
			if _, err := a.CreateVM(t.Context(), "HV01", bad); engine.KindOf(err) != engine.FailureUsage {
				t.Errorf("%s: %v", name, err)
			}
		}
		if now, _, _ := l.site.counts(); now != runs {
			t.Error("a script ran")
		}
		l.site.lies = true
		id, err = a.CreateVM(t.Context(), "HV01", newVM())
		wantKind(t, err, engine.FailureOther)
		if id != madeID {
			t.Errorf("a VM that is there, and was made otherwise, is named %q", id)
		}
		l.noShells(t, a)
	})
}

// S28: a VM's disks are exchanged from what was seen; a host that says it has done so
// and reads back the old ones leaves everybody in the dark.
func TestS28DisksAreExchangedFromWhatWasSeen(t *testing.T) {
	over(t, func(t *testing.T, l *lab, a *hyperv.Access) {
		vm, err := a.SwapDisks(t.Context(), "HV01", vmID, swap())
		if err != nil || len(vm.Disks) != 1 || vm.Disks[0].Path != `E:\vm\new.vhdx` || vm.Loose != 1 || vm.ID != vmID {
			t.Fatalf("%+v, %v", vm, err)
		}
		_, err = a.SwapDisks(t.Context(), "HV01", vmID, swap()) // it has others now
		wantKind(t, err, engine.FailureRefused)
		back := engine.DiskSwap{From: swap().To, To: swap().From}
		l.site.lies = true
		_, err = a.SwapDisks(t.Context(), "HV01", vmID, back)
		wantKind(t, err, engine.FailureUnknown)
		runs, _, _ := l.site.counts()
		for _, bad := range []engine.DiskSwap{{}, {From: []string{"a"}}, {From: []string{"a"}, To: []string{"b\x00"}}, {To: []string{"a"}}} {
			_, err = a.SwapDisks(t.Context(), "HV01", vmID, bad)
			wantKind(t, err, engine.FailureUsage)
		}
		_, err = a.SwapDisks(t.Context(), "HV01", "web*", swap())
		wantKind(t, err, engine.FailureUsage)
		if now, _, _ := l.site.counts(); now != runs {
			t.Error("a script ran")
		}
		l.noShells(t, a)
	})
}

// What the scripts refuse by ids of their own is told in words about files, switches
// and VMs; one that is half done asks for a look.
func TestRefusalsOfNewMachinesAreTold(t *testing.T) {
	for id, want := range map[string]engine.FailureKind{
		scripts.IDNoFile: engine.FailureNotFound, scripts.IDNoSwitch: engine.FailureNotFound,
		scripts.IDHalfDone: engine.FailureUnknown, scripts.IDPrecondition: engine.FailureRefused,
	} {
		f := failureOfScript(t, scripts.CreateVM, id)
		if f.Kind != want || f.Code != id || f.Remedy == "" || slices.Contains([]string{f.Why, f.What}, "") || strings.Contains(f.Remedy, "moved to another host") {
			t.Errorf("%s: %+v", id, f)
		}
	}
}

// failureOfScript is what a call of a script tells that failed with an id.
func failureOfScript(t *testing.T, script, id string) *engine.Failure {
	t.Helper()
	server := winrm.New(says{&winrm.ScriptError{Msg: "Geht nicht.", ID: id, Category: "InvalidOperation"}}, winrm.Options{User: user, Password: password})
	a := access(t, hyperv.Endpoint{URL: "http://hv01", User: user, Password: secret(password), Connect: server.Connect("HV01")})
	return engine.AsFailure(calls[script](t.Context(), a), "", "")
}
