package lab_test

import (
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	asr "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservicessiterecovery/v2"

	"failback/providers/lab/world"
)

// exchange is one request of the recorded traffic and its answer.
type exchange struct {
	Method   string            `json:"method"`
	Path     string            `json:"path"`
	Status   int               `json:"status"`
	Headers  map[string]string `json:"headers"`
	Response any               `json:"response"`
}

// recordings reads every recorded flow, by file.
func recordings(t *testing.T) map[string][]exchange {
	t.Helper()
	dir := os.Getenv("FAILBACK_WIRE")
	if dir == "" {
		t.Skip("FAILBACK_WIRE does not name a folder of recordings")
	}
	files, err := filepath.Glob(filepath.Join(dir, "*.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("no recordings in %s: %v", dir, err)
	}
	flows := map[string][]exchange{}
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var flow []exchange
		if err := json.Unmarshal(text, &flow); err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		flows[filepath.Base(file)] = flow
	}
	return flows
}

// shapes are the keys of documents by their kind: the resource's type, which
// jobs and operations of some versions lack, and the discriminators in it.
type shapes map[string]map[string]bool

// add takes the documents of an answer.
func (s shapes) add(kind string, doc any) {
	m, ok := doc.(map[string]any)
	if !ok {
		return
	}
	if list, ok := m["value"].([]any); ok {
		for _, e := range list {
			s.add(kind, e)
		}
		return
	}
	if s[kind] == nil {
		s[kind] = map[string]bool{}
	}
	exactKeys(m, "", s[kind])
}

// exactKeys lists keys as paths, case and all. What an instanceType stands for
// is part of the path: other kinds have other keys.
func exactKeys(doc any, prefix string, into map[string]bool) {
	switch v := doc.(type) {
	case map[string]any:
		if kind, ok := v["instanceType"].(string); ok {
			prefix += "(" + kind + ")"
		}
		for k, inner := range v {
			if strings.HasSuffix(prefix, "affectedObjectDetails") || strings.HasSuffix(strings.ToLower(prefix), "tags") {
				continue // a map of the caller's own keys
			}
			into[prefix+"."+k] = true
			exactKeys(inner, prefix+"."+k, into)
		}
	case []any:
		for _, inner := range v {
			exactKeys(inner, prefix, into)
		}
	}
}

// kindOf is what a path names, by its last collection: "replicationJobs".
func kindOf(path string) string {
	path, _, _ = strings.Cut(path, "?")
	parts := strings.Split(strings.Trim(path, "/"), "/")
	for _, part := range slices.Backward(parts) {
		if strings.HasPrefix(part, "replication") || slices.Contains([]string{"vaults", "operationresults", "recoveryPoints"}, part) {
			return part
		}
	}
	return ""
}

// respelt are keys that newer versions of the service's interface write in
// another case; the lab speaks the newest, as Microsoft's clients read it.
var respelt = map[string]string{
	"azureVMDiskDetails":      "azureVmDiskDetails",
	"enableRDPOnTargetOption": "enableRdpOnTargetOption",
	"recoveryAzureVMName":     "recoveryAzureVmName",
	"sourceVmCPUCount":        "sourceVmCpuCount",
	"sourceVmRAMSizeInMB":     "sourceVmRamSizeInMB",
}

// unplayed are kinds that were recorded and that the lab does not have.
var unplayed = []string{"replicationProtectionContainerMappings"}

func TestEveryAnswerHasTheRecordedKeysCaseAndAll(t *testing.T) {
	recorded := shapes{}
	for _, flow := range recordings(t) {
		for _, e := range flow {
			if e.Method == "GET" && e.Status == 200 {
				recorded.add(kindOf(e.Path), e.Response)
			}
		}
	}
	ours := shapes{}
	collectAll(t, ours.add)
	for _, kind := range slices.Sorted(maps.Keys(recorded)) {
		if slices.Contains(unplayed, kind) {
			continue
		}
		for _, key := range slices.Sorted(maps.Keys(recorded[kind])) {
			now := key
			for old, fresh := range respelt {
				now = strings.Replace(now, "."+old, "."+fresh, 1)
			}
			if !ours[kind][now] {
				t.Errorf("%s: no %s", kind, now)
			}
		}
	}
}

