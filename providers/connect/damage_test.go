package connect_test

import (
	"strings"
	"testing"
	"time"

	"failback/engine"
)

// S68–S71: whenever the synchronisation is cancelled, the VM is damaged: it is said
// everywhere, it is guarded, and a second run repairs it.
func TestS68S69S71ACancelDamagesAndARerunRepairs(t *testing.T) {
	t.Parallel()
	written := func(n int64) func(engine.State) bool {
		return func(s engine.State) bool {
			sync, ok := s.Leg("app01").Sync[engine.PhaseInitialSync]
			return ok && sync.Written > n
		}
	}
	for name, c := range map[string]struct {
		there func(engine.State) bool
		torn  bool // the disks are a mixture of old and new then
	}{
		"as it begins": {written(-1), false},
		"half way":     {written(1 << 20), true},
		"at its end":   {atGate("app01", engine.GateComplete), false},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, clustered(estateWith(slow)), func(t *testing.T, b *bed) {
				p := b.plan(engine.SyncDelta, "app01")
				p.Approve = nil
				h := b.start(p)
				b.until(h, name, c.there)
				// S69: whole is said only of disks that are.
				if hold := h.State().Leg("app01").Consistency(); hold.Whole {
					if _, err := b.homeCheck("app01"); err != nil {
						t.Errorf("said to be %s: %v", hold.Words, err)
					}
				} else if name == "at its end" {
					t.Errorf("at the gate %+v", hold)
				}
				if ok, damages := h.State().Leg("app01").CanCancel(); !ok || !damages {
					t.Fatalf("cancel possible %v, damages %v", ok, damages)
				}
				if err := h.Cancel("app01", "anna", "wrong night"); err != nil {
					t.Fatal(err)
				}
				s := b.finish(h)
				l := s.Leg("app01")
				if s.Outcome != engine.OutcomeCancelled || l.Damage == nil || l.Outcome != engine.OutcomeCancelled {
					b.dump(s)
					t.Fatalf("outcome %s, damage %v", s.Outcome, l.Damage)
				}
				if v := b.azureVM("app01"); v.Power != "running" {
					t.Errorf("the Azure VM is %s", v.Power)
				}
				b.isDamaged(t)
				if g := l.Guard; g == nil || !g.Set || g.Before != "StartIfRunning" || g.After != "Nothing" || !g.Clustered {
					t.Errorf("the journal says of the guard %+v", g)
				}
				if _, err := b.homeCheck("app01"); c.torn && err == nil {
					t.Error("its disks are whole: nothing was damaged, the test shows nothing")
				}
				again := b.run(b.plan(engine.SyncDelta, "app01"))
				b.isRepaired(t, again)
				if g := again.Leg("app01").Guard; g == nil || g.Set || g.After != "StartIfRunning" {
					t.Errorf("the journal says of the guard's end %+v", g)
				}
			})
		})
	}
}

// clustered makes app01 a role of a cluster.
func clustered(estate string) string {
	return strings.Replace(estate, "name: app01\n", "name: app01\n    home: {clustered: true}\n", 1)
}

func (b *bed) isRepaired(t *testing.T, s engine.State) {
	t.Helper()
	b.succeeded(s)
	if it := b.item("app01"); it.Damaged != nil {
		t.Errorf("still damaged: %+v", it.Damaged)
	}
	damaged, err := b.store.Damaged()
	if err != nil || len(damaged) != 0 {
		t.Errorf("the store still says %v, %v", damaged, err)
	}
	if home := b.home("app01"); home.AutoStart != "StartIfRunning" || home.Priority != 2000 {
		t.Errorf("automatic start %s, priority of its role %d", home.AutoStart, home.Priority)
	}
	if home := b.home("app01"); !home.Booted || strings.Contains(home.Notes, "damaged") || home.AutoStart == "Nothing" && home.Notes != "" {
		t.Errorf("booted %v, guard %q %q", home.Booted, home.Notes, home.AutoStart)
	}
}

// S70: somebody who starts the VM in mid-sync is noticed at the next poll.
func TestS70AForeignStartIsNoticed(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow, "{when: initial-sync, what: foreign-start, times: 1}"), func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "app01")
		p.Approve = nil
		h := b.start(p)
		b.until(h, "noticed", func(s engine.State) bool {
			return s.Leg("app01").OnPremPower == engine.PowerRunning
		})
		home := b.home("app01")
		if home.State != "Running" || home.Booted {
			t.Errorf("the half-written VM: state %s, booted %v", home.State, home.Booted)
		}
		if late := time.Since(home.Since); late > 2*b.conn.Poll {
			t.Errorf("noticed %s after it was started", late)
		}
		last := h.State().Log[len(h.State().Log)-1]
		if last.Level != "error" || !strings.Contains(last.Text, "shut it down") {
			t.Errorf("said %q", last.Text)
		}
	})
}

