package tui_test

import (
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"failback/engine"
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
		// Every screen at the sizes where layouts change; all heights at two widths.
		n++
		for _, w := range []int{20, 39, 40, 59, 60, 64, 72, 80, 110, 124, 240} {
			fitsAt(t, d.Model(), w, 5+(w*7+n*11)%76, state, false)
		}
		for h := 5 + n%3; h <= 32; h += 3 {
			fitsAt(t, d.Model(), 80, h, state, false)
			fitsAt(t, d.Model(), 20, h, state, false)
		}
	})
	if n < 15 {
		t.Errorf("%d screens were looked at", n)
	}
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
