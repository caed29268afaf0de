package engine_test

import (
	"os/exec"
	"slices"
	"strings"
	"testing"
)

// deps lists everything a package pattern needs, tests left out.
func deps(t *testing.T, pattern string) []string {
	t.Helper()
	out, err := exec.CommandContext(t.Context(), "go", "list", "-deps", "failback/"+pattern).Output()
	if err != nil {
		t.Fatalf("go list -deps failback/%s: %v", pattern, err)
	}
	return strings.Fields(string(out))
}

// TestArrows holds the direction of imports: every row says who may not need
// whom, directly or through others.
func TestArrows(t *testing.T) {
	for _, c := range []struct {
		who  string
		not  []string
		only []string // exceptions to not
	}{
		{"engine", []string{"failback/", "github.com/"}, []string{"failback/engine", "failback/engine/transfer/pace"}}, // the parser of a plan's limit
		{"engine/transfer/...", []string{"failback/", "github.com/"}, []string{"failback/engine/transfer", "failback/engine/transfer/"}},
		{"engine/...", []string{"failback/config", "failback/tui", "failback/providers", "github.com/charmbracelet", "github.com/Azure"}, nil},
		{"config", []string{"failback/"}, []string{"failback/config"}},
		{"tui/...", []string{"failback/providers", "github.com/Azure"}, nil},
		{"providers/...", []string{"failback/tui", "failback/config", "github.com/charmbracelet"}, nil},
		{"providers/disk/...", []string{"failback/", "github.com/"}, []string{"failback/engine/transfer", "failback/engine/transfer/", "failback/providers/disk/", "failback/providers/disk"}},
		{"providers/lab/...", []string{"failback/"}, []string{"failback/engine/transfer", "failback/engine/transfer/", "failback/providers/lab/", "failback/providers/lab", "failback/providers/hyperv/scripts", "failback/providers/azure/pageblob", "failback/providers/disk/", "failback/providers/disk"}},
		{"providers/azure/pageblob", []string{"failback/"}, []string{"failback/engine/transfer", "failback/engine/transfer/", "failback/providers/azure/pageblob"}},
	} {
		t.Run(c.who, func(t *testing.T) {
			for _, dep := range deps(t, c.who) {
				forbidden := slices.ContainsFunc(c.not, func(p string) bool { return strings.HasPrefix(dep, p) })
				allowed := slices.ContainsFunc(c.only, func(p string) bool {
					return dep == p || strings.HasSuffix(p, "/") && strings.HasPrefix(dep, p)
				})
				if forbidden && !allowed {
					t.Errorf("failback/%s needs %s", c.who, dep)
				}
			}
		})
	}
}

// TestOneCharmFamily guards against two major versions of the same terminal
// library in one program.
func TestOneCharmFamily(t *testing.T) {
	for _, dep := range deps(t, "...") {
		if strings.HasPrefix(dep, "charm.land/") || strings.HasPrefix(dep, "github.com/charmbracelet/") && strings.Contains(dep, "/v2") {
			t.Errorf("%s is of another family than bubbletea v1", dep)
		}
	}
}
