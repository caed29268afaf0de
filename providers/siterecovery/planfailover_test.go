package siterecovery

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"

	"failback/engine"
)

const (
	testPlan      = testVault + "/replicationRecoveryPlans/shop"
	planJob       = "c3b0cd39-2f94-4630-9726-7e5eba8d1dfc"
	planOperation = "4ebba536-f02c-4317-9a3c-1a048f0daebb"
	getPlan       = "GET replicationRecoveryPlans/shop"
	postPlan      = "POST replicationRecoveryPlans/shop/"
	getOperation  = "GET replicationOperationStatus/" + planOperation
	getPlanJob    = "GET replicationJobs/" + planJob
	secondItem    = testFabric + "/replicationProtectionContainers/cloud_1/replicationProtectedItems/item2"
)

// planDoc is a recovery plan with these items, each in a group of its own.
func planDoc(more string, items ...string) string {
	groups := []string{`{"groupType":"Shutdown","replicationProtectedItems":[]}`, `{"groupType":"Failover","replicationProtectedItems":[]}`}
	for _, id := range items {
		groups = append(groups, fmt.Sprintf(`{"groupType":"Boot","replicationProtectedItems":[{"id":%q,"virtualMachineId":%q}]}`, id, testVM))
	}
	return fmt.Sprintf(`{"id":%q,"name":"shop","properties":{"friendlyName":"shop","replicationProviders":["HyperVReplicaAzure"],
	 "allowedOperations":["PlannedFailover","UnplannedFailover","TestFailover"],"groups":[%s]%s}}`, testPlan, strings.Join(groups, ","), more)
}

// acceptPlan answers as the service does for a recovery plan: the operation has an
// id of its own, also in the request id.
func acceptPlan(w http.ResponseWriter, r *http.Request) {
	at := "http://" + r.Host + testVault
	w.Header().Set("Location", at+"/replicationRecoveryPlans/shop/operationresults/"+planOperation+"?api-version=2025-01-01")
	w.Header().Set("Azure-AsyncOperation", at+"/replicationOperationStatus/"+planOperation+"?api-version=2025-01-01")
	w.Header().Set("x-ms-request-id", testVault+"/replicationJobs/"+planOperation+", 9cea4caf 5/13/2017 6:09:52 PM")
	w.WriteHeader(http.StatusAccepted)
}

func operationAnswer(status int, request, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if request != "" {
			w.Header().Set("x-ms-request-id", request)
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, body)
	}
}

func planStart() engine.PlanStart {
	return engine.PlanStart{Plan: testPlan, Direction: engine.ToOnPremises, Sync: engine.SyncDelta, RequestID: "11111111-2222-3333-4444-555555555555"}
}

// planRoutes is a vault with a recovery plan of one item that may go home.
func planRoutes() map[string]http.HandlerFunc {
	return map[string]http.HandlerFunc{
		listed: answer(list(item{}.doc())), getPlan: answer(planDoc("", testItem)), postPlan + "plannedFailover": acceptPlan,
		getOperation: operationAnswer(200, testVault+"/replicationJobs/"+planJob, `{"name":"`+planJob+`","status":"InProgress"}`),
	}
}

func startedPlan(t *testing.T, routes map[string]http.HandlerFunc, r engine.PlanStart) string {
	t.Helper()
	c, v := newVault(t, routes)
	job, err := c.StartPlan(t.Context(), r)
	if err != nil || job != planJob {
		t.Fatalf("StartPlan = %q, %v; want job %s", job, err, planJob)
	}
	posts := v.posts()
	if len(posts) != 1 || posts[0].Header.Get("x-ms-client-request-id") != r.RequestID {
		t.Fatalf("POSTs %v", posts)
	}
	return posts[0].Body
}

func TestS21PlanBodyIsAnArrayWithoutAHost(t *testing.T) {
	sameJSON(t, startedPlan(t, planRoutes(), planStart()), `{"properties":{"failoverDirection":"RecoveryToPrimary","providerSpecificDetails":[
		{"instanceType":"HyperVReplicaAzureFailback","dataSyncOption":"ForDownTime","recoveryVmCreationOption":"NoAction"}]}}`)
	r := planStart()
	r.Sync, r.CreateVM = engine.SyncFull, true
	sameJSON(t, startedPlan(t, planRoutes(), r), `{"properties":{"failoverDirection":"RecoveryToPrimary","providerSpecificDetails":[
		{"instanceType":"HyperVReplicaAzureFailback","dataSyncOption":"ForSynchronization","recoveryVmCreationOption":"CreateVmIfNotFound"}]}}`)
}

