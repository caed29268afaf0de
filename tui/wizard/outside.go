package wizard

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/dialog"
	"failback/tui/field"
	"failback/tui/keymap"
)

// machineForm asks for an Azure VM that no vault replicates, by its resource id, and
// has Azure read it.
type machineForm struct {
	gen  int
	form dialog.Form
}

// machineMsg is what Azure says of a machine that was named.
type machineMsg struct {
	gen  int
	item engine.Item
	err  error
}

func (m *machineForm) hints() []keymap.Binding {
	return []keymap.Binding{keymap.Choose.But(m.form.Submit), keymap.Clear}
}

// listed are the items that the list of them shows: those of the vault, and machines
// that were named where the draft goes without Site Recovery.
func (w *Wizard) listed() []engine.Item {
	if w.draft.straight() {
		return slices.Concat(w.world.items, w.world.machines)
	}
	return w.world.items
}

// outside are the machines of the plan to repair that no vault replicates, by id.
func (w *Wizard) outside() []string {
	var ids []string
	if w.repair != nil && w.repair.Direct != nil {
		for _, it := range w.repair.Items {
			if it.OutsideVault() {
				ids = append(ids, it.ID)
			}
		}
	}
	return ids
}

// outsideVault reports whether an item of the draft is one that no vault replicates.
func (d Draft) outsideVault() bool {
	return slices.ContainsFunc(d.Items, func(it engine.Item) bool { return engine.IsMachineID(it.ID) })
}

// notToName says why no machine can be named; empty where one can.
func (w *Wizard) notToName() string {
	switch {
	case w.conn.Direct == nil:
		return "this connection knows no failback without Site Recovery"
	case !w.draft.failback():
		return "without Site Recovery machines only come home"
	}
	return ""
}

// withoutVault goes on without the vault, which could not be read: a machine can be
// named all the same.
func (w *Wizard) withoutVault() tea.Cmd {
	w.world = inventory{loaded: true, lost: w.world.err}
	w.draft = Draft{Direction: engine.ToOnPremises, Direct: &engine.Direct{}}
	for i, x := range w.steps {
		if s, ok := x.(*itemsStep); ok {
			w.at = i
			cmd := s.enter(w)
			s.ask(w)
			return cmd
		}
	}
	return nil
}

// ask opens the form. What was typed before and not taken is still there.
func (s *itemsStep) ask(w *Wizard) {
	if why := w.notToName(); why != "" {
		w.notice = "No machine can be named: " + why + "."
		return
	}
	id := field.New("Resource id:", "/subscriptions/…/virtualMachines/NAME").Set(w.draft.typedID)
	id.Required = true
	s.naming = &machineForm{form: dialog.Form{
		Title: "Which Azure VM?", Submit: "read it", Aside: "back", Bare: true, Fields: []*field.Field{id},
		Lines: []dialog.Line{
			{Text: "A machine in Azure that no vault replicates comes home without Site Recovery, to a host that you name. Nobody knows of an original location."},
			{},
			{Tone: dialog.Quiet, Text: "The portal has the id under Properties of the VM, and az vm show --query id prints it."},
		},
	}}
}

// keyMachine edits the id. Enter has Azure read the machine.
func (s *itemsStep) keyMachine(w *Wizard, msg tea.Msg) tea.Cmd {
	m := s.naming
	if k, ok := msg.(tea.KeyMsg); ok && keymap.Back.Is(k) { // also while Azure is asked
		s.naming = nil
		return nil
	}
	answer, cmd := m.form.Update(msg)
	id := strings.TrimSuffix(strings.TrimSpace(m.form.Fields[0].Value()), "/")
	w.draft.typedID = id
	if answer != dialog.Submitted {
		return cmd
	}
	if why := engine.WrongMachineID(id); why != "" {
		m.form.Refuse(0, why)
		return nil
	}
	if it, ok := s.inVault(w, id); ok {
		s.take(w, it)
		w.notice = "The vault has this machine, as " + it.Name + "."
		return nil
	}
	w.gen++
	m.gen, m.form.Busy = w.gen, true
	gen, ctx, conn := m.gen, w.ctx, w.conn
	return func() tea.Msg {
		it, err := conn.DirectItem(ctx, id)
		return machineMsg{gen: gen, item: it, err: err}
	}
}

// inVault finds the item of the vault that is the machine and can come home without
// Site Recovery: more is known of that one.
func (s *itemsStep) inVault(w *Wizard, id string) (engine.Item, bool) {
	it, ok := engine.Replicated(id, w.world.items)
	return it, ok && it.Straight() == ""
}

// machineCame takes in what Azure answered.
func (s *itemsStep) machineCame(w *Wizard, m machineMsg) {
	if s.naming == nil || m.gen != s.naming.gen {
		return
	}
	s.naming.form.Busy = false
	if m.err != nil {
		s.naming.form.Refuse(0, w.look.Failure(m.err))
		return
	}
	if why := m.item.Straight(); why != "" {
		s.naming.form.Refuse(0, m.item.Name+": "+why)
		return
	}
	if _, known := find(w.world.machines, m.item.ID); !known {
		w.world.machines = append(w.world.machines, m.item)
	}
	s.take(w, m.item)
}

// take closes the form and puts the cursor on the item, in a list of what comes home
// without Site Recovery.
func (s *itemsStep) take(w *Wizard, it engine.Item) {
	s.naming, w.draft.typedID = nil, ""
	if !w.draft.straight() && !w.straighten() {
		return
	}
	s.recovery = false
	s.fill(w)
	for i, listed := range w.listed() {
		if engine.SameID(listed.ID, it.ID) {
			s.list.Point(i)
		}
	}
}
