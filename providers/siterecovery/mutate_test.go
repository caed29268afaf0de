package siterecovery

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"strings"
	"testing"

	"failback/engine"
)

// mutation breaks a document in one place, in a way that answers have been broken
// or that the next version of the service may bring.
type mutation func(r *rand.Rand, v any) any

var mutations = []mutation{
	func(*rand.Rand, any) any { return nil },
	func(*rand.Rand, any) any { return "a text" },
	func(*rand.Rand, any) any { return -1e300 },
	func(*rand.Rand, any) any { return []any{} },
	func(*rand.Rand, any) any { return map[string]any{} },
	func(*rand.Rand, any) any { return true },
	func(_ *rand.Rand, v any) any { // a discriminator that nobody knows
		m, ok := v.(map[string]any)
		if !ok {
			return "SomethingNew"
		}
		m["instanceType"], m["taskType"] = "SomethingNew", "SomethingNew"
		return m
	},
	func(_ *rand.Rand, v any) any { // a huge list
		l := make([]any, 300)
		for i := range l {
			l[i] = v
		}
		return l
	},
	func(_ *rand.Rand, v any) any { // deep nesting
		for range 60 {
			v = map[string]any{"name": "n", "groupTaskCustomDetails": map[string]any{"instanceType": "InlineWorkflowTaskDetails", "childTasks": []any{v}}}
		}
		return v
	},
}

// mutate breaks one place below v, which it may change, and returns what is there
// then.
func mutate(r *rand.Rand, v any, depth int) any {
	switch m := v.(type) {
	case map[string]any:
		if keys := sortedKeys(m); len(keys) > 0 && r.IntN(depth+4) > 0 {
			k := keys[r.IntN(len(keys))]
			if r.IntN(12) == 0 {
				delete(m, k)
				return m
			}
			m[k] = mutate(r, m[k], depth+1)
			return m
		}
	case []any:
		if len(m) > 0 && r.IntN(depth+4) > 0 {
			i := r.IntN(len(m))
			m[i] = mutate(r, m[i], depth+1)
			return m
		}
	}
	return mutations[r.IntN(len(mutations))](r, v)
}

// seeds are documents of items, jobs, recovery plans, hosts and operations: small
// ones of our own, and every one of the recordings where there are any.
func seeds(tb testing.TB) []json.RawMessage {
	tb.Helper()
	out := []json.RawMessage{
		json.RawMessage(item{}.doc()),
		json.RawMessage(jobDoc(testJob, "Suspended", "Azure", task("WaitForUserInputForFailback", "InProgress", "Waiting", ""),
			task("G", "InProgress", "InProgress", `,"groupTaskCustomDetails":{"instanceType":"RecoveryPlanGroupTaskDetails","childTasks":[`+
				task("VM", "NotStarted", "NotStarted", `,"customDetails":{"instanceType":"VirtualMachineTaskDetails","jobTask":{"jobId":"/x/replicationJobs/"}}`)+`]}`),
			task("M", "InProgress", "Waiting", `,"customDetails":{"instanceType":"ManualActionTaskDetails","name":"n"},"errors":[{"serviceErrorDetails":{"code":"1"},"providerErrorDetails":{"errorCode":0}}]`))),
		json.RawMessage(`{"id":"` + testHost + `","name":"host1","properties":{"fabricType":"HyperVSite","friendlyName":"hv01","connectionStatus":"Connected","lastHeartBeat":"2026-11-01T10:00:00Z","providerVersionDetails":{"version":"5","status":"Supported"}}}`),
		json.RawMessage(`{"id":"` + testVault + `/replicationRecoveryPlans/rp","name":"rp","properties":{"friendlyName":"Shop","currentScenario":{"jobId":"j"},"groups":[{"groupType":"Boot","replicationProtectedItems":[{"id":"i1"}],
		 "startGroupActions":[{"actionName":"a","customDetails":{"instanceType":"ManualActionDetails","description":"d"}}]}]}}`),
		json.RawMessage(`{"error":{"code":"28175","message":"renamed"},"id":null,"name":"op","properties":null,"status":"Succeeded","startTime":"2026-11-01T10:00:00Z","endTime":null,"percentComplete":null}`),
	}
	if os.Getenv("FAILBACK_WIRE") != "" {
		for _, v := range everything(tb) {
			out = append(out, found(v, func(map[string]any) bool { return true })...)
		}
	}
	return out
}

