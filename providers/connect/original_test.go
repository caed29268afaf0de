package connect_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"failback/engine"
)

// The whole delta failback to the original location, phase by phase, with the
// world's own truth beside what the program claims.
func TestS25S26DeltaToTheOriginalLocation(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow), func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "app01")
		h := b.start(p)
		s := b.finish(h)
		b.succeeded(s)
		events, err := b.store.Events(h.ID())
		if err != nil {
			t.Fatal(err)
		}
		want := []engine.Phase{
			engine.PhasePreflight, engine.PhasePrepare, engine.PhaseInitialSync, engine.PhaseStopAzure, engine.PhaseFinalSync,
			engine.PhaseStartOnPremises, engine.PhaseVerify, engine.PhaseCommit, engine.PhaseReverseReplicate, engine.PhaseProtected,
		}
		if got := phasesSeen(events); !slices.Equal(got, want) {
			t.Errorf("phases %v", got)
		}
		posts := b.posts()
		for _, verb := range []string{"plannedFailover", "resume", "failoverCommit", "reProtect"} {
			if posts[verb] != 1 {
				t.Errorf("%s was accepted %d times: %v", verb, posts[verb], posts)
			}
		}
		if home := b.home("app01"); home.Host != "hv01" || !home.Booted {
			t.Errorf("on-premises VM %+v", home)
		}
	})
}

// S6, S7, S32, S44: what the guest wrote until the stop is on the on-premises disks,
// and equality is claimed only of bytes that are equal.
func TestS6S7S32S44EveryByteUntilTheStopIsHome(t *testing.T) {
	t.Parallel()
	for _, sync := range []engine.SyncOption{engine.SyncDelta, engine.SyncFull} {
		t.Run(string(sync), func(t *testing.T) {
			inBubble(t, estateWith(slow), func(t *testing.T, b *bed) {
				before := b.azureLast("app01")
				p := b.plan(sync, "app01")
				p.Approve = []engine.Gate{engine.GateComplete}
				h := b.start(p)
				b.until(h, "at the commit gate", atGate("app01", engine.GateCommit))
				last := b.azureLast("app01")
				if sync == engine.SyncDelta && last <= before {
					t.Fatalf("the guest wrote nothing while it ran (%d, %d): the test shows nothing", before, last)
				}
				if moved := h.State().Leg("app01").Sync[engine.PhaseFinalSync]; moved.Written == 0 {
					t.Errorf("the final sync is said to have moved nothing: %+v", moved)
				}
				if moved := h.State().Leg("app01").Sync[engine.PhaseFinalSync]; len(moved.Disks) != 2 || moved.Disks[0].Silent != "" || moved.Shared {
					t.Errorf("the disk files are said to tell %+v", moved)
				}
				got := proofs(h.State().Leg("app01"))
				for lun, name := range []string{"app01-os", "app01-data1"} {
					if sum := b.azureSum("app01", lun); !got[name].Equal || got[name].Target != sum || got[name].Source != sum {
						t.Errorf("%s: claimed %+v, truth %s", name, got[name], sum)
					}
				}
				h.Detach()
				b.finish(h)
				report, err := b.homeCheck("app01")
				if err != nil || report.Last < last {
					t.Errorf("on-premises has record %d of %d, %v", report.Last, last, err)
				}
			})
		})
	}
}

// S7: a changed range that is lost on the way is detected, never called success.
func TestS7ALostRangeIsNeverCalledSuccess(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow, "{when: final-sync, what: drop-changed-range}"), func(t *testing.T, b *bed) {
		s := b.run(b.plan(engine.SyncDelta, "app01"))
		if s.Outcome != engine.OutcomeFailed {
			b.dump(s)
			t.Fatalf("outcome %s", s.Outcome)
		}
		l := s.Leg("app01")
		if l.Verified() || b.posts()["failoverCommit"] != 0 {
			t.Errorf("verified %v, commits %d", l.Verified(), b.posts()["failoverCommit"])
		}
		if l.Failure == nil || l.Failure.Remedy == "" {
			t.Errorf("failure %v", l.Failure)
		}
		if v := b.azureVM("app01"); v == nil {
			t.Error("the Azure copy is gone")
		}
	})
}

// S8: a VM that is there goes to its original location; one that was deleted
// can't, and the remedy says where it can go.
func TestS8OriginalOrAlternateIsDerived(t *testing.T) {
	t.Parallel()
	inBubble(t, many, func(t *testing.T, b *bed) {
		s := b.run(b.plan(engine.SyncDelta, "gone01"))
		f := b.failure(s, "gone01", engine.FailureBlocked, "alternate")
		if strings.Contains(f.Why, "unknown") {
			t.Errorf("%s", f.Why)
		}
		if len(b.posts()) != 0 {
			t.Errorf("a blocked run sent %v", b.posts())
		}
	})
}

