package tui

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"failback/tui/keymap"
)

// From which height the lines around a screen are drawn. The state line is
// drawn at any height.
const (
	heightHints  = 6
	heightHeader = 14
	heightRoomy  = 28 // an empty line more
	widthMargin  = 60
)

// View draws the screen in sight. It is a pure function of the model: at most as
// many lines as the terminal has, none wider, the state line last.
func (m Model) View() string {
	w, h := m.width, m.height
	margin := 0
	if w >= widthMargin {
		margin = 1
	}
	inner := w - 2*margin
	var out []string
	if h >= heightHeader {
		out = append(out, m.header(inner), m.look.Rule(inner))
	}
	room := h - len(out) - footHeight(h)
	body := m.look.Clamp(m.body(inner, room), inner, room)
	for len(body) < room {
		body = append(body, "")
	}
	// After the body: which keys do something depends on what is in sight of it.
	out = append(append(out, body...), m.foot(inner, h)...)
	lines := m.look.Clamp(out, inner, h)
	if margin > 0 {
		for i, s := range lines {
			if s != "" {
				lines[i] = " " + s
			}
		}
	}
	return strings.Join(lines, "\n")
}

func (m Model) body(w, h int) []string {
	switch {
	case m.palette != nil:
		return m.palette.View(w, h)
	case m.help:
		return m.look.Read(m.helpView(w), m.helpAt, h)
	}
	return m.screen.View(w, h)
}

// header says where one is: the connection, whether it is a rehearsal, the time.
func (m Model) header(w int) string {
	l := m.look
	left := l.T.Accent.Render("failback")
	if name := m.place(); name != "" {
		left += l.T.Muted.Render("  " + l.Words(name))
	}
	var right string
	if m.rehearsal() {
		right = l.T.Warn.Render(l.Say("REHEARSAL")) + "  "
	}
	if m.screen == screen(m.replay) {
		right = l.T.Accent.Render(l.Say("REPLAY")) + "  " + right
	}
	if !m.tick.Now.IsZero() {
		right += l.T.Muted.Render(m.tick.Now.Format("15:04:05"))
	}
	return l.Split(left, right, w)
}

// place names the vault the screen is about.
func (m Model) place() string {
	profile, vault, _ := m.about()
	if profile == "" {
		return ""
	}
	return profile + " · " + vault
}

func (m Model) rehearsal() bool {
	_, _, rehearsal := m.about()
	return rehearsal
}

// about is what the screen in sight is about: a run's plan, or the open
// connection.
func (m Model) about() (profile, vault string, rehearsal bool) {
	switch m.screen {
	case screen(m.home), screen(m.reader):
	case screen(m.live), screen(m.outcome):
		p := m.state.Plan
		return p.Profile, p.Vault, p.Rehearsal
	case screen(m.replay):
		p := m.replay.State().Plan
		return p.Profile, p.Vault, p.Rehearsal
	default:
		if c := m.conn; c != nil {
			return c.Name, c.Vault, c.Rehearsal
		}
	}
	return "", "", false
}

// footHeight is how many lines foot has.
func footHeight(h int) int {
	switch {
	case h < heightHints:
		return 1
	case h < heightRoomy:
		return 2
	}
	return 3
}

// foot is the line of keys and, last and always, the state line.
func (m Model) foot(w, h int) []string {
	status := m.look.Status(m.screen.Status(), m.tick, w)
	if h < heightHints {
		return []string{status}
	}
	var out []string
	if h >= heightRoomy {
		out = append(out, "")
	}
	help := keymap.Help
	switch {
	case m.palette != nil:
		return append(out, m.look.Hints(m.palette.Hints(), w), status)
	case m.help:
		help = keymap.Back.But("close the help")
	case m.screen.Modal():
		help = keymap.HelpKey
	}
	right := m.look.Hints([]keymap.Binding{help}, w)
	left := ""
	if !m.help {
		left = m.look.Hints(m.screen.Hints(), w-ansi.StringWidth(right)-2)
	}
	return append(out, m.look.Split(left, right, w), status)
}

// groups are the keys of the screen in sight, under headings.
func (m *Model) groups() []keymap.Group {
	everywhere := keymap.Everywhere(m.quitOff())
	if m.screen.Modal() {
		everywhere = keymap.WhileTyping()
	}
	return append(slices.Clone(m.screen.Keys()), everywhere)
}

// helpView lists every key of the screen in sight, with the reason for those
// that do nothing now.
func (m Model) helpView(w int) []string {
	l := m.look
	columns, lw := 1, w
	if w >= 72 {
		columns, lw = 2, (w-2)/2 // a wider one would cut the other
	}
	var blocks [][]string
	for _, g := range m.groups() {
		block := []string{l.T.Strong.Render(l.Say(g.Title))}
		for _, b := range g.Bindings {
			block = append(block, m.helpLines(b, min(lw, 52))...)
		}
		blocks = append(blocks, append(block, ""))
	}
	blocks = append(blocks, m.symbols())
	out := []string{l.T.Accent.Render(l.Say("Help: " + m.screen.Title())), ""}
	var left, right []string
	for _, b := range blocks {
		// Into the shorter column, so that both end at about the same line.
		if columns == 2 && len(right) < len(left) {
			right = append(right, b...)
			continue
		}
		left = append(left, b...)
	}
	out = append(out, l.Beside(left, right, lw, "  ")...)
	for len(out) > 0 && out[len(out)-1] == "" {
		out = out[:len(out)-1]
	}
	return out
}

func (m Model) helpLines(b keymap.Binding, w int) []string {
	l := m.look
	mark := "  " + l.T.Key.Render(l.Fit(l.KeyName(b), 10)) + " "
	if b.Off != "" {
		return l.Paragraph(l.T.Muted, mark, l.Say(b.Does())+l.Say(": not now, ")+l.Say(b.Off), w)
	}
	return l.Paragraph(l.T.Text, mark, b.Does(), w)
}

// symbols explains the symbols of the screens.
func (m Model) symbols() []string {
	l := m.look
	out := []string{l.T.Strong.Render(l.Say("Symbols"))}
	for _, s := range []struct{ mark, means string }{
		{l.G.Done, "done"}, {l.G.Running + " " + l.G.Spinner(1), "going on"}, {l.G.Gate, "waits for a decision"},
		{l.G.Warn, "warns"}, {l.G.Block, "blocks, failed or damaged"}, {l.G.Stopped, "cancelled"},
	} {
		out = append(out, "  "+l.T.Key.Render(l.Fit(s.mark, 4))+" "+l.T.Text.Render(l.Say(s.means)))
	}
	return append(out, "")
}