func TestS21PlanBodyTowardsAzure(t *testing.T) {
	routes := planRoutes()
	routes[listed] = answer(list(item{active: "Primary", state: "Protected", allowed: []string{"PlannedFailover"}}.doc()))
	r := planStart()
	r.Direction, r.Sync, r.Certificate = engine.ToAzure, engine.SyncUnknown, engine.NewCertificate("AB", []byte("pfx"))
	sameJSON(t, startedPlan(t, routes, r), `{"properties":{"failoverDirection":"PrimaryToRecovery","providerSpecificDetails":[
		{"instanceType":"HyperVReplicaAzure","primaryKekCertificatePfx":"cGZ4","recoveryPointType":"Latest"}]}}`)
	for point, word := range map[engine.PlanPoint]string{
		engine.PointLatest: "Latest", engine.PointAppConsistent: "LatestApplicationConsistent", engine.PointProcessed: "LatestProcessed",
	} {
		r.Point, r.Certificate = point, nil
		sameJSON(t, startedPlan(t, routes, r), `{"properties":{"failoverDirection":"PrimaryToRecovery","providerSpecificDetails":[
			{"instanceType":"HyperVReplicaAzure","recoveryPointType":"`+word+`"}]}}`)
	}
}

// The job is never the operation: its name is in the status, else in that answer's
// request id, else the plan's current job, if that carries our request.
func TestS21JobOfAPlanIsFoundWhereverTheServiceTellsIt(t *testing.T) {
	own := `{"id":"j","name":"` + planJob + `","properties":{"scenarioName":"Failback","state":"InProgress","activityId":"11111111-2222-3333-4444-555555555555 ActivityId: x"}}`
	current := `,"currentScenario":{"scenarioName":"PlannedFailover","jobId":"` + testVault + `/replicationJobs/` + planJob + `"}`
	for name, c := range map[string]struct {
		status http.HandlerFunc
		plan   string
		want   string
	}{
		"in the status":         {operationAnswer(200, "", `{"name":"`+planJob+`","status":"Succeeded"}`), "", planJob},
		"in the request id":     {operationAnswer(200, testVault+"/replicationJobs/"+planJob, `{"name":"`+planOperation+`","status":"InProgress"}`), "", planJob},
		"in the plan":           {operationAnswer(200, "", `{"name":null,"status":"InProgress"}`), current, planJob},
		"204 without a body":    {operationAnswer(204, "", ""), current, planJob},
		"an operation unknown":  {operationAnswer(404, "", `{"error":{"code":"NotFound"}}`), current, planJob},
		"garbage":               {operationAnswer(200, "", `<html>`), current, planJob},
		"nowhere":               {operationAnswer(200, "", `{"status":"InProgress"}`), "", ""},
		"only the operation id": {operationAnswer(200, "plain guid", `{"name":"`+planOperation+`","status":"InProgress"}`), "", ""},
	} {
		t.Run(name, func(t *testing.T) {
			routes := planRoutes()
			routes[getOperation], routes[getPlan], routes[getPlanJob] = c.status, answer(planDoc(c.plan, testItem)), answer(own)
			cl, v := newVault(t, routes)
			job, err := cl.StartPlan(t.Context(), planStart())
			if n := len(v.posts()); n != 1 {
				t.Errorf("%d POSTs, want one", n)
			}
			if job != c.want || (err == nil) != (c.want != "") || err != nil && engine.KindOf(err) != engine.FailureUnknown {
				t.Errorf("StartPlan = %q, %v", job, err)
			}
		})
	}
	// Somebody else's job on the same plan is not ours.
	routes := planRoutes()
	routes[getOperation], routes[getPlan] = operationAnswer(204, "", ""), answer(planDoc(current, testItem))
	routes[getPlanJob] = answer(strings.ReplaceAll(own, "11111111-2222", "99999999-2222"))
	c, _ := newVault(t, routes)
	if job, err := c.StartPlan(t.Context(), planStart()); job != "" || engine.KindOf(err) != engine.FailureUnknown {
		t.Errorf("took another's job: %q, %v", job, err)
	}
}

// S22, S24: a plan that contradicts where its items run is not started, whichever
// side was swapped, and every item that stays is named.
func TestS22SwappedSidesOfAPlanAreRefused(t *testing.T) {
	home := item{id: secondItem, name: "db", active: "Primary", state: "Protected", allowed: []string{"PlannedFailover"}}
	routes := planRoutes()
	routes[listed], routes[getPlan] = answer(list(item{}.doc(), home.doc())), answer(planDoc("", testItem, secondItem))
	refused(t, routes, "db: already on-premises", func(c *Client) error {
		_, err := c.StartPlan(t.Context(), planStart())
		return err
	})
	refused(t, routes, "web: already in Azure", func(c *Client) error {
		r := planStart()
		r.Direction = engine.ToAzure
		_, err := c.StartPlan(t.Context(), r)
		return err
	})
}

