package run

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/dialog"
	"failback/tui/field"
	"failback/tui/text"
)

// gateDialog asks for a decision at one gate of one item.
type gateDialog struct {
	item     string
	gate     engine.Gate
	key      string
	forWhat  string // the manual action
	form     dialog.Form
	looked   *field.Field // who looked at the machine, at the commit gate
	saw      *field.Field // and what they saw
	why      *field.Field // where the engine asks for a reason
	override *field.Field // why outside the window, where it is closed
	comment  *field.Field // what was done, at a manual action
}

// waits reports whether the leg's gate can be answered now: after a resume it is
// looked at first and then opened again.
func waits(l *engine.Leg) bool { return l.Gate != nil && l.Mode == engine.ModeWaiting }

// waiting lists the items whose gate can be answered now.
func (r *Live) waiting() []string {
	var out []string
	for _, l := range r.state.Legs {
		if waits(l) {
			out = append(out, l.Item.Name)
		}
	}
	return out
}

// gateKey tells one opening of a gate from another.
func gateKey(l *engine.Leg) string {
	return fmt.Sprintf("%s/%s/%d", l.Item.Name, l.Gate.Gate, l.GateSince.UnixNano())
}

func (r *Live) openGate(l *engine.Leg) tea.Cmd {
	g := l.Gate.Gate
	verb, portal := g.Action(l.Direction)
	if l.Direct {
		portal = "" // nothing of it is to be seen there
	}
	d := &gateDialog{item: l.Item.Name, gate: g, key: gateKey(l)}
	subject := l.Item.Name
	if r.state.Plan.Shared(g) {
		subject = r.state.Plan.RecoveryPlan
	}
	d.form = dialog.Form{
		Title: verb, Portal: portal, Subject: subject,
		Lines: r.gateLines(l), Submit: strings.ToLower(verb[:1]) + verb[1:], Aside: "not now, it waits",
	}
	switch {
	case l.Gate.Action != nil:
		d.forWhat = l.Gate.Action.Name
		d.form.Subject = r.state.Plan.RecoveryPlan
		d.comment = field.New("What was done:", "goes with the answer")
		d.form.Fields = append(d.form.Fields, field.Confirm("Type done when it is done:", "done"), d.comment)
	case g != engine.GateReprotect:
		d.form.Fields = append(d.form.Fields, field.Confirm("Type "+subject+" to approve:", subject))
	}
	if g == engine.GateCommit {
		d.looked = field.New("Who looked at it:", "name").Set(r.user)
		d.looked.Required = true
		d.form.Fields = append(d.form.Fields, d.looked)
	}
	if g == engine.GateCommit && l.Direction == engine.ToOnPremises {
		d.saw = field.New("What was seen:", "kept with the name, also when you leave with esc")
		d.form.Fields = append(d.form.Fields, d.saw)
	}
	if l.Gate.NeedsReason {
		d.why = field.New("Why all the same:", "a reason is required")
		d.why.Required = true
		d.form.Fields = append(d.form.Fields, d.why)
	}
	if r.outsideWindow(g) {
		d.override = field.New("Why outside the window:", "a reason is required")
		d.override.Required = true
		d.form.Fields = append(d.form.Fields, d.override)
	}
	r.gate, r.notice = d, ""
	r.opened++
	return d.form.Grace.Start(r.opened)
}

// putAside keeps a dialog from asking again by itself.
func (r *Live) putAside(d *gateDialog) {
	r.aside[d.key] = true
	for _, l := range r.state.Legs { // one answer counts for all of a recovery plan
		if r.state.Plan.Shared(d.gate) && waits(l) && l.Gate.Gate == d.gate {
			r.aside[gateKey(l)] = true
		}
	}
}

func (r *Live) outsideWindow(g engine.Gate) bool {
	w := r.state.Plan.Window
	return g == engine.GateComplete && w.Set() && !w.Contains(r.tick.Now)
}

// gateLines say what an approval does, in the engine's words, and what speaks
// for and against it.
func (r *Live) gateLines(l *engine.Leg) []dialog.Line {
	var out []dialog.Line
	if l.Gate.Again != "" {
		out = append(out, dialog.Line{Tone: dialog.Caution, Text: "Asked again: " + l.Gate.Again})
	}
	if l.Gate.Action == nil {
		out = append(out, dialog.Line{Tone: dialog.Quiet, Text: "Approving does this:"})
	}
	for _, c := range l.Gate.Consequences {
		out = append(out, dialog.Line{Tone: dialog.Bullet, Text: c})
	}
	if l.Gate.Gate == engine.GateCommit && l.Direction == engine.ToOnPremises {
		out = append(append(out, dialog.Line{}), verified(l)...)
		out = append(out, dialog.Line{Tone: dialog.Quiet, Text: "Look for yourself: " + r.state.Plan.ConsoleCommand(l.Item)})
	}
	if f := r.state.Forecast; f != nil && l.Gate.Gate == engine.GateComplete {
		out = append(out, dialog.Line{Tone: dialog.Quiet, Text: "Downtime was forecast as " + text.Range(f.Downtime.Range()) + " when the run began."})
	}
	if c := l.Consistency(); l.Gate.Gate == engine.GateComplete && c.Words != "" {
		out = append(out, dialog.Line{Tone: dialog.Quiet, Text: "The on-premises disks are " + c.Words + "."})
	}
	if r.outsideWindow(l.Gate.Gate) {
		out = append(out, dialog.Line{Tone: dialog.Danger, Text: "The plan's window is closed: " + windowWords(r.state.Plan.Window)})
	}
	return out
}

