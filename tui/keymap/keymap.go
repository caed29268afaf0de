// Package keymap holds the keys of the screens as data. One table, [Scopes],
// says which keys there are, where they mean something, and what the
// configuration calls them; the same bindings are matched, shown in the line at
// the bottom, listed by the help and the palette, and written down in
// docs/keys.md.
package keymap

import (
	"github.com/charmbracelet/bubbles/key"
	tea "github.com/charmbracelet/bubbletea"
)

// Action names what a key does, as the configuration calls it.
type Action string

// Binding is keys, the name they are shown under, and what they do. Off says
// why they do nothing now; such a binding is still listed, with the reason.
type Binding struct {
	key.Binding
	Action Action
	Off    string
}

func bind(action Action, label, does string, keys ...string) Binding {
	return Binding{Action: action, Binding: key.NewBinding(key.WithKeys(keys...), key.WithHelp(label, does))}
}

// Is reports whether the key pressed is one of the binding's. Letters that came
// together are text: a machine called "f1" or "enter" is no key of that name.
// What a person has put on other keys was turned into the built-in ones before,
// see [Keys.Means].
func (b Binding) Is(msg tea.KeyMsg) bool {
	return !text(msg) && key.Matches(msg, b.Binding)
}

// text reports whether letters came together, so that they are no key.
func text(msg tea.KeyMsg) bool {
	return msg.Type == tea.KeyRunes && (len(msg.Runes) > 1 || msg.Paste)
}

// Label is the name of the built-in keys; [Keys.Label] is what to show.
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

// Press is the message of the binding's first key: what a palette sends.
func (b Binding) Press() tea.KeyMsg {
	msg, _ := Named(b.Keys()[0])
	return msg
}

// Group is bindings that belong together, under a heading of the help.
type Group struct {
	Title    string
	Bindings []Binding
}

// The bindings. Within a scope no two of them share a key.
var (
	Help      = bind("help", "?", "help", "?", "f1")
	HelpKey   = bind("help-typing", "f1", "help", "f1") // where letters are typed
	Palette   = bind("commands", ":", "commands", ":")
	Quit      = bind("quit", "q", "quit", "q")
	Interrupt = bind("leave", "ctrl+c", "leave", "ctrl+c")
	Back      = bind("back", "esc", "back", "esc")

	Up       = bind("up", "↑/k", "up", "up", "k")
	Down     = bind("down", "↓/j", "down", "down", "j")
	PageUp   = bind("page-up", "pgup", "page up", "pgup")
	PageDown = bind("page-down", "pgdn", "page down", "pgdown")
	Top      = bind("first", "g", "first", "g", "home")
	Bottom   = bind("last", "G", "last", "G", "end")
	Choose   = bind("choose", "enter", "choose", "enter")
	Mark     = bind("mark", "space", "mark", " ")
	MarkAll  = bind("mark-all", "a", "mark all that are ready", "a")
	Filter   = bind("filter", "/", "filter", "/")
	Sort     = bind("sort", "o", "other order", "o")
	Left     = bind("left", "←/h", "left", "left", "h")
	Right    = bind("right", "→/l", "right", "right", "l")
	Next     = bind("next-field", "tab", "next field", "tab")
	Previous = bind("previous-field", "shift+tab", "previous field", "shift+tab")
	Browse   = bind("browse", "ctrl+o", "browse", "ctrl+o")
	Clear    = bind("clear-line", "ctrl+u", "clear the line", "ctrl+u")

	RecoveryPlans = bind("recovery-plans", "p", "recovery plans", "p")
	Again         = bind("again", "r", "check again", "r")
	CreateSwitch  = bind("create-switch", "s", "create the missing switch", "s")
	Override      = bind("override", "w", "override with a reason", "w")
	Straight      = bind("direct", "d", "without Site Recovery", "d")
	OtherMachine  = bind("azure-vm", "i", "an Azure VM by its id", "i")

	Decide = bind("decide", "d", "decide", "d")
	Cancel = bind("cancel", "c", "cancel", "c")
	Log    = bind("log", "l", "log", "l")
	Tasks  = bind("tasks", "t", "tasks", "t")
	Times  = bind("time-line", "T", "time line", "T")
	Checks = bind("findings", "f", "findings", "f")

	Play     = bind("play", "space", "play, pause", " ")
	Rewind   = bind("rewind", "←", "back in time", "left")
	Forward  = bind("forward", "→", "on in time", "right")
	EventOn  = bind("event-on", ".", "next event", ".")
	EventOff = bind("event-back", ",", "event before", ",")
	MarkOn   = bind("mark-on", "n", "next phase, gate or decision", "n")
	MarkOff  = bind("mark-back", "p", "the one before", "p")
	Faster   = bind("faster", "+", "faster", "+")
	Slower   = bind("slower", "-", "slower", "-")

	Jobs    = bind("jobs", "J", "jobs", "J")
	Restart = bind("restart", "s", "restart", "s")
	Refresh = bind("refresh", "r", "read again", "r")

	Read      = bind("read", "v", "read the evidence", "v")
	NextHit   = bind("next-hit", "n", "next that was found", "n")
	HitBefore = bind("hit-before", "N", "the hit before", "N")

	Report = bind("report", "r", "write the report", "r")
	Resume = bind("go-on", "R", "go on", "R")
	Home   = bind("home", "h", "home", "h")
	Replay = bind("replay", "p", "play it again", "p")
)

// Moving is how lists are moved in.
func Moving() Group {
	return Group{Title: "Lists", Bindings: []Binding{Up, Down, PageUp, PageDown, Top, Bottom, Filter}}
}

// Reading is how a long text is moved in.
func Reading() Group {
	return Group{Title: "Moving", Bindings: []Binding{Up, Down, PageUp, PageDown}}
}

// WhileTyping is what works where letters are typed.
func WhileTyping() Group {
	return Group{Title: "Everywhere", Bindings: []Binding{HelpKey, Back, Interrupt}}
}

// Everywhere is what works on every screen where nothing is typed; quitOff says
// why q does nothing here, if so.
func Everywhere(quitOff string) Group {
	return Group{Title: "Everywhere", Bindings: []Binding{Help, Palette, Back, Quit.Unless(quitOff), Interrupt}}
}