func TestS21PlanInATestFailoverIsNotStarted(t *testing.T) {
	for _, more := range []string{
		`,"currentScenarioStatus":"Suspended","currentScenarioStatusDescription":"WaitingForStopTestFailover"`,
		`,"allowedOperations":["TestFailoverCleanup"]`,
	} {
		routes := planRoutes()
		routes[getPlan] = answer(planDoc(more, testItem))
		refused(t, routes, "clean up the test failover", func(c *Client) error {
			_, err := c.StartPlan(t.Context(), planStart())
			return err
		})
	}
}

func TestS21MoreThanAHundredItemsAreExplained(t *testing.T) {
	routes := planRoutes()
	var ids, docs []string
	for i := range 101 {
		id := fmt.Sprintf("%s%d", secondItem, i)
		ids, docs = append(ids, id), append(docs, item{id: id, name: fmt.Sprintf("vm%d", i)}.doc())
	}
	routes[getPlan], routes[listed] = answer(planDoc("", ids...)), answer(list(docs...))
	refused(t, routes, "at most 100", func(c *Client) error {
		_, err := c.StartPlan(t.Context(), planStart())
		if err != nil && !strings.Contains(err.Error(), "Group 1 to Group 100: 100, Group 101: 1") {
			t.Errorf("no way to split is named: %v", err)
		}
		return err
	})
}

func TestS21LostAnswerOfAPlanIsUnknownAndSentOnce(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"500": func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) },
		"broken": func(http.ResponseWriter, *http.Request) {
			panic(http.ErrAbortHandler)
		},
	} {
		t.Run(name, func(t *testing.T) {
			routes := planRoutes()
			for _, verb := range []string{"plannedFailover", "failoverCommit", "reProtect"} {
				routes[postPlan+verb] = h
			}
			c, v := newVault(t, routes)
			for _, act := range []func() (string, error){
				func() (string, error) { return c.StartPlan(t.Context(), planStart()) },
				func() (string, error) { return c.CommitPlan(t.Context(), testPlan, "r2") },
				func() (string, error) { return c.ReprotectPlan(t.Context(), testPlan, "r3") },
			} {
				if _, err := act(); engine.KindOf(err) != engine.FailureUnknown {
					t.Errorf("%v, want an unknown outcome", err)
				}
			}
			if n := len(v.posts()); n != 3 {
				t.Errorf("%d POSTs for three operations", n)
			}
		})
	}
}

func TestS48CommitAndReprotectOfAPlanHaveNoBody(t *testing.T) {
	routes := planRoutes()
	routes[postPlan+"failoverCommit"], routes[postPlan+"reProtect"] = acceptPlan, acceptPlan
	c, v := newVault(t, routes)
	commit, err := c.CommitPlan(t.Context(), testPlan, "r2")
	if err != nil || commit != planJob {
		t.Errorf("CommitPlan = %q, %v", commit, err)
	}
	back, err := c.ReprotectPlan(t.Context(), testPlan, "r3")
	if err != nil || back != planJob {
		t.Errorf("ReprotectPlan = %q, %v", back, err)
	}
	for _, p := range v.posts() {
		if p.Body != "" {
			t.Errorf("%s has the body %q", p.Path, p.Body)
		}
	}
}

// manualJob is the plan's job with two manual actions: one done, one waiting.
const manualJob = `{"id":"j","name":"` + planJob + `","properties":{"scenarioName":"Failback","state":"Suspended","stateDescription":"WaitingForManualAction",
 "targetInstanceType":"RecoveryPlan","allowedActions":["Cancel","Resume"],"tasks":[
 {"taskId":"WaitForUserInputForFailback","name":"WaitForUserInputForFailback","state":"Succeeded","stateDescription":"Completed"},
 {"taskId":"m1","name":"Unknown","friendlyName":"drain","state":"Succeeded","stateDescription":"Completed","taskType":"ManualActionTaskDetails",
  "customDetails":{"instanceType":"ManualActionTaskDetails","name":"drain","instructions":"drain the load balancer","observation":"done"}},
 {"taskId":"g","name":"Unknown","state":"InProgress","taskType":"RecoveryPlanGroupTaskDetails","groupTaskCustomDetails":{"instanceType":"RecoveryPlanGroupTaskDetails","rpGroupType":"BootGroup","childTasks":[
  {"taskId":"v","name":"Unknown","friendlyName":"web","state":"NotStarted","taskType":"VirtualMachineTaskDetails","customDetails":{"instanceType":"VirtualMachineTaskDetails","skippedReason":"None",
   "jobTask":{"jobId":"` + testVault + `/replicationJobs/","targetObjectId":"` + testVM + `","targetObjectName":"web","jobScenarioName":"Failback"}}}]}},
 {"taskId":"m2","name":"Unknown","friendlyName":"dns","state":"Suspended","stateDescription":"WaitingForManualAction","taskType":"ManualActionTaskDetails",
  "customDetails":{"instanceType":"ManualActionTaskDetails","name":"dns","instructions":"change the DNS record"}}]}}`

