// Package dialog holds the questions that open over a screen. A question that
// opens by itself ignores keys until the keyboard was quiet for a moment, so
// that keys meant for something else cannot answer it; what is irrevocable is
// answered by typing a name, never by a single key.
package dialog

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"
)

// How long the keyboard must be quiet before keys count, and when they count at
// the latest.
const (
	quiet    = 425 * time.Millisecond
	patience = 1500 * time.Millisecond
)

// Grace swallows keys for a while. The zero value swallows none.
type Grace struct {
	waiting bool
	id      int // of this opening
	pressed int // keys swallowed so far; tells old timers from the current one
}

type graceMsg struct {
	id      int
	pressed int
	last    bool
}

// Start begins the grace period. The id tells the timers of one opening from
// those of another.
func (g *Grace) Start(id int) tea.Cmd {
	*g = Grace{waiting: true, id: id}
	return tea.Batch(g.timer(), tea.Tick(patience, func(time.Time) tea.Msg { return graceMsg{id: id, last: true} }))
}

func (g *Grace) timer() tea.Cmd {
	msg := graceMsg{id: g.id, pressed: g.pressed}
	return tea.Tick(quiet, func(time.Time) tea.Msg { return msg })
}

// Waiting reports whether keys are still ignored.
func (g *Grace) Waiting() bool { return g.waiting }

// Swallow reports whether a key is to be ignored now.
func (g *Grace) Swallow() (bool, tea.Cmd) {
	if !g.waiting {
		return false, nil
	}
	g.pressed++
	return true, g.timer()
}

// Update takes in the timers.
func (g *Grace) Update(msg tea.Msg) {
	if m, ok := msg.(graceMsg); ok && m.id == g.id && (m.last || m.pressed == g.pressed) {
		g.waiting = false
	}
}
