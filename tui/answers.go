package tui

import (
	"context"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/engine/hub"
	"failback/engine/runs"
	"failback/tui/home"
	"failback/tui/jobs"
	"failback/tui/replay"
	"failback/tui/report"
	"failback/tui/run"
	"failback/tui/wizard"
)

// What commands answer. Each carries the generation of its question.
type (
	runsListedMsg struct {
		list []runs.Summary
		err  error
	}
	handleMsg struct { // a run was started or resumed
		gen    int
		handle runs.Handle
		err    error
	}
	runReadMsg struct {
		gen     int
		state   engine.State
		damaged bool // what it left damaged is so still
		err     error
	}
	decidedMsg struct {
		item string
		gate engine.Gate
		err  error
	}
	cancelledMsg struct {
		item string
		err  error
	}
	lookedMsg   struct{ err error }
	reportedMsg struct {
		id   engine.RunID
		path string
		err  error
	}
	detachedMsg struct{}
	// engineEventsMsg is a batch of events of the run that goes on.
	engineEventsMsg struct {
		gen    int
		box    *hub.Mailbox
		events []engine.Event
		err    error
	}
)

// answer takes in what commands answered and what screens ask for.
func (m *Model) answer(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case runsListedMsg:
		m.home.Show(m.profiles(), msg.list, msg.err)
	case vaultsMsg:
		m.vaultsCame(msg)
	case openedMsg:
		return m.opened(msg), true
	case handleMsg:
		return m.handleCame(msg), true
	case runReadMsg:
		m.runRead(msg)
	case evidenceMsg:
		m.evidenceCame(msg)
	case playerMsg:
		return m.playerCame(msg), true
	case decidedMsg:
		if m.live != nil {
			return m.live.Decided(msg.item, msg.gate, msg.err), true
		}
	case lookedMsg:
		if m.live != nil {
			m.live.Looked(msg.err)
		}
	case cancelledMsg:
		if m.live != nil {
			return m.live.Cancelled(msg.item, msg.err), true
		}
	case reportedMsg:
		if m.outcome != nil && msg.id == m.outcome.Run() {
			m.outcome.Written(msg.path, msg.err)
		}
	case signInStepMsg:
		return m.signInAsks(msg, msg.line), true
	case secretAskedMsg:
		return m.signInAsks(msg, msg.line), true
	case detachedMsg:
		return m.quit(), true
	default:
		return m.asked(msg)
	}
	return nil, true
}

// asked carries out what a screen asks for.
func (m *Model) asked(msg tea.Msg) (tea.Cmd, bool) {
	switch msg := msg.(type) {
	case home.OpenMsg:
		return m.open(msg.Profile, "", nil), true
	case reopenMsg:
		return m.connect(msg), true
	case home.ResumeMsg:
		return m.resume(msg.Run), true
	case home.ReadMsg:
		return m.read(msg), true
	case wizard.StartMsg:
		return m.start(msg.Plan, msg.Certificate), true
	case openingLeftMsg:
		return m.leaveOpening(), true
	case wizard.LeaveMsg, report.HomeMsg:
		return m.goHome(), true
	case run.LookMsg:
		return m.recordLook(msg), true
	case run.DecideMsg:
		return m.decide(msg), true
	case run.CancelMsg:
		return m.cancelLeg(msg), true
	case run.DetachMsg:
		return m.detach(), true
	case run.OutcomeMsg:
		m.showOutcome()
	case jobs.LeaveMsg:
		return m.leaveJobs(), true
	case home.EvidenceMsg:
		return m.readEvidence(msg.Run), true
	case report.EvidenceMsg:
		return m.readEvidence(msg.Run), true
	case report.ClosedMsg:
		return m.back(msg.Run), true
	case home.ReplayMsg:
		return m.replayRun(msg.Run), true
	case report.ReplayMsg:
		return m.replayRun(msg.Run), true
	case replay.LeaveMsg:
		return m.leaveReplay(msg.Run), true
	case report.WriteMsg:
		return m.write(msg.Run), true
	case report.ResumeMsg:
		return m.resume(msg.Run), true
	case report.RepairMsg:
		return m.repair(msg.Plan), true
	case report.LogMsg:
		if m.live != nil {
			m.show(m.live)
		}
	default:
		return nil, false
	}
	return nil, true
}

