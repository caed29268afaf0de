package engine

import (
	"encoding/json"
	"time"
)

// The facts of a run. Each type below is the body of an [Event]; its JSON names
// are part of the journal's schema: fields are added, never renamed.

// StreamOpened is the first fact of every journal and every event stream.
type StreamOpened struct {
	Schema  int    `json:"schema"`
	Program string `json:"program"`
}

// RunPlanned holds the plan, so that the journal alone tells the whole run.
type RunPlanned struct {
	Plan Plan `json:"plan"`
}

// RunStarted and RunResumed say who drives the run from here.
type RunStarted struct {
	Driver string `json:"driver"` // user@host, process
}

// RunResumed says that another process took the run over.
type RunResumed struct {
	Driver string `json:"driver"`
}

// RunFinished is the last fact of a stream. A detached run goes on in Azure and
// may be resumed; a failed one may be, too.
type RunFinished struct {
	Outcome  Outcome       `json:"outcome"`
	Downtime float64       `json:"downtime_s"` // longest of the legs
	Items    []ItemOutcome `json:"items"`
	// Outturn holds the run against its forecast, where there was one and every item
	// was seen to boot.
	Outturn *Outturn `json:"outturn,omitempty"`
}

// ItemOutcome is how one leg ended.
type ItemOutcome struct {
	Item     string  `json:"item"`
	Outcome  Outcome `json:"outcome"`
	Phase    Phase   `json:"phase,omitempty"` // where it stands or stopped
	Downtime float64 `json:"downtime_s"`
	Damaged  bool    `json:"damaged"`
}

// Outcome is how a leg or a run ended. OutcomeNone means it has not.
type Outcome string

// The outcomes.
const (
	OutcomeNone      Outcome = ""
	OutcomeSucceeded Outcome = "succeeded"
	OutcomeFailed    Outcome = "failed"
	OutcomeCancelled Outcome = "cancelled"
	OutcomeDetached  Outcome = "detached"
	OutcomeBlocked   Outcome = "blocked" // of a leg: preflight said no
	OutcomeUnknown   Outcome = "unknown" // of a leg: looking could not decide what happened
)

// PreflightChecked is one finding.
type PreflightChecked struct {
	Finding
}

// PhaseStarted says a phase began, or began again after a resume.
type PhaseStarted struct{}

// PhaseFinished says a phase was seen to be complete.
type PhaseFinished struct{}

// PhaseFailed says a phase stopped the leg here.
type PhaseFailed struct {
	Failure *Failure `json:"failure"`
}

// Op names an effectful request.
type Op string

// The effectful requests of a run. Each is sent at most once an intent.
const (
	OpStart      Op = "start"
	OpDeallocate Op = "deallocate"
	OpComplete   Op = "complete"
	OpStartVM    Op = "start-vm"
	OpCommit     Op = "commit"
	OpReprotect  Op = "reprotect"
	OpCancel     Op = "cancel"

	OpCommitFailover Op = "commit-failover"
	// OpManual is followed by a colon, the job and the task of a recovery plan's
	// manual action: a job may have several.
	OpManual Op = "manual-action"
)

// IntentRecorded is written, and on disk, before the one side effect it names.
type IntentRecorded struct {
	Op      Op     `json:"op"`
	Request string `json:"request"` // client request id
}

// OperationAccepted says the service took the request, or that looking found
// it had (Found).
type OperationAccepted struct {
	Op      Op     `json:"op"`
	Request string `json:"request,omitempty"`
	Job     string `json:"job,omitempty"`
	Found   bool   `json:"found,omitempty"`
}

// TaskChanged says a task of the leg's job changed its state.
type TaskChanged struct {
	Job  string `json:"job"`
	Path string `json:"path"` // names from the root, joined with "/"
	Task Task   `json:"task"` // without children
}

// SyncProgress is what is known of a synchronisation. Site Recovery itself
// reports nothing: the bytes are the agent's counters and an estimate.
type SyncProgress struct {
	Read     int64 `json:"read"`    // bytes the agent has read since the phase began
	Written  int64 `json:"written"` // bytes it has written
	Total    int64 `json:"total"`   // what there is to read, 0 where nobody knows
	Estimate bool  `json:"estimate"`
	// Uncounted says that the agent's counters could not be read: read and written say
	// nothing then.
	Uncounted bool `json:"uncounted,omitempty"`
	// Disks are the files of the VM's disks on its host, where they could be read: a
	// second estimate, of this VM alone.
	Disks []DiskGrowth `json:"disks,omitempty"`
	// Shared says that other legs of this run move data through the same agent.
	Shared bool `json:"shared,omitempty"`
}

