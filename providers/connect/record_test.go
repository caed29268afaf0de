package connect_test

import (
	"bytes"
	"encoding/json"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine"
	"failback/providers/azure"
	"failback/providers/azure/record"
	"failback/providers/connect"
	"failback/providers/lab/world"
)

// owned lists every name of the bed's world that says whose it is.
func (b *bed) owned() []string {
	var out []string
	b.lab.World().Read(func(s *world.State) {
		out = append(out, s.Subscription, s.ResourceGroup, s.Vault, s.Account, s.Token)
		for _, f := range s.Fabrics {
			out = append(out, f.Name, f.Friendly, f.Internal, f.Container)
		}
		for _, h := range s.Hosts {
			out = append(out, h.Name, h.ID, h.Machine)
		}
		for _, it := range s.Items {
			out = append(out, it.Name, it.VMID, it.HyperVID, it.AzureVM)
			for _, d := range it.Disks {
				out = append(out, d.ID, d.VHDID, d.Name)
			}
		}
		for _, p := range s.Plans {
			out = append(out, p.Name, p.ID)
		}
		for _, j := range s.Jobs {
			out = append(out, j.Name)
		}
	})
	return out
}

// standsIn is where the word stands in the text, by itself and not within
// another, or -1. Both are in lower case.
func standsIn(text []byte, word string) int {
	if word == "" {
		return -1
	}
	part := func(i int) bool {
		return i >= 0 && i < len(text) && (text[i] >= 'a' && text[i] <= 'z' || text[i] >= '0' && text[i] <= '9')
	}
	for from := 0; ; {
		at := bytes.Index(text[from:], []byte(word))
		if at < 0 {
			return -1
		}
		if at += from; !part(at-1) && !part(at+len(word)) {
			return at
		}
		from = at + 1
	}
}

// A recording of a whole session: nothing of its vault stands in it, and it still
// tells what happened, so that a client that reads it comes to the same end.
func TestARecordingTellsEverythingButNames(t *testing.T) {
	unraced(t)
	t.Parallel()
	dir := t.TempDir()
	file := filepath.Join(dir, "session.json")
	var names []string
	var done engine.Job
	synctest.Test(t, func(t *testing.T) {
		rec, err := record.Create(file)
		if err != nil {
			t.Fatal(err)
		}
		b := openRecorded(t, dir, estateWith(slow, "{when: protecting, what: job-fails, times: 1}"), rec)
		defer b.close()
		h := b.start(b.plan(engine.SyncDelta, "app01"))
		b.failed(b.finish(h), "app01", engine.FailureJob)
		b.restart("app01")
		b.succeeded(b.finish(b.resume(h.ID())))
		if _, err := b.conn.Ports.Inventory.RecoveryPlans(t.Context()); err != nil {
			t.Error(err)
		}
		if _, err := b.conn.Jobs.Export(t.Context(), engine.JobExport{Format: engine.ExportJSON}, io.Discard); err != nil {
			t.Error(err)
		}
		done = b.newest("app01", func(j engine.Job) bool { return j.Scenario == engine.ScenarioPlannedFailover })
		names = b.owned()
		if err := rec.Close(); err != nil {
			t.Error(err)
		}
	})
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	lower := bytes.ToLower(raw)
	for _, n := range append(names, "sig", "bearer", "127.0.0.1", "lab", "vhd", "anna") {
		if at := standsIn(lower, strings.ToLower(n)); at >= 0 {
			t.Errorf("%q stands in the recording: …%s…", n, raw[max(0, at-60):min(len(raw), at+60)])
		}
	}
	replayed(t, raw, done)
}

// replayed serves a recording to a client of its own, whose read of the failback
// job has to end where the session's did.
func replayed(t *testing.T, raw []byte, want engine.Job) {
	t.Helper()
	var all []struct {
		Method, Path string
		Status       int
		Headers      map[string]string
		Response     json.RawMessage
	}
	if err := json.Unmarshal(raw, &all); err != nil {
		t.Fatal(err)
	}
	answers := map[string][]int{}
	var vault, job string
	for i, e := range all {
		path, _, _ := strings.Cut(e.Path, "?")
		answers[e.Method+" "+path] = append(answers[e.Method+" "+path], i)
		if strings.HasSuffix(path, "/plannedFailover") {
			job = segmentAfter(e.Headers["location"], "operationresults")
		}
		vault = path
	}
	if job == "" {
		t.Fatal("the recording starts no failover")
	}
	serve := roundTrip(func(r *http.Request) (*http.Response, error) {
		queue := answers[r.Method+" "+r.URL.Path]
		if len(queue) == 0 {
			return &http.Response{StatusCode: http.StatusNotFound, Header: http.Header{}, Body: http.NoBody, Request: r}, nil
		}
		e := all[queue[0]]
		if len(queue) > 1 {
			answers[r.Method+" "+r.URL.Path] = queue[1:]
		}
		return &http.Response{StatusCode: e.Status, Header: http.Header{}, Body: io.NopCloser(bytes.NewReader(e.Response)), Request: r}, nil
	})
	c, err := connect.Open(t.Context(), connect.Options{
		ResourceGroup: segmentAfter(vault, "resourceGroups"), Vault: segmentAfter(vault, "vaults"), Poll: time.Second,
		Azure: azure.Options{Cloud: azure.Cloud{ResourceManager: "http://replay.lab"}, Auth: azure.AuthLoopback, Token: "t",
			Subscription: segmentAfter(vault, "subscriptions"), Transport: serve},
	})
	if err != nil {
		t.Fatal(err)
	}
	var last engine.Job
	seen := map[engine.JobWait]bool{}
	for range all {
		if last, err = c.Ports.Inventory.Job(t.Context(), job); err != nil || last.State.Ended() {
			break
		}
		seen[last.Waits()] = true
	}
	if err != nil || last.State != want.State || last.Scenario != want.Scenario || last.Direction() != engine.ToOnPremises || len(last.Tasks) != len(want.Tasks) || !seen[engine.WaitComplete] {
		t.Errorf("replayed = %+v, %v, waits %v", last, err, seen)
	}
	for i, task := range last.Tasks {
		if w := want.Tasks[i]; task.Name != w.Name || task.State != w.State || task.Friendly != w.Friendly {
			t.Errorf("task %+v, want %+v", task, w)
		}
	}
	items, err := c.Ports.Inventory.Items(t.Context())
	if err != nil || len(items) != 1 || items[0].VMID != last.TargetID || items[0].Name != last.TargetName {
		t.Errorf("items = %+v, %v", items, err)
	}
	if hosts, err := c.Ports.Inventory.Hosts(t.Context()); err != nil || len(hosts) == 0 || !strings.HasPrefix(hosts[0].Name, "name-") {
		t.Errorf("hosts = %+v, %v", hosts, err)
	}
}

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func segmentAfter(path, key string) string {
	parts := strings.FieldsFunc(path, func(r rune) bool { return r == '/' || r == '?' })
	for i := range len(parts) - 1 {
		if strings.EqualFold(parts[i], key) {
			return parts[i+1]
		}
	}
	return ""
}
