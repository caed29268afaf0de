package text

import (
	"fmt"
	"unicode/utf16"
	"unicode/utf8"
)

// JSON escapes what [Clean] would take out, so that JSON which meets a terminal
// moves nothing there. A reader of the JSON gets every character back: such runes
// stand only inside strings, and line feeds between values are kept.
func JSON(raw []byte) []byte {
	out := make([]byte, 0, len(raw))
	for len(raw) > 0 {
		r, n := utf8.DecodeRune(raw)
		switch {
		case r == '\n' || r < utf8.RuneSelf && r != 0x7f || !hidden(r):
			out = append(out, raw[:n]...)
		case r > 0xffff:
			hi, lo := utf16.EncodeRune(r)
			out = fmt.Appendf(out, `\u%04x\u%04x`, hi, lo)
		default:
			out = fmt.Appendf(out, `\u%04x`, r)
		}
		raw = raw[n:]
	}
	return out
}
