package cli

import (
	"errors"
	"strings"
	"testing"
)

// What can show lines only is explained in one line, and no screen is opened on it.
func TestAConsoleWithoutSequencesGetsLines(t *testing.T) {
	if why := whyNoSequences(nil); why != "" {
		t.Errorf("%q though it takes them", why)
	}
	why := whyNoSequences(errors.New("windows.SetConsoleMode: the parameter is incorrect"))
	a := &app{deps: Deps{Streams: Streams{InTerminal: true, OutTerminal: true}}}
	a.flags.output = outputText
	if !a.interactive() {
		t.Fatal("a terminal is none")
	}
	a.deps.Streams.LinesOnly = why
	if a.interactive() {
		t.Error("screens are opened on it")
	}
	for _, want := range []string{"does not take terminal sequences", "the parameter is incorrect", "legacy console", "plain text with numbered questions"} {
		if !strings.Contains(a.whyLines(), want) {
			t.Errorf("no %q in %q", want, a.whyLines())
		}
	}
}

func TestATerminalThatSaysItIsDumb(t *testing.T) {
	for _, c := range []struct {
		system, term string
		dumb         bool
	}{{"linux", "xterm-256color", false}, {"linux", "", true}, {"linux", "dumb", true}, {"windows", "", false}, {"windows", "dumb", true}} {
		if dumb(c.system, c.term) != c.dumb {
			t.Errorf("%+v", c)
		}
	}
}
