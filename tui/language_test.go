package tui_test

import (
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"failback/engine"
	"failback/engine/runs"
	"failback/tui"
	"failback/tui/lang"
	"failback/tui/theme"
	"failback/tui/tuitest"
)

// said is what every screen of a plain failback is called at, in a language.
type said struct {
	way, items, sync, target, start, approve, waits, damaged, nothing, idle string
}

var inSwedish = said{
	way: "Åt vilket håll", items: "Vad ska hem?", sync: "Hur ska data komma hem?", target: "Vart ska den?", start: "för att starta:",
	approve: "Skriv web01 för att godkänna", waits: "web01 väntar på beslut", damaged: "web01 är SKADAD", nothing: "Inget har startats", idle: "Inget körs här",
}

// shot is what is done on each screen; one without a name is not drawn elsewhere.
type shot func(d *tuitest.Driver, name, state string)

// walk goes through a plain failback in Swedish, to a cancel.
func walk(t *testing.T, ascii bool, at shot) {
	t.Helper()
	w, s := tuitest.Estate(), inSwedish
	w.Findings = append(w.Findings, engine.Finding{Rule: "managed-disk", Title: "The Azure disks can be failed back from", Verdict: engine.VerdictWarn,
		Observed: "1 of 1 are managed disks", Remedy: "what Site Recovery offers decides; try one VM first", Source: "support matrix", Dated: "2026-09-11"})
	opts := tui.Options{Start: tui.StartRehearsal, Theme: theme.None, NoMotion: true, ASCII: ascii, Language: lang.Swedish()}
	tuitest.Run(t, func() tea.Model { return tui.New(w.Deps(), opts) }, w.Close, func(d *tuitest.Driver) {
		d.Advance(time.Second).Expect(s.way)
		at(d, "direction", s.nothing)
		d.Press("enter").Expect(s.items)
		at(d, "items", s.nothing)
		d.Press("?")
		at(d, "help", s.nothing)
		d.Press("esc", ":")
		at(d, "palette", s.nothing)
		d.Type("kontrollera").Press("esc", "enter").Advance(time.Second).Expect(s.sync)
		at(d, "sync", s.nothing)
		d.Press("left", "enter").Expect(s.target)
		at(d, "target", s.nothing)
		d.Press("enter").Advance(time.Second)
		at(d, "preflight", s.nothing)
		d.Press("enter").Expect(s.start)
		at(d, "review", s.nothing)
		d.Type("web01").Press("enter").Advance(2 * time.Second).Expect(s.approve)
		at(d, "gate", s.waits)
		d.Press("esc")
		at(d, "live", s.waits)
		for _, panel := range []string{"l", "t", "f"} {
			d.Press(panel)
			at(d, "", s.waits)
			d.Press("esc")
		}
		d.Press("c")
		at(d, "cancel", s.waits)
		d.Press("esc", "ctrl+c")
		at(d, "leave", s.waits)
		d.Press("esc", "c").Type("cancel").Press("enter").Advance(time.Second).Expect("laga")
		at(d, "outcome", s.damaged)
		d.Press("esc").Expect("Övning")
		at(d, "home", s.idle)
	})
}

// Swedish is longer than English, and breaks nothing at any size.
func TestSwedishFitsEverySize(t *testing.T) {
	n := 0
	walk(t, false, func(d *tuitest.Driver, _, state string) {
		n++
		fitsSome(t, d.Model(), n, state)
	})
	if n < 15 {
		t.Errorf("%d screens were looked at", n)
	}
}

// fitsSome looks at the sizes where layouts change, and at heights at two widths; n
// spreads what is between.
func fitsSome(t *testing.T, m tea.Model, n int, state string) {
	t.Helper()
	for _, w := range []int{20, 39, 40, 59, 60, 64, 72, 80, 110, 124, 240} {
		fitsAt(t, m, w, 5+(w*7+n*11)%76, state, false)
	}
	for h := 5 + n%3; h <= 32; h += 3 {
		fitsAt(t, m, 80, h, state, false)
		fitsAt(t, m, 20, h, state, false)
	}
}

