// Package glyph holds the symbols of the screens in two sets: one of the
// characters that console fonts have had for decades, and one of ASCII alone.
// There is no braille and no emoji in either, since raster fonts and Consolas
// draw neither.
package glyph

import "strings"

// Set is one set of symbols. Every symbol is one cell wide.
type Set struct {
	Done, Running, Pending, Failed, Stopped, Gate string
	OK, Warn, Block, Unknown                      string
	Cursor, Checked, Unchecked, Chosen, Unchosen  string
	Dot, Dash, Ellipsis, Rule, Bar                string
	More, Less                                    string // more lines below, above
	Corners                                       [4]string
	Caret                                         string
	Full, Empty                                   string // of a progress bar
	Down                                          string // downtime on a line of time
	Arrow                                         string // may be two cells wide
	spinner                                       []string
	levels                                        []string
	plain                                         *strings.Replacer
}

// Unicode is the set for terminals with a proper font.
func Unicode() Set {
	return Set{
		Done: "√", Running: "►", Pending: "·", Failed: "×", Stopped: "■", Gate: "◊",
		OK: "√", Warn: "!", Block: "×", Unknown: "?",
		Cursor: "›", Checked: "■", Unchecked: "□", Chosen: "●", Unchosen: "○",
		Dot: "·", Dash: "–", Ellipsis: "…", Rule: "─", Bar: "│", More: "▼", Less: "▲",
		Corners: [4]string{"┌", "┐", "└", "┘"}, Caret: "▌", Full: "█", Empty: "░", Down: "═", Arrow: "→",
		spinner: []string{"|", "/", "-", "\\"},
		levels:  []string{"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"},
	}
}

// ASCII is the set for anything else.
func ASCII() Set {
	return Set{
		Done: "+", Running: ">", Pending: ".", Failed: "X", Stopped: "#", Gate: "?",
		OK: "+", Warn: "!", Block: "X", Unknown: "?",
		Cursor: ">", Checked: "x", Unchecked: "_", Chosen: "*", Unchosen: "o",
		Dot: "-", Dash: "-", Ellipsis: "~", Rule: "-", Bar: "|", More: "v", Less: "^",
		Corners: [4]string{"+", "+", "+", "+"}, Caret: "_", Full: "#", Empty: ".", Down: "=", Arrow: "->",
		spinner: []string{"|", "/", "-", "\\"},
		levels:  []string{"_", ".", ":", "-", "=", "+", "*", "#"},
		plain: strings.NewReplacer("→", "->", "←", "<-", "–", "-", "—", "-", "…", "...", "·", "-",
			"“", `"`, "”", `"`, "‘", "'", "’", "'", "\u00a0", " ", "≥", ">=", "≤", "<="),
	}
}

// WantsASCII reports whether an environment says that a terminal shows ASCII
// alone: a dumb terminal, or a locale that names another character set. A locale
// that is not set says nothing.
func WantsASCII(env func(string) string) bool {
	if env("TERM") == "dumb" {
		return true
	}
	for _, name := range []string{"LC_ALL", "LC_CTYPE", "LANG"} {
		if l := strings.ToLower(env(name)); l != "" {
			return !strings.Contains(l, "utf-8") && !strings.Contains(l, "utf8")
		}
	}
	return false
}

// Text writes our own typography (arrows, dashes, dots) with the symbols of the
// set. Names from outside keep their letters.
func (s Set) Text(t string) string {
	if s.plain == nil {
		return t
	}
	return s.plain.Replace(t)
}

// Spinner is the n-th picture of the line spinner.
func (s Set) Spinner(n int) string { return s.spinner[((n%4)+4)%4] }

// Progress is a progress bar of width cells; share is from 0 to 1.
func (s Set) Progress(share float64, width int) string {
	full := min(max(int(share*float64(width)), 0), max(width, 0))
	return strings.Repeat(s.Full, full) + strings.Repeat(s.Empty, max(width, 0)-full)
}

// Span is a bar of width cells that is full up to likely and lighter on to
// cautious; both are shares from 0 to 1. What is not nothing takes at least a cell,
// and the rest of the bar is blank.
func (s Set) Span(likely, cautious float64, width int) string {
	cells := func(share float64) int {
		n := min(max(int(share*float64(width)+0.5), 0), max(width, 0))
		if share > 0 && n == 0 && width > 0 {
			return 1
		}
		return n
	}
	full := cells(likely)
	return strings.Repeat(s.Full, full) + strings.Repeat(s.Empty, max(0, cells(cautious)-full))
}

// Level is one cell of a sparkline; share is from 0 to 1.
func (s Set) Level(share float64) string {
	return s.levels[max(0, min(int(share*float64(len(s.levels))), len(s.levels)-1))]
}

// Sparkline draws values as a line of levels, scaled to the largest. It draws
// the newest width values; nothing for no values.
func (s Set) Sparkline(values []float64, width int) string {
	if len(values) > width {
		values = values[len(values)-max(width, 0):]
	}
	var top float64
	for _, v := range values {
		top = max(top, v)
	}
	var b strings.Builder
	for _, v := range values {
		level := 0
		if top > 0 && v > 0 {
			level = min(int(v/top*float64(len(s.levels))), len(s.levels)-1)
		}
		b.WriteString(s.levels[level])
	}
	return b.String()
}
