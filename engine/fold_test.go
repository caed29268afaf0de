package engine

import (
	"encoding/json"
	"reflect"
	"sync/atomic"
	"testing"
	"time"

	"pgregory.net/rapid"
)

var day = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

func testPlan(sync SyncOption) Plan {
	return Plan{
		Version: PlanVersion, Profile: "test", Vault: "v", Owner: "anna@jump01", Direction: ToOnPremises, Sync: sync,
		Items: []PlanItem{{ID: "/i/web01", Name: "web01", Bytes: 1 << 30, Disks: 1}, {ID: "/i/db01", Name: "db01", Bytes: 1 << 30, Disks: 2}},
	}
}

// memory is a recorder that keeps events and can break.
type memory struct {
	events []Event
	failAt int // 1-based; 0 never
}

func (m *memory) Append(e Event) error {
	if m.failAt > 0 && len(m.events)+1 >= m.failAt {
		return errBroken
	}
	m.events = append(m.events, e)
	return nil
}

var errBroken = &Failure{Kind: FailureOther, What: "write", Why: "disk full"}

type nobody struct{}

func (nobody) Publish(Event) {}

func opening(t interface{ Fatal(...any) }, rec Recorder, plan Plan) *Stream {
	// Legs that run side by side ask for the time.
	var n atomic.Int64
	s := NewStream("20261123-020000-abcdef", State{}, rec, nobody{}, func() time.Time { return day.Add(time.Duration(n.Add(1)) * time.Second) })
	for _, b := range []Body{StreamOpened{SchemaVersion, "test"}, RunPlanned{plan}, RunStarted{"anna@jump01"}} {
		if err := s.Emit("", PhaseNone, b); err != nil {
			t.Fatal(err)
		}
	}
	return s
}

// anyBody draws an event that could come next, legal or not.
func anyBody(t *rapid.T) Body {
	power := rapid.SampledFrom([]Power{PowerRunning, PowerStopping, PowerStopped, PowerDeallocated, PowerDeleted}).Draw(t, "power")
	gate := rapid.SampledFrom(AllGates).Draw(t, "gate")
	return rapid.SampledFrom([]Body{
		PhaseStarted{}, PhaseStarted{}, PhaseFinished{}, PhaseFinished{}, PhaseFinished{}, PhaseFailed{&Failure{Why: "x"}},
		GateOpened{Gate: gate, Consequences: []string{"c"}}, GateOpened{Gate: gate}, DecisionMade{Decision{Gate: gate, By: "anna"}},
		DecisionMade{Decision{Gate: gate, By: "anna"}},
		PowerChanged{LocationAzure, power}, PowerChanged{LocationOnPremises, power},
		BootChecked{Result: rapid.SampledFrom([]BootResult{BootProven, BootFailed, BootNotProven}).Draw(t, "boot"), Addresses: []string{"10.0.0.4"}},
		anyProof(t),
		IntentRecorded{OpCommit, "r1"}, OperationAccepted{Op: OpStart, Job: "j1"}, TaskChanged{Job: "j1", Path: "a/b", Task: Task{Name: "b", State: "InProgress"}},
		SyncProgress{Read: 1}, DowntimeBegan{}, DamageMarked{"why"}, DamageCleared{}, Noted{"info", "n"},
		PreflightChecked{Finding{Rule: "r", Verdict: VerdictWarn, Observed: "o"}},
		LegFinished{Outcome: rapid.SampledFrom([]Outcome{OutcomeSucceeded, OutcomeFailed, OutcomeCancelled}).Draw(t, "out")},
		RunResumed{"bert@jump02"}, CancelRequested{By: "anna"},
	}).Draw(t, "body")
}

func anyProof(t *rapid.T) DiskProved {
	p := DiskProved{Disk: "os", Source: "a", Target: rapid.SampledFrom([]string{"a", "b"}).Draw(t, "sum")}
	p.Equal = p.Source == p.Target
	return p
}

// nextBody is what would come next by the book, so that walks get far.
func nextBody(l *Leg) Body {
	switch {
	case l.Mode == ModeCancelling:
		return LegFinished{Outcome: OutcomeCancelled}
	case l.At >= len(l.Steps):
		return LegFinished{Outcome: OutcomeSucceeded}
	case l.Step().IsGate() && l.Mode == ModeWaiting:
		return DecisionMade{Decision{Gate: l.Step().Gate, By: "anna"}}
	case l.Step().IsGate():
		return GateOpened{Gate: l.Step().Gate}
	case l.Step().Phase == PhaseStartOnPremises && l.Mode != ModeRunning && !l.AzurePower.Off():
		return PowerChanged{LocationAzure, PowerDeallocated}
	case l.Mode != ModeRunning:
		return PhaseStarted{}
	case l.Step().Phase == PhaseStopAzure && (!l.AzurePower.Off() || l.AzurePower == PowerDeleted):
		return PowerChanged{LocationAzure, PowerDeallocated}
	case l.Step().Phase == PhaseVerify && (l.Boot == nil || l.Boot.Result == BootFailed):
		return BootChecked{Result: BootProven}
	case l.Step().Phase == PhaseVerify && guardVerified(l) != nil:
		return DiskProved{Disk: "os", Source: "a", Target: "a", Equal: true}
	}
	return PhaseFinished{}
}

