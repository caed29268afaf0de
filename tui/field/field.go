// Package field is a line for typing. It edits with bubbles/textinput and draws
// itself, so that the caret is a character and stays visible without colour.
package field

import (
	"strings"

	"github.com/charmbracelet/bubbles/textinput"
	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"failback/tui/look"
	"failback/tui/text"
)

// Field is one line of input with a label.
type Field struct {
	Label    string
	Hint     string // shown muted while nothing is typed
	Want     string // what has to be typed exactly; "" for anything
	Required bool   // something has to be typed

	input textinput.Model
}

// New makes a field.
func New(label, hint string) *Field {
	in := textinput.New()
	in.CharLimit = 512
	return &Field{Label: label, Hint: hint, input: in}
}

// Secret makes a field that shows how much was typed, never what.
func Secret(label, hint string) *Field {
	f := New(label, hint)
	f.input.EchoMode = textinput.EchoPassword
	return f
}

// Confirm makes a field that is answered by typing want exactly.
func Confirm(label, want string) *Field {
	f := New(label, "")
	f.Want = want
	return f
}

// Set puts a text into the field, the caret behind it.
func (f *Field) Set(s string) *Field {
	f.input.SetValue(s)
	f.input.CursorEnd()
	return f
}

// Value is what was typed.
func (f *Field) Value() string { return f.input.Value() }

// Met reports whether what was typed is what is wanted, exactly.
func (f *Field) Met() bool {
	if f.Required && strings.TrimSpace(f.Value()) == "" {
		return false
	}
	return f.Want == "" || f.Value() == f.Want
}

// Key lets the field edit itself with a key. Control characters of a paste are
// taken out.
func (f *Field) Key(msg tea.KeyMsg) {
	if msg.Type == tea.KeyRunes {
		msg.Runes = []rune(text.Clean(string(msg.Runes)))
	}
	f.input.Focus()
	f.input, _ = f.input.Update(msg)
}

// View draws the field on one line of w cells.
func (f *Field) View(l look.Look, w int, focused bool) string {
	label := l.T.Muted.Render(l.Say(f.Label))
	if focused {
		label = l.T.Text.Render(l.Say(f.Label))
	}
	// However long a name in the label is, there is room to see what is typed.
	label = l.Cut(label, w-min(20, w/2)-1)
	room := max(4, w-ansi.StringWidth(label)-1)
	return l.Cut(label+" "+f.content(l, room, focused), w)
}

func (f *Field) content(l look.Look, room int, focused bool) string {
	value := []rune(f.shown(l))
	if !focused {
		if len(value) == 0 {
			return l.T.Muted.Render(l.Cut(l.Say(f.Hint), room))
		}
		return l.T.Text.Render(l.Cut(string(value), room))
	}
	at := min(f.input.Position(), len(value))
	before, after := string(value[:at]), string(value[at:])
	// The end of what is typed stays in sight: cut at the left.
	if over := ansi.StringWidth(before) + 2 + ansi.StringWidth(f.mark(l)) - room; over > 0 {
		before = ansi.TruncateLeft(before, over+1, l.G.Ellipsis)
	}
	caret := l.T.Accent.Render(l.G.Caret)
	if len(value) == 0 {
		return caret + l.T.Muted.Render(l.Say(f.Hint))
	}
	return l.T.Strong.Render(before) + caret + l.T.Strong.Render(after) + f.mark(l)
}

func (f *Field) shown(l look.Look) string {
	if f.input.EchoMode == textinput.EchoPassword {
		return strings.Repeat("*", len([]rune(f.Value())))
	}
	return l.Words(f.Value())
}

func (f *Field) mark(l look.Look) string {
	if f.Want == "" || !f.Met() {
		return ""
	}
	return " " + l.T.OK.Render(l.G.OK)
}
