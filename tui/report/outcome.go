// Package report is the screen at the end of a run: what happened to every item,
// the measured downtime, the proofs, the damage, and what comes next.
package report

import (
	"fmt"
	"slices"
	"strings"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/keymap"
	"failback/tui/look"
	"failback/tui/run"
	"failback/tui/text"
)

// WriteMsg asks for the run's report. It is answered with [Outcome.Written].
type WriteMsg struct{ Run engine.RunID }

// ResumeMsg asks to go on with the run.
type ResumeMsg struct{ Run engine.RunID }

// RepairMsg asks for a new run of the same plan.
type RepairMsg struct{ Plan engine.Plan }

// EvidenceMsg asks to read the run's evidence.
type EvidenceMsg struct{ Run engine.RunID }

// ReplayMsg asks to see the run once more, as it went.
type ReplayMsg struct{ Run engine.RunID }

// HomeMsg says that the operator is done with the run.
type HomeMsg struct{}

// LogMsg asks for the run's live screen again.
type LogMsg struct{}

// Outcome is the screen. Use it through a pointer, on the update loop alone.
type Outcome struct {
	look    look.Look
	state   engine.State
	scroll  look.Scroll
	writing bool
	path    string
	problem string
	mended  bool // a later run has repaired what this one left damaged
}

// New makes the screen for a run that has ended for now.
func New(l look.Look, s engine.State) *Outcome { return &Outcome{look: l, state: s} }

// Mended says that a later run has repaired what this one left damaged: the
// screen tells of the damage then and warns of nothing.
func (o *Outcome) Mended() { o.mended = true }

// damaged reports whether the leg left its machine damaged, to this day.
func (o *Outcome) damaged(leg *engine.Leg) bool { return leg.Damage != nil && !o.mended }

// Run is the run that is shown.
func (o *Outcome) Run() engine.RunID { return o.state.Run }

// Title names the screen.
func (o *Outcome) Title() string { return "Outcome of run " + string(o.state.Run) }

// Scope names the keys of the screen.
func (o *Outcome) Scope() keymap.Scope { return keymap.ScopeOutcome }

// Modal reports whether letters are typed: never here.
func (o *Outcome) Modal() bool { return false }

// Update takes in a key.
func (o *Outcome) Update(msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	switch {
	case !ok:
	case keymap.Report.Is(k) && !o.writing:
		o.writing, o.problem = true, ""
		return say(WriteMsg{o.state.Run})
	case keymap.Read.Is(k):
		return say(EvidenceMsg{o.state.Run})
	case keymap.Replay.Is(k):
		return say(ReplayMsg{o.state.Run})
	case keymap.Resume.Is(k):
		return o.goOn()
	case keymap.Straight.Is(k):
		if p, ok := o.state.WithoutSiteRecovery(); ok {
			return say(RepairMsg{p})
		}
		o.problem = "Nothing here has stopped for the sake of Site Recovery alone."
	case keymap.Log.Is(k):
		return say(LogMsg{})
	case keymap.Home.Is(k), keymap.Back.Is(k):
		return say(HomeMsg{})
	case keymap.Down.Is(k):
		o.scroll.Move(1)
	case keymap.Up.Is(k):
		o.scroll.Move(-1)
	case keymap.PageDown.Is(k):
		o.scroll.Move(10)
	case keymap.PageUp.Is(k):
		o.scroll.Move(-10)
	}
	return nil
}

func say(m tea.Msg) tea.Cmd { return func() tea.Msg { return m } }

// goOn resumes a run that stopped on its way, or runs the plan of a cancelled
// one again: the repair.
func (o *Outcome) goOn() tea.Cmd {
	switch {
	case o.state.Resumable():
		return say(ResumeMsg{o.state.Run})
	case o.repairable():
		return say(RepairMsg{o.state.Plan})
	}
	o.problem = "There is nothing left to go on with."
	return nil
}

func (o *Outcome) repairable() bool {
	for _, l := range o.state.Legs {
		if l.Outcome == engine.OutcomeCancelled && (l.Damage == nil || o.damaged(l)) {
			return true
		}
	}
	return false
}

// Written takes in the report's path.
func (o *Outcome) Written(path string, err error) {
	o.writing, o.path = false, path
	if err != nil {
		o.problem = o.look.Failure(err)
	}
}

// Refused says why going on was refused.
func (o *Outcome) Refused(err error) { o.problem = o.look.Failure(err) }