func TestS42ManualActionIsNoCompleteFailover(t *testing.T) {
	routes := map[string]http.HandlerFunc{getPlanJob: answer(manualJob), "POST replicationJobs/" + planJob + "/resume": accept("x")}
	refused(t, routes, "does not wait for its completion", func(c *Client) error { return c.Complete(t.Context(), planJob, "", "") })
	refused(t, routes, "does not wait for that manual action", func(c *Client) error { return c.FinishManual(t.Context(), planJob, "m1", "", "") })
	refused(t, map[string]http.HandlerFunc{getPlanJob: answer(strings.ReplaceAll(manualJob, "WaitingForManualAction", "WaitingForStopTestFailover"))},
		"does not wait for that manual action", func(c *Client) error { return c.FinishManual(t.Context(), planJob, "m2", "", "") })
	c, v := newVault(t, routes)
	j, err := c.Job(t.Context(), planJob)
	task, waits := j.ManualAction()
	if err != nil || !waits || task.Action.Name != "dns" || task.Action.Text != "change the DNS record" {
		t.Fatalf("waits for %+v, %v, %v", task, waits, err)
	}
	vm := j.Tasks[2].Children[0]
	if j.Tasks[2].Group != engine.GroupBoot || vm.Child == nil || vm.Child.Job != "" || vm.Child.TargetID != testVM {
		t.Errorf("group %q, VM's task %+v", j.Tasks[2].Group, vm)
	}
	if err := c.FinishManual(t.Context(), planJob, "m2", "bob: done", "r4"); err != nil {
		t.Fatal(err)
	}
	sameJSON(t, v.posts()[0].Body, `{"properties":{"comments":"bob: done"}}`)
}

// The recorded commit of a recovery plan: the operation's id is not the job's.
func TestWireS48CommitOfAPlan(t *testing.T) {
	exchanges := recorded(t, "plan-commit-2017.json")
	routes := replay(exchanges)
	for _, e := range exchanges {
		if e.Method != http.MethodPost {
			continue
		}
		below := strings.TrimSuffix(e.below(), "/failoverCommit")
		post := routes["POST "+e.below()]
		routes["POST "+e.below()] = func(w http.ResponseWriter, r *http.Request) {
			post(&local{w, "http://" + r.Host}, r)
		}
		c, v := newVault(t, routes)
		job, err := c.CommitPlan(t.Context(), testVault+"/"+below, "r")
		if err != nil || job != planJob || len(v.posts()) != 1 || v.posts()[0].Body != "" {
			t.Fatalf("CommitPlan = %q, %v, POSTs %v", job, err, v.posts())
		}
		plan, err := c.RecoveryPlan(t.Context(), testVault+"/"+below)
		if err != nil || plan.Job != planJob || plan.Status != "Succeeded" || plan.InTestFailover() {
			t.Errorf("plan %+v, %v", plan, err)
		}
		return
	}
	t.Fatal("the recording holds no commit")
}

// local sends a recording's addresses to the server that replays it.
type local struct {
	http.ResponseWriter
	origin string
}

func (l *local) WriteHeader(status int) {
	for k, values := range l.Header() {
		for i, v := range values {
			l.Header()[k][i] = strings.Replace(v, "https://management.example", l.origin, 1)
		}
	}
	l.ResponseWriter.WriteHeader(status)
}

func TestWireS21TasksOfAPlansJob(t *testing.T) {
	for _, e := range recorded(t, "plan-commit-2017.json") {
		if e.Method != http.MethodGet || !strings.Contains(e.below(), "replicationJobs/") {
			continue
		}
		c, _ := newVault(t, map[string]http.HandlerFunc{getPlanJob: answer(string(e.Response))})
		j, err := c.Job(t.Context(), planJob)
		if err != nil || j.Name != planJob || j.TargetType != engine.TargetRecoveryPlan || j.TargetName != "rpTest1" || len(j.Tasks) != 1 {
			t.Fatalf("job %+v, %v", j, err)
		}
		g := j.Tasks[0]
		if g.Group != "CommitGroup" || g.Friendly != "Group 1: Commit (1)" || len(g.Children) != 1 {
			t.Fatalf("group %+v", g)
		}
		vm := g.Children[0]
		if vm.Child == nil || vm.Child.Job != "d9ee5f62-46b6-48f3-9365-327fc58e9885" || vm.Child.TargetID != "f8491e4f-817a-40dd-a90c-af773978c75b" ||
			vm.Child.Scenario != engine.ScenarioCommit || vm.Skipped != "" {
			t.Errorf("VM's task %+v, %+v", vm, vm.Child)
		}
		return
	}
	t.Fatal("the recording holds no job")
}
