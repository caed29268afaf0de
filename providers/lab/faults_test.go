package lab_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"failback/providers/lab/world"
)

func withFault(fault string) string { return oneItem + "\nfaults: [" + fault + "]\n" }

func TestS41ThrottledReadsSayWhenToComeBack(t *testing.T) {
	inBubble(t, withFault("{when: read, what: throttled, times: 2, retry_after: 17s}"), func(r *rig) {
		t := r.t
		for range 2 {
			resp, doc := r.send(http.MethodGet, "/replicationJobs", "")
			if resp.StatusCode != http.StatusTooManyRequests || resp.Header.Get("Retry-After") != "17" {
				t.Errorf("%d %v", resp.StatusCode, doc)
			}
		}
		r.get("/replicationJobs")
	})
}

// begin sends a start whose answer may be anything.
func (r *rig) begin() (status int, err error) {
	id, _ := r.item("app01")
	req, err := http.NewRequestWithContext(r.t.Context(), http.MethodPost, id+"/plannedFailover?api-version=2025-01-01", bodyOf(failback("ForDownTime")))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.Endpoints().Token)
	resp, err := r.client.Do(req)
	if err != nil {
		return 0, err
	}
	return resp.StatusCode, resp.Body.Close()
}

func TestAcceptedThoughTheAnswerIsLost(t *testing.T) {
	for _, what := range []string{"lost-answer", "server-error-after"} {
		t.Run(what, func(t *testing.T) {
			inBubble(t, withFault("{when: start, what: "+what+"}"), func(r *rig) {
				t := r.t
				status, err := r.begin()
				if what == "lost-answer" && err == nil || what != "lost-answer" && status != http.StatusInternalServerError {
					t.Errorf("%d %v", status, err)
				}
				_, doc := r.item("app01")
				if at(doc, "properties", "currentScenario", "scenarioName") != "PlannedFailover" {
					t.Error("it was not accepted")
				}
				posts := 0
				for _, q := range r.Requests() {
					if q.Method == http.MethodPost && q.Accepted {
						posts++
					}
				}
				if posts != 1 {
					t.Errorf("%d effectful requests in the log", posts)
				}
			})
		})
	}
}

func TestServerErrorBeforeAcceptanceDoesNothing(t *testing.T) {
	inBubble(t, withFault("{when: start, what: server-error}"), func(r *rig) {
		t := r.t
		if status, err := r.begin(); status != http.StatusInternalServerError || err != nil {
			t.Errorf("%d %v", status, err)
		}
		_, doc := r.item("app01")
		if at(doc, "properties", "currentScenario", "scenarioName") != "None" {
			t.Error("it was accepted")
		}
	})
}

func TestS5StopThatLiesLeavesTheAzureVMRunning(t *testing.T) {
	inBubble(t, withFault("{when: stop, what: stop-lies}"), func(r *rig) {
		t := r.t
		id, _ := r.item("app01")
		j := r.until(r.post(id+"/plannedFailover", failback("ForSynchronization")), world.Succeeded)
		if taskStates(j)["ShutdownVmOnAzureTask"] != world.Succeeded || r.power() != world.PowerRunning {
			t.Errorf("%v, the VM is %s", taskStates(j), r.power())
		}
	})
}

func TestS5DeallocateThatLies(t *testing.T) {
	inBubble(t, withFault("{when: deallocate, what: stop-lies}"), func(r *rig) {
		t := r.t
		e := r.Endpoints()
		url := fmt.Sprintf("%s/subscriptions/%s/resourceGroups/%s/providers/Microsoft.Compute/virtualMachines/app01", e.Management, e.Subscription, e.ResourceGroup)
		for _, want := range []string{world.PowerRunning, world.PowerDeallocated} {
			resp, _ := r.send(http.MethodPost, url+"/deallocate", "")
			status := resp.Header.Get("Azure-AsyncOperation")
			for range 60 {
				if _, doc := r.send(http.MethodGet, status, ""); at(doc, "status") == world.Succeeded {
					break
				}
				time.Sleep(time.Second)
			}
			view := r.get(url + "/instanceView")
			if code := at(view, "statuses", 1, "code"); code != "PowerState/"+want {
				t.Errorf("after a deallocation: %v, wanted %s", code, want)
			}
		}
	})
}

