package look_test

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"failback/engine"
	"failback/tui/glyph"
	"failback/tui/jobtree"
	"failback/tui/look"
	"failback/tui/theme"
)

// looks are a state in colour, and without colour in both sets of symbols.
func looks(t *testing.T) (coloured look.Look, plain []look.Look) {
	t.Helper()
	t.Setenv("CLICOLOR_FORCE", "1")
	t.Setenv("COLORTERM", "truecolor")
	none := theme.New(theme.None, io.Discard)
	return look.Look{T: theme.New(theme.Dark, &bytes.Buffer{}), G: glyph.Unicode()}, []look.Look{{T: none, G: glyph.Unicode()}, {T: none, G: glyph.ASCII()}}
}

// wordAndSymbol takes what is drawn for a state apart.
func wordAndSymbol(t *testing.T, what, drawn string) (symbol, word string) {
	t.Helper()
	symbol, word, ok := strings.Cut(strings.TrimSpace(drawn), " ")
	if !ok || ansi.StringWidth(symbol) != 1 || strings.IndexFunc(word, unicode.IsLetter) < 0 {
		t.Errorf("%s is drawn as %q: want a symbol and a word", what, drawn)
	}
	return symbol, strings.TrimSpace(word)
}

// A state is a word, a symbol and a colour: without the colour, and in ASCII, it
// still says the same, and no two say it alike.
func TestStatesAreWordSymbolAndColour(t *testing.T) {
	coloured, plain := looks(t)
	jobs := []engine.JobState{engine.JobNotStarted, engine.JobInProgress, engine.JobSucceeded, engine.JobFailed, engine.JobCancelled, engine.JobCancelling,
		engine.JobSuspended, engine.JobPartiallySucceeded, engine.JobWithInformation, "Brewing"}
	verdicts := []engine.Verdict{engine.VerdictOK, engine.VerdictWarn, engine.VerdictBlock, engine.VerdictUnknown}
	for _, l := range plain {
		seen, symbols := map[string]bool{}, map[string]bool{}
		for _, v := range verdicts {
			symbol, word := wordAndSymbol(t, string(v), l.Verdict(v))
			if seen[word] || symbols[symbol] {
				t.Errorf("%s is drawn like another verdict: %q", v, l.Verdict(v))
			}
			seen[word], symbols[symbol] = true, true
		}
		seen = map[string]bool{}
		for _, s := range jobs {
			_, word := wordAndSymbol(t, string(s), l.JobMark(string(s))+" "+jobtree.Word(string(s)))
			if seen[word] {
				t.Errorf("%s is called %q like another state", s, word)
			}
			seen[word] = true
		}
	}
	for _, v := range verdicts {
		if drawn := coloured.Verdict(v); ansi.Strip(drawn) == drawn {
			t.Errorf("%s has no colour", v)
		}
	}
	// What needs somebody does not look like what does not.
	colour := func(s theme.Style) string { return s.Render("x") }
	calm := colour(coloured.JobTone(string(engine.JobInProgress)))
	for _, s := range []engine.JobState{engine.JobFailed, engine.JobSuspended, engine.JobPartiallySucceeded} {
		if got := colour(coloured.JobTone(string(s))); got == calm || ansi.Strip(got) == got {
			t.Errorf("%s is coloured like what goes on by itself: %q", s, got)
		}
	}
}

func TestStateLinesAreWordSymbolAndColour(t *testing.T) {
	coloured, plain := looks(t)
	for _, l := range plain {
		l.Still = true
		seen := map[string]bool{}
		for _, tone := range []look.Tone{look.Calm, look.Working, look.Asking, look.Alarm} {
			symbol, _ := wordAndSymbol(t, "the state line", l.Status(look.Status{Tone: tone, Text: "what there is"}, look.Tick{}, 40))
			if seen[symbol] {
				t.Errorf("tone %d has the symbol %q of another one", tone, symbol)
			}
			seen[symbol] = true
		}
	}
	ask := coloured.Status(look.Status{Tone: look.Asking, Text: "x"}, look.Tick{}, 9)
	alarm := coloured.Status(look.Status{Tone: look.Alarm, Text: "x"}, look.Tick{}, 9)
	if ansi.Strip(ask) == ask || ansi.Strip(alarm) == alarm {
		t.Errorf("without colour: %q, %q", ask, alarm)
	}
}
