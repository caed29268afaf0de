// Package theme gives colours their meanings. It is the only place that names a
// colour; screens use the meanings. No meaning is carried by colour alone: a
// word or a symbol always stands beside it.
package theme

import (
	"io"
	"runtime"
	"slices"
	"strconv"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// Name names a theme.
type Name string

// The themes. Auto asks the terminal; on Windows, whose consoles do not answer,
// it takes the sixteen colours that the operator's own scheme defines.
// ColourBlind keeps good, warning and bad apart for eyes that don't tell red from
// green.
const (
	Auto        Name = "auto"
	Dark        Name = "dark"
	Light       Name = "light"
	Sixteen     Name = "16"
	ColourBlind Name = "colour-blind"
	None        Name = "none"
)

// Names lists the themes that may be asked for.
var Names = []Name{Auto, Dark, Light, Sixteen, ColourBlind, None}

// Known reports whether there is a theme of that name.
func Known(n Name) bool { return slices.Contains(Names, n) }

// Theme is a set of styles named by meaning. Its zero value is not usable; make
// one with [New].
type Theme struct {
	Text     Style // ordinary words
	Strong   Style // what to read first
	Muted    Style // what may be skipped
	Frame    Style // rules and boxes
	Accent   Style // the cursor, the current step
	OK       Style
	Warn     Style
	Bad      Style
	Alarm    Style // damage and overrun, filled
	Key      Style // names of keys
	Downtime Style // the clock that counts against us
}

// New makes the theme for a writer. The writer's environment (NO_COLOR,
// CLICOLOR, TERM) limits what is used, whatever the name asks for; an unknown
// name counts as auto.
func New(name Name, out io.Writer) Theme {
	r := lipgloss.NewRenderer(out)
	switch name {
	case None:
		r.SetColorProfile(termenv.Ascii)
		return build(r, sixteenOnDark)
	case Sixteen:
		return sixteen(r)
	case Dark:
		return build(r, dark)
	case Light:
		return build(r, light)
	case ColourBlind:
		return build(r, onBackground(blindOnDark, blindOnLight))
	case Auto:
	}
	if runtime.GOOS == "windows" {
		return sixteen(r)
	}
	return build(r, onBackground(dark, light))
}

func sixteen(r *lipgloss.Renderer) Theme {
	limit(r, termenv.ANSI)
	return build(r, onBackground(sixteenOnDark, sixteenOnLight))
}

// onBackground takes the palette for the terminal's background. The question was
// put to the terminal once, when the program began; asking it again would cost
// seconds where nothing answers. Windows does not answer and counts as dark.
func onBackground(dark, light palette) palette {
	if lipgloss.HasDarkBackground() {
		return dark
	}
	return light
}

// limit lowers the colour profile; a smaller profile has the larger number.
func limit(r *lipgloss.Renderer, p termenv.Profile) {
	r.SetColorProfile(max(r.ColorProfile(), p))
}

// settled is a colour as the terminal will get it. Where the terminal has fewer
// colours the nearest is looked for, which would otherwise be done anew for every
// word that is drawn and cost more than all the rest of a frame.
func settled(r *lipgloss.Renderer, c lipgloss.TerminalColor) lipgloss.TerminalColor {
	named, ok := c.(lipgloss.Color)
	if !ok {
		return c
	}
	switch got := r.ColorProfile().Color(string(named)).(type) {
	case termenv.ANSIColor:
		return lipgloss.Color(strconv.Itoa(int(got)))
	case termenv.ANSI256Color:
		return lipgloss.Color(strconv.Itoa(int(got)))
	}
	return c
}

func build(r *lipgloss.Renderer, p palette) Theme {
	for _, c := range []*lipgloss.TerminalColor{&p.text, &p.muted, &p.frame, &p.accent, &p.ok, &p.warn, &p.bad, &p.downtime, &p.alarmFG, &p.alarmBG} {
		*c = settled(r, *c)
	}
	fg := func(c lipgloss.TerminalColor) lipgloss.Style { return r.NewStyle().Foreground(c) }
	return Theme{
		Text: styleOf(fg(p.text)), Strong: styleOf(fg(p.text).Bold(true)), Muted: styleOf(fg(p.muted)), Frame: styleOf(fg(p.frame)),
		Accent: styleOf(fg(p.accent).Bold(true)), OK: styleOf(fg(p.ok)), Warn: styleOf(fg(p.warn)), Bad: styleOf(fg(p.bad).Bold(true)),
		Alarm: styleOf(r.NewStyle().Foreground(p.alarmFG).Background(p.alarmBG).Bold(true)),
		Key:   styleOf(fg(p.accent)), Downtime: styleOf(fg(p.downtime).Bold(true)),
	}
}
