// Package racetest keeps runs that are long under the race detector out of it: their
// paths are those of others, which are raced.
package racetest

import (
	"os"
	"testing"
)

// On says that a test is under the race detector and is not to take its time, which
// FAILBACK_LONG would let it.
func On() bool { return detector && os.Getenv("FAILBACK_LONG") == "" }

// Skip skips a test under the race detector, which makes it ten times as long.
// Without the detector, and with FAILBACK_LONG, it always runs.
func Skip(t testing.TB) {
	t.Helper()
	if On() {
		t.Skip("runs without the race detector, or with FAILBACK_LONG=1")
	}
}

// Detector says that the race detector watches.
func Detector() bool { return detector }
