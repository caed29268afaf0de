// Package look is the drawing kit of the screens: it joins the theme and the
// symbols and lays lines out. All of it is pure: the same input gives the same
// lines. Widths are cells as a terminal counts them, never bytes.
package look

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"failback/engine"
	"failback/tui/glyph"
	"failback/tui/keymap"
	"failback/tui/lang"
	"failback/tui/text"
	"failback/tui/theme"
)

// Look is a theme with a set of symbols. It is a value and is copied freely.
type Look struct {
	T theme.Theme
	G glyph.Set
	// K are the keys of the person in front of the screens.
	K keymap.Keys
	// L is the language of the screens; the zero value is English.
	L lang.Language
	// Still stops the spinner: for people whom motion disturbs, and for tests.
	Still bool
}

// Words cleans a text and writes it in the symbols of the set: for names and for
// what others wrote. Words of ours go through [Look.Say].
func (l Look) Words(s string) string { return l.G.Text(text.Clean(s)) }

// Say is Words for a text of ours: it says it in the language of the screens. A
// text that the language does not have is drawn as it stands.
func (l Look) Say(s string) string { return l.Words(l.L.Say(s)) }

// Failure is what an error says to a person: a failure whole, with what to do now.
func (l Look) Failure(err error) string {
	said := err.Error()
	var f *engine.Failure
	if errors.As(err, &f) {
		said = f.Error()
	}
	return l.Words(l.L.Failure(said))
}

// Cut shortens a line to w cells and marks the cut.
func (l Look) Cut(s string, w int) string {
	if w <= 0 {
		return ""
	}
	if text.Width(s) <= w {
		return s
	}
	return ansi.Truncate(s, w, l.G.Ellipsis)
}

// Fit makes a line exactly w cells wide: cut, or padded with blanks.
func (l Look) Fit(s string, w int) string {
	s, rest := l.measured(s, w)
	return s + blanks(rest)
}

// measured is Cut, with how many cells are left.
func (l Look) measured(s string, w int) (string, int) {
	if n := text.Width(s); n <= w {
		return s, w - n
	}
	s = l.Cut(s, w)
	return s, max(0, w-text.Width(s))
}

// manyBlanks is longer than nearly every gap of a screen.
const manyBlanks = "                                                                                                                                "

// blanks are n blanks.
func blanks(n int) string {
	if n <= len(manyBlanks) {
		return manyBlanks[:max(0, n)]
	}
	return strings.Repeat(" ", n)
}

// Right makes a line exactly w cells wide with the text at its right end.
func (l Look) Right(s string, w int) string {
	s, rest := l.measured(s, w)
	return blanks(rest) + s
}

// Wrap says a text and breaks it into lines of at most w cells, at blanks: a
// name, a date or an id with hyphens stays in one piece where it fits on a line.
func (l Look) Wrap(s string, w int) []string {
	if w < 1 {
		return nil
	}
	// The library breaks after every hyphen, and there is no way to ask it not to.
	whole := strings.ReplaceAll(l.Say(s), "-", unbroken)
	return strings.Split(strings.ReplaceAll(ansi.Wrap(whole, w, " "), unbroken, "-"), "\n")
}

// unbroken is a hyphen that nothing breaks after. [text.Clean] leaves the one of
// a foreign text alone, and it comes out of here as a plain one.
const unbroken = "\u2011"

// Paragraph is Wrap in a style, with the first line behind a mark and the
// others indented under it.
func (l Look) Paragraph(style theme.Style, mark, s string, w int) []string {
	indent := text.Width(mark)
	lines := l.Wrap(s, w-indent)
	for i := range lines {
		head := strings.Repeat(" ", indent)
		if i == 0 {
			head = mark
		}
		lines[i] = head + style.Render(lines[i])
	}
	return lines
}

// Rule is a horizontal line.
func (l Look) Rule(w int) string { return l.T.Frame.Render(strings.Repeat(l.G.Rule, max(0, w))) }

// Section is a heading with a rule after it.
func (l Look) Section(title string, w int) string {
	t := l.T.Muted.Render(title)
	return l.Cut(t+" "+l.Rule(w-text.Width(title)-1), w)
}

// Split puts one text at the left and one at the right of a line of w cells. The
// left one is cut first.
func (l Look) Split(left, right string, w int) string {
	rw := text.Width(right)
	if right == "" || rw+2 >= w {
		return l.Fit(left, w)
	}
	return l.Fit(left, w-rw-1) + " " + right
}

// Beside sets two blocks side by side; the left one is made lw cells wide.
func (l Look) Beside(left, right []string, lw int, gap string) []string {
	out := make([]string, max(len(left), len(right)))
	for i := range out {
		var a, b string
		if i < len(left) {
			a = left[i]
		}
		if i < len(right) {
			b = right[i]
		}
		out[i] = strings.TrimRight(l.Fit(a, lw)+gap+b, " ")
	}
	return out
}

