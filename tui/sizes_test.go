package tui_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"failback/engine"
	"failback/engine/runs"
	"failback/tui"
	"failback/tui/theme"
	"failback/tui/tuitest"
)

// everySize, where it is set, has every screen drawn at every size there is a
// promise for, instead of a slice of them.
const everySize = "FAILBACK_EVERY_SIZE"

// The promise: from a sliver to a wall.
const (
	leastWidth, mostWidth   = 20, 240
	leastHeight, mostHeight = 5, 80
)

// fits checks one view: no line wider than the terminal, no view taller, the state
// line last, in ASCII no other character, and no key that the table does not have.
// A slice of the sizes is the widths where a screen changes its layout, the heights
// of small terminals, and some between.
func fits(t *testing.T, m tea.Model, state string, ascii bool) {
	t.Helper()
	if out := m.(interface{ KeysOutOfPlace() []string }).KeysOutOfPlace(); len(out) > 0 {
		t.Fatalf("keys that the table does not have there: %q", out)
	}
	if os.Getenv(everySize) != "" {
		for w := leastWidth; w <= mostWidth; w++ {
			for h := leastHeight; h <= mostHeight; h++ {
				fitsAt(t, m, w, h, state, ascii)
			}
		}
		return
	}
	edges := []int{40, 60, 64, 72, 80, 110, 124}
	for w := leastWidth; w <= mostWidth; w++ {
		near := slices.ContainsFunc(edges, func(e int) bool { return w >= e-1 && w <= e+1 })
		if near || w%9 == 0 {
			fitsAt(t, m, w, leastHeight+w*7%(mostHeight-leastHeight+1), state, ascii)
		}
	}
	for h := leastHeight; h <= mostHeight; h++ {
		if h <= 32 || h%12 == 0 {
			fitsAt(t, m, 80, h, state, ascii)
		}
		if h < 10 || h%5 == 0 {
			fitsAt(t, m, leastWidth, h, state, ascii)
			fitsAt(t, m, 123, h, state, ascii)
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
			d.Press("esc", ":").Expect("Commands")
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
			for _, panel := range []string{"l", "t", "f"} {
				d.Press(panel)
				fits(t, d.Model(), "web01 waits for a decision", ascii)
				d.Press("esc")
			}
			d.Press("c")
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

// The screens that are not on the way of one plain failback.
func TestOtherScreensFitEverySize(t *testing.T) {
	for _, ascii := range []bool{false, true} {
		o := tui.Options{Theme: theme.None, NoMotion: true, ASCII: ascii}
		w := tuitest.Estate()
		w.Summaries = []runs.Summary{
			{ID: "20260314-221500-lab01", Item: "web01", Gate: engine.GateCommit, Resumable: true, Rehearsal: true},
			{ID: "20260314-221500-lab02", Item: "db01", Phase: engine.PhaseInitialSync, Live: true, Resumable: true, Driver: "lee@jump02"},
			{ID: "20260312-221500-lab04", Item: "old01", Broken: "line 7: the chain is broken"},
		}
		tuitest.Run(t, func() tea.Model { return tui.New(w.Deps(), o) }, w.Close, func(d *tuitest.Driver) {
			d.Advance(time.Second).Expect("Unfinished runs")
			fits(t, d.Model(), "1 run waits for a decision", ascii)
		})
		fitsWizard(t, ascii)
		fitsOpening(t, ascii)
	}
}

// fitsWizard looks at the steps that only some plans have.
func fitsWizard(t *testing.T, ascii bool) {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "crm.pfx"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	const state = "Nothing has been started"
	plan := func(f func(*tuitest.Driver)) {
		w := tuitest.Estate()
		o := tui.Options{Start: tui.StartRehearsal, Theme: theme.None, NoMotion: true, ASCII: ascii}
		tuitest.Run(t, func() tea.Model { return tui.New(w.Deps(), o) }, w.Close, func(d *tuitest.Driver) { f(d.Advance(time.Second).Press("enter")) })
	}
	plan(func(d *tuitest.Driver) {
		d.Press("p", "down", "enter").Expect("How does recovery plan store go?")
		fits(t, d.Model(), state, ascii)
	})
	plan(func(d *tuitest.Driver) {
		d.Press("down", "down", "enter").Advance(time.Second).Press("right", "enter").Expect("PFX file")
		fits(t, d.Model(), state, ascii)
		d.Type(dir).Press("ctrl+o").Expect("crm.pfx")
		fits(t, d.Model(), state, ascii)
		d.Press("esc", "esc", "esc", "esc").Expect("Which way").Press("down", "enter", "enter").Advance(time.Second).Expect("Which state of dc01")
		fits(t, d.Model(), state, ascii)
	})
}

// fitsOpening looks at a connection that is made: the sign-in, the choice of a
// vault, and that there is none.
func fitsOpening(t *testing.T, ascii bool) {
	t.Helper()
	open := func(w *tuitest.World, profile string, f func(*tuitest.Driver)) {
		o := tui.Options{Start: tui.StartProfile(profile), Theme: theme.None, NoMotion: true, ASCII: ascii}
		tuitest.Run(t, func() tea.Model { return tui.New(w.Deps(), o) }, w.Close, func(d *tuitest.Driver) { f(d.Advance(time.Second)) })
	}
	w := tuitest.Estate()
	w.SignIn = withCode
	open(w, "prod", func(d *tuitest.Driver) {
		d.Expect("ABCD-EFGH")
		fits(t, d.Model(), "Waiting for the sign-in with code", ascii)
		d.Press("esc").Advance(time.Second)
	})
	w = tuitest.Estate()
	w.SignIn = func(ctx context.Context, p engine.Person) error {
		_, err := p.Secret(ctx, "client secret of the application")
		return err
	}
	open(w, "prod", func(d *tuitest.Driver) {
		d.Expect("client secret")
		fits(t, d.Model(), "Waiting for the secret", ascii)
		d.Press("esc").Advance(time.Second)
	})
	open(tuitest.Estate(), "broken", func(d *tuitest.Driver) {
		d.Expect("No connection")
		fits(t, d.Model(), "Not connected", ascii)
	})
	w = tuitest.Estate()
	w.Profiles = []tui.Profile{{Name: "open"}}
	w.Vaults = []engine.Vault{{ID: "/v/1", Name: "rsv-prod", ResourceGroup: "rg-prod", Subscription: "s", Location: "germanywestcentral"}, {ID: "/v/2", Name: "rsv-test", ResourceGroup: "rg-test", Subscription: "s"}}
	open(w, "open", func(d *tuitest.Driver) {
		d.Expect("Which vault?")
		fits(t, d.Model(), "The profile open names no vault", ascii)
	})
}

// Names come from outside: longer than any line, twice as wide as they have
// letters, or with marks that turn the writing round.
func TestForeignNamesFitEverySize(t *testing.T) {
	w := tuitest.Estate()
	names := []string{strings.Repeat("very-long-", 12), strings.Repeat("東京支店", 15), "قاعدة\u202eبيانات", "zalgo" + strings.Repeat("\u0301", 40), "tab\tand\x1b[31mred"}
	for i, name := range names {
		w.Items[i].Name, w.Items[i].AzureVM.Name, w.Items[i].HostName = name, name, name
	}
	w.Findings = append(w.Findings, engine.Finding{Rule: "x", Title: names[0], Verdict: engine.VerdictWarn, Observed: names[1], Remedy: names[2]})
	o := tui.Options{Start: tui.StartRehearsal, Theme: theme.None, NoMotion: true}
	const state = "Nothing has been started"
	tuitest.Run(t, func() tea.Model { return tui.New(w.Deps(), o) }, w.Close, func(d *tuitest.Driver) {
		d.Advance(time.Second).Press("enter").Expect("What comes home?")
		fits(t, d.Model(), state, false)
		d.Press("down", "enter").Advance(time.Second).Press("left", "enter").Expect("Where does it go?")
		fits(t, d.Model(), state, false)
		d.Press("enter").Advance(time.Second)
		fits(t, d.Model(), state, false)
		d.Press("enter").Advance(time.Second).Expect("Review")
		fits(t, d.Model(), state, false)
		d.Type(names[1]).Expect("店▌ √").Press("enter").Advance(2 * time.Second).Expect("Stop Azure and switch")
		fits(t, d.Model(), "東京", false)
		d.Press("esc")
		fits(t, d.Model(), "東京", false)
		d.Press("l")
		fits(t, d.Model(), "東京", false)
		d.Press("esc", "c")
		fits(t, d.Model(), "東京", false)
	})
}
