package cli

import (
	"context"
	"errors"
	"fmt"
	"os"
	"runtime"
	"time"

	"github.com/muesli/termenv"
	"golang.org/x/term"
)

// dumb reports whether a terminal of that name can't place text: one that says so,
// and one that does not say what it is. A Windows console has no name.
func dumb(system, term string) bool {
	return term == "dumb" || (term == "" && system != "windows")
}

// cannotPlace says why the terminal on standard output shows lines only; "" where it
// shows screens. A Windows console in its legacy mode refuses to interpret sequences;
// what it was set to is set again.
func cannotPlace() string {
	if dumb(runtime.GOOS, os.Getenv("TERM")) {
		return "TERM says that this terminal can't show screens"
	}
	restore, err := termenv.EnableVirtualTerminalProcessing(termenv.DefaultOutput())
	if err == nil {
		err = restore()
	}
	return whyNoSequences(err)
}

func whyNoSequences(err error) string {
	if err == nil {
		return ""
	}
	return fmt.Sprintf("This console can't show screens: it does not take terminal sequences (%s; in its properties, turn the legacy console off)", err)
}

// SystemStreams are the process's own streams.
func SystemStreams() Streams {
	in, out := int(os.Stdin.Fd()), int(os.Stdout.Fd())
	s := Streams{
		In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Zone: time.Local,
		InTerminal: term.IsTerminal(in), OutTerminal: term.IsTerminal(out),
	}
	if s.OutTerminal {
		s.LinesOnly = cannotPlace()
		if w, h, err := term.GetSize(out); err == nil {
			s.Width, s.Height = w, h
		}
	}
	if s.InTerminal {
		s.Secret = func(ctx context.Context, prompt string) (string, error) { return readSecret(ctx, in, prompt) }
	}
	return s
}

// readSecret asks on a terminal without echo. It returns when ctx ends, with the
// terminal as it was: an interrupt must not leave it silent.
func readSecret(ctx context.Context, in int, prompt string) (string, error) {
	before, err := term.GetState(in)
	if err != nil {
		return "", err
	}
	type answer struct {
		secret []byte
		err    error
	}
	typed := make(chan answer, 1)
	fmt.Fprint(os.Stderr, prompt)
	defer fmt.Fprintln(os.Stderr)
	go func() {
		secret, err := term.ReadPassword(in)
		typed <- answer{secret, err}
	}()
	select {
	case a := <-typed:
		return string(a.secret), a.err
	case <-ctx.Done():
		return "", errors.Join(ctx.Err(), term.Restore(in, before))
	}
}
