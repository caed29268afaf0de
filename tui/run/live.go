// Package run is the live screen of a run: phases, power of both sides, downtime,
// transfer, log, and the dialogs in which an operator decides. It draws an
// [engine.State] that it is handed and holds no run state of its own; what the
// operator decides leaves it as a message.
package run

import (
	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/dialog"
	"failback/tui/keymap"
	"failback/tui/look"
)

// DecideMsg is an approval at a gate. It is answered with [Live.Decided].
type DecideMsg struct {
	Item     string
	Decision engine.Decision
}

// LookMsg is what a person saw of the machine of an item, without a decision.
type LookMsg struct {
	Item    string
	By, Saw string
}

// CancelMsg asks to cancel the leg of an item. It is answered with
// [Live.Cancelled].
type CancelMsg struct {
	Item   string
	Reason string
}

// DetachMsg says that the operator leaves and the run goes on.
type DetachMsg struct{}

// OutcomeMsg says that the operator wants to see how the run ended.
type OutcomeMsg struct{}

// panel is what the lower part of the screen shows.
type panel int

const (
	panelPhases panel = iota
	panelLog
	panelTasks
	panelFindings
	panelTimes
)

// Live is the screen. Use it through a pointer, on the update loop alone.
type Live struct {
	look  look.Look
	user  string
	watch string // why nothing is decided here; "" where it is
	state engine.State
	tick  look.Tick

	traffic func() engine.Traffic // nil where nobody counts
	asked   engine.Traffic        // at the last tick

	selected int
	list     list
	item     bool      // of many items, one is open
	rates    []float64 // of all items together
	news     int       // how often the run was handed over
	times    drawnTimes
	laid     laid
	panel    panel
	scroll   look.Scroll // lines from where the panel begins: the log at its end, others at the top
	notice   string
	lost     string // why the screen can't follow the run any more

	gate   *gateDialog
	cancel *cancelDialog
	leave  *dialog.Choice
	aside  map[string]bool // gates that were put aside
	opened int             // dialogs opened so far
}

// New makes the screen; user is who decides.
func New(l look.Look, user string) *Live {
	return &Live{look: l, user: user, aside: map[string]bool{}}
}

// Watching makes a screen that only shows: no question comes up, and the keys that
// decide say why they do nothing.
func Watching(l look.Look, why string) *Live {
	r := New(l, "")
	r.watch = why
	return r
}

// Title names the screen.
func (r *Live) Title() string { return "Run " + string(r.state.Run) }

// Scope names the keys of the screen.
func (r *Live) Scope() keymap.Scope { return keymap.ScopeRun }

// Modal reports whether a dialog takes all keys.
func (r *Live) Modal() bool {
	return r.gate != nil || r.cancel != nil || r.leave != nil || r.list.typing
}

// Show hands the screen the run as it is now. A gate that has opened since asks
// its question, unless another one is being answered or it was put aside.
func (r *Live) Show(s engine.State) tea.Cmd {
	r.state = s
	r.news++
	r.arrange()
	if r.many() {
		r.rates = ratesOfAll(s)
	}
	r.closeAnswered()
	if r.Modal() || s.Ended() || r.watch != "" {
		return nil
	}
	for i, l := range s.Legs {
		if waits(l) && !r.aside[gateKey(l)] && (!r.many() || s.Plan.Shared(l.Gate.Gate)) {
			r.selected = i
			return r.openGate(l)
		}
	}
	return nil
}

// closeAnswered closes a dialog whose question is not open any more: somebody
// else answered it, or the leg ended.
func (r *Live) closeAnswered() {
	if r.gate != nil {
		l := r.state.Leg(r.gate.item)
		if l == nil || !waits(l) || gateKey(l) != r.gate.key {
			if l != nil && !r.gate.form.Busy {
				r.notice = "The question about " + r.gate.item + " was answered elsewhere."
			}
			r.gate = nil
		}
	}
	if r.cancel != nil {
		if l := r.state.Leg(r.cancel.item); r.cancel.item == "" && r.cancellable() == nil || r.cancel.item != "" && (l == nil || l.Mode == engine.ModeEnded) {
			r.cancel = nil
		}
	}
}

func (r *Live) leg() *engine.Leg {
	if r.selected < len(r.state.Legs) {
		return r.state.Legs[r.selected]
	}
	return nil
}

