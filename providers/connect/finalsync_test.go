package connect_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"failback/engine"
)

// S44: what the final synchronisation in the lab adds to the downtime is what the
// changed bytes take on the line, and at most a second. The other steps of the job
// have times that the estate gives them.
func TestS44TheFinalSyncTakesWhatItsBytesTakeOnTheLine(t *testing.T) {
	unraced(t)
	t.Parallel()
	const link = 50 << 10
	inBubble(t, estateWith(slow), func(t *testing.T, b *bed) {
		s := b.run(b.plan(engine.SyncDelta, "app01"))
		b.succeeded(s)
		l := s.Leg("app01")
		job, err := b.conn.Ports.Inventory.Job(context.Background(), l.Job)
		if err != nil {
			t.Fatal(err)
		}
		named := func(tasks []engine.Task, name string) engine.Task {
			i := slices.IndexFunc(tasks, func(k engine.Task) bool { return k.Name == name })
			if i < 0 {
				t.Fatalf("the job has no task %s: %+v", name, tasks)
			}
			return tasks[i]
		}
		final := named(named(job.Tasks, engine.TaskStartFailback).Children, engine.TaskMonitorSync)
		took, bytes := final.Ended.Sub(final.Started), l.Sync[engine.PhaseFinalSync].Read
		line := time.Duration(float64(bytes) / link * float64(time.Second))
		if bytes == 0 || took < line/2 || took > line+time.Second {
			t.Errorf("%d bytes, which take %v on the line, took %v", bytes, line, took)
		}
	})
}
