package tui

import (
	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/replay"
)

// playerMsg is a recorded run, ready to be played.
type playerMsg struct {
	gen    int
	player *replay.Player
	err    error
}

// replayRun reads the journal of a run and plays it.
func (m *Model) replayRun(id engine.RunID) tea.Cmd {
	m.gen++
	m.fromOutcome = m.screen == screen(m.outcome)
	gen, store := m.gen, m.deps.Runs
	return func() tea.Msg {
		events, err := store.Events(id)
		if err != nil {
			return playerMsg{gen: gen, err: err}
		}
		p, err := replay.New(events)
		return playerMsg{gen, p, err}
	}
}

func (m *Model) playerCame(msg playerMsg) tea.Cmd {
	switch {
	case msg.gen != m.gen:
		return nil
	case msg.err == nil:
		return m.play(msg.player)
	}
	m.refused("The run can't be played: ", msg.err)
	return nil
}

func (m *Model) play(p *replay.Player) tea.Cmd {
	m.replay = replay.NewScreen(m.look, p)
	m.show(m.replay)
	return m.replay.Init()
}

// leaveReplay goes back to how the run ended, or home where it was played from there.
func (m *Model) leaveReplay(id engine.RunID) tea.Cmd {
	m.replay = nil
	return m.back(id)
}

// back goes to how a run ended, where that was shown before, or home.
func (m *Model) back(id engine.RunID) tea.Cmd {
	if m.fromOutcome && m.outcome != nil && m.outcome.Run() == id {
		m.show(m.outcome)
		return nil
	}
	return m.goHome()
}

// refused says where something was asked for that it could not be had.
func (m *Model) refused(what string, err error) {
	if m.screen == screen(m.outcome) {
		m.outcome.Refused(err)
		return
	}
	m.home.Notice(what + err.Error())
}
