package dialog

import (
	tea "github.com/charmbracelet/bubbletea"

	"failback/tui/keymap"
	"failback/tui/look"
)

// Option is one way out of a choice.
type Option struct {
	Label string
	Off   string // why it can't be taken; "" if it can
}

// Choice is a dialog with a text and a few ways out.
type Choice struct {
	Title   string
	Lines   []Line
	Options []Option

	at int
}

// Update takes in a key. The second value is the option taken.
func (c *Choice) Update(k tea.KeyMsg) (Answer, int) {
	switch {
	case keymap.Back.Is(k):
		return Aside, 0
	case keymap.Up.Is(k):
		c.at = (c.at + len(c.Options) - 1) % len(c.Options)
	case keymap.Down.Is(k), keymap.Next.Is(k):
		c.at = (c.at + 1) % len(c.Options)
	case keymap.Choose.Is(k) && c.Options[c.at].Off == "":
		return Submitted, c.at
	}
	return Unanswered, 0
}

// Keys are the keys that work in the dialog.
func (c *Choice) Keys() []keymap.Binding {
	return []keymap.Binding{keymap.Up, keymap.Down, keymap.Choose, keymap.Back.But("stay")}
}

// View draws the dialog into at most w cells and h lines.
func (c *Choice) View(l look.Look, w, h int) []string {
	w = min(w, 72)
	f := Form{Lines: c.Lines}
	body := f.text(l, w-4)
	var ways []string
	for i, o := range c.Options {
		cursor, style := "  ", l.T.Text
		if i == c.at {
			cursor, style = l.T.Accent.Render(l.G.Cursor)+" ", l.T.Accent
		}
		label := l.Say(o.Label)
		if o.Off != "" {
			style, label = l.T.Muted, l.Say(o.Label)+": "+l.Say(o.Off)
		}
		ways = append(ways, l.Cut(cursor+style.Render(l.Words(label)), w-4))
	}
	body = append(append(l.Scrolled(body, 0, h-3-len(ways)), ""), ways...)
	return l.Box(l.T.Strong.Render(l.Say(c.Title)), body, w, l.T.Accent.UnsetBold())
}
