package siterecovery

import (
	"net/http"
	"strings"
	"testing"

	"failback/engine"
)

func task(name, state, detail, more string) string {
	return `{"taskId":"` + name + `","name":"` + name + `","friendlyName":"f","state":"` + state + `","stateDescription":"` + detail + `",
	"startTime":"2026-11-01T10:00:00Z","endTime":"0001-01-01T00:00:00"` + more + `}`
}

func jobDoc(name, state, primary string, tasks ...string) string {
	return `{"id":"/x/replicationJobs/` + name + `","name":"` + name + `","properties":{"scenarioName":"PlannedFailover","friendlyName":"Planned failover",
	 "state":"` + state + `","stateDescription":"` + state + `","targetObjectId":"` + strings.ToUpper(testVM) + `","targetInstanceType":"ProtectionEntity",
	 "startTime":"2026-11-01T10:00:00Z","endTime":"2026-11-01T11:00:00Z","allowedActions":[],
	 "customDetails":{"instanceType":"AsrJobDetails","affectedObjectDetails":{"PrimaryFabricProviderId":"` + primary + `","RecoveryFabricProviderId":"HyperVSite"}},
	 "tasks":[` + strings.Join(tasks, ",") + `]}}`
}

func TestS41JobWithGroupsInlineWorkflowAndSkippedTasks(t *testing.T) {
	children := `"childTasks":[` + task("InitiateDataSync", "Succeeded", "Completed", "") + `,` + task("MonitorDataSync", "InProgress", "InProgress", "") + `]`
	failed := `,"errors":[{"errorLevel":"Error","taskId":"t1","serviceErrorDetails":{"code":"539","message":"provider failed","possibleCauses":"many","recommendedAction":"retry"},
	  "providerErrorDetails":{"errorCode":32,"errorMessage":"disk full"}}]`
	for where, details := range map[string]string{
		"group details": `,"taskType":"InlineWorkflowTaskDetails","customDetails":null,"groupTaskCustomDetails":{"instanceType":"InlineWorkflowTaskDetails",` + children + `}`,
		"own details":   `,"taskType":"InlineWorkflowTaskDetails","customDetails":{"instanceType":"InlineWorkflowTaskDetails",` + children + `},"groupTaskCustomDetails":null`,
	} {
		doc := jobDoc(testJob, "InProgress", "Azure", task("InitiateDataSync", "Other", "Skipped", ""), task("MonitorDataSync", "Succeeded", "Skipped", ""),
			task("StartAzureVmFailback", "InProgress", "InProgress", details), task("StartVmOnPrimary", "Failed", "Failed", failed))
		c, _ := newVault(t, map[string]http.HandlerFunc{getJob: answer(doc)})
		j, err := c.Job(t.Context(), testJob)
		if err != nil {
			t.Fatal(err)
		}
		if !j.FromAzure || j.State != engine.JobInProgress || len(j.Tasks) != 4 {
			t.Fatalf("%s: job = %+v", where, j)
		}
		if j.Tasks[0].State != engine.TaskStateSkipped || j.Tasks[1].State != engine.TaskStateSkipped {
			t.Errorf("%s: skipped tasks are %q and %q", where, j.Tasks[0].State, j.Tasks[1].State)
		}
		if final, ok := j.Find(engine.TaskMonitorSync, engine.TaskStartFailback); !ok || final.State != engine.TaskStateInProgress || !final.Ended.IsZero() {
			t.Errorf("%s: final sync = %+v, %v", where, final, ok)
		}
		want := engine.JobError{Code: "539", Message: "provider failed (the host's provider: disk full)", PossibleCauses: "many", Recommended: "retry", Level: "Error", TaskID: "t1"}
		if errs := j.Tasks[3].Errors; len(errs) != 1 || errs[0] != want {
			t.Errorf("%s: errors = %+v", where, errs)
		}
	}
}

func TestInlineWorkflowNestsInInlineWorkflow(t *testing.T) {
	inner := task("Inner", "InProgress", "InProgress", `,"customDetails":{"instanceType":"InlineWorkflowTaskDetails","childTasks":[`+task("Deep", "NotStarted", "NotStarted", "")+`]}`)
	outer := task("Outer", "InProgress", "InProgress", `,"customDetails":{"instanceType":"InlineWorkflowTaskDetails","childTasks":[`+inner+`]}`)
	c, _ := newVault(t, map[string]http.HandlerFunc{getJob: answer(jobDoc(testJob, "InProgress", "Azure", outer))})
	j, err := c.Job(t.Context(), testJob)
	if err != nil {
		t.Fatal(err)
	}
	if len(j.Tasks) != 1 || len(j.Tasks[0].Children) != 1 || len(j.Tasks[0].Children[0].Children) != 1 || j.Tasks[0].Children[0].Children[0].Name != "Deep" {
		t.Errorf("tasks = %+v", j.Tasks)
	}
}

