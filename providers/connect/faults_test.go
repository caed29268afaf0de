package connect_test

import (
	"context"
	"fmt"
	"os"
	"testing"

	"failback/engine"
)

// Requests that fail in ways the program must see through: each run ends well
// and the service accepted every operation exactly once.
func TestFaultyAnswersNeverRepeatAnOperation(t *testing.T) {
	t.Parallel()
	troubles := []string{"throttled", "server-error-after", "lost-answer"}
	for i, moment := range []string{"start", "complete", "commit", "reprotect", "deallocate"} {
		for j, trouble := range troubles {
			if os.Getenv("FAILBACK_LONG") == "" && j != i%len(troubles) {
				continue // one of the three by default
			}
			t.Run(moment+" "+trouble, func(t *testing.T) {
				if moment != "complete" {
					unraced(t) // one of them is
				}
				fault := fmt.Sprintf("{when: %s, what: %s, times: 1, retry_after: 7s}", moment, trouble)
				inBubble(t, estateWith("", fault), func(t *testing.T, b *bed) {
					s := b.run(b.plan(engine.SyncDelta, "app01"))
					b.succeeded(s)
					for verb, n := range b.posts() {
						if n != 1 && verb != "deallocate" {
							t.Errorf("%s was accepted %d times", verb, n)
						}
					}
				})
			})
		}
	}
}

// A server error that may have come after acceptance, with nothing to be seen of
// it: the leg stops and says both possibilities; a resume looks again first.
func TestUndecidedOutcomeStopsAndAResumeGoesOn(t *testing.T) {
	t.Parallel()
	for _, moment := range []string{"start", "complete", "commit", "reprotect"} {
		t.Run(moment, func(t *testing.T) {
			inBubble(t, estateWith("", "{when: "+moment+", what: server-error, times: 1}"), func(t *testing.T, b *bed) {
				h := b.start(b.plan(engine.SyncDelta, "app01"))
				s := b.finish(h)
				b.failed(s, "app01", engine.FailureUnknown, "either", "resume")
				if s.Leg("app01").Outcome != engine.OutcomeUnknown {
					t.Errorf("leg %s", s.Leg("app01").Outcome)
				}
				again := b.resume(h.ID())
				b.succeeded(b.finish(again))
				for verb, n := range b.posts() {
					if n != 1 {
						t.Errorf("%s was accepted %d times", verb, n)
					}
				}
			})
		})
	}
}

// Reads that fail for a while cost nothing but time.
func TestFailingReadsAreSurvived(t *testing.T) {
	t.Parallel()
	for _, trouble := range []string{"throttled", "server-error"} {
		inBubble(t, estateWith("", "{when: read, what: "+trouble+", times: 9, retry_after: 3s}"), func(t *testing.T, b *bed) {
			it, err := b.conn.Ports.Inventory.Items(context.Background())
			for err != nil && engine.KindOf(err) == engine.FailureRetryable {
				it, err = b.conn.Ports.Inventory.Items(context.Background())
			}
			if err != nil || len(it) != 1 {
				t.Fatalf("%v %v", it, err)
			}
			b.succeeded(b.run(b.plan(engine.SyncDelta, "app01")))
		})
	}
}

// S5: the stop says OK and the VM runs on. With delta the final sync never
// begins; with full the run stops and says that the copy is worthless.
func TestS5AStopThatLiesHaltsTheRun(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith("", "{when: deallocate, what: stop-lies}"), func(t *testing.T, b *bed) {
		h := b.start(b.plan(engine.SyncDelta, "app01"))
		s := b.finish(h)
		b.failed(s, "app01", engine.FailureUnsafe, "running", "resume")
		if b.posts()["resume"] != 0 || s.Leg("app01").Damage != nil {
			t.Errorf("posts %v, damage %v: the final sync must not begin", b.posts(), s.Leg("app01").Damage)
		}
		job, err := b.conn.Ports.Inventory.Job(context.Background(), s.Leg("app01").Job)
		if err != nil || !job.WaitsForComplete() {
			t.Errorf("the job is %s, %v", job.State, err)
		}
	})
	inBubble(t, estateWith(slow, "{when: stop, what: stop-lies}"), func(t *testing.T, b *bed) {
		s := b.run(b.plan(engine.SyncFull, "app01"))
		b.failed(s, "app01", engine.FailureUnsafe, "do not commit")
		if s.Leg("app01").Damage == nil || b.posts()["failoverCommit"] != 0 {
			t.Errorf("damage %v, posts %v", s.Leg("app01").Damage, b.posts())
		}
	})
}

// A job that fails with a Site Recovery error is told in the service's words.
func TestAFailedJobSpeaksForItself(t *testing.T) {
	t.Parallel()
	for _, moment := range []string{"prepare", "initial-sync", "final-sync"} {
		t.Run(moment, func(t *testing.T) {
			inBubble(t, estateWith("", `{when: `+moment+`, what: job-fails, code: "559", message: "the provider reported an error"}`), func(t *testing.T, b *bed) {
				s := b.run(b.plan(engine.SyncDelta, "app01"))
				b.failed(s, "app01", engine.FailureJob, "559", "the provider reported an error", "app01")
				if damaged := s.Leg("app01").Damage != nil; damaged != (moment != "prepare") {
					t.Errorf("damaged %v", damaged)
				}
			})
		})
	}
}

// A synchronisation that stands still for a quarter of an hour is waited for.
func TestAStalledSyncIsWaitedFor(t *testing.T) {
	unraced(t)
	t.Parallel()
	inBubble(t, estateWith(slow, "{when: initial-sync, what: sync-stalls, for: 15m}"), func(t *testing.T, b *bed) {
		s := b.run(b.plan(engine.SyncDelta, "app01"))
		b.succeeded(s)
		r := s.Leg("app01").Phases[engine.PhaseInitialSync]
		if r.Ended.Sub(r.Started).Minutes() < 15 {
			t.Errorf("it took %s: it never stalled", r.Ended.Sub(r.Started))
		}
	})
}
