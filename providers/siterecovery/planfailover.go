package siterecovery

import (
	"cmp"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	asr "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservicessiterecovery/v2"

	"failback/engine"
	"failback/providers/azure"
)

// StartPlan reads the recovery plan and its items afresh, refuses one whose test
// failover waits to be cleaned up, whose items are too many or not ready for the
// direction, and then asks once for the planned failover of all its items.
func (c *Client) StartPlan(ctx context.Context, r engine.PlanStart) (string, error) {
	const what = "start the planned failover of the recovery plan"
	now, err := c.RecoveryPlan(ctx, r.Plan)
	if err != nil {
		return "", err
	}
	if now.InTestFailover() {
		return "", engine.Refuse(what, now.Name, "a test failover of it waits to be cleaned up", "clean up the test failover in the portal first")
	}
	if err := c.planReady(ctx, what, now, r.Direction); err != nil {
		return "", err
	}
	body, err := planBody(r, now.Name)
	if err != nil {
		return "", err
	}
	return c.oncePlan(ctx, azure.Call{Action: azure.ActionPlanFailover, What: what, Request: r.RequestID}, now, func(ctx context.Context, name string) (poller, error) {
		return c.plans.BeginPlannedFailover(ctx, c.group, c.vault, name, body, nil)
	})
}

// planReady refuses a recovery plan that can't go that way as a whole. A plan never
// offers a failback by that name: the direction follows from its items, which is
// INFERRED (facts §2.2).
func (c *Client) planReady(ctx context.Context, what string, plan engine.RecoveryPlan, d engine.Direction) error {
	wire, dir, err := c.list(ctx, func([]*asr.ReplicationProtectedItem) {})
	if err != nil {
		return err
	}
	items := make([]engine.Item, 0, len(wire))
	for _, w := range wire {
		items = append(items, decodeItem(w, dir))
	}
	members := plan.Members(items, d)
	if why, remedy := engine.TooManyItems(plan, len(members)); why != "" {
		return engine.Refuse(what, plan.Name, why, remedy)
	}
	var not []string
	for _, m := range members {
		if m.Reason != "" {
			not = append(not, m.Name+": "+m.Reason)
		}
	}
	if len(not) > 0 || len(members) == 0 {
		return engine.Refuse(what, plan.Name, cmp.Or(strings.Join(not, "; "), "it holds no items"),
			"bring the others home each by itself, or take these out of the recovery plan in the portal")
	}
	return nil
}

// pointTypes are the service's words for the points of a recovery plan.
var pointTypes = map[engine.PlanPoint]asr.HyperVReplicaAzureRpRecoveryPointType{
	engine.PointLatest:        asr.HyperVReplicaAzureRpRecoveryPointTypeLatest,
	engine.PointAppConsistent: asr.HyperVReplicaAzureRpRecoveryPointTypeLatestApplicationConsistent,
	engine.PointProcessed:     asr.HyperVReplicaAzureRpRecoveryPointTypeLatestProcessed,
}

// planBody is the request for a recovery plan. Its details are an array, unlike an
// item's, and have no field for a host.
func planBody(r engine.PlanStart, name string) (asr.RecoveryPlanPlannedFailoverInput, error) {
	in := &asr.RecoveryPlanPlannedFailoverInputProperties{}
	switch r.Direction {
	case engine.ToOnPremises:
		sync, err := dataSync(engine.StartRequest{Item: engine.Item{Name: name}, Sync: r.Sync})
		if err != nil {
			return asr.RecoveryPlanPlannedFailoverInput{}, err
		}
		creation := asr.AlternateLocationRecoveryOptionNoAction
		if r.CreateVM {
			creation = asr.AlternateLocationRecoveryOptionCreateVMIfNotFound
		}
		in.FailoverDirection = to.Ptr(asr.PossibleOperationsDirectionsRecoveryToPrimary)
		in.ProviderSpecificDetails = []asr.RecoveryPlanProviderSpecificFailoverInputClassification{
			&asr.RecoveryPlanHyperVReplicaAzureFailbackInput{DataSyncOption: to.Ptr(asr.DataSyncStatus(sync)), RecoveryVMCreationOption: &creation},
		}
	case engine.ToAzure:
		point, ok := pointTypes[cmp.Or(r.Point, engine.PointLatest)]
		if !ok {
			return asr.RecoveryPlanPlannedFailoverInput{}, engine.Usagef("choose latest, latest-application-consistent or latest-processed", "recovery plan %s has no recovery points %q", name, r.Point)
		}
		details := &asr.RecoveryPlanHyperVReplicaAzureFailoverInput{RecoveryPointType: &point}
		if pfx := r.Certificate.PFX(); len(pfx) > 0 {
			details.PrimaryKekCertificatePfx = to.Ptr(base64.StdEncoding.EncodeToString(pfx))
		}
		in.FailoverDirection = to.Ptr(asr.PossibleOperationsDirectionsPrimaryToRecovery)
		in.ProviderSpecificDetails = []asr.RecoveryPlanProviderSpecificFailoverInputClassification{details}
	case engine.DirectionUnknown:
		return asr.RecoveryPlanPlannedFailoverInput{}, engine.Usagef("choose a direction", "the planned failover of recovery plan %s has no direction", name)
	}
	return asr.RecoveryPlanPlannedFailoverInput{Properties: in}, nil
}

