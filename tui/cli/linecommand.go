package cli

import (
	"context"
	"errors"
	"strings"
	"time"

	"failback/engine"
	"failback/tui/ask"
	"failback/tui/plain"
)

// command carries out what can be typed while a run goes on, beside answers of
// gates. It begins with a slash, which no name of a VM can hold, and reports whether
// the line was one.
func (f *follower) command(ctx context.Context, line string) bool {
	word, rest, _ := strings.Cut(line, " ")
	switch word {
	case "/?":
		f.a.say("/status says how every item stands; /leave lets go of the run, which goes on in Azure; /cancel NAME cancels an item, /cancel alone all of them.")
	case "/status":
		now := time.Now()
		for _, l := range f.state.Legs {
			f.a.say("%s: %s", l.Item.Name, f.a.language().Say(plain.Standing(l, now)))
		}
	case "/leave":
		f.a.say("letting go of the run; nothing is cancelled")
		f.detach()
	case "/cancel":
		if err := f.cancel(ctx, strings.TrimSpace(rest)); err != nil {
			f.a.say("not cancelled: %s", err)
		}
	default:
		return false
	}
	return true
}

// cancel says what a cancel leaves behind and has it typed whole before it is sent.
func (f *follower) cancel(ctx context.Context, item string) error {
	items, err := f.a.cancellable(f.state, item)
	if err != nil {
		return err
	}
	word := "cancel " + strings.Join(items, " ")
	switch err := ask.New(f.lines, f.a.deps.Streams.Err).In(f.a.language()).Word(ctx, "cancel", word); {
	case errors.Is(err, ask.ErrBack), errors.Is(err, ask.ErrLeave):
		return engine.Refuse("cancel", strings.Join(items, ", "), "it was not confirmed", "")
	case err != nil:
		return err
	}
	return f.handle.Cancel(item, f.who, "asked for at the terminal")
}
