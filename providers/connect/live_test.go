package connect_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"failback/engine"
)

// S70: Site Recovery's own start of the VM is never taken for somebody's, however
// late the host answers.
func TestS70SiteRecoverysOwnStartIsNoForeignStart(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow), func(t *testing.T, b *bed) {
		hosts := &slowHosts{HostAccess: b.conn.Ports.Hosts, b: b}
		b.conn.Ports.Hosts = hosts
		h := b.start(b.plan(engine.SyncDelta, "app01"))
		b.until(h, "in the final sync", inPhase("app01", engine.PhaseFinalSync))
		hosts.wait.Store(true)
		s := b.finish(h)
		b.succeeded(s)
		for _, l := range s.Log {
			if strings.Contains(l.Text, "somebody has started") {
				t.Errorf("false alarm: %s", l.Text)
			}
		}
	})
}

// S27 at the gate: an Azure VM that stops while its leg waits is said.
func TestS27AStopAtTheGateIsSaid(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(""), func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "app01")
		p.Approve = nil
		h := b.start(p)
		b.until(h, "at the gate", atGate("app01", engine.GateComplete))
		if _, err := b.lab.World().Deallocate(b.azureVM("app01").Name); err != nil {
			t.Fatal(err)
		}
		b.until(h, "said", func(s engine.State) bool {
			return strings.Contains(s.Log[len(s.Log)-1].Text, "nothing of this run has stopped it")
		})
	})
}

// A leg at a gate looks outside also while other legs make progress.
func TestAGateLooksOutsideWhileOthersSync(t *testing.T) {
	t.Parallel()
	inBubble(t, many, func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "ready01")
		p.Approve = nil
		h := b.start(p)
		b.until(h, "at the gate", atGate("ready01", engine.GateComplete))
		stop := make(chan struct{})
		defer close(stop)
		go func() { // what another leg would write: a fact every few seconds
			for {
				select {
				case <-stop:
					return
				case <-time.After(7 * time.Second):
					if ok, _ := b.noteTo(h); !ok {
						return
					}
				}
			}
		}()
		if _, err := b.lab.World().Resume(h.State().Leg("ready01").Job); err != nil {
			t.Fatal(err)
		}
		began := time.Now()
		b.until(h, "seen", func(s engine.State) bool { return len(s.Leg("ready01").Decisions) == 1 })
		if took := time.Since(began); took > 10*time.Minute {
			t.Errorf("seen after %s", took)
		}
	})
}

// S64: a commit would delete the machine its users went back to.
func TestS64NoCommitWhileTheAzureVMRunsAgain(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(""), func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "app01")
		p.Approve = []engine.Gate{engine.GateComplete}
		h := b.start(p)
		b.until(h, "at the commit gate", atGate("app01", engine.GateCommit))
		b.startAzure(t, "app01")
		if err := h.Decide("app01", engine.Decision{Gate: engine.GateCommit, By: "anna", Reason: "looks well"}); err != nil {
			t.Fatal(err)
		}
		b.failed(b.finish(h), "app01", engine.FailureUnsafe, "running", "resume")
		if b.posts()["failoverCommit"] != 0 || b.azureVM("app01") == nil {
			t.Errorf("posts %v", b.posts())
		}
	})
}

// S33: our own start of the on-premises VM never makes a second live copy.
func TestS33NoStartWhileTheAzureVMRunsAgain(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith("", "{when: boot, what: start-fails, times: 1}"), func(t *testing.T, b *bed) {
		h := b.start(b.plan(engine.SyncDelta, "app01"))
		b.failed(b.finish(h), "app01", engine.FailureBoot)
		b.startAzure(t, "app01")
		b.failed(b.finish(b.resume(h.ID())), "app01", engine.FailureUnsafe, "two live copies")
		if b.home("app01").State == "Running" {
			t.Error("both copies run")
		}
	})
}

