package cli

import (
	"context"
	"errors"
	"os"
	"runtime"
	"time"

	"github.com/charmbracelet/lipgloss"
	"github.com/muesli/termenv"

	"failback/config"
	"failback/engine"
	"failback/tui/glyph"
)

// What a screen needs to be whole, in cells.
const (
	wholeWidth  = 80
	wholeHeight = 24
)

// machine looks at what is on this side of the network.
func (d *doctor) machine(ctx context.Context) {
	b := d.app.deps.Build
	d.ok("program", "failback %s, %s/%s", b.Version, runtime.GOOS, runtime.GOARCH)
	d.terminal()
	d.clock()
	d.state()
	d.keyring(ctx)
}

func (d *doctor) terminal() {
	s := d.app.deps.Streams
	const plain = "commands write plain text; failback rehearse plays one in lines"
	switch {
	case !s.InTerminal || !s.OutTerminal:
		d.unknown("terminal", "run failback doctor on the terminal that the screens are meant for", "standard input or output is not a terminal; %s", plain)
		return
	case s.LinesOnly != "":
		d.warn("terminal", "set TERM to what the terminal is, such as xterm-256color; in Windows use Windows Terminal, or turn the legacy console off", "%s; %s", s.LinesOnly, plain)
		return
	case s.Width < wholeWidth || s.Height < wholeHeight:
		d.warn("terminal", "make the window larger: below 80 by 24 screens leave out what matters least", "%d columns by %d lines", s.Width, s.Height)
	default:
		d.ok("terminal", "%d columns by %d lines", s.Width, s.Height)
	}
	if glyph.WantsASCII(os.Getenv) {
		d.ok("characters", "the locale names no UTF-8, so symbols are drawn in ASCII")
	} else {
		d.ok("characters", "Unicode; if boxes and ticks look wrong, --ascii has them in ASCII, and symbols: ascii in the configuration")
	}
	colours := map[termenv.Profile]string{
		termenv.TrueColor: "16 million colours", termenv.ANSI256: "256 colours", termenv.ANSI: "16 colours",
		termenv.Ascii: "none: every state is a word and a symbol as well",
	}
	d.ok("colours", "%s", colours[lipgloss.NewRenderer(d.app.terminal).ColorProfile()])
}

// clock says which time this machine has; the services say below how right it is.
func (d *doctor) clock() {
	now := time.Now()
	zone := d.app.deps.Streams.Zone
	d.ok("clock", "%s; times are shown in %s", now.UTC().Format("2006-01-02 15:04:05 UTC"), now.In(zone).Format("MST -07:00"))
}

func (d *doctor) state() {
	dir, err := d.app.stateDir()
	if err != nil {
		d.broken("state directory", err)
		return
	}
	store, err := d.app.store()
	if err != nil {
		d.broken("state directory", err)
		return
	}
	all, err := store.List()
	if err != nil {
		d.broken("state directory", err)
		return
	}
	open := 0
	for _, r := range all {
		if r.Resumable {
			open++
		}
	}
	d.ok("state directory", "%s can be written; %d runs, %d of them unfinished", dir, len(all), open)
}

func (d *doctor) keyring(ctx context.Context) {
	ctx, done := context.WithTimeout(ctx, 5*time.Second)
	defer done()
	if err := config.KeyringAnswers(ctx); err != nil {
		d.warn("keyring", "secrets are asked for on the terminal, or read from the files that the profile names", "it can't be used: %s", err)
		return
	}
	d.ok("keyring", "it answers; failback secret set keeps secrets there")
}

// broken is a failure of the configuration: its own words, and what to do.
func (d *doctor) broken(check string, err error) {
	var file *config.Error
	if errors.As(err, &file) {
		d.see(Symptom{Check: check, Result: healthFailed, Observed: file.Error(), Remedy: file.Remedy, kind: engine.FailureUsage})
		return
	}
	d.failed(check, err)
}

// configuration says which profiles there are, and which target is looked at.
func (d *doctor) configuration() (Target, bool) {
	a := d.app
	if a.flags.lab {
		t, err := a.target()
		if err != nil {
			d.broken("configuration", err)
			return Target{}, false
		}
		d.ok("configuration", "none is needed for the lab")
		return t, true
	}
	file, err := a.configuration()
	if err != nil {
		d.broken("configuration", err)
		return Target{}, false
	}
	if file.Path == "" && a.flags.profile == "" {
		d.unknown("configuration", "write one there (docs/config.md); --lab looks at the lab instead", "there is no %s", config.DefaultFile())
		return Target{}, false
	}
	p, err := file.Profile(a.flags.profile)
	switch {
	case err != nil && a.flags.profile == "":
		d.ok("configuration", "%s, profiles %s", file.Path, quoteAll(file.Names()))
		d.unknown("profile", "name one with --profile to have its services and hosts looked at", "none is the default")
		return Target{}, false
	case err != nil:
		d.broken("configuration", err)
		return Target{}, false
	}
	d.ok("configuration", "%s, profile %s of %s", file.Path, p.Name, quoteAll(file.Names()))
	return Target{Profile: &p, Person: a.person()}, true
}
