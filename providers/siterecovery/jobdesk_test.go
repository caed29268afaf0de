package siterecovery

import (
	"bytes"
	"context"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"failback/engine"
	"failback/providers/azure"
)

func TestS41TaskDetailsAreTold(t *testing.T) {
	details := func(kind, more string) string { return `,"customDetails":{"instanceType":"` + kind + `"` + more + `}` }
	vm := `,"skippedReason":"NotReady","skippedReasonString":"replication is broken","jobTask":{"jobId":"/x/replicationJobs/child-1","jobScenarioName":"Failback",
	 "jobFriendlyName":"Planned failover","targetObjectId":"` + testVM + `","targetObjectName":"web","targetInstanceType":"Vm"}`
	doc := jobDoc(testJob, "InProgress", "Azure",
		task("vm", "InProgress", "InProgress", details("VirtualMachineTaskDetails", vm)),
		task("idle", "NotStarted", "NotStarted", details("JobTaskDetails", `,"jobTask":{"jobId":"/x/replicationJobs/","targetObjectName":"db"}`)),
		task("manual", "InProgress", "Waiting", details("ManualActionTaskDetails", `,"name":"Call Ann","instructions":"ask for 0815","observation":"she said yes"`)),
		task("script", "Succeeded", "Completed", details("ScriptActionTaskDetails", `,"name":"dns","path":"\\\\vmm\\s.ps1","output":"done","isPrimarySideScript":false`)),
		task("runbook", "Failed", "Failed", details("AutomationRunbookTaskDetails", `,"name":"lb","runbookName":"Set-LB","jobId":"rb-1","jobOutput":"boom","isPrimarySideScript":true`)),
		task("check", "Succeeded", "Completed", details("ConsistencyCheckTaskDetails", `,"vmDetails":[null,{"vmName":"web","details":["gone on-premises",null],"errorIds":["E1"]}]`)),
		task("nic", "Succeeded", "Completed", details("VmNicUpdatesTaskDetails", `,"nicId":"n1","name":"eth0"`)),
		task("new", "Succeeded", "Completed", details("SomethingNewTaskDetails", `,"x":1`)),
		task("plain", "Succeeded", "Completed", details("TaskDetails", "")))
	c, _ := newVault(t, map[string]http.HandlerFunc{getJob: answer(doc)})
	j, err := c.Job(t.Context(), testJob)
	if err != nil {
		t.Fatal(err)
	}
	d := map[string]engine.Task{}
	for _, task := range j.Tasks {
		d[task.Name] = task
	}
	if l := d["vm"].Child; l == nil || l.Job != "child-1" || l.TargetID != testVM || l.Target != "web" || d["vm"].Skipped != "replication is broken" {
		t.Errorf("vm = %+v", d["vm"])
	}
	if l := d["idle"].Child; l == nil || l.Job != "" || l.Target != "db" {
		t.Errorf("a job that has not begun = %+v", l)
	}
	for name, want := range map[string]engine.TaskAction{
		"manual":  {Kind: engine.ActionManual, Name: "Call Ann", Text: "ask for 0815", Output: "she said yes"},
		"script":  {Kind: engine.ActionScript, Name: "dns", Text: `\\vmm\s.ps1`, Output: "done"},
		"runbook": {Kind: engine.ActionRunbook, Name: "lb", Text: "Set-LB", Output: "boom"},
	} {
		if d[name].Action == nil || *d[name].Action != want {
			t.Errorf("%s = %+v", name, d[name])
		}
	}
	for name, want := range map[string]string{"script": "recovery side", "runbook": "primary side\nrunbook job rb-1", "check": "web is inconsistent: gone on-premises; E1", "nic": "eth0"} {
		if !strings.Contains(strings.Join(d[name].Notes, "\n"), want) {
			t.Errorf("%s notes = %+v, want %q", name, d[name], want)
		}
	}
	if d["new"].Kind != "SomethingNewTaskDetails" || d["plain"].Kind != "" {
		t.Errorf("unknown details = %+v, plain = %+v", d["new"], d["plain"])
	}
}

func TestS41ListsAreNarrowedByTheService(t *testing.T) {
	var filters []string
	doc := list(jobDoc("j1", "Failed", "Azure"), jobDoc("j2", "Succeeded", "Azure"))
	c, _ := newVault(t, map[string]http.HandlerFunc{jobs: func(w http.ResponseWriter, r *http.Request) {
		filters = append(filters, r.URL.Query().Get("$filter"))
		answer(doc)(w, r)
	}})
	since := time.Date(2026, 11, 1, 9, 28, 52, 0, time.UTC)
	got, err := c.FindJobs(t.Context(), engine.JobFilter{Since: since, Until: since.Add(24 * time.Hour), States: []engine.JobState{"Failed", "Suspended"}})
	if err != nil || len(got) != 1 || got[0].Name != "j1" {
		t.Errorf("jobs = %+v, %v", got, err)
	}
	times := "StartTime eq '2026-11-01T09:28:52.0000000Z' and EndTime eq '2026-11-02T09:28:52.0000000Z' and "
	if want := []string{times + "( JobStatus eq 'Failed' )", times + "( JobStatus eq 'Suspended' )"}; !slices.Equal(filters, want) {
		t.Errorf("filters = %q\nwant %q", filters, want)
	}
	filters = nil
	if _, err := c.FindJobs(t.Context(), engine.JobFilter{Until: since.Add(-24 * time.Hour)}); err != nil || filters[0] != "EndTime eq '2026-10-31T09:28:52.0000000Z'" {
		t.Errorf("filters = %q, %v", filters, err)
	}
}

