package text

import "github.com/charmbracelet/x/ansi"

// Width is how many cells a line takes, as [ansi.StringWidth] counts them, but
// without taking apart what needs no taking apart: nearly every line is ASCII,
// rules, blocks and colours, and a frame measures hundreds of them several times.
func Width(s string) int {
	n := 0
	for i := 0; i < len(s); {
		switch c := s[i]; {
		case c >= ' ' && c <= '~':
			n++
			i++
		case c == 0x1b:
			end := colour(s[i:])
			if end == 0 {
				return ansi.StringWidth(s)
			}
			i += end
		case drawing(s[i:]):
			n++
			i += 3
		case latin(s[i:]):
			n++
			i += 2
		default:
			return ansi.StringWidth(s)
		}
	}
	return n
}

// drawing reports whether s begins with a rule, a corner or a block, U+2500 to
// U+259F: one cell each, joined with nothing.
func drawing(s string) bool {
	return len(s) >= 3 && s[0] == 0xe2 && (s[1] == 0x94 || s[1] == 0x95 || s[1] == 0x96) && s[2] >= 0x80 && s[2] <= 0xbf &&
		(s[1] != 0x96 || s[2] <= 0x9f)
}

// latin reports whether s begins with a letter or a sign of Latin-1, which is one
// cell; the soft hyphen is none.
func latin(s string) bool {
	return len(s) >= 2 && s[1] >= 0x80 && s[1] <= 0xbf && (s[0] == 0xc3 || s[0] == 0xc2 && s[1] > 0xa0 && s[1] != 0xad)
}

// colour is how long the sequence at the beginning of s is that sets a style; 0
// where there is none.
func colour(s string) int {
	if len(s) < 3 || s[1] != '[' {
		return 0
	}
	for i := 2; i < len(s); i++ {
		switch c := s[i]; {
		case c == 'm':
			return i + 1
		case c != ';' && (c < '0' || c > '9'):
			return 0
		}
	}
	return 0
}
