package direct_test

import (
	"bytes"
	"context"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"failback/engine"
	"failback/providers/direct"
	"failback/providers/lab/world"
)

// stubborn is a host that does not start a VM as often as it is told to refuse.
type stubborn struct {
	engine.HostAccess
	refuses atomic.Int64
}

func (s *stubborn) Start(ctx context.Context, host, vmID string) error {
	if s.refuses.Add(-1) >= 0 {
		return engine.Refuse("start the VM", host, "not enough memory", "free some")
	}
	return s.HostAccess.Start(ctx, host, vmID)
}

// TestS33AStartThatFailsIsNotFailedData: the disks are home, and only the start is left
// to be repeated.
func TestS33AStartThatFailsIsNotFailedData(t *testing.T) {
	unraced(t)
	inLab(t, estate, func(r *rig) {
		host := &stubborn{HostAccess: r.vault.Hosts}
		host.refuses.Store(1)
		r.vault.Hosts = host
		r.reopen()
		job := r.start("request-1")
		r.waits(job)
		r.complete(job)
		j := r.ends(job)
		started, _ := j.Find(engine.TaskStartOnPrimary, engine.TaskStartFailback)
		data, _ := j.Find(engine.TaskMonitorSync, engine.TaskStartFailback)
		if j.State != engine.JobFailed || started.State != engine.TaskStateFailed || !started.Begun() || !data.Done() || !strings.Contains(j.Errors[0].Message, "not enough memory") {
			r.Fatalf("%s: %+v, %+v", j.State, started, data)
		}
		it := r.item()
		if !slices.Equal(it.Allowed, []string{engine.AllowFinalizeFailback}) || it.Active != engine.LocationOnPremises {
			r.Errorf("%+v", it)
		}
		if _, err := engine.StartOnPremises(r.Context(), r.ports.Hosts, "hv01", it.HyperVID, nil); err != nil {
			r.Fatal(err)
		}
		r.boots("hv01")
		r.proven("hv01", it)
	})
}

// TestS29PassesEndHonestly where the rest never fits.
func TestS29PassesEndHonestly(t *testing.T) {
	unraced(t)
	inLab(t, estate, func(r *rig) {
		r.plan.Budget = time.Nanosecond
		r.reopen()
		j := r.waits(r.start("request-1"))
		task, _ := j.Find(engine.TaskMonitorSync, "")
		last := task.Notes[len(task.Notes)-1]
		if len(task.Notes) < 3 || !strings.Contains(last, "as fast as it is copied") && !strings.Contains(last, "were used up") {
			r.Errorf("%q", task.Notes)
		}
	})
}

// TestS68ACancelInTheSwitchGivesTheOldDisksBack, the VM having the new ones already.
func TestS68ACancelInTheSwitchGivesTheOldDisksBack(t *testing.T) {
	inLab(t, estate, func(r *rig) {
		before := r.vm("hv01")
		job := r.start("request-1")
		r.waits(job)
		r.diesBeforeTheStart(job)
		if now := r.vm("hv01"); !strings.HasPrefix(now.Disks[0].Path, r.folder) || now.State != "Off" {
			r.Fatalf("%+v", now)
		}
		r.reopen()
		must(r, r.ports.Failover.Cancel(r.Context(), job, "request-2"))
		if j := r.ends(job); j.State != engine.JobCancelled {
			r.Fatalf("%s: %+v", j.State, j.Errors)
		}
		if after := r.vm("hv01"); after.Disks[0].Path != before.Disks[0].Path || after.Disks[1].Path != before.Disks[1].Path {
			r.Errorf("%+v became %+v", before.Disks, after.Disks)
		}
		if len(r.files()) > 0 || len(r.snapshots()) > 0 {
			r.Errorf("left: %v, %v", r.files(), r.snapshots())
		}
		if it := r.item(); !slices.Equal(it.Allowed, []string{engine.AllowFailback}) {
			r.Errorf("%+v", it)
		}
	})
}

// diesBeforeTheStart completes a job whose process ends when the VM has its disks.
func (r *rig) diesBeforeTheStart(job string) {
	r.Helper()
	ports := r.ports
	r.diesWhen(job, func() bool {
		j, err := ports.Inventory.Job(context.Background(), job)
		task, _ := j.Find(engine.TaskPrepareFinalize, engine.TaskStartFailback)
		return err == nil && task.Done()
	})
}

// diesWhen completes a job whose process ends before it notes that.
func (r *rig) diesWhen(job string, done func() bool) {
	r.Helper()
	r.desk.StopAt(done)
	r.complete(job)
	for range 600 {
		if time.Sleep(time.Second); !r.desk.Drives() {
			return
		}
	}
	r.Fatal("it goes on")
}

