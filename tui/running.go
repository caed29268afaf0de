package tui

import (
	"errors"
	"fmt"
	"io"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/home"
	"failback/tui/report"
	"failback/tui/run"
)

// eventsCame folds a batch of events, whatever screen is in sight.
func (m *Model) eventsCame(msg engineEventsMsg) tea.Cmd {
	if msg.gen != m.follows {
		msg.box.Close()
		return nil
	}
	for _, e := range msg.events {
		next, err := m.state.Apply(e)
		if err != nil {
			return m.foldFailed(e, err)
		}
		m.state = next
	}
	cmd := m.live.Show(m.state)
	switch {
	case msg.err != nil && !errors.Is(msg.err, io.EOF):
		return cmd // the program ends
	case msg.err != nil || m.state.Ended():
		m.runEnded()
		return cmd
	}
	return tea.Batch(cmd, follow(m.ctx, m.follows, msg.box, pause))
}

// foldFailed shows an event that does not fit what went before. The run itself
// goes on; only this screen can't follow it.
func (m *Model) foldFailed(e engine.Event, err error) tea.Cmd {
	m.follows = 0
	m.live.Lost(fmt.Sprintf("event %d (%s): %v", e.Seq, e.Type(), err))
	return nil
}

func (m *Model) runEnded() {
	if m.screen == screen(m.live) && !m.leaving {
		m.showOutcome()
	}
}

func (m *Model) showOutcome() {
	// Of a run that was only read, the screen is there already.
	if m.handle != nil || m.outcome == nil {
		m.outcome = report.New(m.look, m.state)
	}
	m.show(m.outcome)
}

func (m *Model) decide(msg run.DecideMsg) tea.Cmd {
	h := m.handle
	return func() tea.Msg {
		return decidedMsg{msg.Item, msg.Decision.Gate, h.Decide(msg.Item, msg.Decision)}
	}
}

// recordLook keeps what a person saw. Whether it was kept shows in the run's log, as
// for everybody else.
func (m *Model) recordLook(msg run.LookMsg) tea.Cmd {
	h := m.handle
	return func() tea.Msg { return lookedMsg{h.Look(msg.Item, msg.By, msg.Saw)} }
}

func (m *Model) cancelLeg(msg run.CancelMsg) tea.Cmd {
	h, by := m.handle, m.deps.User
	return func() tea.Msg { return cancelledMsg{msg.Item, h.Cancel(msg.Item, by, msg.Reason)} }
}

// detachPatience bounds how long leaving waits for the journal to be closed.
const detachPatience = 5 * time.Second

// detach stops driving and leaves the run running; the program ends when that
// is done, or after a while without it.
func (m *Model) detach() tea.Cmd {
	if m.leaving {
		return nil
	}
	m.leaving, m.result.Detached = true, true
	h := m.handle
	done := make(chan struct{})
	return tea.Batch(
		func() tea.Msg {
			h.Detach()
			<-h.Done()
			close(done)
			return nil
		},
		func() tea.Msg {
			t := time.NewTimer(detachPatience)
			defer t.Stop()
			select {
			case <-done:
			case <-t.C:
			}
			return detachedMsg{}
		},
	)
}

func (m *Model) write(id engine.RunID) tea.Cmd {
	ctx, write := m.ctx, m.deps.Report
	return func() tea.Msg {
		path, err := write(ctx, id)
		return reportedMsg{id, path, err}
	}
}

// read folds the journal of a run that is over, for its outcome.
func (m *Model) read(msg home.ReadMsg) tea.Cmd {
	m.gen++
	gen, store := m.gen, m.deps.Runs
	return func() tea.Msg {
		events, err := store.Events(msg.Run)
		if err != nil {
			return runReadMsg{gen: gen, err: err}
		}
		s, err := engine.Fold(events)
		return runReadMsg{gen, s, msg.Damaged, err}
	}
}

func (m *Model) runRead(msg runReadMsg) {
	if msg.gen != m.gen {
		return
	}
	if msg.err != nil {
		m.home.Notice("The run can't be read: " + msg.err.Error())
		return
	}
	m.result = m.Result() // of the run that was driven before
	m.handle, m.state = nil, msg.state
	m.live = run.New(m.look, m.deps.User)
	m.live.Show(msg.state)
	m.outcome = report.New(m.look, msg.state)
	if !msg.damaged {
		m.outcome.Mended()
	}
	m.show(m.outcome)
}
