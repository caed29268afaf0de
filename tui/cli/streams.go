package cli

import (
	"fmt"
	"os"
	"time"

	"golang.org/x/term"
)

// SystemStreams are the process's own streams.
func SystemStreams() Streams {
	in, out := int(os.Stdin.Fd()), int(os.Stdout.Fd())
	s := Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Zone: time.Local,
		InTerminal: term.IsTerminal(in), OutTerminal: term.IsTerminal(out),
	}
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