// TestS68ACancelLeavesAMadeVMAndSaysSo: hosts are never asked to delete one. It stays
// off, with its disks, and its name is not free.
func TestS68ACancelLeavesAMadeVMAndSaysSo(t *testing.T) {
	unraced(t)
	inLab(t, estate, func(r *rig) {
		r.plan.Target = engine.Target{Alternate: true, HostID: "id", HostName: "hv02", CreateVM: true}
		r.reopen()
		job := r.start("request-1")
		r.waits(job)
		r.diesBeforeTheStart(job)
		r.reopen()
		must(r, r.ports.Failover.Cancel(r.Context(), job, "request-2"))
		j := r.ends(job)
		task, _ := j.Find(engine.TaskPrepareFinalize, engine.TaskStartFailback)
		if vm := r.vm("hv02"); j.State != engine.JobCancelled || !strings.Contains(task.Detail, vm.ID) || vm.State != "Off" || len(vm.Disks) != 2 || vm.Disks[0].File == 0 {
			r.Errorf("%s, %q, %+v", j.State, task.Detail, vm)
		}
		if len(r.snapshots()) > 0 {
			r.Errorf("left: %v", r.snapshots())
		}
		if j := r.ends(r.start("request-3")); j.State != engine.JobFailed || !strings.Contains(j.Errors[0].Message, "of that name") {
			r.Errorf("%s: %+v", j.State, j.Errors)
		}
	})
}

// TestSPlus2ADiskIsNeverPutIntoAShellThatCannotStartIt: the machine is of generation 1
// in Azure and was of generation 2 at home. That is said before anything is stopped;
// at another host the VM is made with the generation that fits.
func TestSPlus2ADiskIsNeverPutIntoAShellThatCannotStartIt(t *testing.T) {
	unraced(t)
	converted := strings.Replace(estate, "    in_azure: 3d\n", "    in_azure: 3d\n    azure_generation: 1\n", 1)
	inLab(t, converted, func(r *rig) {
		before := r.vm("hv01")
		j := r.ends(r.start("request-1"))
		if j.State != engine.JobFailed || !strings.Contains(j.Errors[0].Message, "generation 2") {
			r.Fatalf("%s: %+v", j.State, j.Errors)
		}
		if after := r.vm("hv01"); !slices.Equal(after.Disks, before.Disks) {
			r.Errorf("%+v", after)
		}
		r.plan.Target = engine.Target{Alternate: true, HostID: "id", HostName: "hv02", CreateVM: true}
		r.reopen()
		again := r.start("request-2")
		r.waits(again)
		r.complete(again)
		r.succeeds(again)
		r.boots("hv02")
		if vm := r.vm("hv02"); vm.Generation != 1 {
			r.Errorf("%+v", vm)
		}
	})
}

// TestSPlus2AVHDIsNothingForGeneration2, which is said before anything is stopped.
func TestSPlus2AVHDIsNothingForGeneration2(t *testing.T) {
	unraced(t)
	inLab(t, estate, func(r *rig) {
		r.plan.Direct.Format = "vhd"
		r.reopen()
		if j := r.ends(r.start("request-1")); j.State != engine.JobFailed || !strings.Contains(j.Errors[0].Message, "takes no VHD") {
			r.Errorf("%s: %+v", j.State, j.Errors)
		}
	})
}

// TestTheMachineMayComeHomeOnceMore where somebody has gone back to Azure before the
// commit. What the first failback brought is never what a commit after that counts on.
func TestTheMachineMayComeHomeOnceMore(t *testing.T) {
	unraced(t)
	inLab(t, estate, func(r *rig) {
		r.broughtHome("request-1")
		r.boots("hv01")
		list, err := r.ports.Direct.Deletions(r.Context(), r.item())
		must(r, err)
		_, err = r.lab.World().StartAzure(r.azure.vm.Name)
		must(r, err)
		for p := engine.PowerUnknown; p != engine.PowerRunning; time.Sleep(time.Second) {
			p, err = r.ports.Azure.Power(r.Context(), r.azure.vm)
			must(r, err)
		}
		if it := r.item(); it.Active != engine.LocationAzure || !it.Allows(engine.AllowFailback) {
			r.Fatalf("%+v", it)
		}
		if _, err := r.ports.Direct.CommitExactly(r.Context(), r.item(), list.Things, "request-2"); engine.KindOf(err) != engine.FailureUnsafe || len(r.azure.done()) > 0 {
			r.Errorf("a machine in use was deleted: %v, %v", err, r.azure.done())
		}
		if j := r.ends(r.start("request-3")); j.State != engine.JobFailed || !strings.Contains(j.Errors[0].Message, "Running") {
			r.Errorf("the VM at home runs: %s %+v", j.State, j.Errors)
		}
		r.stop()
		if it := r.item(); it.Active != engine.LocationAzure || it.Allows(engine.AllowFinalizeFailback) {
			r.Errorf("what the first one brought would be committed: %+v", it)
		}
	})
}

