package hyperv_test

import (
	"errors"
	"slices"
	"strings"
	"testing"

	"failback/engine"
	"failback/providers/hyperv/scripts"
)

const strayVM = "6e1b0c1a-55b2-4f8a-9a5e-0d9d6a1c7fff"

// A clustered VM is to be seen on its owner alone: where its host does not have it,
// the failure names the node that has, and a host in no cluster is asked once.
func TestAVMOfAClusterIsNamedWithItsOwner(t *testing.T) {
	l := newLab()
	a := access(t, l.memory())
	stray := func() *engine.Failure {
		t.Helper()
		_, err := a.VM(t.Context(), "hv01", strayVM)
		var f *engine.Failure
		if !errors.As(err, &f) || f.Kind != engine.FailureNotFound {
			t.Fatalf("%v", err)
		}
		return f
	}
	l.site.managers = scripts.ManagersAnswer{Cluster: "CL01", Nodes: []string{"HV01", "HV02"}, Owner: "HV02"}
	if f := stray(); !strings.Contains(f.Why, "CL01 has it on node HV02") || !strings.Contains(f.Remedy, "HV02") {
		t.Errorf("%+v", f)
	}
	l.site.managers.Unread = map[string]string{"cluster": "The cluster is down."}
	if f := stray(); strings.Contains(f.Why, "HV02") {
		t.Errorf("what was not read is told: %+v", f)
	}
	l.site.managers = scripts.ManagersAnswer{}
	_ = stray()
	before := l.site.runs
	_ = stray()
	if ran := l.site.runs - before; ran != 1 {
		t.Errorf("%d scripts for a VM that a host of no cluster does not have", ran)
	}
}

func TestWhatManagesAHost(t *testing.T) {
	l := newLab()
	l.site.managers = scripts.ManagersAnswer{VMM: "vmm01", Version: "10.22", Clouds: []string{"Gold"}, Hosts: []string{"HV01"}}
	m, err := access(t, l.memory()).Managers(t.Context(), "hv01", "")
	if err != nil || m.VMM != "vmm01" || !slices.Equal(m.Clouds, []string{"Gold"}) || m.Cluster != "" {
		t.Errorf("%+v, %v", m, err)
	}
}
