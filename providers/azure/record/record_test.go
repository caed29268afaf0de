package record

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func redact(t *testing.T, w *words, doc string) string {
	t.Helper()
	var v any
	if err := json.Unmarshal([]byte(doc), &v); err != nil {
		t.Fatal(err)
	}
	raw, err := json.Marshal(w.document(v))
	if err != nil {
		t.Fatal(err)
	}
	return string(raw)
}

// Each row is a document with what must go and what must stay.
func TestWhatIsTakenOutAndWhatStays(t *testing.T) {
	const id = "8b1d0f2e-4c5a-4d6b-9e7f-0a1b2c3d4e5f"
	for name, c := range map[string]struct {
		doc  string
		gone []string
		kept []string
	}{
		"an item": {`{"id":"/subscriptions/` + id + `/resourceGroups/Payroll-rg/providers/Microsoft.RecoveryServices/vaults/v/replicationProtectedItems/Payroll",
			"properties":{"friendlyName":"Payroll","protectionState":"SomethingNew","allowedOperations":["Failback"],"recoveryFabricId":"Microsoft Azure"}}`,
			[]string{id, "Payroll", `vaults/v/`}, []string{"SomethingNew", "Failback", "Microsoft Azure", "replicationProtectedItems"}},
		"an error that quotes": {`{"message":"Virtual machine 'Payroll' on hv01.contoso.com (10.1.2.3) failed for CONTOSO\\ann and ann@contoso.com; see https://x.blob.core.windows.net/a/b?sig=abc%2F","code":"539"}`,
			[]string{"Payroll", "hv01", "contoso", "10.1.2.3", "ann", "sig=", "blob.core"}, []string{"539", "Virtual machine", "failed for"}},
		"an export":      {`{"customDetails":{"instanceType":"ExportJobDetails","blobUri":"https://acct.blob.core.windows.net/jobs/x.json","sasToken":"sv=1&sig=abc"}}`, []string{"acct", "sig=abc"}, []string{"ExportJobDetails", "redacted"}},
		"a certificate":  {`{"primaryKekCertificatePfx":"MIIK","accessSAS":"https://x/y?sig=1"}`, []string{"MIIK", "sig=1"}, []string{"redacted"}},
		"a comment":      {`{"properties":{"comments":"Ann says the site is back"}}`, []string{"Ann", "site"}, nil},
		"tags":           {`{"tags":{"owner":"ann"}}`, []string{"owner", "ann"}, nil},
		"a job's tasks":  {`{"scenarioName":"PlannedFailover","friendlyName":"Planned failover","tasks":[{"taskType":"TaskDetails","name":"MonitorDataSync","friendlyName":"Monitoring data synchronization","taskId":"Group1"}]}`, nil, []string{"Planned failover", "MonitorDataSync", "Monitoring data synchronization", "Group1"}},
		"a machine's":    {`{"taskType":"VirtualMachineTaskDetails","name":"Unknown","friendlyName":"Payroll"}`, []string{"Payroll"}, nil},
		"a manual one":   {`{"taskType":"ManualActionTaskDetails","friendlyName":"Ring Ann","customDetails":{"instanceType":"ManualActionTaskDetails","instructions":"door code 4711"}}`, []string{"Ann", "4711"}, []string{"ManualActionTaskDetails"}},
		"a disk":         {`{"diskId":"` + id + "_" + id + `_0_1"}`, []string{id}, []string{"_0_1"}},
		"sides of a job": {`{"PrimaryFabricProviderId":"Azure","PrimaryVmmId":"21a9403c-6ec1-44f2-b744-b4e50b792387"}`, nil, []string{"Azure", "21a9403c-6ec1-44f2-b744-b4e50b792387"}},
		"numbers, times": {`{"rpoInSeconds":57,"maxSizeMB":"1024","startTime":"2026-11-01T10:00:00.1234567Z","dra":null,"x":true}`, nil, []string{"57", `"1024"`, "2026-11-01T10:00:00.1234567Z", "true"}},
	} {
		t.Run(name, func(t *testing.T) {
			got := redact(t, newWords(), c.doc)
			for _, s := range c.gone {
				if strings.Contains(strings.ToLower(got), strings.ToLower(s)) {
					t.Errorf("%q is still there:\n%s", s, got)
				}
			}
			for _, s := range c.kept {
				if !strings.Contains(got, s) {
					t.Errorf("%q is gone:\n%s", s, got)
				}
			}
		})
	}
}

func TestTheSameNameGetsTheSameReplacement(t *testing.T) {
	w := newWords()
	w.hide("Payroll")
	got := redact(t, w, `{"friendlyName":"PAYROLL","message":"payroll is not ready, Payroll-2 is","value":"Payroll"}`)
	if strings.Count(got, "name-1") < 3 || strings.Contains(strings.ToLower(got), "payroll") {
		t.Errorf("got %s", got)
	}
	if twice := redact(t, w, got); twice != got {
		t.Errorf("redacted twice:\n%s\nonce:\n%s", twice, got)
	}
	if p := w.path("/subscriptions/x1/providers/Microsoft.RecoveryServices/vaults?api-version=1&$filter=RecoveryPlanName+eq+'Payroll'+and+JobStatus+eq+'Failed'&$skipToken=abc&sig=1"); strings.Contains(p, "Payroll") ||
		strings.Contains(p, "abc") || strings.Contains(p, "sig") || !strings.Contains(p, "Failed") || !strings.Contains(p, "api-version=1") {
		t.Errorf("path = %s", p)
	}
}

// A name in prose that is told only later is taken out of what was written before.
func TestWhatIsLearnedLaterIsTakenOutBefore(t *testing.T) {
	path := filepath.Join(t.TempDir(), "r.json")
	r, err := Create(path)
	if err != nil {
		t.Fatal(err)
	}
	doc := func(s string) any { return decoded([]byte(s)) }
	r.keep(Exchange{Method: "GET", Path: "/a"}, nil, doc(`{"message":"Payroll is busy"}`))
	r.keep(Exchange{Method: "GET", Path: "/b"}, nil, doc(`<html>Payroll</html>`))
	r.keep(Exchange{Method: "GET", Path: "/c"}, nil, doc(`{"friendlyName":"Payroll"}`))
	r.keep(Exchange{Method: "GET", Path: "/d"}, nil, nil)
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(path)
	if err != nil || strings.Contains(string(raw), "Payroll") {
		t.Errorf("file = %s, %v", raw, err)
	}
	var all []Exchange
	if err := json.Unmarshal(raw, &all); err != nil || len(all) != 4 || all[1].Response != "(no JSON)" || all[3].Response != nil {
		t.Errorf("exchanges = %+v, %v", all, err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm()&0o077 != 0 && os.PathSeparator == '/' {
		t.Errorf("others may read it: %v, %v", info.Mode(), err)
	}
	if _, err := Create(path); err == nil {
		t.Error("a file that is there is written over")
	}
}

// Redaction never loses the shape of a document and is done after one pass.
func FuzzDocument(f *testing.F) {
	f.Add(`{"message":"'a' b01 https://x/y?z /subscriptions/q","tags":{"a":1},"list":[null,{"name":"x"}]}`)
	f.Add(`[{"friendlyName":"é01","sasToken":"s"},"\u0000"]`)
	f.Fuzz(func(t *testing.T, doc string) {
		v := decoded([]byte(doc))
		w := newWords()
		raw, err := json.Marshal(w.document(v))
		if err != nil {
			t.Fatal(err)
		}
		if !json.Valid(raw) {
			t.Fatalf("no JSON: %s", raw)
		}
	})
}
