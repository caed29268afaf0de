package lab_test

import (
	"context"
	"encoding/json"
	"net/http"
	"testing"
	"testing/synctest"
	"time"

	"failback/providers/hyperv/scripts"
	"failback/providers/lab"
	"failback/providers/lab/hosts"
	"failback/providers/lab/world"
)

// oneItem is an estate of one VM with two small disks.
const oneItem = `
name: tested
speed: 60
rates: {compare: 100KiB, link: 100KiB}
fabrics: [{name: site, kind: hyperv-site}]
hosts:
  - {name: hv01, fabric: site, switches: [{name: LAN, type: External}]}
  - {name: hv02, fabric: site, switches: [{name: LAN, type: External}]}
items:
  - name: app01
    host: hv01
    in_azure: 3d
    change: 0.5
    disks: [{size: 32MiB, content: 8MiB}, {size: 16MiB, content: 4MiB}]
`

// inBubble runs a test with a lab in a bubble of its own time.
func inBubble(t *testing.T, estate string, f func(r *rig)) {
	t.Helper()
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, lab.Options{Data: []byte(estate)})
		defer func() {
			if err := r.Close(); err != nil {
				t.Error(err)
			}
		}()
		f(r)
	})
}

func taskStates(j map[string]any) map[string]string {
	states := map[string]string{}
	var walk func(list any)
	walk = func(list any) {
		tasks, _ := list.([]any)
		for _, task := range tasks {
			state, _ := at(task, "state").(string)
			if state == world.Other {
				state, _ = at(task, "stateDescription").(string)
			}
			states[at(task, "taskId").(string)] = state
			walk(at(task, "groupTaskCustomDetails", "childTasks"))
		}
	}
	walk(at(j, "properties", "tasks"))
	return states
}

// home reads the on-premises VM as its host shows it.
func (r *rig) home(host string) scripts.VMAnswer {
	r.t.Helper()
	var id string
	r.World().Read(func(s *world.State) { id = s.Items[0].HyperVID })
	answer, err := (hosts.Model{World: r.World()}).Run(context.Background(), host, scripts.ReadVM, json.RawMessage(`{"vm_id":"`+id+`"}`))
	if err != nil {
		r.t.Fatal(err)
	}
	return answer.(scripts.VMAnswer)
}

func (r *rig) power() string {
	r.t.Helper()
	var power string
	r.World().Read(func(s *world.State) {
		if v := s.AzureVM("app01"); v != nil {
			power = v.Power
		}
	})
	return power
}

func TestS34FullFailbackSkipsTheFirstSyncAndTheWait(t *testing.T) {
	inBubble(t, oneItem, func(r *rig) {
		t := r.t
		id, _ := r.item("app01")
		j := r.until(r.post(id+"/plannedFailover", failback("ForSynchronization")), world.Succeeded, world.Failed, world.Suspended)
		states := taskStates(j)
		for _, skipped := range []string{"InitiateDataSync", "MonitorDataSync", "WaitForUserInputForFailback"} {
			if states[skipped] != world.Skipped {
				t.Errorf("%s is %s", skipped, states[skipped])
			}
		}
		for _, done := range []string{"StartAzureVmFailback", "ShutdownVmOnAzureTask", "MonitorDataSyncTask", "StartVmOnPrimaryTask"} {
			if states[done] != world.Succeeded {
				t.Errorf("%s is %s", done, states[done])
			}
		}
		if h := at(j, "properties", "customDetails", "affectedObjectDetails", "PrimaryFabricProviderId"); h != "HyperVSite" && h != "Azure" {
			t.Errorf("primary side: %v", h)
		}
		time.Sleep(5 * time.Second)
		if vm := r.home("hv01"); vm.State != "Running" || vm.Heartbeat != "OkApplicationsHealthy" {
			t.Errorf("at home: %+v", vm.VMRow)
		}
	})
}