// DiskGrowth is how much the file of a disk has grown since a synchronisation began.
// It is less than what was written: what goes into room that the file had does not show.
type DiskGrowth struct {
	Disk  string `json:"disk"` // the file's name, without its folder
	Grown int64  `json:"grown"`
	// Silent says why the file tells nothing, where it does not.
	Silent string `json:"silent,omitempty"`
}

// PowerChanged says one side of the VM was seen in another power state.
type PowerChanged struct {
	Side  Location `json:"side"`
	Power Power    `json:"power"`
}

// DowntimeBegan says the Azure VM is being stopped.
type DowntimeBegan struct {
	// At is since when, where the fact itself was written later.
	At time.Time `json:"at,omitzero"`
}

// GateOpened says the leg waits for a decision, and what an approval would do.
type GateOpened struct {
	Gate   Gate   `json:"gate"`
	Verb   string `json:"verb"`   // what an approval does, see [Gate.Action]
	Portal string `json:"portal"` // Microsoft's term
	// NeedsReason says that only a person may answer, and with a reason.
	NeedsReason  bool     `json:"needs_reason,omitempty"`
	Consequences []string `json:"consequences"`
	// Again says why the gate is asked a second time, where it is.
	Again string `json:"again,omitempty"`
	// Unverified names machines that the answer affects although nothing has shown
	// that they are well: the reason has to name each.
	Unverified []string `json:"unverified,omitempty"`
	// Deletes is what the commit of a failback without Site Recovery deletes: exactly
	// that, once the gate is answered.
	Deletes *Deletions `json:"deletes,omitempty"`
	// Action is the manual action that is waited for, Task its job and task.
	Action *TaskAction `json:"action,omitempty"`
	Task   string      `json:"task,omitempty"`
}

// Decision is an answer at a gate. There is only one answer, yes: a leg without
// it goes on waiting.
type Decision struct {
	Gate     Gate   `json:"gate"`
	By       string `json:"by"`
	Policy   bool   `json:"policy,omitempty"`
	Reason   string `json:"reason,omitempty"`
	Override bool   `json:"override,omitempty"` // outside the window, with a reason
	// Verb is what was approved, in the words of the gate that was open: the same
	// gate does another thing in the other direction.
	Verb string `json:"verb,omitempty"`
	// Joint says that one answer was given for all items of a recovery plan.
	Joint bool `json:"joint,omitempty"`
	// For is the manual action that the answer is about.
	For string `json:"for,omitempty"`
	// LookedBy is who has looked at the on-premises VM, and Saw what they saw, where
	// the answer at the commit gate says so.
	LookedBy string `json:"looked_by,omitempty"`
	Saw      string `json:"saw,omitempty"`
}

// DecisionMade is a decision that was taken.
type DecisionMade struct {
	Decision
}

// CancelRequested says somebody asked to cancel the leg, knowing what it leaves.
type CancelRequested struct {
	By     string `json:"by"`
	Reason string `json:"reason,omitempty"`
}

// BootResult is how far a boot was proven.
type BootResult string

// The boot results. Running without proof is a result of its own, never "ok".
const (
	BootProven    BootResult = "proven"
	BootNotProven BootResult = "running-not-proven"
	BootFailed    BootResult = "failed"
)

// BootChecked is the proof of the boot.
type BootChecked struct {
	Result    BootResult    `json:"result"`
	State     string        `json:"state"`
	Heartbeat string        `json:"heartbeat"`
	Uptime    time.Duration `json:"uptime_ns"`
	Grew      bool          `json:"uptime_grew"`
	Addresses []string      `json:"addresses"`
	// Lines are what was looked at, one by one; a proven boot has no line but good ones.
	Lines []BootLine `json:"lines,omitempty"`
}

// DiskProved compares one disk's content on both sides at the moment the last
// synchronisation ended. Equal is only ever true when both sums were read.
type DiskProved struct {
	Disk   string `json:"disk"`
	Bytes  int64  `json:"bytes"`
	Source string `json:"source_sha256"`
	Target string `json:"target_sha256"`
	Equal  bool   `json:"equal"`
	// Missing says which side could not be read and why; no claim is made then.
	Missing string `json:"missing,omitempty"`
}

// DamageMarked says the on-premises VM must not be started.
type DamageMarked struct {
	Reason string `json:"reason"`
}

// DamageCleared says a complete, verified synchronisation ended the damage.
type DamageCleared struct{}

