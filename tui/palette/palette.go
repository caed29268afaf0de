// Package palette is the list of what can be done now: every key of the screen
// in sight by what it does, found by typing a part of it. What can't be done now
// stays in the list with the reason.
package palette

import (
	"slices"
	"strings"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"failback/tui/field"
	"failback/tui/keymap"
	"failback/tui/look"
)

// Palette is the list. Use it through a pointer, on the update loop alone.
type Palette struct {
	look  look.Look
	all   []keymap.Binding
	found []keymap.Binding // that hold what was typed
	at    int
	typed *field.Field
	off   string // why the one that was chosen can't be done
}

// moving are left out where they only move: nobody looks for a cursor key by its
// name.
var moving = []keymap.Binding{
	keymap.Up, keymap.Down, keymap.PageUp, keymap.PageDown, keymap.Top, keymap.Bottom, keymap.Left, keymap.Right, keymap.Palette,
}

func moves(b keymap.Binding) bool {
	return slices.ContainsFunc(moving, func(m keymap.Binding) bool { return m.Action == b.Action && m.Does() == b.Does() })
}

// New makes the list of what a screen's keys do.
func New(l look.Look, groups []keymap.Group) *Palette {
	p := &Palette{look: l, typed: field.New(":", "what you want to do")}
	for _, g := range groups {
		for _, b := range g.Bindings {
			had := slices.ContainsFunc(p.all, func(x keymap.Binding) bool { return x.Action == b.Action })
			if !had && !moves(b) {
				p.all = append(p.all, b)
			}
		}
	}
	p.found = p.all
	return p
}

// Key takes in a key. closed says that the palette is done with; chosen is the
// key to act on then, none where it was only closed.
func (p *Palette) Key(k tea.KeyMsg) (chosen tea.KeyMsg, some, closed bool) {
	p.off = ""
	switch {
	case keymap.Back.Is(k):
		return tea.KeyMsg{}, false, true
	case keymap.Choose.Is(k):
		if p.at >= len(p.found) {
			return tea.KeyMsg{}, false, false
		}
		if b := p.found[p.at]; b.Off != "" {
			p.off = p.look.Say(b.Does()) + p.look.Say(": not now, ") + p.look.Say(b.Off)
			return tea.KeyMsg{}, false, false
		}
		return p.found[p.at].Press(), true, true
	case k.Type == tea.KeyUp:
		p.at = max(0, p.at-1)
	case k.Type == tea.KeyDown, keymap.Next.Is(k):
		p.at = max(0, min(p.at+1, len(p.found)-1))
	default:
		p.typed.Key(k)
		p.search()
	}
	return tea.KeyMsg{}, false, false
}

func (p *Palette) search() {
	want := strings.ToLower(strings.TrimSpace(p.typed.Value()))
	p.found, p.at = nil, 0
	for _, b := range p.all {
		if strings.Contains(strings.ToLower(p.look.Say(b.Does())+" "+b.Does()+" "+string(b.Action)), want) {
			p.found = append(p.found, b)
		}
	}
}

// Hints are the keys that work in the palette.
func (p *Palette) Hints() []keymap.Binding {
	return []keymap.Binding{keymap.Choose.But("do it"), keymap.Back.But("close")}
}

// View draws the palette into w cells and h lines.
func (p *Palette) View(w, h int) []string {
	l := p.look
	out := []string{l.T.Accent.Render(l.Say("Commands")), p.typed.View(l, w, true), ""}
	var foot []string
	if p.off != "" {
		foot = append([]string{""}, l.Paragraph(l.T.Warn, l.T.Warn.Render(l.G.Warn)+" ", p.off, w)...)
	}
	room := max(1, h-len(out)-len(foot))
	lines := make([]string, 0, len(p.found))
	lw := 0
	for _, b := range p.found {
		lw = max(lw, ansi.StringWidth(l.KeyName(b)))
	}
	for i, b := range p.found {
		lines = append(lines, l.Cut(p.line(b, i == p.at, lw), w))
	}
	if len(lines) == 0 {
		lines = []string{l.T.Muted.Render(l.Say("  nothing is called that here"))}
	}
	first := max(0, min(p.at-room/2, len(lines)-room))
	return l.Clamp(append(append(out, lines[first:min(len(lines), first+room)]...), foot...), w, h)
}

func (p *Palette) line(b keymap.Binding, here bool, lw int) string {
	l := p.look
	cursor, style := "  ", l.T.Text
	if here {
		cursor, style = l.T.Accent.Render(l.G.Cursor)+" ", l.T.Accent
	}
	does := l.Say(b.Does())
	key := l.T.Key.Render(l.Fit(l.KeyName(b), lw)) + "  "
	if b.Off != "" {
		return cursor + key + l.T.Muted.Render(does+l.Say(": not now, ")+l.Say(b.Off))
	}
	return cursor + key + style.Render(does)
}
