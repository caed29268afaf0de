package connect

import (
	"errors"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine"
	"failback/providers/lab"
)

// rehearse opens an in-memory lab through the providers.
func rehearse(t *testing.T) (*engine.Connection, *lab.Memory) {
	t.Helper()
	m, err := lab.NewInMemory(t.Context(), lab.Options{StateDir: t.TempDir(), Estate: "one"})
	if err != nil {
		t.Fatal(err)
	}
	o := Rehearsal(m.Endpoints(), m.WinRMUser())
	o.Azure.Transport = m.Transport()
	for name, host := range o.Hosts {
		host.Connect = m.Connect(name)
		o.Hosts[name] = host
	}
	c, err := Open(t.Context(), o)
	if err != nil {
		t.Fatal(errors.Join(err, m.Close()))
	}
	return c, m
}

// watch polls a job until done says so.
func watch(t *testing.T, c *engine.Connection, job string, done func(engine.Job) bool) engine.Job {
	t.Helper()
	for range 10_000 {
		j, err := c.Ports.Inventory.Job(t.Context(), job)
		if err != nil {
			t.Fatal(err)
		}
		if done(j) {
			return j
		}
		if j.State.Ended() {
			t.Fatalf("job %s ended as %s: %+v", j.Scenario, j.State, j.Errors)
		}
		time.Sleep(time.Second)
	}
	t.Fatalf("job %s never got there", job)
	return engine.Job{}
}

func good(j engine.Job) bool { return j.State.Good() }

// only is the one item of the estate, read afresh.
func only(t *testing.T, c *engine.Connection) engine.Item {
	t.Helper()
	items, err := c.Ports.Inventory.Items(t.Context())
	if err != nil || len(items) != 1 {
		t.Fatalf("items = %+v, %v", items, err)
	}
	return items[0]
}

// A failback from the list to a protected item again, through the ports and
// over HTTP, against the lab.
func TestS07WholeFailbackThroughThePorts(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := rehearse(t)
		defer func() {
			if err := errors.Join(c.Close(), m.Close()); err != nil {
				t.Error(err)
			}
		}()
		ctx, p := t.Context(), c.Ports
		it := only(t, c)
		if r := it.Ready(engine.ToOnPremises); !r.Ready || it.State != engine.ItemFailedOver || it.Kind != engine.KindHyperVSite || it.HostName != "hv01" {
			t.Fatalf("item = %+v, %+v", it, r)
		}
		if power, err := p.Azure.Power(ctx, it.AzureVM); err != nil || power != engine.PowerRunning {
			t.Fatalf("power = %q, %v", power, err)
		}
		job, err := p.Failover.Start(ctx, engine.StartRequest{Item: it, Direction: engine.ToOnPremises, Sync: engine.SyncDelta, RequestID: "r1"})
		if err != nil {
			t.Fatal(err)
		}
		if again, err := p.Failover.Start(ctx, engine.StartRequest{Item: it, Direction: engine.ToOnPremises, Sync: engine.SyncDelta, RequestID: "r2"}); engine.KindOf(err) != engine.FailureRefused {
			t.Errorf("a second start gave job %q, %v, want a refusal", again, err)
		}
		if j := watch(t, c, job, engine.Job.WaitsForComplete); !j.FromAzure || len(j.Tasks) == 0 {
			t.Errorf("waiting job = %+v", j)
		}
		if power, err := p.Azure.Power(ctx, it.AzureVM); err != nil || power != engine.PowerRunning {
			t.Errorf("S27: power before the completion = %q, %v", power, err)
		}
		if err := p.Failover.Complete(ctx, job, "approved", "r3"); err != nil {
			t.Fatal(err)
		}
		watch(t, c, job, good)
		finish(t, c, it)
	})
}

