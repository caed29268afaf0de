package wizard

import (
	"fmt"
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/keymap"
	"failback/tui/pick"
	"failback/tui/text"
)

// itemsStep asks for the items, one by one or through a recovery plan. Items
// that are not ready stay in the list with their reason.
type itemsStep struct {
	list     pick.List
	recovery bool         // recovery plans are listed
	naming   *machineForm // open while an Azure VM is named
}

func (s *itemsStep) name() string       { return "Items" }
func (s *itemsStep) applies(Draft) bool { return true }
func (s *itemsStep) typing() bool       { return s.naming != nil || s.list.Typing() }

func (s *itemsStep) hints(w *Wizard) []keymap.Binding {
	if s.naming != nil {
		return s.naming.hints()
	}
	other := keymap.RecoveryPlans
	if len(w.world.plans) == 0 {
		other = other.Unless("the vault has no recovery plan")
	}
	if s.recovery {
		return []keymap.Binding{keymap.Choose, other.But("items"), keymap.Filter}
	}
	if w.draft.straight() {
		other = other.Unless("without Site Recovery each VM goes by itself")
	}
	out := []keymap.Binding{keymap.Choose.But("go on with it"), keymap.Mark, keymap.MarkAll, other, keymap.Filter, keymap.Sort}
	at := len(out)
	if i, ok := s.list.Current(); ok && (s.list.Row(i).Off != "" || w.draft.straight()) {
		at = 1 // it is what can be done about that row
	}
	out = slices.Insert(out, at, w.otherWay()...)
	if w.conn.Direct != nil && w.draft.failback() {
		out = append(out, keymap.OtherMachine)
	}
	return out
}

func (s *itemsStep) enter(w *Wizard) tea.Cmd {
	s.recovery, s.naming = w.draft.RecoveryPlan != "", nil
	s.fill(w)
	return nil
}

func (s *itemsStep) fill(w *Wizard) {
	if s.recovery {
		s.fillRecovery(w)
		return
	}
	s.list.Many, s.list.Sorts = true, true
	s.list.Language = w.look.L
	s.list.Columns = []pick.Column{{Title: "Item", Name: true}, {Title: "Runs", Drop: 2}, {Title: "Size", Right: true, Drop: 3}, {Title: "Host", Drop: 4, Name: true}, {Title: "State", Drop: 1}}
	items := w.listed()
	rows := make([]pick.Row, len(items))
	for i, it := range items {
		rows[i] = itemRow(it, w.draft)
	}
	s.list.Set(rows)
	for i, it := range items {
		if plainlyReady(it, w.draft) {
			s.list.Point(i) // not on one that needs a commit or a repair first
			break
		}
	}
	for i, it := range items {
		if _, chosen := find(w.draft.Items, it.ID); chosen && rows[i].Off == "" {
			s.list.Point(i)
			if len(w.draft.Items) > 1 {
				s.list.Mark(i)
			}
		}
	}
}

// plainlyReady reports whether nothing has to be said of an item before it goes.
func plainlyReady(it engine.Item, d Draft) bool {
	if d.straight() {
		ok, _ := d.takes(it)
		return ok
	}
	r := it.Ready(d.Direction)
	return r.Ready && !r.CommitFirst && it.Damaged == nil
}

func itemRow(it engine.Item, d Draft) pick.Row {
	ready := it.Ready(d.Direction)
	state := "ready"
	ok, off := d.takes(it)
	switch {
	case d.straight() && ok && engine.IsMachineID(it.ID):
		state = "named by its resource id"
	case d.straight() && ok:
		state = "can come home without it"
	case d.straight():
		state = off
	case ready.CommitFirst:
		state, off = "failover not committed: this run commits it first", ""
	case !ready.Ready:
		state = ready.Reason
	case it.Damaged != nil:
		state = "damaged on-premises: this run repairs it"
	}
	return pick.Row{
		Cells: []string{it.Name, runsAt(it.Active), engine.SizeWords(it.Bytes()), it.HostName, state},
		Keys:  []string{"", "", sizeKey(it)},
		Off:   off, Alarm: it.Damaged != nil,
	}
}

func runsAt(l engine.Location) string {
	switch l {
	case engine.LocationAzure:
		return "in Azure"
	case engine.LocationOnPremises:
		return "on-premises"
	case engine.LocationUnknown:
	}
	return "unknown"
}

