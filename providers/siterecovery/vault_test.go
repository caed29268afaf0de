package siterecovery

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"failback/providers/azure"
)

const (
	testVault  = "/subscriptions/s1/resourceGroups/rg1/providers/Microsoft.RecoveryServices/vaults/v1"
	testFabric = testVault + "/replicationFabrics/site1"
	testItem   = testFabric + "/replicationProtectionContainers/cloud_1/replicationProtectedItems/item1"
	testHost   = testFabric + "/replicationRecoveryServicesProviders/host1"
	testVM     = "8b1d0f2e-4c5a-4d6b-9e7f-0a1b2c3d4e5f"
	testJob    = "fb9ac911-1496-40e0-a58e-d183de51512e"
)

// request is one request as the vault saw it.
type request struct {
	Method, Path string
	Header       http.Header
	Body         string
}

// vault answers for a whole vault: what routes say for "METHOD path" (the path
// below the vault), empty lists for every other list, 404 for the rest.
type vault struct {
	routes map[string]http.HandlerFunc

	mu   sync.Mutex
	seen []request
}

func (v *vault) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, _ := io.ReadAll(r.Body)
	below := r.URL.Path
	if i := strings.Index(strings.ToLower(below), "/vaults/"); i >= 0 {
		_, below, _ = strings.Cut(below[i+len("/vaults/"):], "/")
	}
	v.mu.Lock()
	v.seen = append(v.seen, request{r.Method, below, r.Header.Clone(), string(body)})
	v.mu.Unlock()
	if h := v.routes[strings.ToLower(r.Method+" "+below)]; h != nil {
		h(w, r)
		return
	}
	if r.Method == http.MethodGet && !strings.Contains(below, "/") {
		_, _ = io.WriteString(w, `{"value":[],"nextLink":null}`)
		return
	}
	w.WriteHeader(http.StatusNotFound)
	_, _ = io.WriteString(w, `{"error":{"code":"NotFound","message":"no such resource","details":[{"code":"FabricArmEntityMissing","message":"the entity is gone","possibleCauses":"it was removed","recommendedAction":"refresh"}]}}`)
}

// posts are the effectful requests that arrived.
func (v *vault) posts() []request {
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []request
	for _, r := range v.seen {
		if r.Method != http.MethodGet {
			out = append(out, r)
		}
	}
	return out
}

// newVault serves routes on a loopback port and opens a client for it.
func newVault(tb testing.TB, routes map[string]http.HandlerFunc) (*Client, *vault) {
	tb.Helper()
	v := &vault{routes: map[string]http.HandlerFunc{}}
	for k, h := range routes {
		v.routes[strings.ToLower(k)] = h
	}
	server := httptest.NewServer(v)
	tb.Cleanup(server.Close)
	return newClient(tb, server.URL, nil), v
}

func newClient(tb testing.TB, url string, transport http.RoundTripper) *Client {
	tb.Helper()
	s, err := azure.Open(azure.Options{Cloud: azure.Cloud{ResourceManager: url}, Auth: azure.AuthLoopback, Token: "t", Transport: transport})
	if err != nil {
		tb.Fatal(err)
	}
	c, err := New(Options{Subscription: "s1", ResourceGroup: "rg1", Vault: "v1", Credential: s.Credential(), ClientOptions: s.ClientOptions(), Download: s.Download})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// answer writes a JSON document.
func answer(doc string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = io.WriteString(w, doc)
	}
}

// accept answers like the service does when it takes an operation on an item.
func accept(operation string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		at := "https://management.example/Subscriptions/s1/resourceGroups/rg1/providers/Microsoft.RecoveryServices/vaults/v1"
		w.Header().Set("Location", at+"/replicationFabrics/site1/operationresults/"+operation+"?api-version=2025-01-01")
		w.Header().Set("Azure-AsyncOperation", at+"/replicationOperationStatus/"+operation+"?api-version=2025-01-01")
		w.Header().Set("Retry-After", "30")
		w.WriteHeader(http.StatusAccepted)
	}
}

