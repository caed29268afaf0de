package direct_test

import (
	"os"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"failback/engine"
)

// stutter ends the process before every writing of a job's file, what was to be noted
// being done, and after it, with nothing done since: each change is made twice and
// written once.
func stutter() func() bool {
	var calls atomic.Int64
	return func() bool { return calls.Add(1)%3 != 2 }
}

// once ends the process at the nth instant only.
func once(n int64) (stop func() bool, came func() bool) {
	var calls atomic.Int64
	return func() bool { return calls.Add(1) == n }, func() bool { return calls.Load() >= n }
}

// survive reads a job as one process after the other would, until it is as wanted.
func (r *rig) survive(job string, stop func() bool, there func(engine.Job) bool) engine.Job {
	r.Helper()
	deaths := 0
	for end := time.Now().Add(24 * time.Hour); ; {
		r.reopen()
		r.desk.StopAt(stop)
		j, err := r.ports.Inventory.Job(r.Context(), job)
		must(r, err)
		for time.Sleep(time.Second); r.desk.Drives(); {
			time.Sleep(time.Second)
		}
		if there(j) {
			r.Logf("%d processes", deaths)
			return j
		}
		if deaths++; time.Now().After(end) || j.State.Ended() {
			r.Fatalf("after %d processes it never was so: %s %q %+v", deaths, j.State, j.Detail, j.Errors)
		}
	}
}

// insist has a job completed by whichever process lives long enough to write it down.
func (r *rig) insist(job string, stop func() bool) {
	r.Helper()
	r.stop()
	for range 5 {
		r.reopen()
		r.desk.StopAt(stop)
		if err := r.ports.Failover.Complete(r.Context(), job, "by hand", "request-complete"); err == nil {
			return
		}
		if j, err := r.ports.Inventory.Job(r.Context(), job); err != nil || !j.WaitsForComplete() {
			must(r, err)
			return
		}
	}
	r.Fatal("it can't be completed")
}

// home plays a failback with processes that end where stop says so, to the commit.
func (r *rig) home(stop func() bool) {
	r.Helper()
	job := r.start("request-1")
	r.survive(job, stop, engine.Job.WaitsForComplete)
	r.insist(job, stop)
	r.survive(job, stop, func(j engine.Job) bool { return j.State.Good() })
	host := r.plan.Items[0].Host
	if r.plan.Target.Alternate {
		host = r.plan.Target.HostName
	}
	r.boots(host)
	r.proven(host, r.item())
	if n := len(r.snapshots()); n != 2 {
		r.Errorf("snapshots: %v", r.snapshots())
	}
	list, err := r.ports.Direct.Deletions(r.Context(), r.item())
	must(r, err)
	commit, err := r.ports.Direct.CommitExactly(r.Context(), r.item(), list.Things, "request-2")
	must(r, err)
	r.survive(commit, stop, func(j engine.Job) bool { return j.State.Good() })
	if done := r.azure.done(); !slices.Equal(done, kindsOf(list.Things)) || len(r.snapshots()) > 0 {
		r.Errorf("deleted %v, snapshots %v", done, r.snapshots())
	}
}

// TestACrashAtEveryInstantIsSurvived by an original VM and by one that is made.
func TestACrashAtEveryInstantIsSurvived(t *testing.T) {
	t.Run("original", func(t *testing.T) {
		inLab(t, estate, func(r *rig) { r.home(stutter()) })
	})
	t.Run("alternate", func(t *testing.T) {
		unraced(t)
		inLab(t, estate, func(r *rig) {
			r.plan.Target = engine.Target{Alternate: true, HostID: "id", HostName: "hv02", CreateVM: true}
			r.reopen()
			r.home(stutter())
		})
	})
	t.Run("cancelled", func(t *testing.T) {
		inLab(t, estate, func(r *rig) {
			stop := stutter()
			job := r.start("request-1")
			r.survive(job, stop, engine.Job.WaitsForComplete)
			for range 5 {
				r.reopen()
				r.desk.StopAt(stop)
				if r.ports.Failover.Cancel(r.Context(), job, "request-2") == nil {
					break
				}
			}
			r.survive(job, stop, func(j engine.Job) bool { return j.State == engine.JobCancelled })
			if len(r.files()) > 0 || len(r.snapshots()) > 0 {
				r.Errorf("left: %v, %v", r.files(), r.snapshots())
			}
		})
	})
}

// TestACrashAtOneInstantIsSurvived has the process end at every single instant in a run
// of its own.
func TestACrashAtOneInstantIsSurvived(t *testing.T) {
	unraced(t)
	every, step := int64(1), int64(1)
	if os.Getenv("FAILBACK_EVERY_CRASH") == "" {
		every, step = 11, 41 // a slice of them
	}
	for n := every; ; n += step {
		stop, came := once(n)
		inLab(t, estate, func(r *rig) { r.home(stop) })
		if !came() || t.Failed() {
			t.Logf("%d instants", n)
			return
		}
	}
}
