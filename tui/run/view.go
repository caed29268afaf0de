package run

import (
	"fmt"
	"strings"
	"time"

	"failback/engine"
	"failback/tui/dialog"
	"failback/tui/keymap"
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

// Hints are the keys of the screen or of the dialog over it.
func (r *Live) Hints() []keymap.Binding {
	switch {
	case r.leave != nil:
		return r.leave.Keys()
	case r.cancel != nil:
		return r.cancel.form.More()
	case r.gate != nil:
		return r.gate.form.More()
	case r.list.typing:
		return filterKeys()
	}
	return r.keys()
}

func (r *Live) keys() []keymap.Binding {
	decideOff, cancelOff := "", ""
	if len(r.waiting()) == 0 {
		decideOff = "nothing waits for a decision"
	}
	if r.cancellable() == nil {
		cancelOff = "nothing is left that a cancel could undo"
	}
	if r.watch != "" {
		decideOff, cancelOff = r.watch, r.watch
	}
	keys := []keymap.Binding{keymap.Decide.Unless(decideOff), keymap.Log, keymap.Tasks, keymap.Checks, keymap.Cancel.Unless(cancelOff)}
	if r.watch != "" {
		return r.moving(append(keys, keymap.Times))
	}
	if r.state.Ended() {
		keys = append([]keymap.Binding{keymap.Choose.But("outcome")}, keys...)
	}
	leave := keymap.Interrupt
	if r.state.Ended() {
		leave = keymap.Quit
	}
	return r.moving(append(keys, leave, keymap.Times, keymap.Jobs))
}

// moving adds the keys that go from item to item, where there are several.
func (r *Live) moving(keys []keymap.Binding) []keymap.Binding {
	if len(r.state.Legs) > 1 {
		keys = append(keys, keymap.Up, keymap.Down)
	}
	if r.many() {
		keys = append(r.fleetKeys(), keys...)
	}
	return keys
}

// Keys are the keys of the screen for the help.
func (r *Live) Keys() []keymap.Group {
	switch {
	case r.leave != nil:
		return []keymap.Group{{Title: "This question", Bindings: r.leave.Keys()}}
	case r.cancel != nil:
		return []keymap.Group{{Title: "This question", Bindings: r.cancel.form.Keys()}}
	case r.gate != nil:
		return []keymap.Group{{Title: "This question", Bindings: r.gate.form.Keys()}}
	case r.list.typing:
		return []keymap.Group{{Title: "Filter", Bindings: filterKeys()}}
	}
	return []keymap.Group{
		{Title: "Live run", Bindings: r.keys()},
		{Title: "Log, tasks, findings", Bindings: []keymap.Binding{keymap.PageUp, keymap.PageDown, keymap.Back.But("back to the phases")}},
	}
}

// stale is how old the newest event may be before its age is said.
const stale = 30 * time.Second

// Status is the state line: downtime first, then what needs somebody, then what
// goes on and how old the news is.
func (r *Live) Status() look.Status {
	s := look.Status{Tone: look.Working}
	var words []string
	if d, running := r.worstDowntime(); running {
		words = append(words, "DOWNTIME "+text.Clock(d)+r.budgetWords(d))
		if r.overBudget(d) {
			s.Tone = look.Alarm
		}
	}
	if danger := r.dangers(); len(danger) > 0 {
		words = append(words, danger...)
		s.Tone = look.Alarm
	}
	if age := r.tick.Now.Sub(r.state.Updated); age > stale && !r.state.Ended() && len(r.waiting()) == 0 {
		words = append(words, "last news "+engine.SpanWords(age)+" ago")
	}
	words = append(words, r.attention()...)
	words = append(words, r.going(&s)...)
	s.Text = strings.Join(words, " · ")
	return s
}

// dangers are the machines that nobody may start, and those that somebody has; of
// many items how many there are.
func (r *Live) dangers() []string {
	var words []string
	damaged, started := 0, 0
	for _, l := range r.state.Legs {
		if l.Damage != nil {
			damaged++
			words = append(words, l.Item.Name+" is DAMAGED on-premises")
		}
		if l.StartedByOthers() {
			started++
			words = append(words, l.Item.Name+" was STARTED on-premises, shut it down")
		}
	}
	if len(words) <= 2 {
		return words
	}
	words = words[:0]
	if damaged > 0 {
		words = append(words, fmt.Sprintf("%d DAMAGED on-premises", damaged))
	}
	if started > 0 {
		words = append(words, fmt.Sprintf("%d STARTED on-premises, shut them down", started))
	}
	return words
}

func (r *Live) going(s *look.Status) []string {
	if r.state.Ended() {
		s.Tone = look.Calm
		if r.state.Outcome != engine.OutcomeSucceeded {
			s.Tone = look.Alarm
		}
		return []string{"The run has ended: " + string(r.state.Outcome)}
	}
	if waiting := r.waiting(); len(waiting) > 0 {
		if s.Tone != look.Alarm {
			s.Tone = look.Asking
		}
		if len(waiting) == 1 {
			return []string{waiting[0] + " waits for a decision: " + gateVerb(r.state.Leg(waiting[0]))}
		}
		return []string{fmt.Sprintf("%d items wait for a decision", len(waiting))}
	}
	leg := r.leg()
	if leg == nil {
		return []string{"The run begins"}
	}
	p := leg.Phase()
	if leg.Failure != nil {
		s.Tone = look.Alarm
		return []string{leg.Item.Name + " failed at " + p.Info().Title}
	}
	return []string{leg.Item.Name + ": " + r.look.L.Say(p.Info().Title) + " " + text.Clock(r.phaseTime(leg, p))}
}

func (r *Live) worstDowntime() (time.Duration, bool) {
	var worst time.Duration
	running := false
	for _, l := range r.state.Legs {
		if l.InDowntime() {
			worst, running = max(worst, l.Downtime(r.tick.Now)), true
		}
	}
	return worst, running
}

func (r *Live) overBudget(d time.Duration) bool {
	return r.state.Plan.Budget > 0 && d > r.state.Plan.Budget
}

func (r *Live) budgetWords(d time.Duration) string {
	b := r.state.Plan.Budget
	switch {
	case b == 0:
		return ""
	case d > b:
		return ", OVER budget by " + engine.SpanWords(d-b)
	}
	return " of " + engine.SpanWords(b)
}
