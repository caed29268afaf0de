package tui_test

import (
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/engine/runs"
	"failback/tui"
	player "failback/tui/replay"
	"failback/tui/theme"
	"failback/tui/tuitest"
)

// played shows the replay of events, paused at its beginning.
func played(t *testing.T, events []engine.Event, ascii bool, f func(*tuitest.Driver)) {
	t.Helper()
	tuitest.Run(t, func() tea.Model {
		p, err := player.New(events)
		if err != nil {
			t.Fatal(err)
		}
		o := tui.Options{Start: tui.StartReplay(p), Theme: theme.None, NoMotion: true, ASCII: ascii, Now: func() time.Time { return recordedAt.Add(9000 * time.Hour) }}
		return tui.New((&tuitest.World{}).Deps(), o)
	}, func() {}, func(d *tuitest.Driver) { f(d.Advance(100*time.Millisecond).Press(" ", "g")) })
}

// A run is played, stopped, gone through by time, by event and by step. The
// counters show the time of then, and no question comes up.
func TestAReplayIsPlayedAndSearched(t *testing.T) {
	played(t, recorded(t), false, func(d *tuitest.Driver) {
		d.Expect("REPLAY", "event 1 of ", "paused 10x", "00:00:00 of ")
		d.Press(" ").Expect("plays 10x").Advance(4*time.Second).Press(" ").Expect("paused", "Initial sync").Refuse("event 1 of")
		d.Press("g", ".", ".", ".").Expect("event 4 of").Press(",").Expect("event 3 of")
		for range 4 { // preflight, prepare, initial sync, gate
			d.Press("n")
		}
		d.Expect("web01 waits for a decision: Stop Azure and switch").Refuse("Type web01").Golden("replay-gate-80x24")
		d.Press("d").Expect("Not now: a replay: nothing is decided here").Refuse("Type web01")
		d.Press("c").Expect("Not now: a replay").Refuse("Type cancel")
		d.Press("?").Expect("decide: not now, a", "replay: nothing is", "next phase, gate or").Press("?")
		d.Press("n", "n", "n", "right").Expect("REPLAY · DOWNTIME 00:0").Golden("replay-downtime-80x24")
		d.Size(120, 40).Golden("replay-downtime-120x40").Size(80, 24)
		d.Press("+").Expect("30x").Press("-", "-", "-").Expect("2x").Press("left").Expect("DOWNTIME")
		d.Press("l").Expect("Log").Press("esc").Refuse("nothing yet").Press("G").Expect("at its end", "The run has ended: succeeded")
		d.Press(" ").Expect("plays", "event 1 of")
		d.Press("esc").Advance(time.Second).Expect("Rehearsal")
	})
}

// However fast, a replay that plays to its end stays there.
func TestAReplayPlaysToItsEnd(t *testing.T) {
	played(t, recorded(t), true, func(d *tuitest.Driver) {
		for range 12 {
			d.Press("+")
		}
		d.Press(" ").Expect("plays 3600x").Advance(5*time.Second).Expect("at its end", "The run has ended").Advance(time.Minute).Expect("at its end")
	})
}

func TestAReplayFitsEverySize(t *testing.T) {
	events := tuitest.Record(tuitest.Plan(engine.SyncDelta, "web01", "db01", "crm01"), recordedAt)
	for _, ascii := range []bool{false, true} {
		played(t, events, ascii, func(d *tuitest.Driver) {
			fits(t, d.Model(), "REPLAY", ascii)
			for range 24 {
				d.Press("n")
			}
			fits(t, d.Model(), "REPLAY", ascii)
		})
	}
}

// A run that is over is played from home and from its outcome, and left to there. A
// journal that can't be played says why.
func TestReplayFromHomeAndOutcome(t *testing.T) {
	w := tuitest.Estate()
	good, bad := engine.RunID("20260314-221500-lab01"), engine.RunID("20260313-221500-lab02")
	w.Summaries = []runs.Summary{{ID: good, Item: "web01", Outcome: engine.OutcomeSucceeded}, {ID: bad, Item: "db01", Outcome: engine.OutcomeFailed}}
	w.Recorded = map[engine.RunID][]engine.Event{good: recorded(t), bad: recorded(t)[5:]}
	atHome(t, w, func(d *tuitest.Driver) {
		d.Press("p").Expect("Rehearsal").Press("G", "p").Advance(time.Second).Expect("can't be played", "it begins with power.changed", "failback verify")
		d.Press("up").Expect("p plays it").Press("p").Advance(time.Second).Expect("REPLAY", "plays 10x").Press("esc").Advance(time.Second).Expect("Reports")
		d.Press("G", "up", "enter").Advance(time.Second).Expect("web01 is home.").Press("p").Advance(time.Second).Expect("REPLAY").
			Press("esc").Advance(time.Second).Expect("web01 is home.")
	})
}

// A run of many items asks nothing by itself and shows the worst first, live and
// played again; esc leads from an item to all of them, and then out.
func TestARunOfManyItems(t *testing.T) {
	events := tuitest.RecordFleet(24, recordedAt)
	for _, ascii := range []bool{false, true} {
		played(t, events, ascii, func(d *tuitest.Driver) {
			d.Press("G").Expect("REPLAY", "24 items", "Failed (1)", "22 done").Press("down", "enter").Expect("28031").Press("esc").Refuse("28031")
			fits(t, d.Model(), "REPLAY", ascii)
			d.Press("T").Expect("Time line: items at once", "runs at its new side")
			fits(t, d.Model(), "REPLAY", ascii)
			d.Press("esc", "/").Type("sql").Expect("Filter sql").Refuse("web000").Press("esc", "p", "p", "p")
			d.Press("esc").Advance(time.Second).Expect("Rehearsal")
		})
	}
	replay(t, upTo(t, events, 9, gate(engine.GateComplete)), false, func(d *tuitest.Driver) {
		d.Advance(3 * time.Second).Expect("Wait for a decision (").Refuse("to approve:")
		d.Press("d").Expect("to approve:").Advance(2 * time.Second).Press("esc").Expect("Wait for a decision (")
	})
}

// The evidence is read from home and from the outcome, and left to there; a journal
// that is no run's says why.
func TestEvidenceFromHomeAndOutcome(t *testing.T) {
	w := tuitest.Estate()
	good, bad := engine.RunID("20260314-221500-lab01"), engine.RunID("20260313-221500-lab02")
	w.Summaries = []runs.Summary{{ID: good, Item: "web01", Outcome: engine.OutcomeSucceeded}, {ID: bad, Item: "db01", Outcome: engine.OutcomeFailed}}
	w.Recorded = map[engine.RunID][]engine.Event{good: recorded(t), bad: recorded(t)[5:]}
	atHome(t, w, func(d *tuitest.Driver) {
		d.Press("G", "v").Advance(time.Second).Expect("evidence can't be read")
		d.Press("up").Expect("v reads its evidence").Press("v").Advance(time.Second).Expect("Evidence of run", "Outcome: succeeded.")
		fits(t, d.Model(), "Evidence of run", false)
		d.Press("/").Type("dispr").Expect("nothing like that").Press("esc", "esc").Advance(time.Second).Expect("Reports")
		d.Press("G", "up", "enter").Advance(time.Second).Expect("web01 is home.").Press("v").Advance(time.Second).Expect("Evidence of run").
			Press("esc").Advance(time.Second).Expect("web01 is home.")
	})
}
