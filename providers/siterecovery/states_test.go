package siterecovery

import (
	"encoding/json"
	"io/fs"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	asr "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservicessiterecovery/v2"

	"failback/engine"
)

// recordedItems finds every replicated item in the recordings, wherever in an
// answer it stands.
func recordedItems(t *testing.T) map[string]json.RawMessage {
	t.Helper()
	dir := os.Getenv("FAILBACK_WIRE")
	if dir == "" {
		t.Skip("FAILBACK_WIRE names no folder with recordings")
	}
	found := map[string]json.RawMessage{}
	var walk func(file string, v any)
	walk = func(file string, v any) {
		switch v := v.(type) {
		case map[string]any:
			if p, ok := v["properties"].(map[string]any); ok && p["allowedOperations"] != nil && p["protectionState"] != nil {
				raw, err := json.Marshal(v)
				if err != nil {
					t.Fatal(err)
				}
				found[string(raw)] = json.RawMessage(file)
			}
			for _, x := range v {
				walk(file, x)
			}
		case []any:
			for _, x := range v {
				walk(file, x)
			}
		}
	}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || filepath.Ext(path) != ".json" {
			return err
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		var doc any
		if err := json.Unmarshal(raw, &doc); err != nil {
			return err
		}
		walk(filepath.Base(path), doc)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

// Whatever combination the recordings hold is explained by a row that has it, and
// nothing of it is dropped.
func TestWireS14EveryCombinationIsInTheTable(t *testing.T) {
	all := recordedItems(t)
	if len(all) == 0 {
		t.Fatal("no item in the recordings")
	}
	for doc, file := range all {
		w := &asr.ReplicationProtectedItem{}
		if err := json.Unmarshal([]byte(doc), w); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		it := decodeItem(w, &directory{})
		if it.RawState != text(w.Properties.ProtectionState) || !slices.Equal(it.Allowed, texts(w.Properties.AllowedOperations)) ||
			it.TestFailover != text(w.Properties.TestFailoverState) {
			t.Errorf("%s: dropped something of %s: %+v", file, doc, it)
		}
		if it.OutOfScope != "" {
			continue
		}
		s := it.Situation()
		same := func(c engine.Combination) bool {
			return c.Protection == it.RawState && c.Active == text(w.Properties.ActiveLocation) && slices.Equal(c.Allowed, it.Allowed)
		}
		if !slices.ContainsFunc(s.Recorded, same) {
			t.Errorf("%s: %s, active %s, %v is explained as %q, which does not have it", file, it.RawState, text(w.Properties.ActiveLocation), it.Allowed, s.Name)
		}
		if it.Ready(engine.ToOnPremises).Ready != slices.Contains(it.Allowed, "Failback") || it.Ready(engine.ToAzure).Ready != slices.Contains(it.Allowed, "PlannedFailover") {
			t.Errorf("%s: readiness does not follow %v", file, it.Allowed)
		}
	}
}

func TestS14UnknownValuesAreShownRaw(t *testing.T) {
	odd := strings.NewReplacer(`"replicationHealth":"Normal"`, `"replicationHealth":"Feverish","testFailoverState":"Sleeping","failoverHealth":"Odd"`).
		Replace(item{state: "BrandNewState", active: "Elsewhere", allowed: []string{"Teleport"}}.doc())
	c, _ := newVault(t, map[string]http.HandlerFunc{getItem: answer(odd)})
	it, err := c.Item(t.Context(), testItem)
	if err != nil {
		t.Fatal(err)
	}
	if it.State != engine.ItemStateOther || it.RawState != "BrandNewState" || it.Allowed[0] != "Teleport" || it.Health != "Feverish" ||
		it.TestFailover != "Sleeping" || it.Replication.FailoverHealth != "Odd" || it.Active != engine.LocationUnknown {
		t.Errorf("item = %+v", it)
	}
	if r := it.Ready(engine.ToOnPremises); r.Ready || !strings.Contains(r.Reason, "said so") {
		t.Errorf("%+v", r)
	}
}

func TestReplicationIsDecoded(t *testing.T) {
	doc := strings.Replace(item{}.doc(), `"encryption":"Disabled",`, `"encryption":"Disabled","rpoInSeconds":90,"lastRpoCalculatedTime":"2026-11-01T10:00:00Z",
	 "lastReplicatedTime":"2026-11-01T09:59:00Z","lastRecoveryPointReceived":"0001-01-01T00:00:00","vmProtectionState":"InnerState",
	 "initialReplicationDetails":{"initialReplicationType":"Online","initialReplicationProgressPercentage":"23"},`, 1)
	doc = strings.Replace(doc, `"replicationHealth":"Normal"`, `"replicationHealth":"Critical","healthErrors":[null,{"errorCode":"70179","errorLevel":"Warning",
	 "errorMessage":"too much churn","recommendedAction":"wait","creationTimeUtc":"2026-11-01T08:00:00Z","innerHealthErrors":[{"errorCode":"1","summaryMessage":"inside"}]}]`, 1)
	c, _ := newVault(t, map[string]http.HandlerFunc{getItem: answer(doc)})
	it, err := c.Item(t.Context(), testItem)
	if err != nil {
		t.Fatal(err)
	}
	r := it.Replication
	if r.RPO != 90*time.Second || r.RPOAt.Hour() != 10 || r.Last.Minute() != 59 || !r.LastPoint.IsZero() || r.Inner != "InnerState" || r.Initial != "23" {
		t.Errorf("replication = %+v", r)
	}
	if len(r.Errors) != 2 || r.Errors[0].Message != "too much churn" || r.Errors[0].Remedy != "wait" || r.Errors[1].Message != "inside" {
		t.Errorf("errors = %+v", r.Errors)
	}
	never := strings.Replace(doc, `"rpoInSeconds":90`, `"rpoInSeconds":-1`, 1)
	c, _ = newVault(t, map[string]http.HandlerFunc{getItem: answer(never)})
	if it, err = c.Item(t.Context(), testItem); err != nil || !it.Replication.RPOAt.IsZero() || it.Replication.RPO != 0 {
		t.Errorf("an RPO that can't be: %+v, %v", it.Replication, err)
	}
}

func TestS09DisksAreToldApart(t *testing.T) {
	with := func(use, protected string) string {
		return strings.Replace(item{}.doc(), `"useManagedDisks":"false"`, `"useManagedDisks":`+use+`,"protectedManagedDisks":`+protected, 1)
	}
	for doc, want := range map[string]string{
		with(`"false"`, "[]"): "blobs", with(`"True"`, "null"): "managed",
		with("null", `[{"diskId":"d1"},null]`): "mixed", with("null", `[{"diskId":"D1"},{"diskId":"D2"}]`): "managed",
	} {
		c, _ := newVault(t, map[string]http.HandlerFunc{getItem: answer(doc)})
		it, err := c.Item(t.Context(), testItem)
		if err != nil || it.DiskKind() != want {
			t.Errorf("kind %q, want %q, %v", it.DiskKind(), want, err)
		}
		for _, d := range it.Disks {
			if d.Managed && d.BlobURL != "" {
				t.Errorf("a managed disk has a blob: %+v", d)
			}
		}
	}
}

func TestRecoveryPointsNewestFirst(t *testing.T) {
	at := strings.TrimPrefix(getItem, "GET ") + "/recoveryPoints"
	c, _ := newVault(t, map[string]http.HandlerFunc{"GET " + at: answer(list(
		`{"id":"/p/1","name":"1","properties":{"recoveryPointTime":"2026-11-01T10:00:00Z","recoveryPointType":"CrashConsistent"}}`,
		`{"id":"/p/2","name":"2","properties":{"recoveryPointTime":"2026-11-01T11:00:00Z","recoveryPointType":"ApplicationConsistent"}}`,
		`{"name":"nameless"}`, `{"id":"/p/3","name":"3","properties":null}`))})
	points, err := c.RecoveryPoints(t.Context(), testItem)
	if err != nil || len(points) != 3 || points[0].ID != "/p/2" || points[0].Kind != "ApplicationConsistent" || points[1].ID != "/p/1" || !points[2].Time.IsZero() {
		t.Errorf("points = %+v, %v", points, err)
	}
}

func TestForwardBodyCarriesTheRecoveryPoint(t *testing.T) {
	r := startRequest()
	r.Direction, r.RecoveryPoint = engine.ToAzure, "/p/2"
	home := item{active: "Primary", state: "Protected", allowed: []string{"PlannedFailover"}}
	sameJSON(t, started(t, home, r), `{"properties":{"failoverDirection":"PrimaryToRecovery","providerSpecificDetails":{
		"instanceType":"HyperVReplicaAzure","recoveryPointId":"/p/2"}}}`)
	r.Direction = engine.ToOnPremises
	if back := started(t, item{}, r); strings.Contains(back, "ecoveryPoint") {
		t.Errorf("the failback names a recovery point: %s", back)
	}
}

// S10: the service's own words, and what to do about them.
func TestS10ManagedDiskRefusalSaysWhatToDo(t *testing.T) {
	doc := strings.Replace(item{}.doc(), `"useManagedDisks":"false"`, `"useManagedDisks":"true"`, 1)
	c, _ := newVault(t, map[string]http.HandlerFunc{getItem: answer(doc), postItem + "plannedFailover": func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(http.StatusBadRequest)
		answer(`{"error":{"code":"BadRequest","message":"bad","details":[{"code":"70001","message":"Expected 'Blob', Actual 'ManagedDisk'.","recommendedAction":"Contact support."}]}}`)(w, nil)
	}})
	_, err := c.Start(t.Context(), startRequest())
	f := engine.AsFailure(err, "", "")
	if f.Kind != engine.FailureRefused || !strings.Contains(f.Why, "Expected 'Blob', Actual 'ManagedDisk'") ||
		!strings.HasPrefix(f.Remedy, "Contact support; nothing was stopped") || !strings.Contains(f.Remedy, "without Site Recovery") {
		t.Errorf("%+v", f)
	}
}

// A commit deletes recovery points or a machine: only the one that was seen is sent.
func TestS48AnotherCommitThanTheOneSeenIsRefused(t *testing.T) {
	pending := item{state: "FinalizeRestorePending", active: "Primary", allowed: []string{"DisableProtection", "FinalizeFailback"}}
	seen := engine.Item{ID: testItem, Name: "web", Active: engine.LocationAzure, Allowed: []string{"Commit"}}
	refused(t, map[string]http.HandlerFunc{getItem: answer(pending.doc())}, "does not offer it now", func(c *Client) error {
		_, err := c.Commit(t.Context(), seen, "r")
		return err
	})
}
