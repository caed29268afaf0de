package lab_test

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"failback/providers/lab/world"
)

// planned is an estate with a recovery plan of two groups.
var planned = strings.Replace(oneItem, "items:", `recovery_plans: [{name: shop, groups: [[app01], [app02]]}]
items:
  - name: app02
    host: hv02
    in_azure: 3d
    disks: [{size: 16MiB, content: 2MiB}]`, 1)

const planBody = `{"properties":{"failoverDirection":"RecoveryToPrimary","providerSpecificDetails":[{"instanceType":"HyperVReplicaAzureFailback","dataSyncOption":"%","recoveryVmCreationOption":"NoAction"}]}}`

// jobOf reads the job of an operation from its status, as a client has to.
func (r *rig) jobOf(operation string) string {
	r.t.Helper()
	status := r.get("/replicationOperationStatus/" + operation)
	name, _ := at(status, "name").(string)
	return name
}

func TestS21PlanFailbackIsOneJobWithChildren(t *testing.T) {
	inBubble(t, planned, func(r *rig) {
		t := r.t
		op := r.post("/replicationRecoveryPlans/shop/plannedFailover", strings.Replace(planBody, "%", "ForDownTime", 1))
		job := r.jobOf(op)
		if job == op {
			t.Error("the operation of a recovery plan has the job's id")
		}
		j := r.until(job, world.Suspended)
		if at(j, "properties", "scenarioName") != "Failback" || at(j, "properties", "targetInstanceType") != "RecoveryPlan" {
			t.Errorf("%v", j)
		}
		resp, _ := r.send(http.MethodGet, "/replicationRecoveryPlans/shop/operationresults/"+op, "")
		if resp.StatusCode != http.StatusAccepted {
			t.Errorf("the result while it runs: %d", resp.StatusCode)
		}
		r.post("/replicationJobs/"+job+"/resume", "")
		j = r.until(job, world.Succeeded, world.Failed, world.PartiallySucceeded)
		for task, state := range taskStates(j) {
			if state != world.Succeeded {
				t.Errorf("%s is %s", task, state)
			}
		}
		child, _ := at(j, "properties", "tasks", 5, "groupTaskCustomDetails", "childTasks", 0, "customDetails", "jobTask", "jobId").(string)
		c := r.job(child[strings.LastIndex(child, "/")+1:])
		if at(c, "properties", "state") != world.Succeeded || at(c, "properties", "scenarioName") != "Failback" {
			t.Errorf("child job %q: %v", child, at(c, "properties"))
		}
		resp, doc := r.send(http.MethodGet, "/replicationRecoveryPlans/shop/operationresults/"+op, "")
		if resp.StatusCode != http.StatusNoContent || doc != nil {
			t.Errorf("the result at the end: %d %v", resp.StatusCode, doc)
		}
		r.until(r.jobOf(r.post("/replicationRecoveryPlans/shop/failoverCommit", "")), world.Succeeded)
		r.until(r.jobOf(r.post("/replicationRecoveryPlans/shop/reProtect", "")), world.Succeeded)
		id, _ := r.item("app02")
		r.waitFor(id, "PlannedFailover")
	})
}

func TestPlanFailbackInFullModeDoesNotWait(t *testing.T) {
	inBubble(t, planned, func(r *rig) {
		t := r.t
		job := r.jobOf(r.post("/replicationRecoveryPlans/shop/plannedFailover", strings.Replace(planBody, "%", "ForSynchronization", 1)))
		j := r.until(job, world.Succeeded, world.Failed, world.PartiallySucceeded, world.Suspended)
		states := taskStates(j)
		if at(j, "properties", "state") != world.Succeeded || states["DataSyncAllActionGroup"] != world.Skipped {
			t.Errorf("%v", states)
		}
	})
}

func TestPlanWithAFailedVMSucceedsInPart(t *testing.T) {
	estate := planned + "\nfaults: [{when: final-sync, what: job-fails, item: app02, code: \"559\"}]\n"
	inBubble(t, estate, func(r *rig) {
		t := r.t
		job := r.jobOf(r.post("/replicationRecoveryPlans/shop/plannedFailover", strings.Replace(planBody, "%", "ForSynchronization", 1)))
		j := r.until(job, world.Succeeded, world.Failed, world.PartiallySucceeded)
		if at(j, "properties", "state") != world.PartiallySucceeded {
			t.Errorf("%v", at(j, "properties", "state"))
		}
	})
}

func TestCancelledPlanCancelsItsChildren(t *testing.T) {
	inBubble(t, planned, func(r *rig) {
		job := r.jobOf(r.post("/replicationRecoveryPlans/shop/plannedFailover", strings.Replace(planBody, "%", "ForDownTime", 1)))
		r.until(job, world.Suspended)
		r.post("/replicationJobs/"+job+"/cancel", "")
		r.until(job, world.Cancelled)
		time.Sleep(time.Second)
		for _, name := range []string{"app01", "app02"} {
			id, _ := r.item(name)
			r.waitFor(id, "Failback")
		}
	})
}
