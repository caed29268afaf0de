package wizard

import (
	"slices"
	"time"

	"failback/engine"
	"failback/engine/estimate"
	"failback/tui/keymap"
	"failback/tui/look"
	"failback/tui/text"
	"failback/tui/theme"
)

// besideFrom is the width from which the two options stand side by side.
const besideFrom = 64

func (s *syncStep) view(w *Wizard, width, height int) []string {
	l := w.look
	asked := "no default: choose one"
	if s.at != neither {
		asked = l.KeyName(keymap.Choose) + " takes the one under the cursor"
	}
	out := []string{l.T.Strong.Render(l.Say("How does the data come home?")) + "  " + l.T.Muted.Render(l.Say(asked)), ""}
	cards, charts := s.cards(w, width, height-len(out))
	out = append(out, cards...)
	if height-len(out) >= 8 {
		out = append(out, "")
	}
	out = append(out, l.Read(s.why(w, width, charts), &s.scroll, height-len(out))...)
	return l.Clamp(out, width, height)
}

// cards are both options, with charts where there is room for them and for a line
// of reasons.
func (s *syncStep) cards(w *Wizard, width, height int) (lines []string, charts bool) {
	l := w.look
	width = min(width, 104)
	if width >= besideFrom {
		cw := (width - 2) / 2
		both := func(charts bool) []string {
			a, b := s.card(w, 0, cw, charts), s.card(w, 1, cw, charts)
			for len(a) < len(b) {
				a = stretch(l, a, cw)
			}
			for len(b) < len(a) {
				b = stretch(l, b, cw)
			}
			return l.Beside(a, b, cw, "  ")
		}
		if out := both(true); len(out) < height {
			return out, true
		}
		return both(false), false
	}
	for _, charts := range []bool{true, false} {
		if out := append(s.card(w, 0, width, charts), s.card(w, 1, width, charts)...); len(out) <= height-2 {
			return out, charts
		}
	}
	// Both options keep their numbers; only the one under the cursor opens.
	out := []string{s.short(w, 0, width), s.short(w, 1, width), ""}
	if s.at == neither {
		return out, false
	}
	return append(out, s.card(w, s.at, width, false)...), false
}

// stretch adds an empty line before the lower edge of a box.
func stretch(l look.Look, box []string, w int) []string {
	last := len(box) - 1
	frame := box[last]
	inner := l.Box("", []string{""}, w, l.T.Frame)
	return append(append(box[:last:last], inner[1]), frame)
}

func (s *syncStep) short(w *Wizard, i, width int) string {
	cursor := "  "
	if i == s.at {
		cursor = w.look.T.Accent.Render(w.look.G.Cursor) + " "
	}
	line := title(options[i])
	if f := s.forecast(i); f != nil {
		line += ", downtime " + text.Range(f.Downtime.P50, f.Downtime.P90)
	}
	return w.look.Cut(cursor+w.look.Say(line), width)
}

func (s *syncStep) card(w *Wizard, i, width int, charts bool) []string {
	l, inner := w.look, width-4
	mark, head := l.G.Unchosen, title(options[i])
	style, frame := l.T.Strong, l.T.Frame
	if i == s.at {
		mark = l.G.Cursor
		style, frame = l.T.Accent, l.T.Accent.UnsetBold()
	}
	if s.forecasts != nil && s.forecasts.Recommended == options[i] {
		head += " (recommended)"
	}
	body := l.Paragraph(l.T.Muted, "", portalWords[options[i]], inner)
	for len(body) < len(l.Wrap(portalWords[engine.SyncFull], inner)) {
		body = append(body, "") // so that the numbers of both cards are on the same lines
	}
	body = append(body, s.numbers(l, i, inner, charts)...)
	if !charts || s.forecast(i) == nil {
		body = append(body, "")
	}
	tone, sign := l.T.Text, l.T.OK.Render(l.G.OK)+" "
	if options[i] == engine.SyncFull {
		tone, sign = l.T.Warn, l.T.Warn.Render(l.G.Warn)+" "
	}
	body = append(body, l.Paragraph(tone, sign, meaning[options[i]], inner)...)
	return l.Box(style.Render(mark+" "+l.Say(head)), body, width, frame)
}

