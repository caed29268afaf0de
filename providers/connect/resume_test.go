package connect_test

import (
	"context"
	"errors"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"failback/engine"
)

// S33: a start that would have made a second live copy goes on, as its remedy says,
// once the Azure VM is stopped again; until then it is refused each time.
func TestS33AnUnsafeStartGoesOnOnceTheAzureVMIsStopped(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith("", "{when: boot, what: start-fails, times: 1}"), func(t *testing.T, b *bed) {
		h := b.start(b.plan(engine.SyncDelta, "app01"))
		b.failed(b.finish(h), "app01", engine.FailureBoot)
		b.startAzure(t, "app01")
		for range 2 {
			s := b.finish(b.resume(h.ID()))
			b.failed(s, "app01", engine.FailureUnsafe, "two live copies")
			if s.Outcome != engine.OutcomeFailed {
				t.Fatalf("the run ended as %q", s.Outcome)
			}
		}
		if _, err := b.lab.World().Deallocate(b.azureVM("app01").Name); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		s := b.finish(b.resume(h.ID()))
		if !s.Leg("app01").Passed(engine.PhaseStartOnPremises) || b.home("app01").State != "Running" {
			b.dump(s)
			t.Fatal("it was not started")
		}
		// What the users wrote in Azure meanwhile is not at home: that is found.
		b.failed(s, "app01", engine.FailureUnsafe, "compare the disks")
		if b.posts()["failoverCommit"] != 0 {
			t.Errorf("sent %v", b.posts())
		}
		// Our own start is announced before it is made, as every request is.
		var announced int
		for _, i := range eventsOf[engine.IntentRecorded](t, b, h.ID()) {
			if i.Op == engine.OpStartVM {
				announced++
			}
		}
		if announced == 0 {
			t.Error("no intent tells that the program started the VM itself")
		}
	})
}

// A leg that fails again before its step could begin is a failed leg, not a broken
// run.
func TestALegThatFailsAgainAtOnceEndsTheRunInOrder(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith("", "{when: commit, what: server-error, times: 1}"), func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "app01")
		p.Approve = []engine.Gate{engine.GateComplete, engine.GateReprotect}
		h := b.start(p)
		b.until(h, "at the commit gate", atGate("app01", engine.GateCommit))
		items := b.conn.Ports.Inventory
		blind := &blindItems{Inventory: items}
		b.conn.Ports.Inventory = blind
		h.Detach()
		b.finish(h)
		blind.on.Store(true)
		for range 2 {
			again := b.resume(h.ID())
			s := b.finish(again)
			b.failed(s, "app01", engine.FailurePermission)
			if s.Outcome != engine.OutcomeFailed {
				t.Fatalf("the run ended as %q", s.Outcome)
			}
			if err := again.(interface{ Err() error }).Err(); err != nil {
				t.Errorf("the journal is said not to be kept: %v", err)
			}
		}
	})
}

// blindItems may not read an item any more.
type blindItems struct {
	engine.Inventory
	on atomic.Bool
}

func (n *blindItems) Item(ctx context.Context, id string) (engine.Item, error) {
	if n.on.Load() {
		return engine.Item{}, &engine.Failure{Kind: engine.FailurePermission, What: "read the item", Where: "app01", Why: "signed out", Remedy: "sign in again"}
	}
	return n.Inventory.Item(ctx, id)
}

// After a cancel that came to nothing no start is sent: whoever resumes the run does
// not ask for what the cancel was to prevent.
func TestNoStartAfterACancelThatCameToNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith("", "{when: start, what: server-error, times: 1}"), func(t *testing.T, b *bed) {
		jobs := &shyJobs{Inventory: b.conn.Ports.Inventory}
		b.conn.Ports.Inventory = jobs
		h := b.start(b.plan(engine.SyncFull, "app01"))
		b.failed(b.finish(h), "app01", engine.FailureUnknown)
		jobs.fail.Store(true)
		b.failed(b.cancelRun(t, h.ID()), "app01", engine.FailureRetryable)
		jobs.fail.Store(false)
		b.failed(b.finish(b.resume(h.ID())), "app01", engine.FailureRefused, "anna", "cancel")
		if b.posts()["plannedFailover"] != 0 || b.azureVM("app01").Power != "running" {
			t.Fatalf("sent %v, the Azure VM is %s", b.posts(), b.azureVM("app01").Power)
		}
		if s := b.cancelRun(t, h.ID()); s.Outcome != engine.OutcomeCancelled {
			t.Errorf("outcome %s", s.Outcome)
		}
	})
}

// mortal is a journal whose process dies right after a fact.
type mortal struct {
	power
	after func(engine.Body) bool
}

func (m *mortal) Append(e engine.Event) error {
	if err := m.power.Append(e); err != nil {
		return err
	}
	if m.after != nil && m.after(e.Body) {
		m.left = 0
	}
	return nil
}

// numb is a host that can't be reached to set a guard.
type numb struct {
	engine.HostAccess
	on atomic.Bool
}

func (n *numb) Guard(ctx context.Context, host, id, mark string) error {
	if n.on.Load() {
		return &engine.Failure{Kind: engine.FailureRetryable, What: "set the guard", Where: host, Why: "no answer", Remedy: "wait"}
	}
	return n.HostAccess.Guard(ctx, host, id, mark)
}

// S70: a process that died between the mark of the damage and the guard on the host
// leaves the guard to the next one.
func TestS70TheGuardIsSetAfterACrashBeforeIt(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith("", "{when: final-sync, what: job-fails}"), func(t *testing.T, b *bed) {
		hosts := &numb{HostAccess: b.conn.Ports.Hosts}
		hosts.on.Store(true)
		b.conn.Ports.Hosts = hosts
		m := &mortal{power: power{left: 1 << 20}, after: func(body engine.Body) bool {
			_, marked := body.(engine.DamageMarked)
			return marked
		}}
		plan := b.plan(engine.SyncDelta, "app01")
		if _, err := b.driveOn(m, &m.power, plan); !errors.Is(err, errPower) {
			t.Fatalf("it did not die: %v", err)
		}
		hosts.on.Store(false)
		m.left, m.after = 1<<20, nil
		s, err := b.driveOn(m, &m.power, plan)
		if err != nil {
			t.Fatal(err)
		}
		if home := b.home("app01"); s.Leg("app01").Damage == nil || home.AutoStart != "Nothing" || !strings.Contains(home.Notes, "damaged") {
			b.dump(s)
			t.Errorf("damage %v, auto start %q, notes %q", s.Leg("app01").Damage, home.AutoStart, home.Notes)
		}
	})
}
