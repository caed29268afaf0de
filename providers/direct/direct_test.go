package direct_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"failback/engine"
	"failback/providers/azure/snapshots"
	"failback/providers/lab/guest"
	"failback/providers/lab/world"
)

// TestS10ARefusedMachineComesHomeWithoutSiteRecovery brings a machine with managed disks
// back under its original VM: the guest's own check finds nothing torn or lost.
func TestS10ARefusedMachineComesHomeWithoutSiteRecovery(t *testing.T) {
	inLab(t, estate, func(r *rig) {
		before := r.vm("hv01")
		if free, err := r.desk.Guarded().Item(r.Context(), r.plan.Items[0].ID); err != nil || !free.Allows(engine.AllowFailback) {
			r.Errorf("what nobody works on is the vault's: %+v, %v", free, err)
		}
		if it := r.item(); !slices.Equal(it.Allowed, []string{engine.AllowFailback}) || len(it.Disks) != 2 || !it.Disks[0].Managed {
			r.Fatalf("%+v", it)
		}
		job := r.start("request-1")
		j := r.waits(job)
		if !strings.HasPrefix(j.ActivityID, "request-1") || j.TargetID != r.plan.Items[0].VMID || j.Direction() != engine.ToOnPremises {
			r.Errorf("%+v", j)
		}
		if it := r.item(); it.CurrentJob != job || len(it.Allowed) > 0 || it.Active != engine.LocationAzure {
			r.Errorf("while it waits: %+v", it)
		}
		if p, err := r.ports.Azure.Power(r.Context(), r.azure.vm); err != nil || p != engine.PowerRunning {
			r.Errorf("S30: the machine is %q while its disks are brought, %v", p, err)
		}
		if after := r.vm("hv01"); after.Disks[0].Path != before.Disks[0].Path || after.State != "Off" {
			r.Errorf("the host was touched before the switch: %+v", after)
		}
		r.offersNothing("Direct failback under way", job)
		r.complete(job)
		j = r.succeeds(job)
		for _, name := range []string{engine.TaskShutdownAzure, engine.TaskMonitorSync, engine.TaskStartOnPrimary} {
			if task, ok := j.Find(name, engine.TaskStartFailback); !ok || !task.Done() {
				r.Errorf("%s: %+v", name, task)
			}
		}
		r.boots("hv01")
		vm := r.vm("hv01")
		if vm.ID != before.ID || !strings.HasPrefix(vm.Disks[0].Path, r.folder) || len(vm.Disks) != 2 {
			r.Errorf("%+v", vm)
		}
		it := r.item()
		if it.Active != engine.LocationOnPremises || !slices.Equal(it.Allowed, []string{engine.AllowFinalizeFailback}) || it.HyperVID != vm.ID {
			r.Errorf("%+v", it)
		}
		r.offersNothing("Direct failback not committed", "")
		r.proven("hv01", it)
	})
}

// offersNothing sees that nobody may have Site Recovery work on the same machine.
func (r *rig) offersNothing(said, job string) {
	r.Helper()
	items, err := r.desk.Guarded().Items(r.Context())
	must(r, err)
	one, err := r.desk.Guarded().Item(r.Context(), r.plan.Items[0].ID)
	must(r, err)
	for _, it := range append(items, one) {
		if len(it.Allowed) > 0 || it.Ready(engine.ToOnPremises).Ready || it.RawDescription != said || it.CurrentJob != job {
			r.Errorf("%+v", it)
		}
	}
}

// proven holds what was written against what Azure has, whole.
func (r *rig) proven(host string, it engine.Item) {
	r.Helper()
	sums, err := r.ports.Hosts.DiskSums(r.Context(), host, it.HyperVID)
	must(r, err)
	if len(sums) != len(it.Disks) {
		r.Fatalf("%+v", sums)
	}
	for i, d := range it.Disks {
		from, err := r.ports.Azure.DiskSum(r.Context(), d, nil)
		must(r, err)
		if from.SHA256 == "" || from.SHA256 != sums[i].SHA256 || sums[i].Disk != d.Name || sums[i].Bytes != d.Bytes {
			r.Errorf("%+v is not %+v", sums[i], from)
		}
	}
}

// TestS30TheMachineRunsOn and writes at every look, while its snapshots are taken and
// its disks are brought.
func TestS30TheMachineRunsOn(t *testing.T) {
	inLab(t, estate, func(r *rig) {
		job := r.start("request-1")
		last, at, looks, longest := r.written(), time.Now(), 0, time.Duration(0)
		r.until(job, func(j engine.Job) bool {
			p, err := r.ports.Azure.Power(r.Context(), r.azure.vm)
			must(r, err)
			if p != engine.PowerRunning {
				r.Errorf("the machine is %q", p)
			}
			looks++
			if n := r.written(); n > last {
				longest = max(longest, time.Since(at))
				last, at = n, time.Now()
			}
			return j.WaitsForComplete()
		})
		if longest = max(longest, time.Since(at)); looks < 3 || longest > 6*time.Second {
			r.Errorf("in %d looks, 2 s apart, the guest wrote nothing for %v", looks, longest)
		}
	})
}

