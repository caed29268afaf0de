package cli

import (
	"strings"
	"testing"
	"time"

	"failback/engine"
)

// S16: show tells the forecast, what is left while somebody drives the run, and
// nothing of the kind for a run that nobody drives.
func TestS16ShowTellsTheForecastAndWhatIsLeft(t *testing.T) {
	begun := time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC)
	st := engine.State{
		Plan: engine.Plan{Direction: engine.ToOnPremises, Sync: engine.SyncDelta},
		Forecast: &engine.ForecastMade{Bytes: 1 << 30, Total: engine.Spread{P50: 1800, P90: 3600}, Downtime: engine.Spread{P50: 300, P90: 600},
			Phases: []engine.PhaseForecast{{Phase: engine.PhasePrepare, Spread: engine.Spread{P50: 60, P90: 120}}, {Phase: engine.PhaseInitialSync, Spread: engine.Spread{P50: 1200, P90: 2400}}}},
		Legs: []*engine.Leg{{
			Item: engine.PlanItem{Name: "web01"}, Direction: engine.ToOnPremises, Mode: engine.ModeRunning,
			Steps:  []engine.Step{{Phase: engine.PhaseInitialSync}},
			Phases: map[engine.Phase]engine.PhaseRecord{engine.PhaseInitialSync: {Status: engine.StatusRunning, Started: begun, Tries: 1}},
		}},
	}
	lines := strings.Join(forecastLines(st), "\n")
	if !strings.Contains(lines, "downtime 5 min to 10 min, in total 30 min to 1 h") || strings.Contains(lines, "came out") {
		t.Errorf("%s", lines)
	}
	v := newRunView(st, true, begun.Add(5*time.Minute))
	if l := v.Legs[0].Left; l == nil || l.P50 < 890 || l.P50 > 920 || l.P90 < 2090 || l.P90 > 2120 || l.Until != "the switch" || !l.Estimate || v.Forecast == nil {
		t.Errorf("left %+v", l)
	}
	if l := newRunView(st, false, begun.Add(5*time.Minute)).Legs[0].Left; l != nil {
		t.Errorf("of a run that nobody drives %+v is left", l)
	}
}
