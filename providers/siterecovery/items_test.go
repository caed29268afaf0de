package siterecovery

import (
	"net/http"
	"strings"
	"testing"
	"time"

	"failback/engine"
)

const hostDoc = `{"id":"` + testHost + `","name":"host1","properties":{"fabricType":"HyperVSite","friendlyName":"hv01.contoso.example",
 "fabricFriendlyName":"Site One","connectionStatus":"Connected","lastHeartBeat":"2026-11-01T10:00:00Z","providerVersion":"5.1",
 "providerVersionState":"Latest","providerVersionDetails":{"version":"5.1","expiryDate":"9999-12-31T23:59:59.9999999","status":"UpdateRequired"},
 "protectedItemCount":2,"healthErrorDetails":[{"errorCode":"708","summaryMessage":"heartbeat missing"}]}}`

func TestItemIsDecodedDefensively(t *testing.T) {
	c, _ := newVault(t, map[string]http.HandlerFunc{getItem: answer(item{}.doc()), listed: answer(list(item{}.doc())), hosts: answer(list(hostDoc))})
	it, err := c.Item(t.Context(), strings.ToUpper(testVault)+testItem[len(testVault):])
	if err != nil {
		t.Fatal(err)
	}
	want := engine.Item{Name: "web", Kind: engine.KindHyperVSite, VMID: testVM, HyperVID: testVM, Active: engine.LocationAzure,
		State: engine.ItemFailedOver, HostName: "hv01.contoso.example", FabricName: "Site One", OS: "Windows"}
	if it.Name != want.Name || it.Kind != want.Kind || it.VMID != want.VMID || it.HyperVID != want.HyperVID || it.Active != want.Active ||
		it.State != want.State || it.HostName != want.HostName || it.FabricName != want.FabricName || it.OS != want.OS {
		t.Errorf("item = %+v", it)
	}
	if it.CurrentJob != "" || it.CurrentScenario != "" {
		t.Errorf("an idle item has job %q, scenario %q", it.CurrentJob, it.CurrentScenario)
	}
	if vm := (engine.AzureVMRef{Subscription: "s2", ResourceGroup: "rg2", Name: "web-az"}); it.AzureVM != vm {
		t.Errorf("Azure VM = %+v", it.AzureVM)
	}
	if !it.FailedOver.Equal(time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)) {
		t.Errorf("failed over at %v", it.FailedOver)
	}
	os := engine.Disk{ID: "D1", Name: "os", Bytes: 1 << 30, OS: true, BlobURL: "https://a1.blob.core.windows.net/asr/os.vhd"}
	data := engine.Disk{ID: "D2", Name: "data", Bytes: 2 << 30, LUN: 1}
	if len(it.Disks) != 2 || it.Disks[0] != data || it.Disks[1] != os {
		t.Errorf("disks = %+v", it.Disks)
	}
	if r := it.Ready(engine.ToOnPremises); !r.Ready {
		t.Errorf("not ready: %s", r.Reason)
	}
}

