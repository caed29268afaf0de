package snapshots_test

import (
	"net/http"
	"strings"
	"sync"
	"testing"
	"testing/synctest"

	"failback/engine"
	"failback/providers/azure"
	"failback/providers/azure/snapshots"
	"failback/providers/lab"
	"failback/providers/lab/world"
)

// managed is an estate of one VM with three managed disks.
const managed = `
name: managed
speed: 60
fabrics: [{name: site, kind: hyperv-site}]
hosts: [{name: hv01, fabric: site, switches: [{name: LAN, type: External}]}]
items:
  - name: db01
    host: hv01
    managed: true
    in_azure: 3d
    change: 0.5
    disks: [{size: 16MiB, content: 4MiB}, {size: 16MiB, content: 2MiB}, {size: 16MiB, content: 1MiB}]
`

// rig is a lab with managed disks, and a client of it.
type rig struct {
	*testing.T
	lab     *lab.Memory
	session *azure.Session
	vm      engine.AzureVMRef
	mu      sync.Mutex
	notices []snapshots.Notice
	// seen is asked before every request; an answer of its own replaces the lab's.
	seen func(r *http.Request) *http.Response
}

func inBubble(t *testing.T, estate string, f func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		m, err := lab.NewInMemory(t.Context(), lab.Options{StateDir: t.TempDir(), Data: []byte(estate)})
		must(t, err)
		defer func() { must(t, m.Close()) }()
		e := m.Endpoints()
		r := &rig{T: t, lab: m, vm: engine.AzureVMRef{ResourceGroup: e.ResourceGroup, Name: "db01"}}
		r.session, err = azure.Open(azure.Options{
			Cloud: azure.Cloud{ResourceManager: e.Management}, Auth: azure.AuthLoopback, Token: e.Token, Subscription: e.Subscription, Transport: r,
		})
		must(t, err)
		f(r)
	})
}

// RoundTrip implements http.RoundTripper.
func (r *rig) RoundTrip(q *http.Request) (*http.Response, error) {
	if r.seen != nil {
		if answer := r.seen(q); answer != nil {
			return answer, nil
		}
	}
	return r.lab.Transport().RoundTrip(q)
}

func (r *rig) client(run string, more ...func(*snapshots.Options)) *snapshots.Client {
	r.Helper()
	o := snapshots.Options{Run: run, Notice: r.note}
	for _, f := range more {
		f(&o)
	}
	c, err := snapshots.New(r.session, o)
	must(r, err)
	return c
}

// there are the names of the snapshots that the lab has.
func (r *rig) there() (names []string) {
	r.lab.World().Read(func(s *world.State) {
		for _, d := range s.Snapshots {
			names = append(names, d.Name)
		}
	})
	return names
}

// lent counts the snapshots that may be read.
func (r *rig) lent() (n int) {
	r.lab.World().Read(func(s *world.State) {
		for _, d := range s.Snapshots {
			if d.Lent() {
				n++
			}
		}
	})
	return n
}

// requests counts what the lab was asked.
func (r *rig) requests(method, end string) (n int) {
	for _, q := range r.lab.Requests() {
		if q.Method == method && strings.HasSuffix(strings.ToLower(q.Path), strings.ToLower(end)) {
			n++
		}
	}
	return n
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func (r *rig) note(n snapshots.Notice) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.notices = append(r.notices, n)
}
