package wizard

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/field"
	"failback/tui/keymap"
	"failback/tui/pick"
)

// nowhere is why a machine that no vault replicates can't go back to where it was.
const nowhere = "nobody knows where it was"

// hostField asks for a host by its name.
type hostField struct {
	field   *field.Field
	problem string
}

func newHostField(typed string) *hostField {
	f := field.New("Name of the host:", "as the configuration names it, such as hv02").Set(typed)
	f.Required = true
	return &hostField{field: f}
}

func (f *hostField) hints() []keymap.Binding {
	return []keymap.Binding{keymap.Choose.But("take this host"), keymap.Clear}
}

func (f *hostField) view(w *Wizard, width int) []string {
	l := w.look
	out := []string{"", f.field.View(l, width, true)}
	if f.problem != "" {
		out = append(out, l.Paragraph(l.T.Bad, l.T.Bad.Render(l.G.Block)+" ", f.problem, width)...)
	}
	return out
}

// beside are the rows that a failback without Site Recovery has after those of the
// vault: hosts that the connection reaches, and one for any other name.
func (s *targetStep) beside(w *Wizard) []pick.Row {
	var rows []pick.Row
	listed := "not in the vault"
	if w.world.lost != nil {
		listed = "unknown"
	}
	for _, name := range w.conn.HostsBeside(w.world.hosts) {
		s.hosts = append(s.hosts[:len(s.hosts):len(s.hosts)], engine.Host{Name: name})
		rows = append(rows, pick.Row{Cells: []string{name, listed, "", "", "of the configuration"}})
	}
	return append(rows, pick.Row{Cells: []string{w.look.Say("another host") + w.look.G.Ellipsis, "", "", "", "by its name"}})
}

// another reports whether the row is the one for a host that is not listed.
func (s *targetStep) another(row int) bool { return row == firstHost+len(s.hosts) }

// point puts the cursor on what was chosen before.
func (s *targetStep) point(w *Wizard) {
	t := w.draft.Target
	if !t.Alternate {
		return
	}
	for i, h := range s.hosts {
		if t.HostID != "" && h.ID == t.HostID || h.ID == "" && h.Name == t.HostName {
			s.list.Point(i + firstHost)
			return
		}
	}
	if w.draft.straight() && t.HostID == "" && t.HostName != "" {
		if w.draft.typedHost == "" {
			w.draft.typedHost = t.HostName
		}
		s.list.Point(firstHost + len(s.hosts))
	}
}

// keyHost edits the name. Enter takes the host.
func (s *targetStep) keyHost(w *Wizard, k tea.KeyMsg) tea.Cmd {
	f := s.naming
	switch {
	case keymap.Back.Is(k):
		s.naming = nil
	case keymap.Choose.Is(k):
		typed := strings.TrimSpace(f.field.Value())
		if f.problem = engine.WrongHostName(typed); f.problem != "" {
			return nil
		}
		t := w.conn.HostTarget(typed, w.world.hosts)
		for _, h := range w.world.hosts {
			if off := ownHost(h, w.draft.Items); t.HostID != "" && h.ID == t.HostID && off != "" {
				f.problem = h.Name + ": " + off
				return nil
			}
		}
		s.naming = nil
		w.draft.targetChosen, w.draft.Target = true, t
		return w.forward()
	default:
		f.problem = ""
		f.field.Key(k)
		w.draft.typedHost = f.field.Value()
	}
	return nil
}