// A job that was cancelled while its leg waited: nothing is stopped for it.
func TestADeadJobStopsNoAzureVM(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(""), func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "app01")
		p.Approve = nil
		h := b.start(p)
		b.until(h, "at the gate", atGate("app01", engine.GateComplete))
		job := h.State().Leg("app01").Job
		if _, err := b.lab.World().Cancel(job); err != nil {
			t.Fatal(err)
		}
		for j, err := b.conn.Ports.Inventory.Job(t.Context(), job); err != nil || !j.State.Ended(); j, err = b.conn.Ports.Inventory.Job(t.Context(), job) {
			time.Sleep(time.Second)
		}
		if !atGate("app01", engine.GateComplete)(h.State()) {
			t.Skip("the leg has seen it first")
		}
		if err := h.Decide("app01", engine.Decision{Gate: engine.GateComplete, By: "anna"}); err != nil {
			t.Fatal(err)
		}
		s := b.finish(h)
		b.failed(s, "app01", engine.FailureCancelled, "again")
		if b.posts()["deallocate"] != 0 || b.azureVM("app01").Power != "running" || s.Leg("app01").Damage == nil || s.Resumable() {
			t.Errorf("posts %v, Azure VM %s, damage %v", b.posts(), b.azureVM("app01").Power, s.Leg("app01").Damage)
		}
	})
}

// A refused stop begins no downtime: the machine runs.
func TestARefusedStopIsNoDowntime(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(""), func(t *testing.T, b *bed) {
		b.conn.Ports.Azure = deafAzure{b.conn.Ports.Azure}
		s := b.run(b.plan(engine.SyncDelta, "app01"))
		b.failed(s, "app01", engine.FailurePermission)
		if s.Leg("app01").InDowntime() {
			t.Error("the downtime runs, and so does the Azure VM")
		}
	})
}

// The forward direction: its downtime ends when the Azure VM runs, and after that
// nothing can be cancelled.
func TestToAzureDowntimeEndsAndCancelToo(t *testing.T) {
	t.Parallel()
	inBubble(t, many, func(t *testing.T, b *bed) {
		p := b.plan("", "home01")
		p.Direction, p.Approve = engine.ToAzure, []engine.Gate{engine.GateComplete}
		h := b.start(p)
		b.until(h, "at the commit gate", atGate("home01", engine.GateCommit))
		l := h.State().Leg("home01")
		if l.InDowntime() || l.DowntimeFrom.IsZero() {
			t.Errorf("downtime from %s to %s", l.DowntimeFrom, l.DowntimeTo)
		}
		if err := h.Cancel("home01", "anna", ""); engine.KindOf(err) != engine.FailureRefused {
			t.Errorf("cancel gave %v", err)
		}
	})
}

// S4: a decision is for its window. A run resumed after it asks again before it
// stops anything.
func TestS4AResumeAfterTheWindowAsksAgain(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(""), func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "app01")
		p.Approve = nil
		p.Window = engine.Window{End: time.Now().Add(6 * time.Hour)}
		h := b.start(p)
		b.until(h, "at the gate", atGate("app01", engine.GateComplete))
		h.Detach()
		b.finish(h)
		b.decideAndDie(h.ID(), "app01")
		time.Sleep(12 * time.Hour)
		again := b.resume(h.ID())
		b.until(again, "asked again", atGate("app01", engine.GateComplete))
		time.Sleep(time.Hour)
		if v := b.azureVM("app01"); v.Power != "running" {
			t.Fatalf("outside the window the Azure VM is %s", v.Power)
		}
		if err := again.Decide("app01", engine.Decision{Gate: engine.GateComplete, By: "anna", Override: true, Reason: "the owner agrees"}); err != nil {
			t.Fatal(err)
		}
		b.until(again, "switched", func(s engine.State) bool { return s.Leg("app01").Passed(engine.PhaseStopAzure) })
	})
}

// S4: neither does a run go on by itself whose stop was refused within the window.
func TestS4AResumeAfterARefusedStopAsksAgain(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(""), func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "app01")
		p.Window = engine.Window{End: time.Now().Add(6 * time.Hour)}
		azure := b.conn.Ports.Azure
		b.conn.Ports.Azure = deafAzure{azure}
		h := b.start(p)
		b.failed(b.finish(h), "app01", engine.FailurePermission)
		b.conn.Ports.Azure = azure
		time.Sleep(12 * time.Hour)
		again := b.resume(h.ID())
		b.until(again, "asked again", atGate("app01", engine.GateComplete))
		time.Sleep(time.Hour)
		if v := b.azureVM("app01"); v.Power != "running" {
			t.Fatalf("outside the window the Azure VM is %s", v.Power)
		}
	})
}