// Update takes in a message: a dialog first, then the screen's keys.
func (r *Live) Update(msg tea.Msg) tea.Cmd {
	if t, ok := msg.(look.Tick); ok {
		r.tick = t
		if r.traffic != nil {
			r.asked = r.traffic()
		}
		return nil
	}
	k, isKey := msg.(tea.KeyMsg)
	switch {
	case r.leave != nil && isKey:
		return r.keyLeave(k)
	case r.cancel != nil:
		return r.updateCancel(msg)
	case r.gate != nil:
		return r.updateGate(msg)
	case r.list.typing && isKey:
		return r.keyFilter(k)
	case isKey:
		r.notice = ""
		return r.key(k)
	}
	return nil
}

func (r *Live) key(k tea.KeyMsg) tea.Cmd {
	switch {
	case r.watch != "" && (keymap.Decide.Is(k) || keymap.Cancel.Is(k)):
		r.notice = "Not now: " + r.watch + "."
	case keymap.Decide.Is(k):
		return r.decideAgain()
	case keymap.Cancel.Is(k):
		return r.askCancel()
	case keymap.Log.Is(k):
		r.turn(panelLog)
	case keymap.Tasks.Is(k):
		r.turn(panelTasks)
	case keymap.Checks.Is(k):
		r.turn(panelFindings)
	case keymap.Times.Is(k):
		r.turn(panelTimes)
	case r.many() && r.keyList(k):
	case keymap.Up.Is(k):
		r.move(-1)
	case keymap.Down.Is(k):
		r.move(1)
	case keymap.PageUp.Is(k):
		r.scrollBy(-10)
	case keymap.PageDown.Is(k):
		r.scrollBy(10)
	case keymap.Back.Is(k) && r.Back():
	case (keymap.Back.Is(k) || keymap.Choose.Is(k)) && r.state.Ended() && r.watch == "":
		return func() tea.Msg { return OutcomeMsg{} }
	case keymap.Back.Is(k):
		r.notice = "The run goes on. ctrl+c leaves it running and exits."
	}
	return nil
}

// Quiet takes back what was said above the phases.
func (r *Live) Quiet() { r.notice = "" }

// Back closes what is open over the phases and reports whether something was.
func (r *Live) Back() bool {
	switch {
	case r.panel != panelPhases:
		r.turn(panelPhases)
	case r.item:
		r.item = false
	case r.list.filter != nil:
		r.list.filter = nil
		r.arrange()
	default:
		return false
	}
	return true
}

func (r *Live) turn(p panel) {
	r.scroll.Reset()
	if r.panel == p {
		p = panelPhases
	}
	r.panel = p
}

func (r *Live) move(by int) {
	if r.panel != panelPhases {
		r.scrollBy(by)
		return
	}
	r.moveRows(by)
}

// scrollBy moves the panel by lines, down for positive ones.
func (r *Live) scrollBy(lines int) {
	if r.panel == panelLog {
		lines = -lines
	}
	r.scroll.Move(lines)
}

// Interrupt is ctrl+c: the first asks, the second leaves the run running.
func (r *Live) Interrupt() tea.Cmd {
	if r.leave != nil {
		return r.detach()
	}
	cancelOff := ""
	if r.cancellable() == nil {
		cancelOff = "too late, the switch has been made"
	}
	r.leave = &dialog.Choice{
		Title: "Leave?",
		Lines: []dialog.Line{
			{Text: "Leaving cancels nothing: the Azure jobs go on, and this run can be resumed. No gate is answered while nobody drives it."},
			{Tone: dialog.Quiet, Text: "ctrl+c again leaves at once."},
		},
		Options: []dialog.Option{
			{Label: "Stay"},
			{Label: "Leave it running and exit (detach)"},
			{Label: "Cancel the failback …", Off: cancelOff},
		},
	}
	return nil
}

func (r *Live) keyLeave(k tea.KeyMsg) tea.Cmd {
	answer, option := r.leave.Update(k)
	switch answer {
	case dialog.Unanswered:
		return nil
	case dialog.Aside:
		r.leave = nil
		return nil
	case dialog.Submitted:
	}
	r.leave = nil
	switch option {
	case 1:
		return r.detach()
	case 2:
		return r.askCancel()
	}
	return nil
}

// Lost says that the screen can't follow the run any more. The run goes on.
func (r *Live) Lost(why string) { r.lost = why }

func (r *Live) detach() tea.Cmd { return func() tea.Msg { return DetachMsg{} } }
