package siterecovery

import (
	"cmp"
	"context"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	asr "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservicessiterecovery/v2"

	"failback/engine"
	"failback/providers/azure"
)

// Jobs lists the vault's jobs, newest first, as thin as the service lists them.
func (c *Client) Jobs(ctx context.Context) ([]engine.Job, error) {
	return c.FindJobs(ctx, engine.JobFilter{})
}

// Job reads one job whole: tasks with their children, errors, and which side is
// its primary.
func (c *Client) Job(ctx context.Context, name string) (engine.Job, error) {
	call := c.call(azure.ActionReadJobs, "read the job", name)
	call.Job = name
	var raw *http.Response
	answer, err := c.jobs.Get(policy.WithCaptureResponse(ctx, &raw), c.group, c.vault, name, nil)
	if err != nil {
		return engine.Job{}, call.Failure(err)
	}
	body, err := runtime.Payload(raw)
	if err != nil {
		return engine.Job{}, call.Failure(err)
	}
	return decodeJob(&answer.Job, rawTasks(body)), nil
}

// decodeJob reads a job as the vault wrote it; raw is its list of tasks before
// the SDK decoded it, where there is one.
func decodeJob(w *asr.Job, raw []rawTask) engine.Job {
	j := engine.Job{ID: text(w.ID), Name: text(w.Name)}
	p := w.Properties
	if p == nil {
		return j
	}
	j.Scenario, j.Friendly = text(p.ScenarioName), text(p.FriendlyName)
	j.State, j.Detail = engine.JobState(text(p.State)), text(p.StateDescription)
	j.TargetID, j.TargetName, j.TargetType = text(p.TargetObjectID), text(p.TargetObjectName), text(p.TargetInstanceType)
	j.Started, j.Ended = clock(p.StartTime), clock(p.EndTime)
	j.Allowed, j.ActivityID = texts(p.AllowedActions), text(p.ActivityID)
	j.Primary = primarySide(p.CustomDetails)
	j.FromAzure = j.Primary == engine.LocationAzure
	j.Errors = decodeErrors(p.Errors)
	j.Tasks = decodeTasks(p.Tasks, raw)
	return j
}

// The fabric providers as older answers name them.
const (
	azureFabric  = "a9186d68-0638-417e-9653-8fbb33eba96e"
	hyperVFabric = "da8ed357-dbea-4e38-ba24-439d942329e4"
)

// primarySide tells a failback from a failover: the scenario names of both are
// the same, the primary side is not.
func primarySide(details asr.JobDetailsClassification) engine.Location {
	if details == nil {
		return engine.LocationUnknown
	}
	switch primary := strings.ToLower(text(details.GetJobDetails().AffectedObjectDetails["PrimaryFabricProviderId"])); primary {
	case "azure", azureFabric:
		return engine.LocationAzure
	case "hypervsite", "vmm", hyperVFabric:
		return engine.LocationOnPremises
	}
	return engine.LocationUnknown
}

func decodeErrors(wire []*asr.JobErrorDetails) []engine.JobError {
	var out []engine.JobError
	for _, w := range wire {
		if w == nil {
			continue
		}
		e := engine.JobError{Level: text(w.ErrorLevel), TaskID: text(w.TaskID)}
		if s := w.ServiceErrorDetails; s != nil {
			e.Code, e.Message, e.PossibleCauses, e.Recommended = text(s.Code), text(s.Message), text(s.PossibleCauses), text(s.RecommendedAction)
		}
		addProvider(&e, w.ProviderErrorDetails)
		out = append(out, e)
	}
	return out
}

// addProvider adds what the host's own provider said. Its details may be there
// and all empty.
func addProvider(e *engine.JobError, p *asr.ProviderError) {
	if p == nil {
		return
	}
	if e.Code == "" {
		e.Code = text(p.ErrorID)
		if p.ErrorCode != nil && *p.ErrorCode != 0 {
			e.Code = number32(*p.ErrorCode)
		}
	}
	e.PossibleCauses = cmp.Or(e.PossibleCauses, text(p.PossibleCauses))
	e.Recommended = cmp.Or(e.Recommended, text(p.RecommendedAction))
	switch said := text(p.ErrorMessage); {
	case said == "" || said == e.Message:
	case e.Message == "":
		e.Message = said
	default:
		e.Message += " (the host's provider: " + said + ")"
	}
}
