package cli

import (
	"strings"
	"testing"

	"failback/engine"
)

func items(names ...string) []engine.Item {
	out := make([]engine.Item, len(names))
	for i, n := range names {
		out[i] = engine.Item{ID: "/items/" + n, Name: n}
	}
	return out
}

func TestItemsAreFoundByNameOrID(t *testing.T) {
	all := items("web01", "sql01", "SQL02", "sql02")
	for typed, want := range map[string]string{"web01": "web01", "WEB01": "web01", "/ITEMS/sql01": "sql01", "SQL02": "SQL02", "sql02": "sql02"} {
		it, err := findItem(typed, all)
		if err != nil || it.Name != want {
			t.Errorf("%q gave %q, %v; want %q", typed, it.Name, err, want)
		}
	}
}

func TestUnknownItemsNameWhatIsNear(t *testing.T) {
	all := items("web01", "web02", "sql01", "SQL02", "sql02")
	for typed, want := range map[string]string{
		"wbe01": "did you mean web01",
		"web":   "did you mean web01, web02",
		"Sql02": "may be several: SQL02, sql02",
	} {
		_, err := findItem(typed, all)
		if engine.KindOf(err) != engine.FailureUsage || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want …%s…", typed, err, want)
		}
	}
	if _, err := findItem("something-else", all); strings.Contains(err.Error(), "did you mean") {
		t.Errorf("a far name is proposed: %v", err)
	}
}

func TestDistance(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want int
	}{{"", "", 0}, {"", "abc", 3}, {"abc", "abc", 0}, {"abc", "abd", 1}, {"kitten", "sitting", 3}, {"äb", "ab", 1}} {
		if got := distance(c.a, c.b); got != c.want {
			t.Errorf("%q and %q: %d, want %d", c.a, c.b, got, c.want)
		}
	}
}
