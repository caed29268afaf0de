package direct_test

import (
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/gofrs/flock"

	"failback/engine"
	"failback/providers/azure"
	"failback/providers/azure/snapshots"
	"failback/providers/diskcopy"
	"failback/providers/lab/world"
)

// fails has a job of the item fail in the middle of its first copy.
func (r *rig) fails(request string) string {
	r.Helper()
	whole := r.mover
	r.mover = breaking{diskcopy.New(nil, func(context.Context) (*azure.Session, error) { return r.sign.In(r.sign.Subscription()), nil })}
	r.reopen()
	job := r.start(request)
	if j := r.ends(job); j.State != engine.JobFailed {
		r.Fatalf("%s", j.State)
	}
	r.mover = whole
	r.reopen()
	return job
}

// silent is a host that does not answer.
type silent struct{ engine.HostAccess }

func (silent) VMs(context.Context, string) ([]engine.VM, error) {
	return nil, &engine.Failure{Kind: engine.FailureRetryable, What: "list the VMs", Why: "the host does not answer"}
}

// TestS68WhatAFailedFailbackLeftIsRemovedOnceItIsAgreedTo: exactly what was shown, of
// that job alone, never a disk that a VM has, and not while another process is at it.
func TestS68WhatAFailedFailbackLeftIsRemovedOnceItIsAgreedTo(t *testing.T) {
	inLab(t, estate, func(r *rig) {
		job := r.fails("request-1")
		desk := func() engine.DirectDesk { return r.ports.Direct }
		home := filepath.Join(r.folder, "db01")
		must(r, os.WriteFile(filepath.Join(home, "notes.txt"), []byte("mine"), 0o600))
		client, err := snapshots.New(r.sign, snapshots.Options{Run: "somebody"})
		must(r, err)
		_, err = client.Take(r.Context(), r.azure.vm, "theirs")
		must(r, err)
		before := r.files()
		list, err := desk().Leftovers(r.Context(), job)
		must(r, err)
		if len(list.Files) == 0 || len(list.Snapshots) != 2 || len(list.Stays) > 0 || list.Folder != "" || !slices.ContainsFunc(list.Files, func(f engine.LeftFile) bool { return strings.HasSuffix(f.Path, ".failback-new") }) {
			r.Fatalf("%+v", list)
		}
		if slices.ContainsFunc(list.Files, func(f engine.LeftFile) bool { return strings.Contains(f.Path, "notes") }) {
			r.Errorf("somebody's file is on the list: %+v", list.Files)
		}

		// Another process is at it.
		lock := flock.New(filepath.Join(r.dir, job+".lock"))
		if got, err := lock.TryLock(); !got || err != nil {
			r.Fatal(err)
		}
		if _, err := desk().Clear(r.Context(), list, "request-2"); engine.KindOf(err) != engine.FailureRefused || !strings.Contains(err.Error(), "another process") || !strings.Contains(err.Error(), job) {
			r.Errorf("%v", err)
		}
		must(r, lock.Unlock())

		// A VM has one of the disks.
		vm := r.vm("hv01")
		var had []world.Image
		must(r, r.lab.World().EditVM("hv01", vm.ID, func(v *world.VM) {
			had = v.Images
			v.Name, v.Images = "tried", []world.Image{{Path: filepath.Join(home, filepath.Base(strings.TrimSuffix(list.Files[len(list.Files)-1].Path, ".failback-new"))), Format: "VHDX", Type: "Dynamic", Bytes: 16 << 20, Sector: 512}}
		}))
		inUse, err := desk().Leftovers(r.Context(), job)
		must(r, err)
		if len(inUse.Files) > 0 || len(inUse.Stays) != 1 || !strings.Contains(inUse.Stays[0].Why, "tried ("+vm.ID) {
			r.Errorf("%+v", inUse)
		}
		if !slices.Equal(r.files(), before) {
			r.Errorf("%v became %v", before, r.files())
		}
		must(r, r.lab.World().EditVM("hv01", vm.ID, func(v *world.VM) { v.Name, v.Images = "db01", had }))

		// Nobody can say whether one has.
		hosts := r.vault.Hosts
		r.vault.Hosts = silent{hosts}
		r.reopen()
		unseen, err := desk().Leftovers(r.Context(), job)
		must(r, err)
		if done, err := desk().Clear(r.Context(), engine.Leftovers{Job: job, Files: list.Files}, "request-2"); err != nil || len(unseen.Files) > 0 || len(done.Removed) > 0 || !strings.Contains(done.Stays[0].Why, "does not answer") || !slices.Equal(r.files(), before) {
			r.Errorf("%+v, %+v, %v", unseen, done, err)
		}
		r.vault.Hosts = hosts
		r.reopen()

		// What was not shown is not removed.
		less := list
		less.Snapshots = list.Snapshots[:1]
		less.Files = list.Files[1:]
		done, err := desk().Clear(r.Context(), less, "request-3")
		must(r, err)
		if len(done.Removed) != 1 || len(done.Stays) != 2 || !slices.Equal(r.files(), before) || len(r.snapshots()) != 3 {
			r.Errorf("%+v, files %v, snapshots %v", done, r.files(), r.snapshots())
		}
		if list, err = desk().Leftovers(r.Context(), job); err != nil || len(list.Snapshots) != 1 {
			r.Fatalf("%+v, %v", list, err)
		}
		done, err = desk().Clear(r.Context(), list, "request-4")
		must(r, err)
		if len(done.Removed) != len(list.Files)+1 || len(done.Stays) > 0 || !slices.Equal(r.files(), []string{"db01", filepath.Join("db01", "notes.txt")}) || len(r.snapshots()) != 2 {
			r.Errorf("%+v, files %v, snapshots %v", done, r.files(), r.snapshots())
		}
		list, err = desk().Leftovers(r.Context(), job)
		must(r, err)
		if done, err = desk().Clear(r.Context(), list, "request-5"); err != nil || !list.None() || len(list.Stays)+len(done.Removed) > 0 {
			r.Errorf("once more: %+v, %+v, %v", list, done, err)
		}

		// The next one begins anew, and takes nothing over.
		again := r.start("request-6")
		if j := r.waits(again); len(r.files()) < 4 {
			r.Errorf("%+v, %v", j, r.files())
		} else if task, _ := j.Find(engine.TaskPrerequisites, ""); strings.Contains(strings.Join(task.Notes, " "), job) {
			r.Errorf("it goes on with what was cleared: %v", task.Notes)
		}
		if _, err := desk().Leftovers(r.Context(), again); engine.KindOf(err) != engine.FailureRefused || !strings.Contains(err.Error(), "has not ended") {
			r.Errorf("one that waits: %v", err)
		}
	})
}

// TestS68WhatALaterFailbackGoesOnWithIsNotCleared: it is that one's.
func TestS68WhatALaterFailbackGoesOnWithIsNotCleared(t *testing.T) {
	unraced(t)
	inLab(t, estate, func(r *rig) {
		job := r.fails("request-1")
		list, err := r.ports.Direct.Leftovers(r.Context(), job)
		must(r, err)
		again := r.start("request-2")
		r.waits(again)
		before := r.files()
		done, err := r.ports.Direct.Clear(r.Context(), list, "request-3")
		must(r, err)
		if len(done.Removed) > 0 || len(done.Stays) != 1 || !strings.Contains(done.Stays[0].Why, again) || !slices.Equal(r.files(), before) || len(r.snapshots()) != 2 {
			r.Errorf("%+v, %v, %v", done, r.files(), r.snapshots())
		}
		r.complete(again)
		r.succeeds(again)
		if _, err := r.ports.Direct.Leftovers(r.Context(), again); engine.KindOf(err) != engine.FailureRefused || !strings.Contains(err.Error(), "has its disks") {
			r.Errorf("one that is home: %v", err)
		}
	})
}
