package lab_test

import (
	"net/http"
	"strings"
	"testing"

	"failback/providers/lab/world"
)

// tiers is an estate with a recovery plan of three groups and actions of both
// kinds; what stands for faults is filled in.
const tiers = `
name: tiers
speed: 60
fabrics: [{name: site, kind: hyperv-site}]
hosts: [{name: hv01, fabric: site, switches: [{name: LAN, type: External}]}]
items:
  - {name: sql01, host: hv01, in_azure: 3d, disks: [{size: 16MiB, content: 1MiB}]}
  - {name: app01, host: hv01, in_azure: 3d, disks: [{size: 16MiB, content: 1MiB}]}
  - {name: app02, host: hv01, in_azure: 3d, disks: [{size: 16MiB, content: 1MiB}]}
  - {name: web01, host: hv01, in_azure: 3d, disks: [{size: 16MiB, content: 1MiB}]}
recovery_plans:
  - name: shop
    shutdown: {before: [{script: drain, text: drain.ps1}]}
    groups:
      - {items: [sql01], after: [{manual: look, text: Look at the database.}, {script: north, text: n.ps1, direction: to-azure}]}
      - [app01, app02]
      - [web01]
`

func (r *rig) planJob(verb, body string) string {
	r.t.Helper()
	return r.jobOf(r.post("/replicationRecoveryPlans/shop/"+verb, body))
}

// stagesOf lists the tasks of VMs in a job: task id to the child job's name.
func stagesOf(j map[string]any) map[string]string {
	out := map[string]string{}
	var walk func(list any)
	walk = func(list any) {
		tasks, _ := list.([]any)
		for _, task := range tasks {
			if id, ok := at(task, "customDetails", "jobTask", "jobId").(string); ok {
				out[at(task, "taskId").(string)] = id[strings.LastIndex(id, "/")+1:]
			}
			walk(at(task, "groupTaskCustomDetails", "childTasks"))
		}
	}
	walk(at(j, "properties", "tasks"))
	return out
}

func TestS21EachVMOfAPlanHasAJobInEachStage(t *testing.T) {
	inBubble(t, tiers, func(r *rig) {
		t := r.t
		job := r.planJob("plannedFailover", strings.Replace(planBody, "%", "ForDownTime", 1))
		j := r.until(job, world.Suspended)
		if d := at(j, "properties", "stateDescription"); d != world.WaitingAfterSync {
			t.Errorf("waits for %v", d)
		}
		before := stagesOf(j)
		if before["DataSyncAllActionGroup.sql01"] == "" || before["FailoverAllActionGroup.sql01"] != "" {
			t.Errorf("jobs before the switch: %v", before)
		}
		r.post("/replicationJobs/"+job+"/resume", `{"properties":{"comments":"go"}}`)
		j = r.until(job, world.Suspended)
		states := taskStates(j)
		if at(j, "properties", "stateDescription") != world.WaitingManual || states["Group1.Action2"] != world.Suspended ||
			states["Shutdown.Action1"] != world.Succeeded || states["Group1"] != world.Succeeded || states["Group2"] != world.NotStarted {
			t.Errorf("%v: %v", at(j, "properties", "stateDescription"), states)
		}
		if _, there := states["Group1.Action3"]; there {
			t.Error("an action of the other direction is in the tree")
		}
		var started, waiting string
		r.World().Read(func(s *world.State) {
			started, waiting = s.VM("hv01", s.Item("sql01").HyperVID).State, s.VM("hv01", s.Item("app01").HyperVID).State
		})
		if started != world.VMRunning || waiting != world.VMOff {
			t.Errorf("at the manual action sql01 is %s and app01 %s", started, waiting)
		}
		r.post("/replicationJobs/"+job+"/resume", `{"properties":{"comments":"the database is online"}}`)
		j = r.until(job, world.Succeeded, world.Failed, world.PartiallySucceeded)
		stages := stagesOf(j)
		seen := map[string]bool{}
		for task, name := range stages {
			if name == "" || seen[name] {
				t.Errorf("%s has the job %q", task, name)
			}
			seen[name] = true
		}
		if at(j, "properties", "state") != world.Succeeded || len(seen) != 4*4 {
			t.Errorf("%v with %d jobs of VMs", at(j, "properties", "state"), len(seen))
		}
		var said string
		r.World().Read(func(s *world.State) {
			for _, task := range s.Job(job).Tasks {
				said += task.Output + ";"
			}
		})
		if !strings.Contains(said, "the database is online") {
			t.Errorf("outputs %q", said)
		}
		_, plan := r.send(http.MethodGet, "/replicationRecoveryPlans/shop", "")
		if at(plan, "properties", "currentScenario", "jobId") == nil || at(plan, "properties", "currentScenarioStatus") != world.Succeeded {
			t.Errorf("plan: %v", at(plan, "properties"))
		}
		if a := at(plan, "properties", "groups", 2, "endGroupActions", 0, "customDetails", "description"); a != "Look at the database." {
			t.Errorf("the plan's own action: %v", a)
		}
	})
}

func TestS21OneVMThatFailsIsLeftOutOfTheRest(t *testing.T) {
	estate := tiers + "\nfaults: [{when: final-sync, what: job-fails, item: app01, code: \"559\"}]\n"
	inBubble(t, estate, func(r *rig) {
		t := r.t
		job := r.planJob("plannedFailover", strings.Replace(planBody, "%", "ForSynchronization", 1))
		r.until(job, world.Suspended)
		r.post("/replicationJobs/"+job+"/resume", "")
		j := r.until(job, world.Succeeded, world.Failed, world.PartiallySucceeded)
		states := taskStates(j)
		for task, want := range map[string]string{
			"FailoverAllActionGroup.app01": world.Failed, "FailoverAllActionGroup": world.PartiallySucceeded, "Group2.app01": world.Skipped,
			"Group2.app02": world.Succeeded, "Group3.web01": world.Succeeded, "DataSyncAllActionGroup": world.Skipped,
		} {
			if states[task] != want {
				t.Errorf("%s is %s, want %s", task, states[task], want)
			}
		}
		if at(j, "properties", "state") != world.PartiallySucceeded || at(j, "properties", "errors", 0, "serviceErrorDetails", "code") != "559" {
			t.Errorf("%v", at(j, "properties", "errors"))
		}
		commit := r.until(r.planJob("failoverCommit", ""), world.Succeeded, world.Failed, world.PartiallySucceeded)
		if at(commit, "properties", "state") != world.Succeeded || stagesOf(commit)["Group2.app01"] != "" {
			t.Errorf("commit: %v", taskStates(commit))
		}
		id, _ := r.item("app01")
		r.waitFor(id, "Failback")
	})
}

func TestAFailedScriptEndsThePlansJob(t *testing.T) {
	estate := strings.Replace(tiers, "drain.ps1}", "drain.ps1, fails: exit code 3}", 1)
	inBubble(t, estate, func(r *rig) {
		job := r.planJob("plannedFailover", strings.Replace(planBody, "%", "ForSynchronization", 1))
		j := r.until(job, world.Failed, world.Succeeded, world.Suspended)
		states := taskStates(j)
		if states["Shutdown.Action1"] != world.Failed || states["ShutdownAllActionGroup"] != world.NotStarted {
			r.t.Errorf("%v", states)
		}
	})
}