// item describes a replicated item for a test; the zero value is one that is in
// Azure and may be failed back.
type item struct {
	id, name, state, active, provider, kind, details string
	allowed                                          []string
}

func (i item) doc() string {
	or := func(v, d string) string {
		if v == "" {
			return d
		}
		return v
	}
	if i.allowed == nil {
		i.allowed = []string{"CompleteMigration", "DisableProtection", "Failback"}
	}
	allowed, err := json.Marshal(i.allowed)
	if err != nil {
		panic(err)
	}
	details := or(i.details, `{"instanceType":"`+or(i.kind, "HyperVReplicaAzure")+`","vmId":"`+testVM+`","encryption":"Disabled",
	 "useManagedDisks":"false","recoveryAzureVmName":"web-az","recoveryAzureStorageAccount":"/subscriptions/s1/storage/a1",
	 "recoveryAzureLogStorageAccountId":"/subscriptions/s1/storage/log1","oSDetails":{"osType":"Windows"},
	 "recoveryAzureResourceGroupId":"/Subscriptions/s2/resourcegroups/rg2",
	 "azureVmDiskDetails":[
	  {"vhdType":"Data","vhdId":"vhd-data","vhdName":"data","maxSizeMB":"2048","lunId":"1","diskId":"D2","targetDiskLocation":null},
	  {"vhdType":"OperatingSystem","vhdId":"vhd-os","vhdName":"os","maxSizeMB":"1024","lunId":"0","diskId":"D1","targetDiskLocation":"https://a1.blob.core.windows.net/asr/os.vhd?sig=secret"}]}`)
	return fmt.Sprintf(`{"id":%q,"name":"item1","properties":{"friendlyName":%q,"protectionState":%q,"protectionStateDescription":"said so",
	 "activeLocation":%q,"allowedOperations":%s,"primaryFabricProvider":%q,"primaryFabricFriendlyName":"Site One","replicationHealth":"Normal",
	 "recoveryServicesProviderId":%q,"protectableItemId":%q,"policyFriendlyName":"policy",
	 "currentScenario":{"scenarioName":"None","jobId":%q,"startTime":"1753-01-01T01:01:01Z"},
	 "lastSuccessfulFailoverTime":"2026-01-02T03:04:05Z","providerSpecificDetails":%s}}`,
		or(i.id, testItem), or(i.name, "web"), or(i.state, "UnplannedFailoverCommitted"), or(i.active, "Recovery"), allowed,
		or(i.provider, "SingleHostHyperVFabric"), testHost, testFabric+"/replicationProtectionContainers/cloud_1/replicationProtectableItems/"+testVM,
		testVault+"/replicationJobs/None", details)
}

func list(docs ...string) string {
	return `{"value":[` + strings.Join(docs, ",") + `],"nextLink":null}`
}

const (
	getItem  = "GET replicationFabrics/site1/replicationProtectionContainers/cloud_1/replicationProtectedItems/item1"
	postItem = "POST replicationFabrics/site1/replicationProtectionContainers/cloud_1/replicationProtectedItems/item1/"
	getVM    = "GET replicationFabrics/site1/replicationProtectionContainers/cloud_1/replicationProtectableItems/" + testVM
	listed   = "GET replicationProtectedItems"
	hosts    = "GET replicationRecoveryServicesProviders"
	jobs     = "GET replicationJobs"
	getJob   = "GET replicationJobs/" + testJob
)

// sameJSON fails the test unless both texts mean the same document.
func sameJSON(t *testing.T, got, want string) {
	t.Helper()
	var g, w any
	if err := json.Unmarshal([]byte(got), &g); err != nil {
		t.Fatalf("body %q: %v", got, err)
	}
	if err := json.Unmarshal([]byte(want), &w); err != nil {
		t.Fatal(err)
	}
	a, _ := json.Marshal(g)
	b, _ := json.Marshal(w)
	if !bytes.Equal(a, b) {
		t.Errorf("body sent:\n%s\nwant:\n%s", a, b)
	}
}
