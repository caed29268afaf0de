package connect_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"failback/engine"
)

// A script that fails before a group: what came home before it goes on. The others
// were never started, and for Site Recovery they are in Azure still: they are not
// damaged, not started, and brought home by a run of their own.
func TestS21AFailedScriptLeavesTheRestInAzure(t *testing.T) {
	unraced(t)
	t.Parallel()
	estate := strings.Replace(shopWith(""), "- [web01]", "- {items: [web01], before: [{script: open, text: open.ps1, fails: exit code 3}]}", 1)
	inBubble(t, estate, func(t *testing.T, b *bed) {
		s := b.run(b.joint(engine.SyncDelta, "shop"))
		b.failed(s, "web01", engine.FailureJob, "exit code 3", "run the failback of this item again")
		if s.Leg("web01").Damage != nil || b.home("web01").State != "Off" || b.item("web01").Damaged != nil {
			t.Errorf("web01: damage %+v, %s", s.Leg("web01").Damage, b.home("web01").State)
		}
		if s.Leg("web01").Mode != engine.ModeEnded || s.Leg("sql01").Outcome != engine.OutcomeSucceeded {
			b.dump(s)
			t.Fatalf("web01 %s, sql01 %s", s.Leg("web01").Mode, s.Leg("sql01").Outcome)
		}
		b.onlyOnce(2)
		b.succeeded(b.run(b.plan(engine.SyncDelta, "web01")))
	})
}

// A VM that its host does not start: the data is home, a resume repeats the start
// alone, and then all are committed as one.
func TestS33AFailedStartOfAPlanIsRepeatedAlone(t *testing.T) {
	unraced(t)
	t.Parallel()
	inBubble(t, shopWith("", "{when: boot, what: start-fails, item: app01}"), func(t *testing.T, b *bed) {
		h := b.start(b.joint(engine.SyncFull, "shop"))
		b.until(h, "at the commit gate", atGate("sql01", engine.GateCommit))
		b.failed(h.State(), "app01", engine.FailureBoot, "repeats only the start")
		if g := h.State().Leg("sql01").Gate; len(g.Unverified) != 1 || g.Unverified[0] != "app01" {
			t.Errorf("unverified %v", g.Unverified)
		}
		h.Detach()
		b.finish(h)
		b.succeeded(b.finish(b.resume(h.ID())))
		b.onlyOnce(1)
	})
}

// create-vm, as a recovery plan's body allows it: the VM is made at its own host.
func TestS54APlanCreatesAVMThatIsGone(t *testing.T) {
	unraced(t)
	t.Parallel()
	estate := strings.Replace(shopWith(""), "{name: app01, host: hv01, state: failed-over", "{name: app01, host: hv01, state: home-deleted", 1)
	inBubble(t, estate, func(t *testing.T, b *bed) {
		b.failed(b.run(b.joint(engine.SyncFull, "shop")), "app01", engine.FailureBlocked, "no VM with the id")
		p := b.joint(engine.SyncFull, "shop")
		p.Target.CreateVM = true
		b.succeeded(b.run(p))
		if home := b.home("app01"); !home.Booted || home.Host != "hv01" {
			t.Errorf("app01 at home: %+v", home)
		}
		b.onlyOnce(1)
	})
}

// The other direction: one planned failover and one commit for the whole plan.
func TestS21APlanGoesToAzureAsOneJob(t *testing.T) {
	t.Parallel()
	inBubble(t, strings.ReplaceAll(shopWith(""), "state: failed-over, in_azure: 3d", "state: protected"), func(t *testing.T, b *bed) {
		p := b.joint("", "shop")
		p.Direction = engine.ToAzure
		s := b.run(p)
		b.succeeded(s)
		for _, l := range s.Legs {
			if it := b.item(l.Item.Name); !it.Allows(engine.AllowFailback) || l.DowntimeTo.IsZero() {
				t.Errorf("%s allows %v, downtime until %s", l.Item.Name, it.Allowed, l.DowntimeTo)
			}
		}
		if got := b.posts(); got["plannedFailover"] != 1 || got["failoverCommit"] != 1 {
			t.Errorf("posts %v", got)
		}
	})
}

// testFailover makes the recovery plan's job wait for a test failover, as the
// service would tell it.
type testFailover struct {
	engine.Inventory
	on func() bool
}