func windowWords(w engine.Window) string {
	const form = "2006-01-02 15:04 MST"
	switch {
	case w.Start.IsZero():
		return "until " + w.End.Format(form)
	case w.End.IsZero():
		return "from " + w.Start.Format(form)
	}
	return w.Start.Format(form) + " to " + w.End.Format(form)
}

// ProofLines say what the comparisons gave: in one line where they gave the same
// for all disks, otherwise disk by disk.
func ProofLines(proofs []engine.DiskProved) []dialog.Line {
	var bytes int64
	equal, missing := len(proofs) > 1, len(proofs) > 1
	for _, p := range proofs {
		bytes += p.Bytes
		equal = equal && p.Equal && p.Missing == ""
		missing = missing && p.Missing != "" && p.Missing == proofs[0].Missing
	}
	switch {
	case equal:
		return []dialog.Line{{Tone: dialog.Good, Text: fmt.Sprintf("All %d disks: every byte of %s equals the Azure disks", len(proofs), engine.SizeWords(bytes))}}
	case missing:
		return []dialog.Line{{Tone: dialog.Caution, Text: fmt.Sprintf("None of the %d disks was compared: %s", len(proofs), proofs[0].Missing)}}
	}
	var out []dialog.Line
	for _, p := range proofs {
		out = append(out, ProofLine(p))
	}
	return out
}

// ProofLine says what the comparison of a disk's two sides gave.
func ProofLine(p engine.DiskProved) dialog.Line {
	switch {
	case p.Missing != "":
		return dialog.Line{Tone: dialog.Caution, Text: fmt.Sprintf("Disk %s was not compared: %s", p.Disk, p.Missing)}
	case p.Equal:
		return dialog.Line{Tone: dialog.Good, Text: fmt.Sprintf("Disk %s: every byte of %s equals the Azure disk", p.Disk, engine.SizeWords(p.Bytes))}
	}
	return dialog.Line{Tone: dialog.Danger, Text: fmt.Sprintf("Disk %s differs from the Azure disk", p.Disk)}
}

func (r *Live) updateGate(msg tea.Msg) tea.Cmd {
	answer, cmd := r.gate.form.Update(msg)
	switch answer {
	case dialog.Aside:
		look := r.gate.look()
		r.putAside(r.gate)
		r.gate = nil
		// The next open gate may ask now.
		return tea.Batch(look, r.Show(r.state))
	case dialog.Submitted:
		return r.approve()
	case dialog.Unanswered:
	}
	return cmd
}

func (r *Live) approve() tea.Cmd {
	g := r.gate
	g.form.Busy = true
	d := engine.Decision{Gate: g.gate, By: r.user, Reason: g.reason(), Override: g.override != nil, For: g.forWhat}
	if g.saw != nil {
		d.LookedBy, d.Saw = g.looked.Value(), g.saw.Value()
	}
	item := g.item
	return func() tea.Msg { return DecideMsg{Item: item, Decision: d} }
}

// look keeps what was typed of the machine where the question is put aside: it may be
// just what keeps somebody from answering.
func (g *gateDialog) look() tea.Cmd {
	if g.saw == nil || g.saw.Value() == "" {
		return nil
	}
	msg := LookMsg{Item: g.item, By: g.looked.Value(), Saw: g.saw.Value()}
	return func() tea.Msg { return msg }
}

// reason is everything that was said for the approval.
func (g *gateDialog) reason() string {
	var said []string
	if g.looked != nil {
		said = append(said, "looked at by "+g.looked.Value())
	}
	for _, f := range []*field.Field{g.why, g.override, g.comment} {
		if f != nil && f.Value() != "" {
			said = append(said, f.Value())
		}
	}
	return strings.Join(said, "; ")
}

// Decided takes in the answer to a decision. The dialog closes when the
// decision was taken; otherwise it stays and says why not.
func (r *Live) Decided(item string, g engine.Gate, err error) tea.Cmd {
	if r.gate == nil || r.gate.item != item || r.gate.gate != g {
		return nil
	}
	r.gate.form.Busy = false
	if err != nil {
		r.gate.form.Problem = r.look.Failure(err)
		return nil
	}
	r.putAside(r.gate)
	r.gate = nil
	return r.Show(r.state)
}

// Looked takes in whether a look was recorded.
func (r *Live) Looked(err error) {
	r.notice = "What was seen is recorded; nothing was approved."
	if err != nil {
		r.notice = "What was seen was not recorded: " + r.look.Failure(err)
	}
}

// decideAgain opens the dialog of the selected leg's gate, or of the first one
// that waits.
func (r *Live) decideAgain() tea.Cmd {
	if l := r.leg(); l != nil && waits(l) {
		return r.openGate(l)
	}
	for i, l := range r.state.Legs {
		if waits(l) {
			r.selected = i
			return r.openGate(l)
		}
	}
	r.notice = "Nothing waits for a decision."
	return nil
}
