package engine

import (
	"slices"
	"strings"
	"testing"
)

// The jobs of one VM while our failback works on it: what the service adds and
// what somebody else began is never taken for ours, whatever comes first.
func TestS41OwnJobIsFoundByItsRequest(t *testing.T) {
	const ours = "11111111-2222-4333-a444-555555555555"
	own := Job{Name: "own", Scenario: ScenarioPlannedFailover, TargetID: "vm", ActivityID: strings.ToUpper(ours) + " ActivityId: x"}
	for name, other := range map[string]Job{
		"the end of a synchronisation":    {Name: "other", Scenario: ScenarioRestoreCompletion, TargetID: "vm", ActivityID: ours + " ActivityId: y"},
		"the end of initial replication":  {Name: "other", Scenario: ScenarioIrCompletion, TargetID: "vm", ActivityID: ours + " ActivityId: y"},
		"another operator's, same VM":     {Name: "other", Scenario: ScenarioPlannedFailover, TargetID: "vm", ActivityID: "99999999-2222-4333-a444-555555555555 ActivityId: y"},
		"the service's, without activity": {Name: "other", Scenario: ScenarioPlannedFailover, TargetID: "vm"},
	} {
		for _, jobs := range [][]Job{{own, other}, {other, own}} {
			i := slices.IndexFunc(jobs, func(j Job) bool { return j.requested(ours) })
			if i < 0 || jobs[i].Name != "own" {
				t.Errorf("%s: found %d of %v", name, i, jobs)
			}
		}
		if other.requested(ours) || own.requested("") {
			t.Errorf("%s is taken for ours", name)
		}
	}
}

func TestS41DirectionIsToldFromTheAffectedObjects(t *testing.T) {
	for _, c := range []struct {
		scenario string
		primary  Location
		want     Direction
	}{
		{ScenarioPlannedFailover, LocationAzure, ToOnPremises},
		{ScenarioPlannedFailover, LocationOnPremises, ToAzure},
		{ScenarioPlannedFailover, LocationUnknown, DirectionUnknown},
		{ScenarioCommit, LocationAzure, ToOnPremises}, // of a recovery plan
		{ScenarioCommit, LocationOnPremises, ToAzure},
		{ScenarioFailback, LocationUnknown, ToOnPremises},
		{ScenarioFinalizeFailback, LocationUnknown, ToOnPremises},
		{ScenarioReprotect, LocationAzure, ToAzure}, // after a failback the primary side of it is Azure
		{ScenarioReversePlan, LocationAzure, ToAzure},
		{ScenarioReprotect, LocationUnknown, DirectionUnknown},
		{ScenarioUnplannedFailover, LocationUnknown, ToAzure},
		{"SomethingNew", LocationUnknown, DirectionUnknown},
	} {
		if got := (Job{Scenario: c.scenario, Primary: c.primary}).Direction(); got != c.want {
			t.Errorf("%s with primary %q goes %q, want %q", c.scenario, c.primary, got, c.want)
		}
	}
}

func TestS41AnErrorIsToldOnce(t *testing.T) {
	at := func(task, message string) JobError { return JobError{Code: "539", Message: message, TaskID: task} }
	j := Job{
		Errors: []JobError{at("t2", "the disk is full"), at("", "the disk is full"), at("t9", "of a task that is not there"), at("t9", "of a task that is not there")},
		Tasks:  []Task{{ID: "t1", Children: []Task{{ID: "t2", Errors: []JobError{at("t2", "the disk is full")}}}}},
	}
	if own := j.OwnErrors(); len(own) != 1 || own[0].TaskID != "t9" {
		t.Errorf("own errors = %v", own)
	}
}

