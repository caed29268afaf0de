package wizard

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"failback/engine"
	"failback/tui/look"
	"failback/tui/text"
)

func (s *preflightStep) view(w *Wizard, width, height int) []string {
	l := w.look
	if s.maker != nil {
		return s.maker.form.View(l, min(width, 100), height)
	}
	out := []string{l.Cut(l.T.Strong.Render(l.Say("Can it go wrong?"))+"  "+s.summary(w), width), ""}
	about := s.about(w, width)
	room := max(1, height-len(out)-len(about)-1)
	out = append(out, s.window(w, width, room)...)
	return l.Clamp(append(append(out, ""), about...), width, height)
}

func (s *preflightStep) summary(w *Wizard) string {
	l := w.look
	var parts []string
	for i, word := range []string{"block", "warn", "open", "ok"} {
		if n := s.count(verdicts[i]); n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, l.Say(word)))
		}
	}
	state := l.Say("checking") + l.G.Ellipsis
	if s.finished {
		state = l.Say("checked")
	}
	return l.T.Muted.Render(strings.Join(append([]string{state}, parts...), "  "))
}

func (s *preflightStep) window(w *Wizard, width, h int) []string {
	first, n := 0, len(s.found)
	if n > h {
		focus := s.at
		if !s.finished && !s.moved {
			focus = n - 1 // follow what comes in
		}
		first = max(0, min(focus-h/2, n-h))
	}
	var out []string
	for i := first; i < min(n, first+h); i++ {
		out = append(out, s.row(w, i, width))
	}
	return out
}

// leastObserved is how many cells of an observation are worth showing.
const leastObserved = 16

func (s *preflightStep) row(w *Wizard, i, width int) string {
	l, c := w.look, s.found[i]
	cursor, style := "  ", l.T.Text
	if i == s.at {
		cursor, style = l.T.Accent.Render(l.G.Cursor)+" ", l.T.Accent
	}
	name := l.L.Say(c.Title)
	if len(w.draft.Items) > 1 {
		name = c.item + ": " + name
	}
	line := cursor + l.Verdict(c.Verdict) + "  "
	room := width - 11
	if room < 48 {
		return l.Cut(line+style.Render(l.Words(name)), width)
	}
	// The name comes whole. What was observed stands beside it where there is
	// room to read it; below, it is said of the finding under the cursor.
	nw := s.nameWidth(l, len(w.draft.Items) > 1)
	if room-nw-2 < leastObserved {
		return l.Cut(line+style.Render(l.Words(name)), width)
	}
	return l.Cut(line+style.Render(l.Fit(l.Words(name), nw))+"  "+l.T.Muted.Render(l.Say(c.Observed)), width)
}

// nameWidth is the width of the longest name of a finding.
func (s *preflightStep) nameWidth(l look.Look, many bool) int {
	widest := 0
	for _, c := range s.found {
		n := ansi.StringWidth(l.Say(c.Title))
		if many {
			n += ansi.StringWidth(c.item) + len(": ")
		}
		widest = max(widest, n)
	}
	return widest
}

// about says all there is to know of the finding under the cursor.
func (s *preflightStep) about(w *Wizard, width int) []string {
	l := w.look
	if s.err != nil {
		return l.Paragraph(l.T.Bad, l.T.Bad.Render(l.G.Block)+" ", "The preflight did not finish: "+w.look.Failure(s.err), width)
	}
	if s.at >= len(s.found) {
		return nil
	}
	c := s.found[s.at]
	out := []string{l.Section(l.Say(c.Title), width)}
	out = append(out, l.Paragraph(l.T.Text, l.T.Muted.Render(l.Fit(l.Say("observed"), 9)), c.Observed, width)...)
	if c.Remedy != "" {
		out = append(out, l.Paragraph(l.T.Text, l.T.Muted.Render(l.Fit(l.Say("now"), 9)), c.Remedy, width)...)
	}
	if basis := c.Basis(); basis != "" {
		out = append(out, l.Paragraph(l.T.Muted, l.T.Muted.Render(l.Fit(l.Say("source"), 9)), basis, width)...)
	}
	return append(out, s.viewReason(w, width)...)
}

// verdictWords sums a finished preflight up for the review.
func (s *preflightStep) verdictWords() string {
	words := text.Plural(len(s.found), "rule checked", "rules checked")
	if n := s.count(engine.VerdictWarn); n > 0 {
		words += fmt.Sprintf(", %d warn", n)
	}
	if n := s.count(engine.VerdictUnknown); n > 0 {
		words += fmt.Sprintf(", %d open", n)
	}
	if s.count(engine.VerdictOK) == len(s.found) {
		words += ", all ok"
	}
	return words
}
