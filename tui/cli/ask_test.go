package cli

import (
	"testing"
	"time"

	"failback/engine"
)

func TestApprovalIsTheWholeName(t *testing.T) {
	for _, c := range []struct {
		line, reason string
		ok           bool
	}{
		{"web01", "", true},
		{"web01: the site is back", "the site is back", true},
		{"web01:", "", true},
		{"web0", "", false},
		{"web01x", "", false},
		{"WEB01", "", false},
		{"y", "", false},
		{"web01 yes", "", false},
	} {
		reason, ok := approval(c.line, "web01")
		if ok != c.ok || (ok && reason != c.reason) {
			t.Errorf("%q: %q, %v", c.line, reason, ok)
		}
	}
}

func TestNobodyToAskOnlyWhenNothingElseGoesOn(t *testing.T) {
	steps := engine.StepsFor(engine.ToOnPremises, engine.SyncDelta)
	waits := &engine.Leg{Steps: steps, At: 3, Mode: engine.ModeWaiting, Gate: &engine.GateOpened{Gate: engine.GateComplete}}
	proof := &engine.Leg{Steps: steps, At: 3, Mode: engine.ModeWaiting, Gate: &engine.GateOpened{Gate: engine.GateComplete, NeedsReason: true}}
	syncs := &engine.Leg{Steps: steps, At: 2, Mode: engine.ModeRunning}
	done := &engine.Leg{Steps: steps, Outcome: engine.OutcomeSucceeded, Mode: engine.ModeEnded}
	later := &engine.Leg{Steps: steps, At: 3, Mode: engine.ModeReady, Item: engine.PlanItem{Group: 2}}
	manual := &engine.Leg{Steps: steps, At: 2, Mode: engine.ModeWaiting, Gate: &engine.GateOpened{Gate: engine.GateManual}}
	verifies := &engine.Leg{Steps: []engine.Step{{Phase: engine.PhaseVerify}}, Mode: engine.ModeRunning}
	noon := time.Date(2026, 3, 14, 12, 0, 0, 0, time.UTC)
	approved := engine.Plan{Approve: engine.AllGates}
	for name, c := range map[string]struct {
		plan engine.Plan
		legs []*engine.Leg
		want bool
	}{
		"its window is over":    {engine.Plan{Approve: engine.AllGates, Window: engine.Window{End: noon}}, []*engine.Leg{waits}, true},
		"its window goes on":    {engine.Plan{Approve: engine.AllGates, Window: engine.Window{End: noon.Add(time.Hour)}}, []*engine.Leg{waits}, false},
		"waits":                 {engine.Plan{}, []*engine.Leg{waits}, true},
		"policy answers":        {approved, []*engine.Leg{waits}, false},
		"policy may not":        {approved, []*engine.Leg{proof}, true},
		"another one syncs":     {engine.Plan{}, []*engine.Leg{waits, syncs}, false},
		"another one is done":   {engine.Plan{}, []*engine.Leg{done, waits}, true},
		"a later group waits":   {engine.Plan{}, []*engine.Leg{waits, later}, true},
		"all done":              {engine.Plan{}, []*engine.Leg{done}, false},
		"a manual action":       {approved, []*engine.Leg{manual, syncs}, true},
		"one still verifies":    {approved, []*engine.Leg{manual, verifies}, false},
		"nothing has begun yet": {engine.Plan{}, nil, false},
	} {
		if got := nobodyToAsk(engine.State{Plan: c.plan, Legs: c.legs}, noon); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func TestShellWordCanBePasted(t *testing.T) {
	for in, want := range map[string]string{"web01": "web01", "my vm": "'my vm'", "it's": `'it'\''s'`, "": "''", "$(x)": "'$(x)'"} {
		if got := shellWord(in); got != want {
			t.Errorf("%q became %s, want %s", in, got, want)
		}
	}
}
