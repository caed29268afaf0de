package lab_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"failback/providers/lab"
	"failback/providers/lab/world"
)

// rig is a lab in memory with a plain HTTP client.
type rig struct {
	t           *testing.T
	*lab.Memory // nil where the lab is reached over loopback
	endpoints   lab.Endpoints
	client      *http.Client
	vault       string
	poll        time.Duration
}

// reach talks to a lab over loopback.
func reach(t *testing.T, e lab.Endpoints) *rig {
	t.Helper()
	return &rig{t: t, client: http.DefaultClient, endpoints: e, vault: vaultURL(e), poll: 20 * time.Millisecond}
}

func vaultURL(e lab.Endpoints) string {
	return fmt.Sprintf("%s/subscriptions/%s/resourceGroups/%s/providers/Microsoft.RecoveryServices/vaults/%s",
		e.Management, e.Subscription, e.ResourceGroup, e.Vault)
}

// Endpoints is where the lab is.
func (r *rig) Endpoints() lab.Endpoints { return r.endpoints }

func newRig(t *testing.T, o lab.Options) *rig {
	t.Helper()
	if o.StateDir == "" {
		o.StateDir = t.TempDir()
	}
	m, err := lab.NewInMemory(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	e := m.Endpoints()
	return &rig{t: t, Memory: m, endpoints: e, client: &http.Client{Transport: m.Transport()}, vault: vaultURL(e), poll: time.Second}
}

// reply is the head of an answer.
type reply struct {
	StatusCode int
	Header     http.Header
}

// send returns the answer's head and document.
func (r *rig) send(method, url, body string) (reply, map[string]any) {
	r.t.Helper()
	if !strings.HasPrefix(url, "http") {
		url = r.vault + url
	}
	sep := "?"
	if strings.Contains(url, "?") {
		sep = "&"
	}
	if !strings.Contains(url, "api-version=") {
		url += sep + "api-version=2025-01-01"
	}
	req, err := http.NewRequestWithContext(context.Background(), method, url, bytes.NewReader([]byte(body)))
	if err != nil {
		r.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+r.Endpoints().Token)
	req.Header.Set("x-ms-client-request-id", "client-1")
	resp, err := r.client.Do(req)
	if err != nil {
		r.t.Fatalf("%s %s: %v", method, url, err)
	}
	defer func() { _ = resp.Body.Close() }()
	data, err := io.ReadAll(resp.Body)
	if err != nil {
		r.t.Fatal(err)
	}
	var doc map[string]any
	if len(data) > 0 {
		if err := json.Unmarshal(data, &doc); err != nil {
			r.t.Fatalf("%s %s: %v in %s", method, url, err, data)
		}
	}
	return reply{resp.StatusCode, resp.Header}, doc
}

func (r *rig) get(path string) map[string]any {
	r.t.Helper()
	resp, doc := r.send(http.MethodGet, path, "")
	if resp.StatusCode != http.StatusOK {
		r.t.Fatalf("GET %s: %d %v", path, resp.StatusCode, doc)
	}
	return doc
}

// post wants 202 and returns the operation's id.
func (r *rig) post(path, body string) string {
	r.t.Helper()
	resp, doc := r.send(http.MethodPost, path, body)
	if resp.StatusCode != http.StatusAccepted {
		r.t.Fatalf("POST %s: %d %v", path, resp.StatusCode, doc)
	}
	at, _, _ := strings.Cut(resp.Header.Get("Azure-AsyncOperation"), "?")
	return at[strings.LastIndex(at, "/")+1:]
}

// at follows keys and indexes into a document.
func at(doc any, path ...any) any {
	for _, p := range path {
		switch p := p.(type) {
		case string:
			m, _ := doc.(map[string]any)
			doc = m[p]
		case int:
			l, _ := doc.([]any)
			if p >= len(l) {
				return nil
			}
			doc = l[p]
		}
	}
	return doc
}

func (r *rig) item(name string) (id string, doc map[string]any) {
	r.t.Helper()
	list, _ := at(r.get("/replicationProtectedItems"), "value").([]any)
	for _, row := range list {
		if at(row, "name") == name {
			id = at(row, "id").(string)
			return r.Endpoints().Management + id, row.(map[string]any)
		}
	}
	r.t.Fatalf("no item %s", name)
	return "", nil
}

func (r *rig) job(name string) map[string]any { return r.get("/replicationJobs/" + name) }

// until polls a job as a client would, until it is in one of the states.
func (r *rig) until(name string, states ...string) map[string]any {
	r.t.Helper()
	for range 10_000 {
		j := r.job(name)
		for _, s := range states {
			if at(j, "properties", "state") == s {
				return j
			}
		}
		time.Sleep(r.poll)
	}
	r.t.Fatalf("job %s never became %v: %v", name, states, r.job(name))
	return nil
}

func failback(sync string) string {
	return `{"properties":{"failoverDirection":"RecoveryToPrimary","providerSpecificDetails":{"instanceType":"HyperVReplicaAzureFailback","dataSyncOption":"` + sync + `","recoveryVmCreationOption":"NoAction"}}}`
}

func TestDeltaFailbackFromStartToProtected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, lab.Options{Estate: "one"})
		defer func() { _ = r.Close() }()
		id, _ := r.item("app01")
		start := time.Now()
		job := r.post(id+"/plannedFailover", failback("ForDownTime"))
		j := r.until(job, world.Suspended)
		t.Log("suspended after", time.Since(start))
		if at(j, "properties", "stateDescription") != world.WaitingAfterSync {
			t.Fatalf("%v", j)
		}
		r.post("/replicationJobs/"+job+"/resume", `{"properties":{"comments":"go"}}`)
		j = r.until(job, world.Succeeded, world.Failed)
		if at(j, "properties", "state") != world.Succeeded {
			t.Fatalf("%v", j)
		}
		t.Log("home after", time.Since(start))
		time.Sleep(10 * time.Second)
		r.World().Read(func(s *world.State) {
			for _, vm := range s.VMs {
				if vm.State != world.VMRunning || !vm.Booted || len(vm.Sums) != 1 {
					t.Errorf("the VM at home: %+v", *vm)
				}
			}
		})
		_, doc := r.item("app01")
		if at(doc, "properties", "protectionState") != world.FailbackPending || at(doc, "properties", "activeLocation") != "Primary" {
			t.Errorf("after the failback: %v", at(doc, "properties", "protectionState"))
		}
		r.until(r.post(id+"/failoverCommit", ""), world.Succeeded)
		r.until(r.post(id+"/reProtect", `{"properties":{"failoverDirection":"PrimaryToRecovery","providerSpecificDetails":{"instanceType":"HyperVReplicaAzure"}}}`), world.Succeeded)
		for range 200 {
			if _, doc = r.item("app01"); at(doc, "properties", "protectionState") == "Protected" && len(at(doc, "properties", "allowedOperations").([]any)) > 0 {
				break
			}
			time.Sleep(time.Second)
		}
		if at(doc, "properties", "protectionState") != "Protected" {
			t.Errorf("not protected again: %v", at(doc, "properties", "protectionState"))
		}
		t.Log("protected after", time.Since(start))
	})
}
