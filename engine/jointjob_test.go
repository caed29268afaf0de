package engine

import (
	"strings"
	"testing"
	"time"
)

var begun = time.Date(2026, 11, 23, 2, 0, 0, 0, time.UTC)

// planTree is a recovery plan's failback of two VMs in two groups; states are those
// of the VM "a" in its stages: data synchronisation, shutdown, failover, start.
func planTree(state JobState, detail string, a [4]string) Job {
	vm := func(id, state, job string) Task {
		t := Task{Name: "Unknown", Friendly: id, State: state, Child: &ChildJob{Job: job, TargetID: strings.ToUpper(id)}}
		if state != TaskStateNotStarted {
			t.Started = begun
		}
		return t
	}
	b := [4]string{TaskStateSucceeded, TaskStateSucceeded, TaskStateSucceeded, TaskStateSucceeded}
	return Job{
		Name: "plan-job", Started: begun, Scenario: ScenarioFailback, State: state, Detail: detail, TargetType: TargetRecoveryPlan,
		Errors: []JobError{{Code: "25055", Message: "the script failed"}},
		Tasks: []Task{
			{Name: "RpSrsPrerequisitesCheck", State: TaskStateSucceeded},
			{Name: TaskPrepare, State: TaskStateSucceeded},
			{Name: "Unknown", Group: GroupDataSync, Children: []Task{vm("a", a[0], "a-sync"), vm("b", b[0], "b-sync")}},
			{Name: TaskWaitForUser, State: TaskStateSucceeded},
			{Name: "Unknown", ID: "All", Children: []Task{
				{Name: "Unknown", Group: GroupShutdown, Children: []Task{vm("a", a[1], "")}},
				{Name: "Unknown", Group: GroupShutdown, Children: []Task{vm("b", b[1], "")}},
			}},
			{Name: "Unknown", Group: GroupFailover, Children: []Task{vm("a", a[2], "a-failover"), vm("b", b[2], "b-failover")}},
			{Name: "Unknown", Group: GroupBoot, Children: []Task{vm("a", a[3], "")}},
			{Name: "Unknown", Group: GroupBoot, Children: []Task{vm("b", b[3], "")}},
		},
	}
}

func viewOf(j Job, vmID string, jobs map[string]Job) Job {
	stages := vmTasks(j.Tasks, "", vmID)
	for i, st := range stages {
		stages[i].job = jobs[st.task.Child.Job]
	}
	return share{plan: j, stages: stages}.view()
}

// Each leg reads its phases off the plan's job and the jobs of its VM, as if they
// were one item's job.
func TestS21ShareOfAPlansJobLooksLikeAnItemsJob(t *testing.T) {
	const no, run, done, bad = TaskStateNotStarted, TaskStateInProgress, TaskStateSucceeded, TaskStateFailed
	failed := map[string]Job{"a-failover": {Name: "a-failover", State: JobFailed, Tasks: []Task{{
		Name: TaskMonitorSync, State: TaskStateFailed, Errors: []JobError{{Code: "559", Message: "the disk is gone"}},
	}}}}
	syncs := map[string]Job{"a-sync": {Name: "a-sync", State: JobInProgress, Tasks: []Task{{Name: TaskInitiateSync, State: done}, {Name: TaskMonitorSync, State: run}}}}
	closed := planTree(JobFailed, "Failed", [4]string{done, done, done, bad})
	closed.Tasks[6].Children[0].Started = time.Time{} // the job's end closed what it never came to
	for name, c := range map[string]struct {
		job                        Job
		jobs                       map[string]Job
		state                      JobState
		complete, begun, stop      bool // waits for complete; the switch has begun; Azure is seen stopped
		starts, startFails, writes bool
		why                        string
	}{
		"synchronising":         {planTree(JobInProgress, "InProgress", [4]string{run, no, no, no}), syncs, JobInProgress, false, false, false, false, false, true, ""},
		"waits for completion":  {planTree(JobSuspended, WaitingAfterDataSync, [4]string{done, no, no, no}), nil, JobSuspended, true, false, false, false, false, true, ""},
		"a manual action":       {planTree(JobSuspended, WaitingForManualAction, [4]string{done, no, no, no}), nil, JobSuspended, false, false, false, false, false, true, ""},
		"shutting down":         {planTree(JobInProgress, "", [4]string{done, run, no, no}), nil, JobInProgress, false, true, false, false, false, true, ""},
		"the last changes":      {planTree(JobInProgress, "", [4]string{done, done, run, no}), nil, JobInProgress, false, true, true, false, false, true, ""},
		"waits for its group":   {planTree(JobInProgress, "", [4]string{done, done, done, no}), nil, JobInProgress, false, true, true, false, false, true, ""},
		"starting":              {planTree(JobInProgress, "", [4]string{done, done, done, run}), nil, JobInProgress, false, true, true, true, false, true, ""},
		"runs, others follow":   {planTree(JobInProgress, "", [4]string{done, done, done, done}), nil, JobSucceeded, false, true, true, true, false, true, ""},
		"all is done":           {planTree(JobSucceeded, "Completed", [4]string{done, done, done, done}), nil, JobSucceeded, false, true, true, true, false, true, ""},
		"its own job failed":    {planTree(JobInProgress, "", [4]string{done, done, run, no}), failed, JobFailed, false, true, true, false, false, true, "the disk is gone"},
		"in part, not this one": {planTree(JobPartiallySucceeded, "", [4]string{done, done, done, done}), nil, JobSucceeded, false, true, true, true, false, true, ""},
		"its start failed":      {planTree(JobPartiallySucceeded, "", [4]string{done, done, done, bad}), nil, JobFailed, false, true, true, true, true, true, ""},
		"closed unbegun":        {closed, nil, JobFailed, false, true, true, true, true, true, "the script failed"},
		// A script failed before its group: the data is home, nobody started the VM.
		"a script failed": {planTree(JobFailed, "Failed", [4]string{done, done, done, no}), nil, JobFailed, false, true, true, true, true, true, "the script failed"},
		"nothing written": {planTree(JobFailed, "Failed", [4]string{no, no, no, no}), nil, JobFailed, false, false, false, false, false, false, "the script failed"},
		"full, not begun": {planTree(JobInProgress, "", [4]string{TaskStateSkipped, run, no, no}), nil, JobInProgress, false, true, false, false, false, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			v := viewOf(c.job, "a", c.jobs)
			stop, _ := v.Find(TaskShutdownAzure, TaskStartFailback)
			got := []any{v.State, v.WaitsForComplete(), taskBegun(v, TaskStartFailback, ""), stop.Done(), taskBegun(v, TaskStartOnPrimary, TaskStartFailback), startTaskFailed(v), anyWrites(v.Tasks)}
			want := []any{c.state, c.complete, c.begun, c.stop, c.starts, c.startFails, c.writes}
			for i, what := range []string{"state", "waits for complete", "switch begun", "Azure stopped", "starts", "start failed", "written"} {
				if got[i] != want[i] {
					t.Errorf("%s: %v, want %v", what, got[i], want[i])
				}
			}
			if c.why != "" {
				if f := jobFailure("a", v); !strings.Contains(f.Error(), c.why) {
					t.Errorf("failure %q does not say %q", f, c.why)
				}
			}
			if v.Name != "plan-job" {
				t.Errorf("the job is called %s", v.Name)
			}
		})
	}
}

