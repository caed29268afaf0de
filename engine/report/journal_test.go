package report

import (
	"testing"
	"time"

	"failback/engine"
)

// journal records a run through the engine's own stream, which lets only legal
// histories pass. Every event comes a second after the one before.
type journal struct {
	t      *testing.T
	stream *engine.Stream
	now    time.Time
	events []engine.Event
	item   string
}

const run engine.RunID = "20261123-200000-abcd"

func begin(t *testing.T, plan engine.Plan) *journal {
	t.Helper()
	j := &journal{t: t, now: time.Date(2026, 11, 23, 20, 0, 0, 0, time.UTC), item: plan.Items[0].Name}
	j.stream = engine.NewStream(run, engine.State{}, j, j, func() time.Time { return j.now })
	j.all(engine.StreamOpened{Schema: engine.SchemaVersion, Program: "failback 1.0.0"})
	j.all(engine.RunPlanned{Plan: plan})
	j.all(engine.RunStarted{Driver: "anna@jump1, 4711"})
	return j
}

// Append makes the journal its own recorder, Publish its own reader.
func (j *journal) Append(e engine.Event) error {
	j.events = append(j.events, e)
	return nil
}

func (j *journal) Publish(engine.Event) {}

func (j *journal) emit(item string, p engine.Phase, b engine.Body) {
	j.t.Helper()
	j.now = j.now.Add(time.Second)
	if err := j.stream.Emit(item, p, b); err != nil {
		j.t.Fatal(err)
	}
}

// all emits a fact about the run, in one about the item in a phase, at one
// about the item at a gate.
func (j *journal) all(b engine.Body)                { j.t.Helper(); j.emit("", engine.PhaseNone, b) }
func (j *journal) in(p engine.Phase, b engine.Body) { j.t.Helper(); j.emit(j.item, p, b) }
func (j *journal) at(b engine.Body)                 { j.t.Helper(); j.emit(j.item, engine.PhaseNone, b) }
func (j *journal) wait(d time.Duration)             { j.now = j.now.Add(d) }

// phase is one whole phase that takes some time and says the bodies meanwhile.
func (j *journal) phase(p engine.Phase, takes time.Duration, bodies ...engine.Body) {
	j.t.Helper()
	j.in(p, engine.PhaseStarted{})
	for _, b := range bodies {
		j.in(p, b)
	}
	j.wait(takes)
	j.in(p, engine.PhaseFinished{})
}

// gate asks and answers a gate.
func (j *journal) gate(g engine.Gate, d engine.Decision, consequences ...string) {
	j.t.Helper()
	verb, portal := g.Action(engine.ToOnPremises)
	j.at(engine.GateOpened{Gate: g, Verb: verb, Portal: portal, Consequences: consequences})
	j.wait(10 * time.Minute)
	d.Gate = g
	j.at(engine.DecisionMade{Decision: d})
}

// sent is an intent and its acceptance.
func (j *journal) sent(p engine.Phase, op engine.Op, job string) {
	j.t.Helper()
	j.in(p, engine.IntentRecorded{Op: op, Request: "req-" + string(op)})
	j.in(p, engine.OperationAccepted{Op: op, Request: "req-" + string(op), Job: job})
}

func plan(sync engine.SyncOption) engine.Plan {
	return engine.Plan{
		Version: engine.PlanVersion, Profile: "prod", Vault: "vault-west", Owner: "anna@jump1", Reason: "the site is back",
		Direction: engine.ToOnPremises, Sync: sync, Budget: 30 * time.Minute, Approve: []engine.Gate{engine.GateReprotect},
		Items: []engine.PlanItem{{ID: "/items/web", Name: "web", VMID: "v1", Host: "hv1", Bytes: 127 << 30, Disks: 2}},
	}
}

