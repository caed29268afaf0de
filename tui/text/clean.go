// Package text prepares words and numbers for a terminal: it takes out of
// foreign text what could move the cursor or turn the reading direction, and
// writes sizes, rates and times the same way on every screen.
package text

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// Clean makes one harmless line of foreign text: escape sequences lose their
// control bytes, line breaks and tabs become single blanks, characters that turn
// the reading direction or are invisible vanish, and bytes that are no UTF-8
// become "?". Every text from outside passes through it before it is drawn.
func Clean(s string) string {
	if plain(s) {
		return s
	}
	var b strings.Builder
	b.Grow(len(s))
	for len(s) > 0 {
		r, n := utf8.DecodeRuneInString(s)
		s = s[n:]
		switch {
		case r == utf8.RuneError && n == 1:
			b.WriteByte('?')
		case r == '\n' || r == '\t' || r == '\u0085' || r == '\u2028' || r == '\u2029':
			b.WriteByte(' ')
		case hidden(r):
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

// plain reports whether s holds printable ASCII only: nearly every text does.
func plain(s string) bool {
	for i := range len(s) {
		if s[i] < ' ' || s[i] > '~' {
			return false
		}
	}
	return true
}

// hidden reports runes that draw nothing themselves but change what is drawn
// around them: controls, formats (bidi marks, joiners, tags) and private use.
func hidden(r rune) bool {
	return unicode.In(r, unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs) || unicode.Is(unicode.Variation_Selector, r)
}
