package run

import (
	"fmt"
	"strings"
	"time"

	"failback/engine"
	"failback/engine/estimate"
	"failback/tui/glyph"
	"failback/tui/text"
	"failback/tui/theme"
)

// side is what goes on: power of both sides, downtime, transfer, tasks, in this
// order of importance. What does not fit into h lines is made smaller or left out
// from its end.
func (r *Live) side(leg *engine.Leg, w, h int) []string {
	transfer := append(r.transfer(leg, w), r.proving(leg, w)...)
	left := r.left(leg, w)
	down := r.downtime(leg, w, len(transfer)+len(left)+8 <= h)
	if len(down) > 2 && len(left) > 0 && len(transfer)+len(left)+9 <= h {
		down = append(down, "") // under the big digits
	}
	out := append(append(r.power(leg, w), down...), left...)
	out = append(append(out, ""), transfer...)
	if len(transfer) > 0 {
		out = append(out, "") // without room for it the tasks stay where t and the log show them
	}
	if rest := h - len(out); rest >= 2 {
		out = append(out, r.tasks(leg, w, rest-1)...)
	}
	return r.look.Clamp(out, w, h)
}

// power is the state of both sides. Nothing is more important than to know
// which one runs.
func (r *Live) power(leg *engine.Leg, w int) []string {
	return []string{
		r.look.Labelled("Azure VM", powerWords(leg.AzurePower), 14, w, r.powerStyle(leg.AzurePower)),
		r.look.Labelled("On-premises VM", r.onPremWords(leg), 14, w, r.powerStyle(leg.OnPremPower)),
	}
}

// sides is power and downtime on one line, on two where one is too narrow.
func (r *Live) sides(leg *engine.Leg, w int) []string {
	l := r.look
	words := []string{
		l.T.Muted.Render(l.Say("Azure VM ")) + r.powerStyle(leg.AzurePower).Render(l.Say(powerWords(leg.AzurePower))),
		l.T.Muted.Render(l.Say("On-premises VM ")) + r.powerStyle(leg.OnPremPower).Render(l.Say(r.onPremWords(leg))),
		l.T.Muted.Render(l.Say("Downtime ")) + l.T.Text.Render(l.Say("not begun")),
	}
	switch d := leg.Downtime(r.tick.Now); {
	case leg.InDowntime():
		words[2] = l.T.Muted.Render(l.Say("Downtime ")) + l.T.Downtime.Render(text.Clock(d)+l.Say(r.budgetWords(d)))
	case !leg.DowntimeFrom.IsZero():
		words[2] = l.T.Muted.Render(l.Say("Downtime ")) + l.T.Text.Render(text.Clock(d)+l.Say(r.budgetWords(d)))
	}
	if line := strings.Join(words, "   "); text.Width(line) <= w {
		return []string{line}
	}
	return []string{l.Cut(words[0]+"   "+words[2], w), l.Cut(words[1], w)}
}

func powerWords(p engine.Power) string {
	if p == engine.PowerUnknown {
		return "not looked at yet"
	}
	return string(p)
}

func (r *Live) onPremWords(leg *engine.Leg) string {
	words := powerWords(leg.OnPremPower)
	switch {
	case leg.OnPremPower == engine.PowerStopped:
		words = "off"
	case leg.OnPremPower == engine.PowerUnknown && leg.Passed(engine.PhasePreflight) && leg.Direction == engine.ToOnPremises:
		words = "expected off" // the preflight lets nothing else pass
	}
	p := leg.Step().Phase
	switch {
	case leg.StartedByOthers():
		return words + ", MUST NOT RUN"
	case leg.Damage != nil:
		return words + ", DAMAGED"
	case leg.Mode == engine.ModeRunning && !leg.Direct && (p == engine.PhaseInitialSync || p == engine.PhaseFinalSync):
		return "off, being written"
	}
	return words
}