func TestS33StartFailsThoughTheDataIsHome(t *testing.T) {
	for _, fault := range []string{"{when: boot, what: start-fails}", "{when: boot, what: switch-missing, host: hv01}"} {
		inBubble(t, withFault(fault), func(r *rig) {
			t := r.t
			id, _ := r.item("app01")
			j := r.until(r.post(id+"/plannedFailover", failback("ForSynchronization")), world.Succeeded, world.Failed)
			if at(j, "properties", "state") != world.Failed || at(j, "properties", "errors", 0, "taskId") != "StartVmOnPrimaryTask" {
				t.Errorf("%v", at(j, "properties", "errors"))
			}
			r.waitFor(id, "FinalizeFailback")
			if vm := r.home("hv01"); vm.State != "Off" {
				t.Errorf("the VM is %s", vm.State)
			}
		})
	}
}

// What a host says of each odd boot, and what a machine beside the guest meets.
func TestS46OddBootsAsAHostSeesThem(t *testing.T) {
	for fault, want := range map[string]struct {
		heartbeat string
		address   string // how it begins; empty for none
		answer    world.Answer
	}{
		"no-boot":           {"NoContact", "", world.Silence},
		"boot-loops":        {"NoContact", "", world.Silence},
		"boots-to-recovery": {"OkApplicationsUnknown", "", world.Silence},
		"heartbeat-lies":    {"OkApplicationsHealthy", "192.0.2.", world.Silence},
		"restarts":          {"OkApplicationsHealthy", "192.0.2.", world.Answers},
		"wrong-address":     {"OkApplicationsHealthy", "198.51.100.", world.Answers},
		"ports-closed":      {"OkApplicationsHealthy", "192.0.2.", world.Refused},
	} {
		inBubble(t, withFault("{when: boot, what: "+fault+"}"), func(r *rig) {
			t := r.t
			var id string
			r.World().Read(func(s *world.State) { id = s.Item("app01").HyperVID })
			if err := r.World().StartHome("hv01", id); err != nil {
				t.Fatal(err)
			}
			back := false
			for last := int64(0); r.home("hv01").Uptime < 300 && !back; time.Sleep(time.Second) {
				up := r.home("hv01").Uptime
				back = back || up < last
				if last = up; back && fault == "restarts" {
					time.Sleep(5 * time.Minute)
				}
			}
			vm := r.home("hv01")
			if restarts := fault == "boot-loops" || fault == "restarts"; back != restarts {
				t.Errorf("%s: uptime went back: %v", fault, back)
			}
			if vm.State != "Running" || vm.Heartbeat != want.heartbeat || len(vm.Addresses) > 0 != (want.address != "") {
				t.Errorf("%s: %+v", fault, vm)
			}
			for _, a := range vm.Addresses {
				if answer := r.World().Reach(a, 3389); !strings.HasPrefix(a, want.address) || answer != want.answer {
					t.Errorf("%s: %s answers %q", fault, a, answer)
				}
			}
		})
	}
}

func TestVMThatDoesNotBoot(t *testing.T) {
	inBubble(t, withFault("{when: boot, what: no-boot}"), func(r *rig) {
		t := r.t
		id, _ := r.item("app01")
		r.until(r.post(id+"/plannedFailover", failback("ForSynchronization")), world.Succeeded)
		time.Sleep(time.Minute)
		if vm := r.home("hv01"); vm.State != "Running" || vm.Heartbeat != "NoContact" {
			t.Errorf("%+v", vm.VMRow)
		}
	})
}

