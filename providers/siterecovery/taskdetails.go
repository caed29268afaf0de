package siterecovery

import (
	"cmp"
	"strings"

	asr "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservicessiterecovery/v2"

	"failback/engine"
)

// plainDetails is the type of details that say nothing.
const plainDetails = "TaskDetails"

// noteDetails adds what the service says of a task that has no field of its own.
// Details of an unknown type are named: they are not passed over.
func noteDetails(t *engine.Task, w *asr.ASRTask) {
	kind := text(w.TaskType)
	if w.CustomDetails != nil {
		kind = cmp.Or(text(w.CustomDetails.GetTaskTypeDetails().InstanceType), kind)
	}
	if kind != plainDetails {
		t.Kind = kind
	}
	switch d := w.CustomDetails.(type) {
	case *asr.ScriptActionTaskDetails:
		t.Notes = side(d.IsPrimarySideScript)
	case *asr.AutomationRunbookTaskDetails:
		t.Notes = side(d.IsPrimarySideScript)
		if job := text(d.JobID); job != "" {
			t.Notes = append(t.Notes, "runbook job "+job)
		}
	case *asr.ConsistencyCheckTaskDetails:
		t.Notes = inconsistent(d.VMDetails)
	case *asr.VMNicUpdatesTaskDetails:
		t.Notes = []string{"network adapter " + cmp.Or(text(d.Name), text(d.NicID))}
	}
}

func side(primary *bool) []string {
	switch {
	case primary == nil:
		return nil
	case *primary:
		return []string{"runs on the primary side"}
	}
	return []string{"runs on the recovery side"}
}

func inconsistent(vms []*asr.InconsistentVMDetails) []string {
	var out []string
	for _, v := range vms {
		if v == nil {
			continue
		}
		line := cmp.Or(text(v.VMName), "a virtual machine") + " is inconsistent"
		if said := strings.Join(append(texts(v.Details), texts(v.ErrorIDs)...), "; "); said != "" {
			line += ": " + said
		}
		out = append(out, line)
	}
	return out
}
