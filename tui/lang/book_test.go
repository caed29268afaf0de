package lang

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"unicode"
)

// shown are the sources whose texts people read on a screen or in lines: every text
// in them is in the book, or among what stays English below.
var shown = []string{
	"tui/*.go", "tui/dialog/*.go", "tui/field/*.go", "tui/home/*.go", "tui/jobs/*.go", "tui/jobtree/*.go", "tui/keymap/keymap.go", "tui/keymap/scope.go", "tui/look/*.go",
	"tui/palette/*.go", "tui/pick/*.go", "tui/replay/*.go", "tui/report/*.go", "tui/run/*.go", "tui/wizard/*.go", "tui/text/number.go", "tui/ask/*.go", "tui/plain/*.go",
}

// spoken are sources that have sentences for people beside names of their own: what
// is a single word there may be either.
var spoken = []string{
	"engine/rules/*.go", "engine/estimate/*.go", "tui/cli/line*.go", "tui/cli/doctor*.go", "tui/cli/ask.go",
	"engine/consequences.go", "engine/sentence.go", "engine/words.go", "engine/phase.go", "engine/boot.go", "engine/boottries.go", "engine/forecast.go",
	"engine/gaterecheck.go", "engine/joboffer.go", "engine/threadfacts.go", "engine/consistency.go", "engine/traffic.go", "engine/manual.go", "engine/gate.go",
	"engine/guard.go", "engine/watch.go", "engine/meter.go", "engine/directnames.go",
}

func TestEveryTextIsInTheBook(t *testing.T) {
	english := staysEnglish(t)
	keys := keysOf(t)
	used := map[string]bool{}
	n := 0
	for _, pattern := range slices.Concat(shown, spoken) {
		for _, path := range sources(t, pattern) {
			for _, l := range literalsOf(t, path) {
				if !said(l.text) || slices.Contains(spoken, pattern) && !strings.Contains(strings.TrimSpace(l.text), " ") {
					continue
				}
				n++
				if english[l.text] {
					used[l.text] = true
					continue
				}
				if f := filled(l.text); Swedish().Say(f) == f && !Swedish().Has(f) && !Swedish().Has("state|"+f) && !partOf(keys, l.text) {
					t.Errorf("%s: %q has no Swedish: put it into tui/lang/sv (docs/language.md)", l.at, l.text)
				}
			}
		}
	}
	if n < 1500 {
		t.Errorf("%d texts were found", n)
	}
	for s := range english {
		if !used[s] {
			t.Errorf("testdata/english.txt lists %q, which no source has", s)
		}
	}
}

// partOf reports whether a text is a part of one that is put together and stands in
// the book as a whole: it fills something in, or has a blank or a colon at an end.
func partOf(keys []string, s string) bool {
	if strings.Trim(s, " :,;.(") == s && !strings.Contains(s, "%") {
		return false
	}
	letters := 0
	segments := verb.Split(s, -1)
	for _, x := range segments {
		letters += len(strings.Fields(x)) // words, which are more than letters
	}
	if letters == 1 && len(strings.TrimSpace(s)) < 5 {
		return false
	}
	return slices.ContainsFunc(keys, func(key string) bool {
		for _, x := range segments {
			at := strings.Index(key, strings.TrimRight(x, " "))
			if at < 0 {
				return false
			}
			key = key[at+len(strings.TrimRight(x, " ")):]
		}
		return true
	})
}

func keysOf(t *testing.T) []string {
	t.Helper()
	entries, err := entriesOf(files, "sv")
	if err != nil {
		t.Fatal(err)
	}
	out := make([]string, len(entries))
	for i, e := range entries {
		out[i] = e.English
	}
	return out
}

// staysEnglish are texts of the sources that no person reads as a text: names of
// keys, actions, settings, and parts of a text that is in the book as a whole.
func staysEnglish(t *testing.T) map[string]bool {
	t.Helper()
	raw, err := os.ReadFile("testdata/english.txt")
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]bool{}
	for s := range strings.Lines(string(raw)) {
		if s = strings.TrimSuffix(s, "\n"); s != "" && s[0] != '#' {
			out[strings.NewReplacer(`\n`, "\n", `\s`, " ").Replace(s)] = true
		}
	}
	return out
}

