package tui_test

import (
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"failback/engine"
	"failback/tui"
	"failback/tui/theme"
	"failback/tui/tuitest"
)

// A failure is shown in its four parts, on the live screen and at the end, and
// the run can be gone on with.
func TestFailureSaysWhatWhereWhyAndWhatNow(t *testing.T) {
	events := upTo(t, recorded(t), 5, progress(engine.PhaseFinalSync))
	events = tuitest.Then(events, "web01", engine.PhaseFinalSync, engine.PhaseFailed{Failure: &engine.Failure{
		Kind: engine.FailureJob, What: "final sync", Where: "web01, job 9d1e55c4", Code: "28031",
		Why: "The virtual machine couldn't be written.", Remedy: "Free space on hv01, then go on with the run.",
	}})
	replay(t, events, false, func(d *tuitest.Driver) {
		d.Advance(time.Second).Expect("final sync failed: web01, job 9d1e55c4", "28031: The virtual machine", "now: Free space on hv01").
			Expect("DOWNTIME 00:01:").Golden("live-failed-80x24")
	})
	events = tuitest.Then(events, "web01", "", engine.LegFinished{Outcome: engine.OutcomeFailed})
	events = tuitest.Then(events, "", "", engine.RunFinished{Outcome: engine.OutcomeFailed})
	replay(t, events, false, func(d *tuitest.Driver) {
		d.Advance(time.Second).Expect("web01 is not home.", "28031", "Free space on hv01", "go on with the run", "not over", "neither side runs").
			Golden("outcome-failed-80x24")
		d.Press("R").Advance(time.Second).Expect("the run has ended; now: start a new one")
	})
}

// A downtime over the budget is said in words, on the state line.
func TestOverrunIsSaid(t *testing.T) {
	events := upTo(t, recorded(t), 5, progress(engine.PhaseFinalSync))
	h := tuitest.Replay(events)
	late := h.State().Updated.Add(10 * time.Minute)
	tuitest.Run(t, func() tea.Model {
		h = tuitest.Replay(events)
		return tui.New((&tuitest.World{}).Deps(), tui.Options{Start: tui.StartRun(h), Theme: theme.None, NoMotion: true, Now: func() time.Time { return late }})
	}, func() { h.Detach() }, func(d *tuitest.Driver) {
		d.Advance(time.Second).Expect("DOWNTIME 00:11:26, OVER budget by 1 min 26 s", "last news 10 min ago")
	})
}

// Without colour nothing is lost: the words and symbols are the same.
func TestColourCarriesNoMeaningAlone(t *testing.T) {
	t.Setenv("CLICOLOR_FORCE", "1")
	t.Setenv("COLORTERM", "truecolor")
	t.Setenv("TERM", "xterm-256color")
	t.Setenv("NO_COLOR", "")
	events := upTo(t, recorded(t), 1, gate(engine.GateCommit))
	views := map[theme.Name]string{}
	for _, name := range []theme.Name{theme.None, theme.Dark, theme.Light, theme.Sixteen} {
		var h *tuitest.Handle
		tuitest.Run(t, func() tea.Model {
			h = tuitest.Replay(events)
			o := still(h, false)
			o.Theme = name
			return tui.New((&tuitest.World{}).Deps(), o)
		}, func() { h.Detach() }, func(d *tuitest.Driver) {
			view := d.Advance(3 * time.Second).View()
			if coloured := view != ansi.Strip(view); coloured != (name != theme.None) {
				t.Errorf("%s: coloured is %v", name, coloured)
			}
			views[name] = ansi.Strip(view)
		})
	}
	for name, v := range views {
		if v != views[theme.None] {
			t.Errorf("%s says something else:\n%s\nthan\n%s", name, v, views[theme.None])
		}
	}
}