func TestS68CancelledSyncLeavesAVMThatDoesNotBoot(t *testing.T) {
	inBubble(t, oneItem, func(r *rig) {
		t := r.t
		id, _ := r.item("app01")
		job := r.post(id+"/plannedFailover", failback("ForDownTime"))
		time.Sleep(2 * time.Second) // in the middle of the first synchronisation
		r.post("/replicationJobs/"+job+"/cancel", "")
		j := r.until(job, world.Cancelled, world.Suspended)
		if at(j, "properties", "state") != world.Cancelled || taskStates(j)["MonitorDataSync"] != world.Cancelled {
			t.Fatalf("%v", taskStates(j))
		}
		if r.power() != world.PowerRunning {
			t.Errorf("the Azure VM is %s", r.power())
		}
		if err := r.World().StartHome("hv01", r.home("hv01").ID); err != nil {
			t.Fatal(err)
		}
		time.Sleep(time.Minute)
		if vm := r.home("hv01"); vm.State != "Running" || vm.Heartbeat != "NoContact" {
			t.Errorf("a half-copied VM boots: %+v", vm.VMRow)
		}
	})
}

func TestS71FailbackRunsAgainAfterACancel(t *testing.T) {
	inBubble(t, oneItem, func(r *rig) {
		t := r.t
		id, _ := r.item("app01")
		job := r.post(id+"/plannedFailover", failback("ForDownTime"))
		time.Sleep(2 * time.Second)
		r.post("/replicationJobs/"+job+"/cancel", "")
		r.until(job, world.Cancelled)
		_, doc := r.item("app01")
		if ops := at(doc, "properties", "allowedOperations"); len(ops.([]any)) != 3 {
			t.Fatalf("after the cancel it offers %v", ops)
		}
		again := r.post(id+"/plannedFailover", failback("ForDownTime"))
		r.until(again, world.Suspended)
		r.post("/replicationJobs/"+again+"/resume", "")
		r.until(again, world.Succeeded)
		time.Sleep(5 * time.Second)
		if vm := r.home("hv01"); vm.Heartbeat != "OkApplicationsHealthy" {
			t.Errorf("at home: %+v", vm.VMRow)
		}
	})
}

func TestS40SecondStartIsRefused(t *testing.T) {
	inBubble(t, oneItem, func(r *rig) {
		t := r.t
		id, _ := r.item("app01")
		r.post(id+"/plannedFailover", failback("ForDownTime"))
		resp, doc := r.send(http.MethodPost, id+"/plannedFailover", failback("ForDownTime"))
		if resp.StatusCode != http.StatusConflict || at(doc, "error", "details", 0, "clientRequestId") != "client-1" {
			t.Errorf("%d %v", resp.StatusCode, doc)
		}
	})
}

func TestResumeOfAJobThatDoesNotWaitIsRefused(t *testing.T) {
	inBubble(t, oneItem, func(r *rig) {
		t := r.t
		id, _ := r.item("app01")
		job := r.post(id+"/plannedFailover", failback("ForDownTime"))
		resp, doc := r.send(http.MethodPost, "/replicationJobs/"+job+"/resume", "{}")
		if resp.StatusCode != http.StatusBadRequest || at(doc, "error", "details", 0, "recommendedAction") == nil {
			t.Errorf("%d %v", resp.StatusCode, doc)
		}
	})
}