// The screens that are not on the way of one plain failback.
func TestOtherSwedishScreensFitEverySize(t *testing.T) {
	n := 0
	look := func(w *tuitest.World, o tui.Options, f func(*tuitest.Driver)) {
		n++
		o.Theme, o.NoMotion, o.Language = theme.None, true, lang.Swedish()
		tuitest.Run(t, func() tea.Model { return tui.New(w.Deps(), o) }, w.Close, func(d *tuitest.Driver) { f(d.Advance(time.Second)) })
	}
	w := tuitest.Estate()
	w.SignIn = withCode
	look(w, tui.Options{Start: tui.StartProfile("prod")}, func(d *tuitest.Driver) {
		d.Expect("ABCD-EFGH", "skriv in den här koden")
		fitsSome(t, d.Model(), n, "Väntar på inloggningen")
		d.Press("esc").Advance(time.Second)
	})
	look(tuitest.Estate(), tui.Options{Start: tui.StartProfile("broken")}, func(d *tuitest.Driver) {
		d.Expect("Ingen anslutning")
		fitsSome(t, d.Model(), n, "Inte ansluten")
	})
	w = tuitest.Estate()
	w.Summaries = []runs.Summary{
		{ID: "20260314-221500-lab01", Item: "web01", Gate: engine.GateCommit, Resumable: true, Rehearsal: true},
		{ID: "20260312-221500-lab04", Item: "old01", Broken: "line 7: the chain is broken"},
	}
	look(w, tui.Options{}, func(d *tuitest.Driver) {
		d.Expect("Oavslutade körningar", "väntar: Godkänn och radera Azure-kopian")
		fitsSome(t, d.Model(), n, "1 körning väntar på")
	})
	look(tuitest.Estate(), tui.Options{Start: tui.StartRehearsal}, func(d *tuitest.Driver) {
		d.Press("down", "enter", "enter").Advance(time.Second).Expect("Vilket läge av dc01")
		fitsSome(t, d.Model(), n, "Inget har startats")
	})
	events := tuitest.Record(tuitest.Plan(engine.SyncDelta, "web01", "db01", "crm01"), recordedAt)
	var h *tuitest.Handle
	tuitest.Run(t, func() tea.Model {
		h = tuitest.Replay(upTo(t, events, 3, progress(engine.PhaseFinalSync)))
		o := still(h, false)
		o.Language = lang.Swedish()
		return tui.New((&tuitest.World{}).Deps(), o)
	}, func() { h.Detach() }, func(d *tuitest.Driver) {
		asideAll(d, 2)
		d.Expect("Slutsynkroniseringen")
		fitsSome(t, d.Model(), n, "DRIFTSTOPP 00:")
	})
}

// The main screens as a Swedish operator reads them.
func TestSwedishScreens(t *testing.T) {
	walk(t, false, func(d *tuitest.Driver, name, _ string) {
		if name != "" {
			d.Golden("sv-" + name + "-80x24")
		}
	})
}

// ofTheTest reports texts that the test's world says, and no source of ours.
func ofTheTest(line string) bool {
	for _, s := range []string{
		"The VM was failed over 6 days ago", "Downtime is 1 hour shorter", "checksums of 40 GB", "No checkpoints", "Virtual switch of the same name",
		"rg-prod/web01 is shut down", "What changed since the snapshot is copied.", "The on-premises VM is started.", "Preparing the on-premises virtual machine",
	} {
		if strings.Contains(line, s) {
			return true
		}
	}
	return false
}

// Of what our own words draw no sentence is left in English: the screens are looked
// through for words that Swedish does not have.
func TestSwedishScreensHoldNoEnglish(t *testing.T) {
	english := []string{" the ", "The ", " is ", " are ", " not ", " and ", " of ", "waits", "stopped", " with "}
	walk(t, false, func(d *tuitest.Driver, name, _ string) {
		defer d.Size(80, 24)
		d.Size(120, 40)
		for _, line := range strings.Split(ansi.Strip(d.View()), "\n") {
			for _, word := range english {
				if strings.Contains(line, word) && !strings.Contains(line, "[") && !ofTheTest(line) {
					t.Errorf("%s: %q in %q", name, word, strings.TrimSpace(line))
				}
			}
		}
	})
}
