// Command style draws sheets of the components that the screens are made of, for
// the pictures of docs/style.md:
//
//	go run ./docs/img/style [-theme NAME] [-ascii] [-width CELLS] states|list|question|charts
//
// It ends with a key, so that somebody can look; docs/img/make.sh takes the
// pictures.
package main

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/dialog"
	"failback/tui/field"
	"failback/tui/glyph"
	"failback/tui/jobtree"
	"failback/tui/keymap"
	"failback/tui/look"
	"failback/tui/pick"
	"failback/tui/text"
	"failback/tui/theme"
)

// sheets are the components by the name of their picture.
var sheets = map[string]func(l look.Look, w int) []string{"states": states, "list": list, "question": question, "charts": charts}

func main() {
	name := flag.String("theme", "auto", "theme of the sheet")
	ascii := flag.Bool("ascii", false, "ASCII symbols")
	width := flag.Int("width", 76, "cells of a line")
	flag.Parse()
	sheet, ok := sheets[flag.Arg(0)]
	if !ok || !theme.Known(theme.Name(*name)) {
		fmt.Fprintln(os.Stderr, "usage: style [-theme NAME] [-ascii] [-width CELLS] states|list|question|charts")
		os.Exit(2)
	}
	l := look.Look{T: theme.New(theme.Name(*name), os.Stdout), G: glyph.Unicode()}
	if *ascii {
		l.G = glyph.ASCII()
	}
	if _, err := tea.NewProgram(page(strings.Join(sheet(l, *width), "\n")), tea.WithAltScreen()).Run(); err != nil {
		fmt.Fprintln(os.Stderr, "style:", err)
		os.Exit(1)
	}
}

// page shows a sheet until a key is pressed.
type page string

func (p page) Init() tea.Cmd { return nil }
func (p page) View() string  { return string(p) }

func (p page) Update(msg tea.Msg) (tea.Model, tea.Cmd) {
	if _, ok := msg.(tea.KeyMsg); ok {
		return p, tea.Quit
	}
	return p, nil
}

// at is the time on the sheets.
var at = look.Tick{Now: time.Date(2026, 3, 14, 22, 15, 0, 0, time.UTC), Beat: 1}

func states(l look.Look, w int) []string {
	out := []string{l.Section("Findings of the preflight", w)}
	for _, f := range []engine.Finding{
		{Verdict: engine.VerdictOK, Title: "Provider connected", Observed: "heartbeat 12 s ago"},
		{Verdict: engine.VerdictWarn, Title: "No checkpoints", Observed: "1 checkpoint, from before the failover"},
		{Verdict: engine.VerdictBlock, Title: "On-premises VM is off", Observed: "running"},
		{Verdict: engine.VerdictUnknown, Title: "Free space of the volume", Observed: "the host did not answer"},
	} {
		out = append(out, l.Cut(l.Verdict(f.Verdict)+"  "+l.T.Text.Render(l.Fit(f.Title, 26))+"  "+l.T.Muted.Render(f.Observed), w))
	}
	out = append(out, "", l.Section("States of jobs and tasks", w))
	all := []engine.JobState{engine.JobNotStarted, engine.JobInProgress, engine.JobSuspended, engine.JobSucceeded, engine.JobPartiallySucceeded,
		engine.JobFailed, engine.JobCancelled, "Brewing"}
	for i := 0; i < len(all); i += 4 {
		line := ""
		for _, s := range all[i : i+4] {
			line += l.Fit(l.JobTone(string(s)).Render(l.JobMark(string(s))+" "+jobtree.Word(string(s))), 18)
		}
		out = append(out, l.Cut(line, w))
	}
	out = append(out, "", l.Section("The state line", w))
	for _, s := range []look.Status{
		{Tone: look.Calm, Text: "Nothing runs here"},
		{Tone: look.Working, Text: "DOWNTIME 00:01:29 of 10 min · web01: Final sync 00:00:29"},
		{Tone: look.Asking, Text: "web01 waits for a decision: Stop Azure and switch"},
		{Tone: look.Alarm, Text: "web01 failed at Final sync"},
	} {
		out = append(out, l.Status(s, at, w))
	}
	return append(out, "", l.T.Alarm.Render(l.Fit(" DAMAGED  Don't start the on-premises VM web01: the sync was cancelled", w)), "",
		l.Hints([]keymap.Binding{keymap.Choose, keymap.Up, keymap.Down, keymap.Filter, keymap.Help}, w))
}

