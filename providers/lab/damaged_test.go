package lab_test

import (
	"testing"
	"testing/synctest"
	"time"

	"failback/providers/lab"
	"failback/providers/lab/world"
)

func TestDamagedItemOfTheEstateDoesNotBoot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, lab.Options{})
		defer func() { _ = r.Close() }()
		for item, boots := range map[string]bool{"erp01": false, "web01": true} {
			var vm world.VM
			r.World().Read(func(s *world.State) { vm = *s.Home(s.Item(item)) })
			if err := r.World().StartHome(vm.Host, vm.ID); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Minute)
			r.World().Read(func(s *world.State) { vm = *s.Home(s.Item(item)) })
			if vm.State != world.VMRunning || vm.Booted != boots {
				t.Errorf("%s: %s, booted %v: %s", item, vm.State, vm.Booted, vm.Problem)
			}
		}
	})
}

func TestDeletedVMIsCreatedAtHome(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, lab.Options{})
		defer func() { _ = r.Close() }()
		id, _ := r.item("files01")
		j := r.until(r.post(id+"/plannedFailover", failback("ForSynchronization")), world.Failed, world.Succeeded)
		if at(j, "properties", "errors", 0, "serviceErrorDetails", "code") != "559" {
			t.Errorf("without a VM: %v", at(j, "properties", "errors"))
		}
		body := `{"properties":{"failoverDirection":"RecoveryToPrimary","providerSpecificDetails":{"instanceType":"HyperVReplicaAzureFailback","dataSyncOption":"ForSynchronization","recoveryVmCreationOption":"CreateVmIfNotFound"}}}`
		r.until(r.post(id+"/plannedFailover", body), world.Succeeded)
		time.Sleep(time.Minute)
		r.World().Read(func(s *world.State) {
			if vm := s.Home(s.Item("files01")); vm == nil || !vm.Booted {
				t.Errorf("created: %+v", vm)
			}
		})
	})
}

// sent is what the agent of hv01 read from its own disks for the reverse
// replication after a failback.
func (r *rig) sent() int64 {
	id, _ := r.item("app01")
	r.until(r.post(id+"/plannedFailover", failback("ForSynchronization")), world.Succeeded)
	time.Sleep(5 * time.Second)
	r.until(r.post(id+"/failoverCommit", ""), world.Succeeded)
	read := func() (n int64) {
		r.World().Read(func(s *world.State) { n = s.Host("hv01").Read })
		return n
	}
	before := read()
	r.until(r.post(id+"/reProtect", "{}"), world.Succeeded)
	r.waitFor(id, "PlannedFailover")
	return read() - before
}

func TestS67OnlyWhatChangedSinceTheStopIsSent(t *testing.T) {
	const content = 12 << 20
	inBubble(t, oneItem, func(r *rig) {
		if n := r.sent(); n == 0 || n > content/4 {
			r.t.Errorf("%d bytes were sent", n)
		}
	})
	inBubble(t, withFault("{when: protecting, what: full-resync}"), func(r *rig) {
		if n := r.sent(); n < content/2 {
			r.t.Errorf("a full resynchronisation sent %d bytes", n)
		}
	})
}

func TestWorldIsTheSameAfterReopening(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		o := lab.Options{StateDir: t.TempDir(), Data: []byte(oneItem)}
		r := newRig(t, o)
		id, _ := r.item("app01")
		job := r.post(id+"/plannedFailover", failback("ForDownTime"))
		time.Sleep(2 * time.Second)
		if err := r.Close(); err != nil {
			t.Fatal(err)
		}
		r = newRig(t, o)
		defer func() { _ = r.Close() }()
		r.until(job, world.Suspended)
		r.post("/replicationJobs/"+job+"/resume", "")
		r.until(job, world.Succeeded)
		home, azure := r.sums()
		if home[0] != azure[0] || home[1] != azure[1] {
			t.Errorf("home %v, Azure %v", home, azure)
		}
	})
}
