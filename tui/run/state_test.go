package run

import (
	"bytes"
	"io"
	"strings"
	"testing"
	"time"
	"unicode"

	"github.com/charmbracelet/x/ansi"

	"failback/engine"
	"failback/tui/glyph"
	"failback/tui/look"
	"failback/tui/theme"
)

// Where an item of a run stands is a word, a symbol and a colour; what needs
// somebody has none of them in common with what goes on by itself.
func TestItemsStandInWordSymbolAndColour(t *testing.T) {
	t.Setenv("CLICOLOR_FORCE", "1")
	t.Setenv("COLORTERM", "truecolor")
	steps := engine.StepsFor(engine.ToOnPremises, engine.SyncDelta)
	at := time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC)
	legs := map[string]*engine.Leg{
		"going on":   {Mode: engine.ModeRunning, At: 2},
		"damaged":    {Mode: engine.ModeEnded, At: 2, Damage: &engine.DamageMarked{Reason: "a cancel"}},
		"waiting":    {Mode: engine.ModeWaiting, At: 3, Gate: &engine.GateOpened{Gate: engine.GateComplete}, GateSince: at},
		"cancelling": {Mode: engine.ModeCancelling, At: 2},
		"failed":     {Mode: engine.ModeFailed, At: 2, Failure: &engine.Failure{What: "sync", Why: "the link broke"}},
		"done":       {Mode: engine.ModeEnded, At: len(steps) - 1, Outcome: engine.OutcomeSucceeded},
	}
	words := func(l look.Look, leg *engine.Leg) (mark, said string) {
		r := New(l, "kim")
		leg.Item, leg.Steps, leg.Direction = engine.PlanItem{Name: "web01"}, steps, engine.ToOnPremises
		r.state = engine.State{Legs: []*engine.Leg{leg}}
		r.tick = look.Tick{Now: at}
		return r.legWords(leg)
	}
	for _, g := range []glyph.Set{glyph.Unicode(), glyph.ASCII()} {
		l := look.Look{T: theme.New(theme.None, io.Discard), G: g, Still: true}
		bySaid := map[string]string{}
		calm, _ := words(l, legs["going on"])
		for name, leg := range legs {
			mark, said := words(l, leg)
			if ansi.StringWidth(mark) != 1 || strings.IndexFunc(said, unicode.IsLetter) < 0 {
				t.Errorf("%s is drawn as %q %q", name, mark, said)
			}
			if other, had := bySaid[said]; had {
				t.Errorf("%s and %s are both called %q", name, other, said)
			}
			bySaid[said] = name
			if name != "going on" && mark == calm {
				t.Errorf("%s has the symbol of what goes on: %q", name, mark)
			}
		}
	}
	l := look.Look{T: theme.New(theme.Dark, &bytes.Buffer{}), G: glyph.Unicode(), Still: true}
	for name, leg := range legs {
		if mark, _ := words(l, leg); ansi.Strip(mark) == mark {
			t.Errorf("%s has no colour: %q", name, mark)
		}
	}
}
