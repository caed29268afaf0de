package run

import (
	"fmt"
	"strings"
	"time"

	"failback/engine"
	"failback/tui/look"
	"failback/tui/text"
)

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
