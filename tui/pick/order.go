package pick

import (
	"slices"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"failback/tui/lang"
)

// Add puts rows behind those that were set. Cursor, marks, filter and order stay.
func (l *List) Add(rows []Row) {
	if l.marks == nil {
		l.marks = map[int]bool{}
	}
	l.take(rows)
	l.arrange()
	l.refilter()
}

// take keeps rows with what every frame and every key of a filter would otherwise
// have to reckon again.
func (l *List) take(rows []Row) {
	for _, r := range rows {
		r.Cells = l.said(r)
		l.rows = append(l.rows, r)
		l.found = append(l.found, strings.ToLower(strings.Join(r.Cells, " ")))
		l.headings = l.headings || r.Heading
	}
}

// said are a row's cells in the language of the list, but for names.
func (l *List) said(r Row) []string {
	if l.Language == lang.English {
		return r.Cells
	}
	out := make([]string, len(r.Cells))
	for i, c := range r.Cells {
		out[i] = c
		if r.Heading || i < len(l.Columns) && !l.Columns[i].Name {
			out[i] = l.Language.Say(c)
		}
	}
	return out
}

// measure reckons the widest cells of rows that were not measured yet. words is how
// cells are drawn, which symbols that a terminal lacks make longer.
func (l *List) measure(words func(string) string) {
	if len(l.widest) != len(l.Columns) {
		l.widest, l.measured = make([]int, len(l.Columns)), 0
	}
	for ; l.measured < len(l.rows); l.measured++ {
		r := l.rows[l.measured]
		if r.Heading {
			continue
		}
		for i, c := range r.Cells {
			if i < len(l.widest) {
				l.widest[i] = max(l.widest[i], ansi.StringWidth(words(c)))
			}
		}
	}
}

// sortable reports whether there is something to sort: rows under headings stay there.
func (l *List) sortable() bool { return l.Sorts && !l.headings && len(l.rows) > 1 }

// Sorted is the title of the column that the list is sorted by, "" for none.
func (l *List) Sorted() string {
	if l.sorted == 0 {
		return ""
	}
	return l.Columns[l.sorted-1].Title
}

// arrange sorts, keeping rows that are alike in the order in which they were set.
func (l *List) arrange() {
	l.order = nil
	if l.sorted == 0 {
		return
	}
	keys := make([]string, len(l.rows))
	l.order = make([]int, len(l.rows))
	for i, r := range l.rows {
		keys[i], l.order[i] = r.key(l.sorted-1), i
	}
	slices.SortStableFunc(l.order, func(a, b int) int { return strings.Compare(keys[a], keys[b]) })
}

// key is what the row is sorted by in a column.
func (r Row) key(column int) string {
	if column < len(r.Keys) && r.Keys[column] != "" {
		return r.Keys[column]
	}
	if column < len(r.Cells) {
		return strings.ToLower(r.Cells[column])
	}
	return ""
}
