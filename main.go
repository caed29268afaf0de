// Command failback brings Hyper-V virtual machines home from Azure with Azure
// Site Recovery, and rehearses it in an embedded lab.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

	"failback/engine"
	"failback/tui/cli"
)

// Set by the linker for releases.
var version, commit, date string

func main() {
	os.Exit(run())
}

func run() int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	// A reader that goes away is an error of a write: a run is let go of in order.
	signal.Ignore(syscall.SIGPIPE)
	// The second interrupt finds the system's own handling and ends at once.
	context.AfterFunc(ctx, stop)
	return cli.Run(ctx, os.Args[1:], cli.Deps{
		Build:       cli.Build{Version: version, Commit: commit, Date: date}.WithDefaults(),
		Streams:     cli.SystemStreams(),
		Open:        open,
		ServeLab:    serveLab,
		ResetLab:    resetLab,
		Certificate: certificateThumbprint,
	})
}

// open connects to a profile or to the lab: the same providers either way.
func open(ctx context.Context, t cli.Target) (*engine.Connection, error) {
	if t.Profile != nil {
		return openProfile(ctx, *t.Profile)
	}
	return openLab(ctx, t.Lab)
}
