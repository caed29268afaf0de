package cli

import (
	"fmt"
	"os"
	"runtime"
	"time"

	"golang.org/x/term"
)

// dumb reports whether a terminal of that name can't place text: one that says so,
// and one that does not say what it is. A Windows console has no name.
func dumb(system, term string) bool {
	return term == "dumb" || (term == "" && system != "windows")
}

// SystemStreams are the process's own streams.
func SystemStreams() Streams {
	in, out := int(os.Stdin.Fd()), int(os.Stdout.Fd())
	s := Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Zone: time.Local,
		InTerminal: term.IsTerminal(in), OutTerminal: term.IsTerminal(out),
	}
	s.Dumb = dumb(runtime.GOOS, os.Getenv("TERM"))
	if s.OutTerminal {
		if w, _, err := term.GetSize(out); err == nil {
			s.Width = w
		}
	}
	if s.InTerminal {
		s.Secret = func(prompt string) (string, error) {
			fmt.Fprint(os.Stderr, prompt)
			defer fmt.Fprintln(os.Stderr)
			secret, err := term.ReadPassword(in)
			return string(secret), err
		}
	}
	return s
}
