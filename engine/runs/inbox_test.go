package runs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"failback/engine"
	"failback/engine/hub"
)

// kept is a recorder in memory.
type kept struct{ events []engine.Event }

func (k *kept) Append(e engine.Event) error {
	k.events = append(k.events, e)
	return nil
}

// atGates is a run that nobody walks, with its legs at the complete gate.
func atGates(t *testing.T, items ...string) (*run, *kept) {
	t.Helper()
	s, m := manager(t, blocking)
	p := plan()
	p.Sync, p.Items = engine.SyncFull, nil
	for _, n := range items {
		p.Items = append(p.Items, engine.PlanItem{ID: "/items/" + n, Name: n, Host: "hv01"})
	}
	id := newRunID(time.Now())
	if _, err := s.create(id); err != nil {
		t.Fatal(err)
	}
	k := &kept{}
	r := &run{id: id, m: m, hub: hub.New()}
	r.stream = engine.NewStream(id, engine.State{}, k, r.hub, nil)
	r.runner = &engine.Runner{Stream: r.stream}
	emit(t, r, "", engine.PhaseNone, engine.StreamOpened{Schema: 1}, engine.RunPlanned{Plan: p}, engine.RunStarted{})
	for _, n := range items {
		emit(t, r, n, engine.PhasePreflight, engine.PhaseStarted{}, engine.PhaseFinished{})
		emit(t, r, n, engine.PhaseNone, engine.GateOpened{Gate: engine.GateComplete})
	}
	return r, k
}

func emit(t *testing.T, r *run, item string, p engine.Phase, bodies ...engine.Body) {
	t.Helper()
	for _, b := range bodies {
		if err := r.stream.Emit(item, p, b); err != nil {
			t.Fatal(err)
		}
	}
}

func (r *run) takeAll(t *testing.T) {
	t.Helper()
	for _, a := range r.m.store.answers(r.id) {
		if r.take(a) {
			if err := a.used(); err != nil {
				t.Fatal(err)
			}
		}
	}
}

func leave(t *testing.T, r *run, item string, g engine.Gate) {
	t.Helper()
	if err := r.m.store.Decide(r.id, item, engine.Decision{Gate: g, By: "bert", Reason: "well"}); err != nil {
		t.Fatal(err)
	}
}

// An answer for a gate that was passed is refused and removed: were it kept, it
// would answer that gate should it be asked again.
func TestASecondAnswerForAGateIsRefused(t *testing.T) {
	r, k := atGates(t, "web01")
	leave(t, r, "web01", engine.GateComplete)
	leave(t, r, "web01", engine.GateComplete)
	leave(t, r, "web01", engine.GateCommit) // still to come: kept
	r.takeAll(t)
	if n := len(r.stream.State().Leg("web01").Decisions); n != 1 {
		t.Errorf("%d decisions", n)
	}
	if left := r.m.store.answers(r.id); len(left) != 1 || left[0].Decision.Gate != engine.GateCommit {
		t.Errorf("left %+v", left)
	}
	last, ok := k.events[len(k.events)-1].Body.(engine.Noted)
	if !ok || !strings.Contains(last.Text, "passed") {
		t.Errorf("said %v", last)
	}
}

// An answer that names no item and fits two is nobody's.
func TestAnAnswerThatFitsTwoItemsIsRefused(t *testing.T) {
	r, _ := atGates(t, "web01", "db01")
	leave(t, r, "", engine.GateComplete)
	r.takeAll(t)
	for _, l := range r.stream.State().Legs {
		if len(l.Decisions) != 0 {
			t.Errorf("%s took it", l.Item.Name)
		}
	}
	if left := r.m.store.answers(r.id); len(left) != 0 {
		t.Errorf("left %+v", left)
	}
}

// After its last line a run takes no answer: it stays for the next driver.
func TestAnAnswerAfterTheEndWaitsForTheResume(t *testing.T) {
	r, k := atGates(t, "web01")
	emit(t, r, "", engine.PhaseNone, engine.RunFinished{Outcome: engine.OutcomeDetached})
	leave(t, r, "web01", engine.GateComplete)
	r.takeAll(t)
	if last := k.events[len(k.events)-1].Type(); last != "run.finished" {
		t.Errorf("the last line is %s", last)
	}
	if left := r.m.store.answers(r.id); len(left) != 1 {
		t.Errorf("left %+v", left)
	}
}

// An id from outside never leads out of the store.
func TestAnIDNeverLeavesTheStore(t *testing.T) {
	s, m := manager(t, blocking)
	out := filepath.Join(filepath.Dir(s.dir), "elsewhere", decisionsDir)
	if err := os.MkdirAll(out, 0o700); err != nil {
		t.Fatal(err)
	}
	for _, id := range []engine.RunID{"../elsewhere", "..", "", "/etc"} {
		if err := s.Decide(id, "web01", engine.Decision{Gate: engine.GateCommit}); err == nil {
			t.Errorf("%q: an answer was left", id)
		}
		if _, err := m.Resume(t.Context(), id); err == nil {
			t.Errorf("%q was resumed", id)
		}
	}
	if entries, err := os.ReadDir(out); err != nil || len(entries) != 0 {
		t.Errorf("left %v, %v", entries, err)
	}
}
