package direct_test

import (
	"slices"
	"testing"

	"failback/engine"
)

// TestS68ACancelBeforeTheSwitchLeavesNothing: no file, no snapshot, and the host as it
// was; a new failback may begin at once.
func TestS68ACancelBeforeTheSwitchLeavesNothing(t *testing.T) {
	for _, c := range []struct {
		name string
		at   func(engine.Job) bool
	}{
		{"while it copies", func(j engine.Job) bool {
			task, ok := j.Find(engine.TaskMonitorSync, "")
			return ok && task.Begun()
		}},
		{"while it waits", engine.Job.WaitsForComplete},
	} {
		t.Run(c.name, func(t *testing.T) {
			inLab(t, estate, func(r *rig) {
				before := r.vm("hv01")
				job := r.start("request-1")
				r.until(job, c.at)
				must(r, r.ports.Failover.Cancel(r.Context(), job, "request-2"))
				if j := r.ends(job); j.State != engine.JobCancelled {
					r.Fatalf("%s: %+v", j.State, j.Errors)
				}
				if len(r.files()) > 0 || len(r.snapshots()) > 0 {
					r.Errorf("left: %v, %v", r.files(), r.snapshots())
				}
				if after := r.vm("hv01"); !slices.Equal(after.Disks, before.Disks) || after.State != before.State {
					r.Errorf("%+v became %+v", before, after)
				}
				if err := r.ports.Failover.Cancel(r.Context(), job, "request-3"); engine.KindOf(err) != engine.FailureRefused {
					r.Errorf("once more: %v", err)
				}
				r.waits(r.start("request-4"))
			})
		})
	}
}

// TestS68ACancelAfterTheStartIsRefused: two live copies would be the end of it.
func TestS68ACancelAfterTheStartIsRefused(t *testing.T) {
	unraced(t)
	inLab(t, estate, func(r *rig) {
		job := r.start("request-1")
		r.waits(job)
		r.complete(job)
		r.until(job, func(j engine.Job) bool {
			task, _ := j.Find(engine.TaskStartOnPrimary, engine.TaskStartFailback)
			return task.Begun() && len(j.Allowed) == 0
		})
		if err := r.ports.Failover.Cancel(r.Context(), job, "request-2"); engine.KindOf(err) != engine.FailureRefused {
			r.Errorf("%v", err)
		}
		r.succeeds(job)
	})
}
