package main

import (
	"os"
	"strings"
	"testing"
)

// TestEveryDependencyHasAReason holds docs/dependencies.md and go.mod together.
func TestEveryDependencyHasAReason(t *testing.T) {
	page := read(t, "docs/dependencies.md")
	direct := map[string]bool{}
	for line := range strings.Lines(read(t, "go.mod")) {
		f := strings.Fields(line)
		if len(f) == 2 && strings.HasPrefix(f[1], "v") && !strings.HasPrefix(line, "require ") {
			direct[f[0]] = true
		}
	}
	if len(direct) == 0 {
		t.Fatal("go.mod names no module")
	}
	for m := range direct {
		if !strings.Contains(page, "| `"+m+"` |") {
			t.Errorf("docs/dependencies.md does not say why %s is here", m)
		}
	}
	for line := range strings.Lines(page) {
		if m, _, ok := strings.Cut(strings.TrimPrefix(line, "| `"), "` |"); ok && strings.HasPrefix(line, "| `") && !direct[m] {
			t.Errorf("docs/dependencies.md explains %s, which go.mod does not name", m)
		}
	}
}

func read(t *testing.T, path string) string {
	t.Helper()
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}
