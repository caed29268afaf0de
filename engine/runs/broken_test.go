package runs

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"failback/engine"
	"failback/engine/journal"
)

// written leaves the journal of a run that marked its item damaged.
func damagedRun(t *testing.T, s *Store) (engine.RunID, string) {
	t.Helper()
	id := newRunID(time.Now())
	dir, err := s.create(id)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, journal.FileName)
	w, err := journal.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	st := engine.NewStream(id, engine.State{}, w, silent{}, nil)
	for _, b := range []engine.Body{engine.StreamOpened{Schema: 1}, engine.RunPlanned{Plan: plan()}, engine.RunStarted{}} {
		if err := st.Emit("", engine.PhaseNone, b); err != nil {
			t.Fatal(err)
		}
	}
	for _, b := range []engine.Body{engine.PhaseStarted{}, engine.DamageMarked{Reason: "the sync was cancelled"}, engine.Noted{Text: "n"}, engine.Noted{Text: "m"}} {
		if err := st.Emit("web01", engine.PhasePreflight, b); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return id, path
}

type silent struct{}

func (silent) Publish(engine.Event) {}

// S68: a damaged VM stays marked also where the end of the journal that says so
// can't be read any more: what was whole before still counts.
func TestS68DamageOutlivesABrokenJournal(t *testing.T) {
	s, _ := manager(t, blocking)
	id, path := damagedRun(t, s)
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)-10] ^= 1
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := s.State(id); err == nil {
		t.Fatal("the journal is read: the test shows nothing")
	}
	got, err := s.Damaged()
	if d, ok := got["/items/web01"]; err != nil || !ok || d.Run != id || !strings.Contains(d.Reason, "cancelled") {
		t.Errorf("%+v, %v", got, err)
	}
}

// A run whose process died before its plan was written was never begun: a resume
// says so, and does not succeed at nothing.
func TestARunWithoutAPlanIsNotResumed(t *testing.T) {
	for name, bodies := range map[string][]engine.Body{"empty": nil, "only opened": {engine.StreamOpened{Schema: 1}}} {
		t.Run(name, func(t *testing.T) {
			s, m := manager(t, blocking)
			id := newRunID(time.Now())
			dir, err := s.create(id)
			if err != nil {
				t.Fatal(err)
			}
			w, err := journal.Create(filepath.Join(dir, journal.FileName))
			if err != nil {
				t.Fatal(err)
			}
			st := engine.NewStream(id, engine.State{}, w, silent{}, nil)
			for _, b := range bodies {
				if err := st.Emit("", engine.PhaseNone, b); err != nil {
					t.Fatal(err)
				}
			}
			if err := w.Close(); err != nil {
				t.Fatal(err)
			}
			if _, err := m.Resume(t.Context(), id); engine.KindOf(err) != engine.FailureRefused || !strings.Contains(err.Error(), "start") {
				t.Errorf("resume: %v", err)
			}
			if list, err := s.List(); err != nil || len(list) != 1 || list[0].Resumable {
				t.Errorf("listed %+v, %v", list, err)
			}
		})
	}
}
