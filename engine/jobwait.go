package engine

// JobWait is what a suspended job waits for.
type JobWait string

// What jobs wait for. WaitOther is a suspension whose reason is not known here:
// nothing is offered for it.
const (
	WaitNone         JobWait = ""
	WaitComplete     JobWait = "complete"      // of a failback: "Complete failover"
	WaitManualAction JobWait = "manual-action" // a step of a recovery plan that a person does
	WaitTestFailover JobWait = "test-failover" // its cleanup, never a resume
	WaitOther        JobWait = "other"
)

// Waits says what the job waits for. The reasons are told apart before anything
// is offered: resuming the wrong one would stop a machine in Azure.
func (j Job) Waits() JobWait {
	switch {
	case j.State != JobSuspended:
		return WaitNone
	case j.Detail == WaitingForStopTestFailover || j.Scenario == ScenarioTestFailover:
		return WaitTestFailover
	case j.Detail == WaitingForManualAction:
		return WaitManualAction
	case j.Detail == WaitingAfterDataSync:
		return WaitComplete
	}
	if _, ok := j.ManualAction(); ok {
		return WaitManualAction
	}
	if t, ok := findTask(j.Tasks, TaskWaitForUser); ok && t.current() {
		return WaitComplete
	}
	return WaitOther
}

// WaitsForComplete reports whether the job is a failback that waits for
// "Complete failover". The tuple is INFERRED (facts §4.5): suspended, and either
// described as waiting after the data synchronisation or resumable while its
// wait task is the current one. Manual actions and test failovers never match.
func (j Job) WaitsForComplete() bool { return j.Waits() == WaitComplete }

// current reports whether the task has begun and not ended.
func (t Task) current() bool {
	switch t.State {
	case TaskStateNotStarted, TaskStateFailed, TaskStateCancelled, "":
		return false
	}
	return !t.Done()
}

// Cancelling reports whether somebody has asked to cancel the job and it has not
// ended yet. The service says so in the state or in its description.
func (j Job) Cancelling() bool {
	return !j.State.Ended() && (j.State == JobCancelling || j.Detail == string(JobCancelling))
}

// WentOn reports whether a failback that waited for "Complete failover" is seen to
// go on, or to have ended well. Any other state, one that is not known included, is
// no sign that somebody has completed it.
func (j Job) WentOn() bool {
	return j.State.Good() || j.State == JobInProgress && !j.Cancelling()
}

// dataHome reports whether the final sync is seen to be over: Site Recovery has
// begun to start the VM, and no synchronisation task of the switch is unfinished.
func (j Job) dataHome() bool {
	if j.State.Good() {
		return true
	}
	sync, ok := j.Find(TaskMonitorSync, TaskStartFailback)
	return taskBegun(j, TaskStartOnPrimary, TaskStartFailback) && (!ok || sync.Done())
}

// taskBegun reports whether the task is seen to have begun.
func taskBegun(j Job, name, within string) bool {
	t, ok := j.Find(name, within)
	return ok && t.Begun()
}
