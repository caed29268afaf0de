package wizard

import (
	"fmt"
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/dialog"
	"failback/tui/field"
	"failback/tui/keymap"
)

// switchMaker asks for type and adapter of a switch that the alternate host lacks,
// says what creating it does, and has the names typed.
type switchMaker struct {
	gen  int
	host string
	name string
	net  *engine.HostNetwork // nil while the host is asked
	cuts string              // adapter whose name has to be typed as well; empty while none is
	form dialog.Form
}

// networkMsg is what the host says of its network.
type networkMsg struct {
	gen int
	net engine.HostNetwork
	err error
}

// switchMsg is how the creation went.
type switchMsg struct {
	gen int
	err error
}

// The fields of the form; the last is there where the host is reached over the adapter.
const (
	typeField = iota
	adapterField
	nameField
	cutField
)

func (m *switchMaker) hints() []keymap.Binding {
	return []keymap.Binding{keymap.Choose.But(m.form.Submit), keymap.Next, keymap.Previous}
}

// notToCreate says why no switch can be created for the finding under the cursor; ""
// where one can.
func (s *preflightStep) notToCreate(w *Wizard) string {
	switch {
	case !s.finished || s.err != nil:
		return "the preflight has not finished"
	case s.at >= len(s.found) || s.found[s.at].Missing == "":
		return "the finding is not about a missing switch"
	case w.conn.Hosts == nil:
		return "the host can't be asked"
	}
	return ""
}

// createSwitch opens the form and asks the host for its network.
func (s *preflightStep) createSwitch(w *Wizard) tea.Cmd {
	if why := s.notToCreate(w); why != "" {
		w.notice = "No switch is created: " + why + "."
		return nil
	}
	w.gen++
	m := &switchMaker{gen: w.gen, host: w.draft.Target.HostName, name: s.found[s.at].Missing}
	m.form = dialog.Form{
		Title: "Create the switch", Subject: m.name, Submit: "create", Aside: "back, nothing is done", Bare: true, Busy: true,
		Lines: []dialog.Line{{Text: "Asking " + m.host + " for its switches and adapters."}},
	}
	s.maker = m
	gen, ctx, desk, host := m.gen, w.ctx, w.conn.Hosts, m.host
	return func() tea.Msg {
		net, err := desk.Network(ctx, host)
		return networkMsg{gen: gen, net: net, err: err}
	}
}

// switchCame takes in what the host answered. What was created shows in a new check.
func (s *preflightStep) switchCame(w *Wizard, msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case networkMsg:
		if s.maker == nil || m.gen != s.maker.gen {
			return nil
		}
		s.maker.ask(w, m)
	case switchMsg:
		if s.maker == nil || m.gen != s.maker.gen {
			return nil
		}
		if m.err != nil {
			s.maker.form.Busy = false
			s.maker.form.Refuse(typeField, w.look.Failure(m.err))
			return nil
		}
		p, err := w.draft.Plan(w.conn, w.services.Owner)
		return s.begin(w, p, err)
	}
	return nil
}

// ask makes the questions, once the network is known.
func (m *switchMaker) ask(w *Wizard, got networkMsg) {
	m.form.Busy = false
	if got.err != nil {
		m.form.Lines = nil
		m.form.Refuse(typeField, w.look.Failure(got.err))
		return
	}
	m.net = &got.net
	m.form.Fields = []*field.Field{
		field.New("Type:", "external, internal or private"),
		field.New("Adapter:", "of an external switch; its name, exactly"),
		field.Confirm(fmt.Sprintf("Type %s to create it:", m.name), m.name),
	}
	m.describe()
}

// wish is the switch as it was typed.
func (m *switchMaker) wish() engine.NewSwitch {
	n := engine.NewSwitch{Name: m.name, Type: engine.SwitchType(strings.TrimSpace(m.form.Fields[typeField].Value()))}
	for _, t := range engine.SwitchTypes {
		if strings.EqualFold(string(t), string(n.Type)) {
			n.Type = t
		}
	}
	n.Adapter = strings.TrimSpace(m.form.Fields[adapterField].Value())
	return n
}

// describe says what the host has, and of a wish that can be met what it does. Where
// the host is reached over the adapter, that one's name is asked for as well.
func (m *switchMaker) describe() {
	n := m.wish()
	c, err := m.net.Consider(m.host, n)
	m.form.Lines = []dialog.Line{{Label: "Host", Text: m.host}}
	for _, a := range m.net.Adapters {
		m.form.Lines = append(m.form.Lines, dialog.Line{Label: "Adapter", Text: a.Words()})
	}
	if err == nil {
		tone := dialog.Bullet
		if c.Cuts {
			tone = dialog.Danger
		}
		for _, line := range c.Consequences {
			m.form.Lines = append(m.form.Lines, dialog.Line{Tone: tone, Text: line})
		}
	}
	cuts := ""
	if err == nil && c.Cuts {
		cuts = n.Adapter
	}
	if cuts == m.cuts {
		return
	}
	m.cuts, m.form.Fields = cuts, m.form.Fields[:cutField]
	if cuts != "" {
		m.form.Fields = append(m.form.Fields, field.Confirm(fmt.Sprintf("Type %s to accept the cut:", cuts), cuts))
	}
}

// keySwitch edits the answers. Enter sends what every name was typed for.
func (s *preflightStep) keySwitch(w *Wizard, k tea.KeyMsg) tea.Cmd {
	m := s.maker
	if m.net == nil || m.form.Busy {
		if keymap.Back.Is(k) && !m.sent() {
			s.maker = nil
		}
		return nil
	}
	answer, cmd := m.form.Update(k)
	m.describe()
	switch answer {
	case dialog.Aside:
		s.maker = nil
	case dialog.Submitted:
		n := m.wish()
		if _, err := m.net.Consider(m.host, n); err != nil {
			m.form.Refuse(typeField, w.look.Failure(err))
			return nil
		}
		m.form.Busy = true
		gen, ctx, desk, host := m.gen, w.ctx, w.conn.Hosts, m.host
		return func() tea.Msg {
			_, err := engine.MakeSwitch(ctx, desk, host, n, func(error) {})
			return switchMsg{gen: gen, err: err}
		}
	case dialog.Unanswered:
	}
	return cmd
}

// sent reports whether the host was asked to create the switch: its answer is waited
// for then.
func (m *switchMaker) sent() bool { return m.net != nil && m.form.Busy }
