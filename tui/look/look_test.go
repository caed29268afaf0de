package look_test

import (
	"io"
	"slices"
	"testing"

	"failback/tui/glyph"
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