// Random sequences: whatever is accepted keeps the invariants, states are values,
// and any prefix of the journal folds, through JSON, to the same state.
func TestStateRandomWalks(t *testing.T) {
	reached := map[Phase]bool{}
	rapid.Check(t, func(rt *rapid.T) {
		rec := &memory{}
		s := opening(rt, rec, testPlan(rapid.SampledFrom([]SyncOption{SyncDelta, SyncFull}).Draw(rt, "sync")))
		for range rapid.IntRange(1, 160).Draw(rt, "n") {
			before := s.State()
			frozen := mustJSON(rt, before)
			item := rapid.SampledFrom([]string{"web01", "db01"}).Draw(rt, "item")
			body := nextBody(before.Leg(item))
			if rapid.IntRange(0, 9).Draw(rt, "stray") < 3 {
				body = anyBody(rt)
			}
			if _, ok := body.(RunResumed); ok {
				item = ""
			}
			phase := PhaseNone
			if l := before.Leg(item); l != nil {
				phase = l.Step().Phase
			}
			err := s.Emit(item, phase, body)
			if got := mustJSON(rt, before); got != frozen {
				rt.Fatalf("%s changed a state that was handed out", body.Type())
			}
			if err != nil {
				if after := mustJSON(rt, s.State()); after != frozen {
					rt.Fatalf("refused %s left a trace", body.Type())
				}
				continue
			}
			if l := before.Leg(item); l != nil {
				begins(rt, l, phase, body)
			}
			for _, l := range s.State().Legs {
				invariants(rt, l)
				for p, r := range l.Phases {
					reached[p] = reached[p] || r.Status == StatusDone
				}
			}
		}
		prefixes(rt, rec.events, s.State())
		resumes(rt, rec.events)
	})
	for _, p := range []Phase{PhaseInitialSync, PhaseVerify, PhaseCommit, PhaseProtected} {
		if !reached[p] {
			t.Errorf("the walks never came through %s: they show nothing", p)
		}
	}
}

// begins judges the two beginnings that can't be taken back, by what was known just
// before them.
func begins(t *rapid.T, l *Leg, p Phase, b Body) {
	if _, began := b.(PhaseStarted); !began {
		return
	}
	switch p {
	case PhaseStartOnPremises:
		if !l.AzurePower.Off() {
			t.Fatalf("the on-premises VM is started while the Azure VM is %q", l.AzurePower)
		}
	case PhaseCommit:
		if !l.Verified() || len(l.Decisions) == 0 || l.Decisions[len(l.Decisions)-1].Gate != GateCommit {
			t.Fatalf("the commit begins, verified %v, after the decisions %v", l.Verified(), l.Decisions)
		}
	}
}

// resumes takes the run over after any fact of its journal: by the book every leg
// that has not ended comes to its end from there. There is no dead end.
func resumes(t *rapid.T, events []Event) {
	cut := rapid.IntRange(3, len(events)).Draw(t, "crash")
	past, err := Fold(events[:cut])
	if err != nil {
		t.Fatal(err)
	}
	s := NewStream("20261123-020000-abcdef", past, &memory{}, nobody{}, func() time.Time { return day })
	if err := s.Emit("", PhaseNone, RunResumed{"bert@jump02"}); err != nil {
		t.Fatal(err)
	}
	for _, was := range past.Legs {
		for range 60 {
			l := s.State().Leg(was.Item.Name)
			if l.Mode == ModeEnded {
				break
			}
			body := nextBody(l)
			if err := s.Emit(l.Item.Name, l.Step().Phase, body); err != nil {
				t.Fatalf("after fact %d, %s: %v", cut, body.Type(), err)
			}
		}
		l := s.State().Leg(was.Item.Name)
		if l.Mode != ModeEnded {
			t.Fatalf("after fact %d the leg never ends: it stands at %s (%s)", cut, l.Step().Name(), orReady(l.Mode))
		}
	}
}

func invariants(t *rapid.T, l *Leg) {
	if l.reached(PhaseCommit) && !l.Verified() {
		t.Fatal("commit before verify")
	}
	if l.Phases[PhaseStartOnPremises].Status == StatusDone && !l.Passed(PhaseStopAzure) {
		t.Fatal("started on-premises without a confirmed stop: two live copies")
	}
	for i, st := range l.Steps {
		if i < l.At && !st.IsGate() && !l.Passed(st.Phase) {
			t.Fatalf("beyond %s although it never finished", st.Phase)
		}
	}
}

