package tui_test

import (
	"bytes"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/exp/teatest"

	"failback/engine"
	"failback/tui"
	"failback/tui/theme"
	"failback/tui/tuitest"
)

// flow is a wizard driven through teatest: real program, real time. It waits for
// text before every key, and what is asserted is the final model.
type flow struct {
	t  *testing.T
	tm *teatest.TestModel
}

func begin(t *testing.T, w *tuitest.World, start tui.Start) flow {
	t.Helper()
	t.Cleanup(w.Close)
	m := tui.New(w.Deps(), tui.Options{Start: start, Theme: theme.None, NoMotion: true})
	return flow{t, teatest.NewTestModel(t, m, teatest.WithInitialTermSize(100, 30))}
}

func (f flow) see(text string) flow {
	f.t.Helper()
	teatest.WaitFor(f.t, f.tm.Output(), func(b []byte) bool { return bytes.Contains(b, []byte(text)) },
		teatest.WithDuration(10*time.Second), teatest.WithCheckInterval(10*time.Millisecond))
	return f
}

func (f flow) press(keys ...string) flow {
	for _, k := range keys {
		f.tm.Send(tuitest.Key(k))
	}
	return f
}

func (f flow) typed(s string) flow {
	for _, r := range s {
		f.tm.Send(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{r}})
	}
	return f
}

// leave ends the program and returns the last model.
func (f flow) leave(keys ...string) tui.Model {
	f.t.Helper()
	f.press(keys...)
	return f.tm.FinalModel(f.t, teatest.WithFinalTimeout(10*time.Second)).(tui.Model)
}

func shows(t *testing.T, m tui.Model, texts ...string) {
	t.Helper()
	view := m.View()
	for _, s := range texts {
		if !bytes.Contains([]byte(view), []byte(s)) {
			t.Errorf("the last screen does not show %q:\n%s", s, view)
		}
	}
}

// S19, S20, S25, S26: from the list of items to the review are three keys, then
// the name is typed and the plan is what was chosen.
func TestS20DeltaToTheOriginalLocation(t *testing.T) {
	w := tuitest.Estate()
	f := begin(t, w, tui.StartRehearsal).see("Which way").press("enter").see("What comes home?")
	f.press("enter").see("Recommended: delta").press("left", "enter").see("Where does it go?").press("enter").see("to start:")
	f.typed("web01").press("enter").see("Stop Azure and switch").see("not now, it waits")
	f.typed("web01").press("enter").see("Accept and delete the Azure copy").see("not now, it waits")
	f.typed("web01").press("enter").see("Reverse replicate]").see("not now, it waits")
	m := f.press("enter").see("is home.").leave("q")
	shows(t, m, "web01 is home.", "ready for the next failover: yes")
	plans := w.Started()
	if len(plans) != 1 {
		t.Fatalf("%d plans were started", len(plans))
	}
	p := plans[0]
	if p.Direction != engine.ToOnPremises || p.Sync != engine.SyncDelta || p.Target.Alternate || len(p.Items) != 1 || p.Items[0].Name != "web01" || !p.Rehearsal {
		t.Errorf("the plan is %+v", p)
	}
	if r := m.Result(); r.Outcome != engine.OutcomeSucceeded || r.Detached {
		t.Errorf("the result is %+v", r)
	}
}

// S34, S54, S55: full download to another host, created there.
func TestS55FullToAnAlternateHost(t *testing.T) {
	w := tuitest.Estate()
	f := begin(t, w, tui.StartProfile("prod")).see("Which way").press("enter").see("What comes home?")
	f.press("down", "enter").see("Recommended: delta").press("right", "enter").see("Where does it go?")
	f.press("down", "down", "enter").see("to start:").typed("db01").press("enter").see("not now, it waits")
	m := f.leave("ctrl+c", "ctrl+c")
	if !m.Result().Detached {
		t.Errorf("the result is %+v", m.Result())
	}
	p := w.Started()[0]
	if p.Items[0].Name != "db01" || p.Sync != engine.SyncFull || !p.Target.Alternate || p.Target.HostName != "hv02" || !p.Target.CreateVM || p.Profile != "prod" {
		t.Errorf("the plan is %+v", p)
	}
}

func TestBlockedByPreflight(t *testing.T) {
	w := tuitest.Estate()
	w.Findings = append(w.Findings, engine.Finding{Rule: "vm-off", Title: "On-premises VM is off", Verdict: engine.VerdictBlock,
		Observed: "Running", Remedy: "Shut web01 down on hv01 and leave it off."})
	f := begin(t, w, tui.StartRehearsal).see("Which way").press("enter").see("What comes home?").press("enter").see("Recommended: delta")
	f.press("left", "enter").see("Where does it go?").press("enter").see("1 block")
	m := f.press("enter").see("must be put right first").leave("ctrl+c")
	shows(t, m, "block", "Shut web01 down on hv01", "Blocked: 1 finding must be put right")
	if n := len(w.Started()); n != 0 {
		t.Errorf("%d plans were started", n)
	}
	if !m.Result().Interrupted {
		t.Error("ctrl+c did not count as interrupted")
	}
}

func TestS68CancelFlow(t *testing.T) {
	w := tuitest.Estate()
	f := begin(t, w, tui.StartRehearsal).see("Which way").press("enter").see("What comes home?").press("enter").see("Recommended: delta")
	f.press("left", "enter").see("Where does it go?").press("enter").see("to start:").typed("web01").press("enter").see("not now, it waits")
	f.press("esc").see("c cancel").press("c").see("will be DAMAGED").typed("cancel").press("enter")
	m := f.see("run again").leave("q")
	shows(t, m, "DAMAGED", "repair: run again", "web01 is not home.")
	if got := w.Cancels(); len(got) != 1 {
		t.Errorf("cancels are %v", got)
	}
}
