package runs

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"failback/engine"
	"failback/engine/journal"
)

// A run keeps its forecast before anything is done, once, and does without it where
// none can be made.
func TestS16ARunKeepsItsForecast(t *testing.T) {
	for name, c := range map[string]struct {
		forecast func(context.Context, engine.Plan) (engine.ForecastMade, error)
		note     string
	}{
		"made": {func(context.Context, engine.Plan) (engine.ForecastMade, error) {
			return engine.ForecastMade{Bytes: 7}, nil
		}, ""},
		"not to be": {func(context.Context, engine.Plan) (engine.ForecastMade, error) {
			return engine.ForecastMade{}, errors.New("no vault")
		}, "no vault"},
		"broken": {func(context.Context, engine.Plan) (engine.ForecastMade, error) { panic("a bug") }, "a bug"},
	} {
		t.Run(name, func(t *testing.T) {
			begins := make(chan struct{}, 9)
			s, m := manager(t, func(ctx context.Context, p engine.Ports, plan engine.Plan, it engine.PlanItem, emit func(engine.Finding)) error {
				begins <- struct{}{}
				return waiting(ctx, p, plan, it, emit)
			})
			asked := 0
			m.set.Forecast = func(ctx context.Context, p engine.Plan) (engine.ForecastMade, error) {
				asked++
				return c.forecast(ctx, p)
			}
			h, err := m.Start(t.Context(), plan())
			if err != nil {
				t.Fatal(err)
			}
			<-begins
			h.Detach()
			<-h.Done()
			if h, err = m.Resume(t.Context(), h.ID()); err != nil {
				t.Fatal(err)
			}
			h.Detach()
			<-h.Done()
			events, err := s.Events(h.ID())
			if err != nil {
				t.Fatal(err)
			}
			st := h.State()
			made := slices.IndexFunc(events, func(e engine.Event) bool { return e.Type() == engine.ForecastMade{}.Type() })
			begun := slices.IndexFunc(events, func(e engine.Event) bool { return e.Item != "" })
			switch {
			case asked != 1:
				t.Errorf("asked %d times", asked)
			case c.note == "" && (made < 0 || made > begun || st.Forecast == nil || st.Forecast.Bytes != 7):
				t.Errorf("made at %d, begun at %d, %+v", made, begun, st.Forecast)
			case c.note != "" && (made >= 0 || !slices.ContainsFunc(st.Log, func(l engine.LogLine) bool { return strings.Contains(l.Text, c.note) })):
				t.Errorf("no note: %v", st.Log)
			}
		})
	}
}

// Journals are the source of what was measured: also of a run that goes on, and as far
// as a damaged one can be read.
func TestS16PastIsReadFromTheJournals(t *testing.T) {
	s, _ := manager(t, blocking)
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
	at := time.Now()
	st := engine.NewStream(id, engine.State{}, w, silent{}, func() time.Time { at = at.Add(time.Minute); return at })
	for _, b := range []engine.Body{engine.StreamOpened{Schema: 1}, engine.RunPlanned{Plan: plan()}, engine.RunStarted{}} {
		if err := st.Emit("", engine.PhaseNone, b); err != nil {
			t.Fatal(err)
		}
	}
	for _, p := range []engine.Phase{engine.PhasePreflight, engine.PhasePrepare, engine.PhaseInitialSync} {
		for _, b := range []engine.Body{engine.PhaseStarted{}, engine.PhaseFinished{}} {
			if err := st.Emit("web01", p, b); err != nil {
				t.Fatal(err)
			}
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	if past := s.Past(); len(past) != 1 || past[0].Prepare != 60 || past[0].Initial != 60 || past[0].Host != "hv01" {
		t.Fatalf("%+v", past)
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)-10] ^= 1
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if past := s.Past(); len(past) != 1 || past[0].Prepare != 60 || past[0].Initial != 0 {
		t.Errorf("of a journal whose last line is damaged: %+v", past)
	}
}