func (s *itemsStep) fillRecovery(w *Wizard) {
	s.list.Many, s.list.Sorts = false, true
	s.list.Language = w.look.L
	s.list.Columns = []pick.Column{{Title: "Recovery plan", Name: true}, {Title: "Groups", Right: true, Drop: 2}, {Title: "Items", Drop: 1}}
	rows := make([]pick.Row, len(w.world.plans))
	for i, p := range w.world.plans {
		items, skipped, _ := expand(p, w.world.items, w.draft.Direction)
		r := pick.Row{Cells: []string{p.Name, fmt.Sprint(len(p.Groups)), fmt.Sprintf("%d ready, %d stay behind", len(items), len(skipped))}}
		if len(items) == 0 {
			r.Off = "none of its items is ready"
		}
		rows[i] = r
	}
	s.list.Set(rows)
	for i, p := range w.world.plans {
		if p.Name == w.draft.RecoveryPlan {
			s.list.Point(i)
		}
	}
}

// expand lists a recovery plan's items in group order: those that are ready,
// and those that stay behind with the reason.
func expand(p engine.RecoveryPlan, items []engine.Item, d engine.Direction) ([]engine.Item, []Skip, map[string]int) {
	var ready []engine.Item
	var skipped []Skip
	groups := map[string]int{}
	for _, m := range p.Members(items, d) {
		if m.Reason != "" && !m.CommitFirst {
			skipped = append(skipped, Skip{m.Name, m.Reason})
			continue
		}
		ready = append(ready, m.Item)
		groups[m.Item.ID] = m.Group
	}
	return ready, skipped, groups
}

func (s *itemsStep) update(w *Wizard, msg tea.Msg) tea.Cmd {
	if m, ok := msg.(machineMsg); ok {
		s.machineCame(w, m)
		return nil
	}
	if s.naming != nil {
		return s.keyMachine(w, msg)
	}
	k, ok := msg.(tea.KeyMsg)
	switch {
	case !ok:
	case !s.list.Typing() && keymap.OtherMachine.Is(k):
		s.ask(w)
	case !s.list.Typing() && keymap.RecoveryPlans.Is(k):
		s.toggle(w)
	case !s.list.Typing() && keymap.Straight.Is(k):
		if at, ok := s.list.Current(); w.straighten() {
			same := ok && !s.recovery
			s.recovery = false
			s.fill(w)
			if same {
				s.list.Point(at)
			}
		}
	case s.list.Key(k):
	case keymap.Back.Is(k):
		return w.back()
	case keymap.Choose.Is(k):
		return s.choose(w)
	}
	return nil
}

func (s *itemsStep) toggle(w *Wizard) {
	switch {
	case len(w.world.plans) == 0:
		w.notice = "The vault has no recovery plan."
		return
	case w.draft.straight():
		w.notice = "Without Site Recovery each VM goes by itself."
		return
	}
	s.recovery = !s.recovery
	s.fill(w)
}

func (s *itemsStep) choose(w *Wizard) tea.Cmd {
	i, ok := s.list.Current()
	if !ok {
		return nil
	}
	marked := s.list.Marked()
	if off := s.list.Row(i).Off; off != "" && len(marked) == 0 {
		w.notice = s.list.Row(i).Cells[0] + " can't be chosen."
		return nil
	}
	before := names(w.draft.Items)
	if s.recovery {
		p := w.world.plans[i]
		if w.draft.PlanID != p.ID {
			w.draft.Joint, w.draft.jobChosen = false, false
		}
		w.draft.RecoveryPlan, w.draft.PlanID = p.Name, p.ID
		w.draft.Items, w.draft.Skipped, w.draft.Groups = expand(p, w.world.items, w.draft.Direction)
	} else {
		if len(marked) == 0 {
			marked = []int{i}
		}
		if first := len(w.world.items); marked[0] < first && marked[len(marked)-1] >= first {
			w.notice = "What no vault replicates goes in a run of its own, not together with items of the vault."
			return nil
		}
		w.draft.RecoveryPlan, w.draft.Skipped, w.draft.Groups, w.draft.Items = "", nil, nil, nil
		w.draft.PlanID, w.draft.Joint, w.draft.jobChosen = "", false, false
		for _, m := range marked {
			w.draft.Items = append(w.draft.Items, w.listed()[m])
		}
	}
	if names(w.draft.Items) != before {
		w.draft.Point = engine.RecoveryPoint{}
		w.draft.Thumbprint, w.draft.CertPath, w.draft.certificate = "", "", nil
	}
	return w.forward()
}

func names(items []engine.Item) string {
	out := make([]string, len(items))
	for i, it := range items {
		out[i] = it.Name
	}
	return strings.Join(out, ", ")
}

func (s *itemsStep) view(w *Wizard, width, height int) []string {
	l := w.look
	if s.naming != nil {
		return s.naming.form.View(l, min(width, 100), height)
	}
	question := "What comes home?"
	if w.draft.straight() {
		question = "What comes home without Site Recovery?"
	}
	if !w.draft.failback() {
		question = "What goes to Azure?"
	}
	out := []string{l.T.Strong.Render(l.Say(question)), ""}
	about := s.about(w, width)
	out = append(out, s.list.View(l, width, max(1, height-len(out)-len(about)-1))...)
	return l.Clamp(append(append(out, ""), about...), width, height)
}

