package hyperv_test

import (
	"errors"
	"net"
	"strings"
	"testing"

	"failback/engine"
	"failback/providers/hyperv"
	"failback/providers/hyperv/scripts"
	"failback/providers/lab/winrm"
)

// TestS11HostsThatCannotTakeAVM shows that a host that is off, one whose Hyper-V
// service stopped, one on Server Core and one that lets nobody in can be told
// apart.
func TestS11HostsThatCannotTakeAVM(t *testing.T) {
	t.Run("off", func(t *testing.T) {
		l := newLab()
		l.server = winrm.New(l.site, winrm.Options{User: user, Password: password, Reachable: func(string) bool { return false }})
		for name, e := range map[string]hyperv.Endpoint{"memory": l.memory(), "loopback": l.socket(t)} {
			_, err := access(t, e).Facts(t.Context(), "HV01")
			wantKind(t, err, engine.FailureRetryable)
			var f *engine.Failure
			if !errors.As(err, &f) || !strings.Contains(f.Where, "host HV01") || !strings.Contains(f.Where, scripts.HostFacts) || f.Remedy == "" {
				t.Errorf("%s: the failure names no host, script or remedy: %v", name, err)
			}
		}
	})
	t.Run("nobody listens", func(t *testing.T) {
		_, err := access(t, hyperv.Endpoint{URL: "http://" + freeAddress(t), User: user, Password: secret(password)}).Facts(t.Context(), "HV01")
		wantKind(t, err, engine.FailureRetryable)
		if !strings.Contains(err.Error(), "firewall") {
			t.Errorf("no hint in %v", err)
		}
	})
	t.Run("vmms stopped", func(t *testing.T) {
		l := newLab()
		l.site.facts.Services[0].State = "Stopped"
		l.site.facts.Switches = nil
		f, err := access(t, l.memory()).Facts(t.Context(), "HV01")
		if err != nil || f.Services["vmms"] != "Stopped" || len(f.Switches) != 0 {
			t.Errorf("facts %+v, %v", f, err)
		}
	})
	t.Run("Hyper-V absent", func(t *testing.T) {
		l := newLab()
		l.site.facts.Services = nil
		f, err := access(t, l.memory()).Facts(t.Context(), "HV01")
		if _, installed := f.Services["vmms"]; err != nil || installed {
			t.Errorf("facts %+v, %v", f, err)
		}
	})
	t.Run("Server Core", func(t *testing.T) {
		l := newLab()
		l.site.facts.InstallationType = scripts.InstallationCore
		f, err := access(t, l.memory()).Facts(t.Context(), "HV01")
		if err != nil || !f.Core || f.Build != "17763" {
			t.Errorf("facts %+v, %v", f, err)
		}
	})
}

// freeAddress is a loopback address that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String()
}