// TestS33WhatWasWrittenInAzureAfterTheSwitchIsNeverDeleted, though the machine there is off
// again when the commit comes.
func TestS33WhatWasWrittenInAzureAfterTheSwitchIsNeverDeleted(t *testing.T) {
	inLab(t, estate, func(r *rig) {
		r.broughtHome("request-1")
		_, err := r.lab.World().StartAzure(r.azure.vm.Name)
		must(r, err)
		time.Sleep(10 * time.Minute)
		r.stop()
		list, err := r.ports.Direct.Deletions(r.Context(), r.item())
		must(r, err)
		commit, err := r.ports.Direct.CommitExactly(r.Context(), r.item(), list.Things, "request-2")
		must(r, err)
		if j := r.ends(commit); j.State != engine.JobFailed || !strings.Contains(j.Errors[0].Message, "written to since") {
			r.Errorf("%s: %+v", j.State, j.Errors)
		}
		if len(r.azure.done()) > 0 || len(r.snapshots()) != 2 {
			r.Errorf("deleted %v, snapshots %v", r.azure.done(), r.snapshots())
		}
	})
}

// TestSPlus4WithoutAListOfChangesTheDiskIsCompared: Azure answers as if everything had
// changed, and what differs is brought all the same.
func TestSPlus4WithoutAListOfChangesTheDiskIsCompared(t *testing.T) {
	unraced(t)
	inLab(t, estate+"faults: [{when: disk-diff, what: no-diff, times: 2}]\n", func(r *rig) {
		r.broughtHome("request-1")
		r.boots("hv01")
		r.proven("hv01", r.item())
	})
}

// TestSPlus10TheLimitsOfSnapshotsAreKept: never more than the last two sets are there,
// and what was lent is taken back.
func TestSPlus10TheLimitsOfSnapshotsAreKept(t *testing.T) {
	unraced(t)
	inLab(t, estate, func(r *rig) {
		most := 0
		job := r.start("request-1")
		r.until(job, func(j engine.Job) bool {
			most = max(most, len(r.snapshots()))
			return j.WaitsForComplete()
		})
		if most > 4 {
			r.Errorf("%d snapshots of two disks", most)
		}
		r.lab.World().Read(func(s *world.State) {
			for _, d := range s.Snapshots {
				if d.Lent() {
					r.Errorf("%s is lent still", d.Name)
				}
			}
		})
	})
}

// TestStylesOfPartitions reads tables as installers write them.
func TestStylesOfPartitions(t *testing.T) {
	mbr := func(kinds ...byte) []byte {
		p := make([]byte, 64<<10)
		for i, k := range kinds {
			p[446+16*i+4] = k
		}
		p[510], p[511] = 0x55, 0xaa
		return p
	}
	gpt := func(types ...string) []byte {
		p := mbr(0xee)
		copy(p[512:], "EFI PART")
		p[512+72], p[512+80], p[512+84] = 2, 4, 128
		for i, kind := range types {
			copy(p[1024+128*i:], kind)
		}
		return p
	}
	const efi, bios = "\x28\x73\x2a\xc1\x1f\xf8\xd2\x11\xba\x4b\x00\xa0\xc9\x3e\xc9\x3b", "Hah!IdontNeedEFI"
	for want, p := range map[string][]byte{
		"bios": mbr(0x07), "efi": gpt(efi), "both": gpt(bios, efi), "gpt": gpt(), "unknown": make([]byte, 4096),
	} {
		got, err := direct.NameOfStyle(bytes.NewReader(p))
		if err != nil || got != want {
			t.Errorf("%s: %s, %v", want, got, err)
		}
	}
	// The table lies beyond the end.
	if got, err := direct.NameOfStyle(bytes.NewReader(gpt(efi)[:1024])); err != nil || got != "unknown" {
		t.Errorf("cut off: %s, %v", got, err)
	}
}

// FuzzStyleOf has whatever bytes for a disk.
func FuzzStyleOf(f *testing.F) {
	p := make([]byte, 2048)
	p[450], p[510], p[511] = 0xee, 0x55, 0xaa
	copy(p[512:], "EFI PART")
	p[512+72], p[512+80], p[512+84] = 2, 4, 128
	f.Add(p)
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, p []byte) {
		if got, err := direct.NameOfStyle(bytes.NewReader(p)); err != nil || got == "" {
			t.Errorf("%q, %v", got, err)
		}
	})
}
