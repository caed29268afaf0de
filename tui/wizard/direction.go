package wizard

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/keymap"
	"failback/tui/pick"
)

// directionStep asks which way. There is no default: the way that fits the items
// is under the cursor, and enter chooses it.
type directionStep struct{ list pick.List }

var directions = []engine.Direction{engine.ToOnPremises, engine.ToAzure}

func (s *directionStep) name() string       { return "Direction" }
func (s *directionStep) applies(Draft) bool { return true }
func (s *directionStep) typing() bool       { return false }

func (s *directionStep) hints(*Wizard) []keymap.Binding {
	return []keymap.Binding{keymap.Choose, keymap.Up, keymap.Down}
}

func (s *directionStep) enter(w *Wizard) tea.Cmd {
	s.list.Language = w.look.L
	s.list.Columns = []pick.Column{{}, {}, {Drop: 2}}
	var rows []pick.Row
	for _, d := range directions {
		n := readyCount(w.world.items, d)
		r := pick.Row{Cells: []string{d.Arrow(), kindOf(d), fmt.Sprintf("%d of %d items are ready", n, len(w.world.items))}}
		if n == 0 && commitFirstCount(w.world.items, d) == 0 && !(d == engine.ToOnPremises && w.conn.Direct != nil) {
			r.Off = "no item is ready for it"
		}
		rows = append(rows, r)
	}
	s.list.Set(rows)
	for i, d := range directions {
		if d == w.draft.Direction {
			s.list.Point(i)
		}
	}
	return nil
}

func (s *directionStep) update(w *Wizard, msg tea.Msg) tea.Cmd {
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

func (s *directionStep) choose(w *Wizard) tea.Cmd {
	i, ok := s.list.Current()
	if !ok {
		return nil
	}
	d := directions[i]
	if w.draft.Direction != d {
		// Other items are ready for the other way, so the answers that hang on
		// the direction begin anew.
		w.draft = Draft{Direction: d}
	}
	return w.forward()
}

func (s *directionStep) view(w *Wizard, width, height int) []string {
	l := w.look
	out := []string{l.T.Strong.Render(l.Say("Which way do the machines go?")), ""}
	out = append(out, s.list.View(l, width, 4)...)
	out = append(out, "")
	if i, ok := s.list.Current(); ok {
		out = append(out, l.Wrap(explain[directions[i]], min(width, 76))...)
	}
	return l.Clamp(out, width, height)
}

var explain = map[engine.Direction]string{
	engine.ToOnPremises: "Failback: the machine's data is brought home while it runs in Azure or while it stands still. " +
		"Then the Azure VM is stopped, the on-premises VM is started and, after your approval, the Azure copy is deleted.",
	engine.ToAzure: "Planned failover: the on-premises VM is shut down, its last changes are sent, and the Azure VM is started. " +
		"Nothing is deleted.",
}

func kindOf(d engine.Direction) string {
	if d == engine.ToAzure {
		return "planned failover"
	}
	return "failback"
}

func commitFirstCount(items []engine.Item, d engine.Direction) int {
	n := 0
	for _, it := range items {
		if it.Ready(d).CommitFirst {
			n++
		}
	}
	return n
}

func readyCount(items []engine.Item, d engine.Direction) int {
	n := 0
	for _, it := range items {
		if it.Ready(d).Ready {
			n++
		}
	}
	return n
}
