package cli

import (
	"bytes"
	"strings"
	"testing"

	"github.com/charmbracelet/x/ansi"
)

func sample() table {
	return table{
		heads: []string{"NAME", "SIZE", "WHY NOT"}, right: map[int]bool{1: true}, none: "nothing",
		rows: [][]string{
			{"web01", "4.00 GiB", ""},
			{"データ", "128 GiB", "its failover to Azure is not committed, and that is a long reason"},
			{"evil\x1b[2J\u202e", "1 B", "line\nbreak"},
		},
	}
}

func TestTablesAreNeverWiderThanTheTerminal(t *testing.T) {
	for width := 24; width <= 200; width++ {
		var out bytes.Buffer
		if err := sample().write(&out, width); err != nil {
			t.Fatal(err)
		}
		for l := range strings.Lines(out.String()) {
			if w := ansi.StringWidth(strings.TrimRight(l, "\n")); w > width {
				t.Fatalf("%d cells at width %d: %q", w, width, l)
			}
		}
	}
}

func TestTablesAlignAndClean(t *testing.T) {
	var out bytes.Buffer
	if err := sample().write(&out, 0); err != nil {
		t.Fatal(err)
	}
	lines := strings.Split(strings.TrimRight(out.String(), "\n"), "\n")
	if len(lines) != 4 {
		t.Fatalf("%d lines:\n%s", len(lines), &out)
	}
	if strings.ContainsAny(out.String(), "\x1b\u202e") {
		t.Errorf("control characters:\n%q", &out)
	}
	// Numbers end below each other, whatever stands before them.
	for i, size := range []string{"4.00 GiB", "128 GiB", "1 B"} {
		before, _, _ := strings.Cut(lines[i+1], size)
		if end := ansi.StringWidth(before) + len(size); end != ansi.StringWidth("evil[2J  4.00 GiB") {
			t.Errorf("%q ends in column %d of %q", size, end, lines[i+1])
		}
	}
	var empty bytes.Buffer
	if err := (table{heads: []string{"A"}, none: "nothing"}).write(&empty, 80); err != nil || empty.String() != "nothing\n" {
		t.Errorf("%q, %v", &empty, err)
	}
}
