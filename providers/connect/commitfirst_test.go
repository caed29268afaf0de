package connect_test

import (
	"errors"
	"strings"
	"testing"

	"failback/engine"
)

// stuck is an estate whose machine failed over and was not committed.
const stuck = `
name: stuck
speed: 1
guest_every: 5s
fabrics: [{name: site, kind: hyperv-site}]
hosts: [{name: hv01, fabric: site, switches: [{name: LAN, type: External}]}]
items: [{name: app02, host: hv01, state: failover-pending, in_azure: 2h, disks: [{size: 16MiB, content: 256KiB}]}]
`

// commitsFirst is a plan that commits the earlier failover before its failback.
func (b *bed) commitsFirst(sync engine.SyncOption, name string) engine.Plan {
	b.t.Helper()
	p := b.plan(sync, name)
	p.Items[0].CommitFailover = true
	return p
}

// S14: from a failover that nobody committed to a finished failback: its own gate,
// its own journaled effect, and every commit once.
func TestS14PendingFailoverIsCommittedFirst(t *testing.T) {
	t.Parallel()
	for _, sync := range []engine.SyncOption{engine.SyncDelta, engine.SyncFull} {
		t.Run(string(sync), func(t *testing.T) {
			inBubble(t, stuck, func(t *testing.T, b *bed) {
				if r := b.item("app02").Ready(engine.ToOnPremises); r.Ready || !r.CommitFirst {
					t.Fatalf("%+v", r)
				}
				p := b.commitsFirst(sync, "app02")
				p.Approve = nil
				h := b.start(p)
				b.until(h, "at the gate", atGate("app02", engine.GateCommitFailover))
				gate := h.State().Leg("app02").Gate
				if text := strings.Join(gate.Consequences, " "); !strings.Contains(text, "recovery points are deleted") || !strings.Contains(text, "none is deleted") {
					t.Errorf("the gate says %q", text)
				}
				if n := len(b.posts()); n != 0 {
					t.Fatalf("%d requests before the approval", n)
				}
				approve := func(g engine.Gate) {
					t.Helper()
					b.until(h, "at "+string(g), atGate("app02", g))
					if err := h.Decide("app02", engine.Decision{Gate: g, By: "anna", Reason: "it may go"}); err != nil {
						t.Fatal(err)
					}
				}
				for _, g := range []engine.Gate{engine.GateCommitFailover, engine.GateComplete, engine.GateCommit, engine.GateReprotect} {
					approve(g)
				}
				s := b.finish(h)
				b.succeeded(s)
				l := s.Leg("app02")
				first, last := l.Ops[engine.OpCommitFailover], l.Ops[engine.OpCommit]
				if !first.Accepted || !last.Accepted || first.Job == last.Job || first.Job == "" {
					t.Errorf("the two commits: %+v, %+v", first, last)
				}
				if got := b.posts(); got["failoverCommit"] != 2 || got["plannedFailover"] != 1 {
					t.Errorf("sent %v", got)
				}
			})
		})
	}
}

// S14: a crash at any fact around the commit leaves exactly one, and the same end.
func TestS14CrashAroundTheCommitOfTheFailover(t *testing.T) {
	unraced(t)
	t.Parallel()
	var around []int
	inBubble(t, stuck, func(t *testing.T, b *bed) {
		p := &power{left: 1 << 20}
		s, err := b.drive(p, b.commitsFirst(engine.SyncDelta, "app02"))
		if err != nil {
			t.Fatal(err)
		}
		b.succeeded(s)
		for n, e := range p.events {
			if e.Phase == engine.PhaseCommitFailover && n < len(p.events) {
				around = append(around, n, n+1) // lost before it was kept, and right after
			}
		}
	})
	if len(around) < 8 {
		t.Fatalf("facts of the phase: %v", around)
	}
	seen := map[int]bool{}
	for _, n := range around {
		if seen[n] {
			continue
		}
		seen[n] = true
		inBubble(t, stuck, func(t *testing.T, b *bed) {
			p := &power{left: n}
			plan := b.commitsFirst(engine.SyncDelta, "app02")
			if _, err := b.drive(p, plan); !errors.Is(err, errPower) {
				t.Fatalf("fact %d: the power did not go: %v", n, err)
			}
			at := p.events[len(p.events)-1]
			p.left = 1 << 20
			s, err := b.drive(p, plan)
			if err != nil {
				t.Fatalf("crash after fact %d (%s %s): %v", n, at.Phase, at.Type(), err)
			}
			b.succeeded(s)
			if got := b.posts(); got["failoverCommit"] != 2 || got["plannedFailover"] != 1 {
				t.Errorf("crash after fact %d (%s %s): sent %v", n, at.Phase, at.Type(), got)
			}
		})
	}
}

