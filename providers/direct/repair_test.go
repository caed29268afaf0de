package direct_test

import (
	"context"
	"slices"
	"strings"
	"testing"

	"failback/engine"
	"failback/engine/move"
	"failback/providers/azure"
	"failback/providers/direct"
	"failback/providers/diskcopy"
	"failback/providers/lab/world"
)

// TestS71AFailbackThatFailedGoesOnWithWhatItHasBrought: nobody's word counts for the
// Azure VM being off. Then somebody starts the VM at home, and the job ends; the next one
// brings only what changed since.
func TestS71AFailbackThatFailedGoesOnWithWhatItHasBrought(t *testing.T) {
	inLab(t, estate, func(r *rig) {
		job := r.start("request-1")
		r.waits(job)
		if err := r.ports.Failover.Complete(r.Context(), job, "", "request-2"); engine.KindOf(err) != engine.FailureUnsafe || !strings.Contains(err.Error(), "running") {
			r.Errorf("it believed that the VM is off: %v", err)
		}
		r.waits(job)
		home := r.vm("hv01")
		must(r, r.lab.World().EditVM("hv01", home.ID, func(vm *world.VM) { vm.State = "Paused" }))
		r.complete(job)
		j := r.ends(job)
		if j.State != engine.JobFailed || !strings.Contains(j.Errors[0].Message, "Paused") {
			r.Fatalf("%s %+v", j.State, j.Errors)
		}
		must(r, r.lab.World().EditVM("hv01", home.ID, func(vm *world.VM) { vm.State = world.VMOff }))
		files := r.files()
		first, err := r.ports.Hosts.Activity(r.Context(), "hv01")
		must(r, err)
		again := r.start("request-3")
		j = r.waits(again)
		second, err := r.ports.Hosts.Activity(r.Context(), "hv01")
		must(r, err)
		if brought := second.Read - first.Read; brought*2 > first.Read {
			r.Errorf("it brought %d bytes again, of %d", brought, first.Read)
		}
		if !slices.Equal(r.files(), files) || len(r.snapshots()) != 2 {
			r.Errorf("%v became %v, snapshots %v", files, r.files(), r.snapshots())
		}
		if task, _ := j.Find(engine.TaskPrerequisites, ""); !strings.Contains(strings.Join(task.Notes, " "), job) {
			r.Errorf("%v", task.Notes)
		}
		r.complete(again)
		r.succeeds(again)
		r.boots("hv01")
		r.proven("hv01", r.item())
	})
}

// breaking copies a little of a disk, and then no more.
type breaking struct{ direct.Mover }

func (b breaking) Copy(ctx context.Context, o move.Order, _ func(move.Progress)) (move.Copied, error) {
	ctx, stop := context.WithCancel(ctx)
	defer stop()
	got, err := b.Mover.Copy(ctx, o, func(p move.Progress) {
		if p.Stage == move.StageCopy && p.Bytes.Written > 0 {
			stop()
		}
	})
	if err == nil {
		return got, nil // it was too small to be broken off
	}
	return got, engine.Refuse("copy the disk", o.Target, "the volume is full", "make room")
}

// TestS71AHalfCopiedDiskIsNoHindrance: the job that began it failed, and its snapshot is
// not the one of the next.
func TestS71AHalfCopiedDiskIsNoHindrance(t *testing.T) {
	unraced(t)
	inLab(t, estate, func(r *rig) {
		r.mover = breaking{diskcopy.New(nil, func(context.Context) (*azure.Session, error) { return r.sign.In(r.sign.Subscription()), nil })}
		r.reopen()
		if j := r.ends(r.start("request-1")); j.State != engine.JobFailed || !strings.Contains(j.Errors[0].Message, "the volume is full") {
			r.Fatalf("%s: %+v", j.State, j.Errors)
		}
		half := func(name string) bool { return strings.HasSuffix(name, ".failback-new") }
		if !slices.ContainsFunc(r.files(), half) {
			r.Fatalf("nothing is half-copied: %v", r.files())
		}
		r.mover = nil
		r.reopen()
		job := r.start("request-2")
		r.waits(job)
		if slices.ContainsFunc(r.files(), half) || len(r.snapshots()) != 2 {
			r.Errorf("%v, %v", r.files(), r.snapshots())
		}
		r.complete(job)
		r.succeeds(job)
		r.boots("hv01")
		r.proven("hv01", r.item())
	})
}
