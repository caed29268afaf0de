package engine

import (
	"cmp"
	"slices"
	"strings"
	"time"
)

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
	JobCancelling         JobState = "Cancelling"
	JobSuspended          JobState = "Suspended"
	JobPartiallySucceeded JobState = "PartiallySucceeded"
	JobWithInformation    JobState = "CompletedWithInformation"
)

// Ended reports whether a job in this state will not change any more.
func (s JobState) Ended() bool {
	switch s {
	case JobSucceeded, JobFailed, JobCancelled, JobPartiallySucceeded, JobWithInformation:
		return true
	case JobNotStarted, JobInProgress, JobSuspended, JobCancelling:
	}
	return false
}

// Good reports whether the job ended well.
func (s JobState) Good() bool { return s == JobSucceeded || s == JobWithInformation }

// Scenario names of jobs (facts §4.4).
const (
	ScenarioPlannedFailover   = "PlannedFailover"
	ScenarioUnplannedFailover = "UnplannedFailover"
	ScenarioFailback          = "Failback"
	ScenarioFinalizeFailback  = "FinalizeFailback"
	ScenarioCommit            = "CommitFailover"
	ScenarioReprotect         = "ReprotectReplicationGroup"
	ScenarioReversePlan       = "ReverseReplication"
	ScenarioTestFailover      = "TestFailover"
	// The service itself begins these on an item while or after a job of ours
	// works on it.
	ScenarioRestoreCompletion = "RestoreCompletion"
	ScenarioIrCompletion      = "IrCompletion"
)

// Job is a Site Recovery job. Lists give thin jobs: no tasks, no direction.
type Job struct {
	ID         string    `json:"id"`
	Name       string    `json:"name"`
	Scenario   string    `json:"scenario"`
	Friendly   string    `json:"friendly_name"`
	State      JobState  `json:"state"`
	Detail     string    `json:"state_description"`
	TargetID   string    `json:"target_id"` // the item's VMID, or a recovery plan's id
	TargetName string    `json:"target_name"`
	TargetType string    `json:"target_type"`
	Started    time.Time `json:"started,omitzero"`
	Ended      time.Time `json:"ended,omitzero"`
	Allowed    []string  `json:"allowed_actions"`
	ActivityID string    `json:"activity_id,omitempty"` // begins with the client request id
	FromAzure  bool      `json:"from_azure"`            // affectedObjectDetails say the primary side is Azure
	// Primary is the side that affectedObjectDetails call primary; unknown in
	// thin jobs, and where they don't say.
	Primary Location   `json:"primary_side,omitempty"`
	Tasks   []Task     `json:"tasks,omitempty"`
	Errors  []JobError `json:"errors,omitempty"`
	// Local says that it is a job of this program, of a failback without Site Recovery:
	// no portal knows of it.
	Local bool `json:"local,omitempty"`
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

// Title is what a person calls the job.
func (j Job) Title() string { return cmp.Or(j.Friendly, j.Scenario, "job") }

// Automatic reports whether the service began the job by itself. Such a job works
// on the same item as one of ours and is never taken for it.
func (j Job) Automatic() bool {
	return j.Scenario == ScenarioRestoreCompletion || j.Scenario == ScenarioIrCompletion
}

// Allows reports whether the job's allowedActions name the action.
func (j Job) Allows(action string) bool { return slices.Contains(j.Allowed, action) }

// Direction is the way the job moves things: a failback and its commit go to
// on-premises, a re-protection afterwards replicates to Azure. It is told from
// the affected objects, whose primary side is Azure in all three; the scenario
// tells it only where no other way exists (facts §4.2, trap 10).
func (j Job) Direction() Direction {
	switch j.Scenario {
	case ScenarioFailback, ScenarioFinalizeFailback, ScenarioRestoreCompletion:
		return ToOnPremises
	case ScenarioUnplannedFailover, ScenarioTestFailover, ScenarioIrCompletion:
		return ToAzure
	}
	reverse := j.Scenario == ScenarioReprotect || j.Scenario == ScenarioReversePlan
	switch {
	case j.Primary == LocationAzure && !reverse, j.Primary == LocationOnPremises && reverse:
		return ToOnPremises
	case j.Primary != LocationUnknown:
		return ToAzure
	}
	return DirectionUnknown
}

// OwnErrors are the job's errors that none of its tasks has. The service repeats
// a task's error at the job; nobody needs to read it twice.
func (j Job) OwnErrors() []JobError {
	var out []JobError
	for _, e := range j.Errors {
		if !taskHas(j.Tasks, e) && !slices.ContainsFunc(out, e.same) {
			out = append(out, e)
		}
	}
	return out
}

func taskHas(ts []Task, e JobError) bool {
	return slices.ContainsFunc(ts, func(t Task) bool {
		return slices.ContainsFunc(t.Errors, e.same) || taskHas(t.Children, e)
	})
}

// same reports whether two errors say the same, wherever they stand.
func (e JobError) same(o JobError) bool { return e.Code == o.Code && e.Message == o.Message }

// requested reports whether the job is the one that a request of ours began: its
// activity id begins with the client request id. The jobs that the service adds
// may carry it, too.
func (j Job) requested(request string) bool {
	return request != "" && !j.Automatic() && strings.HasPrefix(strings.ToLower(j.ActivityID), strings.ToLower(request))
}
