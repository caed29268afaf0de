package cli

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/charmbracelet/x/ansi"

	"failback/tui/text"
)

// table is a list of rows for people.
type table struct {
	heads []string
	right map[int]bool // columns of numbers
	rows  [][]string
	none  string // what an empty table says
}

const gap = "  "

// write draws the table with aligned columns. With a width, columns give way
// from the last one that is wider than its share, so that no line wraps.
func (t table) write(w io.Writer, width int) error {
	if len(t.rows) == 0 {
		_, err := fmt.Fprintln(w, t.none)
		return err
	}
	wide := t.widths(width)
	for i := range len(t.rows) + 1 {
		row := t.heads
		if i > 0 {
			row = t.rows[i-1]
		}
		if _, err := fmt.Fprintln(w, t.line(row, wide)); err != nil {
			return err
		}
	}
	return nil
}

func (t table) line(row []string, wide []int) string {
	cells := make([]string, len(wide))
	for c := range wide {
		s := ansi.Truncate(text.Clean(row[c]), wide[c], "…")
		pad := strings.Repeat(" ", wide[c]-ansi.StringWidth(s))
		if t.right[c] {
			cells[c] = pad + s
		} else {
			cells[c] = s + pad
		}
	}
	return strings.TrimRight(strings.Join(cells, gap), " ")
}

// least is what a column keeps when a terminal is narrow.
const least = 6

func (t table) widths(limit int) []int {
	wide := make([]int, len(t.heads))
	total := len(gap) * (len(wide) - 1)
	for c := range wide {
		wide[c] = ansi.StringWidth(t.heads[c])
		for _, r := range t.rows {
			wide[c] = max(wide[c], ansi.StringWidth(text.Clean(r[c])))
		}
		total += wide[c]
	}
	for limit > 0 && total > limit {
		widest := 0
		for c := range wide {
			if wide[c] >= wide[widest] {
				widest = c
			}
		}
		if wide[widest] <= least {
			break
		}
		wide[widest]--
		total--
	}
	return wide
}

// readable is a list as people read it, on lines of at most width cells where
// width is not 0.
type readable interface {
	write(w io.Writer, width int) error
}

// show writes a list: for people, as one JSON array, or as one object a line.
func show[T any](a *app, list []T, people readable) error {
	out := a.deps.Streams.Out
	switch a.flags.output {
	case outputJSON:
		if list == nil {
			list = []T{}
		}
		return writeJSON(out, list)
	case outputNDJSON:
		for _, v := range list {
			raw, err := json.Marshal(v)
			if err != nil {
				return err
			}
			if _, err := out.Write(text.JSON(append(raw, '\n'))); err != nil {
				return err
			}
		}
		return nil
	}
	// In one piece: a reader that only wants its beginning breaks nothing.
	var page bytes.Buffer
	if err := people.write(&page, a.deps.Streams.Width); err != nil {
		return err
	}
	_, err := page.WriteTo(out)
	return err
}

func writeJSON(w io.Writer, v any) error {
	raw, err := json.MarshalIndent(v, "", "  ")
	if err != nil {
		return err
	}
	_, err = w.Write(text.JSON(append(raw, '\n')))
	return err
}

func quoteAll(names []string) string { return strings.Join(names, ", ") }