// Box draws a frame of w cells around lines.
func (l Look) Box(title string, body []string, w int, frame theme.Style) []string {
	inner := w - 4
	if inner < 1 {
		return body
	}
	c, side := l.G.Corners, frame.Render(l.G.Bar)
	title = l.Cut(title, inner-1)
	rest := strings.Repeat(l.G.Rule, max(0, inner-text.Width(title)-1))
	top := frame.Render(c[0]+l.G.Rule) + " " + title + " " + frame.Render(rest+c[1])
	if title == "" {
		top = frame.Render(c[0] + strings.Repeat(l.G.Rule, w-2) + c[1])
	}
	out := []string{top}
	for _, b := range body {
		out = append(out, side+" "+l.Fit(b, inner)+" "+side)
	}
	return append(out, frame.Render(c[2]+strings.Repeat(l.G.Rule, w-2)+c[3]))
}

// Centre puts a block of lines into the middle of an area.
func (l Look) Centre(block []string, w, h int) []string {
	bw := 0
	for _, b := range block {
		bw = max(bw, text.Width(b))
	}
	left := strings.Repeat(" ", max(0, (w-bw)/2))
	out := make([]string, max(0, (h-len(block))/2), max(h, len(block)))
	for _, b := range block {
		out = append(out, left+b)
	}
	return out
}

// Clamp cuts lines to w cells and the block to h lines. Renderers cut a view
// that is too tall at its top, where the title is: nothing may get that far.
func (l Look) Clamp(lines []string, w, h int) []string {
	lines = lines[:min(len(lines), max(0, h))]
	out := make([]string, len(lines))
	for i, s := range lines {
		out[i] = l.Cut(s, w)
	}
	return out
}

// Scrolled shows h of the lines, beginning with first; where lines are hidden
// below, the last one counts them. It never scrolls past the end.
func (l Look) Scrolled(lines []string, first, h int) []string {
	if h < 1 {
		return nil
	}
	if len(lines) <= h {
		return lines
	}
	first = max(0, min(first, len(lines)-h))
	out := slices.Clone(lines[first : first+h])
	if rest := len(lines) - first - h; rest > 0 {
		out[h-1] = l.T.Muted.Render(l.G.More + " " + l.Say(fmt.Sprintf("%d more, %s", rest+1, l.KeyName(keymap.PageDown))))
	}
	return out
}

// Hints is the line of keys at the bottom: as many as fit, in order. The way back is
// always among them, since somebody who hesitates looks for it first.
func (l Look) Hints(bindings []keymap.Binding, w int) string {
	on := slices.DeleteFunc(slices.Clone(bindings), func(b keymap.Binding) bool { return b.Off != "" })
	line, shown := l.hints(on, w)
	at := slices.IndexFunc(on, func(b keymap.Binding) bool { return b.Action == keymap.Back.Action })
	if at < shown {
		return line
	}
	back, _ := l.hints(on[at:at+1], w)
	if line, _ = l.hints(on[:at], w-text.Width(between+back)); line == "" {
		return back
	}
	return line + between + back
}

// between stands between two keys.
const between = "   "

// hints are as many keys as fit, and how many these are.
func (l Look) hints(bindings []keymap.Binding, w int) (line string, shown int) {
	for _, b := range bindings {
		next := l.T.Key.Render(l.KeyName(b)) + " " + l.T.Muted.Render(l.Say(b.Does()))
		if line != "" {
			next = line + between + next
		}
		if text.Width(next) > w {
			break
		}
		line = next
		shown++
	}
	return line, shown
}

// KeyName is the name of a binding's keys, where the person has them.
func (l Look) KeyName(b keymap.Binding) string {
	name := l.K.Label(b)
	if name == "space" { // the only key whose name is a word of its own
		name = l.Say(name)
	}
	return l.KeyNames(name)
}

// KeyNames writes names of keys in the symbols of the set: arrows become words
// where there are only ASCII symbols.
func (l Look) KeyNames(s string) string {
	if l.G.Arrow == "→" {
		return s
	}
	return strings.NewReplacer("↑", l.Say("up"), "↓", l.Say("down"), "←", l.Say("left"), "→", l.Say("right")).Replace(s)
}

// verdictWidth is how many cells the word of a verdict has.
const verdictWidth = 5

// Verdict is a preflight answer as a symbol, a word and a colour.
func (l Look) Verdict(v engine.Verdict) string {
	switch v {
	case engine.VerdictOK:
		return l.T.OK.Render(l.G.OK + " " + l.Fit(l.Say("ok"), verdictWidth))
	case engine.VerdictWarn:
		return l.T.Warn.Render(l.G.Warn + " " + l.Fit(l.Say("warn"), verdictWidth))
	case engine.VerdictBlock:
		return l.T.Bad.Render(l.G.Block + " " + l.Fit(l.Say("block"), verdictWidth))
	case engine.VerdictUnknown:
	}
	return l.T.Warn.Render(l.G.Unknown + " " + l.Fit(l.Say("open"), verdictWidth))
}