// anywhere answers every read with the same document, alone or as a list, and
// takes every request.
type anywhere json.RawMessage

func (a anywhere) RoundTrip(r *http.Request) (*http.Response, error) {
	body, status, header := []byte(a), http.StatusOK, http.Header{}
	switch last := r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]; {
	case r.Method == http.MethodPost:
		status, body = http.StatusAccepted, nil
		header.Set("Azure-AsyncOperation", "http://127.0.0.1:1"+testVault+"/replicationOperationStatus/op?api-version=1")
	case strings.HasPrefix(last, "replication"):
		body = []byte(`{"value":[` + string(a) + `],"nextLink":null}`)
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(bytes.NewReader(body)), Request: r}, nil
}

// survives reads a broken document in every place where the service could have
// put it. What can't be read is a failure that says what was read, and of what.
func survives(t *testing.T, doc json.RawMessage) {
	t.Helper()
	c := newClient(t, "http://127.0.0.1:1", anywhere(doc))
	ctx := t.Context()
	for where, ask := range map[string]func() error{
		"item1": func() error { _, err := c.Item(ctx, testItem); return err },
		"v1":    func() error { _, err := c.Items(ctx); return err },
		"v1 ":   func() error { _, err := c.Jobs(ctx); return err },
		"v1  ":  func() error { _, err := c.Hosts(ctx); return err },
		"v1   ": func() error { _, err := c.RecoveryPlans(ctx); return err },
		testJob: func() error {
			j, err := c.Job(ctx, testJob)
			j.Offers()
			j.OwnErrors()
			return err
		},
		"": func() error { // an operation, and all that is read on the way to it
			_, err := c.StartPlan(ctx, engine.PlanStart{Plan: testVault + "/replicationRecoveryPlans/rp", Direction: engine.ToOnPremises, Sync: engine.SyncFull, RequestID: "r"})
			return err
		},
	} {
		err := ask()
		if err == nil {
			continue
		}
		var f *engine.Failure
		if !errors.As(err, &f) || f.What == "" || f.Why == "" || f.Where == "" && f.Kind != engine.FailureUsage {
			t.Errorf("%s: a failure that does not say what and where: %#v", where, err)
			continue
		}
		if where != "" && !strings.Contains(f.Where, strings.TrimSpace(where)) && f.Kind == engine.FailureOther && !strings.Contains(f.Where, "/") {
			t.Errorf("%s: the failure names %q: %v", where, f.Where, err)
		}
	}
}

func broken(doc json.RawMessage, seed uint64) json.RawMessage {
	r := rand.New(rand.NewPCG(seed, 2026))
	var v any
	if json.Unmarshal(doc, &v) != nil {
		return doc
	}
	for range 1 + r.IntN(3) {
		v = mutate(r, v, 0)
	}
	raw, err := json.Marshal(v)
	if err != nil {
		return doc
	}
	return raw
}

func TestBrokenAnswersNeverPanic(t *testing.T) {
	all := seeds(t)
	const rounds = 60
	for seed := range uint64(rounds) {
		survives(t, broken(all[int(seed)%len(all)], seed))
	}
}

// FuzzBrokenAnswers goes on where TestBrokenAnswersNeverPanic ends: documents of
// our own and of the recordings, broken by the seed, or by the fuzzer itself.
func FuzzBrokenAnswers(f *testing.F) {
	for i, doc := range seeds(f) {
		if i > 5 && i%8 != 0 {
			continue // the test above takes them all
		}
		f.Add([]byte(doc), uint64(i))
	}
	f.Fuzz(func(t *testing.T, doc []byte, seed uint64) {
		if !json.Valid(doc) {
			return
		}
		survives(t, broken(doc, seed))
	})
}