// S21: a group whose predecessor did not come up is switched by a person only.
func TestS21PolicySwitchesNoGroupAfterAFailedOne(t *testing.T) {
	t.Parallel()
	inBubble(t, many, func(t *testing.T, b *bed) {
		b.conn.Ports.Azure = deafAzure{b.conn.Ports.Azure}
		p := b.plan(engine.SyncDelta, "ready01", "broken01")
		p.Items[0].Group, p.Items[1].Group, p.RecoveryPlan = 1, 2, "shop"
		h := b.start(p)
		b.until(h, "group 2 at its gate", atGate("broken01", engine.GateComplete))
		time.Sleep(time.Hour)
		g := h.State().Leg("broken01").Gate
		if g == nil || !g.NeedsReason || !strings.Contains(strings.Join(g.Consequences, " "), "ready01 of group 1") {
			t.Errorf("gate %+v", g)
		}
	})
}

// S4: a downtime that outgrows its budget is said while it lasts.
func TestS4ASpentBudgetIsSaid(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow), func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "app01")
		p.Budget = 30 * time.Second
		h := b.start(p)
		b.until(h, "said", func(s engine.State) bool {
			return strings.Contains(s.Log[len(s.Log)-1].Text, "budget of 30s")
		})
		if !h.State().Leg("app01").InDowntime() {
			t.Error("it was said when the downtime was over")
		}
	})
}

// S46: an unproven boot is accepted by a person, after a resume, at the gate.
func TestS46APersonAcceptsAnUnprovenBootAfterAResume(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith("", "{when: boot, what: no-boot}"), func(t *testing.T, b *bed) {
		h := b.start(b.plan(engine.SyncDelta, "app01"))
		s := b.finish(h)
		b.failed(s, "app01", engine.FailureBoot)
		if s.Leg("app01").Boot.Result != engine.BootNotProven {
			t.Skipf("boot %+v", s.Leg("app01").Boot)
		}
		again := b.resume(h.ID())
		b.until(again, "at the commit gate", atGate("app01", engine.GateCommit))
		if !again.State().Leg("app01").Gate.NeedsReason {
			t.Error("the gate asks no person")
		}
		time.Sleep(time.Hour)
		if b.posts()["failoverCommit"] != 0 {
			t.Error("policy committed it")
		}
	})
}

// S71: damage of this run is cleared by an equal comparison and by nothing less.
func TestS71DamageStaysWhereNothingWasCompared(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow, "{when: stop, what: stop-lies, times: 1}"), func(t *testing.T, b *bed) {
		b.conn.Ports.Hosts = noSums{b.conn.Ports.Hosts}
		h := b.start(b.plan(engine.SyncFull, "app01"))
		s := b.finish(h)
		b.failed(s, "app01", engine.FailureUnsafe)
		if _, err := b.lab.World().Deallocate(b.azureVM("app01").Name); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Hour)
		again := b.resume(h.ID())
		b.until(again, "at the gate or over", func(s engine.State) bool {
			return s.Ended() || atGate("app01", engine.GateCommit)(s)
		})
		time.Sleep(time.Hour)
		l := again.State().Leg("app01")
		if l.Damage == nil || b.posts()["failoverCommit"] != 0 {
			b.dump(again.State())
			t.Errorf("damage %v, posts %v", l.Damage, b.posts())
		}
	})
}

// Where the looks after a lost answer fail, too, the outcome is unknown.
func TestALostAnswerAndNoLookIsUnknown(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(""), func(t *testing.T, b *bed) {
		jobs := &shyJobs{Inventory: b.conn.Ports.Inventory}
		b.conn.Ports.Inventory = jobs
		b.conn.Ports.Failover = &lossy{Failover: b.conn.Ports.Failover, commit: func() { jobs.fail.Store(true) }}
		h := b.start(b.plan(engine.SyncDelta, "app01"))
		b.failed(b.finish(h), "app01", engine.FailureUnknown, "either", "request")
		jobs.fail.Store(false)
		b.succeeded(b.finish(b.resume(h.ID())))
		if n := b.posts()["failoverCommit"]; n != 1 {
			t.Errorf("%d commits", n)
		}
	})
}

func (b *bed) cancelRun(t *testing.T, id engine.RunID) engine.State {
	t.Helper()
	h, err := b.m.Cancel(context.Background(), id, "", "anna", "")
	if err != nil {
		t.Fatal(err)
	}
	b.begun = append(b.begun, h)
	return b.finish(h)
}
