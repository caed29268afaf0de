package siterecovery

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"failback/engine"
)

// exchange is one recorded request with its answer.
type exchange struct {
	Method   string
	Path     string
	Request  json.RawMessage
	Status   int
	Headers  map[string]string
	Response json.RawMessage
}

// below is the path below the vault.
func (e exchange) below() string {
	p, _, _ := strings.Cut(e.Path, "?")
	if i := strings.Index(strings.ToLower(p), "/vaults/"); i >= 0 {
		_, p, _ = strings.Cut(p[i+len("/vaults/"):], "/")
	}
	return p
}

// recorded reads a recording; the test is skipped where there are none.
func recorded(t *testing.T, name string) []exchange {
	t.Helper()
	dir := os.Getenv("FAILBACK_WIRE")
	if dir == "" {
		t.Skip("FAILBACK_WIRE names no folder with recordings")
	}
	raw, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	var out []exchange
	if err := json.Unmarshal(raw, &out); err != nil {
		t.Fatal(err)
	}
	return out
}

// replay serves a recording: answers to the same request in recorded order, the
// last of them for ever.
func replay(exchanges []exchange) map[string]http.HandlerFunc {
	queues := map[string][]exchange{}
	for _, e := range exchanges {
		key := e.Method + " " + e.below()
		queues[key] = append(queues[key], e)
	}
	routes := map[string]http.HandlerFunc{}
	for key, queue := range queues {
		next := 0
		routes[key] = func(w http.ResponseWriter, _ *http.Request) {
			e := queue[min(next, len(queue)-1)]
			next++
			for k, v := range e.Headers {
				w.Header().Set(k, v)
			}
			w.WriteHeader(e.Status)
			if string(e.Response) != "null" {
				_, _ = w.Write(e.Response)
			}
		}
	}
	return routes
}

func TestWireItemsList(t *testing.T) {
	c, _ := newVault(t, replay(recorded(t, "items-list-2017.json")))
	items, err := c.Items(t.Context())
	if err != nil || len(items) != 1 {
		t.Fatalf("items = %+v, %v", items, err)
	}
	it := items[0]
	if it.Name != "vm2" || it.VMID != "cf29eb7a-58e1-45b4-b760-c530c1134df4" || it.Active != engine.LocationOnPremises || it.State != engine.ItemProtected ||
		it.CurrentJob != "" || it.Policy != "protectionprofile1" || it.FabricName != "SiteRecoveryTestSite1" || it.OutOfScope != "" || it.Encryption ||
		it.AzureVM.ResourceGroup != "siterecoveryprod1" || !strings.HasSuffix(it.HostID, "/ba2a2d25-377f-4f4b-94a4-2981c79b0998") {
		t.Errorf("item = %+v", it)
	}
	if r := it.Ready(engine.ToAzure); !r.Ready {
		t.Errorf("not ready for a planned failover: %s", r.Reason)
	}
}

// The recorded failback of one VM of a Hyper-V site: our request is the one
// that the service accepted, and the job's name is the one it answered with.
func TestWireS34FailbackOfASite(t *testing.T) {
	exchanges := recorded(t, "site-failback-2023.json")
	routes := replay(exchanges)
	for _, e := range exchanges {
		if e.Method != http.MethodPost || !strings.HasSuffix(e.below(), "/plannedFailover") {
			continue
		}
		id := testVault + "/" + strings.TrimSuffix(e.below(), "/plannedFailover")
		routes["GET "+strings.TrimSuffix(e.below(), "/plannedFailover")] = answer(item{id: id}.doc())
		c, v := newVault(t, routes)
		r := startRequest()
		r.Item.ID, r.Sync = id, engine.SyncFull
		job, err := c.Start(t.Context(), r)
		if err != nil || job != "fb9ac911-1496-40e0-a58e-d183de51512e" {
			t.Fatalf("Start = %q, %v", job, err)
		}
		sameJSON(t, v.posts()[0].Body, string(e.Request))
		return
	}
	t.Fatal("the recording holds no planned failover")
}