// Every book can be read, says a text once, and fills in what English fills in.
func TestBooksAreWhole(t *testing.T) {
	for _, name := range Names[1:] {
		entries, err := entriesOf(files, name)
		if err != nil {
			t.Fatal(err)
		}
		first := map[string]Entry{}
		for _, e := range entries {
			if e.File == name+"/"+tried {
				e.English, e.Said = "failures|"+e.English, "failures|"+e.Said // a format of its own
			}
			if had, twice := first[e.English]; twice {
				t.Errorf("%s, line %d: %q stands in %s, line %d already", e.File, e.Line, e.English, had.File, had.Line)
			}
			first[e.English] = e
			if _, err := newFormat(e.English, e.Said); err != nil && strings.Contains(e.English+e.Said, "%") {
				t.Errorf("%s, line %d: %v", e.File, e.Line, err)
			}
		}
		if len(entries) < 500 {
			t.Errorf("the book %s has %d texts", name, len(entries))
		}
	}
}

// A text that no source has any more is taken out of the book. Texts are put
// together from parts: what counts is that words stand beside each other somewhere.
func TestNoTextOfTheBookIsLeftOver(t *testing.T) {
	pairs := map[string]bool{}
	for _, pattern := range []string{"tui/*.go", "tui/*/*.go", "engine/*.go", "engine/*/*.go", "providers/*/*.go", "providers/*/*/*.go", "*.go"} {
		for _, path := range sources(t, pattern) {
			for _, l := range everyLiteral(t, path) {
				for _, p := range pairsOf(l) {
					pairs[p] = true
				}
			}
		}
	}
	entries, err := entriesOf(files, "sv")
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if e.File == "sv/service.txt" {
			continue // said by Azure and Hyper-V, never by a source of ours
		}
		for _, segment := range verb.Split(e.English, -1) {
			missing := 0
			if strings.HasPrefix(segment, "1 ") {
				missing = -1 // the count is joined to what follows
			}
			for _, p := range pairsOf(segment) {
				if !pairs[p] {
					missing++
				}
			}
			if missing > 1 {
				t.Errorf("%s, line %d: no source says %q", e.File, e.Line, segment)
			}
		}
	}
}

// pairsOf are the words of a text two by two; a single word stands alone.
func pairsOf(s string) []string {
	words := strings.FieldsFunc(strings.ToLower(verb.ReplaceAllString(s, " ")), func(r rune) bool { return strings.ContainsRune(" .,:;?()[]\"", r) })
	if len(words) == 1 {
		return words
	}
	out := slices.Clone(words)
	for i := 1; i < len(words); i++ {
		out = append(out, words[i-1]+" "+words[i])
	}
	return out
}

func TestALanguageIsNamed(t *testing.T) {
	for _, name := range Names {
		if l, ok := Named(name); !ok || l.Name() != name {
			t.Errorf("%s is %s, %v", name, l.Name(), ok)
		}
	}
	if l, ok := Named("tlh"); ok || l != English {
		t.Errorf("an unknown language is %s", l.Name())
	}
}

func TestTheEnvironmentNamesALanguage(t *testing.T) {
	for _, c := range []struct{ all, messages, lang, want string }{
		{"", "", "", "en"},
		{"", "", "sv_SE.UTF-8", "sv"},
		{"", "", "sv_FI.utf8", "sv"},
		{"", "", "sv_SE.UTF-8@euro", "sv"},
		{"", "sv_SE.UTF-8", "en_GB.UTF-8", "sv"},
		{"C.UTF-8", "sv_SE.UTF-8", "sv_SE.UTF-8", "en"},
		{"C", "", "sv_SE.UTF-8", "en"},
		{"POSIX", "", "sv_SE.UTF-8", "en"},
		{"", "", "en_US.UTF-8", "en"},
		{"", "", "de_DE.UTF-8", "en"},
		{"", "", "nb_NO.UTF-8", "en"},
		{"", "", "sv_SE.ISO-8859-1", "en"}, // å could not be shown there
		{"", "", "sv_SE", "en"},
		{"", "", "/usr/share/../x", "en"},
	} {
		env := map[string]string{"LC_ALL": c.all, "LC_MESSAGES": c.messages, "LANG": c.lang}
		if got := OfEnvironment(func(name string) string { return env[name] }); got.Name() != c.want {
			t.Errorf("%v is %s, want %s", env, got.Name(), c.want)
		}
	}
}

