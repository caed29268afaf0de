package siterecovery

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"failback/engine"
)

// A recorded failover of one VM to Azure: every read is what the recording has
// next, and the item ends as a person would find it.
func TestWireReplayOfAFailover(t *testing.T) {
	exchanges := recorded(t, "site-unplanned-failover-2017.json")
	c, _ := newVault(t, replay(exchanges))
	var id string
	var reads []exchange
	for _, e := range exchanges {
		switch {
		case e.Method == http.MethodPost:
			id = testVault + "/" + strings.TrimSuffix(e.below(), "/unplannedFailover")
		case strings.HasPrefix(e.below(), "replicationJobs/"):
			reads = append(reads, e)
		}
	}
	before, err := c.Item(t.Context(), id)
	if err != nil || before.State != engine.ItemProtected || before.Active != engine.LocationOnPremises || !before.Ready(engine.ToAzure).Ready {
		t.Fatalf("before: %+v, %v", before, err)
	}
	for i, e := range reads {
		j, err := c.Job(t.Context(), segment(e.below(), "replicationJobs"))
		if err != nil {
			t.Fatal(err)
		}
		sameJob(t, e.Response, j)
		if j.Direction() != engine.ToAzure || j.TargetID != before.VMID || j.Tasks[2].State != engine.TaskStateSkipped || len(j.OwnErrors()) != 0 {
			t.Errorf("read %d: %+v", i, j)
		}
		if last := i == len(reads)-1; j.State.Good() != last || j.State.Ended() != last {
			t.Errorf("read %d ended: %v", i, j.State)
		}
	}
	after, err := c.Item(t.Context(), id)
	if err != nil || after.State != engine.ItemFailoverPending || after.Active != engine.LocationAzure || !after.Allows(engine.AllowCommit) {
		t.Fatalf("after: %+v, %v", after, err)
	}
	if r := after.Ready(engine.ToOnPremises); r.Ready || !strings.Contains(r.Reason, "not committed") {
		t.Errorf("ready = %+v", r)
	}
	// Its disks are not read: that API version spelt their key otherwise.
	if after.CurrentJob != "" || after.FailedOver.IsZero() {
		t.Errorf("after: %+v", after)
	}
}