// S70: while the run goes on with others, a VM that was left damaged is looked at at
// every poll, and one that waits before its switch at every fourth.
func TestS70ADamagedVMIsLookedAtWhileTheRunGoesOn(t *testing.T) {
	t.Parallel()
	inBubble(t, many, func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "ready01", "broken01")
		p.Approve = nil
		h := b.start(p)
		for _, item := range []string{"ready01", "broken01"} {
			b.until(h, item+" at its gate", atGate(item, engine.GateComplete))
		}
		if err := h.Cancel("broken01", "anna", "not tonight"); err != nil {
			t.Fatal(err)
		}
		b.until(h, "damaged", func(s engine.State) bool { return s.Leg("broken01").Mode == engine.ModeEnded })
		time.Sleep(time.Minute)
		for _, item := range []string{"broken01", "ready01"} {
			home := b.home(item)
			if err := b.lab.World().StartHome(home.Host, home.ID); err != nil {
				t.Fatal(err)
			}
			patience := b.conn.Poll + 2*time.Second
			if item == "ready01" {
				patience = 4*b.conn.Poll + 2*time.Second // it is whole, and may wait for days
			}
			time.Sleep(patience)
			l := h.State().Leg(item)
			if l.OnPremPower != engine.PowerRunning || !l.StartedByOthers() {
				b.dump(h.State())
				t.Errorf("%s: %s later its VM is %q", item, patience, l.OnPremPower)
			}
		}
		said := 0
		for _, line := range h.State().Log {
			if line.Level == "error" && strings.Contains(line.Text, "somebody has started the on-premises VM") {
				said++
			}
		}
		if said != 2 {
			b.dump(h.State())
			t.Errorf("said %d times", said)
		}
		h.Detach()
		b.finish(h)
	})
}

// isDamaged looks at the damage from every side.
func (b *bed) isDamaged(t *testing.T) {
	t.Helper()
	it := b.item("app01")
	if it.Damaged == nil {
		t.Error("the inventory does not tell")
	}
	damaged, err := b.store.Damaged()
	if err != nil || len(damaged) != 1 {
		t.Errorf("the store says %v, %v", damaged, err)
	}
	home := b.home("app01")
	if home.Priority != 0 {
		t.Errorf("its cluster brings it online: priority %d", home.Priority)
	}
	if home.AutoStart != "Nothing" || !strings.Contains(home.Notes, "damaged") {
		t.Errorf("no guard: auto start %q, notes %q", home.AutoStart, home.Notes)
	}
	if _, err := engine.StartOnPremises(t.Context(), b.conn.Ports.Hosts, "hv01", it.HyperVID, it.Damaged); engine.KindOf(err) != engine.FailureRefused {
		t.Errorf("starting it gave %v", err)
	}
	if err := b.conn.Ports.Hosts.Start(t.Context(), "hv01", it.HyperVID); err == nil {
		t.Error("the host's script started a guarded VM")
	}
}

// S71 for damage that an earlier program left: the estate's damaged item.
func TestS71AnEarlierDamageIsSeenAndRepaired(t *testing.T) {
	t.Parallel()
	inBubble(t, many, func(t *testing.T, b *bed) {
		if it := b.item("broken01"); it.Damaged == nil {
			t.Fatal("the damage of the cancelled job is not seen")
		}
		b.succeeded(b.run(b.plan(engine.SyncDelta, "broken01")))
		if it := b.item("broken01"); it.Damaged != nil {
			t.Errorf("still damaged: %+v", it.Damaged)
		}
	})
}

// A cancel before anything was started damages nothing.
func TestCancelAtTheFullGateDamagesNothing(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(""), func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncFull, "app01")
		p.Approve = nil
		h := b.start(p)
		b.until(h, "at the gate", atGate("app01", engine.GateComplete))
		if err := h.Cancel("", "anna", ""); err != nil {
			t.Fatal(err)
		}
		s := b.finish(h)
		if s.Outcome != engine.OutcomeCancelled || s.Leg("app01").Damage != nil || len(b.posts()) != 0 {
			t.Errorf("outcome %s, damage %v, posts %v", s.Outcome, s.Leg("app01").Damage, b.posts())
		}
	})
}
