package cli

import (
	"bytes"
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine"
	"failback/tui/plain"
)

func spokenRun() []engine.Event {
	at := time.Date(2026, 3, 14, 22, 15, 0, 0, time.UTC)
	plan := engine.Plan{Direction: engine.ToOnPremises, Sync: engine.SyncDelta, Items: []engine.PlanItem{{ID: "/i/web01", Name: "web01"}}}
	var out []engine.Event
	for i, b := range []engine.Body{
		engine.StreamOpened{Schema: 1}, engine.RunPlanned{Plan: plan}, engine.RunStarted{Driver: "kim"}, engine.PhaseStarted{}, engine.PhaseFinished{},
	} {
		e := engine.Event{V: 1, Seq: uint64(i + 1), Time: at, Body: b}
		if i > 2 {
			e.Item, e.Phase = "web01", engine.PhasePreflight
		}
		out = append(out, e)
	}
	out[4].Time = at.Add(10 * time.Minute)
	return out
}

// The events come as far apart as they were, over the pace; what goes on in a long
// pause is said every ten seconds.
func TestARunIsToldAgainAtItsPace(t *testing.T) {
	for _, c := range []struct {
		pace  float64
		takes time.Duration
		still int
	}{{atOnce, 0, 0}, {1, 10 * time.Minute, 59}, {20, 30 * time.Second, 2}, {1e9, 600, 0}} {
		synctest.Test(t, func(t *testing.T) {
			var out bytes.Buffer
			began := time.Now()
			if err := tellAgain(t.Context(), plain.NewText(&out, time.UTC), spokenRun(), c.pace); err != nil {
				t.Fatal(err)
			}
			if took := time.Since(began); took != c.takes {
				t.Errorf("at %v it took %s, not %s", c.pace, took, c.takes)
			}
			if n := strings.Count(out.String(), "still: "); n != c.still {
				t.Errorf("at %v the silence was broken %d times, not %d:\n%s", c.pace, n, c.still, out.String())
			}
		})
	}
}

func TestAReplayInLinesIsInterrupted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		ctx, stop := context.WithTimeout(t.Context(), time.Minute)
		defer stop()
		began := time.Now()
		if err := tellAgain(ctx, plain.NewText(&bytes.Buffer{}, time.UTC), spokenRun(), 1); !errors.Is(err, errInterrupted) {
			t.Errorf("%v", err)
		}
		if took := time.Since(began); took != time.Minute {
			t.Errorf("it ended after %s", took)
		}
	})
}

func TestSpeeds(t *testing.T) {
	for typed, want := range map[string]float64{"max": 0, "0": 0, "1": 1, "2.5": 2.5, "3600": 3600} {
		if got, err := speedOf(typed); err != nil || got != want {
			t.Errorf("%q: %v, %v", typed, got, err)
		}
	}
	for _, typed := range []string{"", "fast", "-1", "0.5", "NaN", "Inf", "1e999", "10x"} {
		if _, err := speedOf(typed); engine.KindOf(err) != engine.FailureUsage {
			t.Errorf("%q: %v", typed, err)
		}
	}
}
