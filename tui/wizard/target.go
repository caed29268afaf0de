package wizard

import (
	"fmt"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/engine/estimate"
	"failback/tui/keymap"
	"failback/tui/pick"
	"failback/tui/text"
)

// targetStep asks where the machines go: their own hosts, or another one.
type targetStep struct {
	list   pick.List
	hosts  []engine.Host // of the rows after the heading
	create bool
	naming *hostField // open while a host is named
}

func (s *targetStep) name() string         { return "Target" }
func (s *targetStep) applies(d Draft) bool { return d.Direction != engine.ToAzure }
func (s *targetStep) typing() bool         { return s.naming != nil || s.list.Typing() }

func (s *targetStep) hints(w *Wizard) []keymap.Binding {
	if s.naming != nil {
		return s.naming.hints()
	}
	if w.draft.outsideVault() {
		return []keymap.Binding{keymap.Choose, keymap.Filter}
	}
	return []keymap.Binding{keymap.Choose, keymap.Mark.But("create the VM or not"), keymap.Filter}
}

func (s *targetStep) enter(w *Wizard) tea.Cmd {
	s.create = !w.draft.targetChosen || !w.draft.Target.Alternate || w.draft.Target.CreateVM
	if w.draft.Joint || w.draft.straight() {
		s.create = w.draft.Target.CreateVM
	}
	s.naming = nil
	s.hosts = w.world.hosts
	s.list.Language = w.look.L
	s.list.Columns = []pick.Column{{Title: "Host", Name: true}, {Title: "Connection", Drop: 1}, {Title: "Heartbeat", Drop: 2}, {Title: "Version", Drop: 4}, {Title: "Note", Drop: 3}}
	own := pick.Row{Cells: []string{w.look.Say("Original location"), "", "", "", "each VM on the host it came from"}}
	if w.draft.outsideVault() {
		own.Off, own.Cells[4] = nowhere, nowhere
	}
	rows := []pick.Row{own, {Heading: true, Cells: []string{"Alternate host"}}}
	for _, h := range s.hosts {
		rows = append(rows, s.hostRow(w, h))
	}
	if w.draft.straight() {
		rows = append(rows, s.beside(w)...)
	}
	s.list.Set(rows)
	s.point(w)
	return nil
}

// firstHost is the row of the first host: after the original location and the
// heading.
const firstHost = 2

func (s *targetStep) hostRow(w *Wizard, h engine.Host) pick.Row {
	conn := "connected"
	if !h.Connected {
		conn = "not connected"
	}
	off := unfit(h, w.draft.Items)
	if w.draft.straight() { // what the vault knows of the host counts for nothing
		off = ownHost(h, w.draft.Items)
	}
	if w.draft.Joint {
		off = "its own job takes no host"
	}
	note := off
	if note == "" {
		note = text.Plural(h.ProtectedItems, "protected item", "protected items")
	}
	return pick.Row{Cells: []string{h.Name, conn, age(w, h), h.Version, note}, Off: off}
}

func age(w *Wizard, h engine.Host) string {
	if h.LastHeartbeat.IsZero() || w.tick.Now.IsZero() {
		return "unknown"
	}
	return engine.SpanWords(max(0, w.tick.Now.Sub(h.LastHeartbeat)).Truncate(time.Second)) + " ago"
}

// unfit says why a host can't be the alternate location of the items.
func unfit(h engine.Host, items []engine.Item) string {
	if !h.Connected {
		return "not connected to the vault"
	}
	for _, it := range items {
		if !engine.SameID(it.FabricID, h.FabricID) {
			return "another site than " + it.Name + "'s"
		}
	}
	return ownHost(h, items)
}

// ownHost says that the host is the one that all the items came from; empty where it
// is not.
func ownHost(h engine.Host, items []engine.Item) string {
	own := 0
	for _, it := range items {
		if engine.SameID(it.HostID, h.ID) {
			own++
		}
	}
	if own == len(items) && own > 0 && h.Kind != engine.HostVMM {
		if own == 1 {
			return "its own host, the original"
		}
		return "their own host, the original"
	}
	return ""
}

func (s *targetStep) update(w *Wizard, msg tea.Msg) tea.Cmd {
	k, ok := msg.(tea.KeyMsg)
	switch {
	case !ok:
	case s.naming != nil:
		return s.keyHost(w, k)
	case !s.list.Typing() && keymap.Mark.Is(k):
		s.create = !s.create
	case s.list.Key(k):
	case keymap.Back.Is(k):
		return w.back()
	case keymap.Choose.Is(k):
		return s.choose(w)
	}
	return nil
}

