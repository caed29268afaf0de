package siterecovery

import (
	"context"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	asr "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservicessiterecovery/v2"

	"failback/engine"
	"failback/providers/azure"
)

// Start reads the item afresh, refuses what it does not offer now, and then asks
// once for the planned failover.
func (c *Client) Start(ctx context.Context, r engine.StartRequest) (string, error) {
	const what = "start the planned failover"
	now, err := c.fresh(ctx, r.Item.ID)
	if err != nil {
		return "", err
	}
	if ready := now.item.Ready(r.Direction); !ready.Ready {
		return "", engine.Refuse(what, r.Item.Name, ready.Reason, ready.Remedy)
	}
	body, err := plannedFailover(r, now.item)
	if err != nil {
		return "", err
	}
	p := now.place
	job, err := c.once(ctx, azure.Call{Action: azure.ActionPlannedFailover, What: what, Where: r.Item.Name, Request: r.RequestID}, func(ctx context.Context) error {
		_, err := c.items.BeginPlannedFailover(ctx, c.group, c.vault, p.fabric, p.container, p.item, body, nil)
		return err
	})
	return job, ofManagedDisks(err, now.item)
}

// Commit reads the item afresh, refuses where no commit is offered, and then
// asks once for it.
func (c *Client) Commit(ctx context.Context, it engine.Item, requestID string) (string, error) {
	const what = "commit the failover"
	now, err := c.fresh(ctx, it.ID)
	if err != nil {
		return "", err
	}
	if !now.item.Allows(engine.AllowCommit, engine.AllowFinalizeFailback) {
		return "", notOffered(what, it.Name, now.item)
	}
	// One commit deletes recovery points, the other a machine, and the request is
	// the same: it goes out only for the one that the caller has seen.
	if len(it.Allowed) > 0 && it.Allows(engine.AllowFinalizeFailback) != now.item.Allows(engine.AllowFinalizeFailback) {
		return "", notOffered(what, it.Name, now.item)
	}
	p := now.place
	return c.once(ctx, azure.Call{Action: azure.ActionCommit, What: what, Where: it.Name, Request: requestID}, func(ctx context.Context) error {
		_, err := c.items.BeginFailoverCommit(ctx, c.group, c.vault, p.fabric, p.container, p.item, nil)
		return err
	})
}

// Reprotect reads the item and its protectable item afresh, refuses where
// reverse replication is not offered, and then asks once for it.
func (c *Client) Reprotect(ctx context.Context, it engine.Item, requestID string) (string, error) {
	const what = "re-protect"
	now, err := c.fresh(ctx, it.ID)
	if err != nil {
		return "", err
	}
	if !now.item.Allows(engine.AllowReverseReplicate) {
		return "", notOffered(what, it.Name, now.item)
	}
	body, err := c.reverseReplication(ctx, now)
	if err != nil {
		return "", err
	}
	p := now.place
	return c.once(ctx, azure.Call{Action: azure.ActionReprotect, What: what, Where: it.Name, Request: requestID}, func(ctx context.Context) error {
		_, err := c.items.BeginReprotect(ctx, c.group, c.vault, p.fabric, p.container, p.item, body, nil)
		return err
	})
}

// Complete reads the job afresh, refuses one that does not wait for its
// completion, and then resumes it once with the comment.
func (c *Client) Complete(ctx context.Context, job, comment, requestID string) error {
	const what = "complete the failover"
	now, err := c.Job(ctx, job)
	if err != nil {
		return err
	}
	if !now.WaitsForComplete() {
		return engine.Refuse(what, job, "the job does not wait for its completion (state "+string(now.State)+", "+now.Detail+")",
			"wait until its data synchronisation has ended")
	}
	return c.resume(ctx, what, job, comment, requestID)
}

// Cancel asks once for the job to be cancelled.
func (c *Client) Cancel(ctx context.Context, job, requestID string) error {
	_, err := c.once(ctx, azure.Call{Action: azure.ActionCancelJob, What: "cancel the job", Where: job, Job: job, Request: requestID}, func(ctx context.Context) error {
		_, err := c.jobs.BeginCancel(ctx, c.group, c.vault, job, nil)
		return err
	})
	return err
}

