// Command fleet writes the journal of a run of many items, as the tests make it up,
// into a state directory: for pictures of such a run.
//
//	go run ./docs/img/fleet STATE-DIR ITEMS
package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strconv"
	"time"

	"failback/engine/journal"
	"failback/tui/tuitest"
)

func main() {
	if err := write(); err != nil {
		fmt.Fprintln(os.Stderr, "fleet:", err)
		os.Exit(1)
	}
}

func write() error {
	if len(os.Args) != 3 {
		return fmt.Errorf("usage: fleet STATE-DIR ITEMS")
	}
	n, err := strconv.Atoi(os.Args[2])
	if err != nil || n < 1 {
		return fmt.Errorf("%q is no number of items", os.Args[2])
	}
	events := tuitest.RecordFleet(n, time.Date(2026, 3, 14, 22, 15, 0, 0, time.UTC))
	dir := filepath.Join(os.Args[1], "runs", string(events[0].Run))
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	w, err := journal.Create(filepath.Join(dir, journal.FileName))
	if err != nil {
		return err
	}
	for _, e := range events {
		if err := w.Append(e); err != nil {
			return err
		}
	}
	return w.Close()
}