func (s *targetStep) choose(w *Wizard) tea.Cmd {
	i, ok := s.list.Current()
	if !ok {
		return nil
	}
	if off := s.list.Row(i).Off; off != "" {
		w.notice = s.list.Row(i).Cells[0] + " can't be the target."
		return nil
	}
	if s.another(i) {
		s.naming = newHostField(w.draft.typedHost)
		return nil
	}
	w.draft.targetChosen = true
	w.draft.Target = engine.Target{CreateVM: (w.draft.Joint || w.draft.straight()) && s.create}
	if i >= firstHost {
		h := s.hosts[i-firstHost]
		w.draft.Target = engine.Target{Alternate: true, HostID: h.ID, HostName: h.Name, CreateVM: s.create || w.draft.straight()}
	}
	return w.forward()
}

func (s *targetStep) view(w *Wizard, width, height int) []string {
	l := w.look
	out := []string{l.T.Strong.Render(l.Say("Where does it go?")), ""}
	if s.naming != nil {
		foot := s.naming.view(w, width)
		out = append(out, s.list.View(l, width, max(1, height-len(out)-len(foot)))...)
		return l.Clamp(append(out, foot...), width, height)
	}
	box := l.G.Unchecked
	if s.create {
		box = l.T.Accent.Render(l.G.Checked)
	}
	create := "At an alternate host: create the VM if it does not exist"
	if w.draft.Joint {
		create = "Create VMs that do not exist on their hosts any more"
	}
	if w.draft.straight() {
		create = "At the original location: create VMs that do not exist there any more"
	}
	foot := []string{""}
	if !w.draft.outsideVault() { // which is created in any case
		foot = append(foot, l.Cut(box+" "+l.T.Text.Render(l.Say(create)), width))
	}
	i, ok := s.list.Current()
	if ok {
		foot = append(foot, l.Paragraph(l.T.Muted, "  ", s.about(w, i), width)...)
		if i >= firstHost && s.list.Row(i).Off == "" && !w.draft.straight() {
			foot = append(foot, s.advice(w, width)...)
		}
	}
	out = append(out, s.list.View(l, width, max(1, height-len(out)-len(foot)))...)
	return l.Clamp(append(out, foot...), width, height)
}

// advice tells what the documents recommend for an alternate location, each of them,
// and what was reckoned for these items.
func (s *targetStep) advice(w *Wizard, width int) []string {
	l := w.look
	var out []string
	for _, a := range estimate.Alternate() {
		mark, tone := l.G.Dot, l.T.Muted
		if a.Option == w.draft.Sync {
			mark, tone = l.G.OK, l.T.Text
		}
		out = append(out, l.Paragraph(tone, "  "+tone.Render(mark)+" ", fmt.Sprintf("%s is recommended %s (%s, %s)", title(a.Option), a.Says, a.Source, a.Dated), width)...)
	}
	words := "No forecast could be made; the option chosen is " + string(w.draft.Sync) + "."
	for _, x := range w.steps {
		if sync, ok := x.(*syncStep); ok && sync.forecasts != nil {
			words = sync.forecasts.Calculation() + "; chosen: " + string(w.draft.Sync)
		}
	}
	return append(out, l.Paragraph(l.T.Muted, "  "+l.T.Muted.Render(l.G.Dot)+" ", words, width)...)
}

func (s *targetStep) about(w *Wizard, row int) string {
	if w.draft.straight() {
		if s.another(row) {
			return "A host that the vault does not know of, by the name that the configuration has for it. The preflight asks the host itself."
		}
		if row < firstHost && w.draft.outsideVault() {
			return "An Azure VM that is in no vault has no original location that anybody knows of. Choose a host."
		}
		if row < firstHost {
			return "The VM on its own host, found by its id, gets new disks in the place of its own. The files of before stay where they are."
		}
		return s.hosts[row-firstHost].Name + ": a VM is created there with Azure's generation, processors and memory, and gets the new disks."
	}
	if row < firstHost && w.draft.Joint {
		return "Each VM on its own host is updated in place, found by its id."
	}
	if row < firstHost {
		return "The VM on its own host is updated in place, found by its id. No VM is created. If it was deleted there, choose an alternate host."
	}
	h := s.hosts[row-firstHost]
	if row := s.list.Row(row); row.Off != "" {
		return h.Name + ": " + w.look.L.Say(row.Off) + "."
	}
	return fmt.Sprintf("%s [%s]: Site Recovery connects a created VM to the virtual switch of the same name as before; the preflight compares them.", h.Name, h.FabricName)
}
