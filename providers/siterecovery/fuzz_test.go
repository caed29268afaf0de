package siterecovery

import (
	"bytes"
	"io"
	"net/http"
	"strings"
	"testing"

	"failback/engine"
)

// canned answers every request with the same bytes.
type canned []byte

func (c canned) RoundTrip(r *http.Request) (*http.Response, error) {
	body := []byte(c)
	if !strings.HasSuffix(r.URL.Path, "/item1") && !strings.HasSuffix(r.URL.Path, "/"+testJob) {
		body = []byte(`{"value":[]}`)
	}
	return &http.Response{StatusCode: http.StatusOK, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
}

// FuzzItem: whatever an item's answer holds, reading it ends in an item that
// can be judged or in a failure, never in a panic.
func FuzzItem(f *testing.F) {
	f.Add([]byte(item{}.doc()))
	f.Add([]byte(item{kind: "A2A", details: "null"}.doc()))
	f.Add([]byte(`{"properties":{"allowedOperations":[null],"currentScenario":{},"providerSpecificDetails":{"instanceType":"HyperVReplicaAzure","azureVmDiskDetails":[null,{"maxSizeMB":"-1"}]}}}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		it, err := newClient(t, "http://127.0.0.1:1", canned(doc)).Item(t.Context(), testItem)
		if err != nil {
			if engine.KindOf(err) == "" {
				t.Errorf("a failure without a kind: %v", err)
			}
			return
		}
		for _, d := range it.Disks {
			if d.Bytes < 0 || d.LUN < 0 || strings.Contains(d.BlobURL, "?") {
				t.Errorf("disk = %+v", d)
			}
		}
		if it.CurrentJob == "" && it.CurrentScenario != "" {
			t.Errorf("idle with scenario %q", it.CurrentScenario)
		}
	})
}

// FuzzJob: whatever a job's answer holds, reading it ends in a job whose
// questions can be answered or in a failure, never in a panic.
func FuzzJob(f *testing.F) {
	f.Add([]byte(jobDoc(testJob, "Suspended", "Azure", task("WaitForUserInputForFailback", "InProgress", "Waiting", ""))))
	f.Add([]byte(jobDoc(testJob, "Failed", "Azure", task("A", "Other", "Skipped", `,"customDetails":{"instanceType":"InlineWorkflowTaskDetails","childTasks":[{},1,null]}`))))
	f.Add([]byte(`{"properties":{"tasks":[null],"errors":[null,{}],"customDetails":{"instanceType":"AsrJobDetails","affectedObjectDetails":{"PrimaryFabricProviderId":null}}}}`))
	f.Add([]byte(`[]`))
	f.Fuzz(func(t *testing.T, doc []byte) {
		j, err := newClient(t, "http://127.0.0.1:1", canned(doc)).Job(t.Context(), testJob)
		if err != nil {
			return
		}
		if j.WaitsForComplete() && j.State != engine.JobSuspended {
			t.Errorf("state %q waits for its completion", j.State)
		}
		if j.SyncBegan() && len(j.Tasks) == 0 {
			t.Error("a synchronisation began without a task")
		}
	})
}