// JobSeen says when the job, as it is shown, was read. It passes by: the journal
// keeps what changed, not who looked when.
type JobSeen struct {
	Job string    `json:"job"`
	At  time.Time `json:"at"`
}

// Noted is a sentence for people.
type Noted struct {
	Level string `json:"level"` // info, warn, error
	Text  string `json:"text"`
}

// LegFinished is the end of a leg, for now or for good.
type LegFinished struct {
	Outcome Outcome `json:"outcome"`
	// Final says that a resume could change nothing: the job it hung on is over,
	// and the failback has to be run again from its beginning.
	Final bool `json:"final,omitempty"`
}

// Type names, one a body.
func (StreamOpened) Type() EventType      { return "stream.opened" }
func (RunPlanned) Type() EventType        { return "run.planned" }
func (RunStarted) Type() EventType        { return "run.started" }
func (RunResumed) Type() EventType        { return "run.resumed" }
func (RunFinished) Type() EventType       { return "run.finished" }
func (PreflightChecked) Type() EventType  { return "preflight.checked" }
func (PhaseStarted) Type() EventType      { return "phase.started" }
func (PhaseFinished) Type() EventType     { return "phase.finished" }
func (PhaseFailed) Type() EventType       { return "phase.failed" }
func (IntentRecorded) Type() EventType    { return "intent.recorded" }
func (OperationAccepted) Type() EventType { return "operation.accepted" }
func (TaskChanged) Type() EventType       { return "task.changed" }
func (SyncProgress) Type() EventType      { return "sync.progress" }
func (JobSeen) Type() EventType           { return "job.seen" }
func (PowerChanged) Type() EventType      { return "power.changed" }
func (DowntimeBegan) Type() EventType     { return "downtime.began" }
func (GateOpened) Type() EventType        { return "gate.opened" }
func (DecisionMade) Type() EventType      { return "decision.made" }
func (CancelRequested) Type() EventType   { return "cancel.requested" }
func (BootChecked) Type() EventType       { return "boot.checked" }
func (DiskProved) Type() EventType        { return "disk.proved" }
func (DamageMarked) Type() EventType      { return "damage.marked" }
func (DamageCleared) Type() EventType     { return "damage.cleared" }
func (Noted) Type() EventType             { return "noted" }
func (LegFinished) Type() EventType       { return "leg.finished" }

var bodyTypes = map[EventType]func([]byte) (Body, error){
	"stream.opened":      decodeAs[StreamOpened],
	"run.planned":        decodeAs[RunPlanned],
	"run.started":        decodeAs[RunStarted],
	"run.resumed":        decodeAs[RunResumed],
	"run.finished":       decodeAs[RunFinished],
	"forecast.made":      decodeAs[ForecastMade],
	"preflight.checked":  decodeAs[PreflightChecked],
	"phase.started":      decodeAs[PhaseStarted],
	"phase.finished":     decodeAs[PhaseFinished],
	"phase.failed":       decodeAs[PhaseFailed],
	"intent.recorded":    decodeAs[IntentRecorded],
	"operation.accepted": decodeAs[OperationAccepted],
	"task.changed":       decodeAs[TaskChanged],
	"sync.progress":      decodeAs[SyncProgress],
	"job.seen":           decodeAs[JobSeen],
	"power.changed":      decodeAs[PowerChanged],
	"downtime.began":     decodeAs[DowntimeBegan],
	"gate.opened":        decodeAs[GateOpened],
	"decision.made":      decodeAs[DecisionMade],
	"cancel.requested":   decodeAs[CancelRequested],
	"boot.checked":       decodeAs[BootChecked],
	"boot.seen":          decodeAs[BootSeen],
	"machine.looked":     decodeAs[MachineLooked],
	"guard.changed":      decodeAs[GuardChanged],
	"disk.proved":        decodeAs[DiskProved],
	"damage.marked":      decodeAs[DamageMarked],
	"damage.cleared":     decodeAs[DamageCleared],
	"noted":              decodeAs[Noted],
	"leg.finished":       decodeAs[LegFinished],
	"limit.changed":      decodeAs[LimitChanged],
	"threads.intended":   decodeAs[ThreadsIntended],
	"threads.set":        decodeAs[ThreadsSet],
	"threads.returning":  decodeAs[ThreadsReturning],
	"threads.returned":   decodeAs[ThreadsReturned],
}

func decodeAs[T Body](raw []byte) (Body, error) {
	var b T
	if err := json.Unmarshal(raw, &b); err != nil {
		return nil, err
	}
	return b, nil
}
