package connect_test

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"failback/engine"
)

// newest is the item's newest job that fits, read whole.
func (b *bed) newest(item string, fits func(engine.Job) bool) engine.Job {
	b.t.Helper()
	jobs, err := b.conn.Ports.Inventory.Jobs(b.t.Context())
	if err != nil {
		b.t.Fatal(err)
	}
	i := slices.IndexFunc(jobs, func(j engine.Job) bool { return j.TargetName == item && fits(j) })
	if i < 0 {
		b.t.Fatalf("no such job of %s in %+v", item, jobs)
	}
	j, err := b.conn.Ports.Inventory.Job(b.t.Context(), jobs[i].Name)
	if err != nil {
		b.t.Fatal(err)
	}
	return j
}

// act does what the job offers by that verb.
func (b *bed) act(j engine.Job, v engine.JobVerb) error {
	b.t.Helper()
	offer, err := j.Offer(v)
	if err != nil {
		b.t.Fatal(err)
	}
	return b.conn.Act(b.t.Context(), j.Name, offer, "by hand", "66666666-7777-4888-a999-000000000000")
}

// restart restarts the failed re-protection of an item and waits for its end.
func (b *bed) restart(item string) engine.Job {
	b.t.Helper()
	failed := b.newest(item, func(j engine.Job) bool { return j.Scenario == engine.ScenarioReprotect && j.State == engine.JobFailed })
	if err := b.act(failed, engine.VerbRestart); err != nil {
		b.t.Fatal(err)
	}
	for range 100 {
		time.Sleep(10 * time.Second)
		if j, err := b.conn.Ports.Inventory.Job(b.t.Context(), failed.Name); err != nil || j.State.Ended() {
			if err != nil || !j.State.Good() {
				b.t.Fatalf("restarted job = %+v, %v", j, err)
			}
			return j
		}
	}
	b.t.Fatal("the restarted job does not end")
	return engine.Job{}
}

// A failed job tells its error once, offers a restart and is the same job after it.
func TestS41AFailedJobIsExplainedAndRestarted(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow, "{when: protecting, what: job-fails, times: 1}"), func(t *testing.T, b *bed) {
		h := b.start(b.plan(engine.SyncFull, "app01"))
		b.failed(b.finish(h), "app01", engine.FailureJob)
		failed := b.newest("app01", func(j engine.Job) bool { return j.Scenario == engine.ScenarioReprotect })
		own, err := json.Marshal(failed.Tasks)
		if err != nil || len(failed.Errors) == 0 || len(failed.OwnErrors()) != 0 {
			t.Errorf("errors = %+v, own = %+v, %v", failed.Errors, failed.OwnErrors(), err)
		}
		if e := failed.Errors[0]; e.Code == "" || e.PossibleCauses == "" || e.Recommended == "" || !bytes.Contains(own, []byte(`"code":"`+e.Code+`"`)) {
			t.Errorf("the task does not tell %+v: %s", e, own)
		}
		if failed.Direction() != engine.ToAzure || failed.Waits() != engine.WaitNone {
			t.Errorf("%s, %s", failed.Direction(), failed.Waits())
		}
		if again := b.restart("app01"); again.Name != failed.Name || len(again.Errors) != 0 {
			t.Errorf("restarted = %+v", again)
		}
		if n := b.posts()["restart"]; n != 1 {
			t.Errorf("%d restarts reached the lab", n)
		}
		b.succeeded(b.finish(b.resume(h.ID())))
	})
}

// What is offered while a failback synchronises, waits and goes on; consent that
// was given for one of these is not taken for another.
func TestS42JobsOfferWhatTheyWaitFor(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow), func(t *testing.T, b *bed) {
		h := b.start(b.plan(engine.SyncDelta, "app01"))
		job := func() engine.Job {
			return b.newest("app01", func(j engine.Job) bool { return j.Scenario == engine.ScenarioPlannedFailover })
		}
		b.until(h, "in initial sync", inPhase("app01", engine.PhaseInitialSync))
		writing := job()
		if _, err := writing.Offer(engine.VerbComplete); engine.KindOf(err) != engine.FailureRefused {
			t.Errorf("a job that synchronises is completed: %v", err)
		}
		cancel, err := writing.Offer(engine.VerbCancel)
		if err != nil || !cancel.Damages || !strings.Contains(strings.Join(cancel.Consequences, "\n"), "app01 will be DAMAGED") {
			t.Errorf("offer = %+v, %v", cancel, err)
		}
		mild := cancel
		mild.Damages = false
		if err := b.conn.Act(t.Context(), writing.Name, mild, "", ""); engine.KindOf(err) != engine.FailureRefused || b.posts()["cancel"] != 0 {
			t.Errorf("a cancel that nobody knew to be damaging: %v, %v", err, b.posts())
		}
		h.Detach()
		<-h.Done()
		for job().Waits() != engine.WaitComplete {
			time.Sleep(time.Minute)
		}
		waiting := job()
		if offers := waiting.Offers(); len(offers) != 2 || offers[0].Verb != engine.VerbComplete || offers[1].Verb != engine.VerbCancel {
			t.Errorf("offers = %+v", offers)
		}
		if err := b.act(waiting, engine.VerbComplete); err != nil {
			t.Fatal(err)
		}
		if err := b.act(waiting, engine.VerbComplete); engine.KindOf(err) != engine.FailureRefused || b.posts()["resume"] != 1 {
			t.Errorf("completed twice: %v, %v", err, b.posts())
		}
		// The service's own job on the same VM has begun since; ours is still ours.
		b.newest("app01", func(j engine.Job) bool { return j.Automatic() })
		if job().Name != waiting.Name {
			t.Error("another job is taken for the run's")
		}
		b.succeeded(b.finish(b.resume(h.ID())))
	})
}

