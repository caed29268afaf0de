package look_test

import (
	"fmt"
	"io"
	"testing"

	"failback/tui/glyph"
	"failback/tui/keymap"
	"failback/tui/look"
	"failback/tui/theme"
)

// A key past the end counts for nothing: the first one back moves.
func TestScrollEndsWhereTheTextDoes(t *testing.T) {
	l := look.Look{T: theme.New(theme.None, io.Discard), G: glyph.ASCII()}
	var lines []string
	for i := range 30 {
		lines = append(lines, fmt.Sprint("line ", i))
	}
	var s look.Scroll
	first := func() string { return l.Read(lines, &s, 10)[0] }
	if got := first(); got != "line 0" {
		t.Fatal(got)
	}
	for range 9 {
		s.Move(10)
		first()
	}
	if got := first(); got != "line 20" {
		t.Errorf("at the end %q", got)
	}
	s.Move(-1)
	if got := first(); got != "line 19" {
		t.Errorf("one back %q", got)
	}
	// A place that has grown shows more, and is not left beyond its end.
	if got := l.Read(lines, &s, 25)[0]; got != "line 5" {
		t.Errorf("in a larger place %q", got)
	}
	s.Move(-1)
	if got := l.Read(lines, &s, 25)[0]; got != "line 4" {
		t.Errorf("one back there %q", got)
	}
	s.Reset()
	if got := first(); got != "line 0" {
		t.Errorf("after a reset %q", got)
	}
}

func TestTheKeyForMoreIsThePersonsOwn(t *testing.T) {
	k, err := keymap.Remap([]keymap.Choice{{Action: keymap.PageDown.Action, Keys: []string{"ctrl+f"}}})
	if err != nil {
		t.Fatal(err)
	}
	l := look.Look{T: theme.New(theme.None, io.Discard), G: glyph.ASCII(), K: k}
	if got := l.Scrolled([]string{"a", "b", "c"}, 0, 2)[1]; got != "v 2 more, ctrl+f" {
		t.Errorf("%q", got)
	}
}
