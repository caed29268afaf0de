package direct_test

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"failback/engine"
	"failback/providers/lab/world"
)

// TestS68ACancelKnowsTheVMThatItMadeByItsDisks: somebody renamed it, gave its name to
// another, started it, or removed it. Files are never taken away from under a VM.
func TestS68ACancelKnowsTheVMThatItMadeByItsDisks(t *testing.T) {
	inLab(t, estate, func(r *rig) {
		r.plan.Target = engine.Target{Alternate: true, HostID: "id", HostName: "hv02", CreateVM: true}
		r.reopen()
		job := r.start("request-1")
		r.waits(job)
		r.diesWhen(job, func() (there bool) { // made, and nobody has noted it
			r.lab.World().Read(func(s *world.State) {
				there = slices.ContainsFunc(s.VMs, func(vm *world.VM) bool { return vm.Host == "hv02" && vm.Name == "db01" })
			})
			return there
		})
		must(r, r.desk.Close())
		made, files := r.vm("hv02"), r.files()
		file := filepath.Join(r.dir, job+".json")
		before, err := os.ReadFile(file)
		must(r, err)
		edit := func(f func(vm *world.VM)) {
			r.Helper()
			must(r, r.lab.World().EditVM("hv02", made.ID, f))
		}
		// cancel has the job of before cancelled, as another process would.
		cancel := func() (engine.Job, string) {
			r.Helper()
			must(r, r.desk.Close())
			must(r, os.WriteFile(file, before, 0o600))
			r.open()
			must(r, r.ports.Failover.Cancel(r.Context(), job, "request-2"))
			j := r.ends(job)
			task, _ := j.Find(engine.TaskPrepareFinalize, engine.TaskStartFailback)
			return j, task.Detail
		}

		edit(func(vm *world.VM) { vm.Name = "renamed" })
		if j, left := cancel(); j.State != engine.JobCancelled || !strings.Contains(left, "renamed, made as db01 ("+made.ID) || len(r.files()) < 3 {
			r.Errorf("renamed: %s %q %+v, files %v", j.State, left, j.Errors, r.files())
		}
		edit(func(vm *world.VM) { vm.State = "Running" })
		if j, _ := cancel(); j.State != engine.JobFailed || !strings.Contains(j.Errors[0].Message, "has started that VM") || len(r.files()) < 3 {
			r.Errorf("started: %s %+v, files %v", j.State, j.Errors, r.files())
		}
		if !slices.Equal(r.files(), files) {
			r.Errorf("%v became %v", files, r.files())
		}
		// The name is somebody else's now, and no VM has the files.
		edit(func(vm *world.VM) {
			vm.Name, vm.State = "db01", world.VMOff
			vm.Images = slices.Clone(vm.Images)
			for i := range vm.Images {
				vm.Images[i].Path = `E:\theirs\` + filepath.Base(vm.Images[i].Path)
			}
		})
		if j, left := cancel(); j.State != engine.JobCancelled || left != "" || len(r.files()) > 0 {
			r.Errorf("another of its name: %s %q %+v, files %v", j.State, left, j.Errors, r.files())
		}
		if vm := r.vm("hv02"); vm.Name != "db01" || vm.State != "Off" || len(vm.Disks) != 2 {
			r.Errorf("another of its name was touched: %+v", vm)
		}
	})
}