func (r *Live) powerStyle(p engine.Power) theme.Style {
	switch p {
	case engine.PowerRunning:
		return r.look.T.OK
	case engine.PowerStopping, engine.PowerStarting:
		return r.look.T.Warn
	case engine.PowerUnknown, engine.PowerStopped, engine.PowerDeallocated, engine.PowerDeleted:
	}
	return r.look.T.Text
}

// downtime is the clock that counts against us: a word before it begins, big
// while it runs where there is room.
func (r *Live) downtime(leg *engine.Leg, w int, big bool) []string {
	l, d := r.look, leg.Downtime(r.tick.Now)
	if leg.DowntimeFrom.IsZero() {
		out := []string{l.Labelled("Downtime", "not begun", 14, w, l.T.Text)}
		if b := r.state.Plan.Budget; b > 0 {
			out = append(out, l.Labelled("Budget", engine.SpanWords(b), 14, w, l.T.Text))
		}
		return out
	}
	style, words := l.T.Downtime, text.Clock(d)
	if r.overBudget(d) {
		style = l.T.Bad
	}
	rows := glyph.Digits(text.Clock(d))
	if !leg.InDowntime() {
		against := r.budgetWords(d)
		if against == "" {
			against = ", ended"
		}
		return []string{l.Labelled("Downtime", words+against, 14, w, l.T.Text)}
	}
	if !big || len(rows[0]) > w {
		return []string{l.Labelled("Downtime", words+r.budgetWords(d), 14, w, style)}
	}
	out := []string{"", l.Cut(l.T.Muted.Render(l.Say("Downtime"))+style.Render(l.Say(r.budgetWords(d))), w)}
	for _, row := range rows {
		out = append(out, style.Render(row))
	}
	return out
}

// left is how long it still takes to the switch or the running VM, or nothing where
// no honest time can be said.
func (r *Live) left(leg *engine.Leg, w int) []string {
	left := estimate.Left(r.state, leg.Item.Name, r.tick.Now)
	if !left.Known() {
		return nil
	}
	label := "Until switch"
	if left.Until == estimate.UntilBoot {
		label = "Until it runs"
	}
	span := text.Range(left.P50, left.P90)
	if 15+len(span)+len(", estimate") <= w {
		return []string{r.look.Labelled(label, span+", estimate", 14, w, r.look.T.Text)}
	}
	return []string{r.look.T.Muted.Render(r.look.Cut(r.look.Say(label+", estimate"), w)), r.look.Cut(r.look.Say(span), w)}
}

// transfer is what is known of the bytes, or nothing: Site Recovery itself
// reports none.
func (r *Live) transfer(leg *engine.Leg, w int) []string {
	p, ok := leg.Sync[leg.Step().Phase]
	if !ok || leg.Mode != engine.ModeRunning {
		return nil // a number that does not move any more says nothing
	}
	l := r.look
	out := []string{l.T.Muted.Render(l.Cut(l.Say(transferLabel(leg, p)), w))}
	if p.Uncounted {
		return append(out, r.growth(p, w)...)
	}
	// What an agent does for several legs at once is no share of any one of them.
	if p.Total > 0 && !p.Shared {
		share := min(1, float64(p.Read)/float64(p.Total))
		percent := fmt.Sprintf(" %3.0f %%", share*100)
		if p.Estimate {
			// Never whole before the phase is: the agent reads for others as well.
			share = min(0.99, share)
			percent = fmt.Sprintf(" ~%2.0f %%", share*100)
		}
		out = append(out, l.T.Accent.UnsetBold().Render(l.G.Progress(share, max(4, min(30, w-len(percent)))))+percent)
	}
	written := l.Say("written " + engine.SizeWords(p.Written))
	samples := since(leg.Samples, leg.Phases[leg.Step().Phase].Started)
	rates := ratesOf(samples)
	moving := len(rates) > 2
	if speed := recent(samples, 10*time.Second); moving && speed > 0 {
		written = l.Split(written, l.T.Strong.Render(l.Say(text.Rate(speed))), min(w, 35))
	}
	read := "read    " + engine.SizeWords(p.Read)
	if p.Total > 0 && !p.Shared {
		read += " of " + engine.SizeWords(p.Total)
	}
	out = append(out, l.Cut(l.Say(read), w), l.Cut(written, w))
	out = append(out, r.growth(p, w)...)
	if moving {
		out = append(out, l.T.Accent.UnsetBold().Render(l.G.Sparkline(rates, min(w, 60))))
	}
	return out
}

