package lang

import (
	"cmp"
	"embed"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"sync"
)

// The books: one folder a language, one file a part of the program. An English
// text stands at the beginning of a line, what it is there on the next one, behind
// a tab. Lines with # are for those who read the file.
//
//go:embed sv/*.txt
var files embed.FS

// book is a language: texts without anything to fill in, and formats. It never
// changes once it was read.
type book struct {
	name   string
	point  string // between a number and its fraction
	texts  map[string]string
	led    map[byte][]format // by the first byte of what they begin with
	others []format          // that begin with what is filled in
}

var swedish = sync.OnceValue(func() *book { return builtIn("sv", ",") })

// builtIn reads a book that is built in: an error in it is one of the program, and a
// test reads every book.
func builtIn(name, point string) *book {
	b, err := readFrom(files, name, point)
	if err != nil {
		panic(err)
	}
	return b
}

// readFrom reads a book; point is what it writes between a number and its fraction.
func readFrom(fsys fs.FS, name, point string) (*book, error) {
	b := &book{name: name, point: point, texts: map[string]string{}, led: map[byte][]format{}}
	entries, err := entriesOf(fsys, name)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if !strings.Contains(e.English, "%") {
			b.texts[e.English] = e.Said
			continue
		}
		f, err := newFormat(e.English, e.Said)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", e.File, e.Line, err)
		}
		if lead := f.between[0]; lead != "" {
			b.led[lead[0]] = append(b.led[lead[0]], f)
		} else {
			b.others = append(b.others, f)
		}
	}
	for _, list := range b.led {
		mostFirst(list)
	}
	mostFirst(b.others)
	return b, nil
}

// mostFirst puts the formats that leave the least open first.
func mostFirst(list []format) {
	slices.SortStableFunc(list, func(x, y format) int { return cmp.Compare(y.fixed, x.fixed) })
}

// formats are those that a text may have been made with, in the order to try.
func (b *book) formats(s string) []format {
	if s == "" {
		return nil
	}
	led := b.led[s[0]]
	if len(led) == 0 {
		return b.others
	}
	if len(b.others) == 0 {
		return led
	}
	return append(led[:len(led):len(led)], b.others...)
}

// Entry is one text of a book, where it stands.
type Entry struct {
	File, English, Said string
	Line                int
}

// entriesOf reads the files of a language.
func entriesOf(fsys fs.FS, name string) ([]Entry, error) {
	paths, err := fs.Glob(fsys, name+"/*.txt")
	if err != nil || len(paths) == 0 {
		return nil, fmt.Errorf("no book %s: %w", name, cmp.Or(err, fs.ErrNotExist))
	}
	var out []Entry
	for _, path := range paths {
		raw, err := fs.ReadFile(fsys, path)
		if err != nil {
			return nil, err
		}
		entries, err := entriesIn(path, string(raw))
		if err != nil {
			return nil, err
		}
		out = append(out, entries...)
	}
	return out, nil
}

// entriesIn reads one file.
func entriesIn(path, text string) ([]Entry, error) {
	var out []Entry
	english, line := "", 0
	for s := range strings.Lines(text) {
		line++
		s = strings.TrimRight(s, " \t\r\n")
		said, second := strings.CutPrefix(s, "\t")
		switch {
		case s == "" || s[0] == '#' && english == "":
		case second != (english != ""):
			return nil, fmt.Errorf("%s, line %d: an English text and, behind a tab, what it is there take turns", path, line)
		case second:
			out = append(out, Entry{File: path, English: english, Said: said, Line: line})
			english = ""
		default:
			english = s
		}
	}
	if english != "" {
		return nil, fmt.Errorf("%s: the last text, %q, is not said", path, english)
	}
	return out, nil
}
