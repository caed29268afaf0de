package wizard

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/engine/estimate"
	"failback/tui/keymap"
	"failback/tui/look"
)

// syncStep asks how the data comes home. Both options stand side by side with
// what they cost. Neither is under the cursor before a key puts it on one: enter
// alone chooses nothing.
type syncStep struct {
	gen       int
	at        int         // card under the cursor, or neither
	scroll    look.Scroll // of the reasons
	forecasts *estimate.Forecasts
	made      string // items the forecasts were made for
	err       error
}

// neither is where the cursor is before somebody moved it.
const neither = -1

var options = []engine.SyncOption{engine.SyncDelta, engine.SyncFull}

type forecastMsg struct {
	gen       int
	forecasts estimate.Forecasts
	err       error
}

func (s *syncStep) name() string         { return "Sync" }
func (s *syncStep) applies(d Draft) bool { return d.Direction != engine.ToAzure && !d.straight() }
func (s *syncStep) typing() bool         { return false }

func (s *syncStep) hints(*Wizard) []keymap.Binding {
	off := ""
	if s.forecasts == nil && s.err == nil {
		off = "the forecast is still being made"
	}
	if off == "" && s.at == neither {
		off = "neither is under the cursor yet"
	}
	more := ""
	if !s.scroll.Moves() {
		more = "all of it is in sight"
	}
	return []keymap.Binding{keymap.Choose.Unless(off), keymap.Left.But("delta"), keymap.Right.But("full"), keymap.PageDown.But("more reasons").Unless(more)}
}

func (s *syncStep) enter(w *Wizard) tea.Cmd {
	s.point(w.draft.Sync)
	s.scroll.Reset()
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
	s.at = neither
	for i, x := range options {
		if x == o {
			s.at = i
		}
	}
}

func (s *syncStep) update(w *Wizard, msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case forecastMsg:
		s.came(m)
	case tea.KeyMsg:
		return s.key(w, m)
	}
	return nil
}

func (s *syncStep) came(m forecastMsg) {
	if m.gen != s.gen {
		return
	}
	if s.err = m.err; m.err != nil {
		return
	}
	s.forecasts = &m.forecasts
}

func (s *syncStep) key(w *Wizard, k tea.KeyMsg) tea.Cmd {
	switch {
	case keymap.Left.Is(k), keymap.Up.Is(k):
		s.at = 0
	case keymap.Right.Is(k):
		s.at = 1
	case keymap.Down.Is(k), keymap.Next.Is(k):
		s.at = min(s.at+1, 1)
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
		if s.at == neither {
			w.notice = fmt.Sprintf("Neither is chosen: %s puts the cursor on delta, %s on full.", w.look.KeyName(keymap.Left), w.look.KeyName(keymap.Right))
			return nil
		}
		w.draft.Sync = options[s.at]
		return w.forward()
	}
	return nil
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

var portalWords = map[engine.SyncOption]string{
	engine.SyncDelta: "[Synchronize data before failover]",
	engine.SyncFull:  "[Synchronize data during failover only]",
}

// meaning is what an option does to the people who use the machine.
var meaning = map[engine.SyncOption]string{
	engine.SyncDelta: "The Azure VM runs on while it is copied; users are cut off for the downtime only.",
	engine.SyncFull:  "The Azure VM stops at once; users wait until its disks are downloaded whole.",
}
