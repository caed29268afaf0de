// Package lang says the texts of the screens in the language of the person in
// front of them. English is what the program is written in; another language is
// a book of English texts with what each of them is there (see docs/language.md).
//
// Texts are looked up as they are shown, by the English text itself or by the
// format it was made with: what the engine says, and what a journal of last year
// says, is English everywhere but on a screen. A text that is not in the book, or
// holds a word that is not, stays English as a whole: half a sentence in each
// language is worse than either.
package lang

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/language"
)

// Language is a language of the screens. The zero value is English. It is a value,
// never changes, and may be used from any goroutine.
type Language struct{ book *book }

// English is the language the program is written in.
var English = Language{}

// Swedish is Swedish. Its book is read once a process, when it is first needed.
func Swedish() Language { return Language{swedish()} }

// Names lists what languages are called in flags and configurations.
var Names = []string{"en", "sv"}

// Named is the language of a name out of [Names].
func Named(name string) (Language, bool) {
	switch name {
	case "en":
		return English, true
	case "sv":
		return Swedish(), true
	}
	return English, false
}

// Name is what the language is called in flags and configurations.
func (l Language) Name() string {
	if l.book == nil {
		return "en"
	}
	return l.book.name
}

var matcher = language.NewMatcher([]language.Tag{language.English, language.Swedish})

// OfEnvironment is the language that an environment asks for messages in: LC_ALL,
// else LC_MESSAGES, else LANG, as POSIX has it. English stays where it says
// nothing, C or POSIX, names a language that there is no book of, or a character
// set other than UTF-8: what a book needs could not be shown there.
func OfEnvironment(env func(string) string) Language {
	for _, name := range []string{"LC_ALL", "LC_MESSAGES", "LANG"} {
		if locale := env(name); locale != "" {
			return ofLocale(locale)
		}
	}
	return English
}

func ofLocale(locale string) Language {
	locale, _, _ = strings.Cut(locale, "@")
	name, charset, _ := strings.Cut(locale, ".")
	if charset = strings.ToLower(charset); charset != "utf-8" && charset != "utf8" {
		return English
	}
	tag, err := language.Parse(strings.ReplaceAll(name, "_", "-"))
	if err != nil { // C, POSIX and what is no language at all
		return English
	}
	// Less than high would take Swedish for a Norwegian, who has asked for no such thing.
	if _, i, sure := matcher.Match(tag); sure >= language.High {
		l, _ := Named(Names[i])
		return l
	}
	return English
}

// Say is an English text in the language, or the text itself where the book does
// not have it whole. Blanks around it stay. Facts in a row, with a dot between
// them, are said each by itself.
func (l Language) Say(english string) string {
	if l.book == nil {
		return english
	}
	core := strings.TrimSpace(english)
	if core == "" {
		return english
	}
	said, ok, _ := l.book.row(core)
	if !ok {
		said, ok = l.book.say(core)
	}
	if !ok {
		return english
	}
	at := strings.Index(english, core)
	return english[:at] + said + english[at+len(core):]
}

// Failure is Say for what a failure says of itself: what was tried, where, why and
// what to do now. What was tried is said in the language where the book has it; why
// stays in the words of whoever refused.
func (l Language) Failure(english string) string {
	if l.book != nil {
		if said, ok := l.book.failure(english); ok {
			return said
		}
	}
	return l.Say(english)
}

// SayAs is Say for a word that means one thing here and another elsewhere, as what.
func (l Language) SayAs(what, english string) string {
	if l.book != nil {
		if said, ok := l.book.texts[what+"|"+english]; ok {
			return said
		}
	}
	return l.Say(english)
}

// Has reports whether the book has a text whole. English has everything.
func (l Language) Has(english string) bool {
	if l.book == nil {
		return true
	}
	_, ok := l.book.say(strings.TrimSpace(english))
	return ok
}

// between are facts in a row apart.
const between = " · "

// row says facts in a row, as many of them as the book has: each is whole by itself.
func (b *book) row(s string) (said string, some, all bool) {
	if !strings.Contains(s, between) {
		return "", false, false
	}
	parts := strings.Split(s, between)
	all = true
	for i, p := range parts {
		said, ok := b.say(p)
		if ok {
			parts[i], some = said, true
		}
		all = all && (ok || !words(p))
	}
	return strings.Join(parts, between), some, all
}