func TestWireS48CommitOfASite(t *testing.T) {
	exchanges := recorded(t, "site-commit-forward-2017.json")
	routes := replay(exchanges)
	for _, e := range exchanges {
		if e.Method != http.MethodPost {
			continue
		}
		below := strings.TrimSuffix(e.below(), "/failoverCommit")
		routes["GET "+below] = answer(item{id: testVault + "/" + below, state: "UnplannedFailoverCommitPendingStatesBegin", allowed: []string{"Commit"}}.doc())
		c, v := newVault(t, routes)
		job, err := c.Commit(t.Context(), engine.Item{ID: testVault + "/" + below}, "")
		if err != nil || job != "55ec8d2f-d512-435e-b301-0474a1879860" || len(v.posts()) != 1 {
			t.Fatalf("Commit = %q, %v, %d POSTs", job, err, len(v.posts()))
		}
		j, err := c.Job(t.Context(), job)
		if err != nil || j.Scenario != engine.ScenarioCommit || j.FromAzure || len(j.Tasks) == 0 {
			t.Errorf("job = %+v, %v", j, err)
		}
		return
	}
	t.Fatal("the recording holds no commit")
}

// The recorded planned failover towards Azure, from its start to its end.
func TestWireS41PlannedFailoverForward(t *testing.T) {
	exchanges := recorded(t, "site-planned-failover-forward-2017.json")
	c, _ := newVault(t, replay(exchanges))
	var post exchange
	for _, e := range exchanges {
		if e.Method == http.MethodPost {
			post = e
		}
	}
	id := testVault + "/" + strings.TrimSuffix(post.below(), "/plannedFailover")
	it, err := c.Item(t.Context(), id)
	if err != nil || it.Name != "hyperV1" || it.FailedOver.Year() == 1753 {
		t.Fatalf("item = %+v, %v", it, err)
	}
	job, err := c.Start(t.Context(), engine.StartRequest{Item: it, Direction: engine.ToAzure, RequestID: "r"})
	if err != nil || job != "c1197e2e-20dd-4c26-b9b4-12b1f14c6205" {
		t.Fatalf("Start = %q, %v", job, err)
	}
	var last engine.Job
	for range exchanges {
		if last, err = c.Job(t.Context(), job); err != nil || last.State.Ended() {
			break
		}
		if last.FromAzure || last.TargetID != it.VMID || last.Tasks[0].Name != "VmPfoPrerequisitesCheck" || !strings.HasPrefix(last.ActivityID, "0bcc90bf-") {
			t.Fatalf("job = %+v", last)
		}
	}
	if err != nil || last.State != engine.JobSucceeded || len(last.Tasks) != 5 {
		t.Errorf("job = %+v, %v", last, err)
	}
	for _, task := range last.Tasks {
		if !task.Done() || task.Started.IsZero() {
			t.Errorf("task %s: state %s, started %v", task.Name, task.State, task.Started)
		}
	}
}

func TestWireFabricsAndRecoveryPlan(t *testing.T) {
	forward := recorded(t, "site-planned-failover-forward-2017.json")
	routes := replay(forward)
	routes[hosts] = answer(list(strings.ReplaceAll(hostDoc, "site1", "primaryFriendlyName")))
	plan := recorded(t, "plan-get-2017.json")[0]
	routes["GET replicationRecoveryPlans"] = answer(list(string(plan.Response)))
	c, _ := newVault(t, routes)
	if got, err := c.Hosts(t.Context()); err != nil || len(got) != 1 {
		t.Errorf("hosts = %+v, %v", got, err)
	}
	plans, err := c.RecoveryPlans(t.Context())
	if err != nil || len(plans) != 1 || plans[0].Name != "rpTest1" || len(plans[0].Groups) != 1 || !strings.HasSuffix(plans[0].Groups[0].Items[0], "/vm1") {
		t.Errorf("plans = %+v, %v", plans, err)
	}
}
