package wizard

import (
	"fmt"
	"strconv"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/dialog"
	"failback/tui/field"
	"failback/tui/keymap"
)

// directStep asks what a failback without Site Recovery needs to know, and says what
// is given up with it.
type directStep struct{ form dialog.Form }

// The fields of the form, in order.
const (
	folderField = iota
	hostFolderField
	formatField
	keepField
	switchField
	limitField
)

func (s *directStep) name() string         { return "Disks" }
func (s *directStep) applies(d Draft) bool { return d.straight() }
func (s *directStep) typing() bool         { return true }

func (s *directStep) hints(*Wizard) []keymap.Binding {
	return []keymap.Binding{keymap.Choose.But("go on"), keymap.Next, keymap.Previous, keymap.PageDown.But("what is lost")}
}

func (s *directStep) enter(w *Wizard) tea.Cmd {
	d := w.draft.Direct
	folder := field.New("Folder:", "of this machine, or a share of the host").Set(d.Folder)
	folder.Required = true
	s.form = dialog.Form{
		Title: "Where do the disks go?", Subject: w.look.Say("without Site Recovery"), Submit: "go on", Aside: "back", Bare: true,
		Fields: []*field.Field{
			folder,
			field.New("The host calls it (optional):", `like D:\vms, where it is another name`).Set(d.HostFolder),
			field.New("Format:", "vhdx or vhd").Set(d.DiskFormat()),
			field.New("Days that snapshots are kept:", "0 keeps none").Set(strconv.Itoa(d.KeepDays)),
			field.New("Switch of a new VM (optional):", "as on the original host, where it can be read").Set(d.Switch),
			field.New("Limit of all disks (optional):", "like 20MiB/s, or 08:00-18:00=5MB/s,50MB/s").Set(d.Limit),
		},
	}
	for _, line := range engine.WhatDirectLoses() {
		s.form.Lines = append(s.form.Lines, dialog.Line{Tone: dialog.Caution, Text: line})
	}
	return nil
}

func (s *directStep) update(w *Wizard, msg tea.Msg) tea.Cmd {
	answer, cmd := s.form.Update(msg)
	value := func(i int) string { return strings.TrimSpace(s.form.Fields[i].Value()) }
	d := &engine.Direct{Folder: value(folderField), HostFolder: value(hostFolderField), Format: strings.ToLower(value(formatField)), Switch: value(switchField), Limit: value(limitField)}
	days, bad := strconv.Atoi(value(keepField))
	d.KeepDays = days
	w.draft.Direct = d
	switch answer {
	case dialog.Aside:
		return w.back()
	case dialog.Submitted:
		if bad != nil {
			s.form.Refuse(keepField, fmt.Sprintf("%q is no number of days; 0 keeps none", value(keepField)))
			return nil
		}
		if _, err := w.draft.Plan(w.conn, w.services.Owner); err != nil {
			s.form.Refuse(fieldOf(err), w.look.Failure(err))
			return nil
		}
		return w.forward()
	case dialog.Unanswered:
	}
	return cmd
}

// fieldOf is where what the plan was refused for was typed.
func fieldOf(err error) int {
	switch engine.AsFailure(err, "", "").Where {
	case "direct.host_folder":
		return hostFolderField
	case "direct.format":
		return formatField
	case "direct.keep_days":
		return keepField
	case "direct.limit":
		return limitField
	}
	return folderField
}

func (s *directStep) view(w *Wizard, width, height int) []string {
	return s.form.View(w.look, min(width, 100), height)
}

// straight reports whether the machines go without Site Recovery.
func (d Draft) straight() bool { return d.Direct != nil && d.failback() }

// takes reports whether an item can be chosen, and why not. Without Site Recovery all
// that counts is that the machine is in Azure.
func (d Draft) takes(it engine.Item) (ok bool, why string) {
	if d.straight() {
		why = it.Straight()
		return why == "", why
	}
	r := it.Ready(d.Direction)
	return selectable(r), r.Reason
}

// straighten changes between both ways home; what was answered beside stays.
func (w *Wizard) straighten() bool {
	switch {
	case w.conn.Direct == nil:
		w.notice = "This connection knows no failback without Site Recovery."
		return false
	case !w.draft.failback():
		w.notice = "Without Site Recovery machines only come home."
		return false
	case w.draft.Direct != nil:
		w.draft.Direct = nil
		return true
	}
	w.draft.Direct = &engine.Direct{}
	w.draft.RecoveryPlan, w.draft.PlanID, w.draft.Joint, w.draft.jobChosen, w.draft.Skipped, w.draft.Groups = "", "", false, false, nil, nil
	return true
}

// otherWay is the key that changes between both ways, where the connection has both.
func (w *Wizard) otherWay() []keymap.Binding {
	switch {
	case w.conn.Direct == nil || !w.draft.failback():
		return nil
	case w.draft.Direct != nil:
		return []keymap.Binding{keymap.Straight.But("through Site Recovery")}
	}
	return []keymap.Binding{keymap.Straight}
}

// helps reports whether all that blocks is about Site Recovery alone.
func (s *preflightStep) straightHelps(w *Wizard) bool {
	if w.conn.Direct == nil || w.draft.Direct != nil || !s.finished || s.err != nil || s.count(engine.VerdictBlock) == 0 {
		return false
	}
	for _, c := range s.found {
		if c.Verdict == engine.VerdictBlock && !c.OfVault {
			return false
		}
	}
	return true
}

// goStraight carries the draft over to a failback without Site Recovery.
func (s *preflightStep) goStraight(w *Wizard) tea.Cmd {
	if !s.straightHelps(w) {
		w.notice = "What blocks is not about Site Recovery alone, or nothing blocks."
		return nil
	}
	s.halt()
	if !w.straighten() {
		return nil
	}
	for i, x := range w.steps {
		if _, ok := x.(*directStep); ok {
			w.at = i
			return x.enter(w)
		}
	}
	return nil
}

// consequencesStraight say what a run without Site Recovery does.
func consequencesStraight(d Draft) []dialog.Line {
	out := []dialog.Line{
		{Tone: dialog.Bullet, Text: "Snapshots are taken in Azure and written to new disks; the host's own disks are not written to. Don't start that VM meanwhile."},
		{Tone: dialog.Bullet, Text: "The Azure VM runs on until you approve: Stop Azure and switch."},
		{Tone: dialog.Bullet, Text: "Azure's VM, disks and interfaces are deleted only when you approve the list of them: Commit."},
	}
	if d.Direct.KeepDays > 0 {
		out = append(out, dialog.Line{Tone: dialog.Bullet, Text: "After the commit " + d.Direct.KeepWords() + "."})
	}
	for _, line := range engine.WhatDirectLoses() {
		out = append(out, dialog.Line{Tone: dialog.Caution, Text: line})
	}
	return out
}
