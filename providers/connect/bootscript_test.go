package connect_test

import (
	"path/filepath"
	"runtime"
	"testing"
)

// scriptPath is a script of the tests, or skips where the system has no shell for it.
func scriptPath(t *testing.T, name string) string {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the scripts of this test are for a Unix shell")
	}
	path, err := filepath.Abs(filepath.Join("..", "jumpbox", "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return path
}
