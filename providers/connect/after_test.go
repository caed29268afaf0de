package connect_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"failback/engine"
)

// S34, S35, S36: the Azure VM is off before the first byte moves, nothing is
// compared, the whole disk is home.
func TestS34S35S36FullDownloadsAfterTheStop(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow), func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncFull, "app01")
		p.Approve = []engine.Gate{engine.GateCommit, engine.GateReprotect}
		h := b.start(p)
		b.until(h, "at the complete gate", atGate("app01", engine.GateComplete))
		if n := b.posts()["plannedFailover"]; n != 0 {
			t.Fatalf("full sync was started %d times before anybody decided", n)
		}
		gate := h.State().Leg("app01").Gate
		if !strings.Contains(strings.Join(gate.Consequences, " "), "downtime begins now") {
			t.Errorf("the gate does not say that the VM stops at once: %q", gate.Consequences)
		}
		if err := h.Decide("app01", engine.Decision{Gate: engine.GateComplete, By: "anna"}); err != nil {
			t.Fatal(err)
		}
		b.until(h, "at its end", func(s engine.State) bool {
			a, err := b.conn.Ports.Hosts.Activity(context.Background(), "hv01")
			if v := b.azureVM("app01"); err == nil && a.Written > 0 && v != nil && v.Power == "running" {
				t.Fatal("bytes moved while the Azure VM ran")
			}
			return s.Ended()
		})
		s := b.finish(h)
		b.succeeded(s)
		events, err := b.store.Events(h.ID())
		if err != nil {
			t.Fatal(err)
		}
		got := phasesSeen(events)
		if slices.Contains(got, engine.PhaseInitialSync) || !slices.Contains(got, engine.PhaseFinalSync) {
			t.Errorf("phases %v", got)
		}
		if b.posts()["resume"] != 0 {
			t.Error("a full failback has nothing to resume")
		}
		for _, p := range s.Leg("app01").Proofs {
			if !p.Equal {
				t.Errorf("%+v", p)
			}
		}
	})
}

// S37, S38 and S54–S59: a deleted VM goes to another host, where it is created as
// it was; the answer of the request names that host.
func TestS38S54S55ADeletedVMIsCreatedOnAnotherHost(t *testing.T) {
	t.Parallel()
	for _, sync := range []engine.SyncOption{engine.SyncFull, engine.SyncDelta} {
		t.Run(string(sync), func(t *testing.T) {
			inBubble(t, many, func(t *testing.T, b *bed) {
				s := b.run(b.to(b.plan(sync, "gone01"), "hv02"))
				b.succeeded(s)
				if home := b.home("gone01"); home.Host != "hv02" || !home.Booted {
					t.Errorf("%+v", home)
				}
				first := engine.PhaseInitialSync
				if sync == engine.SyncFull {
					first = engine.PhaseFinalSync
				}
				if moved := s.Leg("gone01").Sync[first]; len(moved.Disks) != 1 || moved.Disks[0].Grown < 1<<20 {
					t.Errorf("a disk that was made is said to have grown by %+v", moved.Disks)
				}
				if len(s.Leg("gone01").Proofs) != 1 || !s.Leg("gone01").Proofs[0].Equal {
					t.Errorf("%+v", s.Leg("gone01").Proofs)
				}
			})
		})
	}
}

// S60–S62 with a VM that exists at home: the alternate host gets it.
func TestS60S61S62AlternateHostOfAVMThatExists(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow), func(t *testing.T, b *bed) {
		s := b.run(b.to(b.plan(engine.SyncDelta, "app01"), "hv02"))
		b.succeeded(s)
		if home := b.home("app01"); home.Host != "hv02" {
			t.Errorf("home is %s", home.Host)
		}
		if boot := s.Leg("app01").Boot; boot == nil || boot.Result != engine.BootProven {
			t.Errorf("%+v", boot)
		}
	})
}

// S52, S55: an alternate host without the switch, or without room, blocks.
func TestS55AnAlternateHostMustFit(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct{ fault, word string }{
		"switch": {"{when: always, what: switch-missing, host: hv02}", "switch"},
		"volume": {"{when: always, what: volume-full, host: hv02}", "free"},
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, estateWith("", c.fault), func(t *testing.T, b *bed) {
				b.failed(b.run(b.to(b.plan(engine.SyncDelta, "app01"), "hv02")), "app01", engine.FailureBlocked, c.word)
				if len(b.posts()) != 0 {
					t.Errorf("sent %v", b.posts())
				}
			})
		})
	}
}

