package runs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
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

// atSharedGates is atGates for a recovery plan's own job.
func atSharedGates(t *testing.T, open []string, coming ...string) *run {
	t.Helper()
	s, m := manager(t, blocking)
	p := plan()
	p.Sync, p.Items, p.RecoveryPlan, p.RecoveryPlanID = engine.SyncFull, nil, "shop", "/plans/shop"
	for _, n := range append(open, coming...) {
		p.Items = append(p.Items, engine.PlanItem{ID: "/items/" + n, Name: n, Host: "hv01"})
	}
	id := newRunID(time.Now())
	if _, err := s.create(id); err != nil {
		t.Fatal(err)
	}
	r := &run{id: id, m: m, hub: hub.New()}
	r.stream = engine.NewStream(id, engine.State{}, &kept{}, r.hub, nil)
	r.runner = &engine.Runner{Stream: r.stream}
	emit(t, r, "", engine.PhaseNone, engine.StreamOpened{Schema: 1}, engine.RunPlanned{Plan: p}, engine.RunStarted{})
	for _, n := range open {
		emit(t, r, n, engine.PhasePreflight, engine.PhaseStarted{}, engine.PhaseFinished{})
		emit(t, r, n, engine.PhaseNone, engine.GateOpened{Gate: engine.GateComplete})
	}
	return r
}

// One answer is for all items of a recovery plan, once all are at the gate, and
// whichever of them it names.
func TestS21AnAnswerIsForTheWholeRecoveryPlan(t *testing.T) {
	r := atSharedGates(t, []string{"db01"}, "web01")
	leave(t, r, "db01", engine.GateComplete)
	r.takeAll(t)
	if n := len(r.m.store.answers(r.id)); n != 1 || len(r.stream.State().Leg("db01").Decisions) != 0 {
		t.Fatalf("taken before web01 was there; %d answers left", n)
	}
	if err := r.runner.Decide("db01", engine.Decision{Gate: engine.GateComplete, By: "anna"}); engine.KindOf(err) != engine.FailureRefused {
		t.Errorf("decided for one alone: %v", err)
	}
	emit(t, r, "web01", engine.PhasePreflight, engine.PhaseStarted{}, engine.PhaseFinished{})
	emit(t, r, "web01", engine.PhaseNone, engine.GateOpened{Gate: engine.GateComplete})
	r.takeAll(t)
	for _, l := range r.stream.State().Legs {
		if len(l.Decisions) != 1 || !l.Decisions[0].Joint || l.Decisions[0].By != "bert" {
			t.Errorf("%s: %+v", l.Item.Name, l.Decisions)
		}
	}
}

