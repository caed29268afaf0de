package lang

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
)

// format is an English format with what it is in another language.
//
// The English side is the format as the code has it: %s, %d, %q and their like. The
// other side fills in the same, in order or by number:
//
//	%s, %d, %q   what stands there, letter by letter: a name, a number
//	%v           the same, whatever it is; where few letters tell a format, %s takes
//	             what looks like a name alone
//	%m           what it means: a text that the book has, or a number with its unit.
//	             Where the book does not have it, the whole stays English
//	%w           words of somebody else: said where the book has them, else as they are
//	%f           a failure: what was tried is said where the book has it, the rest as it is
type format struct {
	verbs   []byte   // of the English side
	between []string // what stands before, between and after them
	fixed   int      // bytes of between
	longest string   // of between
	few     bool     // few letters tell it: what is filled in has to look like a name
	pieces  []piece
}

// piece is a part of the other side: a text, or what is filled in.
type piece struct {
	text string
	arg  int  // from 0; -1 for text
	verb byte // s, v, m, w or f
}

var verb = regexp.MustCompile(`%(?:\[(\d)\])?(?:[-+#0]*(?:\d+|\*))?(?:\.\d+)?([a-zA-Z%])`)

func newFormat(english, said string) (format, error) {
	var f format
	at := 0
	var text strings.Builder
	for _, m := range verb.FindAllStringSubmatchIndex(english, -1) {
		text.WriteString(english[at:m[0]])
		at = m[1]
		if v := english[m[4]]; v != '%' {
			f.verbs, f.between = append(f.verbs, v), append(f.between, text.String())
			text.Reset()
			continue
		}
		text.WriteByte('%')
	}
	text.WriteString(english[at:])
	f.between = append(f.between, text.String())
	for _, s := range f.between {
		f.fixed += len(s)
		if len(s) > len(f.longest) {
			f.longest = s
		}
	}
	f.few = f.letters() < fewLetters
	err := f.other(said)
	return f, err
}

// other reads the other side.
func (f *format) other(said string) error {
	used := make([]bool, len(f.verbs))
	at, next := 0, 0
	for _, m := range verb.FindAllStringSubmatchIndex(said, -1) {
		f.pieces = append(f.pieces, piece{text: said[at:m[0]], arg: -1})
		at = m[1]
		v := said[m[4]]
		if v == '%' {
			f.pieces = append(f.pieces, piece{text: "%", arg: -1})
			continue
		}
		if m[2] >= 0 {
			next = int(said[m[2]] - '1')
		}
		if next < 0 || next >= len(used) {
			return fmt.Errorf("%q fills in more than the English %q", said, strings.Join(f.between, "%"))
		}
		if v != 'm' && v != 'w' && v != 'f' && v != 'v' {
			v = 's'
		}
		f.pieces = append(f.pieces, piece{arg: next, verb: v})
		used[next] = true
		next++
	}
	f.pieces = append(f.pieces, piece{text: said[at:], arg: -1})
	for i, ok := range used {
		if !ok {
			return fmt.Errorf("%q leaves out what is filled in at %d in English", said, i+1)
		}
	}
	for _, p := range f.pieces {
		if p.arg >= 0 && p.verb != 'm' && f.verbs[p.arg] != 'd' && f.letters() < leastLetters {
			return errors.New("the English side is open everywhere, so that it would be found in any text: fill in with %m alone")
		}
	}
	return nil
}

// leastLetters is how many letters tell a format that takes whatever stands there.
const leastLetters = 2

// fewLetters is below how many letters a format may be found in a text that was made
// otherwise: "a job is running" was not made with "%s is running".
const fewLetters = 15

// name reports whether a text may be a name, a time or several of them: words with
// blanks between them are a sentence sooner.
func name(s string) bool {
	for i := range len(s) {
		if s[i] == ' ' && i > 0 && s[i-1] != ',' && (i+1 == len(s) || s[i+1] >= 'a' && s[i+1] <= 'z') {
			return false
		}
	}
	return true
}

// article reports whether a text begins as a sentence does and no name.
func article(s string) bool {
	for _, a := range []string{"a ", "an ", "the ", "no ", "not "} {
		if strings.HasPrefix(s, a) {
			return true
		}
	}
	return false
}

// letters counts the letters that stand in the English side.
func (f *format) letters() int {
	n := 0
	for _, s := range f.between {
		for i := range len(s) {
			if s[i] >= 'A' && s[i] <= 'Z' || s[i] >= 'a' && s[i] <= 'z' {
				n++
			}
		}
	}
	return n
}

