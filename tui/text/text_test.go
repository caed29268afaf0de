package text

import (
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"
)

func TestCleanTakesOutWhatMovesTheCursor(t *testing.T) {
	for _, c := range []struct{ in, want string }{
		{"web01", "web01"},
		{"a\x1b[2Jb", "a[2Jb"},
		{"two\r\nlines\tx", "two lines x"},
		{"evil\u202egnp.exe", "evilgnp.exe"},
		{"zero\u200bwidth\u2066", "zerowidth"},
		{"c1\u009b31m", "c131m"},
		{"bad\xff", "bad?"},
		{"Zürich", "Zürich"},
	} {
		if got := Clean(c.in); got != c.want {
			t.Errorf("Clean(%q) = %q, want %q", c.in, got, c.want)
		}
	}
}

func FuzzClean(f *testing.F) {
	f.Add("plain")
	f.Add("\x1b]0;title\x07\u202e")
	f.Fuzz(func(t *testing.T, s string) {
		got := Clean(s)
		if !utf8.ValidString(got) {
			t.Fatalf("%q is no UTF-8", got)
		}
		if i := strings.IndexFunc(got, func(r rune) bool {
			return unicode.IsControl(r) || unicode.Is(unicode.Bidi_Control, r)
		}); i >= 0 {
			t.Fatalf("%q keeps a control at %d", got, i)
		}
		if Clean(got) != got {
			t.Fatalf("%q is changed by a second pass", got)
		}
	})
}

func TestNumbersReadTheSameEverywhere(t *testing.T) {
	for _, c := range []struct{ got, want string }{
		{Rate(85 << 20), "85.0 MiB/s"},
		{Clock(3*time.Hour + 12*time.Second), "03:00:12"}, {Clock(-time.Second), "00:00:00"},
		{Range(time.Minute, 2*time.Minute), "1 min to 2 min"}, {Range(time.Minute, time.Minute), "1 min"},
		{Plural(1, "item", "items"), "1 item"}, {Plural(3, "item", "items"), "3 items"},
	} {
		if c.got != c.want {
			t.Errorf("got %q, want %q", c.got, c.want)
		}
	}
}