// about says what there is to know of the row under the cursor.
func (s *itemsStep) about(w *Wizard, width int) []string {
	l := w.look
	i, ok := s.list.Current()
	if !ok {
		return s.aboutNothing(w, width)
	}
	if s.recovery {
		return s.aboutRecovery(w, w.world.plans[i], width)
	}
	it := w.listed()[i]
	r := it.Ready(w.draft.Direction)
	if ok, why := w.draft.takes(it); w.draft.straight() {
		other := l.Paragraph(l.T.Muted, "", "A machine that is not in the list is named by its resource id: "+l.KeyName(keymap.OtherMachine)+".", width)
		if !ok {
			return append(l.Paragraph(l.T.Text, l.T.Warn.Render(l.G.Warn)+" ", it.Name+": "+why+".", width), other...)
		}
		return append(l.Paragraph(l.T.Muted, "", fmt.Sprintf("%s: %s, Azure VM %s in %s", it.Name, text.Plural(len(it.Disks), "disk", "disks"), it.AzureVM.Name, it.AzureVM.ResourceGroup), width), other...)
	}
	if !selectable(r) {
		out := l.Paragraph(l.T.Text, l.T.Warn.Render(l.G.Warn)+" ", it.Name+": "+w.look.L.Say(r.Reason)+".", width)
		out = append(out, l.Paragraph(l.T.Muted, "  ", "Now: "+r.Remedy+".", width)...)
		if w.conn.Direct != nil && w.draft.failback() && it.Straight() == "" {
			out = append(out, l.Paragraph(l.T.Muted, "  ", "Or without Site Recovery, where that can't be mended: "+l.KeyName(keymap.Straight)+".", width)...)
		}
		return out
	}
	line := fmt.Sprintf("%s: %s, %s, Azure VM %s in %s", it.Name, text.Plural(len(it.Disks), "disk", "disks"), osWords(it), it.AzureVM.Name, it.AzureVM.ResourceGroup)
	if it.AzureVM.Name == "" {
		line = fmt.Sprintf("%s: %s, %s, on %s", it.Name, text.Plural(len(it.Disks), "disk", "disks"), osWords(it), it.HostName)
	}
	out := l.Paragraph(l.T.Muted, "", line, width)
	if r.CommitFirst {
		out = append(out, l.Paragraph(l.T.Warn, l.T.Warn.Render(l.G.Warn)+" ", "Its failover to Azure is not committed. The run asks for that commit first; its recovery points go away then.", width)...)
	}
	if it.Damaged != nil {
		out = append(out, l.Paragraph(l.T.Bad, l.T.Bad.Render(l.G.Block)+" ", "Damaged on-premises: "+it.Damaged.Reason+". Don't start it there; a run to the end repairs it.", width)...)
	}
	return out
}

// aboutNothing says what can be done where no row is under the cursor: the vault could
// not be read, or has nothing.
func (s *itemsStep) aboutNothing(w *Wizard, width int) []string {
	l := w.look
	var out []string
	switch {
	case w.world.lost != nil:
		out = l.Paragraph(l.T.Text, l.T.Warn.Render(l.G.Warn)+" ", "The vault could not be read. "+l.Failure(w.world.lost), width)
	case len(w.listed()) == 0:
		out = l.Paragraph(l.T.Text, l.T.Warn.Render(l.G.Warn)+" ", "The vault has no item.", width)
	default:
		return nil // the filter lets nothing through
	}
	if w.notToName() == "" {
		out = append(out, l.Paragraph(l.T.Muted, "  ", "An Azure VM that no vault replicates comes home without it: "+l.KeyName(keymap.OtherMachine)+".", width)...)
	}
	return out
}

func osWords(it engine.Item) string {
	if it.OS == "" {
		return "operating system not known"
	}
	return it.OS
}

func (s *itemsStep) aboutRecovery(w *Wizard, p engine.RecoveryPlan, width int) []string {
	_, skipped, _ := expand(p, w.world.items, w.draft.Direction)
	var out []string
	for i, x := range skipped {
		if i == 4 {
			return append(out, w.look.T.Muted.Render(w.look.Say(fmt.Sprintf("  and %d more", len(skipped)-i))))
		}
		out = append(out, w.look.Paragraph(w.look.T.Muted, w.look.T.Warn.Render(w.look.G.Warn)+" ", x.Name+" stays behind: "+x.Reason, width)...)
	}
	return out
}