// written is the number of the last step of the guest in Azure.
func (r *rig) written() uint64 {
	r.Helper()
	var disks []guest.Disk
	r.lab.World().Read(func(s *world.State) {
		for _, d := range s.Item("db01").Disks {
			b, err := r.lab.World().Blobs().Get(d.Blob)
			must(r, err)
			disks = append(disks, b)
		}
	})
	g, err := guest.Open(disks)
	must(r, err)
	return g.Last()
}

// TestS29PassesBringOnlyWhatChanged has the guest write all the time.
func TestS29PassesBringOnlyWhatChanged(t *testing.T) {
	unraced(t)
	inLab(t, estate, func(r *rig) {
		j := r.waits(r.start("request-1"))
		task, _ := j.Find(engine.TaskMonitorSync, "")
		if len(task.Notes) < 3 || !strings.Contains(task.Notes[len(task.Notes)-1], "fits the downtime budget") {
			r.Errorf("%q", task.Notes)
		}
		first, err := r.ports.Hosts.Activity(r.Context(), "hv01")
		must(r, err)
		if n := len(r.snapshots()); n != 2 {
			r.Errorf("%d snapshots while it waits: %v", n, r.snapshots())
		}
		time.Sleep(time.Minute)
		r.complete(j.Name)
		r.succeeds(j.Name)
		after, err := r.ports.Hosts.Activity(r.Context(), "hv01")
		must(r, err)
		if brought := after.Read - first.Read; brought <= 0 || brought*2 > first.Read {
			r.Errorf("the last pass brought %d bytes, those before it %d", brought, first.Read)
		}
		r.boots("hv01")
	})
}

// TestS59AnAlternateHostMakesTheVM of what the machine was in Azure.
func TestS59AnAlternateHostMakesTheVM(t *testing.T) {
	inLab(t, estate, func(r *rig) {
		r.plan.Target = engine.Target{Alternate: true, HostID: "id", HostName: "hv02", CreateVM: true}
		r.reopen()
		r.broughtHome("request-1")
		r.boots("hv02")
		vm := r.vm("hv02")
		if vm.Generation != 2 || vm.CPUs != 2 || vm.Memory != 8<<30 || !slices.Equal(vm.Switches, []string{"LAN"}) || len(vm.Disks) != 2 {
			r.Errorf("%+v", vm)
		}
		if it := r.item(); it.HyperVID != vm.ID {
			r.Errorf("%s is not %s", it.HyperVID, vm.ID)
		}
		if old := r.vm("hv01"); old.State != "Off" {
			r.Errorf("%+v", old)
		}
	})
}

// TestS64ACommitDeletesItsListAndNothingElse in its order, and keeps the last snapshots
// only where the plan says so.
func TestS64ACommitDeletesItsListAndNothingElse(t *testing.T) {
	inLab(t, estate, func(r *rig) {
		r.broughtHome("request-1")
		list, err := r.ports.Direct.Deletions(r.Context(), r.item())
		must(r, err)
		if len(list.Things) != 4 || list.Things[0].Kind != "VM" || len(list.Kept) != 0 {
			r.Fatalf("%+v", list)
		}
		if _, err := r.ports.Failover.Commit(r.Context(), r.item(), "request-2"); engine.KindOf(err) != engine.FailureRefused {
			r.Errorf("without a list: %v", err)
		}
		if _, err := r.ports.Direct.CommitExactly(r.Context(), r.item(), list.Things[:2], "request-3"); engine.KindOf(err) != engine.FailureRefused {
			r.Errorf("a shorter list: %v", err)
		}
		r.azure.more = []engine.AzureThing{{ID: "/subscriptions/s/new", Kind: "disk", Name: "new"}}
		if _, err := r.ports.Direct.CommitExactly(r.Context(), r.item(), list.Things, "request-4"); engine.KindOf(err) != engine.FailureRefused {
			r.Errorf("with a new disk: %v", err)
		}
		if len(r.azure.order) > 0 || len(r.snapshots()) != 2 {
			r.Fatalf("deleted %v, snapshots %v", r.azure.order, r.snapshots())
		}
		r.azure.more = nil
		commit, err := r.ports.Direct.CommitExactly(r.Context(), r.item(), list.Things, "request-5")
		must(r, err)
		r.succeeds(commit)
		if !slices.Equal(r.azure.done(), kindsOf(list.Things)) || len(r.snapshots()) != 0 {
			r.Errorf("deleted %v, snapshots %v", r.azure.order, r.snapshots())
		}
		if it := r.item(); !slices.Equal(it.Allowed, []string{engine.AllowReverseReplicate}) || it.State != engine.ItemFailbackCommitted {
			r.Errorf("%+v", it)
		}
		if left := r.files(); len(left) != 3 { // the folder and two disks
			r.Errorf("%v", left)
		}
		again, err := r.ports.Direct.CommitExactly(r.Context(), r.item(), list.Things, "request-5")
		if err != nil || again != commit {
			r.Errorf("the same request again: %s, %v", again, err)
		}
	})
}

func kindsOf(things []engine.AzureThing) (kinds []string) {
	for _, t := range things {
		kinds = append(kinds, t.Kind)
	}
	return kinds
}

