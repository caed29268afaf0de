package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// The flag comes before the file, the file before the terminal's environment, and
// that counts on a terminal alone.
func TestTheLanguageOfWhoReads(t *testing.T) {
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	none, swedish, english := file("none.yaml", ""), file("sv.yaml", "language: sv\n"), file("en.yaml", "language: en\n")
	t.Setenv("LC_MESSAGES", "")
	for _, c := range []struct {
		name, flag, config, all, lang string
		terminal                      bool
		want                          string
	}{
		{"nothing said", "", none, "", "", true, "en"},
		{"flag", "sv", english, "", "", false, "sv"},
		{"flag before all else", "en", swedish, "", "sv_SE.UTF-8", true, "en"},
		{"file", "", swedish, "", "", false, "sv"},
		{"file before the environment", "", english, "", "sv_SE.UTF-8", true, "en"},
		{"environment", "", none, "", "sv_SE.UTF-8", true, "sv"},
		{"environment without a terminal", "", none, "", "sv_SE.UTF-8", false, "en"},
		{"LC_ALL before LANG", "", none, "C.UTF-8", "sv_SE.UTF-8", true, "en"},
		{"a file that can't be read", "", file("broken.yaml", "language: ["), "", "sv_SE.UTF-8", true, "sv"},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Setenv("LC_ALL", c.all)
			t.Setenv("LANG", c.lang)
			a := &app{flags: shared{language: c.flag, config: c.config}, deps: Deps{Streams: Streams{OutTerminal: c.terminal}}}
			if got := a.language().Name(); got != c.want {
				t.Errorf("%s, want %s", got, c.want)
			}
		})
	}
}

// What a person is told is in their language; what a program reads is not.
func TestWhatIsSaidAndWhatIsData(t *testing.T) {
	var out, said bytes.Buffer
	a := &app{flags: shared{language: "sv"}, deps: Deps{Streams: Streams{Out: &out, Err: &said}}}
	a.say("run %s is cancelled", "r1")
	a.tell(&out, "run %s is cancelled", "r1")
	if said.String() != "körningen r1 är avbruten\n" || out.String() != "run r1 is cancelled\n" {
		t.Errorf("said %q, data %q", said.String(), out.String())
	}
}
