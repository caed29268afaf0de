package engine

import (
	"strings"
	"testing"
	"time"
)

// S7: where not every disk was compared, the commit gate says so; equality is taken
// for proved only where each one was.
func TestS7TheCommitGateSaysWhatWasNotCompared(t *testing.T) {
	same := func(disk string) DiskProved {
		return DiskProved{Disk: disk, Source: "a", Target: "a", Equal: true}
	}
	for name, c := range map[string]struct {
		proofs []DiskProved
		equal  bool
	}{
		"all compared":    {[]DiskProved{same("os"), same("data")}, true},
		"none compared":   {nil, false},
		"one of two":      {[]DiskProved{same("os")}, false},
		"one side is mum": {[]DiskProved{same("os"), {Disk: "data", Missing: "on-premises: no checksum"}}, false},
	} {
		t.Run(name, func(t *testing.T) {
			l := &Leg{Item: PlanItem{Name: "web01", Disks: 2}, Boot: &BootChecked{Result: BootProven}, Proofs: c.proofs}
			said := strings.Join(consequencesOfCommit(Item{}, l), " ")
			if l.provedEqual() != c.equal || strings.Contains(said, "not every disk was compared") == c.equal {
				t.Errorf("equal %v: %s", l.provedEqual(), said)
			}
		})
	}
}

func TestADowntimeIsNeverNegative(t *testing.T) {
	l := &Leg{DowntimeFrom: day.Add(time.Hour), DowntimeTo: day}
	if d := l.Downtime(day); d != 0 {
		t.Errorf("with the clock set back: %s", d)
	}
	l.DowntimeTo = time.Time{}
	if d := l.Downtime(day); d != 0 {
		t.Errorf("while it goes on: %s", d)
	}
}

// A task that a dying job closed without having begun it is no sign of anything.
func TestOnlyABeginningIsABeginning(t *testing.T) {
	began := time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)
	for _, c := range []struct {
		task  Task
		begun bool
	}{
		{Task{State: TaskStateInProgress}, true}, {Task{State: TaskStateSucceeded}, true}, {Task{State: TaskStateSuspended}, true},
		{Task{State: TaskStateNotStarted}, false}, {Task{State: TaskStateSkipped, Started: began}, false},
		{Task{State: TaskStateFailed, Started: began}, true}, {Task{State: TaskStateFailed}, false},
		{Task{State: TaskStateCancelled, Started: began}, true}, {Task{State: TaskStateCancelled}, false},
		{Task{State: "Aborted"}, false}, {Task{}, false},
	} {
		if c.task.Begun() != c.begun {
			t.Errorf("%+v: begun %v", c.task, c.task.Begun())
		}
	}
}

// The data is home when the switch's synchronisation is over and the start has
// begun; a start that is told beside an unfinished synchronisation proves nothing.
func TestTheDataIsHomeOnlyBehindItsSync(t *testing.T) {
	job := func(state JobState, sync, start string) Job {
		now := day
		return Job{State: state, Tasks: []Task{{Name: TaskStartFailback, State: TaskStateInProgress, Children: []Task{
			{Name: TaskMonitorSync, State: sync, Started: now}, {Name: TaskStartOnPrimary, State: start, Started: now},
		}}}}
	}
	for name, c := range map[string]struct {
		job  Job
		home bool
	}{
		"succeeded":                  {Job{State: JobSucceeded}, true},
		"starting":                   {job(JobInProgress, TaskStateSucceeded, TaskStateInProgress), true},
		"start failed":               {job(JobFailed, TaskStateSucceeded, TaskStateFailed), true},
		"still copying":              {job(JobInProgress, TaskStateInProgress, TaskStateNotStarted), false},
		"copy failed, all closed":    {job(JobFailed, TaskStateFailed, TaskStateFailed), false},
		"copy cancelled, all closed": {job(JobCancelled, TaskStateCancelled, TaskStateCancelled), false},
		"no tasks":                   {Job{State: JobInProgress}, false},
	} {
		if c.job.dataHome() != c.home {
			t.Errorf("%s: home %v", name, c.job.dataHome())
		}
	}
}

// Only a job that is seen to go on has been completed.
func TestOnlyAJobThatGoesOnWasCompleted(t *testing.T) {
	for _, c := range []struct {
		job        Job
		cancelling bool
		on         bool
	}{
		{Job{State: JobInProgress}, false, true},
		{Job{State: JobSucceeded}, false, true},
		{Job{State: JobWithInformation}, false, true},
		{Job{State: JobCancelling}, true, false},
		{Job{State: JobInProgress, Detail: "Cancelling"}, true, false},
		{Job{State: JobCancelled, Detail: "Cancelling"}, false, false},
		{Job{State: JobSuspended}, false, false},
		{Job{State: JobFailed}, false, false},
		{Job{State: "Other"}, false, false},
		{Job{}, false, false},
	} {
		if c.job.Cancelling() != c.cancelling || c.job.WentOn() != c.on {
			t.Errorf("%+v: cancelling %v, went on %v", c.job, c.job.Cancelling(), c.job.WentOn())
		}
	}
}

// The comment of the completion is the decision that holds, not one that was
// overtaken by another question.
func TestTheCommentIsTheLastDecisions(t *testing.T) {
	s := opening(t, &memory{}, testPlan(SyncDelta))
	emit := func(p Phase, bodies ...Body) {
		t.Helper()
		for _, b := range bodies {
			if err := s.Emit("web01", p, b); err != nil {
				t.Fatal(err)
			}
		}
	}
	for _, p := range []Phase{PhasePreflight, PhasePrepare, PhaseInitialSync} {
		emit(p, PhaseStarted{}, PhaseFinished{})
	}
	emit(PhaseNone, GateOpened{Gate: GateComplete}, DecisionMade{Decision{Gate: GateComplete, By: "anna", Reason: "tonight"}},
		GateOpened{Gate: GateComplete}, DecisionMade{Decision{Gate: GateComplete, By: "bert", Reason: "the owner agrees"}})
	l := &leg{r: &Runner{Stream: s}, item: PlanItem{Name: "web01"}}
	if c := l.completeComment(); !strings.Contains(c, "bert the owner agrees") {
		t.Errorf("comment %q", c)
	}
}
