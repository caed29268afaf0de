// Command failback brings Hyper-V virtual machines home from Azure with Azure
// Site Recovery, and rehearses it in an embedded lab.
package main

import (
	"context"
	"os"
	"os/signal"
	"syscall"

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
	// The second interrupt finds the system's own handling and ends at once.
	context.AfterFunc(ctx, stop)
	return cli.Run(ctx, os.Args[1:], cli.Deps{
		Build:       cli.Build{Version: version, Commit: commit, Date: date}.WithDefaults(),
		Streams:     cli.SystemStreams(),
		Certificate: certificateThumbprint,
	})
}
