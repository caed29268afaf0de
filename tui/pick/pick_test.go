package pick_test

import (
	"io"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"

	"failback/tui/glyph"
	"failback/tui/look"
	"failback/tui/pick"
	"failback/tui/theme"
	"failback/tui/tuitest"
)

var plain = look.Look{T: theme.New(theme.None, io.Discard), G: glyph.ASCII()}

func list(many bool) *pick.List {
	l := &pick.List{Many: many, Columns: []pick.Column{{Title: "Name"}, {Title: "Size", Right: true, Drop: 2}, {Title: "Note", Drop: 1}}}
	l.Set([]pick.Row{
		{Heading: true, Cells: []string{"Group"}},
		{Cells: []string{"alpha", "1 GiB", "fine"}},
		{Cells: []string{"beta", "20 GiB", "no"}, Off: "not ready"},
		{Heading: true},
		{Cells: []string{"gamma", "3 GiB", "fine"}},
	})
	return l
}

func press(l *pick.List, keys ...string) {
	for _, k := range keys {
		l.Key(tuitest.Key(k))
	}
}

func TestCursorPassesOverHeadings(t *testing.T) {
	l := list(false)
	for _, c := range []struct {
		key  string
		want int
	}{{"up", 1}, {"down", 2}, {"down", 4}, {"down", 4}, {"up", 2}, {"g", 1}, {"G", 4}, {"pgup", 1}, {"pgdown", 4}} {
		press(l, c.key)
		if got, ok := l.Current(); !ok || got != c.want {
			t.Errorf("after %s the cursor is at %d, want %d", c.key, got, c.want)
		}
	}
}

func TestOnlyReadyRowsAreMarked(t *testing.T) {
	l := list(true)
	press(l, "down", "space", "g", "space")
	if got := l.Marked(); len(got) != 1 || got[0] != 1 {
		t.Errorf("marked %v", got)
	}
	press(l, "a")
	if got := l.Marked(); len(got) != 2 || got[1] != 4 {
		t.Errorf("all: marked %v", got)
	}
	press(l, "a")
	if got := l.Marked(); len(got) != 0 {
		t.Errorf("none: marked %v", got)
	}
}

func TestFilterNarrowsAndEscBringsAllBack(t *testing.T) {
	l := list(false)
	press(l, "/", "g", "A", "m")
	view := strings.Join(l.View(plain, 60, 10), "\n")
	if !strings.Contains(view, "gamma") || strings.Contains(view, "alpha") || !l.Typing() {
		t.Errorf("the filter shows\n%s", view)
	}
	press(l, "enter")
	if i, _ := l.Current(); i != 4 || l.Typing() {
		t.Errorf("the cursor is at %d", i)
	}
	press(l, "esc")
	if view := strings.Join(l.View(plain, 60, 10), "\n"); !strings.Contains(view, "alpha") {
		t.Errorf("after esc\n%s", view)
	}
}

func TestColumnsGoByPriority(t *testing.T) {
	l := list(false)
	if v := strings.Join(l.View(plain, 18, 10), "\n"); strings.Contains(v, "GiB") || !strings.Contains(v, "fine") {
		t.Errorf("at 18 cells\n%s", v)
	}
	if v := strings.Join(l.View(plain, 60, 10), "\n"); !strings.Contains(v, " 1 GiB") {
		t.Errorf("at 60 cells\n%s", v)
	}
}

func TestLongListsCountWhatIsHidden(t *testing.T) {
	l := &pick.List{Columns: []pick.Column{{}}}
	rows := make([]pick.Row, 500)
	for i := range rows {
		rows[i] = pick.Row{Cells: []string{strings.Repeat("x", i%70)}}
	}
	l.Set(rows)
	press(l, "pgdown", "pgdown")
	for w := 5; w < 100; w += 7 {
		for h := 1; h < 20; h++ {
			lines := l.View(plain, w, h)
			if len(lines) > h {
				t.Fatalf("%d lines for %d", len(lines), h)
			}
			for _, s := range lines {
				if ansi.StringWidth(s) > w {
					t.Fatalf("%d cells for %d: %q", ansi.StringWidth(s), w, s)
				}
			}
		}
	}
	view := strings.Join(l.View(plain, 40, 9), "\n")
	if !strings.Contains(view, "more") {
		t.Errorf("nothing says that rows are hidden:\n%s", view)
	}
}

// A shorter list after a longer one: the cursor was beyond its end.
func TestSetForgetsTheRowsBefore(t *testing.T) {
	l := list(false)
	press(l, "G")
	l.Set([]pick.Row{{Cells: []string{"delta"}}})
	if i, ok := l.Current(); !ok || i != 0 {
		t.Errorf("the cursor is on row %d, %v", i, ok)
	}
	l.Set(nil)
	if i, ok := l.Current(); ok {
		t.Errorf("the cursor is on row %d of none", i)
	}
}

// An arrow is two cells where symbols are ASCII: the column makes room for it.
func TestColumnsAreMeasuredAsTheyAreDrawn(t *testing.T) {
	l := &pick.List{Columns: []pick.Column{{}, {}}}
	l.Set([]pick.Row{{Cells: []string{"Azure → on-premises", "failback"}}})
	if v := strings.Join(l.View(plain, 60, 5), "\n"); !strings.Contains(v, "Azure -> on-premises  failback") {
		t.Errorf("drawn as\n%s", v)
	}
}