func (f testFailover) Job(ctx context.Context, name string) (engine.Job, error) {
	j, err := f.Inventory.Job(ctx, name)
	if err == nil && j.TargetType == engine.TargetRecoveryPlan && f.on() && !j.State.Ended() {
		j.State, j.Detail = engine.JobSuspended, engine.WaitingForStopTestFailover
	}
	return j, err
}

// A job that waits for a test failover to be cleaned up is never resumed; what to do
// is said, and nobody is asked for anything.
func TestS42APlanThatWaitsForATestFailoverIsNotResumed(t *testing.T) {
	unraced(t)
	t.Parallel()
	inBubble(t, shopWith(slow), func(t *testing.T, b *bed) {
		end := time.Now().Add(30 * time.Minute)
		b.conn.Ports.Inventory = testFailover{b.conn.Ports.Inventory, func() bool { return time.Now().Before(end) }}
		h := b.start(b.joint(engine.SyncDelta, "shop"))
		b.until(h, "said", func(s engine.State) bool {
			for _, l := range s.Log {
				if strings.Contains(l.Text, "Clean up the test failover") {
					return true
				}
			}
			return false
		})
		time.Sleep(5 * time.Minute)
		if n := b.posts()["resume"]; n != 0 || len(h.State().Waiting()) != 0 {
			t.Errorf("%d resumes, %v wait", n, h.State().Waiting())
		}
		h.Detach()
		b.finish(h)
	})
}

// S64: a commit of the plan would delete a machine that its users went back to,
// whichever item that is.
func TestS64NoPlanCommitWhileOneAzureVMRunsAgain(t *testing.T) {
	t.Parallel()
	inBubble(t, duo, func(t *testing.T, b *bed) {
		p := b.joint(engine.SyncFull, "shop")
		h := b.start(p)
		b.until(h, "at home", all(func(l *engine.Leg) bool { return l.Passed(engine.PhaseFinalSync) }))
		b.startAzure(t, "app01")
		s := b.finish(h)
		b.failed(s, "sql01", engine.FailureUnsafe, "app01", "in use")
		b.failed(s, "app01", engine.FailureUnsafe, "app01")
		if n := b.posts()["failoverCommit"]; n != 0 || b.azureVM("sql01") == nil {
			t.Errorf("%d commits", n)
		}
	})
}

// A leg whose VM the plan's commit could not commit is committed by itself when the
// run is resumed; the others are not touched again.
func TestS48WhatAPlansCommitLeftIsCommittedByItself(t *testing.T) {
	unraced(t)
	t.Parallel()
	inBubble(t, duo+`faults: [{when: committing, what: job-fails, item: app01, code: "539", message: the commit went wrong}]`+"\n", func(t *testing.T, b *bed) {
		h := b.start(b.joint(engine.SyncFull, "shop"))
		s := b.finish(h)
		b.failed(s, "app01", engine.FailureJob, "the commit went wrong")
		if s.Leg("sql01").Outcome != engine.OutcomeSucceeded {
			b.dump(s)
			t.Fatalf("sql01: %s", s.Leg("sql01").Outcome)
		}
		b.succeeded(b.finish(b.resume(h.ID())))
		got := map[string]int{}
		for _, r := range b.lab.Requests() {
			if r.Accepted {
				got[r.Path[strings.LastIndex(r.Path, "/replication"):]]++
			}
		}
		for path, n := range map[string]int{
			"/replicationRecoveryPlans/shop/failoverCommit": 1, "/replicationRecoveryPlans/shop/reProtect": 1,
			"/replicationProtectedItems/app01/failoverCommit": 1, "/replicationProtectedItems/app01/reProtect": 1,
		} {
			if got[path] != n {
				t.Errorf("%s was accepted %d times, want %d: %v", path, got[path], n, got)
			}
		}
	})
}

// A lost answer of a plan's request is looked for, never sent again.
func TestS40ALostAnswerOfAPlanIsNotRepeated(t *testing.T) {
	t.Parallel()
	for _, when := range []string{"start", "complete", "commit", "reprotect"} {
		for _, what := range []string{"lost-answer", "server-error-after"} {
			t.Run(when+" "+what, func(t *testing.T) {
				if when != "complete" || what != "lost-answer" {
					unraced(t) // one of them is
				}
				t.Parallel()
				inBubble(t, duo+"faults: [{when: "+when+", what: "+what+"}]\n", func(t *testing.T, b *bed) {
					b.succeeded(b.run(b.joint(engine.SyncDelta, "shop")))
					b.onlyOnce(2)
				})
			})
		}
	}
}