// Hints are the keys of the screen.
func (o *Outcome) Hints() []keymap.Binding {
	resume := keymap.Resume
	switch {
	case o.state.Resumable():
		resume = resume.But("go on with the run")
	case o.repairable():
		resume = resume.But("repair: run again")
	default:
		resume = resume.Unless("there is nothing left to go on with")
	}
	out := []keymap.Binding{keymap.Read.But("evidence"), keymap.Report, resume, keymap.Log.But("live screen"), keymap.Replay.But("replay"), keymap.Home, keymap.Quit}
	if _, ok := o.state.WithoutSiteRecovery(); ok {
		out[1], out[2] = out[2], out[1]
		out = slices.Insert(out, 1, keymap.Straight)
	}
	return out
}

// Keys are the keys of the screen for the help.
func (o *Outcome) Keys() []keymap.Group {
	return []keymap.Group{{Title: "Outcome", Bindings: append(o.Hints(), keymap.Up, keymap.Down)}}
}

// Status is the state line.
func (o *Outcome) Status() look.Status {
	s := look.Status{Text: "Run " + string(o.state.Run) + ": " + outcomeWords(o.state.Outcome)}
	if o.state.Outcome != engine.OutcomeSucceeded {
		s.Tone = look.Alarm
	}
	for _, l := range o.state.Legs {
		if o.damaged(l) {
			s.Tone = look.Alarm
			s.Text = l.Item.Name + " is DAMAGED on-premises, don't start it · " + outcomeWords(o.state.Outcome)
		}
	}
	return s
}

func outcomeWords(out engine.Outcome) string {
	switch out {
	case engine.OutcomeSucceeded:
		return "done"
	case engine.OutcomeDetached:
		return "left running, not driven by anybody now"
	case engine.OutcomeUnknown:
		return "unknown: looking could not decide what happened"
	case engine.OutcomeNone:
		return "not ended: it stopped on its way"
	case engine.OutcomeFailed, engine.OutcomeCancelled, engine.OutcomeBlocked:
	}
	return string(out)
}

// View draws the outcome.
func (o *Outcome) View(w, h int) []string {
	l := o.look
	var out []string
	out = append(out, l.Cut(l.T.Strong.Render(l.Say(headline(o.state))), w), "")
	for _, leg := range o.state.Legs {
		out = append(out, o.leg(leg, w)...)
	}
	foot := o.foot(w)
	room := max(1, h-len(foot))
	if len(out) > room {
		first := o.scroll.In(len(out)+1, room)
		out = append(out[first:first+room-1:first+room-1], l.T.Muted.Render(l.Say(l.KeyName(keymap.Up)+", "+l.KeyName(keymap.Down)+" for the rest")))
	}
	return l.Clamp(append(out, foot...), w, h)
}

func headline(s engine.State) string {
	n := 0
	for _, l := range s.Legs {
		if l.Outcome == engine.OutcomeSucceeded {
			n++
		}
	}
	where := "home"
	if s.Plan.Direction == engine.ToAzure {
		where = "in Azure"
	}
	switch {
	case len(s.Legs) == 1 && n == 1:
		return s.Legs[0].Item.Name + " is " + where + "."
	case len(s.Legs) == 1:
		return s.Legs[0].Item.Name + " is not " + where + "."
	}
	return fmt.Sprintf("%d of %s %s.", n, text.Plural(len(s.Legs), "item", "items"), where)
}

func (o *Outcome) leg(leg *engine.Leg, w int) []string {
	l := o.look
	style, mark := l.T.Bad, l.G.Failed
	if leg.Outcome == engine.OutcomeSucceeded {
		style, mark = l.T.OK, l.G.Done
	}
	out := []string{l.Cut(style.Render(mark)+" "+l.T.Strong.Render(l.Words(leg.Item.Name))+"  "+style.Render(l.Say(outcomeWords(leg.Outcome))), w)}
	line := func(label, value string) {
		out = append(out, l.Paragraph(l.T.Text, "  "+l.T.Muted.Render(l.Fit(l.Say(label), 10))+" ", value, w)...)
	}
	switch d := leg.Damage; {
	case o.damaged(leg):
		out = append(out, l.Paragraph(l.T.Bad, "  "+l.T.Bad.Render(l.Fit(l.Say("DAMAGED"), 10))+" ",
			d.Reason+". Don't start the VM on-premises; run the failback again to its end.", w)...)
	case d != nil:
		line("Damage", d.Reason+". A later run has repaired it.")
	}
	line("Downtime", o.downtime(leg))
	line("Runs", runs(leg))
	if t := o.phaseTimes(leg); t != "" {
		line("Took", t)
	}
	if b := leg.Boot; b != nil {
		line("Boot", bootWords(b))
	}
	for _, p := range run.ProofLines(leg.Proofs) {
		line("Data", p.Text)
	}
	if f := leg.Failure; f != nil {
		line("Stopped at", leg.Phase().Info().Title)
		line("Why", l.L.Failure(strings.TrimSuffix(f.What+": "+joined(f.Code, f.Why), ": ")))
		line("Now", f.Remedy)
	}
	line("Next", o.next(leg))
	return append(out, "")
}