// prefixes folds the journal cut at a random place and then the rest.
func prefixes(t *rapid.T, events []Event, want State) {
	cut := rapid.IntRange(0, len(events)).Draw(t, "cut")
	s, err := Fold(events[:cut])
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range events[cut:] {
		raw, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		var back Event
		if err := json.Unmarshal(raw, &back); err != nil {
			t.Fatalf("%s: %v", raw, err)
		}
		if s, err = s.Apply(back); err != nil {
			t.Fatal(err)
		}
	}
	// Passing progress (sequence 0) is not in the journal.
	strip := func(s State) State {
		for i, l := range s.Legs {
			c := l.clone()
			c.Sync, c.Samples = nil, nil
			s.Legs[i] = c
		}
		s.Updated = time.Time{}
		return s
	}
	if a, b := mustJSON(t, strip(s)), mustJSON(t, strip(want)); a != b {
		t.Fatalf("cut at %d folds to\n%s\nwant\n%s", cut, a, b)
	}
}

func mustJSON(t interface{ Fatal(...any) }, v any) string {
	raw, err := json.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// A whole delta leg by the book, in the order of the phase table.
func TestStateDeltaByTheBook(t *testing.T) {
	rec := &memory{}
	plan := testPlan(SyncDelta)
	plan.Items = plan.Items[:1]
	s := opening(t, rec, plan)
	emit := func(p Phase, b Body) {
		t.Helper()
		if err := s.Emit("web01", p, b); err != nil {
			t.Fatal(err)
		}
	}
	for _, st := range StepsFor(ToOnPremises, SyncDelta) {
		if st.IsGate() {
			emit(PhaseNone, GateOpened{Gate: st.Gate})
			if got := s.State().Waiting(); !reflect.DeepEqual(got, []string{"web01"}) {
				t.Fatalf("waiting %v", got)
			}
			emit(PhaseNone, DecisionMade{Decision{Gate: st.Gate, By: "anna"}})
			continue
		}
		emit(st.Phase, PhaseStarted{})
		switch st.Phase {
		case PhaseStopAzure:
			emit(st.Phase, DowntimeBegan{})
			emit(st.Phase, PowerChanged{LocationAzure, PowerDeallocated})
		case PhaseVerify:
			emit(st.Phase, BootChecked{Result: BootProven})
		}
		emit(st.Phase, PhaseFinished{})
	}
	emit(PhaseNone, LegFinished{Outcome: OutcomeSucceeded})
	l := s.State().Leg("web01")
	if l.Mode != ModeEnded || l.InDowntime() || l.Downtime(day) <= 0 || len(l.Decisions) != 3 {
		t.Fatalf("%+v", l)
	}
	if s.State().Resumable() {
		t.Error("nothing is left to resume")
	}
}

func TestStreamStopsWhenTheJournalBreaks(t *testing.T) {
	rec := &memory{failAt: 4}
	s := opening(t, rec, testPlan(SyncDelta))
	if err := s.Emit("web01", PhasePreflight, PhaseStarted{}); err == nil {
		t.Fatal("an unwritten fact was accepted")
	}
	if l := s.State().Leg("web01"); l.Mode != ModeReady {
		t.Errorf("the state knows a fact that nobody kept: %s", l.Mode)
	}
	rec.failAt = 0
	if err := s.Emit("web01", PhasePreflight, PhaseStarted{}); err == nil {
		t.Error("a broken stream went on")
	}
}

func TestUnknownFactsAreKept(t *testing.T) {
	raw := `{"v":1,"seq":7,"time":"2026-11-23T02:00:00Z","run":"r","type":"moon.phase","item":"web01","full":true}`
	var e Event
	if err := json.Unmarshal([]byte(raw), &e); err != nil {
		t.Fatal(err)
	}
	o, ok := e.Body.(Other)
	if !ok || string(o.Fields["full"]) != "true" || len(o.Fields) != 1 {
		t.Fatalf("%#v", e.Body)
	}
	if back := mustJSON(t, e); back != raw {
		t.Errorf("wrote %s", back)
	}
}

func FuzzEventDecode(f *testing.F) {
	f.Add([]byte(`{"v":1,"seq":1,"type":"gate.opened","gate":"commit","consequences":["x"]}`))
	f.Add([]byte(`{"type":"run.planned","plan":{"items":[{}]}}`))
	f.Add([]byte(`{"type":"noted","level":1}`))
	f.Fuzz(func(t *testing.T, raw []byte) {
		var e Event
		if err := json.Unmarshal(raw, &e); err != nil {
			return
		}
		_ = Sentence(e)
		if _, err := (State{}).Apply(e); err != nil {
			return
		}
		if _, err := json.Marshal(e); err != nil {
			t.Fatalf("decoded but not encoded: %v", err)
		}
	})
}
