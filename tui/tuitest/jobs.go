package tuitest

import (
	"time"

	"failback/engine"
)

// SomeJobs are jobs in telling states: one that waits for its completion, one that
// writes, one that failed with advice, one that ended well. begun is when the
// newest began.
func SomeJobs(begun time.Time) []engine.Job {
	at := func(minutes int) time.Time { return begun.Add(time.Duration(minutes) * time.Minute) }
	task := func(friendly, name, state string, from, to int) engine.Task {
		t := engine.Task{ID: name, Name: name, Friendly: friendly, State: state}
		if state != engine.TaskStateNotStarted && state != engine.TaskStateSkipped {
			t.Started = at(from)
		}
		if to > from {
			t.Ended = at(to)
		}
		return t
	}
	start := task("Starting virtual machine failback", engine.TaskStartFailback, engine.TaskStateNotStarted, 0, 0)
	start.Children = []engine.Task{
		task("Shut down the Azure virtual machine", engine.TaskShutdownAzure, engine.TaskStateNotStarted, 0, 0),
		task("Monitoring data synchronization", engine.TaskMonitorSync, engine.TaskStateNotStarted, 0, 0),
	}
	tree := func(monitor, wait string, ended int) []engine.Task {
		return []engine.Task{
			task("Prerequisites check for virtual machine failback", engine.TaskPrerequisites, engine.TaskStateSucceeded, 0, 1),
			task("Preparing the on-premises virtual machine", engine.TaskPrepare, engine.TaskStateSucceeded, 1, 2),
			task("Initiating data synchronization", engine.TaskInitiateSync, engine.TaskStateSucceeded, 2, 3),
			task("Monitoring data synchronization", engine.TaskMonitorSync, monitor, 3, ended),
			task("Waiting for user input", engine.TaskWaitForUser, wait, ended, 0),
			start,
		}
	}
	fault := engine.JobError{Code: "539", Level: "Error", TaskID: "EnableProtection", Message: "The requested action couldn't be performed by the 'Hyper-V' Replication Provider.",
		PossibleCauses: "The volume of the virtual machine is full.", Recommended: "Make room on the volume, then restart the job."}
	enable := task("Enabling protection", "EnableProtection", engine.TaskStateFailed, -60, -59)
	enable.Errors = []engine.JobError{fault}
	return []engine.Job{
		{Name: "1111aaaa-0000-4000-8000-000000000001", Scenario: engine.ScenarioPlannedFailover, Friendly: "Planned failover", State: engine.JobSuspended,
			Detail: engine.WaitingAfterDataSync, TargetName: "web01", TargetID: "vm-web01", Started: at(0), Allowed: []string{"Cancel", "Resume"},
			Primary: engine.LocationAzure, FromAzure: true, Tasks: tree(engine.TaskStateSucceeded, engine.TaskStateInProgress, 20)},
		{Name: "2222bbbb-0000-4000-8000-000000000002", Scenario: engine.ScenarioPlannedFailover, Friendly: "Planned failover", State: engine.JobInProgress,
			Detail: "InProgress", TargetName: "db01", Started: at(-10), Allowed: []string{"Cancel"}, Primary: engine.LocationAzure, FromAzure: true,
			Tasks: tree(engine.TaskStateInProgress, engine.TaskStateNotStarted, 0)},
		{Name: "3333cccc-0000-4000-8000-000000000003", Scenario: engine.ScenarioReprotect, Friendly: "Reverse replication", State: engine.JobFailed, Detail: "Failed",
			TargetName: "crm01", Started: at(-61), Ended: at(-59), Allowed: []string{"Restart"}, Primary: engine.LocationAzure, Errors: []engine.JobError{fault},
			Tasks: []engine.Task{task("Creating the protection target", "CreateProtectionTarget", engine.TaskStateSucceeded, -61, -60), enable}},
		{Name: "4444dddd-0000-4000-8000-000000000004", Scenario: engine.ScenarioFinalizeFailback, Friendly: "Commit", State: engine.JobSucceeded, Detail: "Completed",
			TargetName: "crm01", Started: at(-70), Ended: at(-68), Primary: engine.LocationAzure},
		{Name: "5555eeee-0000-4000-8000-000000000005", Scenario: "Brew", Friendly: "Brew", State: "Brewing", TargetName: "dc01", Started: at(-80)},
	}
}
