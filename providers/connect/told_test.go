package connect_test

import (
	"context"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"failback/engine"
)

// apart is a vault that has lost contact with every host while it is on, and that
// tells items otherwise where it is told how.
type apart struct {
	engine.Inventory
	on   atomic.Bool
	item atomic.Pointer[func(engine.Item) engine.Item]
}

func (a *apart) Hosts(ctx context.Context) ([]engine.Host, error) {
	hosts, err := a.Inventory.Hosts(ctx)
	for i := range hosts {
		hosts[i].Connected = hosts[i].Connected && !a.on.Load()
	}
	return hosts, err
}

func (a *apart) Item(ctx context.Context, id string) (engine.Item, error) {
	it, err := a.Inventory.Item(ctx, id)
	if tell := a.item.Load(); err == nil && tell != nil {
		it = (*tell)(it)
	}
	return it, err
}

// S13 at the gate: the contact is looked at again there. Policy does not switch
// while the host is out of contact, the gate says so, and neither does a person's
// decision stop the Azure VM before the host is back.
func TestS13NoSwitchWhileTheHostIsOutOfContact(t *testing.T) {
	unraced(t)
	t.Parallel()
	for name, policy := range map[string]bool{"policy": true, "a person": false} {
		t.Run(name, func(t *testing.T) {
			if policy {
				unraced(t)
			}
			inBubble(t, estateWith(slow), func(t *testing.T, b *bed) {
				vault := &apart{Inventory: b.conn.Ports.Inventory}
				b.conn.Ports.Inventory = vault
				p := b.plan(engine.SyncDelta, "app01")
				if !policy {
					p.Approve = []engine.Gate{engine.GateCommit, engine.GateReprotect}
				}
				h := b.start(p)
				b.until(h, "in initial sync", inPhase("app01", engine.PhaseInitialSync))
				vault.on.Store(true)
				b.until(h, "at the gate", atGate("app01", engine.GateComplete))
				if said := strings.Join(h.State().Leg("app01").Gate.Consequences, " "); !strings.Contains(said, "out of contact") {
					t.Errorf("the gate says %q", said)
				}
				if !policy {
					if err := h.Decide("app01", engine.Decision{Gate: engine.GateComplete, By: "anna"}); err != nil {
						t.Fatal(err)
					}
				}
				time.Sleep(2 * time.Hour)
				if b.azureVM("app01").Power != "running" || b.posts()["deallocate"]+b.posts()["resume"] != 0 {
					t.Fatalf("the Azure VM is %s, sent %v", b.azureVM("app01").Power, b.posts())
				}
				vault.on.Store(false)
				b.succeeded(b.finish(h))
			})
		})
	}
}

// S49: until replication is healthy the run is not over, and it says since when the
// machine is unprotected.
func TestS49TheTimeWithoutProtectionIsSaid(t *testing.T) {
	unraced(t)
	t.Parallel()
	inBubble(t, estateWith(""), func(t *testing.T, b *bed) {
		vault := &apart{Inventory: b.conn.Ports.Inventory}
		unwell := func(it engine.Item) engine.Item {
			if it.State == engine.ItemProtected {
				it.State = engine.ItemReverseReplicating
			}
			return it
		}
		vault.item.Store(&unwell)
		b.conn.Ports.Inventory = vault
		h := b.start(b.plan(engine.SyncDelta, "app01"))
		b.until(h, "waiting for its protection", inPhase("app01", engine.PhaseProtected))
		time.Sleep(45 * time.Minute)
		s := h.State()
		since := s.Leg("app01").Phases[engine.PhaseCommit].Ended
		if last := s.Log[len(s.Log)-1].Text; s.Ended() || !strings.Contains(last, "unprotected since "+since.Format("15:04")) {
			b.dump(s)
			t.Errorf("outcome %q, said %q", s.Outcome, last)
		}
		well := func(it engine.Item) engine.Item { return it }
		vault.item.Store(&well)
		b.succeeded(b.finish(h))
	})
}

// heard keeps the comment of a completion.
type heard struct {
	engine.Failover
	comment atomic.Pointer[string]
}

func (f *heard) Complete(ctx context.Context, job, comment, request string) error {
	f.comment.Store(&comment)
	return f.Failover.Complete(ctx, job, comment, request)
}

// S42: who decided, and why, reaches the job as its comment.
func TestS42TheCommentNamesWhoDecidedAndWhy(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(""), func(t *testing.T, b *bed) {
		service := &heard{Failover: b.conn.Ports.Failover}
		b.conn.Ports.Failover = service
		p := b.plan(engine.SyncDelta, "app01")
		p.Approve = []engine.Gate{engine.GateCommit, engine.GateReprotect}
		h := b.start(p)
		b.until(h, "at the gate", atGate("app01", engine.GateComplete))
		if err := h.Decide("app01", engine.Decision{Gate: engine.GateComplete, By: "anna", Reason: "the shop is closed"}); err != nil {
			t.Fatal(err)
		}
		b.succeeded(b.finish(h))
		got := service.comment.Load()
		if got == nil || !strings.Contains(*got, "anna the shop is closed") || !strings.Contains(*got, string(h.ID())) {
			t.Errorf("comment %v", got)
		}
	})
}
