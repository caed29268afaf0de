package wizard

import (
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"failback/engine"
	"failback/tui/keymap"
	"failback/tui/look"
)

// View draws the rail of steps, the question, and below it why the last key did
// nothing.
func (w *Wizard) View(width, height int) []string {
	if !w.world.ready() {
		return w.loadingView(width, height)
	}
	out := []string{w.rail(width), ""}
	var foot []string
	if w.notice != "" {
		foot = append([]string{""}, w.look.Paragraph(w.look.T.Warn, w.look.T.Warn.Render(w.look.G.Warn)+" ", w.notice, width)...)
	}
	out = append(out, w.step().view(w, width, max(1, height-len(out)-len(foot)))...)
	if over := len(out) + len(foot) - height; over > 0 {
		out = out[:max(0, len(out)-over)]
	}
	return append(out, foot...)
}

func (w *Wizard) loadingView(width, height int) []string {
	if w.world.err == nil {
		return w.comingView(width, height)
	}
	out := []string{"", w.look.T.Bad.Render(w.look.Say("The plan can't be made."))}
	out = append(out, w.look.Wrap(w.look.Failure(w.world.err), width)...)
	return out
}

// lostHints are the keys where the plan can't be made.
func (w *Wizard) lostHints() []keymap.Binding {
	out := []keymap.Binding{keymap.Again.But("try again")}
	if w.conn.Direct != nil && w.repair == nil {
		out = append(out, keymap.OtherMachine.But("without the vault: an Azure VM by its id"))
	}
	return append(out, keymap.Back)
}

// rail shows where the operator is: what is answered, what is asked, what comes.
func (w *Wizard) rail(width int) string {
	var parts []string
	n, asked := 0, ""
	for i, s := range w.steps {
		if !s.applies(w.draft) {
			continue
		}
		n++
		name := w.look.Say(s.name())
		label := fmt.Sprintf("%d %s", n, name)
		switch {
		case i < w.at:
			parts = append(parts, w.look.T.OK.Render(w.look.G.Done)+" "+w.look.T.Muted.Render(name))
		case i == w.at:
			asked = w.look.T.Accent.Render(label)
			parts = append(parts, asked)
		default:
			parts = append(parts, w.look.T.Muted.Render(label))
		}
	}
	rail := strings.Join(parts, w.look.T.Frame.Render("  "))
	if ansi.StringWidth(rail) <= width {
		return rail
	}
	return w.look.Cut(asked+w.look.T.Muted.Render(w.look.Say(fmt.Sprintf("  of %d steps", n))), width)
}

// Status is the state line.
func (w *Wizard) Status() look.Status {
	switch {
	case w.world.err != nil:
		return look.Status{Tone: look.Alarm, Text: "The vault could not be read. Nothing was changed."}
	case !w.world.loaded:
		return look.Status{Tone: look.Working, Text: "Reading the vault. Nothing is changed."}
	case w.done:
		return look.Status{Tone: look.Working, Text: "Starting the run"}
	}
	words := []string{"Nothing has been started"}
	if w.draft.Direction != engine.DirectionUnknown {
		words = append(words, w.draft.Direction.Arrow())
	}
	if n := len(w.draft.Items); n == 1 {
		words = append(words, w.draft.Items[0].Name)
	} else if n > 1 {
		words = append(words, fmt.Sprintf("%d items", n))
	}
	return look.Status{Text: strings.Join(words, " · ")}
}

// Hints are the keys of the step.
func (w *Wizard) Hints() []keymap.Binding {
	if !w.world.ready() {
		return w.comingHints()
	}
	return append(w.step().hints(w), keymap.Back)
}

// Keys are the keys of the step for the help.
func (w *Wizard) Keys() []keymap.Group {
	hints := w.Hints()
	moving := keymap.Reading()
	if slices.ContainsFunc(hints, func(b keymap.Binding) bool { return b.Action == keymap.Filter.Action }) {
		moving = keymap.Moving()
	}
	return []keymap.Group{{Title: "This step", Bindings: append(hints, keymap.Jobs.But("jobs of the vault"))}, moving}
}
