package connect_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine"
	"failback/engine/racetest"
	"failback/engine/rules"
	"failback/engine/runs"
	"failback/providers/azure"
	"failback/providers/azure/record"
	"failback/providers/connect"
	"failback/providers/hyperv"
	"failback/providers/lab"
)

// bed is a whole rehearsal in one bubble: the lab in memory, the real providers
// talking HTTP and WinRM to it, the engine and its journal. Only sockets are
// missing. Time is the bubble's: hours pass in milliseconds.
type bed struct {
	t     *testing.T
	dir   string
	lab   *lab.Memory
	conn  *engine.Connection
	store *runs.Store
	m     *runs.Manager
	wire  *wire // what is sent to Azure
	begun []runs.Handle
}

// unraced skips a long run under the race detector.
var unraced = racetest.Skip

// inBubble runs f with a fresh bed for the estate in a bubble of its own time.
func inBubble(t *testing.T, estate string, f func(t *testing.T, b *bed)) {
	t.Helper()
	dir := t.TempDir() // outside the bubble: its clean-up must not be
	synctest.Test(t, func(t *testing.T) {
		b := openBed(t, dir, estate)
		defer b.close() // also when f fails: nothing may stay behind in the bubble
		f(t, b)
	})
}

func openBed(t *testing.T, dir, estate string) *bed { return openRecorded(t, dir, estate, nil) }

func openRecorded(t *testing.T, dir, estate string, rec *record.Recorder) *bed {
	t.Helper()
	return openBedOver(t, dir, estate, func(m *lab.Memory) http.RoundTripper { return m.Transport() }, rec)
}

// openBedOver is openBed with a transport of the test's own.
func openBedOver(t *testing.T, dir, estate string, transport func(*lab.Memory) http.RoundTripper, rec *record.Recorder) *bed {
	t.Helper()
	memory, err := lab.NewInMemory(t.Context(), lab.Options{StateDir: dir, Data: []byte(estate), Speed: 1})
	if err != nil {
		t.Fatal(err)
	}
	b := &bed{t: t, dir: dir, lab: memory, wire: &wire{next: transport(memory)}}
	b.open(rec)
	return b
}

// open connects to the lab, with what a process of its own would know.
func (b *bed) open(rec *record.Recorder) {
	t, dir, memory := b.t, b.dir, b.lab
	t.Helper()
	var err error
	e := memory.Endpoints()
	hosts := map[string]hyperv.Endpoint{}
	for _, h := range e.Hosts {
		hosts[h.Name] = hyperv.Endpoint{
			URL: h.WinRM, User: memory.WinRMUser(), Connect: memory.Connect(h.Name),
			Sealed:   true,
			Password: func(context.Context) (string, error) { return e.Token, nil },
		}
	}
	b.conn, err = connect.Open(t.Context(), connect.Options{
		Name: "test", Rehearsal: true, ResourceGroup: e.ResourceGroup, Vault: e.Vault, Hosts: hosts,
		Poll: 5 * time.Second, Jobs: filepath.Join(dir, "direct"),
		Reach: func(ctx context.Context, address string, port int) error {
			return e.Reach(ctx, memory.Transport(), address, port)
		},
		Azure: azure.Options{
			Cloud: azure.Cloud{ResourceManager: e.Management}, Auth: azure.AuthLoopback,
			Token: e.Token, Subscription: e.Subscription, Transport: b.wire, Recorder: rec,
		},
	})
	if err != nil {
		t.Fatal(err)
	}
	if b.store, err = runs.OpenStore(dir); err != nil {
		t.Fatal(err)
	}
	b.m = runs.NewManager(b.store, b.conn, runs.Settings{Program: "test", Driver: "anna@jump01", Preflight: rules.Check})
}

func (b *bed) close() {
	b.t.Helper()
	for _, h := range b.begun {
		h.Detach()
		<-h.Done()
	}
	if err := errors.Join(b.conn.Close(), b.lab.Close()); err != nil {
		b.t.Error(err)
	}
}

