package look

import (
	"time"

	"failback/tui/theme"
)

// Tick is the clock of the screens: the root sends it to the screen in sight.
// Drawing reads the time from the last one and never asks for it.
type Tick struct {
	Now  time.Time
	Beat int // counts ticks, for the spinner
}

// Spinner is the spinner's picture at this tick; it stands still on request.
func (l Look) Spinner(t Tick) string {
	if l.Still {
		return l.G.Running
	}
	return l.G.Spinner(t.Beat)
}

// Tone says how urgent a state line is.
type Tone int

// The tones.
const (
	Calm    Tone = iota
	Working      // something is on its way
	Asking       // a decision is waited for
	Alarm        // damage, failure, overrun
)

// Status is the state line of a screen: the one line that is always in sight.
type Status struct {
	Tone Tone
	Text string
}

// Status draws a state line of w cells.
func (l Look) Status(s Status, t Tick, w int) string {
	mark, style := l.G.Dot, l.T.Text
	switch s.Tone {
	case Calm:
	case Working:
		mark, style = l.Spinner(t), l.T.Text
	case Asking:
		mark, style = l.G.Gate, l.T.Warn
	case Alarm:
		mark, style = l.G.Block, l.T.Bad
	}
	return l.Cut(style.Render(mark+" "+l.Say(s.Text)), w)
}

// Labelled is a muted name in a column of lw cells with a value behind it.
func (l Look) Labelled(name, value string, lw, w int, style theme.Style) string {
	return l.Cut(l.T.Muted.Render(l.Fit(l.Say(name), lw))+" "+style.Render(l.Say(value)), w)
}
