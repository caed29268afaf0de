// Package wizard asks what a failback needs and makes a plan of the answers:
// direction, items, synchronisation option, certificate where it applies,
// target, preflight, review. It starts nothing: it says [StartMsg] and is done.
package wizard

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/engine/estimate"
	"failback/tui/keymap"
	"failback/tui/look"
)

// Services are what the steps ask of the outside. The functions are called in
// commands, off the update loop.
type Services struct {
	Owner       string // who plans, user@host
	Check       func(ctx context.Context, p engine.Plan, emit func(item string, f engine.Finding)) error
	Forecast    func(ctx context.Context, items []engine.Item) (estimate.Forecasts, error)
	Certificate func(path, password string) (*engine.Certificate, error)
	// ForecastPlan predicts a plan without Site Recovery; nil predicts none.
	ForecastPlan func(ctx context.Context, p engine.Plan) (engine.ForecastMade, error)
}

// StartMsg says that the operator confirmed the plan. Certificate is what its
// thumbprint names, where the direction sends it; nil otherwise.
type StartMsg struct {
	Plan        engine.Plan
	Certificate *engine.Certificate
}

// LeaveMsg says that the operator went back from the first step.
type LeaveMsg struct{}

// step is one question.
type step interface {
	name() string
	// applies reports whether the question is asked for what was answered.
	applies(Draft) bool
	// enter rebuilds the step from the draft.
	enter(*Wizard) tea.Cmd
	update(*Wizard, tea.Msg) tea.Cmd
	view(w *Wizard, width, height int) []string
	hints(*Wizard) []keymap.Binding
	// typing reports whether letters are typed, not commands.
	typing() bool
}

// Wizard is the screen. Use it through a pointer, on the update loop alone.
type Wizard struct {
	look     look.Look
	ctx      context.Context
	leave    context.CancelFunc
	conn     *engine.Connection
	services Services
	repair   *engine.Plan

	draft  Draft
	world  inventory
	coming *coming // while the vault is read
	steps  []step
	at     int
	gen    int
	tick   look.Tick
	notice string // why a key did nothing
	done   bool
}

// New makes a wizard over an open connection. Its commands end with ctx, and
// when it is closed.
func New(ctx context.Context, l look.Look, c *engine.Connection, s Services) *Wizard {
	ctx, leave := context.WithCancel(ctx)
	return &Wizard{
		look: l, ctx: ctx, leave: leave, conn: c, services: s,
		steps: []step{&directionStep{}, &itemsStep{}, &jobStep{}, &pointStep{}, &syncStep{}, &certificateStep{}, &targetStep{}, &directStep{}, &preflightStep{}, &reviewStep{}},
	}
}

// Repair makes a wizard that begins at the preflight of an earlier plan.
func Repair(ctx context.Context, l look.Look, c *engine.Connection, s Services, p engine.Plan) *Wizard {
	w := New(ctx, l, c, s)
	w.repair = &p
	return w
}

// Close ends what the wizard still waits for.
func (w *Wizard) Close() { w.leave() }

// Init begins by reading the vault.
func (w *Wizard) Init() tea.Cmd { return w.loadInventory() }

// Title names the screen.
func (w *Wizard) Title() string { return "Plan a failback" }

// Scope names the keys of the screen.
func (w *Wizard) Scope() keymap.Scope { return keymap.ScopePlan }

// Modal reports whether letters are typed now.
func (w *Wizard) Modal() bool {
	if w.coming != nil {
		return w.coming.list.Typing()
	}
	return w.world.ready() && w.step().typing()
}

func (w *Wizard) step() step { return w.steps[w.at] }

// Update takes in a message.
func (w *Wizard) Update(msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case look.Tick:
		w.tick = m
		return nil
	case itemsCameMsg:
		return w.itemsCame(m)
	case inventoryMsg:
		return w.inventoryCame(m)
	case tea.KeyMsg:
		w.notice = ""
		if !w.world.ready() {
			return w.keyWhileLoading(m)
		}
		if keymap.Quit.Is(m) && !w.step().typing() {
			w.notice = "Still here: esc goes back, ctrl+c leaves."
			return nil
		}
	}
	if !w.world.ready() || w.done {
		return nil
	}
	return w.step().update(w, msg)
}

func (w *Wizard) keyWhileLoading(k tea.KeyMsg) tea.Cmd {
	switch {
	case w.coming != nil && w.coming.list.Key(k):
	case keymap.Back.Is(k):
		return w.goBackFromStart()
	case keymap.Again.Is(k) && w.world.err != nil:
		return w.loadInventory()
	case keymap.OtherMachine.Is(k) && w.world.err != nil && w.conn.Direct != nil && w.repair == nil:
		return w.withoutVault()
	}
	return nil
}

func (w *Wizard) goBackFromStart() tea.Cmd {
	w.Close()
	return func() tea.Msg { return LeaveMsg{} }
}

// forward goes to the next question that applies.
func (w *Wizard) forward() tea.Cmd {
	for i := w.at + 1; i < len(w.steps); i++ {
		if w.steps[i].applies(w.draft) {
			w.at = i
			return w.steps[i].enter(w)
		}
	}
	return nil
}

// back goes to the question before, and from the first one leaves.
func (w *Wizard) back() tea.Cmd {
	for i := w.at - 1; i >= 0; i-- {
		if w.steps[i].applies(w.draft) {
			w.at = i
			return w.steps[i].enter(w)
		}
	}
	return w.goBackFromStart()
}

// start hands the plan over, once.
func (w *Wizard) start(p engine.Plan) tea.Cmd {
	w.done = true
	msg := StartMsg{Plan: p}
	if !w.draft.failback() {
		msg.Certificate = w.draft.certificate
	}
	return func() tea.Msg { return msg }
}

// Refused lets the operator try again after the start was refused.
func (w *Wizard) Refused(err error) {
	w.done = false
	w.notice = w.look.Failure(err)
}
