package wizard

import (
	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/dialog"
	"failback/tui/text"
)

// straightForecast is what a failback without Site Recovery is expected to take, once
// that is known.
type straightForecast struct {
	gen  int
	made *engine.ForecastMade
	none string // why there is none
}

type straightMsg struct {
	gen  int
	made engine.ForecastMade
	err  error
}

// askForecast has the forecast of the whole plan made; nil for other plans.
func (s *reviewStep) askForecast(w *Wizard) tea.Cmd {
	ask := w.services.ForecastPlan
	if !w.draft.straight() || ask == nil {
		return nil
	}
	p, err := w.draft.Plan(w.conn, w.services.Owner)
	if err != nil {
		return nil
	}
	w.gen++
	s.way.gen = w.gen
	gen, ctx := w.gen, w.ctx
	return func() tea.Msg {
		f, err := ask(ctx, p)
		return straightMsg{gen, f, err}
	}
}

func (s *reviewStep) forecastCame(w *Wizard, m straightMsg) {
	if m.gen != s.way.gen || s.way.gen == 0 {
		return
	}
	if s.way.made = &m.made; m.err != nil {
		s.way.made, s.way.none = nil, w.look.Failure(m.err)
	}
	s.form.Lines = s.lines(w)
}

// lines are the forecast as the review has it.
func (f straightForecast) lines() []dialog.Line {
	switch {
	case f.none != "":
		return []dialog.Line{{Tone: dialog.Caution, Text: "No forecast could be made: " + f.none}}
	case f.gen == 0:
		return nil
	case f.made == nil:
		return []dialog.Line{{Label: "Takes", Text: "forecast is being made …"}}
	}
	total, cautious := f.made.Total.Range()
	down, worst := f.made.Downtime.Range()
	return []dialog.Line{
		{Label: "Takes", Text: text.Range(total, cautious) + ", download " + engine.SizeWords(f.made.Bytes)},
		{Label: "Downtime", Text: text.Range(down, worst)},
	}
}

// grounds are what it rests on, below what is done.
func (f straightForecast) grounds() (out []dialog.Line) {
	if f.made == nil {
		return nil
	}
	if f.made.Biggest != "" {
		out = append(out, dialog.Line{Label: "Most of it", Text: f.made.Biggest})
	}
	for _, l := range f.made.Learnt {
		out = append(out, dialog.Line{Tone: dialog.Bullet, Text: "Learnt: " + l})
	}
	for _, a := range f.made.Assumed {
		out = append(out, dialog.Line{Tone: dialog.Bullet, Text: "Assumed: " + a})
	}
	return out
}
