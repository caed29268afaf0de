package tui_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui"
	"failback/tui/theme"
	"failback/tui/tuitest"
)

var recordedAt = time.Date(2026, 3, 14, 22, 15, 0, 0, time.UTC)

func recorded(t *testing.T) []engine.Event {
	t.Helper()
	return tuitest.Recorded(t, "delta-run", func() []engine.Event {
		return tuitest.Record(tuitest.Plan(engine.SyncDelta, "web01"), recordedAt)
	})
}

// upTo cuts events after the n-th that match.
func upTo(t *testing.T, events []engine.Event, n int, match func(engine.Event) bool) []engine.Event {
	t.Helper()
	for i, e := range events {
		if match(e) {
			if n--; n == 0 {
				return events[:i+1]
			}
		}
	}
	t.Fatal("the recorded run has no such event")
	return nil
}

func progress(p engine.Phase) func(engine.Event) bool {
	return func(e engine.Event) bool {
		_, ok := e.Body.(engine.SyncProgress)
		return ok && e.Phase == p
	}
}

func gate(g engine.Gate) func(engine.Event) bool {
	return func(e engine.Event) bool {
		b, ok := e.Body.(engine.GateOpened)
		return ok && b.Gate == g
	}
}

func finished(e engine.Event) bool {
	_, ok := e.Body.(engine.RunFinished)
	return ok
}

// still are options under which two looks at one state give one picture.
func still(h *tuitest.Handle, ascii bool) tui.Options {
	now := h.State().Updated.Add(3 * time.Second)
	return tui.Options{Start: tui.StartRun(h), Theme: theme.None, NoMotion: true, ASCII: ascii, Now: func() time.Time { return now }}
}

func replay(t *testing.T, events []engine.Event, ascii bool, f func(*tuitest.Driver)) {
	t.Helper()
	var h *tuitest.Handle
	tuitest.Run(t, func() tea.Model {
		h = tuitest.Replay(events)
		return tui.New((&tuitest.World{}).Deps(), still(h, ascii))
	}, func() { h.Detach() }, f)
}

func TestLiveGoldens(t *testing.T) {
	events := recorded(t)
	cuts := []struct {
		name string
		n    int
		at   func(engine.Event) bool
	}{
		{"initial-sync", 6, progress(engine.PhaseInitialSync)},
		{"gate-complete", 1, gate(engine.GateComplete)},
		{"final-sync", 5, progress(engine.PhaseFinalSync)},
		{"gate-commit", 1, gate(engine.GateCommit)},
		{"outcome", 1, finished},
	}
	for _, c := range cuts {
		t.Run(c.name, func(t *testing.T) {
			replay(t, upTo(t, events, c.n, c.at), false, func(d *tuitest.Driver) {
				d.Advance(3 * time.Second).Golden("live-" + c.name + "-80x24")
				d.Size(120, 40).Golden("live-" + c.name + "-120x40")
			})
		})
	}
}

// The findings begin at the first one and count what does not fit; the log ends
// with the news. Of a run that has ended nobody says that it goes on.
func TestPanelsOfTheLiveScreen(t *testing.T) {
	events := upTo(t, recorded(t), 1, progress(engine.PhaseInitialSync))
	for i := range 30 {
		events = tuitest.Then(events, "web01", engine.PhasePreflight, engine.PreflightChecked{Finding: engine.Finding{
			Rule: fmt.Sprint("r", i), Title: fmt.Sprintf("Rule %02d holds", i), Verdict: engine.VerdictOK, Observed: "so"}})
	}
	replay(t, events, false, func(d *tuitest.Driver) {
		d.Advance(3*time.Second).Press("f").Refuse("Rule 29").Expect("more, pgdn").
			Press("pgdown", "pgdown", "pgdown").Expect("Rule 29").Press("pgup", "pgup", "pgup", "esc").Expect("Downtime")
	})
	replay(t, recorded(t), false, func(d *tuitest.Driver) {
		d.Advance(3 * time.Second).Expect("is home").Press("l").Advance(time.Second).Press("l").Expect("run succeeded").
			Press("esc").Expect("00:02:02 of 10 min").Press("esc").Advance(time.Second).Refuse("goes on").Expect("is home")
	})
}

func TestLiveGoldenASCII(t *testing.T) {
	replay(t, upTo(t, recorded(t), 5, progress(engine.PhaseFinalSync)), true, func(d *tuitest.Driver) {
		d.Advance(3 * time.Second).Golden("live-final-sync-ascii-80x24")
	})
}

func TestLiveGoldenSeveralItems(t *testing.T) {
	events := tuitest.Record(tuitest.Plan(engine.SyncDelta, "web01", "db01", "crm01"), recordedAt)
	replay(t, upTo(t, events, 3, progress(engine.PhaseFinalSync)), false, func(d *tuitest.Driver) {
		d.Advance(3 * time.Second)
		asideAll(d, 2)
		d.Golden("live-several-80x24")
		d.Size(140, 40).Golden("live-several-140x40")
		d.Press("down").Expect("db01  ")
	})
}

func TestDowntimeAndPowerAreAlwaysInSight(t *testing.T) {
	replay(t, upTo(t, recorded(t), 5, progress(engine.PhaseFinalSync)), false, func(d *tuitest.Driver) {
		d.Advance(time.Second)
		for _, size := range [][2]int{{200, 60}, {120, 40}, {80, 24}, {60, 20}, {44, 14}} {
			d.Size(size[0], size[1]).Expect("DOWNTIME 00:01:", "Azure VM", "On-premises VM", "deallocated")
		}
		d.Size(80, 24).Press("l").Expect("DOWNTIME 00:01:", "Log")
	})
}

func TestProgressIsLabelledAsAnEstimate(t *testing.T) {
	replay(t, upTo(t, recorded(t), 6, progress(engine.PhaseInitialSync)), false, func(d *tuitest.Driver) {
		d.Advance(time.Second).Expect("agent, estimate", "30.0 GiB of 40.0 GiB", "/s")
	})
	replay(t, upTo(t, recorded(t), 1, func(e engine.Event) bool {
		_, ok := e.Body.(engine.PhaseStarted)
		return ok && e.Phase == engine.PhaseInitialSync
	}), false, func(d *tuitest.Driver) {
		d.Advance(time.Second).Expect("Initial sync").Refuse("Transfer", "MiB/s")
	})
}

// asideAll puts the questions of n items aside.
func asideAll(d *tuitest.Driver, n int) {
	for range n {
		d.Advance(time.Second).Press("esc")
	}
}

// Foreign text can't move the cursor or turn the reading direction.
func TestForeignTextIsHarmless(t *testing.T) {
	p := tuitest.Plan(engine.SyncDelta, "web01")
	p.Items[0].Name = "we\x1b[2Jb\u202e01"
	events := tuitest.Record(p, recordedAt)
	replay(t, upTo(t, events, 6, progress(engine.PhaseInitialSync)), false, func(d *tuitest.Driver) {
		view := d.Advance(time.Second).Expect("we[2Jb01").View()
		if strings.ContainsAny(view, "\x1b\u202e") {
			t.Errorf("the screen holds control characters:\n%q", view)
		}
	})
}