// transferLabel says where the numbers come from.
func transferLabel(leg *engine.Leg, p engine.SyncProgress) string {
	switch {
	case leg.Direct:
		return "Transfer (this program, estimate)"
	case !p.Estimate:
		return "Transfer"
	case p.Uncounted:
		return "Transfer (disk files, estimate)"
	case p.Shared:
		return "Transfer (agent, for several items, estimate)"
	}
	return "Transfer (agent, estimate)"
}

// growth is what the disk files on the host tell: less than was written, and of this
// machine alone.
func (r *Live) growth(p engine.SyncProgress, w int) []string {
	words := p.GrowthWords()
	if words == "" {
		return nil
	}
	return []string{r.look.Cut(r.look.T.Text.Render(r.look.Say("files   "+words)), w)}
}

// since leaves the samples of an earlier phase out: they say nothing of this one.
func since(samples []engine.Sample, begun time.Time) []engine.Sample {
	for i, s := range samples {
		if !s.At.Before(begun) {
			return samples[i:]
		}
	}
	return nil
}

// ratesOf are the speeds between samples. A counter that went back began anew
// and gives no speed.
func ratesOf(samples []engine.Sample) []float64 {
	var out []float64
	for i := 1; i < len(samples); i++ {
		dt := samples[i].At.Sub(samples[i-1].At).Seconds()
		if diff := samples[i].Read - samples[i-1].Read; dt > 0 && diff >= 0 {
			out = append(out, float64(diff)/dt)
		}
	}
	return out
}

// recent is the speed over the last stretch of time.
func recent(samples []engine.Sample, over time.Duration) float64 {
	if len(samples) == 0 {
		return 0
	}
	last := samples[len(samples)-1]
	for i := len(samples) - 2; i >= 0; i-- {
		s := samples[i]
		if s.Read > last.Read {
			break
		}
		if dt := last.At.Sub(s.At); dt >= over || i == 0 {
			if dt <= 0 {
				break
			}
			return float64(last.Read-s.Read) / dt.Seconds()
		}
	}
	return 0
}

// tasks are the newest tasks of the service's job, in its own words.
func (r *Live) tasks(leg *engine.Leg, w, most int) []string {
	if len(leg.Tasks) == 0 {
		return nil
	}
	shown := leg.Tasks[max(0, len(leg.Tasks)-most):]
	out := []string{r.look.T.Muted.Render(r.look.Cut(r.look.Say(r.tasksTitle("Tasks", leg)), w))}
	for _, t := range shown {
		out = append(out, r.taskLine(t, w))
	}
	return out
}

func (r *Live) taskLine(t engine.TaskChanged, w int) string {
	l := r.look
	name := t.Task.Friendly
	if name == "" {
		name = t.Task.Name
	}
	mark, style := l.T.Muted.Render(l.G.Pending), l.T.Muted
	switch {
	case t.Task.Done():
		mark, style = l.T.OK.Render(l.G.Done), l.T.Text
	case t.Task.State == engine.TaskStateFailed:
		mark, style = l.T.Bad.Render(l.G.Failed), l.T.Bad
	case t.Task.State == engine.TaskStateSuspended:
		mark, style = l.T.Warn.Render(l.G.Gate), l.T.Warn
	case t.Task.State == engine.TaskStateInProgress:
		mark, style = l.T.Accent.Render(l.Spinner(r.tick)), l.T.Text
	}
	depth := strings.Count(t.Path, "/")
	return l.Cut(strings.Repeat("  ", min(depth, 3))+mark+" "+style.Render(l.Say(name)), w)
}
