package connect_test

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine"
	"failback/engine/rules"
	"failback/providers/azure"
	"failback/providers/connect"
	"failback/providers/hyperv"
	"failback/providers/lab"
)

// The latencies of a real site, one a request.
const (
	managementLatency = 150 * time.Millisecond
	hostLatency       = 400 * time.Millisecond
)

// late answers each request after a while.
type late struct {
	next http.RoundTripper
	by   time.Duration
}

func (l late) RoundTrip(r *http.Request) (*http.Response, error) {
	select {
	case <-time.After(l.by):
		return l.next.RoundTrip(r)
	case <-r.Context().Done():
		return nil, r.Context().Err()
	}
}

// crowd is an estate of 100 items on 10 hosts.
func crowd() string {
	var b strings.Builder
	b.WriteString("name: crowd\nfabrics: [{name: site, kind: hyperv-site}]\nhosts:\n")
	for h := range 10 {
		fmt.Fprintf(&b, "  - {name: hv%02d, fabric: site, agent: {threads: {download: 16}}, memory_free: 512GiB, switches: [{name: LAN, type: External}]}\n", h)
	}
	b.WriteString("items:\n")
	for i := range 100 {
		fmt.Fprintf(&b, "  - {name: vm%03d, host: hv%02d, in_azure: 3d, disks: [{size: 16MiB}]}\n", i, i%10)
	}
	return b.String()
}

// preflight checks the crowd at a real site's latencies and returns how long it took,
// in the bubble's time.
func preflight(t testing.TB, m *lab.Memory) time.Duration {
	t.Helper()
	e := m.Endpoints()
	hosts := map[string]hyperv.Endpoint{}
	for _, h := range e.Hosts {
		connect := m.Connect(h.Name)
		hosts[h.Name] = hyperv.Endpoint{
			URL: h.WinRM, User: m.WinRMUser(), Sealed: true,
			Connect:  func() http.RoundTripper { return late{connect(), hostLatency} },
			Password: func(context.Context) (string, error) { return e.Token, nil },
		}
	}
	conn, err := connect.Open(t.Context(), connect.Options{
		Name: "test", Rehearsal: true, ResourceGroup: e.ResourceGroup, Vault: e.Vault, Hosts: hosts, Poll: 5 * time.Second,
		Azure: azure.Options{
			Cloud: azure.Cloud{ResourceManager: e.Management}, Auth: azure.AuthLoopback,
			Token: e.Token, Subscription: e.Subscription, Transport: late{m.Transport(), managementLatency},
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = conn.Close() }()
	items, err := conn.Ports.Inventory.Items(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	p := engine.Plan{Version: engine.PlanVersion, Owner: "anna", Direction: engine.ToOnPremises, Sync: engine.SyncDelta}
	for _, it := range items {
		p.Items = append(p.Items, engine.PlanItem{ID: it.ID, Name: it.Name, VMID: it.VMID, Host: it.HostName, Bytes: it.Bytes(), Disks: len(it.Disks)})
	}
	began := time.Now()
	found := map[string]int{}
	if err := (rules.Set{}).All(t.Context(), conn.Ports, p, func(item string, f engine.Finding) {
		found[item]++
		if f.Verdict != engine.VerdictOK {
			t.Errorf("%s: %+v", item, f)
		}
	}); err != nil {
		t.Fatal(err)
	}
	took := time.Since(began)
	for _, it := range p.Items {
		if found[it.Name] < 35 {
			t.Errorf("%s has %d findings", it.Name, found[it.Name])
		}
	}
	if len(p.Items) != 100 {
		t.Errorf("%d items", len(p.Items))
	}
	return took
}

// TestAPreflightOfAHundredItems holds the preflight of 100 items on 10 hosts to half a
// minute, with Azure's budget of requests a minute kept.
func TestAPreflightOfAHundredItems(t *testing.T) {
	unraced(t)
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		m, err := lab.NewInMemory(t.Context(), lab.Options{StateDir: dir, Data: []byte(crowd()), Speed: 1})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = m.Close() }()
		took := preflight(t, m)
		t.Logf("100 items on 10 hosts: %s", took)
		if took > 30*time.Second {
			t.Errorf("it took %s", took)
		}
	})
}
