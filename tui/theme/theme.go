// Package theme gives colours their meanings. It is the only place that names a
// colour; screens use the meanings. No meaning is carried by colour alone: a
// word or a symbol always stands beside it.
package theme

import (
	"io"
	"runtime"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"
)

// Name names a theme.
type Name string

// The themes. Auto asks the terminal; on Windows, whose consoles do not answer,
// it takes the sixteen colours that the operator's own scheme defines.
const (
	Auto    Name = "auto"
	Dark    Name = "dark"
	Light   Name = "light"
	Sixteen Name = "16"
	None    Name = "none"
)

// Names lists the themes that may be asked for.
var Names = []Name{Auto, Dark, Light, Sixteen, None}

// Theme is a set of styles named by meaning. Its zero value is not usable; make
// one with [New].
type Theme struct {
	Text     lipgloss.Style // ordinary words
	Strong   lipgloss.Style // what to read first
	Muted    lipgloss.Style // what may be skipped
	Frame    lipgloss.Style // rules and boxes
	Accent   lipgloss.Style // the cursor, the current step
	OK       lipgloss.Style
	Warn     lipgloss.Style
	Bad      lipgloss.Style
	Alarm    lipgloss.Style // damage and overrun, filled
	Key      lipgloss.Style // names of keys
	Downtime lipgloss.Style // the clock that counts against us
}

// palette is the colours of one theme.
type palette struct {
	text, muted, frame, accent, ok, warn, bad, downtime, alarmFG, alarmBG lipgloss.TerminalColor
}

var dark = palette{
	text: lipgloss.Color("#d4d8de"), muted: lipgloss.Color("#939ba7"), frame: lipgloss.Color("#59616d"),
	accent: lipgloss.Color("#7cb7ff"), ok: lipgloss.Color("#86c98a"), warn: lipgloss.Color("#e3b866"),
	bad: lipgloss.Color("#f28b82"), downtime: lipgloss.Color("#e3b866"),
	alarmFG: lipgloss.Color("#1c1c1c"), alarmBG: lipgloss.Color("#f28b82"),
}

var light = palette{
	text: lipgloss.Color("#22262b"), muted: lipgloss.Color("#5c6470"), frame: lipgloss.Color("#a3abb6"),
	accent: lipgloss.Color("#0b57b0"), ok: lipgloss.Color("#1d6b2a"), warn: lipgloss.Color("#855200"),
	bad: lipgloss.Color("#b3261e"), downtime: lipgloss.Color("#855200"),
	alarmFG: lipgloss.Color("#ffffff"), alarmBG: lipgloss.Color("#b3261e"),
}

// sixteen leaves text to the terminal's own foreground.
var sixteen = palette{
	text: lipgloss.NoColor{}, muted: lipgloss.NoColor{}, frame: lipgloss.Color("8"),
	accent: lipgloss.Color("6"), ok: lipgloss.Color("2"), warn: lipgloss.Color("3"),
	bad: lipgloss.Color("1"), downtime: lipgloss.Color("3"),
	alarmFG: lipgloss.Color("15"), alarmBG: lipgloss.Color("1"),
}

// New makes the theme for a writer. The writer's environment (NO_COLOR,
// CLICOLOR, TERM) limits what is used, whatever the name asks for; an unknown
// name counts as auto.
func New(name Name, out io.Writer) Theme {
	r := lipgloss.NewRenderer(out)
	switch name {
	case None:
		r.SetColorProfile(termenv.Ascii)
		return build(r, sixteen)
	case Sixteen:
		limit(r, termenv.ANSI)
		return build(r, sixteen)
	case Dark:
		return build(r, dark)
	case Light:
		return build(r, light)
	case Auto:
	}
	switch {
	case runtime.GOOS == "windows":
		limit(r, termenv.ANSI)
		return build(r, sixteen)
	// The question was put to the terminal once, when the program began; asking
	// it again would cost seconds where nothing answers.
	case lipgloss.HasDarkBackground():
		return build(r, dark)
	}
	return build(r, light)
}

// limit lowers the colour profile; a smaller profile has the larger number.
func limit(r *lipgloss.Renderer, p termenv.Profile) {
	r.SetColorProfile(max(r.ColorProfile(), p))
}

func build(r *lipgloss.Renderer, p palette) Theme {
	fg := func(c lipgloss.TerminalColor) lipgloss.Style { return r.NewStyle().Foreground(c) }
	return Theme{
		Text: fg(p.text), Strong: fg(p.text).Bold(true), Muted: fg(p.muted), Frame: fg(p.frame),
		Accent: fg(p.accent).Bold(true), OK: fg(p.ok), Warn: fg(p.warn), Bad: fg(p.bad).Bold(true),
		Alarm: r.NewStyle().Foreground(p.alarmFG).Background(p.alarmBG).Bold(true),
		Key:   fg(p.accent), Downtime: fg(p.downtime).Bold(true),
	}
}