// may reports whether a text can have been made with the format, at a glance: a text
// is held against hundreds of them.
func (f *format) may(s string) bool {
	if len(s) < f.fixed {
		return false
	}
	lead, end := f.between[0], f.between[len(f.between)-1]
	if lead != "" && !strings.HasPrefix(s, lead) {
		return false
	}
	if end != "" {
		return strings.HasSuffix(s, end)
	}
	return lead != "" || strings.Contains(s, f.longest)
}

// say says a text that was made with the format.
func (f *format) say(s string, b *book) (string, bool) {
	args, ok := f.match(s, 0, nil)
	if !ok {
		return "", false
	}
	var out strings.Builder
	for _, p := range f.pieces {
		if p.arg < 0 {
			out.WriteString(p.text)
			continue
		}
		arg := args[p.arg]
		if p.verb == 's' && f.verbs[p.arg] == 's' && (article(arg) || f.few && !name(arg)) {
			return "", false
		}
		if p.verb != 's' && p.verb != 'v' {
			said, known := b.meaning(arg)
			if failed, is := b.failure(arg); is && p.verb == 'f' {
				said, known = failed, true
			}
			if !known && p.verb == 'm' {
				return "", false
			}
			if known {
				arg = said
			}
		}
		out.WriteString(arg)
	}
	return out.String(), true
}

// meaning says what is filled in: nothing and signs mean themselves.
func (b *book) meaning(arg string) (string, bool) {
	if !words(arg) {
		return strings.ReplaceAll(arg, ".", b.point), true
	}
	core := strings.TrimSpace(arg)
	said, _, ok := b.row(core)
	if !ok {
		said, ok = b.say(core)
	}
	if !ok {
		return arg, false
	}
	at := strings.Index(arg, core)
	return arg[:at] + said + arg[at+len(core):], true
}

// match takes what was filled in out of a text, as short as can be.
func (f *format) match(s string, n int, args []string) ([]string, bool) {
	rest, ok := strings.CutPrefix(s, f.between[n])
	if !ok {
		return nil, false
	}
	if n == len(f.verbs) {
		return args, rest == ""
	}
	stop := f.between[n+1]
	if n+1 == len(f.verbs) { // the last one is what is left before the end
		arg, ok := strings.CutSuffix(rest, stop)
		if !ok || !fits(f.verbs[n], arg) {
			return nil, false
		}
		return append(args, arg), true
	}
	for from := 0; from <= len(rest); {
		at := strings.Index(rest[from:], stop)
		if at < 0 {
			return nil, false
		}
		if fits(f.verbs[n], rest[:from+at]) {
			if out, ok := f.match(rest[from+at:], n+1, append(args[:n:n], rest[:from+at])); ok {
				return out, true
			}
		}
		from += at + 1
	}
	return nil, false
}

// fits reports whether a verb can have made what stands there.
func fits(verb byte, arg string) bool {
	switch verb {
	case 'd':
		return arg != "" && strings.Trim(arg, "-0123456789") == ""
	case 'f':
		return arg != "" && strings.Trim(arg, "-.0123456789") == ""
	case 'q':
		return len(arg) > 1 && arg[0] == '"' && arg[len(arg)-1] == '"'
	}
	return true
}

// A number with a unit, as the engine writes sizes, rates and spans of time.
var quantities = regexp.MustCompile(`^(-?\d+(?:\.\d+)?) (B|KiB|MiB|GiB|TiB|PiB|EiB|B/s|KiB/s|MiB/s|GiB/s|TiB/s|ms|s|min|h|days|%)(?: (\d+ (?:s|min)))?$|^(\d+(?:\.\d+)?)(?:ns|µs|ms|s)$`)

// quantity says a number with its unit. Days have a name of their own; the other
// units are the same everywhere.
func quantity(s string, b *book) (string, bool) {
	if s == "" || s[0] != '-' && (s[0] < '0' || s[0] > '9') {
		return "", false
	}
	m := quantities.FindStringSubmatch(s)
	if m == nil {
		return "", false
	}
	if m[2] == "" { // a span as Go writes it
		return strings.ReplaceAll(s, ".", b.point), true
	}
	unit := m[2]
	if said, ok := b.texts[unit]; ok {
		unit = said
	}
	out := strings.ReplaceAll(m[1], ".", b.point) + " " + unit
	if m[3] != "" {
		out += " " + m[3]
	}
	return out, true
}
