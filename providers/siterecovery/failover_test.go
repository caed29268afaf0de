package siterecovery

import (
	"context"
	"encoding/base64"
	"net/http"
	"strings"
	"testing"

	"failback/engine"
)

func startRequest() engine.StartRequest {
	return engine.StartRequest{Item: engine.Item{ID: testItem, Name: "web"}, Direction: engine.ToOnPremises,
		Sync: engine.SyncDelta, RequestID: "11111111-2222-3333-4444-555555555555"}
}

// started starts against a vault with that item and returns the body of the one
// POST that arrived.
func started(t *testing.T, it item, r engine.StartRequest) string {
	t.Helper()
	c, v := newVault(t, map[string]http.HandlerFunc{getItem: answer(it.doc()), postItem + "plannedFailover": accept(testJob)})
	job, err := c.Start(t.Context(), r)
	if err != nil {
		t.Fatal(err)
	}
	if job != testJob {
		t.Errorf("job = %q, want %q", job, testJob)
	}
	posts := v.posts()
	if len(posts) != 1 {
		t.Fatalf("%d POSTs, want 1", len(posts))
	}
	if got := posts[0].Header.Get("x-ms-client-request-id"); got != r.RequestID {
		t.Errorf("client request id = %q, want %q", got, r.RequestID)
	}
	return posts[0].Body
}

func TestS26DeltaIsForDownTime(t *testing.T) {
	sameJSON(t, started(t, item{}, startRequest()), `{"properties":{"failoverDirection":"RecoveryToPrimary","providerSpecificDetails":{
		"instanceType":"HyperVReplicaAzureFailback","dataSyncOption":"ForDownTime","recoveryVmCreationOption":"NoAction"}}}`)
}

func TestS34FullIsForSynchronization(t *testing.T) {
	r := startRequest()
	r.Sync = engine.SyncFull
	sameJSON(t, started(t, item{}, r), `{"properties":{"failoverDirection":"RecoveryToPrimary","providerSpecificDetails":{
		"instanceType":"HyperVReplicaAzureFailback","dataSyncOption":"ForSynchronization","recoveryVmCreationOption":"NoAction"}}}`)
}

func TestS54CreateVMIfNotFound(t *testing.T) {
	r := startRequest()
	r.CreateVM = true
	sameJSON(t, started(t, item{}, r), `{"properties":{"failoverDirection":"RecoveryToPrimary","providerSpecificDetails":{
		"instanceType":"HyperVReplicaAzureFailback","dataSyncOption":"ForDownTime","recoveryVmCreationOption":"CreateVmIfNotFound"}}}`)
}

func TestS55AlternateHostIsAProviderID(t *testing.T) {
	r := startRequest()
	r.CreateVM, r.HostID = true, testHost
	sameJSON(t, started(t, item{}, r), `{"properties":{"failoverDirection":"RecoveryToPrimary","providerSpecificDetails":{
		"instanceType":"HyperVReplicaAzureFailback","dataSyncOption":"ForDownTime","recoveryVmCreationOption":"CreateVmIfNotFound",
		"providerIdForAlternateRecovery":"`+testHost+`"}}}`)
}

func TestS39CertificateGoesOnlyTowardsAzure(t *testing.T) {
	r := startRequest()
	r.Certificate = engine.NewCertificate("AB12", []byte("pfx bytes"))
	if back := started(t, item{}, r); strings.Contains(back, "ertificate") {
		t.Errorf("the failback carries a certificate: %s", back)
	}
	r.Direction = engine.ToAzure
	home := item{active: "Primary", state: "Protected", allowed: []string{"PlannedFailover"}, provider: "VmmFabric"}
	sameJSON(t, started(t, home, r), `{"properties":{"failoverDirection":"PrimaryToRecovery","providerSpecificDetails":{
		"instanceType":"HyperVReplicaAzure","primaryKekCertificatePfx":"`+base64.StdEncoding.EncodeToString(r.Certificate.PFX())+`"}}}`)
}

