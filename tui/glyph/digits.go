package glyph

import "strings"

// segments are seven-segment digits, three rows of three cells, drawn with two
// ASCII characters so that they look the same in every font.
var segments = map[rune][3]string{
	'0': {" _ ", "| |", "|_|"}, '1': {"   ", "  |", "  |"}, '2': {" _ ", " _|", "|_ "},
	'3': {" _ ", " _|", " _|"}, '4': {"   ", "|_|", "  |"}, '5': {" _ ", "|_ ", " _|"},
	'6': {" _ ", "|_ ", "|_|"}, '7': {" _ ", "  |", "  |"}, '8': {" _ ", "|_|", "|_|"},
	'9': {" _ ", "|_|", " _|"}, ':': {" ", ".", "."},
}

// Digits draws a clock reading three rows high. Characters other than digits
// and colons are left out.
func Digits(clock string) [3]string {
	var rows [3][]string
	for _, r := range clock {
		d, ok := segments[r]
		if !ok {
			continue
		}
		for i := range rows {
			rows[i] = append(rows[i], d[i])
		}
	}
	var out [3]string
	for i := range rows {
		out[i] = strings.Join(rows[i], " ")
	}
	return out
}