// numbers are what an option is expected to cost, with a bar under each: times on
// one scale and bytes on one, over both options.
func (s *syncStep) numbers(l look.Look, i, width int, charts bool) []string {
	f := s.forecast(i)
	switch {
	case s.err != nil:
		return []string{l.T.Warn.Render(l.Say("no forecast"))}
	case f == nil:
		return []string{l.T.Muted.Render(l.Say("forecast is being made …")), "", ""}
	}
	longest := max(s.forecasts.Delta.Total.P90, s.forecasts.Full.Total.P90)
	most := max(s.forecasts.Delta.Bytes, s.forecasts.Full.Bytes)
	var out []string
	names := max(9, text.Width(l.Say("Downtime")), text.Width(l.Say("Download")))
	row := func(name, value string, style theme.Style, likely, cautious float64, bar theme.Style) {
		out = append(out, l.Labelled(name, value, names, width, style))
		if charts {
			out = append(out, bar.Render(l.G.Span(likely, cautious, width)))
		}
	}
	row("Downtime", text.Range(f.Downtime.P50, f.Downtime.P90), l.T.Strong,
		share(f.Downtime.P50, longest), share(f.Downtime.P90, longest), l.T.Downtime.UnsetBold())
	row("In total", text.Range(f.Total.P50, f.Total.P90), l.T.Text,
		share(f.Total.P50, longest), share(f.Total.P90, longest), l.T.Muted)
	row("Download", engine.SizeWords(f.Bytes), l.T.Text, float64(f.Bytes)/float64(max(1, most)), 0, l.T.Muted)
	return out
}

func share(d, of time.Duration) float64 { return float64(d) / float64(max(1, of)) }

// why gives the recommendation's reasons, where the time goes, and what was only
// assumed: one thing a line.
func (s *syncStep) why(w *Wizard, width int, charts bool) []string {
	l := w.look
	if s.err != nil {
		return l.Paragraph(l.T.Warn, l.T.Warn.Render(l.G.Warn)+" ", "No forecast could be made: "+w.look.Failure(s.err), width)
	}
	if s.forecasts == nil {
		return nil
	}
	legend := "ranges are likely (50 %) to cautious (90 %)"
	if charts {
		legend = l.G.Full + " " + l.Say("likely (50 %)") + "  " + l.G.Empty + " " + l.Say("cautious (90 %)")
	}
	width = min(width, 104)
	out := []string{l.Cut(l.T.Strong.Render(l.Say("Recommended: "+string(s.forecasts.Recommended)))+l.T.Muted.Render("  "+l.Say(legend)), width)}
	for _, y := range s.forecasts.Why {
		out = append(out, l.Paragraph(l.T.Text, l.T.Muted.Render(l.G.Dot)+" ", y, width)...)
	}
	out = append(out, l.Paragraph(l.T.Text, l.T.Warn.Render(l.G.Warn)+" ",
		"With both, a cancel while data is written leaves the on-premises VM damaged until a run has ended.", width)...)
	out = append(out, s.takes(l, width)...)
	if a := s.forecasts.Learnt; len(a) > 0 {
		out = append(append(out, ""), bullets(l, "Learnt from earlier runs", a, width)...)
	}
	if a := s.forecasts.Assumed; len(a) > 0 {
		out = append(append(out, ""), bullets(l, "Assumed, not measured", a, width)...)
	}
	return out
}

// takes says where the time of both options goes, side by side where they are.
func (s *syncStep) takes(l look.Look, width int) []string {
	lists := make([][]string, len(options))
	cw := width
	if width >= besideFrom {
		cw = (width - 2) / 2
	}
	for i, o := range options {
		if r := factors(s.forecast(i)); len(r) > 0 {
			lists[i] = bullets(l, title(o)+" takes", r, cw)
		}
	}
	switch {
	case len(lists[0])+len(lists[1]) == 0:
		return nil
	case width >= besideFrom:
		return append([]string{""}, l.Beside(lists[0], lists[1], cw, "  ")...)
	}
	out := append([]string{""}, lists[0]...)
	return append(append(out, ""), lists[1]...)
}

// factors are what an option's time consists of, the biggest first; what is the
// biggest at its cautious end, where that is a guess of its own; and what would change
// it most.
func factors(f *estimate.Forecast) []string {
	out := slices.Clone(f.Reasons)
	if len(f.Cautious) > 0 && f.Residuals == 0 {
		out = append(out, "at the cautious end most of it: "+f.Cautious[0])
	}
	if len(f.Levers) > 0 {
		out = append(out, "would change it most: "+f.Levers[0].Words())
	}
	return out
}

func bullets(l look.Look, heading string, lines []string, width int) []string {
	out := []string{l.Cut(l.T.Muted.Render(l.Say(heading)), width)}
	for _, s := range lines {
		out = append(out, l.Paragraph(l.T.Muted, l.T.Muted.Render(l.G.Dot)+" ", s, width)...)
	}
	return out
}