func TestRestartIsSentOnceWhereOffered(t *testing.T) {
	restart := "POST replicationJobs/" + testJob + "/restart"
	failed := strings.Replace(jobDoc(testJob, "Failed", "Azure"), `"allowedActions":[]`, `"allowedActions":["Restart"]`, 1)
	c, v := newVault(t, map[string]http.HandlerFunc{getJob: answer(failed), restart: accept("x")})
	if err := c.Restart(t.Context(), testJob, "req-9"); err != nil || len(v.posts()) != 1 || v.posts()[0].Header.Get("x-ms-client-request-id") != "req-9" {
		t.Errorf("%v, POSTs = %v", err, v.posts())
	}
	refused(t, map[string]http.HandlerFunc{getJob: answer(jobDoc(testJob, "Failed", "Azure"))}, "does not offer it", func(c *Client) error {
		return c.Restart(t.Context(), testJob, "")
	})
}

// exporting serves an export: the operation is asked about twice, and the job
// tells where the file lies.
func exporting(details string) map[string]http.HandlerFunc {
	looks := 0
	done := strings.Replace(jobDoc("export-1", "Succeeded", ""), `"customDetails":{`, `"customDetails":`+details+`,"was":{`, 1)
	return map[string]http.HandlerFunc{
		"POST replicationJobs/export": func(w http.ResponseWriter, r *http.Request) {
			at := "http://" + r.Host + testVault
			w.Header().Set("Location", at+"/replicationJobs/operationresults/op-1?api-version=2025-01-01")
			w.Header().Set("Azure-AsyncOperation", at+"/replicationOperationStatus/op-1?api-version=2025-01-01")
			w.WriteHeader(http.StatusAccepted)
		},
		"GET replicationOperationStatus/op-1": func(w http.ResponseWriter, r *http.Request) {
			status := "InProgress"
			if looks++; looks > 1 {
				status = "Succeeded"
			}
			answer(`{"name":"export-1","status":"`+status+`"}`)(w, r)
		},
		"GET replicationJobs/operationresults/op-1": status(http.StatusNoContent, "", ""),
		"GET replicationJobs/export-1":              answer(done),
	}
}

func TestExportFetchesTheFile(t *testing.T) {
	const secret = "sig=s3cret"
	routes := exporting(`{"instanceType":"ExportJobDetails","blobUri":"https://a1.blob.core.windows.net/jobs/x.json","sasToken":"?sv=1&` + secret + `"}`)
	c, v := newVault(t, routes)
	var asked *url.URL
	c.download = func(_ context.Context, _ azure.Call, address string, w io.Writer) error {
		asked, _ = url.Parse(address)
		_, err := io.WriteString(w, "[]")
		return err
	}
	var file bytes.Buffer
	since := time.Date(2026, 11, 1, 0, 0, 0, 0, time.UTC)
	name, err := c.Export(t.Context(), engine.JobExport{Format: engine.ExportJSON, RequestID: "req-7",
		JobFilter: engine.JobFilter{Since: since, States: []engine.JobState{"Failed"}}}, &file)
	if err != nil || name != "export-1" || file.String() != "[]" {
		t.Fatalf("Export = %q, %q, %v", name, &file, err)
	}
	if asked.Path != "/jobs/x.json" || asked.RawQuery != "sv=1&"+secret {
		t.Errorf("asked for %v", asked)
	}
	if posts := v.posts(); len(posts) != 1 {
		t.Fatalf("POSTs = %v", posts)
	}
	sameJSON(t, v.posts()[0].Body, `{"startTime":"2026-11-01T00:00:00.0000000Z","jobStatus":"Failed","jobOutputType":"Json"}`)
}

func TestExportNeverTellsTheSignature(t *testing.T) {
	routes := exporting(`{"instanceType":"ExportJobDetails","blobUri":"https://evil.example/jobs/x.json","sasToken":"sig=s3cret"}`)
	c, _ := newVault(t, routes)
	_, err := c.Export(t.Context(), engine.JobExport{Format: engine.ExportJSON}, io.Discard)
	if err == nil || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("error = %v", err)
	}
	c, _ = newVault(t, exporting(`{"instanceType":"ExportJobDetails","blobUri":"http://127.0.0.1:1/jobs/x.json","sasToken":"sig=s3cret"}`))
	_, err = c.Export(t.Context(), engine.JobExport{Format: engine.ExportJSON}, io.Discard)
	if engine.KindOf(err) != engine.FailureRetryable || strings.Contains(err.Error(), "s3cret") {
		t.Errorf("error = %v", err)
	}
	for e := err; e != nil; {
		if strings.Contains(e.Error(), "s3cret") {
			t.Errorf("the signature stands in %T: %v", e, e)
		}
		u, ok := e.(interface{ Unwrap() error })
		if !ok {
			break
		}
		e = u.Unwrap()
	}
}

func TestExportWithoutAFileSaysSo(t *testing.T) {
	c, _ := newVault(t, exporting(`{"instanceType":"AsrJobDetails"}`))
	if _, err := c.Export(t.Context(), engine.JobExport{Format: engine.ExportXML}, io.Discard); engine.KindOf(err) != engine.FailureJob || !strings.Contains(err.Error(), "jobs show export-1") {
		t.Errorf("error = %v", err)
	}
	if _, err := c.Export(t.Context(), engine.JobExport{Format: "pdf"}, io.Discard); engine.KindOf(err) != engine.FailureUsage {
		t.Errorf("error = %v", err)
	}
}
