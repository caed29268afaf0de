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
	failed []format          // of failures as a whole, see Failure
}

var swedish = sync.OnceValue(func() *book { return builtIn("sv", voice{point: ",", notDone: "Kunde inte", now: "nu"}) })

// builtIn reads a book that is built in: an error in it is one of the program, and a
// test reads every book.
func builtIn(name string, v voice) *book {
	b, err := readFrom(files, name, v)
	if err != nil {
		panic(err)
	}
	return b
}

// voice is what a language has beside its texts.
type voice struct {
	point   string // between a number and its fraction
	notDone string // before what was tried and failed
	now     string // before what to do
}

// readFrom reads a book.
func readFrom(fsys fs.FS, name string, v voice) (*book, error) {
	b := &book{name: name, point: v.point, texts: map[string]string{}, led: map[byte][]format{}}
	entries, err := entriesOf(fsys, name)
	if err != nil {
		return nil, err
	}
	for _, e := range entries {
		if e.File == name+"/"+tried {
			if err := b.addTried(e, v); err != nil {
				return nil, fmt.Errorf("%s, line %d: %w", e.File, e.Line, err)
			}
			continue
		}
		if !strings.Contains(e.English, "%") {
			b.texts[e.English] = e.Said
			continue
		}
		f, err := newFormat(e.English, e.Said)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", e.File, e.Line, err)
		}
		b.add(f)
	}
	for _, list := range b.led {
		mostFirst(list)
	}
	mostFirst(b.others)
	mostFirst(b.failed)
	return b, nil
}

// tried is the file with what was tried where something failed.
const tried = "failures.txt"

// addTried adds what is said of something that was tried and failed. That it failed is
// said by the text itself, or by who asks for a failure: "start the planned failover:
// accepted" has not failed.
func (b *book) addTried(e Entry, v voice) error {
	said := v.notDone + " " + e.Said
	for _, x := range []struct {
		english, said string
		whole         bool // only where a failure is asked for
	}{
		{" failed", "", false}, {" failed: %s", ": %s", false},
		{": %s; now: %s", ": %s; " + v.now + ": %w", true}, {": %s", ": %s", true},
	} {
		f, err := newFormat(e.English+x.english, said+x.said)
		if err != nil {
			return err
		}
		if x.whole {
			b.failed = append(b.failed, f)
			continue
		}
		b.add(f)
	}
	return nil
}

// add puts a format where it is looked for.
func (b *book) add(f format) {
	if lead := f.between[0]; lead != "" {
		b.led[lead[0]] = append(b.led[lead[0]], f)
		return
	}
	b.others = append(b.others, f)
}

// failure says a failure whole: what was tried, where and why.
func (b *book) failure(s string) (string, bool) {
	for i := range b.failed {
		if said, ok := b.failed[i].say(s, b); ok {
			return said, true
		}
	}
	return "", false
}

// mostFirst puts the formats that leave the least open first.
func mostFirst(list []format) {
	slices.SortStableFunc(list, func(x, y format) int { return cmp.Compare(y.fixed, x.fixed) })
}

// format says a text by the format it may have been made with: those that begin as it
// does come before those that begin with what is filled in.
func (b *book) format(s string) (string, bool) {
	if s == "" {
		return "", false
	}
	for _, list := range [][]format{b.led[s[0]], b.others} {
		for i := range list {
			if f := &list[i]; f.may(s) {
				if said, ok := f.say(s, b); ok {
					return said, true
				}
			}
		}
	}
	return "", false
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
