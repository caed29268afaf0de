package hyperv_test

import (
	"strings"
	"testing"

	"failback/engine"
	"failback/providers/hyperv"
)

// S13: a host says which addresses it reaches, the sign-in first, and is not believed
// where it tells of others.
func TestS13AHostsWayToAzure(t *testing.T) {
	l := newLab()
	l.site.closed = map[string]string{"acct.blob.core.windows.net": "TimedOut"}
	a, err := hyperv.New(hyperv.Options{Hosts: map[string]hyperv.Endpoint{"HV01": l.memory()}, SignIn: "login.example"})
	if err != nil {
		t.Fatal(err)
	}
	way, err := a.Reach(t.Context(), "hv01", []string{"acct.blob.core.windows.net"})
	want := []engine.HostReach{{Address: "login.example:443"}, {Address: "acct.blob.core.windows.net:443", Why: "TimedOut"}}
	if err != nil || len(way.Reach) != 2 || way.Reach[0] != want[0] || way.Reach[1] != want[1] || way.TLS12 != "Default" {
		t.Errorf("%+v, %v", way, err)
	}
	l.site.lies = true
	_, err = a.Reach(t.Context(), "hv01", nil)
	if engine.KindOf(err) != engine.FailureOther || !strings.Contains(err.Error(), "elsewhere.example") {
		t.Errorf("%v", err)
	}
	l.noShells(t, a)
}
