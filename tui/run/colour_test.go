package run_test

import (
	"io"
	"strings"
	"testing"
	"time"

	"github.com/charmbracelet/x/ansi"

	"failback/engine"
	"failback/tui/glyph"
	"failback/tui/look"
	"failback/tui/run"
	"failback/tui/theme"
	"failback/tui/tuitest"
)

// What was coloured once is never taken for a text from outside, which would leave the
// letters of its sequences on the screen. Every moment of a run is drawn, of one item
// and of many, with every panel.
func TestNoSequenceIsTornIntoLetters(t *testing.T) {
	t.Setenv("CLICOLOR_FORCE", "1")
	l := look.Look{T: theme.New(theme.Dark, io.Discard), G: glyph.Unicode()}
	coloured := 0
	check := func(r *run.Live) {
		for _, panel := range []string{"", "l", "l", "t", "t", "f", "f", "T", "T"} {
			if panel != "" {
				press(r, panel)
			}
			for _, size := range [][2]int{{78, 20}, {198, 55}} {
				for _, line := range r.View(size[0], size[1]) {
					coloured += strings.Count(line, "\x1b[")
					if plain := ansi.Strip(line); strings.Contains(plain, "[0m") || strings.Contains(plain, "[38;") || strings.Contains(plain, "[1;") {
						t.Fatalf("letters of a sequence: %q", line)
					}
				}
			}
		}
	}
	var s engine.State
	for _, e := range tuitest.Record(tuitest.Plan(engine.SyncDelta, "web01"), begun) {
		s, _ = s.Apply(e)
		r := run.Watching(l, "it is only shown") // no question over what is drawn
		r.Update(look.Tick{Now: e.Time.Add(time.Second)})
		r.Show(s)
		check(r)
	}
	many, _ := fleetAt(t, 24, 9*time.Minute, l)
	check(many)
	if coloured < 1000 {
		t.Errorf("%d sequences: nothing was drawn in colour", coloured)
	}
}
