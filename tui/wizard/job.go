package wizard

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/keymap"
	"failback/tui/pick"
	"failback/tui/text"
)

// jobStep asks how a recovery plan goes: as its own job, or each VM by itself.
type jobStep struct{ list pick.List }

func (s *jobStep) name() string         { return "Job" }
func (s *jobStep) applies(d Draft) bool { return d.RecoveryPlan != "" && !d.straight() }
func (s *jobStep) typing() bool         { return false }

func (s *jobStep) hints(*Wizard) []keymap.Binding {
	return []keymap.Binding{keymap.Choose, keymap.Up, keymap.Down}
}

func (s *jobStep) enter(w *Wizard) tea.Cmd {
	s.list.Language = w.look.L
	s.list.Columns = []pick.Column{{}, {Drop: 1}}
	off := w.draft.notJoint(w.world.plans)
	own := pick.Row{Cells: []string{"The recovery plan's own job", "one job of Site Recovery, as the portal does it"}, Off: off}
	if off != "" {
		own.Cells[1] = "not now"
	}
	s.list.Set([]pick.Row{own, {Cells: []string{"Each VM by itself", "one job a VM, group after group"}}})
	if off != "" || w.draft.jobChosen && !w.draft.Joint {
		s.list.Point(1)
	}
	return nil
}

func (s *jobStep) update(w *Wizard, msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	switch {
	case !ok || s.list.Key(k):
	case keymap.Back.Is(k):
		return w.back()
	case keymap.Choose.Is(k):
		return s.choose(w)
	}
	return nil
}

func (s *jobStep) choose(w *Wizard) tea.Cmd {
	i, ok := s.list.Current()
	if !ok {
		return nil
	}
	if off := s.list.Row(i).Off; off != "" {
		w.notice = "The recovery plan's own job can't be chosen."
		return nil
	}
	if joint := i == 0; joint != w.draft.Joint {
		w.draft.Joint, w.draft.Target, w.draft.targetChosen = joint, engine.Target{}, false
	}
	w.draft.jobChosen = true
	return w.forward()
}

func (s *jobStep) view(w *Wizard, width, height int) []string {
	l := w.look
	out := []string{l.T.Strong.Render(l.Say("How does recovery plan " + w.draft.RecoveryPlan + " go?")), ""}
	out = append(out, s.list.View(l, width, 4)...)
	out = append(out, "")
	if i, ok := s.list.Current(); ok {
		out = append(out, l.Wrap(s.about(w, i), min(width, 76))...)
	}
	return l.Clamp(out, width, height)
}

// about says what differs.
func (s *jobStep) about(w *Wizard, row int) string {
	if off := s.list.Row(row).Off; off != "" {
		return off + "."
	}
	actions := "It has neither scripts nor manual actions."
	if p, ok := planNamed(w.world.plans, w.draft.RecoveryPlan); ok {
		if scripts, manual := p.Count(w.draft.Direction); scripts+manual > 0 {
			actions = fmt.Sprintf("Its %s and %s are run", text.Plural(scripts, "script", "scripts"), text.Plural(manual, "manual action", "manual actions"))
			if row == 1 {
				actions = strings.Replace(actions, "are run", "are NOT run", 1)
			}
			actions += "."
		}
	}
	if row == 0 {
		return "Site Recovery shuts the machines down and starts them group by group, and each decision is made once for all of them. " + actions +
			" Every machine comes to its own host."
	}
	words := "This program starts one failback a VM and switches the groups in order; each machine is decided on by itself. " + actions +
		" Another host can be chosen."
	if off := s.list.Row(0).Off; off != "" {
		words += " The recovery plan's own job can't be chosen: " + off + "."
	}
	return words
}

func planNamed(plans []engine.RecoveryPlan, name string) (engine.RecoveryPlan, bool) {
	for _, p := range plans {
		if p.Name == name {
			return p, true
		}
	}
	return engine.RecoveryPlan{}, false
}

// notJoint says why the recovery plan can't go as its own job; empty where it can.
func (d Draft) notJoint(plans []engine.RecoveryPlan) string {
	p, ok := planNamed(plans, d.RecoveryPlan)
	switch {
	case !ok:
		return "the recovery plan is not in the vault any more"
	case len(d.Skipped) > 0:
		names := make([]string, len(d.Skipped))
		for i, x := range d.Skipped {
			names[i] = x.Name
		}
		return "it brings all its items or none, and " + strings.Join(names, ", ") + " can't go"
	case p.InTestFailover():
		return "a test failover of it waits to be cleaned up"
	}
	if why, remedy := engine.TooManyItems(p, len(d.Items)); why != "" {
		return why + ": " + remedy
	}
	return ""
}
