package cli

import (
	"context"

	"failback/engine"
)

// home opens the terminal program at its first screen.
func (a *app) home(ctx context.Context) error {
	if a.interactive() {
		return a.screens(ctx, false)
	}
	const lines = "failback rehearse plays a rehearsal without one; failback help lists the commands for scripts"
	s := a.deps.Streams
	switch {
	case !s.InTerminal || !s.OutTerminal:
		return engine.Usagef(lines, "the terminal program needs a terminal on standard input and output")
	case s.Dumb:
		return engine.Usagef("set TERM to what the terminal is, such as xterm-256color; "+lines, "TERM says that this terminal can't show screens")
	}
	return engine.Usagef(lines, "--plain and --output are for the commands; the terminal program has screens only")
}
