package pick_test

import (
	"fmt"
	"strings"
	"testing"

	"failback/tui/pick"
	"failback/tui/tuitest"
)

// many is a vault's items as the wizard lists them.
func many(n int) *pick.List {
	l := &pick.List{Many: true, Sorts: true, Columns: []pick.Column{
		{Title: "Item"}, {Title: "Runs", Drop: 2}, {Title: "Size", Right: true, Drop: 3}, {Title: "Host", Drop: 4}, {Title: "State", Drop: 1},
	}}
	l.Set(manyRows(0, n))
	return l
}

func manyRows(from, to int) []pick.Row {
	var rows []pick.Row
	for i := from; i < to; i++ {
		size := i * 7919 % 4096
		rows = append(rows, pick.Row{
			Cells: []string{fmt.Sprintf("app-%05d", i*31337%100000), "in Azure", fmt.Sprintf("%d GiB", size), fmt.Sprintf("hv%02d.example.com", i%40), "ready"},
			Keys:  []string{"", "", fmt.Sprintf("%020d", size)},
		})
	}
	return rows
}

func benchFrame(b *testing.B, rows int) {
	l := many(rows)
	press(l, "pgdown", "pgdown")
	b.ReportAllocs()
	for b.Loop() {
		if got := len(l.View(plain, 120, 34)); got != 34 {
			b.Fatalf("%d lines", got)
		}
	}
}

// BenchmarkFrameFloor is a frame of a list hardly longer than the screen.
func BenchmarkFrameFloor(b *testing.B) { benchFrame(b, 40) }

// BenchmarkFrame is a frame of 5,000 rows.
func BenchmarkFrame(b *testing.B) { benchFrame(b, 5000) }

// BenchmarkFilterKey is a letter typed into the filter of 5,000 rows, and one taken
// back, with a frame after each.
func BenchmarkFilterKey(b *testing.B) {
	l := many(5000)
	press(l, "/", "a", "p")
	b.ReportAllocs()
	for b.Loop() {
		press(l, "p")
		l.View(plain, 120, 34)
		press(l, "backspace")
		l.View(plain, 120, 34)
	}
}

// BenchmarkSort is 5,000 rows sorted by the next column, with a frame.
func BenchmarkSort(b *testing.B) {
	l := many(5000)
	b.ReportAllocs()
	for b.Loop() {
		press(l, "o")
		l.View(plain, 120, 34)
	}
}

// BenchmarkAddPage is a page of 100 rows that comes to 4,900, with a frame.
func BenchmarkAddPage(b *testing.B) {
	page := manyRows(4900, 5000)
	l := many(4900)
	l.View(plain, 120, 34)
	b.ReportAllocs()
	for b.Loop() {
		b.StopTimer()
		l = many(4900)
		l.View(plain, 120, 34)
		b.StartTimer()
		l.Add(page)
		l.View(plain, 120, 34)
	}
}

// first is the first word of the list's first row.
func first(l *pick.List) string {
	return strings.Fields(strings.Trim(l.View(plain, 120, 8)[1], " >[]x"))[0]
}

func TestSortingGoesFromColumnToColumnAndBack(t *testing.T) {
	l := &pick.List{Sorts: true, Columns: []pick.Column{{Title: "Name"}, {Title: "Size", Right: true}}}
	l.Set([]pick.Row{
		{Cells: []string{"beta", "20 GiB"}, Keys: []string{"", "020"}},
		{Cells: []string{"alpha", "100 GiB"}, Keys: []string{"", "100"}},
		{Cells: []string{"gamma", "3 GiB"}, Keys: []string{"", "003"}},
	})
	for _, want := range []struct{ title, first string }{{"Name", "alpha"}, {"Size", "gamma"}, {"", "beta"}} {
		press(l, "o")
		if got := first(l); got != want.first || l.Sorted() != want.title {
			t.Errorf("sorted by %q: first %q, want %q by %q\n%s", l.Sorted(), got, want.first, want.title, strings.Join(l.View(plain, 60, 8), "\n"))
		}
	}
	unsorted := list(false)
	if unsorted.Key(tuitest.Key("o")) {
		t.Error("a list under headings took the key")
	}
}

// Rows that come while somebody looks change neither the filter, the order nor the row
// under the cursor.
func TestAddedRowsKeepWhatSomebodyLooksAt(t *testing.T) {
	l := many(500)
	press(l, "o", "/", "h", "v", "0", "7", "enter", "down", "down", "space")
	at, ok := l.Current()
	if !ok {
		t.Fatal("no row")
	}
	marked := len(l.Marked())
	l.Add(manyRows(500, 1000))
	if now, _ := l.Current(); now != at || l.Len() != 1000 || len(l.Marked()) != marked || l.Sorted() != "Item" || !l.Filtered() {
		t.Errorf("cursor on %d, was %d; %d rows, %d marked, sorted by %q", now, at, l.Len(), len(l.Marked()), l.Sorted())
	}
	view := l.View(plain, 120, 30)
	last := ""
	for _, line := range view {
		if i := strings.Index(line, "app-"); i >= 0 {
			if name := line[i : i+9]; name < last {
				t.Errorf("%s after %s", name, last)
			} else {
				last = name
			}
			if !strings.Contains(line, "hv07") {
				t.Errorf("the filter let through %q", line)
			}
		}
	}
}
