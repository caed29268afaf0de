package run

import (
	"time"

	"failback/engine"
	"failback/tui/lang"
	"failback/tui/text"
	"failback/tui/theme"
)

// phases is the list of a leg's steps, at most h of them around the current one.
func (r *Live) phases(leg *engine.Leg, w, h int) []string {
	n := len(leg.Steps)
	first := 0
	if n > h {
		first = max(0, min(leg.At-h/2, n-h))
	}
	var out []string
	for i := first; i < min(n, first+h); i++ {
		out = append(out, r.stepLine(leg, i, w))
	}
	return out
}

// stepLine is one step: symbol, title, Microsoft's term where it fits, time.
func (r *Live) stepLine(leg *engine.Leg, i, w int) string {
	l, s := r.look, leg.Steps[i]
	mark, style := r.stepMark(leg, i)
	title, portal, clock := s.Phase.Info().Title, s.Phase.Info().Portal, ""
	if s.IsGate() {
		title, portal = s.Gate.Action(leg.Direction)
		if waits(leg) && leg.At == i && text.Width(title)+12 <= w {
			clock = text.Clock(r.tick.Now.Sub(leg.GateSince))
		}
	} else if leg.Phases[s.Phase].Status != "" {
		clock = text.Clock(r.phaseTime(leg, s.Phase))
	}
	if leg.Direct {
		portal = "" // nothing of it is to be seen there
	}
	whole := title == portal // Microsoft has no other word for it
	title = l.Say(title)
	line := mark + " " + style.Render(title)
	room := w - 2 - text.Width(title) - len(clock) - 2
	if portal != "" && !(whole && l.L == lang.English) && text.Width(portal)+3 <= room {
		line += l.T.Muted.Render(" [" + l.Words(portal) + "]")
	}
	return l.Split(line, l.T.Muted.Render(clock), w)
}

func (r *Live) stepMark(leg *engine.Leg, i int) (string, theme.Style) {
	l, s := r.look, leg.Steps[i]
	if s.IsGate() {
		switch {
		case i < leg.At:
			return l.T.OK.Render(l.G.Done), l.T.Text
		case waits(leg) && i == leg.At:
			return l.T.Warn.Render(l.G.Gate), l.T.Warn.Bold()
		}
		return l.T.Muted.Render(l.G.Gate), l.T.Muted
	}
	switch leg.Phases[s.Phase].Status {
	case engine.StatusDone:
		return l.T.OK.Render(l.G.Done), l.T.Text
	case engine.StatusRunning:
		return l.T.Accent.Render(l.Spinner(r.tick)), l.T.Accent
	case engine.StatusFailed:
		return l.T.Bad.Render(l.G.Failed), l.T.Bad
	case engine.StatusStopped:
		return l.T.Bad.Render(l.G.Stopped), l.T.Bad
	case engine.StatusPending:
	}
	return l.T.Muted.Render(l.G.Pending), l.T.Muted
}

// phaseTime is how long a phase took, or takes so far.
func (r *Live) phaseTime(leg *engine.Leg, p engine.Phase) time.Duration {
	rec, ok := leg.Phases[p]
	switch {
	case !ok || rec.Started.IsZero():
		return 0
	case rec.Status == engine.StatusRunning && leg.Mode != engine.ModeEnded:
		return r.tick.Now.Sub(rec.Started)
	case rec.Ended.Before(rec.Started):
		return max(0, leg.Ended.Sub(rec.Started))
	}
	return rec.Ended.Sub(rec.Started)
}