func list(l look.Look, w int) []string {
	items := &pick.List{Many: true, Sorts: true, Columns: []pick.Column{{Title: "Item"}, {Title: "Size", Right: true, Drop: 2}, {Title: "State", Drop: 1}}}
	items.Set([]pick.Row{
		{Cells: []string{"web01", "40.0 GiB", "ready"}},
		{Cells: []string{"db01", "120.0 GiB", "ready"}},
		{Cells: []string{"erp01", "80.0 GiB", "damaged on-premises: this run repairs it"}, Alarm: true},
		{Cells: []string{"dc01", "30.0 GiB", "already on-premises"}, Off: "already on-premises"},
		{Cells: []string{"hr01", "30.0 GiB", "ready"}},
		{Cells: []string{"files01", "2.0 TiB", "ready"}},
	})
	items.Mark(0)
	items.Point(1)
	out := append([]string{l.T.Strong.Render("What comes home?"), ""}, items.View(l, w, 6)...)
	out = append(out, "", l.T.Strong.Render("The same, filtered and narrow"), "")
	for _, k := range []tea.KeyMsg{{Type: tea.KeyRunes, Runes: []rune{'/'}}, {Type: tea.KeyRunes, Runes: []rune{'r'}}} {
		items.Key(k)
	}
	return append(out, items.View(l, 30, 5)...)
}

func question(l look.Look, w int) []string {
	who := field.New("Who looked at it:", "name").Set("kim@jump01")
	f := dialog.Form{
		Title: "Accept and delete the Azure copy", Portal: "Commit", Subject: "web01", Submit: "accept it", Aside: "not now, it waits",
		Lines: []dialog.Line{
			{Tone: dialog.Quiet, Text: "Approving does this:"},
			{Tone: dialog.Bullet, Text: "The Azure VM rg-prod/web01 and its disks are deleted."},
			{Tone: dialog.Good, Text: "Boot proven: running, heartbeat ok, up 42 s"},
			{Tone: dialog.Caution, Text: "Disk data was not compared: the host did not answer"},
			{Tone: dialog.Danger, Text: "There is no way back to the Azure copy after that."},
		},
		Fields: []*field.Field{field.Confirm("Type web01 to approve:", "web01").Set("web01"), who},
	}
	c := dialog.Choice{
		Title: "Leave?", Lines: []dialog.Line{{Text: "Leaving cancels nothing: the Azure jobs go on."}},
		Options: []dialog.Option{{Label: "Stay"}, {Label: "Leave it running and exit (detach)"}, {Label: "Cancel the failback", Off: "too late, the switch has been made"}},
	}
	return append(append(f.View(l, w, 14), ""), c.View(l, w, 10)...)
}

func charts(l look.Look, w int) []string {
	out := []string{l.Section("Progress and rate", w), l.T.Accent.UnsetBold().Render(l.G.Progress(0.62, 30)) + "  62 %"}
	var rates []float64
	for i := range 44 {
		rates = append(rates, float64(20+(i*i)%17+i/2))
	}
	out = append(out, l.T.Accent.UnsetBold().Render(l.G.Sparkline(rates, 44))+"  "+l.T.Strong.Render(text.Rate(930e6)), "",
		l.Section("Predictions: likely, cautious", w))
	for _, p := range []struct {
		name, value      string
		likely, cautious float64
	}{{"Delta", "6 min to 11 min", 0.045, 0.08}, {"Full", "1 h 08 min to 2 h 16 min", 0.5, 1}} {
		out = append(out, l.Labelled(p.name, l.Fit(p.value, 26), 6, 34, l.T.Text)+l.T.Downtime.UnsetBold().Render(l.G.Span(p.likely, p.cautious, w-36)))
	}
	out = append(out, "", l.Section("The clock that counts against us", w))
	for _, row := range glyph.Digits("00:01:29") {
		out = append(out, l.T.Downtime.Render(row))
	}
	return out
}
