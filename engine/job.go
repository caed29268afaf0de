package engine

import "time"

// JobState is a job's state as Site Recovery spells it. The set is open: an
// unknown value is shown as it is and counts as not ended.
type JobState string

// Job states that were documented or recorded (facts §4.2).
const (
	JobNotStarted         JobState = "NotStarted"
	JobInProgress         JobState = "InProgress"
	JobSucceeded          JobState = "Succeeded"
	JobFailed             JobState = "Failed"
	JobCancelled          JobState = "Cancelled"
	JobSuspended          JobState = "Suspended"
	JobPartiallySucceeded JobState = "PartiallySucceeded"
	JobWithInformation    JobState = "CompletedWithInformation"
)

// Ended reports whether a job in this state will not change any more.
func (s JobState) Ended() bool {
	switch s {
	case JobSucceeded, JobFailed, JobCancelled, JobPartiallySucceeded, JobWithInformation:
		return true
	case JobNotStarted, JobInProgress, JobSuspended:
	}
	return false
}

// Good reports whether the job ended well.
func (s JobState) Good() bool { return s == JobSucceeded || s == JobWithInformation }

// Scenario names of jobs (facts §4.4).
const (
	ScenarioPlannedFailover  = "PlannedFailover"
	ScenarioFailback         = "Failback"
	ScenarioFinalizeFailback = "FinalizeFailback"
	ScenarioCommit           = "CommitFailover"
	ScenarioReprotect        = "ReprotectReplicationGroup"

	ScenarioUnplannedFailover = "UnplannedFailover"
	ScenarioTestFailover      = "TestFailover"
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

// JobError is an error of a job or a task, in the service's own words.
type JobError struct {
	Code           string `json:"code"`
	Message        string `json:"message"`
	PossibleCauses string `json:"possible_causes,omitempty"`
	Recommended    string `json:"recommended_action,omitempty"`
	Level          string `json:"level,omitempty"`
	TaskID         string `json:"task_id,omitempty"`
}

// Job is a Site Recovery job. Lists give thin jobs: no tasks, no direction.
type Job struct {
	ID         string     `json:"id"`
	Name       string     `json:"name"`
	Scenario   string     `json:"scenario"`
	Friendly   string     `json:"friendly_name"`
	State      JobState   `json:"state"`
	Detail     string     `json:"state_description"`
	TargetID   string     `json:"target_id"` // the item's VMID, or a recovery plan's id
	TargetName string     `json:"target_name"`
	TargetType string     `json:"target_type"`
	Started    time.Time  `json:"started,omitzero"`
	Ended      time.Time  `json:"ended,omitzero"`
	Allowed    []string   `json:"allowed_actions"`
	ActivityID string     `json:"activity_id,omitempty"` // begins with the client request id
	FromAzure  bool       `json:"from_azure"`            // affectedObjectDetails say the primary side is Azure
	Tasks      []Task     `json:"tasks,omitempty"`
	Errors     []JobError `json:"errors,omitempty"`
}

// Find returns the last task of that name in the tree, children included, and
// whether there is one. The failback job repeats names: the second
// InitiateDataSync and MonitorDataSync are those of the final sync.
func (j Job) Find(name string, within string) (Task, bool) {
	list := j.Tasks
	if within != "" {
		g, ok := findTask(j.Tasks, within)
		if !ok {
			return Task{}, false
		}
		list = g.Children
	}
	for _, t := range list {
		if t.Name == name {
			return t, true
		}
	}
	return Task{}, false
}

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

// WaitsForComplete reports whether the job is a failback that waits for
// "Complete failover". The tuple is INFERRED (facts §4.5): suspended, and either
// described as waiting after the data synchronisation or resumable while its
// wait task is the current one. Manual actions and test failovers never match.
func (j Job) WaitsForComplete() bool {
	if j.State != JobSuspended {
		return false
	}
	switch j.Detail {
	case WaitingForManualAction, WaitingForStopTestFailover:
		return false
	case WaitingAfterDataSync:
		return true
	}
	if _, manual := j.ManualAction(); manual {
		return false
	}
	t, ok := findTask(j.Tasks, TaskWaitForUser)
	return ok && !t.Done() && t.State != TaskStateNotStarted
}
