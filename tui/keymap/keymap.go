// Package keymap holds the keys of the screens as data: the same bindings are
// matched, shown in the line at the bottom, and listed by the help.
package keymap

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// Binding is keys, the name they are shown under, and what they do. Off says
// why they do nothing now; such a binding is still listed, with the reason.
type Binding struct {
	key.Binding
	Off string
}

func bind(label, does string, keys ...string) Binding {
	return Binding{Binding: key.NewBinding(key.WithKeys(keys...), key.WithHelp(label, does))}
}

// Is reports whether the key pressed is one of the binding's. Letters that came
// together are text: a machine called "f1" or "enter" is no key of that name.
func (b Binding) Is(msg tea.KeyMsg) bool {
	if msg.Type == tea.KeyRunes && (len(msg.Runes) > 1 || msg.Paste) {
		return false
	}
	return key.Matches(msg, b.Binding)
}

// Label is the name of the keys, Does what they do.
func (b Binding) Label() string { return b.Help().Key }

// Does says what the keys do.
func (b Binding) Does() string { return b.Help().Desc }

// But returns the binding with other words for what it does here.
func (b Binding) But(does string) Binding {
	c := b
	c.SetHelp(b.Label(), does)
	return c
}

// Unless returns the binding switched off with a reason; "" leaves it on.
func (b Binding) Unless(reason string) Binding {
	b.Off = reason
	return b
}

// Group is bindings that belong together, under a heading of the help.
type Group struct {
	Title    string
	Bindings []Binding
}

// The bindings. On one screen no two of them share a key.
var (
	Help      = bind("?", "help", "?", "f1")
	HelpKey   = bind("f1", "help", "f1") // where letters are typed
	Quit      = bind("q", "quit", "q")
	Interrupt = bind("ctrl+c", "leave", "ctrl+c")
	Back      = bind("esc", "back", "esc")

	Up       = bind("↑/k", "up", "up", "k")
	Down     = bind("↓/j", "down", "down", "j")
	PageUp   = bind("pgup", "page up", "pgup")
	PageDown = bind("pgdn", "page down", "pgdown")
	Top      = bind("g", "first", "g", "home")
	Bottom   = bind("G", "last", "G", "end")
	Choose   = bind("enter", "choose", "enter")
	Mark     = bind("space", "mark", " ")
	MarkAll  = bind("a", "mark all that are ready", "a")
	Filter   = bind("/", "filter", "/")
	Sort     = bind("o", "other order", "o")
	Left     = bind("←/h", "left", "left", "h")
	Right    = bind("→/l", "right", "right", "l")
	Next     = bind("tab", "next field", "tab")
	Previous = bind("shift+tab", "previous field", "shift+tab")
	Browse   = bind("ctrl+o", "browse", "ctrl+o")
	Clear    = bind("ctrl+u", "clear the line", "ctrl+u")

	RecoveryPlans = bind("p", "recovery plans", "p")
	Again         = bind("r", "check again", "r")

	Decide = bind("d", "decide", "d")
	Cancel = bind("c", "cancel", "c")
	Log    = bind("l", "log", "l")
	Tasks  = bind("t", "tasks", "t")
	Checks = bind("f", "findings", "f")

	Jobs    = bind("J", "jobs", "J")
	Restart = bind("s", "restart", "s")
	Refresh = bind("r", "read again", "r")

	Report = bind("r", "write the report", "r")
	Resume = bind("R", "go on", "R")
	Home   = bind("h", "home", "h")
)

// Moving is how lists are moved in.
func Moving() Group {
	return Group{Title: "Lists", Bindings: []Binding{Up, Down, PageUp, PageDown, Top, Bottom, Filter}}
}

// WhileTyping is what works where letters are typed.
func WhileTyping() Group {
	return Group{Title: "Everywhere", Bindings: []Binding{HelpKey, Back, Interrupt}}
}

// Everywhere is what works on every screen where nothing is typed; quitOff says
// why q does nothing here, if so.
func Everywhere(quitOff string) Group {
	return Group{Title: "Everywhere", Bindings: []Binding{Help, Back, Quit.Unless(quitOff), Interrupt}}
}