func TestJobsAreNewestFirst(t *testing.T) {
	older := strings.ReplaceAll(jobDoc("older", "Succeeded", "Azure"), "2026-11-01", "2026-10-01")
	c, _ := newVault(t, map[string]http.HandlerFunc{jobs: answer(list(older, jobDoc("newer", "Succeeded", "Azure"), `{"name":"bare"}`))})
	got, err := c.Jobs(t.Context())
	if err != nil || len(got) != 3 || got[0].Name != "newer" || got[1].Name != "older" || got[2].Name != "bare" {
		t.Errorf("jobs = %+v, %v", got, err)
	}
}

// Each row is a history of the VM, newest first, with how it left the disks.
func TestS68DamageIsReadOffTheHistory(t *testing.T) {
	began := task("MonitorDataSync", "Cancelled", "Cancelled", "")
	never := strings.Replace(task("MonitorDataSync", "Cancelled", "Cancelled", ""), "2026-11-01T10:00:00Z", "0001-01-01T00:00:00", 1)
	final := task("StartAzureVmFailback", "Failed", "Failed", `,"groupTaskCustomDetails":{"instanceType":"InlineWorkflowTaskDetails","childTasks":[`+began+`]}`)
	skipped := task("InitiateDataSync", "Other", "Skipped", "")
	type past struct{ state, primary, tasks string }
	for name, c := range map[string]struct {
		history []past
		by      int // index of the job that did it, -1 for none
	}{
		"no history":                    {nil, -1},
		"cancelled while synchronising": {[]past{{"Cancelled", "Azure", began}}, 0},
		"failed in the final sync":      {[]past{{"Failed", "Azure", skipped + "," + final}}, 0},
		"cancelled before it wrote":     {[]past{{"Cancelled", "Azure", never}}, -1},
		"a failed check after a cancel": {[]past{{"Failed", "Azure", never}, {"Cancelled", "Azure", began}}, 1},
		"repaired since":                {[]past{{"Succeeded", "Azure", ""}, {"Cancelled", "Azure", began}}, -1},
		"failed over again since":       {[]past{{"Failed", "HyperVSite", ""}, {"Cancelled", "Azure", began}}, -1},
		"its direction is not told":     {[]past{{"Cancelled", "", began}}, 0},
		"repair runs now":               {[]past{{"InProgress", "Azure", began}, {"Cancelled", "Azure", began}}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			routes := map[string]http.HandlerFunc{getItem: answer(item{}.doc())}
			var rows []string
			for i, p := range c.history {
				id := string(rune('a' + i))
				doc := strings.ReplaceAll(jobDoc(id, p.state, p.primary, p.tasks), "2026-11-01", "2026-11-0"+string(rune('9'-i)))
				routes["GET replicationJobs/"+id] = answer(doc)
				head, _, _ := strings.Cut(doc, `"customDetails"`)
				thin := head + `"customDetails":null,"tasks":[]}}`
				rows = append([]string{thin}, rows...)
			}
			routes[jobs] = answer(list(rows...))
			cl, _ := newVault(t, routes)
			it, err := cl.Item(t.Context(), testItem)
			if err != nil {
				t.Fatal(err)
			}
			if (it.Damaged != nil) != (c.by >= 0) {
				t.Fatalf("damage = %+v, want by job %d", it.Damaged, c.by)
			}
			if c.by >= 0 && (it.Damaged.Job != string(rune('a'+c.by)) || it.Damaged.Since.IsZero() || it.Damaged.Reason == "") {
				t.Errorf("damage = %+v", it.Damaged)
			}
		})
	}
}

func TestS68UnreadableHistoryIsNotTakenForNone(t *testing.T) {
	c, _ := newVault(t, map[string]http.HandlerFunc{getItem: answer(item{}.doc()), jobs: status(403, "", "")})
	if _, err := c.Item(t.Context(), testItem); engine.KindOf(err) != engine.FailurePermission {
		t.Errorf("error = %v, want permission", err)
	}
}

func TestRecoveryPlanGroupsAreTheBootGroups(t *testing.T) {
	c, _ := newVault(t, map[string]http.HandlerFunc{"GET replicationRecoveryPlans": answer(list(`{"id":"p1","name":"rp","properties":{"friendlyName":"Shop",
	 "allowedOperations":["PlannedFailover"],"currentScenarioStatus":"Suspended","groups":[{"groupType":"Shutdown"},{"groupType":"Failover"},
	 {"groupType":"Boot","replicationProtectedItems":[{"id":"i1"},{"id":"i2"}]},{"groupType":"Boot","replicationProtectedItems":[{"id":"i3"}]}]}}`, `{"name":"bare"}`))})
	plans, err := c.RecoveryPlans(t.Context())
	if err != nil || len(plans) != 2 {
		t.Fatalf("plans = %+v, %v", plans, err)
	}
	shop := plans[0]
	if shop.Name != "Shop" || shop.Status != "Suspended" || len(shop.Groups) != 2 || strings.Join(shop.Groups[0].Items, ",") != "i1,i2" || shop.Groups[1].Name != "Group 2" {
		t.Errorf("plan = %+v", shop)
	}
}
