package runs

import (
	"testing"
	"testing/synctest"
	"time"

	"failback/engine"
)

// atCommit brings a leg to where its commit gate opens.
func atCommit(t *testing.T, r *run, item string) {
	t.Helper()
	emit(t, r, item, engine.PhaseNone, engine.DecisionMade{Decision: engine.Decision{Gate: engine.GateComplete, By: "anna"}})
	for _, p := range []engine.Phase{engine.PhasePrepare, engine.PhaseStopAzure, engine.PhaseFinalSync, engine.PhaseStartOnPremises} {
		emit(t, r, item, p, engine.PhaseStarted{})
		if p == engine.PhaseStopAzure {
			emit(t, r, item, p, engine.PowerChanged{Side: engine.LocationAzure, Power: engine.PowerDeallocated})
		}
		emit(t, r, item, p, engine.PhaseFinished{})
	}
	emit(t, r, item, engine.PhaseVerify, engine.PhaseStarted{}, engine.BootChecked{Result: engine.BootProven}, engine.PhaseFinished{})
}

// S64: an answer deletes only what its person has seen listed: neither one from before
// the list was shown counts, nor one for a list that a resume has found changed.
func TestS64AnAnswerIsForTheListThatWasShown(t *testing.T) {
	vm, disk := engine.AzureThing{ID: "/vm", Kind: "VM", Name: "web01"}, engine.AzureThing{ID: "/disk", Kind: "disk", Name: "new"}
	open := func(things ...engine.AzureThing) engine.GateOpened {
		return engine.GateOpened{Gate: engine.GateCommit, Deletes: &engine.Deletions{Things: things}}
	}
	for name, c := range map[string]struct {
		before, after []engine.AzureThing // of the answer; after is what a resume shows
		taken         bool
	}{
		"before any list":  {nil, []engine.AzureThing{vm}, false},
		"the list changed": {[]engine.AzureThing{vm}, []engine.AzureThing{vm, disk}, false},
		"the same again":   {[]engine.AzureThing{vm}, []engine.AzureThing{vm}, true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, _ := atGates(t, "web01")
				atCommit(t, r, "web01")
				if c.before != nil {
					emit(t, r, "web01", engine.PhaseNone, open(c.before...))
				}
				time.Sleep(time.Minute)
				leave(t, r, "web01", engine.GateCommit)
				time.Sleep(time.Minute)
				if c.before != nil {
					emit(t, r, "", engine.PhaseNone, engine.RunResumed{Driver: "bert"})
				}
				emit(t, r, "web01", engine.PhaseNone, open(c.after...))
				r.takeAll(t)
				l := r.stream.State().Leg("web01")
				if taken := len(l.Decisions) == 2; taken != c.taken {
					t.Errorf("taken %v: %+v", taken, l.Decisions)
				}
				if c.taken && (l.Agreed == nil || len(l.Agreed.Things) != 1) {
					t.Errorf("agreed to %+v", l.Agreed)
				}
			})
		})
	}
}
