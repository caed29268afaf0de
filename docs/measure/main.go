// Command measure repeats the measurements of docs/performance.md that have to do
// with moving a disk: one page blob on a loopback server, this program and its
// peers in turn, medians of five rounds or more. Run it from the repository:
//
//	go run ./docs/measure [-rounds 5] [-dir DIR] [-only pull,vhdx,changes,compare,memory]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"slices"
	"strings"
)

func main() {
	if err := run(); err != nil {
		fmt.Fprintln(os.Stderr, "measure:", err)
		os.Exit(1)
	}
}

func run() error {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if len(os.Args) > 2 && os.Args[1] == discardWord {
		return discard(ctx, os.Args[2])
	}
	rounds := flag.Int("rounds", 5, "rounds of each measurement")
	dir := flag.String("dir", "", "where the disks are made (default: a new folder in the system's own)")
	only := flag.String("only", "", "which measurements, with commas between")
	flag.Parse()
	if *dir == "" {
		made, err := os.MkdirTemp("", "measure")
		if err != nil {
			return err
		}
		defer func() { _ = os.RemoveAll(made) }()
		*dir = made
	}
	b, err := newBench(ctx, *dir, *rounds, os.Stderr)
	if err != nil {
		return err
	}
	defer b.close()
	for _, m := range []struct {
		name string
		run  func(context.Context) (table, error)
	}{{"pull", b.pull}, {"vhdx", b.vhdx}, {"changes", b.changes}, {"compare", b.compare}, {"memory", b.memory}} {
		if *only != "" && !slices.Contains(strings.Split(*only, ","), m.name) {
			continue
		}
		t, err := m.run(ctx)
		if err != nil {
			return fmt.Errorf("%s: %w", m.name, err)
		}
		fmt.Println(t)
	}
	return nil
}
