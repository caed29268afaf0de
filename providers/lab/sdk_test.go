package lab_test

import (
	"encoding/json"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	asr "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservicessiterecovery/v2"

	"failback/providers/lab"
	"failback/providers/lab/world"
)

func (r *rig) sdk() *asr.ClientFactory {
	r.t.Helper()
	o := &arm.ClientOptions{DisableRPRegistration: true}
	o.Transport = r.client
	o.InsecureAllowCredentialWithHTTP = true
	o.Retry = policy.RetryOptions{MaxRetries: -1}
	o.Cloud = cloud.Configuration{Services: map[cloud.ServiceName]cloud.ServiceConfiguration{
		cloud.ResourceManager: {Endpoint: r.endpoints.Management, Audience: "lab"},
	}}
	f, err := asr.NewClientFactory(r.endpoints.Subscription, word(r.endpoints.Token), o)
	if err != nil {
		r.t.Fatal(err)
	}
	return f
}

func TestMicrosoftsClientReadsTheSmallEstate(t *testing.T) {
	r := smallRig(t)
	group, vault := r.endpoints.ResourceGroup, r.endpoints.Vault
	pager := r.sdk().NewReplicationProtectedItemsClient().NewListPager(group, vault, nil)
	page, err := pager.NextPage(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	kinds := map[string]string{}
	for _, it := range page.Value {
		d, ok := it.Properties.ProviderSpecificDetails.(*asr.HyperVReplicaAzureReplicationDetails)
		if !ok {
			kinds[*it.Name] = "foreign"
			continue
		}
		kinds[*it.Name] = *it.Properties.ProtectionState + " " + *d.Encryption + " " + *d.UseManagedDisks
		if len(d.AzureVMDiskDetails) == 0 || d.OSDetails == nil || *d.VMID == "" {
			t.Errorf("%s: %+v", *it.Name, d)
		}
	}
	for name, want := range map[string]string{
		"web01": "PlannedFailoverStatesBegin Disabled false", "lnx01": "PlannedFailoverStatesBegin Disabled true",
		"app02": "PlannedFailoverCommitRequired Disabled false", "dc01": "Protected Disabled false",
		"hr01": "PlannedFailoverStatesBegin Enabled false", "old-vmware01": "foreign",
	} {
		if kinds[name] != want {
			t.Errorf("%s is %q, wanted %q", name, kinds[name], want)
		}
	}
	jobs, err := r.sdk().NewReplicationJobsClient().NewListPager(group, vault, nil).NextPage(t.Context())
	if err != nil || len(jobs.Value) != 1 || len(jobs.Value[0].Properties.Tasks) != 0 {
		t.Fatalf("jobs: %v %v", jobs.Value, err)
	}
	full, err := r.sdk().NewReplicationJobsClient().Get(t.Context(), group, vault, *jobs.Value[0].Name, nil)
	if err != nil || *full.Properties.State != world.Cancelled || len(full.Properties.Tasks) != 6 {
		t.Fatalf("job: %+v %v", full.Properties, err)
	}
	if children := full.Properties.Tasks[5].GroupTaskCustomDetails.GetGroupTaskDetails().ChildTasks; len(children) != 6 {
		t.Errorf("%d child tasks", len(children))
	}
}

// smallRig is the default estate, outside of a bubble.
func smallRig(t *testing.T) *rig {
	t.Helper()
	r := newRig(t, lab.Options{})
	t.Cleanup(func() {
		if err := r.Close(); err != nil {
			t.Error(err)
		}
	})
	return r
}

func TestMicrosoftsClientPollsAnOperation(t *testing.T) {
	inBubble(t, oneItem, func(r *rig) {
		t := r.t
		_, doc := r.item("app01")
		parts := strings.Split(at(doc, "id").(string), "/")
		group, vault := r.endpoints.ResourceGroup, r.endpoints.Vault
		details := &asr.HyperVReplicaAzureFailbackProviderInput{DataSyncOption: new("ForSynchronization"), RecoveryVMCreationOption: new("NoAction")}
		poller, err := r.sdk().NewReplicationProtectedItemsClient().BeginPlannedFailover(t.Context(), group, vault,
			parts[10], parts[12], parts[14], asr.PlannedFailoverInput{Properties: &asr.PlannedFailoverInputProperties{
				FailoverDirection: new("RecoveryToPrimary"), ProviderSpecificDetails: details,
			}}, nil)
		if err != nil {
			t.Fatal(err)
		}
		result, err := poller.PollUntilDone(t.Context(), nil)
		if err != nil || *result.Properties.ProtectionState != world.FailbackPending {
			t.Fatalf("%+v %v", result, err)
		}
	})
}

func TestWithoutATokenNothingIsAnswered(t *testing.T) {
	r := smallRig(t)
	resp, err := r.client.Get(r.vault + "/replicationJobs?api-version=2025-01-01")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	if resp.StatusCode != http.StatusUnauthorized || resp.Header.Get("WWW-Authenticate") == "" {
		t.Errorf("%d %v", resp.StatusCode, resp.Header)
	}
	answer, doc := r.send(http.MethodGet, r.vault+"/replicationNonsense", "")
	if answer.StatusCode != http.StatusNotFound || at(doc, "error", "code") != "NotFound" {
		t.Errorf("%d %v", answer.StatusCode, doc)
	}
}

// keysOf lists the keys of a document as paths; list elements are all alike.
// The service changed the case of some keys over its versions.
func keysOf(doc any, prefix string, into map[string]bool) {
	switch v := doc.(type) {
	case map[string]any:
		for k, inner := range v {
			path := prefix + "." + strings.ToLower(k)
			into[path] = true
			keysOf(inner, path, into)
		}
	case []any:
		for _, inner := range v {
			keysOf(inner, prefix, into)
		}
	}
}

// recorded reads one flow of recorded traffic and returns the answers whose
// path has the part.
func recorded(t *testing.T, file, part string) []any {
	t.Helper()
	dir := os.Getenv("FAILBACK_WIRE")
	if dir == "" {
		t.Skip("FAILBACK_WIRE does not name a folder of recordings")
	}
	data, err := os.ReadFile(filepath.Join(dir, file))
	if err != nil {
		t.Fatal(err)
	}
	var flow []map[string]any
	if err := json.Unmarshal(data, &flow); err != nil {
		t.Fatal(err)
	}
	var docs []any
	for _, e := range flow {
		if path, _ := e["path"].(string); strings.Contains(path, part) && e["response"] != nil && e["method"] == "GET" {
			docs = append(docs, e["response"])
		}
	}
	return docs
}

// missingKeys are keys of the recording that ours lacks.
func missingKeys(recording, ours any) []string {
	want, have := map[string]bool{}, map[string]bool{}
	keysOf(recording, "", want)
	keysOf(ours, "", have)
	var missing []string
	for k := range want {
		if !have[k] {
			missing = append(missing, k)
		}
	}
	slices.Sort(missing)
	return missing
}

func TestItemsHaveTheRecordedKeys(t *testing.T) {
	docs := recorded(t, "items-list-2017.json", "replicationProtectedItems?")
	r := smallRig(t)
	if missing := missingKeys(docs[0], r.get("/replicationProtectedItems")); len(missing) > 0 {
		t.Errorf("missing: %v", missing)
	}
}

func TestJobsHaveTheRecordedKeys(t *testing.T) {
	docs := recorded(t, "site-planned-failover-forward-2017.json", "/replicationJobs/")
	plans := recorded(t, "plan-commit-2017.json", "/replicationJobs/")
	plan := recorded(t, "plan-get-2017.json", "/replicationRecoveryPlans/")
	inBubble(t, planned, func(r *rig) {
		t := r.t
		op := r.post("/replicationRecoveryPlans/shop/plannedFailover", strings.Replace(planBody, "%", "ForSynchronization", 1))
		r.until(r.jobOf(op), world.Succeeded)
		commit := r.until(r.jobOf(r.post("/replicationRecoveryPlans/shop/failoverCommit", "")), world.Succeeded)
		if missing := missingKeys(plans[0], commit); len(missing) > 0 {
			t.Errorf("missing in a plan's job: %v", missing)
		}
		if missing := missingKeys(plan[0], r.get("/replicationRecoveryPlans/shop")); len(missing) > 0 {
			t.Errorf("missing in a plan: %v", missing)
		}
		id, _ := r.item("app01")
		r.until(r.post(id+"/reProtect", "{}"), world.Succeeded)
		r.waitFor(id, "PlannedFailover")
		j := r.until(r.post(id+"/plannedFailover", `{"properties":{"failoverDirection":"PrimaryToRecovery"}}`), world.Succeeded)
		if missing := missingKeys(docs[len(docs)-1], j); len(missing) > 0 {
			t.Errorf("missing in a job: %v", missing)
		}
		var names []string
		for _, task := range at(j, "properties", "tasks").([]any) {
			names = append(names, at(task, "taskId").(string)+" "+at(task, "name").(string)+" "+at(task, "friendlyName").(string))
		}
		var want []string
		for _, task := range at(docs[len(docs)-1], "properties", "tasks").([]any) {
			want = append(want, at(task, "taskId").(string)+" "+at(task, "name").(string)+" "+at(task, "friendlyName").(string))
		}
		if !slices.Equal(names, want) {
			t.Errorf("tasks %v, recorded %v", names, want)
		}
	})
}

func TestOperationStatusHasTheRecordedKeys(t *testing.T) {
	docs := recorded(t, "site-failback-2023.json", "replicationOperationStatus")
	inBubble(t, oneItem, func(r *rig) {
		t := r.t
		id, _ := r.item("app01")
		status := r.get("/replicationOperationStatus/" + r.post(id+"/plannedFailover", failback("ForSynchronization")))
		if missing := missingKeys(docs[0], status); len(missing) > 0 {
			t.Errorf("missing: %v", missing)
		}
	})
}
