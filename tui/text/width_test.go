package text

import (
	"testing"

	"github.com/charmbracelet/x/ansi"
)

// The quick way counts what the library counts, whatever the line holds.
func FuzzWidth(f *testing.F) {
	for _, s := range []string{
		"", "web01", "── Log ──", "█▓▒░▁▂▃▄▅▆▇█", "\x1b[1;38;5;110mweb01\x1b[0m  \x1b[mx", "a\u0301b", "─\u0301", "漢字", "👩\u200d💻", "\x1b]0;t\x07x", "\x1b[2Jx",
		"\x1b[", "\x1b", "\xe2\x94", "\xe2\x96\xa0", "▟■", "\x7f", "\tx", "x\u200b─", "─\ufe0f", "1\u20e3", "Åre × ö", "a\u00adb", "\u00a9\ufe0f", "\u00a0", "─\u20e3",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if got, want := Width(s), ansi.StringWidth(s); got != want {
			t.Errorf("%q: %d, want %d", s, got, want)
		}
	})
}
