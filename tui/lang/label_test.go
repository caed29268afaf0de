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

// What happened is not turned into something else: what was accepted has not failed.
func TestEventsInSwedish(t *testing.T) {
	op := func(b engine.Body) engine.Event {
		return engine.Event{Item: "sql01", Phase: engine.PhaseInitialSync, Body: b}
	}
	failed := engine.PhaseFailed{Failure: &engine.Failure{What: "start the planned failover", Where: "sql01", Code: "Conflict", Why: "a job is running", Remedy: "wait"}}
	for want, e := range map[string]engine.Event{
		"ska starta den planerade överväxlingen":                     op(engine.IntentRecorded{Op: engine.OpStart}),
		"starta den planerade överväxlingen: mottaget, jobb j1":      op(engine.OperationAccepted{Op: engine.OpStart, Job: "j1"}),
		"stoppa Azure-VM:n: var redan mottaget":                      op(engine.OperationAccepted{Op: engine.OpDeallocate, Found: true}),
		"Azure-VM stoppad, frigjord":                                 op(engine.PowerChanged{Side: engine.LocationAzure, Power: engine.PowerDeallocated}),
		"Första synkroniseringen har börjat":                         op(engine.PhaseStarted{}),
		"väntar på beslut: Godkänn och radera Azure-kopian [Commit]": op(engine.GateOpened{Gate: engine.GateCommit, Verb: engine.GateCommit.Verb(), Portal: engine.GateCommit.Portal()}),
		"Stoppa Azure och växla över: godkänt av kim@jump01":         op(engine.DecisionMade{Decision: engine.Decision{Gate: engine.GateComplete, By: "kim@jump01", Verb: engine.GateComplete.Verb()}}),
		"obs: Den lokala VM:n har inte lämnats skadad: ingen synkronisering har brutits; titta på objektet i portalen": op(engine.PreflightChecked{Finding: engine.Finding{
			Verdict: engine.VerdictWarn, Title: "The on-premises VM was not left damaged", Observed: "no synchronisation was broken off", Remedy: "look at the item in the portal"}}),
		"körningen lyckades":  op(engine.RunFinished{Outcome: engine.OutcomeSucceeded}),
		"driftstoppet börjar": op(engine.DowntimeBegan{}),
		"Första synkroniseringen misslyckades: Kunde inte starta den planerade överväxlingen: sql01: Conflict: a job is running; nu: wait": op(failed),
	} {
		if got := lang.Swedish().Say(engine.Sentence(e)); got != want {
			t.Errorf("%q is %q, want %q", engine.Sentence(e), got, want)
		}
	}
}

// What has to be typed stands on the screen as it has to be typed.
func TestWhatIsTypedStays(t *testing.T) {
	for _, l := range languages {
		for _, word := range []string{"cancel", "done", "home", "log", "sql01", "web tier", "Commit"} {
			for _, form := range []string{"Type %s:", "Type %s to start:", "Type %s to approve:", "Type %s to create it:", "Type %s to accept the cut:", "Type  %s  to start the run; b goes back, q leaves."} {
				if got := l.Say(strings.Replace(form, "%s", word, 1)); !strings.Contains(got, " "+word) {
					t.Errorf("in %s %q asks for %q", l.Name(), word, got)
				}
			}
		}
		if got := l.Say("Type done when it is done:"); !strings.Contains(got, " done ") {
			t.Errorf("in %s: %q", l.Name(), got)
		}
	}
}

// The phase and the request of a commit are the same in both directions, and towards
// Azure no machine is deleted: only the gate of a failback may say so.
func TestACommitDeletesAMachineInOneDirectionOnly(t *testing.T) {
	l := lang.Swedish()
	toAzure, _ := engine.GateCommit.Action(engine.ToAzure)
	for _, s := range []string{
		engine.PhaseCommit.Info().Title, toAzure, engine.GateCommitFailover.Verb(),
		engine.Sentence(engine.Event{Phase: engine.PhaseCommit, Body: engine.PhaseStarted{}}),
		engine.Sentence(engine.Event{Phase: engine.PhaseCommit, Body: engine.IntentRecorded{Op: engine.OpCommit}}),
		engine.Sentence(engine.Event{Phase: engine.PhaseCommit, Body: engine.OperationAccepted{Op: engine.OpCommit, Job: "j1"}}),
	} {
		if got := l.Say(s); strings.EqualFold(got, s) || strings.Contains(strings.ToLower(got), "rader") {
			t.Errorf("%q is %q", s, got)
		}
	}
}
