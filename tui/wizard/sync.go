package wizard

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/engine/estimate"
	"failback/tui/keymap"
	"failback/tui/look"
	"failback/tui/text"
)

// syncStep asks how the data comes home. Both options stand side by side with
// what they cost; the choice is always made with a key, never by default.
type syncStep struct {
	gen       int
	at        int         // card under the cursor
	scroll    look.Scroll // of the reasons
	forecasts *estimate.Forecasts
	made      string // items the forecasts were made for
	err       error
}

var options = []engine.SyncOption{engine.SyncDelta, engine.SyncFull}

type forecastMsg struct {
	gen       int
	forecasts estimate.Forecasts
	err       error
}

func (s *syncStep) name() string         { return "Sync" }
func (s *syncStep) applies(d Draft) bool { return d.Direction != engine.ToAzure }
func (s *syncStep) typing() bool         { return false }

func (s *syncStep) hints(*Wizard) []keymap.Binding {
	off := ""
	if s.forecasts == nil && s.err == nil {
		off = "the forecast is still being made"
	}
	return []keymap.Binding{keymap.Choose.Unless(off), keymap.Left, keymap.Right}
}

func (s *syncStep) enter(w *Wizard) tea.Cmd {
	s.point(w.draft.Sync)
	if s.forecasts != nil && s.made == names(w.draft.Items) {
		return nil
	}
	w.gen++
	s.gen, s.forecasts, s.err, s.made = w.gen, nil, nil, names(w.draft.Items)
	gen, ctx, items, ask := s.gen, w.ctx, w.draft.Items, w.services.Forecast
	return func() tea.Msg {
		f, err := ask(ctx, items)
		return forecastMsg{gen: gen, forecasts: f, err: err}
	}
}

func (s *syncStep) point(o engine.SyncOption) {
	for i, x := range options {
		if x == o {
			s.at = i
		}
	}
}

func (s *syncStep) update(w *Wizard, msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case forecastMsg:
		s.came(w, m)
	case tea.KeyMsg:
		return s.key(w, m)
	}
	return nil
}

func (s *syncStep) came(w *Wizard, m forecastMsg) {
	if m.gen != s.gen {
		return
	}
	if s.err = m.err; m.err != nil {
		return
	}
	s.forecasts = &m.forecasts
	if w.draft.Sync == engine.SyncUnknown {
		s.point(m.forecasts.Recommended)
	}
}

func (s *syncStep) key(w *Wizard, k tea.KeyMsg) tea.Cmd {
	switch {
	case keymap.Left.Is(k), keymap.Up.Is(k):
		s.at = 0
	case keymap.Right.Is(k), keymap.Down.Is(k), keymap.Next.Is(k):
		s.at = 1
	case keymap.PageDown.Is(k):
		s.scroll.Move(4)
	case keymap.PageUp.Is(k):
		s.scroll.Move(-4)
	case keymap.Back.Is(k):
		return w.back()
	case keymap.Choose.Is(k):
		if s.forecasts == nil && s.err == nil {
			w.notice = "Wait for the forecast: the choice is made with both predictions in sight."
			return nil
		}
		w.draft.Sync = options[s.at]
		return w.forward()
	}
	return nil
}

func (s *syncStep) view(w *Wizard, width, height int) []string {
	l := w.look
	out := []string{l.T.Strong.Render("How does the data come home?") + "  " + l.T.Muted.Render(l.Words("no default: choose one")), ""}
	out = append(out, s.cards(w, width, height)...)
	if height-len(out) >= 8 {
		out = append(out, "")
	}
	out = append(out, l.Read(s.why(w, width), &s.scroll, height-len(out))...)
	return l.Clamp(out, width, height)
}

func (s *syncStep) cards(w *Wizard, width, height int) []string {
	l := w.look
	width = min(width, 104)
	if width >= 64 {
		cw := (width - 2) / 2
		a, b := s.card(w, 0, cw), s.card(w, 1, cw)
		for len(a) < len(b) {
			a = stretch(l, a, cw)
		}
		for len(b) < len(a) {
			b = stretch(l, b, cw)
		}
		return l.Beside(a, b, cw, "  ")
	}
	a, b := s.card(w, 0, width), s.card(w, 1, width)
	if len(a)+len(b) > height-4 {
		// Both options keep their numbers; only the one under the cursor opens.
		return append([]string{s.short(w, 0, width), s.short(w, 1, width), ""}, s.card(w, s.at, width)...)
	}
	return append(a, b...)
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
	return w.look.Cut(cursor+w.look.Words(line), width)
}

