package direct

import (
	"fmt"

	"failback/engine"
)

// Ids of the tasks whose names a failback's job has twice, and of those inside the
// switch. The others are told apart by their names.
const (
	idShutdown = engine.TaskShutdownAzure + "Task"
	idInitiate = engine.TaskInitiateSync + "Task"
	idMonitor  = engine.TaskMonitorSync + "Task"
	idFinalize = engine.TaskPrepareFinalize + "Task"
	idStart    = engine.TaskStartOnPrimary + "Task"
)

// Tasks of the other jobs.
const (
	taskCompare = "CompareAzureCopy"
	taskDelete  = "DeleteAzureCopy"
	taskTidy    = "DeleteSnapshots"
	taskProtect = "EnableProtection"
)

// view is the job as package engine knows jobs.
func (r *record) view() engine.Job {
	j := engine.Job{
		ID: r.Name, Name: r.Name, Scenario: r.Scenario, State: r.State, Detail: r.Detail,
		TargetID: r.Item.VMID, TargetName: r.Item.Name, TargetType: "ProtectionEntity",
		Started: r.Started, Ended: r.Ended, ActivityID: r.Request + " ActivityId: " + r.Name,
		FromAzure: true, Primary: engine.LocationAzure, Local: true,
	}
	if r.Error != nil {
		j.Errors = []engine.JobError{*r.Error}
	}
	switch {
	case r.State == engine.JobSuspended:
		j.Allowed = []string{"Cancel", "Resume"}
	case r.Failback != nil && !r.ended() && !r.Failback.Launched:
		j.Allowed = []string{"Cancel"}
	}
	switch r.Scenario {
	case engine.ScenarioFailback:
		j.Friendly, j.Tasks = "Direct failback", r.failbackTasks()
	case engine.ScenarioFinalizeFailback:
		j.Friendly = "Commit of a direct failback"
		j.Tasks = []engine.Task{r.task(taskCompare, taskCompare, "See that nobody wrote to the Azure copy"), r.task(taskDelete, taskDelete, "Delete the Azure copy"), r.task(taskTidy, taskTidy, "Delete the snapshots of the failback")}
	default:
		j.Friendly = "Protect the machine afresh"
		j.Tasks = []engine.Task{r.task(taskProtect, taskProtect, "Enable protection")}
	}
	return j
}

func (r *record) failbackTasks() []engine.Task {
	switchTask := r.task(engine.TaskStartFailback, engine.TaskStartFailback, "Starting virtual machine failback")
	switchTask.Children = []engine.Task{
		r.task(idShutdown, engine.TaskShutdownAzure, "See the Azure virtual machine off"),
		r.task(idInitiate, engine.TaskInitiateSync, "Take the final snapshots"),
		r.task(idMonitor, engine.TaskMonitorSync, "Bring the last changes"),
		r.task(idFinalize, engine.TaskPrepareFinalize, "Put the disks under the virtual machine"),
		r.task(idStart, engine.TaskStartOnPrimary, "Starting the virtual machine"),
	}
	return []engine.Task{
		r.task(engine.TaskPrerequisites, engine.TaskPrerequisites, "Prerequisites check for virtual machine failback"),
		r.task(engine.TaskPrepare, engine.TaskPrepare, "Preparing the folder of the disks"),
		r.task(engine.TaskInitiateSync, engine.TaskInitiateSync, "Take the first snapshots"),
		r.task(engine.TaskMonitorSync, engine.TaskMonitorSync, "Bring the disks"),
		r.task(engine.TaskWaitForUser, engine.TaskWaitForUser, "Waiting for user input"),
		switchTask,
	}
}

func (r *record) task(id, name, friendly string) engine.Task {
	m, ok := r.Tasks[id]
	if !ok {
		return engine.Task{ID: id, Name: name, Friendly: friendly, State: engine.TaskStateNotStarted}
	}
	t := engine.Task{ID: id, Name: name, Friendly: friendly, State: m.State, Detail: m.Detail, Started: m.Started, Ended: m.Ended}
	if m.State == engine.TaskStateFailed && r.Error != nil {
		e := *r.Error
		e.TaskID = id
		t.Errors = []engine.JobError{e}
	}
	if r.Failback != nil {
		t.Notes = r.notesOf(id)
	}
	return t
}

// notesOf tells what a task has found, a line each.
func (r *record) notesOf(id string) (lines []string) {
	f := r.Failback
	switch id {
	case engine.TaskPrerequisites:
		if m := f.Machine; m.Size != "" {
			lines = append(lines, fmt.Sprintf("Azure VM of size %s: %d processors, %s, generation %d", m.Size, m.CPUs, engine.SizeWords(m.Memory), m.Generation))
		}
		if f.Repairs != "" {
			lines = append(lines, "goes on with the disks of job "+f.Repairs)
		}
	case engine.TaskMonitorSync:
		for i, p := range f.Passes {
			lines = append(lines, fmt.Sprintf("pass %d: %s in %s", i+1, engine.SizeWords(p.Bytes), engine.SpanWords(p.Took)))
		}
		if f.End != "" {
			lines = append(lines, "no further pass: "+f.End)
		}
		if words := f.Again.words(); words != "" {
			lines = append(lines, words)
		}
	case idMonitor:
		for _, d := range f.Disks {
			if d.Root != "" {
				lines = append(lines, fmt.Sprintf("%s: %s, root %s", d.Disk.Name, d.Level.Sentence(), d.Root))
			}
		}
	}
	return lines
}
