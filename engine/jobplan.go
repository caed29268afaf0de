package engine

import "strings"

// Descriptions of a suspended job. What it waits for differs, and so does what
// may be done: they are documented, not recorded (facts §4.2, §4.5).
const (
	WaitingAfterDataSync       = "WaitingForUserInputAfterDataSync"
	WaitingForManualAction     = "WaitingForManualAction"
	WaitingForStopTestFailover = "WaitingForStopTestFailover"
)

// TargetRecoveryPlan is the target type of a recovery plan's own job.
const TargetRecoveryPlan = "RecoveryPlan"

// Kinds of group tasks in a recovery plan's job, as recorded (facts §4.4).
const (
	GroupDataSync = "RpFailbackDataSyncTask"
	GroupShutdown = "Shutdown"
	GroupFailover = "RpFailoverTask"
	GroupBoot     = "BootGroup"
)

// ChildJob is the job of one VM that a task of a recovery plan's job stands for.
// One VM has several in its turn: shutdown, failover and start.
type ChildJob struct {
	Job      string `json:"job,omitempty"` // empty before it starts
	TargetID string `json:"target_id"`     // the item's VMID
	Target   string `json:"target"`
	Scenario string `json:"scenario,omitempty"`
}

// ActionKind says who carries out a recovery plan's action.
type ActionKind string

// The kinds of actions.
const (
	ActionManual  ActionKind = "manual"
	ActionScript  ActionKind = "script"
	ActionRunbook ActionKind = "runbook"
)

// TaskAction is an action of a recovery plan, as a task of its job.
type TaskAction struct {
	Kind ActionKind `json:"kind"`
	Name string     `json:"name"`
	// Text is the instructions of a manual action, or what a script runs.
	Text string `json:"text,omitempty"`
	// Output is what a script wrote, or what was observed at a manual action.
	Output string `json:"output,omitempty"`
}

// ManualAction returns the manual action that the job waits for, and whether it
// waits for one. The task is the zero value where the job says that it waits and
// names no task. What of it is suspended is INFERRED: no recording shows one.
func (j Job) ManualAction() (Task, bool) {
	if j.State != JobSuspended {
		return Task{}, false
	}
	t, found := manualTask(j.Tasks)
	switch j.Detail {
	case WaitingForManualAction:
		return t, true
	case WaitingAfterDataSync, WaitingForStopTestFailover:
		return Task{}, false
	}
	return t, found
}

// WaitsForTestFailover reports whether the job waits for the clean-up of a test
// failover. Such a job is never resumed.
func (j Job) WaitsForTestFailover() bool {
	return j.State == JobSuspended && j.Detail == WaitingForStopTestFailover
}

// pastWait reports whether the job is seen to have gone on after its data
// synchronisation: it may wait for something else by now.
func (j Job) pastWait() bool {
	t, ok := findTask(j.Tasks, TaskWaitForUser)
	return ok && t.State == TaskStateSucceeded
}

// manualTask finds the manual action that has begun and not ended.
func manualTask(ts []Task) (Task, bool) {
	for _, t := range ts {
		if t.Action != nil && t.Action.Kind == ActionManual {
			switch t.State {
			case TaskStateNotStarted, TaskStateSucceeded, TaskStateSkipped, TaskStateFailed, TaskStateCancelled:
			default:
				return t, true
			}
		}
		if c, ok := manualTask(t.Children); ok {
			return c, true
		}
	}
	return Task{}, false
}

// StageOf finds the task of one VM in the groups of a kind, by the item's VMID.
func (j Job) StageOf(group, vmID string) (Task, bool) { return stageOf(j.Tasks, group, vmID, false) }

func stageOf(ts []Task, group, vmID string, inside bool) (Task, bool) {
	for _, t := range ts {
		within := inside
		if t.Group != "" {
			// A group may stand in another one of no kind of its own.
			within = t.Group == group
		}
		if within && t.Child != nil && vmID != "" && strings.EqualFold(t.Child.TargetID, vmID) {
			return t, true
		}
		if c, ok := stageOf(t.Children, group, vmID, within); ok {
			return c, true
		}
	}
	return Task{}, false
}

// StageBegun reports whether the stage has begun for the VM.
func (j Job) StageBegun(group, vmID string) bool {
	t, ok := j.StageOf(group, vmID)
	return ok && t.Begun()
}

// StageDone reports whether the stage ended well for the VM.
func (j Job) StageDone(group, vmID string) bool {
	t, ok := j.StageOf(group, vmID)
	return ok && t.State == TaskStateSucceeded
}