// runs says which side runs. Where neither does, somebody has to know.
func runs(leg *engine.Leg) string {
	power := func(p engine.Power) string {
		if p == engine.PowerUnknown {
			return "not looked at"
		}
		return string(p)
	}
	words := "Azure VM " + power(leg.AzurePower) + ", on-premises VM " + power(leg.OnPremPower)
	if leg.AzurePower.Off() && leg.OnPremPower != engine.PowerRunning {
		words += ": neither side runs"
	}
	return words
}

// phaseTimes are the phases that took a while, in order.
func (o *Outcome) phaseTimes(leg *engine.Leg) string {
	var out []string
	for _, s := range leg.Steps {
		rec, ok := leg.Phases[s.Phase]
		if d := rec.Ended.Sub(rec.Started); ok && d >= time.Second/2 {
			out = append(out, strings.ReplaceAll(o.look.Say(s.Phase.Info().Title)+" "+o.look.Say(engine.SpanWords(d)), " ", "\u00a0"))
		}
	}
	return strings.Join(out, ", ")
}

func joined(code, why string) string {
	if code == "" {
		return why
	}
	return code + ": " + why
}

func (o *Outcome) downtime(leg *engine.Leg) string {
	if leg.DowntimeFrom.IsZero() {
		return o.look.L.SayAs("downtime", "none")
	}
	d := leg.Downtime(o.state.Updated)
	s := text.Clock(d)
	if leg.InDowntime() {
		s += ", not over"
	}
	switch b := o.state.Plan.Budget; {
	case b > 0 && leg.InDowntime() && d <= b:
		s += ", budget " + engine.SpanWords(b)
	case b > 0 && d > b:
		s += fmt.Sprintf(", over the budget of %s", engine.SpanWords(b))
	case b > 0:
		s += fmt.Sprintf(", within the budget of %s", engine.SpanWords(b))
	}
	return s
}

func bootWords(b *engine.BootChecked) string {
	if b.Result == engine.BootProven {
		return "proven: " + run.BootWords(b)
	}
	return string(b.Result) + ": " + run.BootWords(b)
}

// next says whether the item could fail over again, and what to do.
func (o *Outcome) next(leg *engine.Leg) string {
	switch {
	case leg.Outcome == engine.OutcomeSucceeded && o.state.Plan.Direction == engine.ToAzure:
		return "it runs in Azure; re-protect it there before a failback"
	case leg.Outcome == engine.OutcomeSucceeded:
		return "ready for the next failover: yes, replication to Azure is healthy"
	case leg.Damage != nil && o.mended:
		return "nothing here: see the later run"
	case leg.Damage != nil:
		return "ready for the next failover: no; repair it first"
	case leg.Mode == engine.ModeEnded:
		return "ready for the next failover: no; the Azure VM is as it was"
	}
	return "ready for the next failover: no; go on with the run"
}

func (o *Outcome) foot(w int) []string {
	l := o.look
	switch {
	case o.problem != "":
		return l.Paragraph(l.T.Bad, l.T.Bad.Render(l.G.Block)+" ", o.problem, w)
	case o.writing:
		return []string{l.T.Muted.Render(l.Say("Writing the report …"))}
	case o.path != "":
		return l.Paragraph(l.T.Text, l.T.OK.Render(l.G.OK)+" ", "Report: "+o.path, w)
	}
	took := o.state.Updated.Sub(o.state.Created)
	return []string{l.Cut(l.T.Muted.Render(l.Say(fmt.Sprintf("%s, planned by %s, took %s",
		o.state.Created.Format("2006-01-02 15:04 MST"), o.state.Plan.Owner, engine.SpanWords(took)))), w)}
}
