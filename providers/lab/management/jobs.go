package management

import (
	"net/http"
	"path"
	"slices"
	"time"

	"failback/providers/lab/world"
)

const jobType = vaultType + "/replicationJobs"

func (c *call) listJobs([]string) {
	filter, refusal := parseJobFilter(c.query.Get("$filter"))
	if refusal != nil {
		c.fail(refusal)
		return
	}
	c.read(func(s *world.State) (obj, error) {
		var rows []obj
		for _, j := range slices.Backward(s.Jobs) {
			if filter.takes(j) {
				rows = append(rows, c.job(s, j, true))
			}
		}
		return page(rows), nil
	})
}

// jobFilter is what was recorded of job filters: "eq" on a start time means
// "from", and states may be joined with "or", which is inferred.
type jobFilter struct {
	from, until time.Time
	states      []string
}

func parseJobFilter(text string) (f jobFilter, refusal *world.Refusal) {
	terms, refusal := parseFilter(text, "starttime", "endtime", "jobstatus")
	for _, t := range terms {
		switch t.key {
		case "starttime":
			f.from, refusal = t.moment()
		case "endtime":
			f.until, refusal = t.moment()
		case "jobstatus":
			f.states = append(f.states, t.value)
		}
		if refusal != nil {
			break
		}
	}
	return f, refusal
}

func (f jobFilter) takes(j *world.Job) bool {
	return (f.from.IsZero() || !j.Started.Before(f.from)) &&
		(f.until.IsZero() || !j.Started.After(f.until)) &&
		(len(f.states) == 0 || slices.Contains(f.states, j.State))
}

func (c *call) getJob(names []string) {
	var id string
	var body obj
	c.world.Read(func(s *world.State) {
		if j := s.Job(names[3]); j != nil {
			id, body = ids{s}.job(j.Name), c.job(s, j, false)
		}
	})
	if body == nil {
		c.fail(notThere("job", names[3]))
		return
	}
	c.w.Header().Set("x-ms-request-id", id)
	c.answer(http.StatusOK, body)
}

// job is a job document. Rows of lists are thin: no tasks, no custom details.
func (c *call) job(s *world.State, j *world.Job, thin bool) obj {
	target, name, kind := j.Target(s)
	properties := obj{
		"activityId": j.Activity, "scenarioName": j.Scenario, "friendlyName": j.Friendly,
		"state": j.State, "stateDescription": j.Description, "tasks": []obj{}, "errors": jobErrors(j.Errors),
		"startTime": stamp(j.Started), "allowedActions": j.Allowed(),
		"targetObjectId": target, "targetObjectName": name, "targetInstanceType": kind, "customDetails": nil,
	}
	if !j.Ended.IsZero() {
		properties["endTime"] = stamp(j.Ended)
	}
	if !thin {
		properties["tasks"] = tasks(s, j.Tasks)
		properties["customDetails"] = customDetails(s, j)
		if j.Kind == world.KindExport {
			properties["customDetails"] = c.exported(j)
		}
	}
	return obj{
		"id": ids{s}.job(j.Name), "name": j.Name, "type": jobType, "properties": properties,
		"status": j.State, "error": nil, "startTime": stamp(j.Started), "endTime": stampOrNull(j.Ended),
	}
}

func jobErrors(errs []world.JobError) []obj {
	list := []obj{}
	for _, e := range errs {
		list = append(list, obj{
			"serviceErrorDetails": obj{
				"code": e.Code, "message": e.Message, "possibleCauses": e.Causes,
				"recommendedAction": e.Remedy, "activityId": e.Activity,
			},
			"providerErrorDetails": obj{
				"errorCode": 0, "errorId": nil, "errorMessage": nil, "possibleCauses": nil, "recommendedAction": nil,
			},
			"errorLevel": e.Level, "creationTime": stamp(e.At), "taskId": e.TaskID,
		})
	}
	return list
}

func tasks(s *world.State, list []*world.Task) []obj {
	rows := []obj{}
	for _, t := range list {
		rows = append(rows, task(s, t))
	}
	return rows
}