func TestS01OtherProvidersAreListedWithTheReason(t *testing.T) {
	other := func(id, name, kind, details string) string {
		return item{id: testFabric + "/replicationProtectionContainers/c/replicationProtectedItems/" + id, name: name, kind: kind, details: details}.doc()
	}
	home := item{id: testFabric + "/replicationProtectionContainers/c/replicationProtectedItems/home", name: "never-failed-over",
		active: "Primary", state: "Protected", allowed: []string{"PlannedFailover"}}
	c, _ := newVault(t, map[string]http.HandlerFunc{listed: answer(list(
		other("1", "vmware", "", `{"instanceType":"InMageAzureV2"}`), other("2", "azure", "", `{"instanceType":"A2A"}`),
		other("3", "odd", "", `{"instanceType":"SomethingNew","x":1}`), other("4", "silent", "", "null"), home.doc(), item{}.doc()))})
	items, err := c.Items(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	got := map[string]string{}
	for _, it := range items {
		got[it.Name] = it.Ready(engine.ToOnPremises).Reason
	}
	for name, words := range map[string]string{"vmware": "VMware", "azure": "another Azure region", "odd": "SomethingNew", "silent": "does not say",
		"never-failed-over": "already on-premises"} {
		if !strings.Contains(got[name], words) {
			t.Errorf("%s: reason %q does not say %q", name, got[name], words)
		}
	}
	if reason, ok := got["web"]; !ok || reason != "" {
		t.Errorf("the failed-over VM is not ready: %q", reason)
	}
}

func TestNamesAreUnique(t *testing.T) {
	at := func(fabric, id, name string) string {
		return strings.Replace(item{id: testVault + "/replicationFabrics/" + fabric + "/replicationProtectionContainers/c/replicationProtectedItems/" + id, name: name}.doc(),
			"Site One", fabric, 1)
	}
	c, _ := newVault(t, map[string]http.HandlerFunc{listed: answer(list(
		at("north", "i1", "web"), at("south", "i2", "WEB"), at("south", "i3", "sql"), at("south", "i4", "sql"), at("south", "i5", "alone")))})
	items, err := c.Items(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, it := range items {
		names = append(names, it.Name)
	}
	const want = "WEB (south),alone,sql (item1),sql (item1) #2,web (north)"
	if got := strings.Join(names, ","); got != want {
		t.Errorf("names = %s, want %s", got, want)
	}
}

func TestStatesOfThePhases(t *testing.T) {
	for state, want := range map[string]engine.ItemState{
		"Protected": engine.ItemProtected, "UnplannedFailoverCommitPendingStatesBegin": engine.ItemFailoverPending,
		"PlannedFailoverCommitRequired": engine.ItemFailoverPending, "UnplannedFailoverCommitted": engine.ItemFailedOver,
		"PlannedFailoverStatesBegin": engine.ItemFailedOver, "FinalizeRestorePending": engine.ItemFailbackCommitPending,
		"RestoreFinalized": engine.ItemFailbackCommitted, "InitialReplicationInProgress": engine.ItemReverseReplicating,
		"InitialReplicationRecoveryCompletionPending": engine.ItemReverseReplicating, "SomethingNew": engine.ItemStateOther,
	} {
		c, _ := newVault(t, map[string]http.HandlerFunc{getItem: answer(item{state: state, allowed: []string{}}.doc())})
		it, err := c.Item(t.Context(), testItem)
		if err != nil || it.State != want || it.RawState != state {
			t.Errorf("%s: state = %s, raw %s, %v; want %s", state, it.State, it.RawState, err, want)
		}
	}
}

func TestRunningFailbackIsShown(t *testing.T) {
	doc := strings.Replace(item{allowed: []string{}}.doc(), `"scenarioName":"None"`, `"scenarioName":"PlannedFailover"`, 1)
	doc = strings.Replace(doc, "/replicationJobs/None", "/replicationJobs/"+testJob, 1)
	c, _ := newVault(t, map[string]http.HandlerFunc{getItem: answer(doc)})
	it, err := c.Item(t.Context(), testItem)
	if err != nil || it.State != engine.ItemFailingBack || it.CurrentJob != testJob {
		t.Errorf("state %s, job %q, %v", it.State, it.CurrentJob, err)
	}
}

func TestHyperVIDOfAVMMItemIsTheDiskPrefix(t *testing.T) {
	const hv = "AAAAAAAA-1111-2222-3333-BBBBBBBBBBBB"
	doc := strings.Replace(item{provider: "VmmFabric"}.doc(), `"diskId":"D2"`, `"diskId":"`+hv+`_C0FFEE_0_1"`, 1)
	c, _ := newVault(t, map[string]http.HandlerFunc{getItem: answer(doc)})
	it, err := c.Item(t.Context(), testItem)
	if err != nil || it.Kind != engine.KindVMM || it.HyperVID != "aaaaaaaa-1111-2222-3333-bbbbbbbbbbbb" || it.VMID != testVM {
		t.Errorf("kind %s, Hyper-V id %q, VM id %q, %v", it.Kind, it.HyperVID, it.VMID, err)
	}
}

func TestS09ManagedDisksAreTold(t *testing.T) {
	all := strings.Replace(item{}.doc(), `"useManagedDisks":"false"`, `"useManagedDisks":"true"`, 1)
	some := strings.Replace(item{}.doc(), `"useManagedDisks":"false"`, `"useManagedDisks":null,"protectedManagedDisks":[{"diskId":"d1"}]`, 1)
	for doc, want := range map[string][2]bool{all: {true, true}, some: {false, true}, item{}.doc(): {false, false}} {
		c, _ := newVault(t, map[string]http.HandlerFunc{getItem: answer(doc)})
		it, err := c.Item(t.Context(), testItem)
		if err != nil {
			t.Fatal(err)
		}
		if got := [2]bool{it.Disks[0].Managed, it.Disks[1].Managed}; got != want {
			t.Errorf("managed = %v, want %v", got, want)
		}
	}
}

func TestS13HostsWithHeartbeat(t *testing.T) {
	foreign := strings.NewReplacer("HyperVSite", "VMwareV2", "/host1", "/other").Replace(hostDoc)
	c, _ := newVault(t, map[string]http.HandlerFunc{
		hosts: answer(list(hostDoc, foreign, `{"id":"x"}`)),
		"GET replicationFabrics": answer(list(`{"id":"` + strings.ToUpper(testFabric) + `","properties":{"friendlyName":"Site One",
		 "healthErrorDetails":[{"errorMessage":"the site is ill"}]}}`)),
	})
	got, err := c.Hosts(t.Context())
	if err != nil || len(got) != 1 {
		t.Fatalf("hosts = %+v, %v", got, err)
	}
	h := got[0]
	if h.Name != "hv01.contoso.example" || h.Kind != engine.HostHyperV || !h.Connected || h.VersionStatus != "UpdateRequired" ||
		h.ProtectedItems != 2 || h.FabricID != testFabric || h.FabricName != "Site One" ||
		!h.LastHeartbeat.Equal(time.Date(2026, 11, 1, 10, 0, 0, 0, time.UTC)) || strings.Join(h.Health, ";") != "708: heartbeat missing;the site is ill" {
		t.Errorf("host = %+v", h)
	}
}

func TestMeaninglessDatesAreZero(t *testing.T) {
	for _, year := range []int{1, 1753, 9999} {
		at := time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC)
		if got := clock(&at); !got.IsZero() {
			t.Errorf("year %d: %v, want the zero time", year, got)
		}
	}
	if !clock(nil).IsZero() {
		t.Error("no date is not the zero time")
	}
}