// A waiting job and what it may be resumed for. Each row is a suspended job.
func TestS42EveryWaitHasItsOwnVerb(t *testing.T) {
	wait := Task{Name: TaskWaitForUser, State: TaskStateInProgress, Detail: "Waiting"}
	manual := Task{Name: "ManualAction", State: TaskStateInProgress, Action: &TaskAction{Kind: ActionManual, Name: "Call Ann", Text: "0815"}}
	done, skipped := wait, wait
	done.State, skipped.State = TaskStateSucceeded, TaskStateSkipped
	for name, c := range map[string]struct {
		job     Job
		want    JobWait
		verb    JobVerb
		subject string
	}{
		"after the synchronisation":     {Job{Detail: "WaitingForUserInputAfterDataSync"}, WaitComplete, VerbComplete, "web01"},
		"the task waits":                {Job{Detail: "Waiting", Tasks: []Task{wait}}, WaitComplete, VerbComplete, "web01"},
		"of a recovery plan":            {Job{TargetType: TargetRecoveryPlan, Tasks: []Task{{Children: []Task{wait}}}}, WaitComplete, VerbComplete, "web01"},
		"a manual action by its state":  {Job{Detail: "WaitingForManualAction", Tasks: []Task{manual}}, WaitManualAction, VerbConfirm, "Call Ann"},
		"a manual action by its task":   {Job{Detail: "Waiting", Tasks: []Task{wait, {Children: []Task{manual}}}}, WaitManualAction, VerbConfirm, "Call Ann"},
		"a manual action without words": {Job{Detail: "WaitingForManualAction"}, WaitManualAction, VerbConfirm, "web01"},
		"a test failover by its state":  {Job{Detail: "WaitingForStopTestFailover", Tasks: []Task{wait}}, WaitTestFailover, "", ""},
		"a test failover by its name":   {Job{Scenario: ScenarioTestFailover, Detail: "Waiting", Tasks: []Task{wait}}, WaitTestFailover, "", ""},
		"the wait is over":              {Job{Detail: "Waiting", Tasks: []Task{done}}, WaitOther, "", ""},
		"the wait was skipped":          {Job{Detail: "Waiting", Tasks: []Task{skipped}}, WaitOther, "", ""},
		"nobody knows":                  {Job{Detail: "SomethingNew"}, WaitOther, "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			j := c.job
			j.Name, j.TargetName, j.State, j.Allowed = "j1", "web01", JobSuspended, []string{"Cancel", "Resume"}
			if got := j.Waits(); got != c.want {
				t.Fatalf("waits for %q, want %q", got, c.want)
			}
			o, err := j.Resumption()
			if c.verb == "" {
				if KindOf(err) != FailureRefused || AsFailure(err, "", "").Remedy == "" {
					t.Errorf("a resume is not refused with a remedy: %v", err)
				}
				if c.want == WaitTestFailover && !strings.Contains(err.Error(), "Cleanup test failover") {
					t.Errorf("it does not say how to clean up: %v", err)
				}
			} else if err != nil || o.Verb != c.verb || o.Subject != c.subject || !o.Comment {
				t.Errorf("offer = %+v, %v", o, err)
			}
			for _, v := range []JobVerb{VerbComplete, VerbConfirm} {
				if _, err := j.Offer(v); (err == nil) != (v == c.verb) {
					t.Errorf("%s: %v", v, err)
				}
			}
			j.State = JobInProgress
			if _, err := j.Resumption(); err == nil {
				t.Error("a running job is resumed")
			}
		})
	}
}

func TestS68CancelSaysWhatItWouldLeave(t *testing.T) {
	begun := Task{Name: TaskMonitorSync, State: TaskStateInProgress}
	check := Task{Name: TaskPrerequisites, State: TaskStateInProgress}
	link := func(name, state, job string) Task {
		return Task{State: state, Child: &ChildJob{Job: job, Target: name}}
	}
	plan := func(ts ...Task) Job {
		return Job{Scenario: ScenarioFailback, Primary: LocationAzure, TargetType: TargetRecoveryPlan, TargetName: "shop", Tasks: ts}
	}
	for name, c := range map[string]struct {
		job     Job
		damages bool
		words   []string
	}{
		"synchronising":                  {Job{Scenario: ScenarioPlannedFailover, Primary: LocationAzure, Tasks: []Task{begun}}, true, []string{"web01 will be DAMAGED", "run to its end"}},
		"not yet":                        {Job{Scenario: ScenarioPlannedFailover, Primary: LocationAzure, Tasks: []Task{check}}, false, []string{"before the cancel arrives"}},
		"direction untold":               {Job{Scenario: ScenarioPlannedFailover, Tasks: []Task{check}}, false, []string{"before the cancel arrives"}},
		"a failback without tasks":       {Job{Scenario: ScenarioFailback}, true, []string{"DAMAGED"}},
		"forward":                        {Job{Scenario: ScenarioPlannedFailover, Primary: LocationOnPremises, Tasks: []Task{{Name: "VmFailover", State: TaskStateInProgress}}}, false, []string{"is not undone"}},
		"a plan that has begun":          {plan(Task{Children: []Task{link("a", TaskStateInProgress, "j-a"), link("b", TaskStateNotStarted, "")}}), true, []string{"VM a will be DAMAGED", "VM b will be DAMAGED", "cancelled with it"}},
		"a plan that has not":            {plan(check, Task{Children: []Task{link("a", TaskStateNotStarted, "")}}), false, []string{"cancelled with it"}},
		"another job: nothing to damage": {Job{Scenario: ScenarioReprotect, Primary: LocationAzure}, false, []string{"is not undone"}},
	} {
		t.Run(name, func(t *testing.T) {
			j := c.job
			j.State, j.Allowed = JobInProgress, []string{"Cancel"}
			if j.TargetName == "" {
				j.TargetName = "web01"
			}
			o, err := j.Offer(VerbCancel)
			said := strings.Join(o.Consequences, "\n")
			if err != nil || o.Damages != c.damages {
				t.Fatalf("offer = %+v, %v", o, err)
			}
			for _, w := range c.words {
				if !strings.Contains(said, w) {
					t.Errorf("it does not say %q:\n%s", w, said)
				}
			}
			j.Allowed = nil
			if _, err := j.Offer(VerbCancel); KindOf(err) != FailureRefused {
				t.Errorf("a cancel that is not offered: %v", err)
			}
		})
	}
}
