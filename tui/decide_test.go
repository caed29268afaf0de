package tui_test

import (
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui"
	"failback/tui/theme"
	"failback/tui/tuitest"
)

// driven shows a run of a world and drives it.
func driven(t *testing.T, p engine.Plan, f func(*tuitest.World, *tuitest.Driver)) {
	t.Helper()
	w := tuitest.Estate()
	tuitest.Run(t, func() tea.Model {
		h, err := w.Deps().Start(t.Context(), nil, p, nil)
		if err != nil {
			t.Fatal(err)
		}
		return tui.New(w.Deps(), tui.Options{Start: tui.StartRun(h), Theme: theme.None, NoMotion: true})
	}, w.Close, func(d *tuitest.Driver) {
		d.Advance(200 * time.Millisecond)
		f(w, d)
	})
}

// Keys that were meant for something else never answer a question that opens by
// itself, however long they go on, up to a bound.
func TestGateIgnoresStrayKeys(t *testing.T) {
	driven(t, tuitest.Plan(engine.SyncDelta, "web01"), func(w *tuitest.World, d *tuitest.Driver) {
		d.Expect("Stop Azure and switch", "Keys count in a moment")
		d.Type("web01").Press("enter")
		d.Advance(400 * time.Millisecond).Type("x").Advance(400 * time.Millisecond)
		d.Expect("Keys count in a moment")
		if n := len(w.Decisions()); n != 0 {
			t.Fatalf("%d decisions were taken by stray keys", n)
		}
		d.Advance(30*time.Millisecond).Refuse("Keys count in a moment").Press("enter", "y", "enter")
		d.Expect(`That is not "web01". Nothing was done.`)
		if n := len(w.Decisions()); n != 0 {
			t.Fatalf("%d decisions were taken without the name", n)
		}
	})
}

func TestGraceEndsUnderAStreamOfKeys(t *testing.T) {
	driven(t, tuitest.Plan(engine.SyncDelta, "web01"), func(_ *tuitest.World, d *tuitest.Driver) {
		for range 14 {
			d.Type("j").Advance(100 * time.Millisecond)
		}
		d.Refuse("Keys count in a moment")
	})
}

// S42, S46, S48, S49: three gates, each its own question with its own label;
// commit records who looked.
func TestS48GatesFromCompleteToTheEnd(t *testing.T) {
	driven(t, tuitest.Plan(engine.SyncDelta, "web01"), func(w *tuitest.World, d *tuitest.Driver) {
		d.Advance(time.Second).Expect("Stop Azure and switch [Complete failover]", "users are cut off")
		d.Type("web01").Press("enter").Advance(2*time.Second).
			Expect("Accept and delete the Azure copy [Commit]", "Boot proven", "every byte of 40.0 GiB equals", "kim@jump01")
		d.Type("web01").Press("enter").Advance(2 * time.Second)
		d.Expect("Re-protect [Reverse replicate]").Press("enter").Advance(2 * time.Second)
		d.Expect("web01 is home.", "every byte", "ready for the next failover: yes").Press("r").Advance(time.Second).
			Expect("report.html")
		got := w.Decisions()
		if len(got) != 3 || got[0].Gate != engine.GateComplete || got[1].Reason != "looked at by kim@jump01" || got[2].Gate != engine.GateReprotect {
			t.Errorf("decisions are %+v", got)
		}
	})
}

func TestGatePutAsideIsAskedAgainByKey(t *testing.T) {
	driven(t, tuitest.Plan(engine.SyncDelta, "web01"), func(_ *tuitest.World, d *tuitest.Driver) {
		d.Advance(time.Second).Press("esc").Advance(5 * time.Second).
			Refuse("Type web01").Expect("web01 waits for a decision: Stop Azure and switch")
		d.Press("d").Expect("Type web01 to approve:")
	})
}

// S4: outside the window an approval needs a reason, which is recorded.
func TestS4ClosedWindowNeedsAReason(t *testing.T) {
	p := tuitest.Plan(engine.SyncDelta, "web01")
	p.Window.Start = time.Date(2000, 1, 1, 4, 0, 0, 0, time.UTC)
	driven(t, p, func(w *tuitest.World, d *tuitest.Driver) {
		d.Advance(time.Second).Expect("The plan's window is closed: from 2000-01-01 04:00 UTC")
		d.Type("web01").Press("enter").Advance(time.Second)
		if len(w.Decisions()) != 0 {
			t.Fatal("approved outside the window without a reason")
		}
		d.Type("storm is coming").Press("enter").Advance(time.Second)
		got := w.Decisions()
		if len(got) != 1 || !got[0].Override || got[0].Reason != "storm is coming" {
			t.Errorf("decisions are %+v", got)
		}
	})
}

