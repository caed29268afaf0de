package world

import (
	"slices"
	"time"
)

// States of jobs and tasks, as Site Recovery spells them.
const (
	NotStarted         = "NotStarted"
	InProgress         = "InProgress"
	Succeeded          = "Succeeded"
	Failed             = "Failed"
	Cancelled          = "Cancelled"
	Suspended          = "Suspended"
	PartiallySucceeded = "PartiallySucceeded"
	WithInformation    = "CompletedWithInformation"
	Other              = "Other"
)

// State descriptions. WaitingAfterSync of a failback is inferred: no recording
// of a suspended failback exists.
const (
	Completed        = "Completed"
	Skipped          = "Skipped"
	WaitingAfterSync = "WaitingForUserInputAfterDataSync"
	WaitingManual    = "WaitingForManualAction"
)

// Kind says which script drives a job.
type Kind string

// The kinds of jobs.
const (
	KindFailback      Kind = "failback"
	KindForward       Kind = "forward"
	KindCommitBack    Kind = "commit-back"
	KindCommitForward Kind = "commit-forward"
	KindReprotect     Kind = "reprotect"
	KindIrCompletion  Kind = "ir-completion"
	KindRestore       Kind = "restore-completion"
	KindPlanFailback  Kind = "plan-failback"
	KindPlanForward   Kind = "plan-forward"
	KindPlanCommit    Kind = "plan-commit"
	KindPlanReprotect Kind = "plan-reprotect"
	// One VM of a recovery plan's failback has a job of its own in each stage.
	KindStageSync     Kind = "stage-sync"
	KindStageShutdown Kind = "stage-shutdown"
	KindStageFailover Kind = "stage-failover"
	KindStageStart    Kind = "stage-start"
	KindExport        Kind = "export"
	KindEnable        Kind = "enable"
	KindDisable       Kind = "disable"
)

// Job is a Site Recovery job.
type Job struct {
	Name        string     `json:"name"`
	Kind        Kind       `json:"kind"`
	Scenario    string     `json:"scenario"`
	Friendly    string     `json:"friendly"`
	State       string     `json:"state"`
	Description string     `json:"description"`
	Activity    string     `json:"activity"`
	Item        string     `json:"item,omitempty"`
	Plan        string     `json:"plan,omitempty"`
	Parent      string     `json:"parent,omitempty"` // the recovery plan's job
	FromAzure   bool       `json:"from_azure"`
	Started     time.Time  `json:"started"`
	Ended       time.Time  `json:"ended,omitzero"`
	Tasks       []*Task    `json:"tasks"`
	Errors      []JobError `json:"errors,omitempty"`
	Args        Args       `json:"args"`

	// Step is the next step of its script; Resumed says that the operator let it
	// go on; Firm that it cannot be cancelled any more.
	Step    int  `json:"step"`
	Resumed bool `json:"resumed,omitempty"`
	// Comment is what the operator said with the last resume.
	Comment string `json:"comment,omitempty"`
	Firm    bool   `json:"firm,omitempty"`
	// Export is the file that an export of the list of jobs made.
	Export string `json:"export,omitempty"`
	// Phase1 and Phase2 are the snapshots of the item's disks at the two starts
	// of a synchronisation.
	Phase1 string `json:"phase1,omitempty"`
	Phase2 string `json:"phase2,omitempty"`
}

// Args are what a job was asked to do.
type Args struct {
	Full     bool   `json:"full,omitempty"` // ForSynchronization
	CreateVM bool   `json:"create_vm,omitempty"`
	Host     string `json:"host,omitempty"` // alternate location
}

// JobError is an error of a job or a task.
type JobError struct {
	Code     string    `json:"code"`
	Message  string    `json:"message"`
	Causes   string    `json:"causes,omitempty"`
	Remedy   string    `json:"remedy,omitempty"`
	Level    string    `json:"level"`
	TaskID   string    `json:"task_id,omitempty"`
	Activity string    `json:"activity,omitempty"`
	At       time.Time `json:"at"`
}

// Error is code and message.
func (e *JobError) Error() string { return e.Code + ": " + e.Message }

// Task is a task of a job.
type Task struct {
	ID          string      `json:"id"`
	Name        string      `json:"name"`
	Friendly    string      `json:"friendly"`
	State       string      `json:"state"`
	Description string      `json:"description"`
	Started     time.Time   `json:"started,omitzero"`
	Ended       time.Time   `json:"ended,omitzero"`
	Type        string      `json:"type"`
	Group       string      `json:"group,omitempty"` // groupId
	GroupType   string      `json:"group_type,omitempty"`
	Children    []*Task     `json:"children,omitempty"`
	Child       *ChildJob   `json:"child,omitempty"`
	Action      *PlanAction `json:"action,omitempty"`
	Output      string      `json:"output,omitempty"` // of an action
	Skip        string      `json:"skip,omitempty"`   // why a VM was left out
	Errors      []JobError  `json:"errors,omitempty"`
}

// ChildJob links a recovery plan's task with the job of one VM.
type ChildJob struct {
	Job      string `json:"job,omitempty"` // empty until it starts
	Scenario string `json:"scenario"`
	Friendly string `json:"friendly"`
	Item     string `json:"item"`
	VMID     string `json:"vm_id"`
}

// Over reports whether the job will not change any more.
func (j *Job) Over() bool {
	return slices.Contains([]string{Succeeded, Failed, Cancelled, PartiallySucceeded, WithInformation}, j.State)
}

// Allowed are the actions that the job offers. A failed failover or commit has
// none: the operation is started again.
func (j *Job) Allowed() []string {
	switch {
	case j.Parent != "" || j.Kind == KindRestore || j.Kind == KindIrCompletion:
		return []string{}
	case j.State == Suspended:
		return []string{"Cancel", "Resume"}
	case j.State == InProgress && j.cancellable():
		return []string{"Cancel"}
	case j.Kind == KindReprotect && j.State == Failed:
		return []string{"Restart"}
	}
	return []string{}
}

func (j *Job) cancellable() bool {
	return !j.Firm && (j.Kind == KindFailback || j.Kind == KindForward || j.Kind == KindPlanFailback || j.Kind == KindPlanForward)
}

// task finds a task anywhere in the tree by its id.
func (j *Job) task(id string) *Task { return findTask(j.Tasks, id) }

func findTask(list []*Task, id string) *Task {
	for _, t := range list {
		if t.ID == id {
			return t
		}
		if c := findTask(t.Children, id); c != nil {
			return c
		}
	}
	return nil
}

// parentOf finds the group task that holds a task, nil at the top.
func (j *Job) parentOf(id string) *Task {
	return find(j.Tasks, func(t *Task) bool { return findTask(t.Children, id) != nil })
}

// Target is what the job works on, in the words of its document.
func (j *Job) Target(s *State) (id, name, kind string) {
	if it := s.Item(j.Item); it != nil {
		return it.VMID, it.Name, "ProtectionEntity"
	}
	if p := s.Plan(j.Plan); p != nil {
		return p.ID, p.Name, "RecoveryPlan"
	}
	return "", "", ""
}

// Fabric is the on-premises side of the job.
func (j *Job) Fabric(s *State) *Fabric {
	if it := s.Item(j.Item); it != nil {
		return s.Fabric(it.Fabric)
	}
	if p := s.Plan(j.Plan); p != nil {
		return s.Fabric(p.Fabric)
	}
	return &Fabric{}
}
