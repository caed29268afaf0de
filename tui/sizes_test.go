package tui_test

import (
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"failback/engine"
	"failback/tui"
	"failback/tui/theme"
	"failback/tui/tuitest"
)

// fits checks one view at every width with some height, and at every height with
// some widths: no line wider, no view taller, the state line last, and in ASCII
// no other character.
func fits(t *testing.T, m tea.Model, state string, ascii bool) {
	t.Helper()
	if out := m.(interface{ KeysOutOfPlace() []string }).KeysOutOfPlace(); len(out) > 0 {
		t.Fatalf("keys that the table does not have there: %q", out)
	}
	for w := 20; w <= 200; w++ {
		fitsAt(t, m, w, 5+w*7%56, state, ascii)
	}
	for h := 5; h <= 60; h++ {
		for _, w := range []int{20, 80, 123} {
			fitsAt(t, m, w, h, state, ascii)
		}
	}
}

func fitsAt(t *testing.T, m tea.Model, w, h int, state string, ascii bool) {
	t.Helper()
	sized, _ := m.Update(tea.WindowSizeMsg{Width: w, Height: h})
	view := sized.View()
	lines := strings.Split(view, "\n")
	if len(lines) > h {
		t.Fatalf("%dx%d: %d lines", w, h, len(lines))
	}
	for _, l := range lines {
		if ansi.StringWidth(l) > w {
			t.Fatalf("%dx%d: %d cells: %q", w, h, ansi.StringWidth(l), l)
		}
	}
	last := strings.TrimSpace(lines[len(lines)-1])
	if !strings.Contains(last, state[:min(len(state), w-6)]) {
		t.Fatalf("%dx%d: the state line is %q, want %q", w, h, last, state)
	}
	if i := strings.IndexFunc(view, func(r rune) bool { return r > '~' }); ascii && i >= 0 {
		t.Fatalf("%dx%d: %q is not ASCII", w, h, view[i:min(i+20, len(view))])
	}
}

func TestEveryScreenFitsEverySize(t *testing.T) {
	for _, ascii := range []bool{false, true} {
		w := tuitest.Estate()
		w.Findings = append(w.Findings, engine.Finding{Rule: "managed-disk", Title: "Managed disks", Verdict: engine.VerdictWarn,
			Observed: "1 of 1 disks is a managed disk", Remedy: "nothing: the item's allowed operations offer a failback", Source: "support matrix", Dated: "2026-09-11"})
		opts := tui.Options{Start: tui.StartRehearsal, Theme: theme.None, NoMotion: true, ASCII: ascii}
		tuitest.Run(t, func() tea.Model { return tui.New(w.Deps(), opts) }, w.Close, func(d *tuitest.Driver) {
			d.Advance(time.Second).Expect("Which way")
			fits(t, d.Model(), "Nothing has been started", ascii)
			d.Press("enter").Expect("What comes home?")
			fits(t, d.Model(), "Nothing has been started", ascii)
			d.Press("?")
			fits(t, d.Model(), "Nothing has been started", ascii)
			d.Press("esc", "p").Expect("shop")
			fits(t, d.Model(), "Nothing has been started", ascii)
			d.Press("p", "enter").Advance(time.Second).Expect("How does the data come home?")
			fits(t, d.Model(), "Nothing has been started", ascii)
			d.Press("left")
			fits(t, d.Model(), "Nothing has been started", ascii)
			d.Press("enter").Expect("Where does it go?")
			fits(t, d.Model(), "Nothing has been started", ascii)
			d.Press("enter").Advance(time.Second).Expect("Managed disks")
			fits(t, d.Model(), "Nothing has been started", ascii)
			d.Press("enter").Expect("to start:")
			fits(t, d.Model(), "Nothing has been started", ascii)
			d.Type("web01").Press("enter").Advance(2 * time.Second).Expect("Type web01 to approve")
			fits(t, d.Model(), "web01 waits for a decision", ascii)
			d.Press("esc")
			fits(t, d.Model(), "web01 waits for a decision", ascii)
			d.Press("l")
			fits(t, d.Model(), "web01 waits for a decision", ascii)
			d.Press("esc", "c")
			fits(t, d.Model(), "web01 waits for a decision", ascii)
			d.Press("esc", "ctrl+c")
			fits(t, d.Model(), "web01 waits for a decision", ascii)
			d.Press("esc", "c").Type("cancel").Press("enter").Advance(time.Second).Expect("repair")
			fits(t, d.Model(), "web01 is DAMAGED", ascii)
			d.Press("esc").Expect("Rehearsal")
			fits(t, d.Model(), "Nothing runs here", ascii)
		})
	}
}

func TestSeveralItemsFitEverySize(t *testing.T) {
	events := tuitest.Record(tuitest.Plan(engine.SyncDelta, "web01", "db01", "crm01"), recordedAt)
	for _, ascii := range []bool{false, true} {
		replay(t, upTo(t, events, 3, progress(engine.PhaseFinalSync)), ascii, func(d *tuitest.Driver) {
			asideAll(d, 2)
			fits(t, d.Model(), "DOWNTIME 00:", ascii)
		})
	}
}
