package tui

import (
	"testing"

	tea "github.com/charmbracelet/bubbletea"
)

// The first size is taken in even where it is the one that was assumed, the same one
// again is none, and the length of a console's buffer is no height.
func TestSizesAreTakenInOnceAndClamped(t *testing.T) {
	m := New(Deps{}, Options{})
	size := tea.WindowSizeMsg{Width: 80, Height: 24}
	if got := sized(m, size); got != tea.Msg(size) {
		t.Errorf("the first: %v", got)
	}
	after, _ := m.Update(size)
	if got := sized(after, size); got != nil {
		t.Errorf("the same again: %v", got)
	}
	if got := sized(after, tea.WindowSizeMsg{Width: 120, Height: 9001}); got != tea.Msg(tea.WindowSizeMsg{Width: 120, Height: mostLines}) {
		t.Errorf("a buffer: %v", got)
	}
	if got := sized(after, tea.WindowSizeMsg{}); got != tea.Msg(tea.WindowSizeMsg{Width: 1, Height: 1}) {
		t.Errorf("nothing: %v", got)
	}
	if got := sized(after, tickMsg{}); got != tea.Msg(tickMsg{}) {
		t.Errorf("another message: %v", got)
	}
}
