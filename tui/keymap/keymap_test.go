package keymap_test

import (
	"testing"

	tea "github.com/charmbracelet/bubbletea"

	"failback/tui/keymap"
)

// Text that arrives in one piece is never a key, whatever it spells.
func TestTextIsNoKey(t *testing.T) {
	for _, b := range []keymap.Binding{keymap.Choose, keymap.Back, keymap.Help, keymap.Up, keymap.Next, keymap.Interrupt} {
		for _, name := range b.Keys() {
			if len(name) == 1 {
				continue
			}
			if b.Is(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune(name)}) {
				t.Errorf("the text %q counts as the key", name)
			}
		}
	}
	if keymap.Quit.Is(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("q"), Paste: true}) {
		t.Error("a pasted q quits")
	}
	if !keymap.Quit.Is(tea.KeyMsg{Type: tea.KeyRunes, Runes: []rune("q")}) || !keymap.Choose.Is(tea.KeyMsg{Type: tea.KeyEnter}) {
		t.Error("a key does not count")
	}
}
