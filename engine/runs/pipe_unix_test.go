//go:build !windows

package runs

import (
	"syscall"
	"testing"
)

// pipe makes a file that nobody ever finishes reading.
func pipe(t *testing.T, path string) {
	t.Helper()
	if err := syscall.Mkfifo(path, 0o600); err != nil {
		t.Fatal(err)
	}
}
