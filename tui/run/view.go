package run

import (
	"strings"
	"time"

	"failback/engine"
	"failback/tui/dialog"
	"failback/tui/look"
	"failback/tui/text"
)

// Widths from which the screen has more columns.
const (
	twoColumns   = 72  // phases left, what is going on right
	threeColumns = 124 // and the list of legs left of both
	tiny         = 40  // below: one line a leg
)

// View draws the screen, or the dialog that is open over it.
func (r *Live) View(w, h int) []string {
	switch {
	case len(r.state.Legs) == 0:
		return []string{"", r.look.T.Muted.Render(r.look.Say("The run begins …"))}
	case r.leave != nil:
		return r.look.Centre(r.leave.View(r.look, w, h), w, h)
	case r.cancel != nil:
		return r.under(&r.cancel.form, w, h)
	case r.gate != nil:
		return r.under(&r.gate.form, w, h)
	case w < tiny || h < 8:
		return r.tinyView(w)
	}
	if r.many() && !r.item && r.panel == panelPhases {
		return r.look.Clamp(r.fleet(w, h), w, h)
	}
	out := r.head(w)
	if r.many() && r.panel == panelTimes {
		out = r.fleetHead(w)
	}
	rest := h - len(out)
	if r.panel != panelPhases {
		return append(out, r.panelView(w, rest)...)
	}
	return append(out, r.body(w, rest)...)
}

// under draws a dialog under what must stay in sight: which side runs and how
// long the machine is down.
func (r *Live) under(f *dialog.Form, w, h int) []string {
	var out []string
	if h >= 14 {
		out = r.head(w)
		out = append(out[:len(out)-1], r.sides(r.leg(), w)...) // where the empty line was
	}
	return append(out, r.look.Centre(f.View(r.look, w, h-len(out)), w, h-len(out))...)
}

// head is the selected item, how long the run goes on, and the banners.
func (r *Live) head(w int) []string {
	l, leg := r.look, r.leg()
	p := r.state.Plan
	words := []string{p.Direction.Arrow()}
	if p.Direction == engine.ToOnPremises {
		words = append(words, p.Way(), p.Target.Label())
	}
	left := l.T.Strong.Render(l.Words(leg.Item.Name)) + "  " + l.T.Muted.Render(l.Say(strings.Join(words, " · ")))
	right := l.T.Muted.Render(l.Say("elapsed ")) + l.T.Text.Render(text.Clock(r.elapsed()))
	out := []string{l.Split(left, right, w)}
	out = append(out, r.banners(leg, w)...)
	return append(append(out, r.saidAbove(w)...), "")
}

// saidAbove is what the screen has to say itself.
func (r *Live) saidAbove(w int) []string {
	l := r.look
	var out []string
	if r.lost != "" {
		out = append(out, l.Paragraph(l.T.Bad, l.T.Bad.Render(l.G.Block)+" ", "This screen can't follow the run any more, which goes on; leave with ctrl+c and resume it. "+r.lost, w)...)
	}
	if r.notice != "" {
		out = append(out, l.Paragraph(l.T.Warn, l.T.Warn.Render(l.G.Warn)+" ", r.notice, w)...)
	}
	return out
}

func (r *Live) elapsed() time.Duration {
	end := r.tick.Now
	if r.state.Ended() {
		end = r.state.Finished
	}
	return max(0, end.Sub(r.state.Created))
}

// banners say what must not be missed: damage and failure.
func (r *Live) banners(leg *engine.Leg, w int) []string {
	l := r.look
	var out []string
	if d := leg.Damage; d != nil {
		out = append(out, l.T.Alarm.Render(l.Fit(l.Say(" DAMAGED  ")+l.Say("Don't start the on-premises VM "+leg.Item.Name+": "+d.Reason), w)))
	}
	if leg.StartedByOthers() {
		out = append(out, l.T.Alarm.Render(l.Fit(l.Say(" RUNNING  Shut the on-premises VM "+leg.Item.Name+" down at once: its disks are not whole"), w)))
	}
	if f := leg.Failure; f != nil {
		out = append(out, failure(l, f, w)...)
	}
	return out
}

// failure is a failure in its four parts: what, where, why, what now.
func failure(l look.Look, f *engine.Failure, w int) []string {
	what := f.What + " failed"
	if f.Where != "" {
		what += ": " + f.Where
	}
	out := l.Paragraph(l.T.Bad, l.T.Bad.Render(l.G.Block)+" ", what, w)
	why := f.Why
	if f.Code != "" {
		why = f.Code + ": " + why
	}
	out = append(out, l.Paragraph(l.T.Text, "  ", why, w)...)
	if f.Remedy != "" {
		out = append(out, l.Paragraph(l.T.Text, l.T.Muted.Render(l.Say("  now: ")), f.Remedy, w)...)
	}
	return out
}

// body lays the legs, the phases, what is going on and the log out for the width
// there is.
func (r *Live) body(w, h int) []string {
	many := len(r.state.Legs) > 1 && !r.many()
	if many && w >= threeColumns {
		lw := 38
		legs := r.legList(lw, h)
		return r.look.Beside(legs, r.details(w-lw-3, h), lw, "   ")
	}
	if many {
		legs := r.legList(w, max(2, min(len(r.state.Legs)+1, h/4)))
		if h > len(legs)+len(r.leg().Steps) {
			legs = append(legs, "")
		}
		return append(legs, r.details(w, h-len(legs))...)
	}
	return r.details(w, h)
}

// details are phases and what is going on, with the log below where there is
// room for it.
func (r *Live) details(w, h int) []string {
	leg := r.leg()
	var out []string
	switch {
	case w >= twoColumns:
		lw := (w - 3) * 54 / 100
		rows := min(h, len(leg.Steps))
		if h >= len(leg.Steps)+12 {
			rows = len(leg.Steps) + 4 // room for the tasks beside the phases
		}
		out = r.look.Beside(r.phases(leg, lw, rows), r.side(leg, w-lw-3, rows), lw, "   ")
	default:
		out = r.power(leg, w)
		out = append(out, r.downtime(leg, w, false)...)
		out = append(out, r.phases(leg, w, max(3, h-len(out)-4))...)
		out = append(append(out, r.transfer(leg, w)...), r.proving(leg, w)...)
	}
	if line := r.timeline([]*engine.Leg{leg}, w, h-len(out)-20); w >= twoColumns && len(line) > 0 {
		out = append(append(out, ""), line...)
	}
	if h-len(out) >= 8 {
		out = append(out, "")
	}
	if rest := h - len(out); rest >= 3 {
		out = append(out, r.look.Section(r.look.Say(r.logTitle()), w))
		out = append(out, r.log(w, rest-1)...)
	}
	return r.look.Clamp(out, w, h)
}
