package run

import (
	"io"
	"strings"
	"testing"
	"time"

	"failback/engine"
	"failback/tui/glyph"
	"failback/tui/look"
	"failback/tui/theme"
)

// S41: what is shown says how old it is, what is stale says so where nobody misses
// it, and a throttled connection says until when.
func TestS41TheScreenTellsAgeAndTraffic(t *testing.T) {
	now := time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC)
	leg := &engine.Leg{
		Item: engine.PlanItem{Name: "web01"}, Steps: engine.StepsFor(engine.ToOnPremises, engine.SyncDelta), At: 2, Mode: engine.ModeRunning,
		Job: "j1", Seen: now.Add(-12 * time.Second), Tasks: []engine.TaskChanged{{Job: "j1", Task: engine.Task{Name: "MonitorDataSync", State: engine.TaskStateInProgress}}},
	}
	asked := engine.Traffic{LastMinute: 37, Budget: 240}
	r := New(look.Look{T: theme.New(theme.None, io.Discard), G: glyph.ASCII()}, "kim")
	r.Watch(func() engine.Traffic { return asked })
	r.Show(engine.State{Legs: []*engine.Leg{leg}, Created: now.Add(-time.Minute), Updated: now})
	screen := func() string {
		r.Update(look.Tick{Now: now})
		return strings.Join(r.View(120, 40), "\n") + "\n" + r.Status().Text
	}
	if s := screen(); !strings.Contains(s, "Tasks, as of 12 s ago") || !strings.Contains(s, "Log, 37 of 240 requests a minute") || strings.Contains(s, "OLD") {
		t.Errorf("fresh:\n%s", s)
	}
	leg.Seen = now.Add(-3 * time.Minute)
	asked.Until = now.Add(40 * time.Second)
	s := screen()
	for _, want := range []string{"OLD: as of 3 min", "web01: job as of 3 min", "reads wait until 02:00:40", "throttled until 02:00:40 UTC"} {
		if !strings.Contains(s, want) {
			t.Errorf("stale and throttled, without %q:\n%s", want, s)
		}
	}
	leg.Seen = time.Time{}
	if s := screen(); strings.Contains(s, "as of") {
		t.Errorf("an age that is not known is told:\n%s", s)
	}
}
