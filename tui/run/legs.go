package run

import (
	"failback/engine"
	"failback/tui/text"
)

// tinyView is one line a leg, the ones that need somebody first.
func (r *Live) tinyView(w int) []string {
	var urgent, other []string
	for _, l := range r.state.Legs {
		line := r.look.Cut(r.legLine(l, 12), w)
		if waits(l) || l.Failure != nil || l.Damage != nil {
			urgent = append(urgent, line)
			continue
		}
		other = append(other, line)
	}
	return append(urgent, other...)
}

// legList is the list of the run's items with where each one stands.
func (r *Live) legList(w, h int) []string {
	l := r.look
	out := []string{l.Section(l.Say(text.Plural(len(r.state.Legs), "item", "items")), w)}
	rows := max(1, h-1)
	first := max(0, min(r.selected-rows/2, len(r.state.Legs)-rows))
	nw := 0
	for _, leg := range r.state.Legs {
		nw = max(nw, min(18, len([]rune(leg.Item.Name))))
	}
	for i := first; i < min(first+rows, len(r.state.Legs)); i++ {
		cursor := "  "
		if i == r.selected {
			cursor = l.T.Accent.Render(l.G.Cursor) + " "
		}
		out = append(out, l.Cut(cursor+r.legLine(r.state.Legs[i], nw), w))
	}
	return out
}

// legLine is one leg on one line: symbol, name, where it stands, downtime.
func (r *Live) legLine(leg *engine.Leg, nw int) string {
	l := r.look
	mark, words := r.legWords(leg)
	line := mark + " " + l.T.Strong.Render(l.Fit(l.Words(leg.Item.Name), nw)) + "  " + words
	if d := leg.Downtime(r.tick.Now); d > 0 {
		line += " " + l.T.Downtime.Render(text.Clock(d))
	}
	return line
}

func (r *Live) legWords(leg *engine.Leg) (mark, words string) {
	l := r.look
	switch {
	case leg.Damage != nil:
		return l.T.Bad.Render(l.G.Block), l.T.Bad.Render(l.Say("damaged"))
	case waits(leg):
		return l.T.Warn.Render(l.G.Gate), l.T.Warn.Render(l.Say("waits: " + gateVerb(leg)))
	case leg.Mode == engine.ModeCancelling:
		return l.T.Warn.Render(l.G.Stopped), l.T.Warn.Render(l.Say("cancelling"))
	case leg.Failure != nil:
		return l.T.Bad.Render(l.G.Failed), l.T.Bad.Render(l.Say("failed: " + leg.Phase().Info().Title))
	case leg.Outcome != engine.OutcomeNone:
		return l.T.OK.Render(l.G.Done), l.T.Text.Render(l.Say(string(leg.Outcome)))
	}
	return l.T.Accent.Render(l.Spinner(r.tick)), l.T.Text.Render(l.Say(leg.Phase().Info().Title))
}

func gateVerb(leg *engine.Leg) string {
	verb, _ := leg.Gate.Gate.Action(leg.Direction)
	return verb
}
