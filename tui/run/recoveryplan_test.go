package run

import (
	"io"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/dialog"
	"failback/tui/glyph"
	"failback/tui/look"
	"failback/tui/theme"
)

// shared is a run of a recovery plan's own job with two legs.
func shared(legs ...*engine.Leg) engine.State {
	return engine.State{
		Plan: engine.Plan{Direction: engine.ToOnPremises, Sync: engine.SyncDelta, RecoveryPlan: "shop", RecoveryPlanID: "/plans/shop"},
		Legs: legs,
	}
}

func legAt(name string, at int, mode engine.Mode, gate *engine.GateOpened) *engine.Leg {
	return &engine.Leg{
		Item: engine.PlanItem{Name: name, Host: "hv01"}, Direction: engine.ToOnPremises, Steps: engine.StepsFor(engine.ToOnPremises, engine.SyncDelta),
		At: at, Mode: mode, Gate: gate, GateSince: time.Unix(1, 0),
	}
}

func typed(r *Live, text string) tea.Cmd {
	for _, c := range text {
		r.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{c}})
	}
	return r.Update(tea.KeyMsg{Type: tea.KeyEnter})
}

func live(s engine.State) *Live {
	r := New(look.Look{T: theme.New(theme.None, io.Discard), G: glyph.ASCII()}, "kim")
	r.Show(s)
	if r.gate != nil {
		r.gate.form.Grace = dialog.Grace{} // keys count at once
	}
	return r
}

// S21: at a shared gate one question is asked for the whole recovery plan, by its
// name; put aside for one item it is put aside for all.
func TestS21ASharedGateIsOneQuestion(t *testing.T) {
	open := &engine.GateOpened{Gate: engine.GateComplete, Consequences: []string{"This is answered once for recovery plan shop: db01, web01."}}
	s := shared(legAt("db01", 3, engine.ModeWaiting, open), legAt("web01", 3, engine.ModeWaiting, open))
	r := live(s)
	if screen := strings.Join(r.View(100, 40), "\n"); !strings.Contains(screen, "Type shop to approve:") || !strings.Contains(screen, "answered once for recovery plan shop") {
		t.Fatalf("the question:\n%s", screen)
	}
	typed(r, "db01")
	if r.gate == nil || r.gate.form.Busy {
		t.Fatal("an item's name was taken for the plan's")
	}
	r = live(s)
	msg, ok := typed(r, "shop")().(DecideMsg)
	if !ok || msg.Decision.Gate != engine.GateComplete || msg.Item != "db01" {
		t.Errorf("decided %+v", msg)
	}
	r = live(s)
	r.Update(tea.KeyMsg{Type: tea.KeyEsc})
	if r.gate != nil {
		t.Errorf("put aside, and asked again for %s", r.gate.item)
	}
}

// S42: a manual action shows its name and what to do, is never called Complete
// failover, and takes a comment along.
func TestS42AManualActionIsAQuestionOfItsOwn(t *testing.T) {
	verb, portal := engine.GateManual.Action(engine.ToOnPremises)
	open := &engine.GateOpened{
		Gate: engine.GateManual, Verb: verb, Portal: portal, Consequences: []string{"Recovery plan shop waits until this is done: look", "Look at the database."},
		Action: &engine.TaskAction{Kind: engine.ActionManual, Name: "look", Text: "Look at the database."},
	}
	s := shared(legAt("db01", 4, engine.ModeRunning, nil), legAt("web01", 4, engine.ModeWaiting, open))
	r := live(s)
	screen := strings.Join(r.View(100, 40), "\n")
	for _, want := range []string{"Manual action done", "look", "Look at the database.", "Type done when it is done:", "What was done:"} {
		if !strings.Contains(screen, want) {
			t.Errorf("without %q:\n%s", want, screen)
		}
	}
	if strings.Contains(screen, "Complete failover") || strings.Contains(screen, "Stop Azure and switch") {
		t.Errorf("another gate's label:\n%s", screen)
	}
	for _, c := range "done" {
		r.Update(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune{c}})
	}
	r.Update(tea.KeyMsg{Type: tea.KeyTab})
	msg, ok := typed(r, "it is online")().(DecideMsg)
	if !ok || msg.Decision.Gate != engine.GateManual || msg.Decision.For != "look" || msg.Decision.Reason != "it is online" {
		t.Errorf("decided %+v", msg)
	}
}

// S68: of a recovery plan's own job only the whole can be cancelled.
func TestS68ACancelIsOfTheWholeRecoveryPlan(t *testing.T) {
	s := shared(legAt("db01", 2, engine.ModeRunning, nil), legAt("web01", 2, engine.ModeRunning, nil))
	for _, l := range s.Legs {
		l.Ops = map[engine.Op]engine.Operation{engine.OpStart: {Op: engine.OpStart, Accepted: true}}
	}
	r := live(s)
	r.askCancel()
	screen := strings.Join(r.View(100, 60), "\n")
	for _, want := range []string{"recovery plan shop", "takes all its machines", "db01 will be DAMAGED", "web01 will be DAMAGED"} {
		if !strings.Contains(screen, want) {
			t.Errorf("without %q:\n%s", want, screen)
		}
	}
	r.Show(s)
	if r.cancel == nil {
		t.Fatal("the question went away by itself")
	}
	if msg, ok := typed(r, cancelWord)().(CancelMsg); !ok || msg.Item != "" {
		t.Errorf("cancels %+v", msg)
	}
}
