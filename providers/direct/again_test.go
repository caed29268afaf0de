package direct_test

import (
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"failback/engine"
	"failback/engine/move"
	"failback/providers/azure"
	"failback/providers/direct"
	"failback/providers/diskcopy"
)

// held holds copies of passes that are brought while a job waits, until they are
// interrupted; or has them fail.
type held struct {
	direct.Mover
	hold, fail atomic.Bool
	held       atomic.Int64
	compared   atomic.Int64 // disks whose last pass was not by changes alone
}

func (h *held) Copy(ctx context.Context, o move.Order, report func(move.Progress)) (move.Copied, error) {
	if strings.Contains(o.Source, "-again-") {
		switch {
		case h.fail.Load():
			return move.Copied{}, engine.Refuse("copy the disk", o.Target, "the share is away", "mend it")
		case h.hold.Load():
			// It is broken off in its middle.
			broken, stop := context.WithCancel(ctx)
			defer stop()
			_, _ = h.Mover.Copy(broken, o, func(p move.Progress) {
				if p.Bytes.Written > 0 {
					stop()
				}
			})
			h.held.Add(1)
			<-ctx.Done()
			return move.Copied{}, ctx.Err()
		}
	}
	got, err := h.Mover.Copy(ctx, o, report)
	if strings.Contains(o.Source, "-final-") && err == nil && got.Way != move.WayChanges {
		h.compared.Add(1)
	}
	return got, err
}

// holding makes a desk whose mover can be held.
func (r *rig) holding() *held {
	r.Helper()
	h := &held{Mover: diskcopy.New(nil, func(context.Context) (*azure.Session, error) { return r.sign.In(r.sign.Subscription()), nil })}
	r.mover = h
	r.reopen()
	return h
}

// again waits until more passes were brought while the job waits, which it does at
// every look.
func (r *rig) again(job, words string) engine.Job {
	r.Helper()
	return r.until(job, func(j engine.Job) bool {
		if !j.WaitsForComplete() || j.WentOn() {
			r.Fatalf("it does not wait: %s %q", j.State, j.Detail)
		}
		if n := len(r.snapshots()); n > 4 {
			r.Fatalf("%d snapshots of two disks", n)
		}
		task, _ := j.Find(engine.TaskMonitorSync, "")
		return strings.Contains(task.Detail, words) && slices.Contains(task.Notes, task.Detail)
	})
}

// TestS29PassesAreBroughtWhileNobodyCompletes, less and less often where they bring
// little, so that the last one stays small however long that takes.
func TestS29PassesAreBroughtWhileNobodyCompletes(t *testing.T) {
	unraced(t)
	inLab(t, estate, func(r *rig) {
		mover := r.holding()
		job := r.start("request-1")
		began := time.Now()
		mover.hold.Store(true)
		r.until(job, func(engine.Job) bool { return mover.held.Load() > 0 })
		mover.hold.Store(false)
		r.reopen() // the process ends in the middle of one
		r.again(job, "waits: 1 with")
		first := time.Since(began)
		r.again(job, "waits: 2 with")
		if second := time.Since(began) - first; first < 20*time.Minute || second < 2*20*time.Minute {
			r.Errorf("after %v and %v", first, second)
		}
		mover.fail.Store(true)
		r.again(job, "the share is away")
		mover.fail.Store(false)
		r.reopen() // whoever reads it goes on
		r.again(job, "waits: 3 with")
		if n := len(r.snapshots()); n != 2 {
			r.Errorf("%v", r.snapshots())
		}
		r.complete(job)
		r.succeeds(job)
		r.boots("hv01")
		r.proven("hv01", r.item())
	})
}

// TestS30ACompletionComesBeforeAPass that is brought while the job waits, and the last
// pass goes on from the one before it.
func TestS30ACompletionComesBeforeAPass(t *testing.T) {
	inLab(t, estate, func(r *rig) {
		mover := r.holding()
		mover.hold.Store(true)
		job := r.start("request-1")
		j := r.until(job, func(engine.Job) bool { return mover.held.Load() > 0 })
		if !j.WaitsForComplete() || !r.desk.Drives() {
			r.Fatalf("%s %q", j.State, j.Detail)
		}
		r.complete(job)
		r.succeeds(job)
		if n := mover.compared.Load(); n > 0 {
			r.Errorf("%d disks were compared whole while the machine was down", n)
		}
		if n := len(r.snapshots()); n != 2 {
			r.Errorf("%v", r.snapshots())
		}
		r.boots("hv01")
		r.proven("hv01", r.item())
	})
}

// TestS68ACancelComesBeforeAPass that is brought while the job waits.
func TestS68ACancelComesBeforeAPass(t *testing.T) {
	unraced(t)
	inLab(t, estate, func(r *rig) {
		mover := r.holding()
		mover.hold.Store(true)
		job := r.start("request-1")
		r.until(job, func(engine.Job) bool { return mover.held.Load() > 0 })
		must(r, r.ports.Failover.Cancel(r.Context(), job, "request-2"))
		if j := r.ends(job); j.State != engine.JobCancelled || len(r.files()) > 0 || len(r.snapshots()) > 0 {
			r.Errorf("%s %+v, %v, %v", j.State, j.Errors, r.files(), r.snapshots())
		}
	})
}
