package cli

import (
	"context"

	"failback/engine"
)

// home opens the terminal program at its first screen, and where there can be no
// screen the same in lines.
func (a *app) home(ctx context.Context) error {
	if a.interactive() {
		return a.screens(ctx, false)
	}
	if a.flags.output != outputText {
		return engine.Usagef("failback help lists the commands for scripts", "--output is for the commands; the terminal program has screens and lines only")
	}
	a.say("%s", a.whyLines())
	return a.lineHome(ctx)
}

// whyLines says why there are lines instead of screens.
func (a *app) whyLines() string {
	s := a.deps.Streams
	const how = "so this is plain text with numbered questions; ? at any of them says what can be typed."
	switch {
	case a.flags.plain:
		return "Plain text with numbered questions, as --plain asks for; ? at any of them says what can be typed."
	case !s.InTerminal || !s.OutTerminal:
		return "Standard input or output is no terminal, " + how
	}
	return s.LinesOnly + ", " + how
}
