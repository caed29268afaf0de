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

// A command that connects names the lab or the vault that was meant.
func TestCommandsThatConnectNameWhere(t *testing.T) {
	for want, flags := range map[string]shared{
		"failback jobs show j --lab":                                {lab: true},
		"failback jobs show j --estate 'my own' --seed 7":           {lab: true, estate: "my own", seed: 7},
		"failback jobs show j --profile site --vault dr":            {profile: "site", vault: "dr"},
		"failback jobs show j --seed 3":                             {lab: true, seed: 3},
		"failback jobs show j --profile site --state-dir /var/runs": {profile: "site", stateDir: "/var/runs"},
	} {
		if filepath.Separator != '/' && flags.stateDir != "" {
			continue
		}
		if got := (&app{flags: flags}).reaching("jobs", "show", "j"); got != want {
			t.Errorf("%+v: %s, want %s", flags, got, want)
		}
	}
}