// An answer about a manual action waits for that action, whichever item asks for it.
func TestS21AnAnswerForAManualActionWaitsForIt(t *testing.T) {
	r := atSharedGates(t, []string{"db01", "web01"})
	leave(t, r, "db01", engine.GateManual)
	r.takeAll(t)
	if n := len(r.m.store.answers(r.id)); n != 1 {
		t.Fatalf("%d answers left, want it kept", n)
	}
	if err := r.runner.Decide("", engine.Decision{Gate: engine.GateComplete, By: "anna"}); err != nil {
		t.Fatal(err)
	}
	emit(t, r, "web01", engine.PhasePrepare, engine.PhaseStarted{},
		engine.GateOpened{Gate: engine.GateManual, Task: "j/t1", Action: &engine.TaskAction{Kind: engine.ActionManual, Name: "look"}})
	r.takeAll(t)
	if l := r.stream.State().Leg("web01"); l.Gate != nil || len(l.Decisions) != 2 || l.Mode != engine.ModeRunning {
		t.Errorf("leg %+v", l)
	}
	// The same action is asked for once.
	if err := r.stream.Emit("web01", engine.PhasePrepare, engine.GateOpened{Gate: engine.GateManual, Task: "j/t1"}); err == nil {
		t.Error("it was asked for again")
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

// A commit that needs somebody who has looked is not approved by an answer from
// before there was anything to look at.
func TestS46AnAnswerFromBeforeTheLookAcceptsNoUnprovenBoot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r, k := atGates(t, "web01")
		leave(t, r, "web01", engine.GateCommit)
		if r.answered("web01", engine.GateCommit) {
			t.Error("an answer counts for a boot that nobody has looked at")
		}
		time.Sleep(time.Hour)
		emit(t, r, "web01", engine.PhaseNone, engine.DecisionMade{Decision: engine.Decision{Gate: engine.GateComplete, By: "anna"}})
		for _, p := range []engine.Phase{engine.PhasePrepare, engine.PhaseStopAzure, engine.PhaseFinalSync, engine.PhaseStartOnPremises} {
			emit(t, r, "web01", p, engine.PhaseStarted{})
			if p == engine.PhaseStopAzure {
				emit(t, r, "web01", p, engine.PowerChanged{Side: engine.LocationAzure, Power: engine.PowerDeallocated})
			}
			emit(t, r, "web01", p, engine.PhaseFinished{})
		}
		emit(t, r, "web01", engine.PhaseVerify, engine.PhaseStarted{}, engine.BootChecked{Result: engine.BootNotProven}, engine.PhaseFinished{})
		emit(t, r, "web01", engine.PhaseNone, engine.GateOpened{Gate: engine.GateCommit, NeedsReason: true})
		r.takeAll(t)
		if l := r.stream.State().Leg("web01"); l.Mode != engine.ModeWaiting {
			t.Fatalf("it was taken: %v", l.Decisions)
		}
		last, ok := k.events[len(k.events)-1].Body.(engine.Noted)
		if left := r.m.store.answers(r.id); len(left) != 0 || !ok || !strings.Contains(last.Text, "before") {
			t.Errorf("said %v, left %+v", last, left)
		}
		time.Sleep(time.Minute)
		leave(t, r, "web01", engine.GateCommit)
		if !r.answered("web01", engine.GateCommit) {
			t.Error("an answer of now does not count")
		}
		r.takeAll(t)
		if l := r.stream.State().Leg("web01"); len(l.Decisions) != 2 {
			t.Errorf("decisions %v", l.Decisions)
		}
	})
}

// What lies in the inbox and is no file of an answer stops nobody.
func TestTheInboxReadsNothingButFiles(t *testing.T) {
	r, _ := atGates(t, "web01")
	dir := filepath.Join(r.m.store.Dir(r.id), decisionsDir)
	if err := os.Mkdir(filepath.Join(dir, "1.json"), 0o700); err != nil {
		t.Fatal(err)
	}
	pipe(t, filepath.Join(dir, "2.json"))
	if err := os.WriteFile(filepath.Join(dir, "3.json"), make([]byte, maxAnswer+1), 0o600); err != nil {
		t.Fatal(err)
	}
	leave(t, r, "web01", engine.GateComplete)
	if got := r.m.store.answers(r.id); len(got) != 1 {
		t.Errorf("answers %+v", got)
	}
}

// An answer is whatever another process wrote: it decides or cancels, never both,
// and whatever it says, taking it ends.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"item":"web01","decision":{"gate":"complete","by":"anna","reason":"now"},"at":"2026-11-23T02:00:00Z"}`))
	f.Add([]byte(`{"item":"web01","cancel":{"by":"anna"}}`))
	f.Add([]byte(`{"decision":{"gate":""}}`))
	f.Add([]byte(`{"decision":{},"cancel":{}}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		a, err := decodeAnswer(raw)
		if err != nil {
			return
		}
		if (a.Decision == nil) == (a.Cancel == nil) {
			t.Fatalf("%q is neither a decision nor a cancel: %+v", raw, a)
		}
		r, k := atGates(t, "web01")
		before := len(k.events)
		r.take(a)
		for _, e := range k.events[before:] {
			if d, ok := e.Body.(engine.DecisionMade); ok && d.Gate != engine.GateComplete {
				t.Fatalf("%q decided %s at the complete gate", raw, d.Gate)
			}
		}
	})
}

// TestALimitIsLeftForTheDriver leaves one for a run that Site Recovery's agent works for:
// it is refused in the run's events, and not kept.
func TestALimitIsLeftForTheDriver(t *testing.T) {
	r, k := atGates(t, "web01")
	if err := r.m.store.Limit(r.id, "anna", "5MB/s"); err != nil {
		t.Fatal(err)
	}
	r.takeAll(t)
	n, ok := k.events[len(k.events)-1].Body.(engine.Noted)
	if !ok || !strings.Contains(n.Text, "change the limit") || len(r.m.store.answers(r.id)) > 0 {
		t.Errorf("%+v, left %v", n, r.m.store.answers(r.id))
	}
}