// TestS64ACommitThatBreaksOffGoesOnWithTheRestOfItsList has a lock in the way of a disk,
// when the VM is gone already.
func TestS64ACommitThatBreaksOffGoesOnWithTheRestOfItsList(t *testing.T) {
	unraced(t)
	inLab(t, estate, func(r *rig) {
		r.broughtHome("request-1")
		list, err := r.ports.Direct.Deletions(r.Context(), r.item())
		must(r, err)
		r.azure.fails["disk"] = engine.Refuse("delete the disk", "db01", "a lock is on it", "take the lock away")
		commit, err := r.ports.Direct.CommitExactly(r.Context(), r.item(), list.Things, "request-2")
		must(r, err)
		if j := r.ends(commit); j.State != engine.JobFailed || !strings.Contains(j.Errors[0].Message, "a lock is on it") {
			r.Fatalf("%+v", j)
		}
		if it := r.item(); !slices.Equal(it.Allowed, []string{engine.AllowFinalizeFailback}) || it.Active != engine.LocationOnPremises {
			r.Errorf("%+v", it)
		}
		rest, err := r.ports.Direct.Deletions(r.Context(), r.item())
		must(r, err)
		if !slices.Equal(kindsOf(rest.Things), []string{"disk", "disk"}) {
			r.Fatalf("%+v", rest.Things)
		}
		r.azure.fails["disk"] = engine.Refuse("delete the disk", "db01", "the lock is still on it", "take the lock away")
		commit, err = r.ports.Direct.CommitExactly(r.Context(), r.item(), list.Things, "request-3")
		must(r, err)
		if j := r.ends(commit); j.State != engine.JobFailed || !strings.Contains(j.Errors[0].Message, "still on it") {
			r.Fatalf("the list of before does not go on with its rest: %+v", j)
		}
		commit, err = r.ports.Direct.CommitExactly(r.Context(), r.item(), rest.Things, "request-4")
		must(r, err)
		r.succeeds(commit)
		r.lab.World().Read(func(s *world.State) {
			for _, d := range s.Item("db01").Disks {
				if owner, there := s.ManagedDisk(d.Managed); there != nil {
					r.Errorf("%s of %s is still there", d.Managed, owner.Name)
				}
			}
		})
	})
}

// TestS64TheLastSnapshotsAreKeptAsLongAsThePlanSays, tagged with until when, and no
// others.
func TestS64TheLastSnapshotsAreKeptAsLongAsThePlanSays(t *testing.T) {
	unraced(t)
	inLab(t, estate, func(r *rig) {
		r.plan.Direct.KeepDays = 14
		r.reopen()
		r.broughtHome("request-1")
		list, err := r.ports.Direct.Deletions(r.Context(), r.item())
		must(r, err)
		if len(list.Kept) != 2 || list.Until.Sub(time.Now().AddDate(0, 0, 14)).Abs() > time.Minute {
			r.Errorf("%+v", list)
		}
		commit, err := r.ports.Direct.CommitExactly(r.Context(), r.item(), list.Things, "request-2")
		must(r, err)
		r.succeeds(commit)
		client, err := snapshots.New(r.sign, snapshots.Options{Run: "test"})
		must(r, err)
		left, err := client.Leftovers(r.Context(), r.azure.vm.ResourceGroup)
		must(r, err)
		if len(left) != 2 {
			r.Fatalf("%+v", left)
		}
		for i, s := range left {
			if !slices.ContainsFunc(list.Kept, func(k engine.AzureThing) bool { return engine.SameID(k.ID, s.ID) }) || s.Until.Sub(list.Until).Abs() > time.Hour || s.Set != "final" {
				r.Errorf("%d: %+v", i, s)
			}
		}
	})
}

// TestS34NothingIsStoppedFirst: full synchronisation and the other direction are refused
// with the reason, and one item has one failback at a time.
func TestS34NothingIsStoppedFirst(t *testing.T) {
	unraced(t)
	inLab(t, estate, func(r *rig) {
		it := r.item()
		for name, q := range map[string]engine.StartRequest{
			"full":     {Item: it, Direction: engine.ToOnPremises, Sync: engine.SyncFull, RequestID: "a"},
			"to Azure": {Item: it, Direction: engine.ToAzure, RequestID: "b"},
		} {
			if _, err := r.ports.Failover.Start(r.Context(), q); engine.KindOf(err) != engine.FailureRefused {
				r.Errorf("%s: %v", name, err)
			}
		}
		q := engine.StartRequest{Item: it, Direction: engine.ToOnPremises, Sync: engine.SyncDelta, RequestID: "c"}
		job, err := r.ports.Failover.Start(r.Context(), q)
		must(r, err)
		if again, err := r.ports.Failover.Start(r.Context(), q); err != nil || again != job {
			r.Errorf("the same request: %s, %v", again, err)
		}
		q.RequestID = "d"
		if _, err := r.ports.Failover.Start(r.Context(), q); engine.KindOf(err) != engine.FailureRefused {
			r.Errorf("another one beside it: %v", err)
		}
		r.waits(job)
	})
}