// item finds an item by name, freshly read.
func (b *bed) item(name string) engine.Item {
	b.t.Helper()
	items, err := b.conn.Ports.Inventory.Items(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	for _, it := range items {
		if it.Name == name {
			return it
		}
	}
	b.t.Fatalf("no item %s in %v", name, items)
	return engine.Item{}
}

// host finds a host by name.
func (b *bed) host(name string) engine.Host {
	b.t.Helper()
	hosts, err := b.conn.Ports.Inventory.Hosts(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	for _, h := range hosts {
		if h.Name == name {
			return h
		}
	}
	b.t.Fatalf("no host %s", name)
	return engine.Host{}
}

// plan makes a failback plan for items, every gate answered by policy.
func (b *bed) plan(sync engine.SyncOption, names ...string) engine.Plan {
	b.t.Helper()
	p := engine.Plan{
		Version: engine.PlanVersion, Profile: "test", Rehearsal: true, Vault: b.conn.Vault, Owner: "anna@jump01",
		Direction: engine.ToOnPremises, Sync: sync, Approve: engine.AllGates,
	}
	for _, n := range names {
		it := b.item(n)
		p.Items = append(p.Items, engine.PlanItem{ID: it.ID, Name: it.Name, VMID: it.VMID, Host: it.HostName, Bytes: it.Bytes(), Disks: len(it.Disks)})
	}
	return p
}

// to sends the plan to another host.
func (b *bed) to(p engine.Plan, host string) engine.Plan {
	h := b.host(host)
	p.Target = engine.Target{Alternate: true, HostID: h.ID, HostName: h.Name, CreateVM: true}
	return p
}

// start begins a run.
func (b *bed) start(p engine.Plan) runs.Handle {
	b.t.Helper()
	h, err := b.m.Start(context.Background(), p)
	if err != nil {
		b.t.Fatal(err)
	}
	b.begun = append(b.begun, h)
	return h
}

// resume takes a run over.
func (b *bed) resume(id engine.RunID) runs.Handle {
	b.t.Helper()
	h, err := b.m.Resume(context.Background(), id)
	if err != nil {
		b.t.Fatal(err)
	}
	b.begun = append(b.begun, h)
	return h
}

// run plays a plan to its end, at most for a day.
func (b *bed) run(p engine.Plan) engine.State {
	b.t.Helper()
	return b.finish(b.start(p))
}

func (b *bed) finish(h runs.Handle) engine.State {
	b.t.Helper()
	select {
	case <-h.Done():
	case <-time.After(24 * time.Hour):
		for _, l := range h.State().Log {
			b.t.Logf("%s %s %s", l.Item, l.Phase, l.Text)
		}
		b.t.Fatal("the run did not end within a day")
	}
	return h.State()
}

// until waits for the run to come to a point.
func (b *bed) until(h runs.Handle, what string, there func(engine.State) bool) {
	b.t.Helper()
	for end := time.Now().Add(12 * time.Hour); !there(h.State()); time.Sleep(time.Second) {
		if time.Now().After(end) || isDone(h) && !there(h.State()) {
			b.dump(h.State())
			b.t.Fatalf("never %s", what)
		}
	}
}

func isDone(h runs.Handle) bool {
	select {
	case <-h.Done():
		return true
	default:
		return false
	}
}

func atGate(item string, g engine.Gate) func(engine.State) bool {
	return func(s engine.State) bool {
		l := s.Leg(item)
		return l.Gate != nil && l.Gate.Gate == g
	}
}

func inPhase(item string, p engine.Phase) func(engine.State) bool {
	return func(s engine.State) bool { return s.Leg(item).Phases[p].Status == engine.StatusRunning }
}

func (b *bed) dump(s engine.State) {
	b.t.Helper()
	for _, l := range s.Log {
		b.t.Logf("%s %-6s %-12s %s", l.At.Format("15:04:05"), l.Item, l.Phase, l.Text)
	}
}

// succeeded fails the test with the run's log where it did not.
func (b *bed) succeeded(s engine.State) {
	b.t.Helper()
	if s.Outcome != engine.OutcomeSucceeded {
		b.dump(s)
		b.t.Fatalf("outcome %s", s.Outcome)
	}
}

// failure is the one leg's failure, of the wanted kind, complete for an operator.
func (b *bed) failure(s engine.State, item string, kind engine.FailureKind, words ...string) *engine.Failure {
	b.t.Helper()
	f := s.Leg(item).Failure
	if f == nil || f.Kind != kind {
		b.dump(s)
		b.t.Fatalf("failure %v, want one of kind %s", f, kind)
	}
	if f.What == "" || f.Where == "" || f.Why == "" || f.Remedy == "" {
		b.t.Errorf("not complete: %+v", f)
	}
	for _, w := range words {
		if !strings.Contains(f.Error(), w) {
			b.t.Errorf("%q does not mention %q", f.Error(), w)
		}
	}
	return f
}

// failed is failure where nothing more is asked of it.
func (b *bed) failed(s engine.State, item string, kind engine.FailureKind, words ...string) {
	b.t.Helper()
	_ = b.failure(s, item, kind, words...)
}

// posts counts the effectful requests that the lab accepted, by the last word of
// their path.
func (b *bed) posts() map[string]int {
	b.t.Helper()
	raw, err := os.ReadFile(requestsPath(b.t, b.dir))
	if err != nil {
		b.t.Fatal(err)
	}
	return countPosts(b.t, raw)
}

func requestsPath(t *testing.T, dir string) string {
	t.Helper()
	found, err := filepath.Glob(filepath.Join(dir, "lab", "*", "requests.ndjson"))
	if err != nil || len(found) != 1 {
		t.Fatalf("request logs %v, %v", found, err)
	}
	return found[0]
}
