package direct

import (
	"context"
	"errors"
	"strings"

	"failback/engine"
)

// failover implements [engine.Failover] with jobs of this machine. Asking twice with
// one request id begins one job.
type failover struct{ planned }

// Start implements [engine.Failover]. It begins the job and returns; whoever reads the
// job has it go on.
func (f failover) Start(ctx context.Context, q engine.StartRequest) (string, error) {
	const what = "start the direct failback"
	switch {
	case q.Direction != engine.ToOnPremises:
		return "", engine.Refuse(what, q.Item.Name, "a direct failback goes home, not to Azure", "choose the direction Azure → on-premises")
	case q.Sync == engine.SyncFull:
		return "", engine.Refuse(what, q.Item.Name, "it always copies while the Azure VM runs; there is nothing to gain from stopping it first", "choose delta")
	}
	return f.begin(ctx, what, q.Item.ID, q.RequestID, func(it engine.Item) (*record, error) {
		if ready := it.Ready(engine.ToOnPremises); !ready.Ready {
			return nil, engine.Refuse(what, it.Name, ready.Reason, ready.Remedy)
		}
		return &record{
			Scenario: engine.ScenarioFailback, Step: stepCheck, Item: it, Host: f.hostOf(it), Direct: f.limited(q.Run), Run: q.Run,
			Target: f.plan.Target, Budget: f.plan.Budget, Failback: &failback{},
		}, nil
	})
}

// begin writes a new job and has it driven. One at a time: what the item offers is
// looked at afresh, and no other job of it can come between.
func (w planned) begin(ctx context.Context, what, item, request string, job func(it engine.Item) (*record, error)) (string, error) {
	w.starting.Lock()
	defer w.starting.Unlock()
	all, err := w.store.list()
	if err != nil {
		return "", err
	}
	for _, r := range all {
		if request != "" && strings.EqualFold(r.Request, request) {
			return r.Name, nil
		}
	}
	it, err := w.item(ctx, item)
	if err != nil {
		return "", err
	}
	if it.CurrentJob != "" {
		return "", engine.Refuse(what, it.Name, "job "+it.CurrentJob+" is working on it", "wait for that job, or resume the run it belongs to")
	}
	r, err := job(it)
	if err != nil {
		return "", err
	}
	r.Version, r.Name, r.Request, r.State, r.Started, r.Tasks = recordVersion, newName(), request, engine.JobInProgress, now(), map[string]mark{}
	if err := w.store.save(r); err != nil {
		return "", err
	}
	return r.Name, w.takeUp(r.Name)
}

// Complete implements [engine.Failover]. It is refused while the Azure VM is not off, and
// the job waits on; from then on the job looks for itself.
func (f failover) Complete(ctx context.Context, job, comment, requestID string) error {
	const what = "complete the direct failback"
	f.atRest(ctx, job)
	v, err := f.own(job)
	if err != nil {
		return err
	}
	r, err := f.store.load(job)
	if err != nil {
		return errors.Join(err, letGoOf(v))
	}
	if v == nil && r.waits() {
		return &engine.Failure{Kind: engine.FailureRetryable, What: what, Where: r.Item.Name + ", job " + r.Name,
			Why: "another process brings a pass of it at this moment", Remedy: "wait for that, or end that process"}
	}
	if v == nil || r.State != engine.JobSuspended || r.Step != stepWait {
		return errors.Join(engine.Refuse(what, r.Item.Name+", job "+r.Name, "the job does not wait for it (state: "+string(r.State)+")", "look at the job"), letGoOf(v))
	}
	if err := v.off(ctx, what, "what is written now would be missing at home"); err != nil {
		return errors.Join(err, v.letGo())
	}
	err = v.change(func(r *record) {
		r.Complete, r.Comment = requestID, comment
		r.finish(engine.TaskWaitForUser, engine.TaskStateSucceeded, now())
		r.State, r.Detail, r.Step = engine.JobInProgress, "", stepOff
	})
	if err != nil {
		return errors.Join(err, v.letGo())
	}
	v.launch()
	return nil
}

func letGoOf(v *driver) error {
	if v == nil {
		return nil
	}
	return v.letGo()
}

// Commit implements [engine.Failover]: a direct failback is committed with the list of
// what is deleted, or not at all.
func (f failover) Commit(_ context.Context, it engine.Item, _ string) (string, error) {
	return "", engine.Refuse("commit the direct failback", it.Name, "nothing is deleted without the list of what is", "answer the commit gate of the run, which shows it")
}

// Reprotect implements [engine.Failover]: protection is enabled afresh, where the vault
// is there; the item shows when it is.
func (f failover) Reprotect(ctx context.Context, it engine.Item, requestID string) (string, error) {
	return f.begin(ctx, "protect the machine afresh", it.ID, requestID, func(now engine.Item) (*record, error) {
		if !now.Allows(engine.AllowReverseReplicate) {
			return nil, engine.Refuse("protect the machine afresh", now.Name, "its failback is not committed, or it is protected already", "look at the item")
		}
		c, err := f.chainOf(it.ID)
		if err != nil {
			return nil, err
		}
		return &record{Scenario: engine.ScenarioReprotect, Step: stepProtect, Item: now, Host: c.failback.Host, Direct: c.failback.Direct, Target: c.failback.Target, Of: c.failback.Name, Failback: c.failback.Failback}, nil
	})
}

// Cancel implements [engine.Failover].
func (f failover) Cancel(_ context.Context, job, requestID string) error {
	f.mu.Lock()
	driven := f.drivers[job]
	f.mu.Unlock()
	if driven != nil {
		return driven.askCancel(requestID)
	}
	r, err := f.store.load(job)
	switch {
	case err != nil:
		return err
	case r.ended():
		return engine.Refuse("cancel", r.Item.Name+", job "+r.Name, "it has ended", "nothing is left to cancel")
	}
	v, err := f.own(job)
	if err != nil {
		return err
	}
	if v == nil {
		return engine.Refuse("cancel", r.Item.Name+", job "+r.Name, "another process drives it", "cancel it there")
	}
	if err := v.askCancel(requestID); err != nil {
		return errors.Join(err, v.letGo())
	}
	v.launch()
	return nil
}
