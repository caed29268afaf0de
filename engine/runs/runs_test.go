package runs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine"
	"failback/engine/journal"
)

func plan() engine.Plan {
	return engine.Plan{
		Version: engine.PlanVersion, Profile: "test", Vault: "v", Owner: "anna@jump01",
		Direction: engine.ToOnPremises, Sync: engine.SyncDelta,
		Items: []engine.PlanItem{{ID: "/Items/Web01", Name: "web01", Host: "hv01"}},
	}
}

// manager drives runs that never come further than their preflight: no port is
// ever touched, so none is needed.
func manager(t *testing.T, pf engine.Preflight) (*Store, *Manager) {
	t.Helper()
	s, err := OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	c := &engine.Connection{Name: "test", Vault: "v", Poll: time.Second}
	return s, NewManager(s, c, Settings{Program: "test", Driver: "anna@jump01", Preflight: pf})
}

func blocking(ctx context.Context, _ engine.Ports, _ engine.Plan, _ engine.PlanItem, emit func(engine.Finding)) error {
	emit(engine.Finding{Rule: "r", Title: "host", Verdict: engine.VerdictBlock, Observed: "off", Remedy: "switch it on"})
	return nil
}

func waiting(ctx context.Context, _ engine.Ports, _ engine.Plan, _ engine.PlanItem, _ func(engine.Finding)) error {
	<-ctx.Done()
	return context.Cause(ctx)
}

func TestBlockedRunEndsAndIsListed(t *testing.T) {
	s, m := manager(t, blocking)
	h, err := m.Start(t.Context(), plan())
	if err != nil {
		t.Fatal(err)
	}
	<-h.Done()
	l := h.State().Leg("web01")
	if l.Outcome != engine.OutcomeBlocked || l.Failure.Kind != engine.FailureBlocked || !strings.Contains(l.Failure.Why, "switch it on") {
		t.Fatalf("%s: %v", l.Outcome, l.Failure)
	}
	list, err := s.List()
	if err != nil || len(list) != 1 {
		t.Fatalf("%v %v", list, err)
	}
	if got := list[0]; got.ID != h.ID() || got.Outcome != engine.OutcomeFailed || got.Live || got.Item != "web01" || got.Phase != engine.PhasePreflight {
		t.Errorf("%+v", got)
	}
	events, err := s.Events(h.ID())
	if err != nil {
		t.Fatal(err)
	}
	if first, last := events[0].Type(), events[len(events)-1].Type(); first != "stream.opened" || last != "run.finished" {
		t.Errorf("from %s to %s", first, last)
	}
}

func TestPlanThatIsNotValidLeavesNothing(t *testing.T) {
	s, m := manager(t, blocking)
	p := plan()
	p.Sync = ""
	if _, err := m.Start(t.Context(), p); engine.KindOf(err) != engine.FailureUsage {
		t.Fatalf("got %v", err)
	}
	entries, err := os.ReadDir(s.dir)
	if err != nil || len(entries) != 0 {
		t.Errorf("left %v, %v", entries, err)
	}
}

func TestDetachThenResumeGoesOnWhereItWas(t *testing.T) {
	s, m := manager(t, waiting)
	h, err := m.Start(t.Context(), plan())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := m.Resume(t.Context(), h.ID()); engine.KindOf(err) != engine.FailureRefused {
		t.Errorf("a second driver got %v", err)
	}
	h.Detach()
	<-h.Done()
	if st := h.State(); st.Outcome != engine.OutcomeDetached || !st.Resumable() {
		t.Fatalf("outcome %s", st.Outcome)
	}
	m.set.Preflight = blocking
	again, err := m.Resume(t.Context(), h.ID())
	if err != nil {
		t.Fatal(err)
	}
	<-again.Done()
	st, err := s.State(h.ID())
	if err != nil || st.Leg("web01").Outcome != engine.OutcomeBlocked {
		t.Fatalf("%v, %v", st.Leg("web01"), err)
	}
}

func TestCancelFromAnotherTerminal(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := manager(t, waiting)
		h, err := m.Start(t.Context(), plan())
		if err != nil {
			t.Fatal(err)
		}
		other := &Store{dir: s.dir}
		if err := other.RequestCancel(h.ID(), "", "bert@jump02", "wrong machine"); err != nil {
			t.Fatal(err)
		}
		<-h.Done()
		l := h.State().Leg("web01")
		if l.Outcome != engine.OutcomeCancelled || l.Cancel.By != "bert@jump02" || l.Damage != nil {
			t.Errorf("%+v", l)
		}
		if left := s.answers(h.ID()); len(left) != 0 {
			t.Errorf("the answer was used and is still there: %v", left)
		}
	})
}

