package tui

import (
	"context"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/field"
	"failback/tui/keymap"
	"failback/tui/look"
)

// What a sign-in asks of the person in front of the screens while a connection is
// opened off the update loop.
type (
	signInStepMsg struct {
		line *signInLine
		step engine.SignInStep
	}
	secretAskedMsg struct {
		line  *signInLine
		what  string
		reply chan<- string
	}
)

// signInLine carries questions from one opening to the screens. It ends with the
// opening.
type signInLine struct {
	gen  int
	ctx  context.Context
	asks chan tea.Msg
}

func newSignInLine(ctx context.Context, gen int) *signInLine {
	return &signInLine{gen: gen, ctx: ctx, asks: make(chan tea.Msg, 1)}
}

// listen waits for the next question; one such command is under way for a line.
func (s *signInLine) listen() tea.Cmd {
	return func() tea.Msg {
		select {
		case msg := <-s.asks:
			return msg
		case <-s.ctx.Done():
			return nil
		}
	}
}

func (s *signInLine) tell(msg tea.Msg) bool {
	select {
	case s.asks <- msg:
		return true
	case <-s.ctx.Done():
		return false
	}
}

// person is who sits in front of the screens.
func (s *signInLine) person() engine.Person {
	return engine.Person{
		Show: func(step engine.SignInStep) { s.tell(signInStepMsg{s, step}) },
		Secret: func(ctx context.Context, what string) (string, error) {
			reply := make(chan string, 1)
			if !s.tell(secretAskedMsg{s, what, reply}) {
				return "", s.ctx.Err()
			}
			select {
			case secret := <-reply:
				return secret, nil
			case <-ctx.Done():
				return "", ctx.Err()
			case <-s.ctx.Done():
				return "", s.ctx.Err()
			}
		},
	}
}

// signing is what a sign-in wants of the person now. The zero value wants nothing.
type signing struct {
	step  *engine.SignInStep
	what  string // the secret that is asked for
	field *field.Field
	reply chan<- string
}

// asked takes in what the sign-in wants next.
func (s *signing) asked(msg tea.Msg) {
	switch msg := msg.(type) {
	case signInStepMsg:
		*s = signing{step: &msg.step}
	case secretAskedMsg:
		f := field.Secret(">", "not shown, not kept")
		f.Required = true
		*s = signing{what: msg.what, field: f, reply: msg.reply}
	}
}

// key edits the secret; enter gives it.
func (s *signing) key(k tea.KeyMsg) {
	if !keymap.Choose.Is(k) {
		s.field.Key(k)
		return
	}
	if s.field.Met() {
		s.reply <- s.field.Value()
		*s = signing{}
	}
}

// roomy is from how many lines on a code is shown with air around it.
const roomy = 14

// view is what stands below the line that says where the connection goes, in h
// lines.
func (s *signing) view(l look.Look, w, h int) []string {
	switch {
	case s.field != nil:
		out := append([]string{""}, l.Paragraph(l.T.Text, "  ", "Needed to sign in: the "+s.what, w)...)
		return append(out, "", l.Cut("  "+s.field.View(l, w-2, true), w))
	case s.step == nil:
		return nil
	case s.step.Code == "":
		return append([]string{""}, l.Paragraph(l.T.Text, "  ", "Sign in with the browser that opens on this machine. This screen goes on by itself.", w)...)
	}
	if h < roomy {
		return append([]string{l.Cut("  "+l.T.Text.Render(l.Say("Code "))+l.T.Strong.Render(l.Words(s.step.Code))+l.T.Text.Render(l.Say(", to be entered at")), w)},
			l.Paragraph(l.T.Accent, "  ", s.step.Address, w)...)
	}
	out := append([]string{""}, l.Paragraph(l.T.Text, "  ", "To sign in, open this address in a browser, on any device:", w)...)
	out = append(out, "")
	out = append(out, l.Paragraph(l.T.Accent, "      ", s.step.Address, w)...)
	out = append(out, "", l.Cut("  "+l.T.Text.Render(l.Say("and enter this code:")), w), "",
		l.Cut("      "+l.T.Strong.Render(l.Words(s.step.Code)), w), "")
	return append(out, l.Paragraph(l.T.Muted, "  ", "This screen goes on by itself when that is done. Enter the code only if you began this sign-in.", w)...)
}

// status is the state line while the sign-in wants something; false where it does
// not.
func (s *signing) status() (look.Status, bool) {
	switch {
	case s.field != nil:
		return look.Status{Tone: look.Asking, Text: "Waiting for the secret. It is kept nowhere."}, true
	case s.step != nil && s.step.Code != "":
		return look.Status{Tone: look.Asking, Text: "Waiting for the sign-in with code " + s.step.Code}, true
	case s.step != nil:
		return look.Status{Tone: look.Asking, Text: "Waiting for the sign-in in the browser"}, true
	}
	return look.Status{}, false
}