// S46, S47, S48: after the switch the run waits, however long, with both copies
// there; only an answer at the commit gate deletes one.
func TestS46S47S48BothCopiesUntilSomebodyCommits(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(""), func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "app01")
		p.Approve = []engine.Gate{engine.GateComplete}
		h := b.start(p)
		b.until(h, "at the commit gate", atGate("app01", engine.GateCommit))
		l := h.State().Leg("app01")
		if l.Boot == nil || l.Boot.Result != engine.BootProven || l.InDowntime() {
			t.Fatalf("boot %+v, still down %v", l.Boot, l.InDowntime())
		}
		if err := h.Cancel("", "anna", ""); engine.KindOf(err) != engine.FailureRefused {
			t.Errorf("a cancel after the switch gave %v", err)
		}
		if err := h.Decide("app01", engine.Decision{Gate: engine.GateComplete, By: "anna"}); err == nil {
			t.Error("complete was taken at the commit gate")
		}
		h.Detach()
		b.finish(h)
		time.Sleep(50 * time.Hour)
		if v := b.azureVM("app01"); v == nil || v.Power != "deallocated" || b.home("app01").State != "Running" {
			t.Fatalf("after two days: Azure %+v", v)
		}
		again := b.resume(h.ID())
		b.until(again, "at the commit gate again", atGate("app01", engine.GateCommit))
		if err := again.Decide("app01", engine.Decision{Gate: engine.GateCommit, By: "anna", Reason: "logged on"}); err != nil {
			t.Fatal(err)
		}
		b.until(again, "at the re-protect gate", atGate("app01", engine.GateReprotect))
		if b.azureVM("app01") != nil || b.posts()["failoverCommit"] != 1 {
			t.Errorf("Azure copy %v, commits %v", b.azureVM("app01"), b.posts())
		}
		again.Detach()
		b.finish(again)
	})
}

// S49, S65, S66, S67: after the commit comes re-protection; the run ends only
// when replication is healthy.
func TestS49S65S66ReprotectionEndsTheRun(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(""), func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "app01")
		p.Approve = []engine.Gate{engine.GateComplete, engine.GateCommit}
		h := b.start(p)
		b.until(h, "at the re-protect gate", atGate("app01", engine.GateReprotect))
		if it := b.item("app01"); it.State != engine.ItemFailbackCommitted || !it.Allows(engine.AllowReverseReplicate) {
			t.Errorf("after the commit: %s %v", it.State, it.Allowed)
		}
		if err := h.Decide("app01", engine.Decision{Gate: engine.GateReprotect, By: "anna"}); err != nil {
			t.Fatal(err)
		}
		s := b.finish(h)
		b.succeeded(s)
		if wasSaid(s, allAgain) {
			t.Error("an alarm where only changes were sent")
		}
		if it := b.item("app01"); it.State != engine.ItemProtected || !it.Ready(engine.ToAzure).Ready {
			t.Errorf("at the end: %s %v", it.State, it.Allowed)
		}
	})
}

// allAgain is what an alarm of a full resynchronisation says.
const allAgain = "everything is sent to Azure again"

// S67: what changed since the stop is little, and nothing is said; everything again is
// an alarm, with both numbers.
func TestS67AFullResyncIsAnAlarm(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow, "{when: protecting, what: full-resync, times: 1}"), func(t *testing.T, b *bed) {
		s := b.run(b.plan(engine.SyncDelta, "app01"))
		b.succeeded(s)
		if !wasSaid(s, allAgain) {
			b.dump(s)
			t.Error("nobody says that everything is sent again")
		}
		sent := s.Leg("app01").Sync[engine.PhaseProtected]
		if sent.Read == 0 || !sent.Estimate {
			t.Errorf("sent %+v", sent)
		}
	})
}

// S49: re-protection that fails leaves a run that is not finished; a resume asks
// for it again, and for nothing else.
func TestS49FailedReprotectionIsNotTheEnd(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith("", `{when: protecting, what: job-fails, code: "45031", message: "protection could not be enabled", times: 1}`), func(t *testing.T, b *bed) {
		h := b.start(b.plan(engine.SyncDelta, "app01"))
		s := b.finish(h)
		f := b.failure(s, "app01", engine.FailureJob, "45031", "protection could not be enabled")
		if s.Outcome != engine.OutcomeFailed || f.Job == "" || !s.Resumable() {
			t.Errorf("outcome %s, job %q, resumable %v", s.Outcome, f.Job, s.Resumable())
		}
		b.succeeded(b.finish(b.resume(h.ID())))
		if got := b.posts(); got["reProtect"] != 2 || got["failoverCommit"] != 1 || got["plannedFailover"] != 1 {
			t.Errorf("%v", got)
		}
	})
}