// refused runs act and wants a refusal that holds the words, with nothing sent.
func refused(t *testing.T, routes map[string]http.HandlerFunc, words string, act func(*Client) error) {
	t.Helper()
	c, v := newVault(t, routes)
	err := act(c)
	if k := engine.KindOf(err); k != engine.FailureRefused && k != engine.FailureUsage {
		t.Fatalf("error = %v (%s), want a refusal", err, k)
	}
	if !strings.Contains(err.Error(), words) {
		t.Errorf("error %q does not say %q", err, words)
	}
	if n := len(v.posts()); n != 0 {
		t.Errorf("%d POSTs sent, want none", n)
	}
}

func TestS02ContradictingDirectionIsRefused(t *testing.T) {
	home := item{active: "Primary", state: "Protected", allowed: []string{"PlannedFailover"}}
	refused(t, map[string]http.HandlerFunc{getItem: answer(home.doc())}, "already on-premises", func(c *Client) error {
		_, err := c.Start(t.Context(), startRequest())
		return err
	})
	r := startRequest()
	r.Direction = engine.ToAzure
	refused(t, map[string]http.HandlerFunc{getItem: answer(item{}.doc())}, "already in Azure", func(c *Client) error {
		_, err := c.Start(t.Context(), r)
		return err
	})
}

func TestS14OnlyACommittedFailoverStarts(t *testing.T) {
	for name, c := range map[string]struct {
		it    item
		words string
	}{
		"unplanned, not committed": {item{state: "UnplannedFailoverCommitPendingStatesBegin", allowed: []string{"CompleteMigration", "Commit", "DisableProtection", "ChangePit"}}, "not committed"},
		"planned, not committed":   {item{state: "PlannedFailoverCommitRequired", allowed: []string{"Commit"}}, "not committed"},
		"in a workflow":            {item{state: "UnplannedFailoverCommitted", allowed: []string{}}, "does not offer a failback"},
		"failback not committed":   {item{state: "FinalizeRestorePending", active: "Primary", allowed: []string{"DisableProtection", "FinalizeFailback"}}, "waits for its commit"},
		"failback committed":       {item{state: "RestoreFinalized", active: "Primary", allowed: []string{"ReverseReplicate"}}, "already on-premises"},
		"another provider":         {item{kind: "InMageAzureV2"}, "out of scope"},
	} {
		t.Run(name, func(t *testing.T) {
			refused(t, map[string]http.HandlerFunc{getItem: answer(c.it.doc())}, c.words, func(cl *Client) error {
				_, err := cl.Start(t.Context(), startRequest())
				return err
			})
		})
	}
}

func TestS25NoSyncOptionNoStart(t *testing.T) {
	r := startRequest()
	r.Sync = engine.SyncUnknown
	refused(t, map[string]http.HandlerFunc{getItem: answer(item{}.doc())}, "delta or full", func(c *Client) error {
		_, err := c.Start(t.Context(), r)
		return err
	})
}

func TestS55HostOfAVMMItemIsRefused(t *testing.T) {
	r := startRequest()
	r.HostID = testHost
	refused(t, map[string]http.HandlerFunc{getItem: answer(item{provider: "VmmFabric"}.doc())}, "leave the host to VMM", func(c *Client) error {
		_, err := c.Start(t.Context(), r)
		return err
	})
}

const waitingJob = `{"id":"j","name":"` + testJob + `","properties":{"scenarioName":"PlannedFailover","state":"Suspended",
 "stateDescription":"WaitingForUserInputAfterDataSync","allowedActions":["Cancel","Resume"],"tasks":[]}}`

func TestS42CompleteResumesTheJobWithTheComment(t *testing.T) {
	c, v := newVault(t, map[string]http.HandlerFunc{
		getJob: answer(waitingJob), "POST replicationJobs/" + testJob + "/resume": accept("a93f3cd5-9035-4b1e-a2c9-b16df6d5d34b"),
	})
	if err := c.Complete(t.Context(), testJob, "approved by Ann: change 4711", "req-1"); err != nil {
		t.Fatal(err)
	}
	posts := v.posts()
	if len(posts) != 1 || !strings.HasSuffix(posts[0].Path, testJob+"/resume") {
		t.Fatalf("POSTs = %v, want one resume", posts)
	}
	sameJSON(t, posts[0].Body, `{"properties":{"comments":"approved by Ann: change 4711"}}`)
	if got := posts[0].Header.Get("x-ms-client-request-id"); got != "req-1" {
		t.Errorf("client request id = %q", got)
	}
}

