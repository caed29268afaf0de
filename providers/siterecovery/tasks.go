package siterecovery

import (
	"cmp"
	"encoding/json"
	"strconv"
	"strings"

	asr "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservicessiterecovery/v2"

	"failback/engine"
)

func number32(n int32) string { return strconv.FormatInt(int64(n), 10) }

// rawTask is what is needed of a task before the SDK decodes it. An inline
// workflow may carry its children in its own details, where the SDK's types
// have no place for them; newer answers carry them in the group details.
type rawTask struct {
	Custom *rawChildren `json:"customDetails"`
	Group  *rawChildren `json:"groupTaskCustomDetails"`
}

type rawChildren struct {
	Children []json.RawMessage `json:"childTasks"`
}

// rawTasks reads the tasks of a job's answer, nil where they can't be read: the
// SDK has the last word on what is an error.
func rawTasks(body []byte) []rawTask {
	var job struct {
		Properties struct {
			Tasks []rawTask `json:"tasks"`
		} `json:"properties"`
	}
	if json.Unmarshal(body, &job) != nil {
		return nil
	}
	return job.Properties.Tasks
}

func decodeTasks(wire []*asr.ASRTask, raw []rawTask) []engine.Task {
	var out []engine.Task
	for i, w := range wire {
		if w == nil {
			continue
		}
		var r rawTask
		if i < len(raw) {
			r = raw[i]
		}
		out = append(out, decodeTask(w, r))
	}
	return out
}

func decodeTask(w *asr.ASRTask, raw rawTask) engine.Task {
	t := engine.Task{
		ID: text(w.TaskID), Name: text(w.Name), Friendly: text(w.FriendlyName),
		State: taskState(w), Detail: text(w.StateDescription),
		Started: clock(w.StartTime), Ended: clock(w.EndTime), Errors: decodeErrors(w.Errors),
	}
	decodeDetail(&t, w)
	noteDetails(&t, w)
	switch {
	case w.GroupTaskCustomDetails != nil:
		t.Children = decodeTasks(w.GroupTaskCustomDetails.GetGroupTaskDetails().ChildTasks, again(raw.Group))
	case raw.Custom != nil:
		t.Children = decodeTasks(inline(raw.Custom), again(raw.Custom))
	}
	return t
}

// decodeDetail reads what only tasks of recovery plans' jobs have: the kind of a
// group, the job of a VM, an action.
func decodeDetail(t *engine.Task, w *asr.ASRTask) {
	switch g := w.GroupTaskCustomDetails.(type) {
	case *asr.RecoveryPlanGroupTaskDetails:
		t.Group = text(g.RpGroupType)
	case *asr.RecoveryPlanShutdownGroupTaskDetails:
		t.Group = text(g.RpGroupType)
	}
	switch d := w.CustomDetails.(type) {
	case *asr.VirtualMachineTaskDetails:
		t.Child, t.Skipped = childJob(d.JobTask), skipped(d.SkippedReason, d.SkippedReasonString)
	case *asr.FabricReplicationGroupTaskDetails:
		t.Child, t.Skipped = childJob(d.JobTask), skipped(d.SkippedReason, d.SkippedReasonString)
	case *asr.JobTaskDetails:
		t.Child = childJob(d.JobTask)
	case *asr.ManualActionTaskDetails:
		t.Action = &engine.TaskAction{Kind: engine.ActionManual, Name: cmp.Or(text(d.Name), t.Friendly), Text: text(d.Instructions), Output: text(d.Observation)}
	case *asr.ScriptActionTaskDetails:
		t.Action = &engine.TaskAction{Kind: engine.ActionScript, Name: cmp.Or(text(d.Name), t.Friendly), Text: text(d.Path), Output: text(d.Output)}
	case *asr.AutomationRunbookTaskDetails:
		t.Action = &engine.TaskAction{Kind: engine.ActionRunbook, Name: cmp.Or(text(d.Name), t.Friendly), Text: cmp.Or(text(d.RunbookName), text(d.RunbookID)), Output: text(d.JobOutput)}
	}
}

// childJob is the job that a VM's task stands for. Before it starts its id ends
// in a slash.
func childJob(j *asr.JobEntity) *engine.ChildJob {
	if j == nil {
		return nil
	}
	return &engine.ChildJob{Job: jobName(j.JobID), TargetID: text(j.TargetObjectID), Target: text(j.TargetObjectName), Scenario: text(j.JobScenarioName)}
}

// skipped is why a VM was left out, empty where it was not.
func skipped(reason, words *string) string {
	if r := text(reason); r == "" || strings.EqualFold(r, "None") {
		return ""
	}
	return cmp.Or(text(words), text(reason))
}

// taskState is the state of a task. A skipped one says so only in its
// description, next to the state "Other" or, in old answers, "Succeeded".
func taskState(w *asr.ASRTask) string {
	if text(w.StateDescription) == engine.TaskStateSkipped {
		return engine.TaskStateSkipped
	}
	return text(w.State)
}

// inline decodes the children of an inline workflow; what is no task is left out.
func inline(raw *rawChildren) []*asr.ASRTask {
	out := make([]*asr.ASRTask, len(raw.Children))
	for i, text := range raw.Children {
		var t asr.ASRTask
		if json.Unmarshal(text, &t) == nil {
			out[i] = &t
		}
	}
	return out
}

// again reads the children's own raw form, one for each child.
func again(raw *rawChildren) []rawTask {
	if raw == nil {
		return nil
	}
	out := make([]rawTask, len(raw.Children))
	for i, text := range raw.Children {
		if json.Unmarshal(text, &out[i]) != nil {
			out[i] = rawTask{}
		}
	}
	return out
}
