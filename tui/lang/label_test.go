package lang_test

import (
	"strings"
	"testing"

	"failback/engine"
	"failback/tui/keymap"
	"failback/tui/lang"
)

var languages = []lang.Language{lang.English, lang.Swedish()}

// No two actions share a label, in any language: neither two keys nor two answers
// at a gate, and no answer is called like a key.
func TestNoTwoActionsShareALabel(t *testing.T) {
	for _, l := range languages {
		owner := map[string]string{}
		claim := func(label, action string) {
			label = strings.ToLower(l.Say(label))
			if had, taken := owner[label]; taken && had != action {
				t.Errorf("in %s %q is %s and %s", l.Name(), label, had, action)
			}
			owner[label] = action
		}
		for _, table := range keymap.Scopes() {
			for _, b := range table.Bindings {
				action := string(b.Action)
				if b.Action == keymap.HelpKey.Action {
					action = string(keymap.Help.Action) // the same, where letters are typed
				}
				claim(b.Does(), action)
			}
		}
		for _, way := range []engine.Direction{engine.ToOnPremises, engine.ToAzure} {
			for _, g := range []engine.Gate{engine.GateComplete, engine.GateCommit, engine.GateReprotect, engine.GateCommitFailover, engine.GateManual} {
				if verb, _ := g.Action(way); verb != g.Verb() {
					claim(verb, string(g)+" towards Azure")
				} else {
					claim(verb, string(g))
				}
			}
		}
		for _, v := range []engine.JobVerb{engine.VerbCancel, engine.VerbRestart} {
			claim(title(t, v), "job "+string(v))
		}
	}
}

// title is what the dialog about a job is called.
func title(t *testing.T, v engine.JobVerb) string {
	t.Helper()
	j := engine.Job{Name: "j", Allowed: []string{"Cancel", "Restart"}}
	o, err := j.Offer(v)
	if err != nil {
		t.Fatal(err)
	}
	return o.Title
}

// Complete stops a machine and Commit deletes one: their labels share no word that
// says what is done, in any language.
func TestCompleteAndCommitAreToldApart(t *testing.T) {
	for _, l := range languages {
		complete, portal := engine.GateComplete.Action(engine.ToOnPremises)
		commit, other := engine.GateCommit.Action(engine.ToOnPremises)
		if portal == other {
			t.Errorf("Microsoft's term of both is %q", portal)
		}
		one, two := strings.Fields(strings.ToLower(l.Say(complete))), strings.Fields(strings.ToLower(l.Say(commit)))
		for _, w := range one {
			for _, x := range two {
				if w == x && w != "azure" && w != "och" && w != "and" {
					t.Errorf("in %s both %q and %q say %q", l.Name(), l.Say(complete), l.Say(commit), w)
				}
			}
		}
	}
}

// What an action is called in Swedish, and that Microsoft's term stays.
func TestTheVerbsInSwedish(t *testing.T) {
	for g, want := range map[engine.Gate][2]string{
		engine.GateComplete:  {"Stoppa Azure och växla över", "Complete failover"},
		engine.GateCommit:    {"Godkänn och radera Azure-kopian", "Commit"},
		engine.GateReprotect: {"Skydda igen", "Reverse replicate"},
	} {
		verb, portal := g.Action(engine.ToOnPremises)
		if got := lang.Swedish().Say(verb); got != want[0] || portal != want[1] {
			t.Errorf("%s is %q [%s]", g, got, portal)
		}
	}
}
