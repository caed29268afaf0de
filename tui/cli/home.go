package cli

import (
	"context"

	"failback/engine"
)

// home opens the terminal program at its first screen.
func (a *app) home(ctx context.Context) error {
	if !a.interactive() {
		return engine.Usagef("failback rehearse plays a rehearsal without one; failback help lists the commands for scripts",
			"the terminal program needs a terminal on standard input and output")
	}
	return a.screens(ctx, false)
}