func TestJobsAreExportedAndNarrowed(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow), func(t *testing.T, b *bed) {
		b.succeeded(b.run(b.plan(engine.SyncFull, "app01")))
		ctx := t.Context()
		all, err := b.conn.Ports.Inventory.Jobs(ctx)
		if err != nil || len(all) < 4 {
			t.Fatalf("jobs = %+v, %v", all, err)
		}
		filter := engine.JobFilter{Since: all[len(all)-2].Started, Until: all[1].Started, States: []engine.JobState{engine.JobSucceeded, engine.JobFailed}}
		some, err := b.conn.Jobs.FindJobs(ctx, filter)
		if err != nil || len(some) != len(all)-2 {
			t.Errorf("%d of %d jobs, %v", len(some), len(all), err)
		}
		var file bytes.Buffer
		name, err := b.conn.Jobs.Export(ctx, engine.JobExport{JobFilter: filter, Format: engine.ExportJSON, RequestID: "e1"}, &file)
		if err != nil {
			t.Fatal(err)
		}
		var rows []struct {
			Name, TargetObjectName string
		}
		if err := json.Unmarshal(file.Bytes(), &rows); err != nil || len(rows) != len(some) || rows[0].Name != some[0].Name || rows[0].TargetObjectName != "app01" {
			t.Errorf("file = %s, %v", &file, err)
		}
		made, err := b.conn.Ports.Inventory.Job(ctx, name)
		if err != nil || !made.State.Good() || !strings.HasPrefix(made.ActivityID, "e1") {
			t.Errorf("the export's job = %+v, %v", made, err)
		}
		raw, err := os.ReadFile(requestsPath(t, b.dir))
		if err != nil || bytes.Contains(raw, []byte("sig=")) || b.posts()["export"] != 1 {
			t.Errorf("requests: %v, %v", b.posts(), err)
		}
		if _, err := b.conn.Jobs.Export(ctx, engine.JobExport{Format: engine.ExportExcel}, &file); engine.KindOf(err) != engine.FailureRefused {
			t.Errorf("the lab exports Excel: %v", err)
		}
	})
}

// The job of a recovery plan links the jobs of its machines, which can be read by
// those links, and asks for its own name.
func TestS42JobOfARecoveryPlanLinksItsMachines(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow), func(t *testing.T, b *bed) {
		ctx := t.Context()
		plans, err := b.conn.Ports.Inventory.RecoveryPlans(ctx)
		if err != nil || len(plans) != 1 {
			t.Fatalf("recovery plans %v, %v", plans, err)
		}
		name, err := b.conn.Ports.Plans.StartPlan(ctx, engine.PlanStart{Plan: plans[0].ID, Direction: engine.ToOnPremises, Sync: engine.SyncDelta, RequestID: "p1"})
		if err != nil {
			t.Fatal(err)
		}
		read := func(name string) engine.Job {
			j, err := b.conn.Ports.Inventory.Job(ctx, name)
			if err != nil {
				t.Fatal(err)
			}
			return j
		}
		j := read(name)
		for end := time.Now().Add(24 * time.Hour); j.Waits() != engine.WaitComplete && time.Now().Before(end); j = read(name) {
			time.Sleep(time.Minute)
		}
		if j.TargetType != engine.TargetRecoveryPlan || j.Direction() != engine.ToOnPremises || j.Automatic() {
			t.Errorf("job = %+v", j)
		}
		linked := 0
		var walk func([]engine.Task)
		walk = func(ts []engine.Task) {
			for _, task := range ts {
				if task.Child != nil && task.Child.Job != "" {
					linked++
					child := read(task.Child.Job)
					if child.TargetName != task.Child.Target || child.TargetID != task.Child.TargetID || len(child.Tasks) == 0 {
						t.Errorf("task %+v links %+v", task.Child, child)
					}
				}
				walk(task.Children)
			}
		}
		walk(j.Tasks)
		if linked == 0 {
			t.Errorf("no task links a job: %+v", j.Tasks)
		}
		cancel, err := j.Offer(engine.VerbCancel)
		if err != nil || !cancel.Damages || cancel.Subject != plans[0].Name || !strings.Contains(strings.Join(cancel.Consequences, "\n"), "VM app01 will be DAMAGED") {
			t.Errorf("cancel = %+v, %v", cancel, err)
		}
		complete, err := j.Offer(engine.VerbComplete)
		if err != nil || complete.Subject != plans[0].Name {
			t.Errorf("complete = %+v, %v", complete, err)
		}
		if err := b.conn.Act(ctx, name, complete, "go", "p2"); err != nil {
			t.Fatal(err)
		}
		for end := time.Now().Add(24 * time.Hour); !j.State.Ended() && time.Now().Before(end); j = read(name) {
			time.Sleep(time.Minute)
		}
		if !j.State.Good() || b.posts()["resume"] != 1 {
			t.Errorf("job = %s, posts %v", j.State, b.posts())
		}
	})
}