// finish compares the disks' sum, commits and re-protects.
func finish(t *testing.T, c *engine.Connection, before engine.Item) {
	t.Helper()
	ctx, p := t.Context(), c.Ports
	it := only(t, c)
	if it.State != engine.ItemFailbackCommitPending || it.Active != engine.LocationOnPremises {
		t.Fatalf("item after the failback = %+v", it)
	}
	if power, err := p.Azure.Power(ctx, before.AzureVM); err != nil || !power.Off() {
		t.Errorf("power after the failback = %q, %v", power, err)
	}
	used, err := p.Azure.Allocated(ctx, it.Disks[0])
	if err != nil || used <= 0 {
		t.Errorf("allocated = %d, %v", used, err)
	}
	sum, err := p.Azure.DiskSum(ctx, it.Disks[0], nil)
	if err != nil || len(sum.SHA256) != 64 || sum.Bytes != it.Disks[0].Bytes {
		t.Errorf("sum = %+v, %v, want one of %d bytes", sum, err, it.Disks[0].Bytes)
	}
	home, err := p.Hosts.DiskSums(ctx, it.HostName, it.HyperVID)
	if err != nil || len(home) != 1 || home[0].SHA256 != sum.SHA256 || home[0].Bytes != sum.Bytes {
		t.Errorf("S7: sums at home = %+v, %v, in Azure %+v", home, err, sum)
	}
	if vm, err := p.Hosts.VM(ctx, it.HostName, it.HyperVID); err != nil || !vm.Running() {
		t.Errorf("S33: VM = %+v, %v", vm, err)
	}
	job, err := p.Failover.Commit(ctx, it, "r4")
	if err != nil {
		t.Fatal(err)
	}
	watch(t, c, job, good)
	if power, err := p.Azure.Power(ctx, before.AzureVM); err != nil || power != engine.PowerDeleted {
		t.Errorf("S64: power after the commit = %q, %v", power, err)
	}
	if job, err = p.Failover.Reprotect(ctx, only(t, c), "r5"); err != nil {
		t.Fatal(err)
	}
	watch(t, c, job, good)
	for range 10_000 {
		if it = only(t, c); it.State == engine.ItemProtected && it.Allows(engine.AllowPlannedFailover) {
			return
		}
		time.Sleep(time.Second)
	}
	t.Errorf("item at the end = %+v", it)
}

// A failback that is cancelled while it synchronises leaves a damaged VM, and
// the list says so until another one has ended well.
func TestS68CancelledFailbackIsDamagedUntilRepaired(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c, m := rehearse(t)
		defer func() {
			if err := errors.Join(c.Close(), m.Close()); err != nil {
				t.Error(err)
			}
		}()
		ctx, p := t.Context(), c.Ports
		request := engine.StartRequest{Item: only(t, c), Direction: engine.ToOnPremises, Sync: engine.SyncFull, RequestID: "r1"}
		job, err := p.Failover.Start(ctx, request)
		if err != nil {
			t.Fatal(err)
		}
		watch(t, c, job, func(j engine.Job) bool {
			s, ok := j.Find(engine.TaskMonitorSync, engine.TaskStartFailback)
			return ok && s.State == engine.TaskStateInProgress
		})
		if err := p.Failover.Cancel(ctx, job, "r2"); err != nil {
			t.Fatal(err)
		}
		watch(t, c, job, func(j engine.Job) bool { return j.State == engine.JobCancelled })
		if it := only(t, c); it.Damaged == nil || it.Damaged.Job != job {
			t.Fatalf("damage = %+v", it.Damaged)
		}
		if job, err = p.Failover.Start(ctx, request); err != nil {
			t.Fatal(err)
		}
		watch(t, c, job, good)
		if it := only(t, c); it.Damaged != nil {
			t.Errorf("damage after the repair = %+v", it.Damaged)
		}
	})
}

func TestPollAndRatesOfALab(t *testing.T) {
	if got := pollAt(20); got != 750*time.Millisecond {
		t.Errorf("poll at 20 = %v", got)
	}
	if got := pollAt(10_000); got != shortestPoll {
		t.Errorf("poll at 10000 = %v", got)
	}
	r := ratesAt(2, lab.Options{Estate: "one"}, "")
	if r.Compare != 400<<10 || r.Link != 400<<10 || r.Stop <= 0 || r.Boot <= 0 || r.Prepare <= 0 {
		t.Errorf("rates = %+v", r)
	}
	if got := ratesAt(2, lab.Options{}, "no such estate"); got != (engine.Rates{}) {
		t.Errorf("rates of an unknown estate = %+v", got)
	}
}

// The lab over sockets, as people meet it: every port answers.
func TestLabOverLoopback(t *testing.T) {
	c, err := Lab(t.Context(), lab.Options{StateDir: t.TempDir(), Estate: "one"}, Recording{})
	if err != nil {
		t.Fatal(err)
	}
	it := only(t, c)
	if !c.Rehearsal || c.Name != "one" || c.Rates.Link == 0 {
		t.Errorf("connection = %+v", c)
	}
	if power, err := c.Ports.Azure.Power(t.Context(), it.AzureVM); err != nil || power != engine.PowerRunning {
		t.Errorf("power = %q, %v", power, err)
	}
	if vm, err := c.Ports.Hosts.VM(t.Context(), it.HostName, it.HyperVID); err != nil || vm.ID != it.HyperVID {
		t.Errorf("VM = %+v, %v", vm, err)
	}
	if err := c.Close(); err != nil {
		t.Error(err)
	}
}