// CommitPlan reads the recovery plan afresh and then asks once for its commit.
// Whether there is anything to commit is up to the items: what the plan itself
// offers after a failback was recorded both with and without it.
func (c *Client) CommitPlan(ctx context.Context, plan, requestID string) (string, error) {
	now, err := c.RecoveryPlan(ctx, plan)
	if err != nil {
		return "", err
	}
	return c.oncePlan(ctx, azure.Call{Action: azure.ActionPlanCommit, What: "commit the recovery plan", Request: requestID}, now, func(ctx context.Context, name string) (poller, error) {
		return c.plans.BeginFailoverCommit(ctx, c.group, c.vault, name, nil)
	})
}

// ReprotectPlan reads the recovery plan afresh and then asks once for the reverse
// replication of its items; the request has no body.
func (c *Client) ReprotectPlan(ctx context.Context, plan, requestID string) (string, error) {
	now, err := c.RecoveryPlan(ctx, plan)
	if err != nil {
		return "", err
	}
	return c.oncePlan(ctx, azure.Call{Action: azure.ActionPlanReprotect, What: "re-protect the recovery plan", Request: requestID}, now, func(ctx context.Context, name string) (poller, error) {
		return c.plans.BeginReprotect(ctx, c.group, c.vault, name, nil)
	})
}

// FinishManual reads the job afresh, refuses one that does not wait for that manual
// action, and then resumes it once with the comment.
func (c *Client) FinishManual(ctx context.Context, job, taskID, comment, requestID string) error {
	const what = "go on after the manual action"
	now, err := c.Job(ctx, job)
	if err != nil {
		return err
	}
	if t, waits := now.ManualAction(); !waits || t.ID != taskID {
		return engine.Refuse(what, job, "the job does not wait for that manual action (state "+string(now.State)+", "+now.Detail+")", "look at the job again")
	}
	return c.resume(ctx, what, job, comment, requestID)
}

// resume lets a suspended job go on, once.
func (c *Client) resume(ctx context.Context, what, job, comment, requestID string) error {
	_, err := c.once(ctx, azure.Call{Action: azure.ActionResumeJob, What: what, Where: job, Job: job, Request: requestID}, func(ctx context.Context) error {
		_, err := c.jobs.BeginResume(ctx, c.group, c.vault, job,
			asr.ResumeJobParams{Properties: &asr.ResumeJobParamsProperties{Comments: &comment}}, nil)
		return err
	})
	return err
}

// poller is the one thing that is asked of the SDK's pollers: a first look at the
// operation. What they make of its end is empty for recovery plans.
type poller interface {
	Poll(ctx context.Context) (*http.Response, error)
}

// oncePlan sends one effectful request on a recovery plan and finds the job that
// the service made of it.
func (c *Client) oncePlan(ctx context.Context, call azure.Call, plan engine.RecoveryPlan, send func(ctx context.Context, name string) (poller, error)) (string, error) {
	call.Where = plan.Name
	name, err := planName(plan.ID)
	if err != nil {
		return "", err
	}
	var poll poller
	took, err := c.accepted(ctx, call, func(ctx context.Context) error {
		p, err := send(ctx, name)
		if err == nil {
			poll = p
		}
		return err
	})
	if err != nil {
		return "", err
	}
	if job := jobOfOperation(ctx, poll, took); job != "" {
		return job, nil
	}
	if job := c.jobOfPlan(ctx, plan, call.Request); job != "" {
		return job, nil
	}
	return "", unnamed(call)
}

// jobOfOperation asks the operation once for its job: its status is named after the
// job, and so is the request id of that answer. For a recovery plan both differ
// from the operation's own id, which names no job.
func jobOfOperation(ctx context.Context, poll poller, operation string) string {
	if poll == nil {
		return ""
	}
	answer, err := poll.Poll(ctx) //nolint:bodyclose // statusName closes it; the SDK has buffered it anyway
	if err != nil || answer == nil {
		return ""
	}
	for _, name := range []string{statusName(answer), requestJob(answer.Header.Get("x-ms-request-id"))} {
		if name != "" && !strings.EqualFold(name, operation) {
			return name
		}
	}
	return ""
}

// maxStatus bounds what is read of an operation's status.
const maxStatus = 1 << 20

// statusName is the name in the status of an operation; none where the answer has
// no body.
func statusName(r *http.Response) string {
	if r.StatusCode == http.StatusNoContent || r.Body == nil {
		return ""
	}
	defer func() { _ = r.Body.Close() }()
	raw, err := io.ReadAll(io.LimitReader(r.Body, maxStatus))
	if err != nil {
		return ""
	}
	return nameIn(raw)
}

// requestJob is the job that a request id names, where it has the form of a job's
// resource id; more may stand behind it.
func requestJob(id string) string {
	name := segment(id, "replicationJobs")
	if i := strings.IndexAny(name, ", "); i >= 0 {
		name = name[:i]
	}
	return name
}

// jobOfPlan is the recovery plan's current job, where that is the request's own:
// the client request id comes back in its activity id.
func (c *Client) jobOfPlan(ctx context.Context, plan engine.RecoveryPlan, requestID string) string {
	now, err := c.RecoveryPlan(ctx, plan.ID)
	if err != nil || now.Job == "" || requestID == "" {
		return ""
	}
	j, err := c.Job(ctx, now.Job)
	if err != nil || !strings.HasPrefix(strings.ToLower(j.ActivityID), strings.ToLower(requestID)) {
		return ""
	}
	return j.Name
}