// untilInitialSync is the common beginning of the delta runs.
func untilInitialSync(j *journal) {
	j.t.Helper()
	j.phase(engine.PhasePreflight, 5*time.Second,
		engine.PreflightChecked{Finding: engine.Finding{Rule: "committed", Title: "The failover to Azure is complete and committed", Verdict: engine.VerdictOK, Observed: "Site Recovery allows it", Source: "Azure docs: hyper-v-azure-failback", Dated: "2019-09-12"}},
		engine.PreflightChecked{Finding: engine.Finding{Rule: "clock", Title: "The host's clock is right", Verdict: engine.VerdictWarn, Observed: "differs by 3 min", Remedy: "set the clocks right", Source: "inferred"}},
	)
	j.in(engine.PhasePrepare, engine.PhaseStarted{})
	j.sent(engine.PhasePrepare, engine.OpStart, "job-1")
	j.in(engine.PhasePrepare, engine.PhaseFinished{})
	j.in(engine.PhaseInitialSync, engine.PhaseStarted{})
	j.in(engine.PhaseInitialSync, engine.PowerChanged{Side: engine.LocationAzure, Power: engine.PowerRunning})
	j.in(engine.PhaseInitialSync, engine.SyncProgress{Read: 3 << 30, Written: 1 << 30, Total: 127 << 30, Estimate: true})
}

// untilVerify goes on to the verification of a boot.
func untilVerify(j *journal) {
	j.t.Helper()
	untilInitialSync(j)
	j.wait(40 * time.Minute)
	j.in(engine.PhaseInitialSync, engine.PhaseFinished{})
	j.gate(engine.GateComplete, engine.Decision{By: "anna@jump1", Reason: "users are off"}, "The Azure VM web is stopped.")
	j.in(engine.PhaseStopAzure, engine.PhaseStarted{})
	j.sent(engine.PhaseStopAzure, engine.OpComplete, "job-1")
	j.in(engine.PhaseStopAzure, engine.DowntimeBegan{})
	j.in(engine.PhaseStopAzure, engine.PowerChanged{Side: engine.LocationAzure, Power: engine.PowerDeallocated})
	j.in(engine.PhaseStopAzure, engine.PhaseFinished{})
	j.phase(engine.PhaseFinalSync, 2*time.Minute)
	j.phase(engine.PhaseStartOnPremises, time.Minute, engine.PowerChanged{Side: engine.LocationOnPremises, Power: engine.PowerRunning})
	j.in(engine.PhaseVerify, engine.PhaseStarted{})
}

func succeeded(t *testing.T) []engine.Event {
	t.Helper()
	j := begin(t, plan(engine.SyncDelta))
	untilVerify(j)
	j.in(engine.PhaseVerify, engine.BootChecked{Result: engine.BootProven, State: "Running", Heartbeat: "OkApplicationsHealthy", Uptime: 50 * time.Second, Grew: true, Addresses: []string{"10.0.0.4"}})
	j.in(engine.PhaseVerify, engine.DiskProved{Disk: "os", Bytes: 127 << 30, Source: "aa11", Target: "aa11", Equal: true})
	j.in(engine.PhaseVerify, engine.DiskProved{Disk: "data", Bytes: 1 << 30, Source: "bb22", Missing: "the host keeps no checksum of it"})
	j.in(engine.PhaseVerify, engine.PhaseFinished{})
	j.gate(engine.GateCommit, engine.Decision{By: "ben@jump1", Reason: "checked by hand"}, "The Azure VM web and 2 disks are deleted.")
	j.in(engine.PhaseCommit, engine.PhaseStarted{})
	j.sent(engine.PhaseCommit, engine.OpCommit, "job-2")
	j.in(engine.PhaseCommit, engine.PhaseFinished{})
	j.gate(engine.GateReprotect, engine.Decision{By: "anna@jump1", Policy: true})
	j.in(engine.PhaseReverseReplicate, engine.PhaseStarted{})
	j.sent(engine.PhaseReverseReplicate, engine.OpReprotect, "job-3")
	j.in(engine.PhaseReverseReplicate, engine.PhaseFinished{})
	j.phase(engine.PhaseProtected, 3*time.Minute, engine.Noted{Level: "info", Text: "replication is healthy"})
	j.at(engine.LegFinished{Outcome: engine.OutcomeSucceeded})
	j.finish(engine.OutcomeSucceeded)
	return j.events
}

