package connect_test

import (
	"testing"
	"time"

	"failback/engine"
	"failback/engine/runs"
)

// A cancel finds the job of a start whose answer was lost, also when the service
// shows it late.
func TestACancelFindsALostStart(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow), func(t *testing.T, b *bed) {
		jobs := &shyJobs{Inventory: b.conn.Ports.Inventory}
		b.conn.Ports.Inventory = jobs
		// Four looks settle it as unknown, the fifth and sixth are the cancel's.
		b.conn.Ports.Failover = &lossy{Failover: b.conn.Ports.Failover, start: func() { jobs.hide.Store(6) }}
		h := b.start(b.plan(engine.SyncDelta, "app01"))
		b.failed(b.finish(h), "app01", engine.FailureUnknown)
		s := b.cancelRun(t, h.ID())
		if s.Outcome != engine.OutcomeCancelled || b.posts()["cancel"] != 1 {
			b.dump(s)
			t.Errorf("outcome %s, posts %v", s.Outcome, b.posts())
		}
	})
}

// A leg that stopped while others go on can be cancelled: its job is, at once.
func TestALegThatStoppedIsCancelledWhileOthersGoOn(t *testing.T) {
	t.Parallel()
	inBubble(t, many, func(t *testing.T, b *bed) {
		b.conn.Ports.Azure = deafAzure{b.conn.Ports.Azure}
		p := b.plan(engine.SyncDelta, "ready01", "broken01")
		p.Approve = nil
		h := b.start(p)
		b.until(h, "both at the gate", func(s engine.State) bool { return len(s.Waiting()) == 2 })
		if err := h.Decide("ready01", engine.Decision{Gate: engine.GateComplete, By: "anna"}); err != nil {
			t.Fatal(err)
		}
		b.until(h, "stopped", func(s engine.State) bool { return s.Leg("ready01").Outcome == engine.OutcomeFailed })
		if err := h.Cancel("ready01", "anna", "not tonight"); err != nil {
			t.Fatal(err)
		}
		b.until(h, "cancelled", func(s engine.State) bool { return s.Leg("ready01").Outcome == engine.OutcomeCancelled })
		if l := h.State().Leg("ready01"); l.Damage == nil || b.posts()["cancel"] != 1 {
			t.Errorf("damage %v, posts %v", l.Damage, b.posts())
		}
	})
}

// After a cancel that came to nothing, policy switches nothing any more.
func TestAFailedCancelLeavesTheNextGateToAPerson(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow, "{when: cancel, what: server-error, times: 1}"), func(t *testing.T, b *bed) {
		h := b.start(b.plan(engine.SyncDelta, "app01"))
		b.until(h, "in initial sync", inPhase("app01", engine.PhaseInitialSync))
		if err := h.Cancel("app01", "anna", "wrong night"); err != nil {
			t.Fatal(err)
		}
		b.failed(b.finish(h), "app01", engine.FailureUnknown)
		again := b.resume(h.ID())
		b.until(again, "at the gate", atGate("app01", engine.GateComplete))
		time.Sleep(time.Hour)
		if !atGate("app01", engine.GateComplete)(again.State()) || b.posts()["resume"] != 0 {
			t.Errorf("policy switched it: %v", b.posts())
		}
	})
}

// A cancel that is refused leaves a run as it was found.
func TestARefusedCancelLeavesTheRunAsItWas(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith("", "{when: boot, what: start-fails, times: 1}"), func(t *testing.T, b *bed) {
		h := b.start(b.plan(engine.SyncDelta, "app01"))
		before := b.finish(h)
		if _, err := b.m.Cancel(t.Context(), h.ID(), "", "anna", ""); engine.KindOf(err) != engine.FailureRefused {
			t.Fatalf("got %v", err)
		}
		after, err := b.store.State(h.ID())
		if err != nil || after.Seq != before.Seq || after.Outcome != engine.OutcomeFailed {
			t.Errorf("events %d, were %d; outcome %s, %v", after.Seq, before.Seq, after.Outcome, err)
		}
	})
}

// noteTo lets the run write a fact that moves no leg: an answer to an item that
// the plan does not have is refused and noted.
func (b *bed) noteTo(h runs.Handle) (bool, error) {
	err := b.store.RequestCancel(h.ID(), "nobody", "bert", "")
	return err == nil, err
}