func TestS7DroppedRangeShowsInTheChecksums(t *testing.T) {
	inBubble(t, withFault("{when: final-sync, what: drop-changed-range}"), func(r *rig) {
		t := r.t
		id, _ := r.item("app01")
		job := r.post(id+"/plannedFailover", failback("ForDownTime"))
		r.until(job, world.Suspended)
		time.Sleep(20 * time.Second)
		r.post("/replicationJobs/"+job+"/resume", "")
		r.until(job, world.Succeeded)
		if home, azure := r.sums(); home[0] == azure[0] && home[1] == azure[1] {
			t.Error("a dropped range does not show")
		}
	})
}

func TestS13UnreachableHostHoldsTheSyncUp(t *testing.T) {
	inBubble(t, withFault("{when: initial-sync, what: host-unreachable, for: 20m}"), func(r *rig) {
		t := r.t
		id, _ := r.item("app01")
		start := time.Now()
		job := r.post(id+"/plannedFailover", failback("ForDownTime"))
		time.Sleep(5 * time.Second)
		p := at(r.get("/replicationRecoveryServicesProviders"), "value", 0, "properties")
		if at(p, "connectionStatus") != "NotConnected" || at(p, "healthErrorDetails", 0, "errorCode") != "708" {
			t.Errorf("%v", p)
		}
		r.until(job, world.Suspended)
		if took := time.Since(start); took < 20*time.Second {
			t.Errorf("it took only %v", took)
		}
	})
}

func TestConditionsStopAJobWithItsError(t *testing.T) {
	for fault, code := range map[string]string{
		"{when: always, what: heartbeat-old, item: app01, age: 2h}": "708",
		"{when: prepare, what: volume-full}":                        "539",
		"{when: initial-sync, what: job-fails, code: \"28031\"}":    "28031",
	} {
		inBubble(t, withFault(fault), func(r *rig) {
			t := r.t
			id, _ := r.item("app01")
			op := r.post(id+"/plannedFailover", failback("ForDownTime"))
			j := r.until(op, world.Failed, world.Suspended, world.Succeeded)
			if got := at(j, "properties", "errors", 0, "serviceErrorDetails", "code"); got != code {
				t.Errorf("%s: %v", fault, got)
			}
			status := r.get("/replicationOperationStatus/" + op)
			if at(status, "status") != world.Failed || at(status, "error", "code") != code {
				t.Errorf("%s: %v", fault, status)
			}
			r.waitFor(id, "Failback")
		})
	}
}

func TestWarningOnASucceededOperation(t *testing.T) {
	inBubble(t, withFault("{when: prepare, what: job-warns}"), func(r *rig) {
		t := r.t
		id, _ := r.item("app01")
		op := r.post(id+"/plannedFailover", failback("ForSynchronization"))
		r.until(op, world.Succeeded)
		status := r.get("/replicationOperationStatus/" + op)
		if at(status, "status") != world.Succeeded || at(status, "error", "code") != "28175" || at(status, "percentComplete") != nil {
			t.Errorf("%v", status)
		}
	})
}

func TestS10ManagedDiskRefused(t *testing.T) {
	inBubble(t, withFault("{when: start, what: managed-refused}"), func(r *rig) {
		t := r.t
		id, _ := r.item("app01")
		resp, doc := r.send(http.MethodPost, id+"/plannedFailover", failback("ForDownTime"))
		if resp.StatusCode != http.StatusBadRequest || at(doc, "error", "details", 0, "message") != "Expected 'Blob', Actual 'ManagedDisk'." {
			t.Errorf("%d %v", resp.StatusCode, doc)
		}
	})
}

func TestS70SomebodyStartsTheVMWhileItIsWritten(t *testing.T) {
	inBubble(t, withFault("{when: initial-sync, what: foreign-start}"), func(r *rig) {
		t := r.t
		id, _ := r.item("app01")
		r.post(id+"/plannedFailover", failback("ForDownTime"))
		time.Sleep(3 * time.Second)
		if vm := r.home("hv01"); vm.State != "Running" {
			t.Errorf("nobody started it: %+v", vm.VMRow)
		}
	})
}