// S68 to S71: the cancel says what it damages, why, and how that is repaired,
// before it is asked for.
func TestS68CancelExplainsTheDamageFirst(t *testing.T) {
	driven(t, tuitest.Plan(engine.SyncDelta, "web01"), func(w *tuitest.World, d *tuitest.Driver) {
		d.Advance(time.Second).Press("esc", "c").
			Expect("will be DAMAGED", "half old, half new", "may not boot", "Repair: run the failback again", "The Azure VM runs on")
		d.Press("enter").Type("yes").Press("enter").Expect(`That is not "cancel"`)
		if len(w.Cancels()) != 0 {
			t.Fatal("cancelled without the word")
		}
		for range "yes" {
			d.Press("backspace")
		}
		d.Type("cancel").Press("enter").Advance(time.Second)
		d.Expect("DAMAGED", "Don't start", "repair: run again")
		if got := w.Cancels(); len(got) != 1 || got[0] != "web01" {
			t.Errorf("cancels are %v", got)
		}
		// S71: the repair is one key, with the plan filled in.
		d.Press("R").Advance(2*time.Second).Expect("Type web01 to start:", "Delta")
	})
}

func TestCtrlCAsksAndTheSecondDetaches(t *testing.T) {
	driven(t, tuitest.Plan(engine.SyncDelta, "web01"), func(_ *tuitest.World, d *tuitest.Driver) {
		d.Press("ctrl+c").Expect("Leave?", "Leaving cancels nothing").Press("esc").Refuse("Leave?")
		d.Press("ctrl+c", "ctrl+c").Ended()
		r := d.Model().(tui.Model).Result()
		if !r.Detached || r.Run != "20260101-000000-test0" || r.Outcome != engine.OutcomeNone {
			t.Errorf("the result is %+v", r)
		}
	})
}

func TestDetachByChoice(t *testing.T) {
	driven(t, tuitest.Plan(engine.SyncDelta, "web01"), func(_ *tuitest.World, d *tuitest.Driver) {
		d.Press("ctrl+c", "down", "enter").Ended()
		if r := d.Model().(tui.Model).Result(); !r.Detached {
			t.Errorf("the result is %+v", r)
		}
	})
}

// S63: no two things to decide share a label.
// S63: whatever the direction, no two actions share a label; only the commit of a
// failover to Azure is the same action in both, and has the same term of the portal.
func TestS63NoTwoGatesShareALabel(t *testing.T) {
	type action struct {
		gate engine.Gate
		dir  engine.Direction
	}
	verbs := map[string]action{"Start the run": {}, "Cancel": {}}
	for _, dir := range []engine.Direction{engine.ToOnPremises, engine.ToAzure} {
		portals := map[string]engine.Gate{}
		plan := engine.Plan{Direction: dir, Sync: engine.SyncDelta}
		for _, step := range plan.Steps(engine.PlanItem{CommitFailover: true}) {
			if !step.IsGate() {
				continue
			}
			verb, portal := step.Gate.Action(dir)
			if other, dup := verbs[verb]; dup || verb == "" || portal == "" {
				t.Errorf("%s (%s) and %v share the label %q", step.Gate, dir, other, verb)
			}
			if other, dup := portals[portal]; dup {
				t.Errorf("%s and %s share the portal's term %q in direction %s", step.Gate, other, portal, dir)
			}
			verbs[verb], portals[portal] = action{step.Gate, dir}, step.Gate
		}
	}
	if len(verbs) != 2+4+2 {
		t.Errorf("actions: %v", verbs)
	}
}

func TestHelpOfAQuestionListsItsKeys(t *testing.T) {
	driven(t, tuitest.Plan(engine.SyncDelta, "web01"), func(_ *tuitest.World, d *tuitest.Driver) {
		d.Advance(time.Second).Press("f1").Expect("This question", "not now, it waits", "clear the line").Refuse("findings")
		d.Press("esc").Type("web02").Press("enter").Expect("ctrl+u clears the line").Press("ctrl+u").Type("web01").Expect("approve: web01▌ √")
	})
}
