package tuitest

import (
	"fmt"
	"time"

	"failback/engine"
)

// script tells a run that goes well, from gate to gate.
type script struct {
	stream *engine.Stream
	plan   engine.Plan
	// Pace is called before every event with how long its making took; nil for
	// a run that takes no time.
	pace func(time.Duration)
}

// emit tells one event. A script that tells an impossible one is wrong.
func (s *script) emit(item string, p engine.Phase, b engine.Body) {
	if err := s.stream.Emit(item, p, b); err != nil {
		panic(fmt.Sprintf("script: %v", err))
	}
}

func (s *script) wait(d time.Duration) {
	if s.pace != nil {
		s.pace(d)
	}
}

func (s *script) begin() {
	s.emit("", "", engine.StreamOpened{Schema: engine.SchemaVersion, Program: "failback test"})
	s.emit("", "", engine.RunPlanned{Plan: s.plan})
	s.emit("", "", engine.RunStarted{Driver: "kim@jump01"})
	for _, it := range s.plan.Items {
		s.untilComplete(it)
	}
}

func (s *script) untilComplete(it engine.PlanItem) {
	s.phase(it, engine.PhasePreflight, 4*time.Second, func() {
		s.emit(it.Name, engine.PhasePreflight, engine.PowerChanged{Side: engine.LocationAzure, Power: engine.PowerRunning})
		s.emit(it.Name, engine.PhasePreflight, engine.PowerChanged{Side: engine.LocationOnPremises, Power: engine.PowerStopped})
		s.emit(it.Name, engine.PhasePreflight, engine.PreflightChecked{Finding: engine.Finding{
			Rule: "heartbeat", Title: "Provider connected", Verdict: engine.VerdictOK, Observed: "heartbeat 12 s ago"}})
	})
	if it.CommitFailover {
		s.open(it, engine.GateCommitFailover, "The earlier failover of "+it.Name+" to Azure is accepted: its recovery points are deleted.")
		return
	}
	s.fromCommitted(it)
}

func (s *script) fromCommitted(it engine.PlanItem) {
	if s.plan.Sync == engine.SyncDelta {
		s.prepare(it)
		s.sync(it, engine.PhaseInitialSync, engine.TaskMonitorSync)
	}
	s.open(it, engine.GateComplete, "The Azure VM rg-prod/"+it.Name+" is shut down; users are cut off.",
		"What changed since the snapshot is copied.", "The on-premises VM is started.")
}

func (s *script) prepare(it engine.PlanItem) {
	s.phase(it, engine.PhasePrepare, 20*time.Second, func() {
		s.emit(it.Name, engine.PhasePrepare, engine.IntentRecorded{Op: engine.OpStart, Request: "3f2c8a10"})
		s.emit(it.Name, engine.PhasePrepare, engine.OperationAccepted{Op: engine.OpStart, Request: "3f2c8a10", Job: "9d1e55c4"})
		s.task(it, engine.PhasePrepare, engine.TaskPrerequisites, "Prerequisites check for failback", engine.TaskStateSucceeded)
		s.task(it, engine.PhasePrepare, engine.TaskPrepare, "Preparing the on-premises virtual machine", engine.TaskStateSucceeded)
	})
}

func (s *script) sync(it engine.PlanItem, p engine.Phase, task string) {
	s.phase(it, p, 6*time.Second, func() {
		s.task(it, p, task, "Monitoring data synchronization", engine.TaskStateInProgress)
		for i := int64(1); i <= 8; i++ {
			s.wait(time.Duration(4+i%3) * time.Second)
			s.emit(it.Name, p, engine.SyncProgress{Read: it.Bytes * i / 8, Written: it.Bytes * i / 80, Total: it.Bytes, Estimate: true})
		}
		s.task(it, p, task, "Monitoring data synchronization", engine.TaskStateSucceeded)
	})
}

