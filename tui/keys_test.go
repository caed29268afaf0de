package tui_test

import (
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/engine/runs"
	"failback/tui"
	"failback/tui/keymap"
	"failback/tui/theme"
	"failback/tui/tuitest"
)

// The palette finds what a screen can do by its name, does it, and says why
// something can't be done.
func TestThePaletteDoesWhatItFinds(t *testing.T) {
	planning(t, tuitest.Estate(), func(d *tuitest.Driver) {
		d.Press("enter").Expect("What comes home?").
			Press(":").Expect("Commands", "mark all that are ready", "recovery plans", "the answers would be lost").Golden("palette-80x24")
		d.Type("plans").Expect("recovery plans").Refuse("mark all").Press("enter").Expect("shop").Refuse("Commands")
		// What can't be done now stays, with the reason.
		d.Press(":").Type("quit").Press("enter").Expect("quit: not now, the answers would be lost", "Commands")
		d.Press("esc").Refuse("Commands").Expect("shop")
		d.Press(":").Type("nonsense").Expect("nothing is called that here").Press("enter").Expect("Commands").Press("esc")
		// A letter typed into the palette is none of the screen's.
		d.Press(":").Type("q").Press("esc").Expect("shop")
	})
}

func TestThePaletteLeaves(t *testing.T) {
	w := tuitest.Estate()
	tuitest.Run(t, func() tea.Model { return tui.New(w.Deps(), tui.Options{Theme: theme.None, NoMotion: true}) }, w.Close, func(d *tuitest.Driver) {
		d.Advance(time.Second).Expect("Rehearsal").Press(":").Type("quit").Press("enter").Ended()
	})
}

// A question that the run asks is not hidden by the palette.
func TestAQuestionClosesThePalette(t *testing.T) {
	w := tuitest.Estate()
	var h runs.Handle
	tuitest.Run(t, func() tea.Model {
		var err error
		if h, err = w.Deps().Start(t.Context(), nil, tuitest.Plan(engine.SyncDelta, "web01"), nil); err != nil {
			t.Fatal(err)
		}
		return tui.New(w.Deps(), tui.Options{Start: tui.StartRun(h), Theme: theme.None, NoMotion: true})
	}, w.Close, func(d *tuitest.Driver) {
		d.Advance(2*time.Second).Expect("Type web01 to approve").Press("esc", ":").Expect("Commands", "decide")
		if err := h.Decide("web01", engine.Decision{Gate: engine.GateComplete, By: "sam"}); err != nil {
			t.Fatal(err)
		}
		d.Advance(time.Minute).Expect("Accept and delete the Azure copy", "Type web01 to approve").Refuse("Commands")
	})
}

// What the configuration puts on other keys works there and is shown there: in
// the line of keys, in the help and in the palette. The old key does nothing.
func TestRemappedKeysWorkAndAreShown(t *testing.T) {
	keys, err := keymap.Remap([]keymap.Choice{
		{Action: keymap.RecoveryPlans.Action, Keys: []string{"x"}},
		{Action: keymap.Down.Action, Keys: []string{"e"}},
		{Action: keymap.Palette.Action, Keys: []string{"ctrl+p"}},
		{Action: keymap.Help.Action, Keys: []string{"H"}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w := tuitest.Estate()
	tuitest.Run(t, func() tea.Model {
		return tui.New(w.Deps(), tui.Options{Start: tui.StartRehearsal, Theme: theme.None, NoMotion: true, Keys: keys})
	}, w.Close, func(d *tuitest.Driver) {
		d.Size(120, 30).Advance(time.Second).Expect("Which way", "H help").Press("enter").Expect("What comes home?", "x recovery plans")
		d.Press("p").Refuse("shop").Press("x").Expect("shop").Press("x").Refuse("shop")
		d.Press("e").Expect("db01: ").Press("down").Expect("db01: ")
		d.Press("?").Refuse("Help:").Press("H").Expect("Help: Plan a failback", "x          ", "e          down", "ctrl+p     commands").Press("esc")
		d.Press("f1").Expect("Help:").Press("esc")
		d.Press("ctrl+p").Expect("Commands", "x       recovery plans").Press("esc")
		// Letters that are typed stay letters.
		d.Press("/").Type("nx").Expect("Filter nx").Press("esc")
	})
}

// Help that is longer than the screen is read to its end, and says why a key does
// nothing.
func TestHelpIsReadToItsEnd(t *testing.T) {
	planning(t, tuitest.Estate(), func(d *tuitest.Driver) {
		d.Size(70, 20).Press("?").Expect("Help: Plan a failback", "more, pgdn").Refuse("Symbols")
		d.Press("pgdown", "pgdown", "pgdown", "pgdown", "pgdown", "pgdown").Expect("cancelled").Refuse("more, pgdn")
		// Keys past the end count for nothing: the first one back moves.
		d.Press("up").Expect("more, pgdn")
		d.Press("x").Refuse("Help:").Expect("Which way")
		d.Press("?").Press("pgdown", "pgdown").Expect("quit: not now, the answers would be")
	})
}
