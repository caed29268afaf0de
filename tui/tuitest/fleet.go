package tuitest

import (
	"fmt"
	"slices"
	"time"

	"failback/engine"
)

// RecordFleet is the recording of a run of n items in three groups, begun one after
// another and overlapping. Some fail on their way, and some are cancelled and left
// damaged.
func RecordFleet(n int, from time.Time) []engine.Event {
	whole := Plan(engine.SyncDelta)
	whole.RecoveryPlan, whole.Each = "datacentre", true
	var told []engine.Event
	for i := range n {
		it := engine.PlanItem{
			ID: fmt.Sprint("/items/", i), Name: fmt.Sprintf("%s%03d", []string{"web", "sql", "app", "file"}[i%4], i), VMID: fmt.Sprint("vm-", i),
			Host: fmt.Sprintf("hv%02d", i%12), Bytes: int64(20+i*7%90) * gib, Disks: 1, Group: 1 + i*3/n,
		}
		whole.Items = append(whole.Items, it)
		one := whole
		one.Items = []engine.PlanItem{it}
		var leg []engine.Event
		for _, e := range Record(one, from.Add(time.Duration(i)*7*time.Second)) {
			if e.Item != "" {
				leg = append(leg, e)
			}
		}
		told = append(told, gone(leg, i)...)
	}
	slices.SortStableFunc(told, func(a, b engine.Event) int { return a.Time.Compare(b.Time) })
	head := Record(whole1(whole), from)[:3]
	head[1].Body = engine.RunPlanned{Plan: whole}
	out := slices.Concat(head, told)
	for i := range out {
		out[i].Seq = uint64(i + 1)

	}
	return Then(out, "", "", engine.RunFinished{Outcome: engine.OutcomeFailed})
}

// whole1 is the plan with its first item alone, for the events that tell of no item.
func whole1(p engine.Plan) engine.Plan {
	p.Items = p.Items[:1]
	return p
}

// gone lets some legs fail or be cancelled while data is written.
func gone(leg []engine.Event, i int) []engine.Event {
	fails, cancelled := i%37 == 5, i%61 == 7
	if !fails && !cancelled {
		return leg
	}
	phase := engine.PhaseFinalSync
	if cancelled {
		phase = engine.PhaseInitialSync
	}
	seen := 0
	for at, e := range leg {
		if _, ok := e.Body.(engine.SyncProgress); !ok || e.Phase != phase {
			continue
		}
		if seen++; seen < 3 {
			continue
		}
		leg = slices.Clip(leg[:at+1])
		if fails {
			return Then(leg, e.Item, phase, engine.PhaseFailed{Failure: &engine.Failure{
				Kind: engine.FailureJob, What: "final sync", Where: e.Item, Code: "28031", Why: "The virtual machine couldn't be written.", Remedy: "Free space, then go on with the run.",
			}})
		}
		leg = Then(leg, e.Item, phase, engine.CancelRequested{By: "kim@jump01", Reason: "wrong machine"})
		leg = Then(leg, e.Item, phase, engine.DamageMarked{Reason: "cancelled during initial sync"})
		return Then(leg, e.Item, "", engine.LegFinished{Outcome: engine.OutcomeCancelled})
	}
	return leg
}
