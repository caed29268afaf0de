package tui

import (
	"bytes"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	evidence "failback/engine/report"
	"failback/tui/report"
)

// evidenceMsg is the evidence of a run, made from its journal.
type evidenceMsg struct {
	gen      int
	run      engine.RunID
	markdown []byte
	err      error
}

// readEvidence makes a run's evidence from its journal and shows it. Nothing is
// written.
func (m *Model) readEvidence(id engine.RunID) tea.Cmd {
	m.gen++
	m.fromOutcome = m.screen == screen(m.outcome)
	gen, store := m.gen, m.deps.Runs
	return func() tea.Msg {
		events, err := store.Events(id)
		if err != nil {
			return evidenceMsg{gen: gen, err: err}
		}
		r, err := evidence.Build(events)
		if err != nil {
			return evidenceMsg{gen: gen, err: err}
		}
		var b bytes.Buffer
		err = r.WriteMarkdown(&b)
		return evidenceMsg{gen, id, b.Bytes(), err}
	}
}

func (m *Model) evidenceCame(msg evidenceMsg) {
	switch {
	case msg.gen != m.gen:
	case msg.err != nil:
		m.refused("The evidence can't be read: ", msg.err)
	default:
		m.reader = report.Read(m.look, msg.run, msg.markdown)
		m.show(m.reader)
	}
}
