package engine

import (
	"cmp"
	"time"
)

// Task names of an item's failback job, in order (facts §4.4). The delta mode's
// running and waiting states of these tasks are INFERRED.
const (
	TaskPrerequisites   = "AzureVmFailbackPrerequisitesCheck"
	TaskPrepare         = "PrepareVmOnPremForFailback"
	TaskInitiateSync    = "InitiateDataSync"
	TaskMonitorSync     = "MonitorDataSync"
	TaskWaitForUser     = "WaitForUserInputForFailback"
	TaskStartFailback   = "StartAzureVmFailback"
	TaskShutdownAzure   = "ShutdownVmOnAzure"
	TaskPrepareFinalize = "PrepareForFinalizeRestore"
	TaskStartOnPrimary  = "StartVmOnPrimary"
)

// Task is one task of a job; group tasks have children.
type Task struct {
	ID       string     `json:"id"`
	Name     string     `json:"name"`
	Friendly string     `json:"friendly_name"`
	State    string     `json:"state"`            // Skipped is given as "Skipped" whatever the wire said
	Detail   string     `json:"detail,omitempty"` // stateDescription
	Started  time.Time  `json:"started,omitzero"`
	Ended    time.Time  `json:"ended,omitzero"`
	Children []Task     `json:"children,omitempty"`
	Errors   []JobError `json:"errors,omitempty"`
	// Kind is the service's name for what else it tells of the task; Notes are what
	// of that has no field here, a line each. Journals keep neither.
	Kind  string   `json:"kind,omitempty"`
	Notes []string `json:"notes,omitempty"`
	// The rest is of recovery plans' jobs alone.
	Group   string      `json:"group,omitempty"`          // kind of a group task, see the Group constants
	Child   *ChildJob   `json:"child,omitempty"`          // the VM's own job that carries the task out
	Action  *TaskAction `json:"action,omitempty"`         // what a person or a script does between the groups
	Skipped string      `json:"skipped_reason,omitempty"` // why the service left a VM out
}

// Task states after normalisation.
const (
	TaskStateNotStarted = "NotStarted"
	TaskStateInProgress = "InProgress"
	TaskStateSucceeded  = "Succeeded"
	TaskStateFailed     = "Failed"
	TaskStateSkipped    = "Skipped"
	TaskStateSuspended  = "Suspended"
	TaskStateCancelled  = "Cancelled"
)

// Done reports whether the task ended well or was skipped.
func (t Task) Done() bool { return t.State == TaskStateSucceeded || t.State == TaskStateSkipped }

// Begun reports whether the task is seen to have begun. A job that ends badly may
// close tasks that it never came to: those have no beginning.
func (t Task) Begun() bool {
	switch t.State {
	case TaskStateInProgress, TaskStateSucceeded, TaskStateSuspended:
		return true
	case TaskStateNotStarted, TaskStateSkipped:
		return false
	}
	return !t.Started.IsZero()
}

// Title is what a person calls the task. The groups of recovery plans have no
// name but a friendly one.
func (t Task) Title() string { return cmp.Or(t.Friendly, t.Name, t.ID) }

func findTask(ts []Task, name string) (Task, bool) {
	for _, t := range ts {
		if t.Name == name {
			return t, true
		}
		if c, ok := findTask(t.Children, name); ok {
			return c, true
		}
	}
	return Task{}, false
}

// JobError is an error of a job or a task, in the service's own words.
type JobError struct {
	Code           string `json:"code"`
	Message        string `json:"message"`
	PossibleCauses string `json:"possible_causes,omitempty"`
	Recommended    string `json:"recommended_action,omitempty"`
	Level          string `json:"level,omitempty"`
	TaskID         string `json:"task_id,omitempty"`
}