// A failback that failed before its synchronisation began goes on with a resume;
// one that broke in the middle of it has to be run again, and says so.
func TestAResumeAfterAFailedJob(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith("", "{when: prepare, what: job-fails, times: 1}"), func(t *testing.T, b *bed) {
		h := b.start(b.plan(engine.SyncDelta, "app01"))
		b.failed(b.finish(h), "app01", engine.FailureJob)
		b.succeeded(b.finish(b.resume(h.ID())))
	})
	inBubble(t, estateWith("", "{when: final-sync, what: job-fails, times: 1}"), func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "app01")
		h := b.start(p)
		s := b.finish(h)
		b.failed(s, "app01", engine.FailureJob, "run the failback again")
		if s.Resumable() {
			t.Error("a resume is offered that could change nothing")
		}
		if _, err := b.m.Resume(context.Background(), h.ID()); engine.KindOf(err) != engine.FailureRefused {
			t.Errorf("the resume gave %v", err)
		}
		b.succeeded(b.run(p))
	})
}

// S64: what the gate says will be deleted is what is deleted, and nothing else.
func TestS64TheDeletionListIsTheDeletion(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(""), func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "app01")
		p.Approve = []engine.Gate{engine.GateComplete, engine.GateReprotect}
		h := b.start(p)
		b.until(h, "at the commit gate", atGate("app01", engine.GateCommit))
		said := strings.Join(h.State().Leg("app01").Gate.Consequences, "\n")
		for _, name := range []string{b.azureVM("app01").Name, "app01-os", "app01-data1"} {
			if !strings.Contains(said, name) {
				t.Errorf("the gate does not name %s:\n%s", name, said)
			}
		}
		before := b.lab.World().Blobs().List()
		if err := h.Decide("app01", engine.Decision{Gate: engine.GateCommit, By: "anna"}); err != nil {
			t.Fatal(err)
		}
		b.until(h, "protected", func(s engine.State) bool { return s.Leg("app01").Passed(engine.PhaseCommit) })
		if b.azureVM("app01") != nil {
			t.Error("the Azure VM is still there")
		}
		if after := b.lab.World().Blobs().List(); len(after) != len(before)-2 {
			t.Errorf("blobs before %v, after %v", before, after)
		}
		b.succeeded(b.finish(h))
	})
}

// S64: a boot that is not proven can't be committed by policy.
func TestS64PolicyNeverCommitsAnUnprovenBoot(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith("", "{when: boot, what: no-boot}"), func(t *testing.T, b *bed) {
		s := b.run(b.plan(engine.SyncDelta, "app01"))
		b.failed(s, "app01", engine.FailureBoot, "app01", "hv01")
		if b.posts()["failoverCommit"] != 0 || b.azureVM("app01") == nil {
			t.Fatal("the Azure copy of a machine that does not boot was given away")
		}
	})
}

// S33: the data is home and only the start failed: a resume repeats the start
// alone.
func TestS33OnlyTheStartIsRepeated(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith("", "{when: boot, what: start-fails, times: 1}"), func(t *testing.T, b *bed) {
		h := b.start(b.plan(engine.SyncDelta, "app01"))
		s := b.finish(h)
		b.failed(s, "app01", engine.FailureBoot, "data is home")
		if l := s.Leg("app01"); !l.Passed(engine.PhaseFinalSync) || l.Damage != nil {
			t.Errorf("final sync %+v, damage %v", l.Phases[engine.PhaseFinalSync], l.Damage)
		}
		again := b.resume(h.ID())
		b.succeeded(b.finish(again))
		if n := b.posts()["plannedFailover"]; n != 1 {
			t.Errorf("%d planned failovers", n)
		}
	})
}

// S72: to Azure and home again, three times.
func TestS72ThereAndBackThreeTimes(t *testing.T) {
	unraced(t)
	t.Parallel()
	inBubble(t, estateWith(""), func(t *testing.T, b *bed) {
		for range 3 {
			b.succeeded(b.run(b.plan(engine.SyncDelta, "app01")))
			p := b.plan("", "app01")
			p.Direction = engine.ToAzure
			b.succeeded(b.run(p))
		}
		b.succeeded(b.run(b.plan(engine.SyncDelta, "app01")))
	})
}

// A recovery plan's legs run in the order of its groups: the second group stops
// its Azure VM only when the first is verified.
func TestS21GroupsSwitchInOrder(t *testing.T) {
	t.Parallel()
	inBubble(t, many, func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "ready01", "broken01")
		p.Items[0].Group, p.Items[1].Group, p.RecoveryPlan = 1, 2, "shop"
		s := b.run(p)
		b.succeeded(s)
		first, second := s.Leg("ready01"), s.Leg("broken01")
		if second.DowntimeFrom.Before(first.Phases[engine.PhaseVerify].Ended) {
			t.Errorf("group 2 stopped at %s, group 1 was verified at %s", second.DowntimeFrom, first.Phases[engine.PhaseVerify].Ended)
		}
	})
}
