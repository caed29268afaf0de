package cli

import (
	"bufio"
	"strings"

	"failback/engine"
)

// typed lets a person type what they agree to.
func (a *app) typed(yes bool, word, what string) error {
	switch {
	case yes:
		return nil
	case !a.deps.Streams.InTerminal:
		return engine.Usagef("add --yes", "it needs a confirmation and there is no terminal to ask; nothing was done")
	}
	a.say("Type  %s  to %s.", word, what)
	line, err := a.line()
	switch {
	case strings.TrimSpace(line) == strings.TrimSpace(word):
		return nil
	case err != nil:
		return errInterrupted
	}
	return engine.Usagef("type it exactly as shown", "not confirmed, nothing was done")
}

// agreed takes a flag's answer, or has the word typed.
func (a *app) agreed(flag, given, word, what string) error {
	switch {
	case given == word:
		return nil
	case given != "":
		return engine.Usagef("give "+flag+" "+shellWord(word), "%s names %q; nothing was done", flag, given)
	case !a.deps.Streams.InTerminal:
		return engine.Usagef("add "+flag+" "+shellWord(word), "it needs a confirmation and there is no terminal to ask; nothing was done")
	}
	return a.typed(false, word, what)
}

// line reads what a person types next.
func (a *app) line() (string, error) {
	if a.typing == nil {
		a.typing = bufio.NewReader(a.deps.Streams.In)
	}
	return a.typing.ReadString('\n')
}