// small is a book for the rules of saying.
func small(t *testing.T, texts string) Language {
	t.Helper()
	old := fstest.MapFS{"xx/a.txt": {Data: []byte(texts)}, "xx/failures.txt": {Data: []byte("read job %s\n\tläsa jobb %s\n")}}
	b, err := readFrom(old, "xx", voice{point: ",", notDone: "Kunde inte", now: "nu"})
	if err != nil {
		t.Fatal(err)
	}
	return Language{b}
}

func TestATextIsSaidWholeOrNotAtAll(t *testing.T) {
	l := small(t, `running
	kör
days
	dygn
%s waits for a decision: %s
	%s väntar på beslut: %m
Commit
	Godkänn
The VM runs.
	VM:n kör.
Nothing is lost
	Inget går förlorat
%d of %d
	%[2]d varav %[1]d
%s: broken
	%w: trasig
Sync
	Synk
%s runs
	%s kör
Type %s:
	Skriv %v:
%s failed: %s
	%m misslyckades: %f
running (%s)
	kör (%s)
`)
	for english, want := range map[string]string{
		"running":                             "kör",
		"Running":                             "Kör",
		"commit":                              "godkänn",
		"  running":                           "  kör",
		"crawling":                            "crawling",
		"":                                    "",
		"sql01 waits for a decision: Commit":  "sql01 väntar på beslut: Godkänn",
		"sql01 waits for a decision: Dance":   "sql01 waits for a decision: Dance", // never half
		"Commit waits for a decision: Commit": "Commit väntar på beslut: Godkänn",  // a name stays a name
		"The VM runs. Nothing is lost.":       "VM:n kör. Inget går förlorat.",
		"The VM runs. All is lost.":           "The VM runs. All is lost.",
		"a job waits for nothing":             "a job waits for nothing", // a name has no blanks where few letters tell
		"Type Commit:":                        "Skriv Commit:",           // what is typed stays
		"Type my old box:":                    "Skriv my old box:",
		"sql01 runs":                          "sql01 kör",
		"sql01, sql02 runs":                   "sql01, sql02 kör",
		"the job that we saw runs":            "the job that we saw runs",
		"3 of 9":                              "9 varav 3",
		"x of 9":                              "x of 9",
		"1.5 GiB":                             "1,5 GiB",
		"1.5 GiB/s":                           "1,5 GiB/s",
		"3 days":                              "3 dygn",
		"10 min 05 s":                         "10 min 05 s",
		"10.0.20348":                          "10.0.20348", // a version is no number
		"running: broken":                     "kör: trasig",
		"disk: broken":                        "disk: trasig",
		"running · sql01 · 1.5 GiB":           "kör · sql01 · 1,5 GiB",
		"read job j1: accepted":               "read job j1: accepted", // nothing says that it failed
		"Sync failed: read job j1: Gone":      "Synk misslyckades: Kunde inte läsa jobb j1: Gone",
		"running (a, b), running":             "kör (a, b), kör",
		"read job j1 failed: sql01":           "Kunde inte läsa jobb j1: sql01",
		"read job j1":                         "read job j1", // a key may be called that
		"sql01 · sql02":                       "sql01 · sql02",
		"web01 waits for a decision: Commit · The VM runs.": "web01 väntar på beslut: Godkänn · VM:n kör.",
	} {
		if got := l.Say(english); got != want {
			t.Errorf("%q is %q, want %q", english, got, want)
		}
		if got := English.Say(english); got != english {
			t.Errorf("%q is %q in English", english, got)
		}
	}
}

