package cli

import (
	"context"

	"failback/engine"
	"failback/tui/text"
)

// person is whoever sits at the streams. What has to be done elsewhere is told on
// standard error, so that data stays data.
func (a *app) person() engine.Person {
	p := engine.Person{Show: func(s engine.SignInStep) {
		if s.Code == "" {
			a.say("sign in with the browser that opens on this machine")
			return
		}
		a.say("to sign in, open %s on any device and enter the code %s", s.Address, s.Code)
	}}
	if ask := a.deps.Streams.Secret; ask != nil {
		p.Secret = func(ctx context.Context, what string) (string, error) {
			return ask(ctx, text.Clean(what)+": ")
		}
	}
	return p
}