// The whole life of one VM in one recording: our requests go out in its order, are
// what the service took, and name the jobs that it made.
func TestWireReplayOfACommitAndAFailback(t *testing.T) {
	exchanges := recorded(t, "site-failback-2023.json")
	routes := replay(exchanges)
	var item1 string
	var want []exchange
	for _, e := range exchanges {
		if e.Method == http.MethodPost && (strings.HasSuffix(e.below(), "/failoverCommit") || strings.HasSuffix(e.below(), "/plannedFailover")) {
			item1 = e.below()[:strings.LastIndexByte(e.below(), '/')]
			want = append(want, e)
		}
	}
	states := []item{{state: "UnplannedFailoverCommitPendingStatesBegin", allowed: []string{"Commit"}}, {}}
	reads := 0
	routes["GET "+item1] = func(w http.ResponseWriter, r *http.Request) {
		it := states[min(reads, 1)]
		it.id = testVault + "/" + item1
		reads++
		answer(it.doc())(w, r)
	}
	c, v := newVault(t, routes)
	r := startRequest()
	r.Item.ID, r.Sync = testVault+"/"+item1, engine.SyncFull
	commit, err := c.Commit(t.Context(), r.Item, "r1")
	if err != nil {
		t.Fatal(err)
	}
	start, err := c.Start(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	posts := v.posts()
	if len(posts) != 2 || len(want) != 2 {
		t.Fatalf("POSTs %v, recorded %d", posts, len(want))
	}
	for i, job := range []string{commit, start} {
		at, _, _ := strings.Cut(want[i].Headers["location"], "?")
		if posts[i].Path != want[i].below() || job != segment(at, "operationresults") {
			t.Errorf("%s made job %s, want %s of %s", posts[i].Path, job, want[i].Headers["location"], want[i].below())
		}
	}
	sameJSON(t, posts[1].Body, string(want[1].Request))
}

// found are the documents of a recording that the provider reads, by kind.
func found(v any, kind func(properties map[string]any) bool) []json.RawMessage {
	var out []json.RawMessage
	switch v := v.(type) {
	case map[string]any:
		if p, ok := v["properties"].(map[string]any); ok && kind(p) {
			raw, err := json.Marshal(v)
			if err != nil {
				panic(err)
			}
			out = append(out, raw)
		}
		for _, k := range sortedKeys(v) {
			out = append(out, found(v[k], kind)...)
		}
	case []any:
		for _, x := range v {
			out = append(out, found(x, kind)...)
		}
	}
	return out
}

func sortedKeys(m map[string]any) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

func has(key string) func(map[string]any) bool {
	return func(p map[string]any) bool { _, ok := p[key]; return ok }
}

// everything is every document of every recording and example.
func everything(tb testing.TB) []any {
	tb.Helper()
	dir := os.Getenv("FAILBACK_WIRE")
	if dir == "" {
		tb.Skip("FAILBACK_WIRE names no folder with recordings")
	}
	var out []any
	for _, pattern := range []string{"*.json", "*/*.json"} {
		files, err := filepath.Glob(filepath.Join(dir, pattern))
		if err != nil {
			tb.Fatal(err)
		}
		for _, f := range files {
			raw, err := os.ReadFile(f)
			if err != nil {
				tb.Fatal(err)
			}
			var v any
			if err := json.Unmarshal(raw, &v); err != nil {
				tb.Fatalf("%s: %v", f, err)
			}
			out = append(out, v)
		}
	}
	return out
}

// sameJob fails the test unless the job says everything that its document does, in
// our words or in the service's.
func sameJob(t *testing.T, doc json.RawMessage, j engine.Job) {
	t.Helper()
	var w struct {
		Name       string
		Properties struct {
			ScenarioName, FriendlyName, State, StateDescription, TargetObjectName string
			AllowedActions                                                        []string
			Tasks                                                                 []rawDoc
			Errors                                                                []any
			CustomDetails                                                         struct{ AffectedObjectDetails map[string]any }
		}
	}
	if err := json.Unmarshal(doc, &w); err != nil {
		t.Fatal(err)
	}
	p := w.Properties
	if j.Name != w.Name || j.Scenario != p.ScenarioName || j.Friendly != p.FriendlyName || string(j.State) != p.State || j.Detail != p.StateDescription ||
		j.TargetName != p.TargetObjectName || !slices.Equal(j.Allowed, p.AllowedActions) && len(p.AllowedActions) > 0 || len(j.Errors) != len(p.Errors) {
		t.Errorf("job = %+v\nof %s", j, doc)
	}
	if primary := p.CustomDetails.AffectedObjectDetails["PrimaryFabricProviderId"]; primary != nil && j.Primary == engine.LocationUnknown {
		t.Errorf("the primary side %v is not known", primary)
	}
	sameTasks(t, p.Tasks, j.Tasks)
}

// rawDoc is a task as a document has it.
type rawDoc struct {
	TaskID, Name, FriendlyName, State, StateDescription, TaskType string
	Errors                                                        []any
	CustomDetails, GroupTaskCustomDetails                         struct {
		InstanceType string
		ChildTasks   []rawDoc
		JobTask      *struct{ JobID, TargetObjectName string }
	}
}

func sameTasks(t *testing.T, want []rawDoc, got []engine.Task) {
	t.Helper()
	if len(want) != len(got) {
		t.Fatalf("%d tasks, want %d", len(got), len(want))
	}
	for i, w := range want {
		g := got[i]
		state := w.State
		if w.StateDescription == "Skipped" {
			state = "Skipped"
		}
		if g.ID != w.TaskID || g.Name != w.Name || g.Friendly != w.FriendlyName || g.State != state || g.Detail != w.StateDescription || len(g.Errors) != len(w.Errors) {
			t.Errorf("task = %+v\nwant %+v", g, w)
		}
		if kind := w.CustomDetails.InstanceType; kind != "" && kind != "TaskDetails" && g.Kind != kind {
			t.Errorf("task %s is a %s, not a %q", g.Name, kind, g.Kind)
		}
		if l := w.CustomDetails.JobTask; l != nil && (g.Child == nil || g.Child.Job != l.JobID[strings.LastIndexByte(l.JobID, '/')+1:] || g.Child.Target != l.TargetObjectName) {
			t.Errorf("task %s links %+v, want %+v", g.Name, g.Child, l)
		}
		children := w.GroupTaskCustomDetails.ChildTasks
		if children == nil {
			children = w.CustomDetails.ChildTasks
		}
		sameTasks(t, children, g.Children)
	}
}

// Every value that a recording or an example has is understood, or shown as it is.
func TestWireEveryValueIsUnderstoodOrShown(t *testing.T) {
	jobs, items, hosts := 0, 0, 0
	for _, v := range everything(t) {
		for _, doc := range found(v, has("scenarioName")) {
			c, _ := newVault(t, map[string]http.HandlerFunc{getJob: answer(string(doc))})
			j, err := c.Job(t.Context(), testJob)
			if err != nil {
				t.Fatalf("%v: %s", err, doc)
			}
			sameJob(t, doc, j)
			jobs++
		}
		for _, doc := range found(v, has("protectionState")) {
			var w struct {
				Properties struct {
					ProtectionState, ProtectionStateDescription, ActiveLocation, ReplicationHealth string
					AllowedOperations                                                              []string
					ProviderSpecificDetails                                                        struct{ InstanceType string }
				}
			}
			if err := json.Unmarshal(doc, &w); err != nil {
				t.Fatal(err)
			}
			c, _ := newVault(t, map[string]http.HandlerFunc{getItem: answer(string(doc))})
			it, err := c.Item(t.Context(), testItem)
			if err != nil {
				t.Fatalf("%v: %s", err, doc)
			}
			p := w.Properties
			if it.RawState != p.ProtectionState || it.RawDescription != p.ProtectionStateDescription || it.Health != p.ReplicationHealth ||
				!slices.Equal(it.Allowed, p.AllowedOperations) && len(p.AllowedOperations) > 0 || (p.ActiveLocation != "") != (it.Active != engine.LocationUnknown) {
				t.Errorf("item = %+v\nof %s", it, doc)
			}
			if kind := p.ProviderSpecificDetails.InstanceType; kind != "HyperVReplicaAzure" && !strings.Contains(it.OutOfScope, kind) {
				t.Errorf("an item of %s is said to be %q", kind, it.OutOfScope)
			}
			if r := it.Ready(engine.ToOnPremises); !r.Ready && (r.Reason == "" || r.Remedy == "") {
				t.Errorf("not ready without a reason: %+v", it)
			}
			items++
		}
		for _, doc := range found(v, has("connectionStatus")) {
			c, _ := newVault(t, map[string]http.HandlerFunc{"GET replicationRecoveryServicesProviders": answer(list(string(doc)))})
			if got, err := c.Hosts(t.Context()); err != nil {
				t.Errorf("%v: %s", err, doc)
			} else {
				hosts += len(got)
			}
		}
	}
	if jobs < 10 || items < 5 || hosts < 1 {
		t.Errorf("only %d jobs, %d items and %d hosts were found: the walk looks in the wrong place", jobs, items, hosts)
	}
	t.Logf("%d jobs, %d items, %d hosts", jobs, items, hosts)
}