// S19: the VM is told by its id, and the one that comes home is the one that left.
func TestS19TheVMIsFoundByIDNotByName(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow), func(t *testing.T, b *bed) {
		it := b.item("app01")
		vm, err := b.conn.Ports.Hosts.VM(t.Context(), "hv01", it.HyperVID)
		if err != nil || vm.Name != "app01" {
			t.Fatalf("%+v %v", vm, err)
		}
		if _, err := b.conn.Ports.Hosts.VM(t.Context(), "hv01", "00000000-0000-0000-0000-00000000abcd"); engine.KindOf(err) != engine.FailureNotFound {
			t.Errorf("another id gave %v", err)
		}
		before := b.home("app01").ID
		b.succeeded(b.run(b.plan(engine.SyncDelta, "app01")))
		if after := b.home("app01"); after.ID != before {
			t.Errorf("the VM is another one: %s, was %s", after.ID, before)
		}
	})
}

// S27, S30: through the initial sync and the wait at the gate, however long, the
// Azure VM runs.
func TestS27S30TheAzureVMRunsUntilTheSwitch(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow), func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "app01")
		p.Approve = nil
		h := b.start(p)
		b.until(h, "at the complete gate", func(s engine.State) bool {
			if v := b.azureVM("app01"); v.Power != "running" || !v.Booted {
				t.Fatalf("the Azure VM is %s before anybody decided", v.Power)
			}
			return atGate("app01", engine.GateComplete)(s)
		})
		written := b.azureLast("app01")
		time.Sleep(30 * time.Minute)
		if b.azureLast("app01") <= written {
			t.Error("its guest stands still")
		}
		if got := b.azureVM("app01").Power; got != "running" {
			t.Errorf("after half an hour at the gate the Azure VM is %s", got)
		}
		if l := h.State().Leg("app01"); l.InDowntime() || b.posts()["resume"] != 0 {
			t.Error("downtime began without a decision")
		}
		h.Detach()
		b.finish(h)
	})
}

// S31, S43, S45: stop, then the last changes, then the start: never two copies.
func TestS31S43S45NeverTwoLiveCopies(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow), func(t *testing.T, b *bed) {
		h := b.start(b.plan(engine.SyncDelta, "app01"))
		b.until(h, "at its end", func(s engine.State) bool {
			v := b.azureVM("app01")
			if v != nil && v.Power != "deallocated" && b.home("app01").State == "Running" {
				t.Fatalf("both run: Azure %s, on-premises Running", v.Power)
			}
			return s.Ended()
		})
		b.succeeded(b.finish(h))
	})
}

// S42: the complete gate opens only when the job waits for it.
func TestS42TheCompleteGateOpensWithTheWaitingJob(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow), func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "app01")
		p.Approve = nil
		h := b.start(p)
		b.until(h, "in initial sync", inPhase("app01", engine.PhaseInitialSync))
		yes := engine.Decision{Gate: engine.GateComplete, By: "anna", Reason: "the shop is closed"}
		if err := h.Decide("app01", yes); engine.KindOf(err) != engine.FailureRefused {
			t.Errorf("a decision before the gate opened gave %v", err)
		}
		b.until(h, "at the gate", atGate("app01", engine.GateComplete))
		job, err := b.conn.Ports.Inventory.Job(t.Context(), h.State().Leg("app01").Job)
		if err != nil || !job.WaitsForComplete() {
			t.Fatalf("the gate is open, the job is %s (%s), %v", job.State, job.Detail, err)
		}
		if err := h.Decide("app01", yes); err != nil {
			t.Fatal(err)
		}
		b.until(h, "switching", inPhase("app01", engine.PhaseStopAzure))
		h.Detach()
		b.finish(h)
		made := eventsOf[engine.DecisionMade](t, b, h.ID())
		if len(made) != 1 || made[0].By != "anna" || made[0].Reason != yes.Reason || made[0].Policy {
			t.Errorf("%+v", made)
		}
	})
}

// S4 at the gate: outside the window the switch is refused unless overridden
// with a reason.
func TestS4TheWindowHoldsTheSwitch(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(""), func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "app01")
		p.Window = engine.Window{Start: time.Now().Add(40 * time.Minute), End: time.Now().Add(2 * time.Hour)}
		h := b.start(p)
		b.until(h, "at the gate", atGate("app01", engine.GateComplete))
		time.Sleep(time.Until(p.Window.Start) - time.Second)
		if err := h.Decide("app01", engine.Decision{Gate: engine.GateComplete, By: "anna"}); engine.KindOf(err) != engine.FailureRefused {
			t.Errorf("one second before the window: %v", err)
		}
		if b.posts()["resume"] != 0 {
			t.Fatal("policy switched outside the window")
		}
		b.succeeded(b.finish(h))
		if from := h.State().Leg("app01").DowntimeFrom; from.Before(p.Window.Start) {
			t.Errorf("downtime began %s before the window", p.Window.Start.Sub(from))
		}
	})
}

