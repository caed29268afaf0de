package siterecovery

import (
	"encoding/json"
	"strconv"

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
	switch {
	case w.GroupTaskCustomDetails != nil:
		t.Children = decodeTasks(w.GroupTaskCustomDetails.GetGroupTaskDetails().ChildTasks, again(raw.Group))
	case raw.Custom != nil:
		t.Children = decodeTasks(inline(raw.Custom), again(raw.Custom))
	}
	return t
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