func (j *journal) finish(o engine.Outcome) {
	j.t.Helper()
	leg := j.stream.State().Legs[0]
	j.all(engine.RunFinished{Outcome: o, Downtime: leg.Downtime(j.now).Seconds(), Items: []engine.ItemOutcome{{
		Item: j.item, Outcome: o, Phase: leg.Phase(), Damaged: leg.Damage != nil,
	}}})
}

func cancelledAndDamaged(t *testing.T) []engine.Event {
	t.Helper()
	j := begin(t, plan(engine.SyncDelta))
	untilInitialSync(j)
	j.in(engine.PhaseInitialSync, engine.CancelRequested{By: "anna@jump1", Reason: "wrong machine"})
	j.sent(engine.PhaseInitialSync, engine.OpCancel, "job-1")
	j.in(engine.PhaseInitialSync, engine.DamageMarked{Reason: "cancelled while its disks were being written"})
	j.at(engine.LegFinished{Outcome: engine.OutcomeCancelled})
	j.finish(engine.OutcomeCancelled)
	return j.events
}

func failed(t *testing.T) []engine.Event {
	t.Helper()
	j := begin(t, plan(engine.SyncDelta))
	untilVerify(j)
	j.in(engine.PhaseVerify, engine.BootChecked{Result: engine.BootFailed, State: "Off", Heartbeat: "NoContact"})
	j.in(engine.PhaseVerify, engine.DiskProved{Disk: "os", Bytes: 127 << 30, Source: "aa11", Target: "cc33"})
	j.in(engine.PhaseVerify, engine.PhaseFailed{Failure: &engine.Failure{
		Kind: engine.FailureBoot, What: "verify", Where: "web on hv1", Why: "the switch LAN is missing", Remedy: "create it and resume the run",
	}})
	j.at(engine.LegFinished{Outcome: engine.OutcomeFailed})
	j.finish(engine.OutcomeFailed)
	return j.events
}

// detached is left once, taken over, and left again at the commit gate.
func detached(t *testing.T) []engine.Event {
	t.Helper()
	p := plan(engine.SyncFull)
	p.Rehearsal, p.Budget, p.Approve = true, 0, nil
	j := begin(t, p)
	j.phase(engine.PhasePreflight, time.Second)
	j.gate(engine.GateComplete, engine.Decision{By: "anna@jump1"}, "The Azure VM web is stopped at once.")
	j.in(engine.PhasePrepare, engine.PhaseStarted{})
	j.in(engine.PhasePrepare, engine.IntentRecorded{Op: engine.OpStart, Request: "req-start"})
	j.finish(engine.OutcomeDetached)
	j.wait(time.Hour)
	j.all(engine.RunResumed{Driver: "ben@jump2, 12"})
	j.in(engine.PhasePrepare, engine.PhaseStarted{})
	j.in(engine.PhasePrepare, engine.OperationAccepted{Op: engine.OpStart, Job: "job-9", Found: true})
	j.in(engine.PhasePrepare, engine.DowntimeBegan{})
	j.in(engine.PhasePrepare, engine.PhaseFinished{})
	j.phase(engine.PhaseStopAzure, time.Minute, engine.PowerChanged{Side: engine.LocationAzure, Power: engine.PowerStopped})
	j.phase(engine.PhaseFinalSync, 20*time.Minute)
	j.phase(engine.PhaseStartOnPremises, time.Minute)
	j.phase(engine.PhaseVerify, time.Minute, engine.BootChecked{Result: engine.BootNotProven, State: "Running", Heartbeat: "NoContact"})
	verb, portal := engine.GateCommit.Action(engine.ToOnPremises)
	j.at(engine.GateOpened{Gate: engine.GateCommit, Verb: verb, Portal: portal})
	j.finish(engine.OutcomeDetached)
	return j.events
}
