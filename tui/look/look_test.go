package look_test

import (
	"io"
	"slices"
	"testing"

	"failback/tui/glyph"
	"failback/tui/keymap"
	"failback/tui/look"
	"failback/tui/theme"
)

// Dates, ids and names with hyphens are read and copied in one piece.
func TestWrapBreaksAtBlanks(t *testing.T) {
	l := look.Look{T: theme.New(theme.None, io.Discard), G: glyph.ASCII()}
	for _, c := range []struct {
		text string
		w    int
		want []string
	}{
		{"support matrix, 2026-09-11", 22, []string{"support matrix,", "2026-09-11"}},
		{"start on-premises VM", 10, []string{"start", "on-premise", "s VM"}},
		{"run 20261126-104205-70eb94", 40, []string{"run 20261126-104205-70eb94"}},
	} {
		if got := l.Wrap(c.text, c.w); !slices.Equal(got, c.want) {
			t.Errorf("%q at %d cells: %q, want %q", c.text, c.w, got, c.want)
		}
	}
}

// However narrow the line, the way back is on it, after what else there is room for;
// what does nothing now is not.
func TestTheWayBackIsAlwaysAmongTheKeys(t *testing.T) {
	l := look.Look{T: theme.New(theme.None, io.Discard), G: glyph.Unicode()}
	keys := []keymap.Binding{
		keymap.Choose.But("go on with it"), keymap.Mark.But("mark"), keymap.Cancel.Unless("nothing to cancel"), keymap.Filter, keymap.Back.But("back"), keymap.Jobs,
	}
	for w, want := range map[int]string{
		80: "enter go on with it   space mark   / filter   esc back   J jobs",
		50: "enter go on with it   space mark   esc back",
		40: "enter go on with it   esc back",
		30: "enter go on with it   esc back",
		20: "esc back",
		5:  "",
	} {
		if got := l.Hints(keys, w); got != want {
			t.Errorf("%d: %q, want %q", w, got, want)
		}
	}
	if got := l.Hints(keys[:2], 22); got != "enter go on with it" {
		t.Errorf("without a way back: %q", got)
	}
}