// S14: a lost answer of that commit is settled by looking.
func TestS14LostAnswerOfTheCommitOfTheFailover(t *testing.T) {
	t.Parallel()
	inBubble(t, stuck, func(t *testing.T, b *bed) {
		lost := 0
		b.conn.Ports.Failover = &lossy{Failover: b.conn.Ports.Failover, commit: func() { lost++ }}
		b.succeeded(b.run(b.commitsFirst(engine.SyncDelta, "app02")))
		if got := b.posts(); lost != 2 || got["failoverCommit"] != 2 {
			t.Errorf("%d answers lost, sent %v", lost, got)
		}
	})
}

// S14: somebody else commits it at the service: the gate notices, and nothing is
// sent twice.
func TestS14SomebodyElseCommitsTheFailover(t *testing.T) {
	t.Parallel()
	inBubble(t, stuck, func(t *testing.T, b *bed) {
		p := b.commitsFirst(engine.SyncDelta, "app02")
		p.Approve = []engine.Gate{engine.GateComplete, engine.GateCommit, engine.GateReprotect}
		h := b.start(p)
		b.until(h, "at the gate", atGate("app02", engine.GateCommitFailover))
		if _, err := b.conn.Ports.Failover.Commit(t.Context(), b.item("app02"), "portal"); err != nil {
			t.Fatal(err)
		}
		s := b.finish(h)
		b.succeeded(s)
		if d := s.Leg("app02").Decisions[0]; d.Gate != engine.GateCommitFailover || d.By != "somebody outside this run" {
			t.Errorf("%+v", d)
		}
		if got := b.posts()["failoverCommit"]; got != 2 {
			t.Errorf("%d commits", got)
		}
	})
}

// A cancel at that gate, or after that commit, takes nothing back and harms
// nothing.
func TestS68CancelBeforeTheFailbackDamagesNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, stuck, func(t *testing.T, b *bed) {
		p := b.commitsFirst(engine.SyncFull, "app02")
		p.Approve = []engine.Gate{engine.GateCommitFailover}
		h := b.start(p)
		b.until(h, "at the complete gate", atGate("app02", engine.GateComplete))
		if err := h.Cancel("app02", "anna", "not today"); err != nil {
			t.Fatal(err)
		}
		s := b.finish(h)
		if s.Outcome != engine.OutcomeCancelled || s.Leg("app02").Damage != nil {
			t.Errorf("outcome %s, damage %v", s.Outcome, s.Leg("app02").Damage)
		}
		if it := b.item("app02"); !it.Ready(engine.ToOnPremises).Ready {
			t.Errorf("after the cancel: %+v", it)
		}
	})
}

// S9 in the lab: blobs, managed disks and a mixture are told apart.
func TestS09DiskKindsInTheLab(t *testing.T) {
	t.Parallel()
	estate := strings.Replace(stuck, "items: [", `items:
  - {name: blobs01, host: hv01, state: failed-over, in_azure: 3d, disks: [{size: 16MiB, content: 256KiB}, {size: 16MiB, content: 256KiB}]}
  - {name: managed01, host: hv01, state: failed-over, in_azure: 3d, managed: true, disks: [{size: 16MiB, content: 256KiB}, {size: 16MiB, content: 256KiB}]}
  - {name: mixed01, host: hv01, state: failed-over, in_azure: 3d, disks: [{size: 16MiB, content: 256KiB}, {size: 16MiB, content: 256KiB, managed: true}]}
  - `, 1)
	estate = strings.Replace(estate, "disks: [{size: 16MiB, content: 256KiB}]}]", "disks: [{size: 16MiB, content: 256KiB}]}", 1)
	inBubble(t, estate, func(t *testing.T, b *bed) {
		for name, want := range map[string][2]string{
			"blobs01": {"blobs", "page blobs"}, "managed01": {"managed", "2 of 2"}, "mixed01": {"mixed", "1 of 2 are managed disks, replicated straight"},
		} {
			it := b.item(name)
			if it.DiskKind() != want[0] {
				t.Errorf("%s: %s, want %s: %+v", name, it.DiskKind(), want[0], it.Disks)
			}
			p := b.plan(engine.SyncFull, name)
			p.Approve = nil
			h := b.start(p)
			b.until(h, "checked", atGate(name, engine.GateComplete))
			for _, f := range h.State().Leg(name).Findings {
				if f.Rule == "managed-disks" && !strings.Contains(f.Observed, want[1]) {
					t.Errorf("%s: %+v", name, f)
				}
			}
		}
	})
}
