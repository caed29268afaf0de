package wizard

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/keymap"
	"failback/tui/pick"
)

// pointStep asks which recovery point comes up in Azure. The latest is under the
// cursor; the points are listed for one item, since each has its own.
type pointStep struct {
	gen    int
	list   pick.List
	item   string // whose points are listed
	points []engine.RecoveryPoint
	loaded bool
	err    error
}

type pointsMsg struct {
	gen    int
	points []engine.RecoveryPoint
	err    error
}

func (s *pointStep) name() string         { return "Recovery point" }
func (s *pointStep) applies(d Draft) bool { return d.Direction == engine.ToAzure && len(d.Items) == 1 }
func (s *pointStep) typing() bool         { return s.list.Typing() }

func (s *pointStep) hints(*Wizard) []keymap.Binding {
	return []keymap.Binding{keymap.Choose, keymap.Up, keymap.Down, keymap.Again.But("read them again")}
}

func (s *pointStep) enter(w *Wizard) tea.Cmd {
	it := w.draft.Items[0]
	if s.loaded && s.err == nil && s.item == it.ID {
		s.fill(w)
		return nil
	}
	return s.load(w)
}

func (s *pointStep) load(w *Wizard) tea.Cmd {
	w.gen++
	it, port, ctx := w.draft.Items[0], w.conn.Ports.Inventory, w.ctx
	*s = pointStep{gen: w.gen, item: it.ID}
	gen := s.gen
	s.fill(w)
	return func() tea.Msg {
		points, err := port.RecoveryPoints(ctx, it.ID)
		return pointsMsg{gen: gen, points: points, err: err}
	}
}

// fill lists the latest first; it can be chosen whatever the vault says of others.
func (s *pointStep) fill(w *Wizard) {
	s.list.Language = w.look.L
	s.list.Columns = []pick.Column{{Title: "Recovery point"}, {Title: "Kind", Drop: 1}, {Title: "Age", Right: true, Drop: 2}}
	rows := []pick.Row{{Cells: []string{"Latest, made after the shutdown", "nothing is left behind", ""}}}
	at := 0
	for i, p := range s.points {
		age := ""
		if !p.Time.IsZero() && !w.tick.Now.IsZero() {
			age = engine.SpanWords(max(0, w.tick.Now.Sub(p.Time)))
		}
		rows = append(rows, pick.Row{Cells: []string{engine.MomentWords(p.Time), p.Kind, age}})
		if p.ID == w.draft.Point.ID && p.ID != "" {
			at = i + 1
		}
	}
	s.list.Set(rows)
	s.list.Point(at)
}

func (s *pointStep) update(w *Wizard, msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case pointsMsg:
		if m.gen == s.gen {
			s.points, s.err, s.loaded = m.points, m.err, true
			s.fill(w)
		}
	case tea.KeyMsg:
		return s.key(w, m)
	}
	return nil
}

func (s *pointStep) key(w *Wizard, k tea.KeyMsg) tea.Cmd {
	switch {
	case !s.list.Typing() && keymap.Again.Is(k):
		return s.load(w)
	case s.list.Key(k):
	case keymap.Back.Is(k):
		return w.back()
	case keymap.Choose.Is(k):
		i, ok := s.list.Current()
		if !ok {
			return nil
		}
		w.draft.Point = engine.RecoveryPoint{}
		if i > 0 {
			w.draft.Point = s.points[i-1]
		}
		return w.forward()
	}
	return nil
}

func (s *pointStep) view(w *Wizard, width, height int) []string {
	l := w.look
	out := []string{l.T.Strong.Render(l.Say("Which state of " + w.draft.Items[0].Name + " comes up in Azure?")), ""}
	foot := s.about(w, width)
	out = append(out, s.list.View(l, width, max(1, height-len(out)-len(foot)-1))...)
	return l.Clamp(append(append(out, ""), foot...), width, height)
}

func (s *pointStep) about(w *Wizard, width int) []string {
	l := w.look
	i, _ := s.list.Current()
	switch {
	case s.err != nil:
		return l.Paragraph(l.T.Warn, l.T.Warn.Render(l.G.Warn)+" ", "The recovery points could not be read: "+w.look.Failure(s.err)+". The latest can be chosen all the same.", width)
	case !s.loaded:
		return []string{l.T.Muted.Render(l.Say("Reading the recovery points …"))}
	case i > 0:
		return l.Paragraph(l.T.Warn, l.T.Warn.Render(l.G.Warn)+" ", fmt.Sprintf("What the machine wrote after %s will not be in Azure.", engine.MomentWords(s.points[i-1].Time)), width)
	}
	return l.Paragraph(l.T.Muted, "", "The VM is shut down first and its last changes are sent.", width)
}
