package cli

import (
	"path/filepath"
	"testing"
)

// A hint that is pasted finds the run that it speaks of, from any folder.
func TestCommandsNameWhatTheyLookAt(t *testing.T) {
	whole, err := filepath.Abs("my state")
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		flags shared
		want  string
	}{
		{shared{}, "failback resume r1"},
		{shared{stateDir: "my state"}, "failback resume r1 --state-dir " + shellWord(whole)},
		{shared{config: filepath.Join(whole, "c.yaml")}, "failback resume r1 --config " + shellWord(filepath.Join(whole, "c.yaml"))},
	} {
		if got := (&app{flags: c.flags}).command("resume", "r1"); got != c.want {
			t.Errorf("%+v: %s, want %s", c.flags, got, c.want)
		}
	}
}