func (m *Model) leaveOpening() tea.Cmd {
	m.gen++ // what was asked for is not waited for any more
	m.resuming = nil
	if m.driving() {
		m.show(m.live)
		return nil
	}
	return m.goHome()
}

func (m *Model) goHome() tea.Cmd {
	m.closeConnection()
	m.show(m.home)
	return m.listRuns()
}

func (m *Model) listRuns() tea.Cmd {
	store := m.deps.Runs
	if store == nil {
		return func() tea.Msg { return runsListedMsg{} }
	}
	return func() tea.Msg {
		list, err := store.List()
		return runsListedMsg{list, err}
	}
}

func (m *Model) start(p engine.Plan, cert *engine.Certificate) tea.Cmd {
	m.gen++
	gen, ctx, conn, begin := m.gen, m.ctx, m.conn, m.deps.Start
	return func() tea.Msg {
		h, err := begin(ctx, conn, p, cert)
		return handleMsg{gen, h, err}
	}
}

func (m *Model) resume(id engine.RunID) tea.Cmd {
	m.gen++
	begin := m.deps.Resume
	ctx, cancel := context.WithCancel(m.ctx)
	line := newSignInLine(ctx, m.gen)
	m.resuming = &opening{look: m.look, what: "the vault of the run", cancel: cancel, again: home.ResumeMsg{Run: id}}
	return tea.Batch(line.listen(), func() tea.Msg {
		defer cancel()
		h, err := begin(ctx, id, line.person())
		return handleMsg{line.gen, h, err}
	})
}

func (m *Model) handleCame(msg handleMsg) tea.Cmd {
	switch {
	case msg.gen != m.gen:
		if msg.handle != nil {
			// Nobody waits for it any more, but it runs: let go of it properly.
			return func() tea.Msg { msg.handle.Detach(); return nil }
		}
		return nil
	case msg.err == nil:
		m.resuming = nil
		return m.drive(msg.handle)
	}
	if m.resuming != nil && m.screen == screen(m.resuming) {
		m.resuming.failed(msg.err)
		return nil
	}
	m.resuming = nil
	switch m.screen {
	case screen(m.wizard):
		m.wizard.Refused(msg.err)
	case screen(m.outcome):
		m.outcome.Refused(msg.err)
	default:
		m.home.Notice(msg.err.Error())
	}
	return nil
}

// drive shows a run and follows its events.
func (m *Model) drive(h runs.Handle) tea.Cmd {
	if m.wizard != nil {
		m.wizard.Close()
	}
	m.handle, m.state = h, engine.State{}
	m.result = Result{Run: h.ID()}
	m.held.mu.Lock()
	m.held.handle = h
	m.held.mu.Unlock()
	m.live = run.New(m.look, m.deps.User)
	if m.conn != nil {
		m.live.Watch(m.conn.Traffic)
	}
	m.show(m.live)
	m.gen++
	m.follows = m.gen
	return follow(m.ctx, m.follows, h.Subscribe(), 0)
}

// pause between two batches of events: enough for a person, and it bounds how
// often the screen is drawn.
const pause = 100 * time.Millisecond

// follow waits for the next batch of events. One such command is under way for a
// run at a time. The mailbox never makes the engine wait: while this command, or
// the terminal behind it, stands still, newer progress replaces older.
func follow(ctx context.Context, gen int, box *hub.Mailbox, after time.Duration) tea.Cmd {
	return func() tea.Msg {
		if after > 0 {
			t := time.NewTimer(after)
			defer t.Stop()
			select {
			case <-t.C:
			case <-ctx.Done():
				return nil
			}
		}
		events, err := box.Next(ctx)
		return engineEventsMsg{gen: gen, box: box, events: events, err: err}
	}
}
