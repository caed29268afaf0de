package pick

import (
	"fmt"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"failback/tui/look"
)

const gap = 2

// View draws the list into w cells and at most h lines. Lines that do not fit
// are counted at the edge where they are missing.
func (l *List) View(k look.Look, w, h int) []string {
	if h < 1 {
		return nil
	}
	var out []string
	widths := l.widths(k, w)
	if l.filter != nil {
		out = append(out, l.filter.View(k, w, l.filtering))
	}
	if l.titled() && h > 3 {
		out = append(out, k.T.Muted.Render(l.indent()+l.line(k, l.titles(k), widths)))
	}
	return append(out, l.window(k, widths, w, h-len(out))...)
}

func (l *List) window(k look.Look, widths []int, w, h int) []string {
	if len(l.visible) == 0 {
		none := "  nothing here"
		if l.filter != nil {
			none = "  nothing matches; esc shows all again"
		}
		return []string{k.T.Muted.Render(k.Cut(k.Say(none), w))}[:min(1, max(h, 0))]
	}
	first, count := span(l.cursor, len(l.visible), max(h, 1))
	out := make([]string, 0, count)
	for i := first; i < first+count; i++ {
		out = append(out, l.draw(k, i, widths, w))
	}
	if first > 0 && count > 2 {
		out[0] = k.Cut(k.T.Muted.Render("    "+k.G.Less+" "+k.Say(fmt.Sprintf("%d more", first+1))), w)
	}
	if rest := len(l.visible) - first - count; rest > 0 && count > 2 {
		out[count-1] = k.Cut(k.T.Muted.Render("    "+k.G.More+" "+k.Say(fmt.Sprintf("%d more", rest+1))), w)
	}
	return out
}

// span is the part of n lines that h lines show around the cursor, which is
// never in the first or last of them while there is more beyond.
func span(cursor, n, h int) (first, count int) {
	if n <= h {
		return 0, n
	}
	return max(0, min(cursor-h/2, n-h)), h
}

func (l *List) draw(k look.Look, i int, widths []int, w int) string {
	r := l.rows[l.visible[i]]
	if r.Heading && len(r.Cells) == 0 {
		return ""
	}
	if r.Heading {
		return k.Section(k.Words(strings.Join(r.Cells, " ")), w)
	}
	cursor, style := "  ", k.T.Text
	switch {
	case r.Off != "":
		style = k.T.Muted
	case r.Alarm:
		style = k.T.Bad
	}
	if i == l.cursor {
		cursor = k.T.Accent.Render(k.G.Cursor) + " "
		if r.Off == "" {
			style = k.T.Accent
		}
	}
	return k.Cut(cursor+l.mark(k, l.visible[i], r)+style.Render(l.line(k, r.Cells, widths)), w)
}

func (l *List) mark(k look.Look, row int, r Row) string {
	switch {
	case !l.Many:
		return ""
	case r.Off != "":
		return "  "
	case l.marks[row]:
		return k.T.Accent.Render(k.G.Checked) + " "
	}
	return k.T.Muted.Render(k.G.Unchecked) + " "
}

// indent is the room of cursor and mark before the cells.
func (l *List) indent() string {
	if l.Many {
		return "    "
	}
	return "  "
}

func (l *List) titled() bool {
	for _, c := range l.Columns {
		if c.Title != "" {
			return true
		}
	}
	return false
}

func (l *List) titles(k look.Look) []string {
	out := make([]string, len(l.Columns))
	for i, c := range l.Columns {
		out[i] = k.Say(c.Title)
		if l.sorted == i+1 {
			out[i] += " " + k.G.More
		}
	}
	return out
}

func (l *List) line(k look.Look, cells []string, widths []int) string {
	var b strings.Builder
	for i, c := range cells {
		if i >= len(widths) || widths[i] == 0 {
			continue
		}
		if b.Len() > 0 {
			b.WriteString(strings.Repeat(" ", gap))
		}
		cell := k.Words(c)
		if i < len(l.Columns) && l.Columns[i].Right {
			b.WriteString(k.Right(cell, widths[i]))
			continue
		}
		b.WriteString(k.Fit(cell, widths[i]))
	}
	return strings.TrimRight(b.String(), " ")
}

// widths gives every column the width of its widest cell, leaves out columns
// while the line is too long, and then takes the rest from the last one. It
// measures what will be drawn: an arrow is two cells where symbols are ASCII.
func (l *List) widths(k look.Look, w int) []int {
	out := make([]int, len(l.Columns))
	for i, c := range l.Columns {
		out[i] = ansi.StringWidth(k.Say(c.Title))
	}
	l.measure(k.Words)
	for i, cells := range l.widest {
		if l.sorted == i+1 {
			out[i] += 2 // the mark behind its title
		}
		out[i] = max(out[i], cells)
	}
	room := w - len(l.indent())
	for total(out) > room {
		drop, at := 0, -1
		for i, c := range l.Columns {
			if out[i] > 0 && c.Drop > drop {
				drop, at = c.Drop, i
			}
		}
		if at < 0 {
			break
		}
		// The last column keeps what is left if that is enough to read.
		if keep := out[at] - (total(out) - room); keep >= 16 {
			out[at] = keep
			break
		}
		out[at] = 0
	}
	return out
}

func total(widths []int) int {
	sum := -gap
	for _, w := range widths {
		if w > 0 {
			sum += w + gap
		}
	}
	return max(sum, 0)
}