func TestCancelOfARunThatNobodyDrives(t *testing.T) {
	s, m := manager(t, waiting)
	h, err := m.Start(t.Context(), plan())
	if err != nil {
		t.Fatal(err)
	}
	h.Detach()
	<-h.Done()
	if _, err := m.Cancel(t.Context(), h.ID(), "nobody", "bert", ""); engine.KindOf(err) != engine.FailureRefused {
		t.Errorf("an unknown item gave %v", err)
	}
	if st, err := s.State(h.ID()); err != nil || st.Outcome != engine.OutcomeDetached {
		t.Fatalf("a refused cancel left %s, %v", st.Outcome, err)
	}
	again, err := m.Cancel(t.Context(), h.ID(), "", "bert", "wrong machine")
	if err != nil {
		t.Fatal(err)
	}
	<-again.Done()
	st, err := s.State(h.ID())
	if err != nil || st.Outcome != engine.OutcomeCancelled || st.Resumable() {
		t.Errorf("outcome %s, %v", st.Outcome, err)
	}
}

func TestDecisionForAGateThatIsNotOpenIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s, m := manager(t, waiting)
		h, err := m.Start(t.Context(), plan())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Decide(h.ID(), "web01", engine.Decision{Gate: engine.GateCommit, By: "bert", Reason: "I looked"}); err != nil {
			t.Fatal(err)
		}
		time.Sleep(5 * time.Second)
		if _, kept := s.Pending(h.ID(), "web01", engine.GateCommit); !kept {
			t.Error("the answer is not kept")
		}
		if _, kept := s.Pending(h.ID(), "web01", engine.GateComplete); kept {
			t.Error("the answer is found for another gate")
		}
		h.Detach()
		<-h.Done()
	})
}

func TestFind(t *testing.T) {
	s, _ := manager(t, blocking)
	for _, id := range []engine.RunID{"20261123-020000-aaaaaa", "20261123-020000-abbbbb", "20261124-020000-cccccc"} {
		if _, err := s.create(id); err != nil {
			t.Fatal(err)
		}
	}
	for typed, want := range map[string]engine.RunID{
		"last": "20261124-020000-cccccc", "20261124": "20261124-020000-cccccc", "20261123-020000-aa": "20261123-020000-aaaaaa",
	} {
		if got, err := s.Find(typed); err != nil || got != want {
			t.Errorf("%s: %s, %v", typed, got, err)
		}
	}
	for _, typed := range []string{"20261123", "nothing", "", "../../etc"} {
		if got, err := s.Find(typed); engine.KindOf(err) != engine.FailureUsage {
			t.Errorf("%q: %s, %v", typed, got, err)
		}
	}
}

func TestBrokenJournalIsListedWithItsReason(t *testing.T) {
	s, m := manager(t, blocking)
	h, err := m.Start(t.Context(), plan())
	if err != nil {
		t.Fatal(err)
	}
	<-h.Done()
	path := filepath.Join(s.Dir(h.ID()), journal.FileName)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 1
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	list, err := s.List()
	if err != nil || len(list) != 1 || list[0].Broken == "" {
		t.Fatalf("%+v, %v", list, err)
	}
	_, err = m.Resume(t.Context(), h.ID())
	var f *engine.Failure
	if !errors.As(err, &f) || f.Kind != engine.FailureUsage || !strings.Contains(f.Why, "line ") {
		t.Errorf("a damaged journal gave %v", err)
	}
}

func TestUnwritableStateDirectory(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := OpenStore(file); engine.KindOf(err) != engine.FailureUsage || !strings.Contains(err.Error(), file) {
		t.Errorf("got %v", err)
	}
}

// Two runs of one second: the one that was planned later is the last.
func TestLastIsThePlanWrittenLast(t *testing.T) {
	s, err := OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	now := time.Now().Truncate(time.Millisecond)
	for id, planned := range map[engine.RunID]time.Time{
		"20261126-130508-aaaaaa": now.Add(2 * time.Millisecond),
		"20261126-130508-bbbbbb": now,
		"20261126-130507-cccccc": now.Add(time.Hour),
	} {
		dir, err := s.create(id)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(dir, planFile)
		if err := os.WriteFile(file, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chtimes(file, planned, planned); err != nil {
			t.Fatal(err)
		}
	}
	if id, err := s.Find("last"); err != nil || id != "20261126-130508-aaaaaa" {
		t.Errorf("last is %s, %v", id, err)
	}
}