// task is one task. Children hang in groupTaskCustomDetails; a recovery plan's
// task of a VM links that VM's own job, whose id ends in a slash before it starts.
func task(s *world.State, t *world.Task) obj {
	row := obj{
		"taskId": t.ID, "name": t.Name, "friendlyName": t.Friendly, "state": t.State, "stateDescription": t.Description,
		"startTime": stamp(t.Started), "endTime": stamp(t.Ended), "allowedActions": []string{}, "taskType": t.Type,
		"customDetails": nil, "groupTaskCustomDetails": nil, "errors": jobErrors(t.Errors),
	}
	switch {
	case t.Action != nil && t.Action.Manual != "":
		row["customDetails"] = obj{
			"instanceType": t.Type, "name": t.Action.Manual, "instructions": t.Action.Text, "observation": t.Output,
		}
	case t.Action != nil:
		row["customDetails"] = obj{
			"instanceType": t.Type, "name": t.Action.Script, "path": t.Action.Text, "output": t.Output, "isPrimarySideScript": true,
		}
	case t.Child != nil:
		reason, words := "None", any(nil)
		if t.Skip != "" {
			reason, words = "VMFailed", t.Skip // the reason's name is inferred
		}
		row["customDetails"] = obj{
			"instanceType": t.Type, "skippedReason": reason, "skippedReasonString": words,
			"jobTask": obj{
				"jobId": ids{s}.job(t.Child.Job), "jobFriendlyName": t.Child.Friendly, "jobScenarioName": t.Child.Scenario,
				"targetObjectId": t.Child.VMID, "targetObjectName": t.Child.Item, "targetInstanceType": "Vm",
			},
		}
	case len(t.Children) > 0 && t.Group == "":
		row["groupTaskCustomDetails"] = obj{
			"instanceType": t.Type, "childTasks": tasks(s, t.Children), "workflowIds": []string{},
		}
	case t.Group != "":
		row["groupTaskCustomDetails"] = obj{
			"instanceType": t.Type, "childTasks": tasks(s, t.Children), "name": path.Ext("." + t.Group)[1:],
			"groupId": t.Group, "rpGroupType": t.GroupType,
		}
	default:
		row["customDetails"] = obj{"instanceType": t.Type}
	}
	return row
}

// customDetails say which side was which. In a failback, its commit and the
// reverse replication after it, the primary side is Azure.
func customDetails(s *world.State, j *world.Job) obj {
	affected := obj{}
	from, to := "Primary", "Recovery"
	if j.FromAzure {
		from, to = to, from
	}
	fabric := j.Fabric(s)
	it := s.Item(j.Item)
	if it != nil {
		affected["PrimaryVmId"], affected["PrimaryVmName"] = it.VMID, it.Friendly()
		affected["RecoveryVmId"], affected["RecoveryVmName"] = "", it.Name
		affected["ProtectionProfileId"] = fabric.Internal
		affected[from+"CloudId"], affected[from+"CloudName"] = fabric.Container, fabric.Friendly
		affected[to+"CloudId"], affected[to+"CloudName"] = azureContainer, azureName
	}
	affected[from+"VmmId"], affected[from+"VmmName"] = fabric.Internal, fabric.Friendly
	affected[to+"VmmId"], affected[to+"VmmName"] = azureInternal, azureName
	affected[from+"FabricProviderId"], affected[to+"FabricProviderId"] = fabric.Type(), "Azure"
	details := obj{"instanceType": "AsrJobDetails", "affectedObjectDetails": affected}
	if j.Kind == world.KindForward || j.Kind == world.KindPlanForward {
		details["instanceType"] = "FailoverJobDetails"
		details["protectedItemDetails"] = movedItems(it)
	}
	return details
}

func movedItems(it *world.Item) []obj {
	if it == nil {
		return []obj{}
	}
	return []obj{{
		"name": it.VMID, "friendlyName": it.Friendly(), "testVmName": nil, "testVmFriendlyName": nil, "networkConnectionStatus": nil,
		"networkFriendlyName": "lab-net", "subnet": "default", "recoveryPointId": nil, "recoveryPointTime": stamp(it.Replicated),
	}}
}

func (c *call) resumeJob(names []string) {
	var body struct {
		Properties struct {
			Comments string `json:"comments"`
		} `json:"properties"`
	}
	if !c.decode(&body) {
		return
	}
	op, err := c.world.ResumeSaying(names[3], body.Properties.Comments)
	c.accept(op, err)
}

func (c *call) cancelJob(names []string) {
	op, err := c.world.Cancel(names[3])
	c.accept(op, err)
}

func (c *call) restartJob(names []string) {
	op, err := c.world.Restart(names[3])
	c.accept(op, err)
}