func TestAFailureIsSaid(t *testing.T) {
	l := small(t, "running\n\tkör\n")
	for english, want := range map[string]string{
		"read job j1: sql01: Gone":        "Kunde inte läsa jobb j1: sql01: Gone",
		"read job j1: Gone; now: wait":    "Kunde inte läsa jobb j1: Gone; nu: wait",
		"read job j1: running":            "Kunde inte läsa jobb j1: running", // the cause stays as it is
		"read job j1: Gone; now: running": "Kunde inte läsa jobb j1: Gone; nu: kör",
		"write the job: Gone":             "write the job: Gone",
		"running":                         "kör",
	} {
		if got := l.Failure(english); got != want {
			t.Errorf("%q is %q, want %q", english, got, want)
		}
	}
}

func TestABookThatIsWrongIsRefused(t *testing.T) {
	for texts, want := range map[string]string{
		"\tkör\n":                    "take turns",
		"running\nwaits\n\tväntar\n": "take turns",
		"running\n":                  "is not said",
		"%s runs\n\t%s och %s kör\n": "fills in more",
		"%s of %s\n\t%s\n":           "leaves out",
		"%s: %s\n\t%s: %s\n":         "open everywhere",
	} {
		if _, err := readFrom(fstest.MapFS{"xx/a.txt": {Data: []byte(texts)}}, "xx", voice{}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want %s", texts, err, want)
		}
	}
}

// Whatever comes from outside: nothing breaks, and the blanks around a text stay,
// since columns are made of them.
func FuzzSay(f *testing.F) {
	entries, err := entriesOf(files, "sv")
	if err != nil {
		f.Fatal(err)
	}
	for i := 0; i < len(entries); i += 20 {
		f.Add(filled(entries[i].English))
	}
	f.Add("%s%d\x00 · . A")
	l := Swedish()
	f.Fuzz(func(t *testing.T, s string) {
		said := l.Say(s)
		before := func(s string) int { return len(s) - len(strings.TrimLeft(s, " ")) }
		after := func(s string) int { return len(s) - len(strings.TrimRight(s, " ")) }
		if before(said) != before(s) || after(said) != after(s) {
			t.Errorf("%q is %q", s, said)
		}
	})
}

func BenchmarkSay(b *testing.B) {
	l := Swedish()
	for _, s := range []string{"running", "sql01 waits for a decision: Commit", "a text that nobody has ever put into any book at all"} {
		b.Run(fmt.Sprint(len(s)), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				l.Say(s)
			}
		})
	}
}

// No text of ours comes out half in one language and half in the other: what is said
// at all holds none of the words that hold English sentences together.
func TestNothingIsSaidByHalves(t *testing.T) {
	l := Swedish()
	for _, pattern := range []string{"tui/*.go", "tui/*/*.go", "engine/*.go", "engine/*/*.go", "providers/*/*.go"} {
		for _, path := range sources(t, pattern) {
			for _, x := range literalsOf(t, path) {
				english := filled(x.text)
				swedish := l.Say(english)
				if swedish == english || strings.Contains(english, "Programs and Features") { // which Windows calls so
					continue
				}
				for _, w := range strings.FieldsFunc(brackets.ReplaceAllString(swedish, ""), func(r rune) bool { return !unicode.IsLetter(r) && r != '\'' && r != '-' }) {
					if slices.Contains(holders, w) {
						t.Errorf("%s: %q is %q", x.at, english, swedish)
						break
					}
				}
			}
		}
	}
}

var (
	brackets = regexp.MustCompile(`\[[^\]]*\]`) // Microsoft's terms
	holders  = []string{"the", "The", "is", "are", "was", "were", "which", "that", "not", "with", "from", "of", "and", "its", "it", "by", "has", "have", "on", "no", "a"}
)
