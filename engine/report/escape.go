package report

import (
	"fmt"
	"strings"
	"unicode"
)

// unsafe reports whether a rune could change what a reader sees of the text
// around it: control characters, and invisible ones that turn its direction or
// hide parts of it.
func unsafe(r rune) bool {
	return unicode.IsControl(r) || unicode.Is(unicode.Cf, r) || r == '\u2028' || r == '\u2029'
}

// clean makes one line of a text from outside. Line breaks and tabs become
// blanks; whatever else is unsafe becomes a visible replacement character.
func clean(s string) string {
	s = strings.Map(func(r rune) rune {
		switch {
		case r == '\n' || r == '\r' || r == '\t' || r == '\u2028' || r == '\u2029':
			return ' '
		case unsafe(r):
			return unicode.ReplacementChar
		}
		return r
	}, strings.ToValidUTF8(s, string(unicode.ReplacementChar)))
	return strings.TrimSpace(s)
}

// special holds the characters that mean something in Markdown within a line.
const special = "\\`*_[]<>|~&!#$"

// text writes a text from outside so that Markdown shows it letter by letter,
// in a paragraph and in a table cell. Addresses do not become links.
func text(s string) string {
	var b strings.Builder
	for _, r := range clean(s) {
		if strings.ContainsRune(special, r) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return strings.NewReplacer("://", `\://`, "www.", `www\.`, "@", `\@`).Replace(b.String())
}

// escapeJSON writes unsafe characters of a JSON document as \u escapes. They
// stand within strings only, so the meaning stays the same.
func escapeJSON(doc []byte) []byte {
	var b strings.Builder
	for _, r := range string(doc) {
		switch {
		case r < unicode.MaxASCII || !unsafe(r):
			b.WriteRune(r)
		case r > 0xFFFF:
			// Above the basic plane JSON takes two halves.
			r -= 0x10000
			fmt.Fprintf(&b, `\u%04x\u%04x`, 0xD800+(r>>10), 0xDC00+(r&0x3FF))
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return []byte(b.String())
}
