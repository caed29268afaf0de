package engine

import (
	"testing"
	"time"
)

// S69: what is said of the disks at each point of a leg. Whole is never said of disks
// that may be in the middle of being written.
func TestS69WhatTheDisksHold(t *testing.T) {
	at := func(n int) time.Time { return day.Add(time.Duration(n) * time.Minute) }
	begun := func(n int) PhaseRecord { return PhaseRecord{Status: StatusRunning, Started: at(n)} }
	done := func(n int) PhaseRecord { return PhaseRecord{Status: StatusDone, Started: at(n), Ended: at(n + 5)} }
	asked := map[Op]Operation{OpStart: {Op: OpStart, At: at(1)}}
	goes := map[Op]Operation{OpStart: {Op: OpStart, At: at(1)}, OpComplete: {Op: OpComplete, At: at(20)}}
	for name, c := range map[string]struct {
		leg   Leg
		whole bool
		at    time.Time
	}{
		"before":              {Leg{}, true, time.Time{}},
		"asked for":           {Leg{Ops: asked}, false, at(1)},
		"first sync":          {Leg{Ops: asked, Phases: map[Phase]PhaseRecord{PhaseInitialSync: begun(2)}}, false, at(2)},
		"first sync failed":   {Leg{Ops: asked, Phases: map[Phase]PhaseRecord{PhaseInitialSync: {Status: StatusFailed, Started: at(2)}}}, false, at(2)},
		"at the gate":         {Leg{Ops: asked, Phases: map[Phase]PhaseRecord{PhaseInitialSync: done(2)}}, true, at(2)},
		"stopping Azure":      {Leg{Ops: asked, Phases: map[Phase]PhaseRecord{PhaseInitialSync: done(2), PhaseStopAzure: begun(19)}}, true, at(2)},
		"the job goes on":     {Leg{Ops: goes, Phases: map[Phase]PhaseRecord{PhaseInitialSync: done(2), PhaseStopAzure: begun(19)}}, false, at(20)},
		"final sync":          {Leg{Ops: goes, Phases: map[Phase]PhaseRecord{PhaseInitialSync: done(2), PhaseFinalSync: begun(21)}}, false, at(21)},
		"home":                {Leg{Ops: goes, DowntimeFrom: at(19), Phases: map[Phase]PhaseRecord{PhaseInitialSync: done(2), PhaseFinalSync: done(21)}}, true, at(19)},
		"full, being written": {Leg{Ops: asked, DowntimeFrom: at(1), Phases: map[Phase]PhaseRecord{PhaseFinalSync: begun(3)}}, false, at(3)},
		"damaged":             {Leg{Ops: goes, Damage: &DamageMarked{}, DamagedAt: at(9), Phases: map[Phase]PhaseRecord{PhaseFinalSync: done(2)}}, false, at(9)},
	} {
		c.leg.Direction = ToOnPremises
		got := c.leg.Consistency()
		moment := got.At
		if !c.whole {
			moment = got.Since
		}
		if got.Whole != c.whole || !moment.Equal(c.at) || got.Words == "" {
			t.Errorf("%s: %+v", name, got)
		}
	}
	if got := (&Leg{Direction: ToAzure}).Consistency(); got.Words != "" {
		t.Errorf("on the way to Azure: %+v", got)
	}
}