func TestS59AlternateLocationCreatesTheVM(t *testing.T) {
	inBubble(t, oneItem, func(r *rig) {
		t := r.t
		id, _ := r.item("app01")
		var provider string
		for _, p := range at(r.get("/replicationRecoveryServicesProviders"), "value").([]any) {
			if at(p, "properties", "friendlyName") == "hv02" {
				provider = at(p, "id").(string)
			}
		}
		body := `{"properties":{"failoverDirection":"RecoveryToPrimary","providerSpecificDetails":{"instanceType":"HyperVReplicaAzureFailback","dataSyncOption":"ForDownTime","recoveryVmCreationOption":"CreateVmIfNotFound","providerIdForAlternateRecovery":"` + provider + `"}}}`
		job := r.post(id+"/plannedFailover", body)
		r.until(job, world.Suspended)
		r.post("/replicationJobs/"+job+"/resume", "")
		r.until(job, world.Succeeded)
		time.Sleep(5 * time.Second)
		if vm := r.home("hv02"); vm.Heartbeat != "OkApplicationsHealthy" || len(vm.Disks) != 2 || vm.Switches[0] != "LAN" {
			t.Errorf("on the other host: %+v", vm)
		}
		_, doc := r.item("app01")
		if at(doc, "properties", "recoveryServicesProviderId") != provider {
			t.Errorf("protected by %v", at(doc, "properties", "recoveryServicesProviderId"))
		}
	})
}

func TestS64CommitDeletesTheAzureVMAndItsDisks(t *testing.T) {
	inBubble(t, oneItem, func(r *rig) {
		t := r.t
		id, _ := r.item("app01")
		r.until(r.post(id+"/plannedFailover", failback("ForSynchronization")), world.Succeeded)
		if n := len(r.World().Blobs().List()); n != 2 {
			t.Fatalf("%d blobs before the commit", n)
		}
		j := r.until(r.post(id+"/failoverCommit", ""), world.Succeeded)
		if at(j, "properties", "scenarioName") != "FinalizeFailback" || len(taskStates(j)) != 2 {
			t.Errorf("%v %v", at(j, "properties", "scenarioName"), taskStates(j))
		}
		if n := len(r.World().Blobs().List()); n != 0 || r.power() != "" {
			t.Errorf("%d blobs and a VM that is %q are left", n, r.power())
		}
		_, doc := r.item("app01")
		if at(doc, "properties", "providerSpecificDetails", "azureVmDiskDetails", 0, "targetDiskLocation") != nil {
			t.Error("a disk location is left")
		}
	})
}

func TestS72ThreeCyclesLoseNothing(t *testing.T) {
	inBubble(t, oneItem, func(r *rig) {
		t := r.t
		id, _ := r.item("app01")
		for range 3 {
			job := r.post(id+"/plannedFailover", failback("ForDownTime"))
			r.until(job, world.Suspended)
			time.Sleep(5 * time.Second) // the guest writes on
			r.post("/replicationJobs/"+job+"/resume", "")
			r.until(job, world.Succeeded)
			time.Sleep(5 * time.Second)
			if vm := r.home("hv01"); vm.Heartbeat != "OkApplicationsHealthy" {
				t.Fatalf("at home: %+v", vm.VMRow)
			}
			r.until(r.post(id+"/failoverCommit", ""), world.Succeeded)
			r.until(r.post(id+"/reProtect", `{"properties":{"failoverDirection":"PrimaryToRecovery"}}`), world.Succeeded)
			r.waitFor(id, "PlannedFailover")
			forward := `{"properties":{"failoverDirection":"PrimaryToRecovery","providerSpecificDetails":{"instanceType":"HyperVReplicaAzure"}}}`
			r.until(r.post(id+"/plannedFailover", forward), world.Succeeded)
			r.World().Read(func(s *world.State) {
				if v := s.AzureVM("app01"); v == nil || !v.Booted {
					t.Fatalf("in Azure: %+v", v)
				}
			})
			r.until(r.post(id+"/failoverCommit", ""), world.Succeeded)
			r.waitFor(id, "Failback")
		}
	})
}

// waitFor polls an item until it offers an operation.
func (r *rig) waitFor(id, operation string) {
	r.t.Helper()
	for range 600 {
		_, doc := r.send(http.MethodGet, id, "")
		for _, op := range at(doc, "properties", "allowedOperations").([]any) {
			if op == operation {
				return
			}
		}
		time.Sleep(time.Second)
	}
	r.t.Fatalf("%s is never offered", operation)
}
