package dialog

import (
	"fmt"

	tea "github.com/charmbracelet/bubbletea"
	"github.com/charmbracelet/x/ansi"

	"failback/tui/field"
	"failback/tui/keymap"
	"failback/tui/look"
	"failback/tui/theme"
)

// Answer is what a key meant to a dialog.
type Answer int

// The answers. Unanswered is the zero value: the dialog stays open.
const (
	Unanswered Answer = iota
	Submitted         // all fields are met and enter was pressed
	Aside             // esc
)

// Tone says how a line of a dialog is meant.
type Tone int

// The tones.
const (
	Plain Tone = iota
	Bullet
	Good
	Caution
	Danger
	Quiet
)

// labelWidth is how wide labels are, so that texts stand under each other.
const labelWidth = 11

// Line is one paragraph of a dialog, behind a label where it has one.
type Line struct {
	Tone  Tone
	Label string
	Text  string
}

// Form is a dialog with a text and fields. Enter submits only when every field
// is met; otherwise it does nothing but say so.
type Form struct {
	Title   string
	Portal  string // Microsoft's term
	Subject string // the item
	Lines   []Line
	Fields  []*field.Field
	Submit  string // what enter does
	Aside   string // what esc does
	Grace   Grace
	Problem string // why the answer was refused
	Busy    bool   // an answer is on its way
	Bare    bool   // the keys are named elsewhere

	focus  int
	scroll look.Scroll
}

// Update takes in a message and says what it meant.
func (f *Form) Update(msg tea.Msg) (Answer, tea.Cmd) {
	k, ok := msg.(tea.KeyMsg)
	if !ok {
		f.Grace.Update(msg)
		return Unanswered, nil
	}
	if ignore, cmd := f.Grace.Swallow(); ignore {
		return Unanswered, cmd
	}
	return f.key(k), nil
}

func (f *Form) key(k tea.KeyMsg) Answer {
	switch {
	case keymap.Back.Is(k):
		return Aside
	case f.Busy:
	case keymap.PageDown.Is(k):
		f.scroll.Move(5)
	case keymap.PageUp.Is(k):
		f.scroll.Move(-5)
	case keymap.Next.Is(k), keymap.Previous.Is(k):
		f.turn(k)
	case keymap.Choose.Is(k):
		return f.submit()
	case len(f.Fields) > 0:
		f.Problem = ""
		f.Fields[f.focus].Key(k)
	}
	return Unanswered
}

func (f *Form) turn(k tea.KeyMsg) {
	if n := len(f.Fields); n > 0 {
		step := 1
		if keymap.Previous.Is(k) {
			step = n - 1
		}
		f.focus = (f.focus + step) % n
	}
}

func (f *Form) submit() Answer {
	for i, x := range f.Fields {
		if !x.Met() {
			f.Problem = ""
			if x.Value() != "" && x.Want != "" {
				f.Problem = fmt.Sprintf("That is not %q. Nothing was done. ctrl+u clears the line.", x.Want)
			}
			f.focus = i
			return Unanswered
		}
	}
	return Submitted
}

// Refuse says why the answer was not taken and puts the cursor into the field that
// it is about.
func (f *Form) Refuse(field int, why string) {
	f.Problem = why
	if field < len(f.Fields) {
		f.focus = field
	}
}

// More are the keys that work in the dialog and that its frame does not name.
func (f *Form) More() []keymap.Binding {
	if len(f.Fields) > 1 {
		return []keymap.Binding{keymap.Next, keymap.Previous}
	}
	return nil
}

// View draws the dialog into at most w cells and h lines. The fields are always
// in sight; the text above them scrolls.
func (f *Form) View(l look.Look, w, h int) []string {
	w = min(w, 78)
	inner := w - 4
	foot := f.foot(l, inner)
	body := f.text(l, inner)
	room := max(0, h-2-len(foot))
	body = l.Read(body, &f.scroll, room)
	return l.Box(f.title(l, inner), append(body, foot...), w, l.T.Accent.UnsetBold())
}

// title is what the dialog is about. Where it is narrow Microsoft's term goes
// first, never the item.
func (f *Form) title(l look.Look, w int) string {
	title, portal, subject := l.T.Strong.Render(l.Say(f.Title)), "", ""
	if f.Portal != "" {
		portal = l.T.Muted.Render(" [" + l.Words(f.Portal) + "]")
	}
	if f.Subject != "" {
		subject = " " + l.T.Accent.Render(l.Words(f.Subject))
	}
	if whole := title + portal + subject; ansi.StringWidth(whole) <= w {
		return whole
	}
	return title + subject
}

// Keys are all keys that work in the dialog.
func (f *Form) Keys() []keymap.Binding {
	keys := []keymap.Binding{keymap.Choose.But(f.Submit), keymap.Back.But(f.Aside)}
	if len(f.Fields) > 0 {
		keys = append(keys, keymap.Clear)
	}
	return append(append(keys, f.More()...), keymap.PageDown.But("more of the text"))
}

func (f *Form) text(l look.Look, w int) []string {
	var out []string
	for _, p := range f.Lines {
		if p.Text == "" {
			out = append(out, "")
			continue
		}
		mark, style := tone(l, p.Tone)
		if p.Label != "" {
			mark = l.T.Muted.Render(l.Fit(l.Say(p.Label), labelWidth)) + " "
		}
		out = append(out, l.Paragraph(style, mark, p.Text, w)...)
	}
	return out
}

func (f *Form) foot(l look.Look, w int) []string {
	out := []string{""}
	for i, x := range f.Fields {
		out = append(out, x.View(l, w, i == f.focus))
	}
	switch {
	case f.Busy:
		out = append(out, l.T.Muted.Render(l.Say("Sending the answer")+l.G.Ellipsis))
	case f.Problem != "":
		out = append(out, l.Paragraph(l.T.Bad, l.T.Bad.Render(l.G.Block)+" ", f.Problem, w)...)
	case f.Grace.Waiting():
		out = append(out, l.T.Muted.Render(l.Say("Keys count in a moment")+l.G.Ellipsis))
	case !f.Bare:
		out = append(out, l.Hints([]keymap.Binding{keymap.Choose.But(f.Submit), keymap.Back.But(f.Aside)}, w))
	}
	return out
}

func tone(l look.Look, t Tone) (mark string, style theme.Style) {
	switch t {
	case Bullet:
		return l.T.Muted.Render(l.G.Dot) + " ", l.T.Text
	case Good:
		return l.T.OK.Render(l.G.OK) + " ", l.T.Text
	case Caution:
		return l.T.Warn.Render(l.G.Warn) + " ", l.T.Warn
	case Danger:
		return l.T.Bad.Render(l.G.Block) + " ", l.T.Bad
	case Quiet:
		return "", l.T.Muted
	case Plain:
	}
	return "", l.T.Text
}