// managedDiskRefusal is how the service says that it takes no failback from managed
// disks: a blob was expected where it found one.
var managedDiskRefusal = regexp.MustCompile(`(?i)expected\s*'?blob'?.*actual\s*'?managed`)

// ofManagedDisks adds what to do to a refusal for the sake of managed disks. The
// service's own words stay in front.
func ofManagedDisks(err error, it engine.Item) error {
	var f *engine.Failure
	if !errors.As(err, &f) || f.Kind != engine.FailureRefused || !managedDiskRefusal.MatchString(f.Why) {
		return err
	}
	managed := *f
	managed.Direct = true
	managed.Remedy = strings.TrimSuffix(strings.TrimSuffix(f.Remedy, " "), ".")
	if managed.Remedy != "" {
		managed.Remedy += "; "
	}
	managed.Remedy += "nothing was stopped, the Azure VM runs on. Site Recovery refuses this failback for its " + it.DiskKind() +
		" Azure disks and will refuse it again: bring the VM home without Site Recovery, or ask Microsoft's support"
	return &managed
}

// current is an item as it was read just now.
type current struct {
	place place
	wire  *asr.ReplicationProtectedItem
	item  engine.Item
}

// fresh reads an item for a decision; its history does not matter here.
func (c *Client) fresh(ctx context.Context, id string) (current, error) {
	p, err := placeOf(id)
	if err != nil {
		return current{}, err
	}
	w, err := c.get(ctx, id)
	if err != nil {
		return current{}, err
	}
	d, err := c.lookup(ctx, id)
	if err != nil {
		return current{}, err
	}
	return current{place: p, wire: w, item: decodeItem(w, d)}, nil
}

func notOffered(what, name string, it engine.Item) error {
	return engine.Refuse(what, name, "Site Recovery does not offer it now (state: "+it.RawState+")", "read the item again and look at its jobs")
}

// once sends one effectful request and returns the name of the operation that
// the service answered with. For operations on items that is the job's name;
// for those on jobs it is an id of its own. The SDK's poller is dropped: jobs
// are watched by name, since one that waits for people never ends by itself.
func (c *Client) once(ctx context.Context, call azure.Call, send func(context.Context) error) (string, error) {
	name, err := c.accepted(ctx, call, send)
	if err != nil {
		return "", err
	}
	if name != "" || call.Job != "" {
		return name, nil
	}
	return "", unnamed(call)
}

// accepted sends one effectful request and returns the operation that the service
// made of it, empty where its answer named none.
func (c *Client) accepted(ctx context.Context, call azure.Call, send func(context.Context) error) (string, error) {
	if err := ctx.Err(); err != nil {
		return "", call.Failure(err)
	}
	effect, sent := azure.Effect(ctx, call.Request)
	call.Sent = sent
	var raw *http.Response
	err := send(policy.WithCaptureResponse(effect, &raw))
	if raw != nil && (raw.StatusCode == http.StatusAccepted || raw.StatusCode == http.StatusOK || raw.StatusCode == http.StatusNoContent) {
		err = nil // accepted: what the SDK could not read of the body does not matter
	}
	return operation(raw), call.Failure(err)
}

func unnamed(call azure.Call) error {
	return &engine.Failure{Kind: engine.FailureUnknown, What: call.What, Where: call.Where, Request: call.Request,
		Why: "the service accepted the request and named no job", Remedy: "look at the item and its jobs before anything is repeated"}
}

// operation is the name at the end of the address where the service says the
// outcome will be found.
func operation(r *http.Response) string {
	if r == nil {
		return ""
	}
	for _, header := range []string{"Location", "Azure-AsyncOperation"} {
		u, err := url.Parse(r.Header.Get(header))
		if err != nil {
			continue
		}
		for _, list := range []string{"operationresults", "replicationOperationStatus", "replicationJobs"} {
			if name := segment(u.Path, list); name != "" {
				return name
			}
		}
	}
	return ""
}
