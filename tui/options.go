package tui

import (
	"time"

	"failback/engine"
	"failback/engine/runs"
	"failback/tui/keymap"
	"failback/tui/lang"
	"failback/tui/replay"
	"failback/tui/theme"
)

// Options say how the screens begin and how they look. The zero value begins at
// home, in the colours that fit the terminal.
type Options struct {
	Start    Start
	Theme    theme.Name // "" is auto
	ASCII    bool       // symbols in ASCII alone
	Unicode  bool       // symbols beyond ASCII, whatever the environment says; ASCII wins
	NoMotion bool       // nothing turns or blinks
	// Language is what the screens are written in; the zero value is English.
	Language lang.Language
	// Keys are the person's own; the zero value is the built-in ones.
	Keys keymap.Keys
	// Now is the clock of the screens, nil for the wall clock. A replay shows the
	// time of the run beside it.
	Now func() time.Time
}

// Start is where the screens begin.
type Start struct {
	open    bool
	profile string
	handle  runs.Handle
	player  *replay.Player
}

var (
	// StartHome begins at the home screen. It is the zero value.
	StartHome = Start{}
	// StartRehearsal begins with a plan against the lab.
	StartRehearsal = Start{open: true}
)

// StartProfile begins with a plan against the vault of a profile.
func StartProfile(name string) Start { return Start{open: true, profile: name} }

// StartRun begins at the live screen of a run that this process drives.
func StartRun(h runs.Handle) Start { return Start{handle: h} }

// StartReplay begins at the replay of a recorded run, where the player stands.
func StartReplay(p *replay.Player) Start { return Start{player: p} }

// Result is what happened on the screens, for what is said after the terminal
// was given back.
type Result struct {
	Run      engine.RunID   // the last run that was driven here; "" for none
	Outcome  engine.Outcome // how it ended; "" if it did not end here
	Detached bool           // it was left running
	// Interrupted says that the screens were left with ctrl+c while nothing ran.
	Interrupted bool
	State       engine.State // the run as it was last seen
}