// say says a text: as it stands, by the format it was made with, or all its
// sentences or all that it lists.
func (b *book) say(s string) (string, bool) {
	if said, ok := b.text(s); ok {
		return said, true
	}
	if said, ok := quantity(s, b); ok {
		return said, true
	}
	if said, ok := b.format(s); ok {
		return said, true
	}
	if said, ok := b.sentences(s); ok {
		return said, true
	}
	return b.list(s)
}

// apart splits a text, but not within brackets.
func apart(s, sep string) []string {
	var out []string
	depth, from := 0, 0
	for i := 0; i < len(s); i++ {
		switch {
		case s[i] == '(' || s[i] == '[':
			depth++
		case s[i] == ')' || s[i] == ']':
			depth--
		case depth == 0 && strings.HasPrefix(s[i:], sep):
			out = append(out, s[from:i])
			from = i + len(sep)
			i = from - 1
		}
	}
	return append(out, s[from:])
}

// text says a text without anything to fill in, with a capital or without one as it
// stands: what is a heading in one place is a word on a key in another.
func (b *book) text(s string) (string, bool) {
	if said, ok := b.texts[s]; ok {
		return said, true
	}
	if s == "" {
		return "", false
	}
	other := byte(s[0] ^ 0x20)
	if other|0x20 < 'a' || other|0x20 > 'z' {
		return "", false
	}
	said, ok := b.texts[string(other)+s[1:]]
	if !ok {
		return "", false
	}
	first, n := utf8.DecodeRuneInString(said)
	if s[0] > 'Z' {
		if name, _, _ := strings.Cut(said, " "); slices.Contains([]string{"Azure", "Hyper-V", "Site", "Microsoft"}, name) {
			return said, true
		}
		return string(unicode.ToLower(first)) + said[n:], true
	}
	return string(unicode.ToUpper(first)) + said[n:], true
}

// sentences says several sentences, if the book has every one.
func (b *book) sentences(s string) (string, bool) {
	var out []string
	rest := s
	for {
		at := sentenceEnd(rest)
		if at < 0 {
			break
		}
		said, ok := b.say1(rest[:at])
		if !ok {
			return "", false
		}
		out, rest = append(out, said), strings.TrimLeft(rest[at:], " ")
	}
	if len(out) == 0 {
		cut, ended := strings.CutSuffix(s, ".")
		if !ended {
			return "", false
		}
		said, ok := b.say(cut)
		return said + ".", ok
	}
	said, ok := b.say1(rest)
	if !ok {
		return "", false
	}
	return strings.Join(append(out, said), " "), true
}

// list says what is listed with semicolons or commas, if the book has all of it.
func (b *book) list(s string) (string, bool) {
	for _, sep := range []string{"; ", ", "} {
		parts := apart(s, sep)
		if len(parts) < 2 {
			continue
		}
		all := true
		for i := range parts {
			said, ok := b.meaning(parts[i])
			parts[i], all = said, all && ok
		}
		if all {
			return strings.Join(parts, sep), true
		}
	}
	return "", false
}

// say1 is say for one sentence, which may stand in the book without its full stop.
func (b *book) say1(s string) (string, bool) {
	if said, ok := b.text(s); ok {
		return said, true
	}
	if said, ok := b.format(s); ok {
		return said, true
	}
	if cut, ok := strings.CutSuffix(s, "."); ok {
		said, ok := b.say(cut)
		return said + ".", ok
	}
	return "", false
}

// sentenceEnd is where the first sentence of several ends, behind its full stop;
// -1 where there is one alone.
func sentenceEnd(s string) int {
	for i := 0; i+2 < len(s); i++ {
		if s[i] == '.' && s[i+1] == ' ' && s[i+2] >= 'A' && s[i+2] <= 'Z' {
			return i + 1
		}
	}
	return -1
}

// words reports whether a text holds anything that could be said otherwise.
func words(s string) bool {
	return slices.ContainsFunc([]rune(s), func(r rune) bool { return r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' })
}