func title(o engine.SyncOption) string {
	if o == engine.SyncFull {
		return "Full"
	}
	return "Delta"
}

func (s *syncStep) forecast(i int) *estimate.Forecast {
	switch {
	case s.forecasts == nil:
		return nil
	case options[i] == engine.SyncFull:
		return &s.forecasts.Full
	}
	return &s.forecasts.Delta
}

func (s *syncStep) card(w *Wizard, i, width int) []string {
	l, inner := w.look, width-4
	head := l.G.Unchosen + " " + title(options[i])
	style, frame := l.T.Strong, l.T.Frame
	if i == s.at {
		head = l.G.Cursor + " " + title(options[i])
		style, frame = l.T.Accent, l.T.Accent.UnsetBold()
	}
	if s.forecasts != nil && s.forecasts.Recommended == options[i] {
		head += " (recommended)"
	}
	body := l.Paragraph(l.T.Muted, "", portalWords[options[i]], inner)
	for len(body) < len(l.Wrap(portalWords[engine.SyncFull], inner)) {
		body = append(body, "") // so that the numbers of both cards are on the same lines
	}
	body = append(body, s.numbers(l, i, inner)...)
	body = append(body, "")
	tone, mark := l.T.Text, l.T.OK.Render(l.G.OK)+" "
	if options[i] == engine.SyncFull {
		tone, mark = l.T.Warn, l.T.Warn.Render(l.G.Warn)+" "
	}
	body = append(body, l.Paragraph(tone, mark, meaning[options[i]], inner)...)
	return l.Box(style.Render(head), body, width, frame)
}

var portalWords = map[engine.SyncOption]string{
	engine.SyncDelta: "[Synchronize data before failover]",
	engine.SyncFull:  "[Synchronize data during failover only]",
}

var meaning = map[engine.SyncOption]string{
	engine.SyncDelta: "The Azure VM runs on while disks are compared and changed blocks are copied.",
	engine.SyncFull:  "The Azure VM is stopped at once. The disks are downloaded whole, without checksums.",
}

func (s *syncStep) numbers(l look.Look, i, width int) []string {
	f := s.forecast(i)
	switch {
	case s.err != nil:
		return []string{l.T.Warn.Render("no forecast")}
	case f == nil:
		return []string{l.T.Muted.Render(l.Words("forecast is being made …")), "", ""}
	}
	return []string{
		l.Labelled("Downtime", text.Range(f.Downtime.P50, f.Downtime.P90), 9, width, l.T.Strong),
		l.Labelled("In total", text.Range(f.Total.P50, f.Total.P90), 9, width, l.T.Text),
		l.Labelled("Download", engine.SizeWords(f.Bytes), 9, width, l.T.Text),
	}
}

// why gives the recommendation's reasons and what was only assumed.
func (s *syncStep) why(w *Wizard, width int) []string {
	l := w.look
	if s.err != nil {
		return l.Paragraph(l.T.Warn, l.T.Warn.Render(l.G.Warn)+" ", "No forecast could be made: "+failureText(s.err), width)
	}
	if s.forecasts == nil {
		return nil
	}
	out := []string{l.Cut(l.T.Strong.Render("Recommended: "+string(s.forecasts.Recommended))+
		l.T.Muted.Render("  ranges are likely (50 %) to cautious (90 %)"), width)}
	for _, y := range s.forecasts.Why {
		out = append(out, l.Paragraph(l.T.Text, l.T.Muted.Render(l.G.Dot)+" ", y, width)...)
	}
	if r := s.forecast(s.at).Reasons; len(r) > 0 {
		out = append(out, l.Paragraph(l.T.Muted, "  ", title(options[s.at])+" takes: "+strings.Join(r, "; "), width)...)
	}
	if a := s.forecasts.Assumed; len(a) > 0 {
		out = append(out, l.Paragraph(l.T.Muted, "  ", "assumed: "+strings.Join(a, "; "), width)...)
	}
	return out
}