// What a commit or a reverse replication did for one VM counts as soon as it is
// done; a VM that the plan's job left out is told so.
func TestS48ShareOfAPlansCommit(t *testing.T) {
	tree := func(state JobState, vm string) Job {
		return Job{Name: "commit", Scenario: ScenarioCommit, State: state, TargetType: TargetRecoveryPlan, Tasks: []Task{{
			Group: "CommitGroup", Children: []Task{{Friendly: "a", State: vm, Child: &ChildJob{Job: "a-commit", TargetID: "a"}}},
		}}}
	}
	if v := viewOf(tree(JobInProgress, TaskStateSucceeded), "a", nil); v.State != JobSucceeded {
		t.Errorf("committed, and %s", v.State)
	}
	if v := viewOf(tree(JobInProgress, TaskStateInProgress), "a", nil); v.State != JobInProgress {
		t.Errorf("under way, and %s", v.State)
	}
	if v := viewOf(tree(JobPartiallySucceeded, TaskStateFailed), "a", nil); v.State != JobFailed {
		t.Errorf("failed, and %s", v.State)
	}
	if v := viewOf(tree(JobSucceeded, TaskStateSucceeded), "other", nil); v.State != JobFailed || !strings.Contains(v.Detail, "no task") {
		t.Errorf("left out, and %s (%s)", v.State, v.Detail)
	}
	skipped := tree(JobSucceeded, TaskStateSkipped)
	skipped.Tasks[0].Children[0].Skipped = "it is not protected"
	if v := viewOf(skipped, "a", nil); v.State != JobFailed || !strings.Contains(v.Detail, "it is not protected") {
		t.Errorf("skipped, and %s (%s)", v.State, v.Detail)
	}
}

func TestS21PlanOfARecoveryPlanIsValid(t *testing.T) {
	plan := func(n int) Plan {
		p := Plan{Version: PlanVersion, Owner: "anna", Direction: ToOnPremises, Sync: SyncDelta, RecoveryPlan: "shop", RecoveryPlanID: "/plans/shop"}
		for i := range n {
			name := "vm" + string(rune('a'+i/26)) + string(rune('a'+i%26))
			p.Items = append(p.Items, PlanItem{ID: "/" + name, Name: name})
		}
		return p
	}
	at, each, create := plan(2), plan(101), plan(2)
	at.Target = Target{Alternate: true, HostID: "/h", HostName: "hv02"}
	each.Each = true
	create.Target.CreateVM = true
	for name, c := range map[string]struct {
		plan Plan
		why  string
	}{
		"a hundred": {plan(100), ""}, "a hundred and one": {plan(101), "at most 100"}, "one by one": {each, ""},
		"at another host": {at, "no choice of a host"}, "creating VMs at home": {create, ""},
	} {
		err := c.plan.Validate()
		if (err == nil) != (c.why == "") || err != nil && !strings.Contains(err.Error(), c.why) {
			t.Errorf("%s: %v", name, err)
		}
	}
	create.Each = true
	if create.Validate() == nil {
		t.Error("single items create VMs at home")
	}
	// A journal of a run from before says nothing of the recovery plan's id.
	old := plan(2)
	old.RecoveryPlanID = ""
	if old.Joint() {
		t.Error("an old run of single items would be taken for one job")
	}
}

func TestS21OnlyARehearsalSaysManualActionsDone(t *testing.T) {
	for name, c := range map[string]struct {
		plan Plan
		want bool
	}{
		"in earnest":        {Plan{Approve: AllGates}, false},
		"rehearsal, all":    {Plan{Rehearsal: true, Approve: AllGates}, true},
		"rehearsal, a part": {Plan{Rehearsal: true, Approve: []Gate{GateComplete, GateCommit}}, false},
	} {
		if got := c.plan.MayAnswer(GateManual); got != c.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}
