package run

import (
	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/dialog"
	"failback/tui/field"
)

// cancelDialog explains what a cancel leaves behind before it asks for it.
type cancelDialog struct {
	item   string
	form   dialog.Form
	reason *field.Field
}

// cancelWord is what has to be typed.
const cancelWord = "cancel"

// cancellable is the leg a cancel would be about: the selected one, or the first
// that can still be cancelled.
func (r *Live) cancellable() *engine.Leg {
	if l := r.leg(); l != nil {
		if ok, _ := l.CanCancel(); ok {
			return l
		}
	}
	for _, l := range r.state.Legs {
		if ok, _ := l.CanCancel(); ok {
			return l
		}
	}
	return nil
}

func (r *Live) askCancel() tea.Cmd {
	l := r.cancellable()
	if l == nil {
		r.notice = "There is nothing left that a cancel could undo: the switch has been made."
		return nil
	}
	_, damages := l.CanCancel()
	reason := field.New("Reason:", "for the journal")
	d := &cancelDialog{item: l.Item.Name, reason: reason}
	subject, lines := l.Item.Name, cancelLines(l, damages)
	if r.state.Plan.Joint() {
		d.item, subject = "", r.look.Say("recovery plan "+r.state.Plan.RecoveryPlan)
		lines = r.cancelAll()
	}
	d.form = dialog.Form{
		Title: "Cancel the failback of", Subject: subject, Lines: lines,
		Submit: "cancel it", Aside: "go on with the failback",
		Fields: []*field.Field{field.Confirm("Type "+cancelWord+":", cancelWord), reason},
	}
	r.cancel = d
	return nil
}

// cancelAll explains what a cancel of a recovery plan's own job does: it takes every
// machine that has not switched yet.
func (r *Live) cancelAll() []dialog.Line {
	out := []dialog.Line{{Text: "The recovery plan has one job: a cancel takes all its machines that have not switched yet."}}
	for _, l := range r.state.Legs {
		ok, damages := l.CanCancel()
		switch {
		case !ok:
			out = append(out, dialog.Line{Tone: dialog.Bullet, Text: l.Item.Name + " has switched or ended: it stays as it is."})
		case damages:
			out = append(out, cancelLines(l, true)...)
		default:
			out = append(out, dialog.Line{Tone: dialog.Bullet, Text: l.Item.Name + ": nothing was written on-premises yet."})
		}
	}
	return out
}

// cancelLines explain the damage: that it happens, why, what it means and how it
// is repaired.
func cancelLines(l *engine.Leg, damages bool) []dialog.Line {
	if _, started := l.Ops[engine.OpStart]; l.Direct && started {
		return straightLines(l)
	}
	if !damages {
		return []dialog.Line{
			{Text: "No data was written on-premises yet: a cancel leaves both sides as they are."},
			{Tone: dialog.Bullet, Text: "The Azure VM runs on."},
		}
	}
	name := l.Item.Name
	out := []dialog.Line{
		{Tone: dialog.Danger, Text: "The on-premises VM " + name + " will be DAMAGED."},
		{Tone: dialog.Bullet, Text: "Why: the newest data from Azure is being written over its disks in place. Until that is finished they are half old, half new."},
		{Tone: dialog.Bullet, Text: "If it is started like that it may not boot, and what it writes is lost. It will be marked and guarded against a start."},
		{Tone: dialog.Bullet, Text: "Repair: run the failback again, to its end. Only what is missing is copied then."},
	}
	if l.AzurePower.Off() {
		return append(out, dialog.Line{Tone: dialog.Danger, Text: "The Azure VM is stopped (" + string(l.AzurePower) + "). After the cancel neither side runs until you start it in Azure."})
	}
	return append(out, dialog.Line{Tone: dialog.Good, Text: "The Azure VM runs on: users notice nothing."})
}

// straightLines say what a cancel leaves where the disks are new files.
func straightLines(l *engine.Leg) []dialog.Line {
	out := []dialog.Line{
		{Tone: dialog.Good, Text: "The on-premises VM stays as it was: its disks were not written to."},
		{Tone: dialog.Bullet, Text: "The new disks, as far as they have come, and this run's snapshots in Azure are removed. A new failback begins from nothing."},
	}
	if l.AzurePower.Off() {
		return append(out, dialog.Line{Tone: dialog.Danger, Text: "The Azure VM is stopped (" + string(l.AzurePower) + "). After the cancel neither side runs until you start it in Azure."})
	}
	return append(out, dialog.Line{Tone: dialog.Good, Text: "The Azure VM runs on: users notice nothing."})
}

func (r *Live) updateCancel(msg tea.Msg) tea.Cmd {
	answer, cmd := r.cancel.form.Update(msg)
	switch answer {
	case dialog.Aside:
		r.cancel = nil
		return r.Show(r.state)
	case dialog.Submitted:
		r.cancel.form.Busy = true
		out := CancelMsg{Item: r.cancel.item, Reason: r.cancel.reason.Value()}
		return func() tea.Msg { return out }
	case dialog.Unanswered:
	}
	return cmd
}

// Cancelled takes in the answer to a cancel.
func (r *Live) Cancelled(item string, err error) tea.Cmd {
	if r.cancel == nil || r.cancel.item != item {
		return nil
	}
	if err != nil {
		r.cancel.form.Busy, r.cancel.form.Problem = false, r.look.Failure(err)
		return nil
	}
	r.cancel = nil
	r.notice = "The cancel was asked for. Site Recovery finishes what it is writing first."
	return r.Show(r.state)
}