// S22: what the plan names as source and target is compared with a fresh read.
func TestS22ATargetThatIsNoneIsRefused(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(""), func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "app01")
		p.Target = engine.Target{Alternate: true, HostID: p.Items[0].ID, HostName: "app01", CreateVM: true}
		s := b.run(p)
		b.failed(s, "app01", engine.FailureBlocked)
		if len(b.posts()) != 0 {
			t.Errorf("sent %v", b.posts())
		}
	})
}

// S40 on the wire: while a failback runs a second start is refused here and there.
func TestS40ASecondStartIsRefused(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow), func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "app01")
		first := b.start(p)
		b.until(first, "in initial sync", inPhase("app01", engine.PhaseInitialSync))
		second := b.run(p)
		if f := second.Leg("app01").Failure; f == nil || f.Kind != engine.FailureBlocked && f.Kind != engine.FailureRefused {
			b.dump(second)
			t.Errorf("the second run: %v", f)
		}
		b.succeeded(b.finish(first))
		if n := b.posts()["plannedFailover"]; n != 1 {
			t.Errorf("%d planned failovers", n)
		}
	})
}

// S13: a host out of contact in mid-sync is said, and the run goes on when it is
// back.
func TestS13LostContactIsSaidAndSurvived(t *testing.T) {
	unraced(t)
	t.Parallel()
	inBubble(t, estateWith(slow, "{when: initial-sync, what: heartbeat-old, host: hv01, age: 2h, for: 3m}"), func(t *testing.T, b *bed) {
		s := b.run(b.plan(engine.SyncDelta, "app01"))
		b.succeeded(s)
		var said, back bool
		for _, l := range s.Log {
			said = said || strings.Contains(l.Text, "on-premises disconnected since")
			back = back || strings.Contains(l.Text, "connected again")
		}
		if !said || !back {
			b.dump(s)
			t.Errorf("disconnected said %v, connected again said %v", said, back)
		}
	})
}

// S14: only a committed failover starts; the others say what to do first.
func TestS14OnlyACommittedFailoverStarts(t *testing.T) {
	t.Parallel()
	inBubble(t, many, func(t *testing.T, b *bed) {
		b.failed(b.run(b.plan(engine.SyncDelta, "pending01")), "pending01", engine.FailureBlocked, "commit")
		b.failed(b.run(b.plan(engine.SyncDelta, "home01")), "home01", engine.FailureBlocked, "on-premises")
		if len(b.posts()) != 0 {
			t.Errorf("sent %v", b.posts())
		}
		b.succeeded(b.run(b.plan(engine.SyncDelta, "ready01")))
	})
}

// S1: other providers' items are listed with the reason and never touched.
func TestS1OnlyHyperVItemsThatFailedOverAreInScope(t *testing.T) {
	t.Parallel()
	inBubble(t, many, func(t *testing.T, b *bed) {
		want := map[string]bool{"ready01": true, "broken01": true, "gone01": true, "vmm-vm01": true}
		items, err := b.conn.Ports.Inventory.Items(context.Background())
		if err != nil || len(items) != 7 {
			t.Fatalf("%d items, %v", len(items), err)
		}
		reasons := map[string]string{}
		for _, it := range items {
			r := it.Ready(engine.ToOnPremises)
			if r.Ready != want[it.Name] {
				t.Errorf("%s: ready %v (%s)", it.Name, r.Ready, r.Reason)
			}
			if !r.Ready {
				if r.Reason == "" || reasons[r.Reason] != "" {
					t.Errorf("%s: reason %q, also of %s", it.Name, r.Reason, reasons[r.Reason])
				}
				reasons[r.Reason] = it.Name
			}
		}
	})
}

// S2: the direction defines a failback. At home it is refused, and the other
// direction works.
func TestS2TheDirectionDecides(t *testing.T) {
	t.Parallel()
	inBubble(t, many, func(t *testing.T, b *bed) {
		if r := b.item("home01").Ready(engine.ToOnPremises); r.Ready || !strings.Contains(r.Reason, "already on-premises") {
			t.Errorf("%+v", r)
		}
		p := b.plan("", "home01")
		p.Direction = engine.ToAzure
		b.succeeded(b.run(p))
		if got := b.item("home01"); got.Active != engine.LocationAzure || !got.Ready(engine.ToOnPremises).Ready {
			t.Errorf("after the forward failover: %s, %+v", got.Active, got.Ready(engine.ToOnPremises))
		}
	})
}

// S11: a host that does not answer blocks, by name, with what to do.
func TestS11AnUnreachableHostBlocks(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith("", "{when: always, what: host-unreachable, host: hv01}"), func(t *testing.T, b *bed) {
		b.failed(b.run(b.plan(engine.SyncDelta, "app01")), "app01", engine.FailureBlocked, "hv01")
	})
}
