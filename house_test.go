package main

import (
	"bytes"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"failback/tui/cli"
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

var link = regexp.MustCompile(`\]\(([^)#]+)\)`)

// TestDocsLinkToWhatIsThere follows every link of the documents inside the tree.
func TestDocsLinkToWhatIsThere(t *testing.T) {
	pages, err := filepath.Glob("docs/*.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, page := range append(pages, "README.md", "CHANGELOG.md") {
		for _, m := range link.FindAllStringSubmatch(read(t, page), -1) {
			if strings.Contains(m[1], "://") {
				continue
			}
			if _, err := os.Stat(filepath.Join(filepath.Dir(page), filepath.FromSlash(m[1]))); err != nil {
				t.Errorf("%s links to %s: %v", page, m[1], err)
			}
		}
	}
}

// TestReadmeNamesEveryCommand keeps the table of commands whole.
func TestReadmeNamesEveryCommand(t *testing.T) {
	page := read(t, "README.md")
	var out bytes.Buffer
	cli.Run(t.Context(), []string{"--help"}, cli.Deps{Streams: cli.Streams{Out: &out, Err: &out}})
	_, list, ok := strings.Cut(out.String(), "Available Commands:\n")
	if !ok {
		t.Fatalf("help lists no commands:\n%s", &out)
	}
	list, _, _ = strings.Cut(list, "\n\n")
	for line := range strings.Lines(list) {
		if name := strings.Fields(line)[0]; name != "help" && !strings.Contains(page, name) {
			t.Errorf("README.md does not name %s", name)
		}
	}
}