// after tells what follows an approval.
func (s *script) after(item string, g engine.Gate) {
	var it engine.PlanItem
	for _, x := range s.plan.Items {
		if x.Name == item {
			it = x
		}
	}
	switch g {
	case engine.GateCommitFailover:
		s.phase(it, engine.PhaseCommitFailover, 30*time.Second, func() {})
		s.fromCommitted(it)
	case engine.GateComplete:
		s.untilCommit(it)
	case engine.GateCommit:
		s.phase(it, engine.PhaseCommit, 30*time.Second, func() {
			s.emit(item, engine.PhaseCommit, engine.PowerChanged{Side: engine.LocationAzure, Power: engine.PowerDeleted})
		})
		s.open(it, engine.GateReprotect, "Replication to Azure starts; only what changed since the Azure VM stopped is sent.")
	case engine.GateReprotect:
		s.phase(it, engine.PhaseReverseReplicate, time.Minute, func() {})
		s.phase(it, engine.PhaseProtected, time.Minute, func() {})
		s.emit(item, "", engine.LegFinished{Outcome: engine.OutcomeSucceeded})
	case engine.GateManual, engine.GateNone:
	}
}

func (s *script) untilCommit(it engine.PlanItem) {
	if s.plan.Sync == engine.SyncFull {
		s.prepare(it)
	}
	power := func(p engine.Phase, side engine.Location, to engine.Power) {
		s.emit(it.Name, p, engine.PowerChanged{Side: side, Power: to})
	}
	s.phase(it, engine.PhaseStopAzure, 40*time.Second, func() {
		s.emit(it.Name, engine.PhaseStopAzure, engine.DowntimeBegan{})
		power(engine.PhaseStopAzure, engine.LocationAzure, engine.PowerStopping)
		s.wait(20 * time.Second)
		power(engine.PhaseStopAzure, engine.LocationAzure, engine.PowerDeallocated)
	})
	s.sync(it, engine.PhaseFinalSync, engine.TaskMonitorSync)
	s.phase(it, engine.PhaseStartOnPremises, 15*time.Second, func() {
		power(engine.PhaseStartOnPremises, engine.LocationOnPremises, engine.PowerRunning)
	})
	s.phase(it, engine.PhaseVerify, 25*time.Second, func() {
		s.emit(it.Name, engine.PhaseVerify, engine.BootChecked{
			Result: engine.BootProven, State: "Running", Heartbeat: "OkApplicationsHealthy",
			Uptime: 42 * time.Second, Grew: true, Addresses: []string{"10.20.0.15"},
			Lines: []engine.BootLine{
				{What: engine.LineRunning, Result: engine.LineOK, Saw: "Running"},
				{What: engine.LineHeartbeat, Result: engine.LineOK, Saw: "OkApplicationsHealthy"},
				{What: engine.LineUptime, Result: engine.LineOK, Saw: "up 42 s, growing"},
				{What: engine.LineAddresses, Result: engine.LineOK, Saw: "10.20.0.15"},
			},
		})
		s.emit(it.Name, engine.PhaseVerify, engine.DiskProved{
			Disk: "os", Bytes: it.Bytes, Source: "5c1f0ad2e7b1", Target: "5c1f0ad2e7b1", Equal: true})
	})
	s.open(it, engine.GateCommit, "The Azure VM rg-prod/"+it.Name+" is deleted.", "Its disks are deleted: "+it.Name+"-os.",
		"There is no way back to the Azure copy after that.")
}

func (s *script) phase(it engine.PlanItem, p engine.Phase, takes time.Duration, during func()) {
	s.emit(it.Name, p, engine.PhaseStarted{})
	during()
	s.wait(takes)
	s.emit(it.Name, p, engine.PhaseFinished{})
}

func (s *script) task(it engine.PlanItem, p engine.Phase, name, friendly, state string) {
	s.emit(it.Name, p, engine.TaskChanged{Job: "9d1e55c4", Path: name, Task: engine.Task{Name: name, Friendly: friendly, State: state}})
}

func (s *script) open(it engine.PlanItem, g engine.Gate, consequences ...string) {
	verb, portal := g.Action(s.plan.Direction)
	s.wait(2 * time.Second)
	s.emit(it.Name, "", engine.GateOpened{Gate: g, Verb: verb, Portal: portal, Consequences: consequences})
}