func TestS42CompleteRefusesAJobThatWaitsForSomethingElse(t *testing.T) {
	manual := strings.Replace(waitingJob, "WaitingForUserInputAfterDataSync", "WaitingForManualAction", 1)
	running := strings.Replace(waitingJob, `"Suspended"`, `"InProgress"`, 1)
	for _, doc := range []string{manual, running} {
		refused(t, map[string]http.HandlerFunc{getJob: answer(doc)}, "does not wait", func(c *Client) error {
			return c.Complete(t.Context(), testJob, "", "")
		})
	}
}

func TestS48CommitIsSentOnceWithoutABody(t *testing.T) {
	pending := item{state: "FinalizeRestorePending", active: "Primary", allowed: []string{"DisableProtection", "FinalizeFailback"}}
	c, v := newVault(t, map[string]http.HandlerFunc{getItem: answer(pending.doc()), postItem + "failoverCommit": accept(testJob)})
	job, err := c.Commit(t.Context(), engine.Item{ID: testItem, Name: "web"}, "req-2")
	if err != nil || job != testJob {
		t.Fatalf("Commit = %q, %v", job, err)
	}
	if posts := v.posts(); len(posts) != 1 || posts[0].Body != "" {
		t.Errorf("POSTs = %v, want one without a body", posts)
	}
	refused(t, map[string]http.HandlerFunc{getItem: answer(item{}.doc())}, "does not offer it now", func(c *Client) error {
		_, err := c.Commit(t.Context(), engine.Item{ID: testItem}, "")
		return err
	})
}

func TestS49ReprotectBody(t *testing.T) {
	home := item{state: "RestoreFinalized", active: "Primary", allowed: []string{"ReverseReplicate", "DisableProtection"}}
	body := func(source string) string {
		return `{"properties":{"failoverDirection":"PrimaryToRecovery","providerSpecificDetails":{"instanceType":"HyperVReplicaAzure",
		 "hvHostVmId":"` + source + `","vmName":"web","osType":"Windows","vHDId":"vhd-os",
		 "storageAccountId":"/subscriptions/s1/storage/a1","logStorageAccountId":"/subscriptions/s1/storage/log1"}}}`
	}
	routes := map[string]http.HandlerFunc{
		getItem: answer(home.doc()), postItem + "reProtect": accept(testJob),
		getVM: answer(`{"properties":{"customDetails":{"instanceType":"HyperVVirtualMachine","sourceItemId":"source-1"}}}`),
	}
	for _, source := range []string{"source-1", testVM} {
		c, v := newVault(t, routes)
		job, err := c.Reprotect(t.Context(), engine.Item{ID: testItem, Name: "web"}, "req-3")
		if err != nil || job != testJob || len(v.posts()) != 1 {
			t.Fatalf("Reprotect = %q, %v, %d POSTs", job, err, len(v.posts()))
		}
		sameJSON(t, v.posts()[0].Body, body(source))
		delete(routes, getVM) // the second time the protectable item is gone
	}
}

func TestS68CancelIsSentOnce(t *testing.T) {
	c, v := newVault(t, map[string]http.HandlerFunc{"POST replicationJobs/" + testJob + "/cancel": accept("x")})
	if err := c.Cancel(t.Context(), testJob, "req-4"); err != nil {
		t.Fatal(err)
	}
	if n := len(v.posts()); n != 1 {
		t.Errorf("%d POSTs, want 1", n)
	}
}

func TestCancelledContextSendsNothing(t *testing.T) {
	c, v := newVault(t, nil)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := c.Cancel(ctx, testJob, ""); engine.KindOf(err) != engine.FailureCancelled {
		t.Errorf("error = %v, want cancelled", err)
	}
	if n := len(v.posts()); n != 0 {
		t.Errorf("%d POSTs, want none", n)
	}
}
