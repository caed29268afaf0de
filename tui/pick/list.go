// Package pick is the list that every screen uses: rows in columns, a cursor,
// marks, a filter. Rows that may not be chosen stay visible with their reason.
package pick

import (
	"strings"

	tea "github.com/charmbracelet/bubbletea"

	"failback/tui/field"
	"failback/tui/keymap"
	"failback/tui/lang"
)

// Row is one line of a list.
type Row struct {
	Cells []string
	// Keys stand for the cells at their places where the list is sorted, for what is
	// not in the order of its words; "" or none for those that are.
	Keys    []string
	Off     string // why it can't be chosen; "" if it can
	Heading bool   // a line between rows, empty without cells; the cursor passes over it
	Alarm   bool   // drawn so that nobody misses it
}

// Column says how the cells at its place are drawn. Columns with a higher Drop
// are left out first where the screen is narrow; 0 is never left out.
type Column struct {
	Title string
	Drop  int
	Right bool
	// Name has cells that somebody has named: they are never said in another language.
	Name bool
}

// List is a list with a cursor. The zero value is empty; set Columns and Rows
// with [List.Set].
type List struct {
	Columns []Column
	Many    bool // rows can be marked
	// Language is what rows and titles are said in, those that are set from then on.
	Language lang.Language
	Sorts    bool // a key sorts it, by one column after another

	rows      []Row
	found     []string // what the filter looks through, by row
	widest    []int    // cells of the widest row, by column, of those measured
	measured  int      // how many rows were; a list is drawn with one set of symbols
	headings  bool     // there are some: the rows stand in an order of their own
	sorted    int      // the column that the rows are sorted by, from 1; 0 for none
	order     []int    // indexes of rows as they are sorted; nil where they are not
	visible   []int    // indexes of rows that the filter lets through
	cursor    int      // index into visible
	marks     map[int]bool
	filter    *field.Field
	filtering bool
}

// Set replaces the rows. The cursor goes to the first row that can be chosen.
func (l *List) Set(rows []Row) {
	// What was visible were other rows.
	l.visible, l.cursor = nil, 0
	l.rows, l.marks, l.filter, l.filtering = nil, map[int]bool{}, nil, false
	l.found, l.widest, l.headings, l.sorted, l.order = nil, nil, false, 0, nil
	l.measured = 0
	l.take(rows)
	l.refilter()
	l.cursor = 0
	for i, r := range l.visible {
		if !l.rows[r].Heading && l.rows[r].Off == "" {
			l.cursor = i
			return
		}
	}
	l.settle(1)
}

// Renew replaces the rows by newer ones and puts the cursor on the row at an index
// of these. Filter and order stay.
func (l *List) Renew(rows []Row, at int) {
	filter, filtering, sorted := l.filter, l.filtering, l.sorted
	l.Set(rows)
	l.filter, l.filtering, l.sorted = filter, filtering, sorted
	l.arrange()
	l.refilter()
	l.Point(at)
	l.settle(1)
}

// Len is the number of rows, whatever the filter says.
func (l *List) Len() int { return len(l.rows) }

// Current is the row under the cursor, by its index in what was set.
func (l *List) Current() (int, bool) {
	if l.cursor < 0 || l.cursor >= len(l.visible) || l.rows[l.visible[l.cursor]].Heading {
		return 0, false
	}
	return l.visible[l.cursor], true
}

// Row returns the row at an index of what was set.
func (l *List) Row(i int) Row { return l.rows[i] }

// Point puts the cursor on the row with that index, if the filter shows it.
func (l *List) Point(row int) {
	for i, r := range l.visible {
		if r == row {
			l.cursor = i
			return
		}
	}
}

// Mark marks the row with that index.
func (l *List) Mark(row int) { l.marks[row] = true }

// Marked lists the marked rows in order.
func (l *List) Marked() []int {
	var out []int
	for i := range l.rows {
		if l.marks[i] {
			out = append(out, i)
		}
	}
	return out
}

// Filtered reports whether a filter narrows the list: then esc takes it off.
func (l *List) Filtered() bool { return l.filter != nil }

// Typing reports whether keys go into the filter now.
func (l *List) Typing() bool { return l.filtering }

// Key lets the list act on a key and reports whether it did.
func (l *List) Key(msg tea.KeyMsg) bool {
	if l.filtering {
		l.typeFilter(msg)
		return true
	}
	switch {
	case keymap.Up.Is(msg):
		l.move(-1)
	case keymap.Down.Is(msg):
		l.move(1)
	case keymap.PageUp.Is(msg):
		l.move(-10)
	case keymap.PageDown.Is(msg):
		l.move(10)
	case keymap.Top.Is(msg):
		l.cursor = 0
		l.settle(1)
	case keymap.Bottom.Is(msg):
		l.cursor = len(l.visible) - 1
		l.settle(-1)
	case keymap.Filter.Is(msg):
		l.filtering, l.filter = true, field.New("Filter", "part of a name")
	case l.sortable() && keymap.Sort.Is(msg):
		l.sorted = (l.sorted + 1) % (len(l.Columns) + 1)
		l.arrange()
		l.refilter()
	case l.Many && keymap.Mark.Is(msg):
		l.toggle()
	case l.Many && keymap.MarkAll.Is(msg):
		l.markAll()
	case keymap.Back.Is(msg) && l.filter != nil:
		l.filter = nil
		l.refilter()
	default:
		return false
	}
	return true
}

func (l *List) typeFilter(msg tea.KeyMsg) {
	switch {
	case keymap.Choose.Is(msg):
		l.filtering = false
		if l.filter.Value() == "" {
			l.filter = nil
		}
	case keymap.Back.Is(msg):
		l.filtering, l.filter = false, nil
		l.refilter()
	default:
		l.filter.Key(msg)
		l.refilter()
	}
}

func (l *List) refilter() {
	at, had := l.Current()
	var want string
	if l.filter != nil {
		want = strings.ToLower(l.filter.Value())
	}
	l.visible = make([]int, 0, len(l.rows))
	for n := range l.rows {
		i := n
		if l.order != nil {
			i = l.order[n]
		}
		if want == "" || !l.rows[i].Heading && strings.Contains(l.found[i], want) {
			l.visible = append(l.visible, i)
		}
	}
	l.cursor = 0
	if had {
		l.Point(at)
	}
	l.settle(1)
}

func (l *List) move(by int) {
	l.cursor = max(0, min(l.cursor+by, len(l.visible)-1))
	l.settle(by)
}

// settle takes the cursor off headings, in the direction it was going.
func (l *List) settle(by int) {
	step := 1
	if by < 0 {
		step = -1
	}
	for range 2 {
		for i := l.cursor; i >= 0 && i < len(l.visible); i += step {
			if !l.rows[l.visible[i]].Heading {
				l.cursor = i
				return
			}
		}
		step = -step
	}
}

func (l *List) toggle() {
	if i, ok := l.Current(); ok && l.rows[i].Off == "" {
		l.marks[i] = !l.marks[i]
		l.move(1)
	}
}

func (l *List) markAll() {
	all := true
	for _, i := range l.visible {
		all = all && (l.rows[i].Off != "" || l.rows[i].Heading || l.marks[i])
	}
	for _, i := range l.visible {
		if l.rows[i].Off == "" && !l.rows[i].Heading {
			l.marks[i] = !all
		}
	}
}