// TestMicrosoftsTypesKnowEveryKey finds what the lab spells in a way of its own:
// it would be lost on the way through the types that clients decode into.
func TestMicrosoftsTypesKnowEveryKey(t *testing.T) {
	types := map[string]func() any{
		"replicationFabrics":                   func() any { return new(asr.Fabric) },
		"replicationRecoveryServicesProviders": func() any { return new(asr.RecoveryServicesProvider) },
		"replicationProtectionContainers":      func() any { return new(asr.ProtectionContainer) },
		"replicationProtectableItems":          func() any { return new(asr.ProtectableItem) },
		"replicationProtectedItems":            func() any { return new(asr.ReplicationProtectedItem) },
		"replicationRecoveryPlans":             func() any { return new(asr.RecoveryPlan) },
		"replicationJobs":                      func() any { return new(asr.Job) },
		"replicationPolicies":                  func() any { return new(asr.Policy) },
		"replicationEvents":                    func() any { return new(asr.Event) },
		"replicationVaultHealth":               func() any { return new(asr.VaultHealthDetails) },
		"recoveryPoints":                       func() any { return new(asr.RecoveryPoint) },
	}
	// The service was recorded to send these, and the types lack them.
	const nics = "replicationProtectedItems .properties.providerSpecificDetails(HyperVReplicaAzure).vmNics."
	extra := map[string]bool{
		"replicationJobs .status": true, "replicationJobs .startTime": true, "replicationJobs .endTime": true,
		"replicationFabrics .properties.failoverHealthErrorDetails":     true,
		"replicationProtectedItems .properties.replicationHealthErrors": true,
		"replicationProtectedItems .properties.failoverHealthErrors":    true,

		nics + "ipAddressType": true, nics + "recoveryVMSubnetName": true,
		nics + "replicaNicStaticIPAddress": true, nics + "vMSubnetName": true,
	}
	seen := map[string]bool{}
	lost := map[string]bool{}
	collectAll(t, func(kind string, doc any) {
		fresh, ok := types[kind]
		if m, isMap := doc.(map[string]any); !ok || !isMap || m["value"] != nil {
			return
		}
		seen[kind] = true
		text, err := json.Marshal(doc)
		if err != nil {
			t.Fatal(err)
		}
		typed := fresh()
		if err := json.Unmarshal(text, typed); err != nil {
			t.Errorf("%s: %v", kind, err)
			return
		}
		if text, err = json.Marshal(typed); err != nil {
			t.Fatal(err)
		}
		var back any
		if err := json.Unmarshal(text, &back); err != nil {
			t.Fatal(err)
		}
		had, kept := map[string]bool{}, map[string]bool{}
		exactKeys(withoutNulls(doc), "", had)
		exactKeys(back, "", kept)
		for key := range had {
			if !kept[key] && !extra[kind+" "+key] {
				lost[kind+" "+key] = true
			}
		}
	})
	for kind := range types {
		if !seen[kind] {
			t.Errorf("no document of %s was read", kind)
		}
	}
	for _, key := range slices.Sorted(maps.Keys(lost)) {
		t.Errorf("Microsoft's types do not know %s", key)
	}
}

// withoutNulls leaves out what says nothing: types do not write it back.
func withoutNulls(doc any) any {
	switch v := doc.(type) {
	case map[string]any:
		out := map[string]any{}
		for k, inner := range v {
			if inner != nil {
				out[k] = withoutNulls(inner)
			}
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i, inner := range v {
			out[i] = withoutNulls(inner)
		}
		return out
	}
	return doc
}

// collectAll reads what several labs answer in the course of their jobs.
func collectAll(t *testing.T, take func(kind string, doc any)) {
	t.Helper()
	smallRig(t).look(take)
	inBubble(t, withFault("{when: prepare, what: job-fails}"), func(r *rig) {
		id, _ := r.item("app01")
		r.until(r.post(id+"/plannedFailover", failback("ForSynchronization")), world.Failed)
		r.look(take)
	})
	inBubble(t, planned, func(r *rig) { r.collect(take) })
}

// look reads every list of the vault, and every resource in it.
func (r *rig) look(take func(kind string, doc any)) {
	r.t.Helper()
	lists := []string{
		"", "/replicationFabrics", "/replicationRecoveryServicesProviders", "/replicationProtectionContainers",
		"/replicationProtectedItems", "/replicationRecoveryPlans", "/replicationJobs", "/replicationPolicies",
		"/replicationEvents", "/replicationVaultHealth",
	}
	below := strings.TrimPrefix(r.vault, r.Endpoints().Management)
	for _, row := range rowsOf(r.get("/replicationProtectionContainers")) {
		lists = append(lists, at(row, "id").(string)[len(below):]+"/replicationProtectableItems")
	}
	for _, row := range rowsOf(r.get("/replicationProtectedItems")) {
		lists = append(lists, at(row, "id").(string)[len(below):]+"/recoveryPoints")
	}
	for _, path := range lists {
		doc := r.get(path)
		kind := kindOf(r.vault + path)
		take(kind, doc)
		for _, row := range rowsOf(doc) {
			take(kind, row)
			if id, _ := at(row, "id").(string); kind != "vaults" {
				take(kind, r.get(r.Endpoints().Management+strings.ReplaceAll(id, ";", "%3B")))
			}
		}
	}
}

func rowsOf(doc any) []any {
	rows, _ := at(doc, "value").([]any)
	return rows
}

// collect plays both directions and reads everything on the way.
func (r *rig) collect(take func(kind string, doc any)) {
	r.t.Helper()
	id, _ := r.item("app01")
	op := r.post("/replicationRecoveryPlans/shop/plannedFailover", strings.Replace(planBody, "%", "ForSynchronization", 1))
	take("replicationOperationStatus", r.get("/replicationOperationStatus/"+op))
	r.look(take)
	r.until(r.jobOf(op), world.Succeeded)
	r.look(take)
	r.until(r.jobOf(r.post("/replicationRecoveryPlans/shop/failoverCommit", "")), world.Succeeded)
	r.until(r.post(id+"/reProtect", "{}"), world.Succeeded)
	r.waitFor(id, "PlannedFailover")
	r.until(r.post(id+"/plannedFailover", `{"properties":{"failoverDirection":"PrimaryToRecovery"}}`), world.Succeeded)
	r.look(take)
}
