package connect_test

import (
	"context"
	"io"
	"net/http"
	"strings"
	"sync"
	"testing"

	"failback/engine"
	"failback/providers/azure"
)

// wire notes the rights that requests to Azure need, and refuses those that need
// one which is withheld.
type wire struct {
	next http.RoundTripper

	mu       sync.Mutex
	used     map[string]bool
	withheld string
}

func (w *wire) RoundTrip(r *http.Request) (*http.Response, error) {
	needed := rightFor(r.Method, r.URL.Host, r.URL.Path)
	w.mu.Lock()
	if w.used == nil {
		w.used = map[string]bool{}
	}
	w.used[needed] = true
	refused := needed == w.withheld
	w.mu.Unlock()
	if !refused {
		return w.next.RoundTrip(r)
	}
	return &http.Response{
		StatusCode: http.StatusForbidden, Status: "403 Forbidden", Request: r, ProtoMajor: 1, ProtoMinor: 1,
		Header: http.Header{"Content-Type": {"application/json"}},
		Body:   io.NopCloser(strings.NewReader(`{"error":{"code":"AuthorizationFailed","message":"The client may not do this."}}`)),
	}, nil
}

func (w *wire) withhold(action azure.Action) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.withheld = string(action)
}

// rightFor derives the right that Azure asks for from a request alone, as Resource
// Manager does: the types of the path, and read, or the verb of a POST. It knows
// nothing of the program's own table.
func rightFor(method, host, path string) string {
	if strings.HasPrefix(host, "storage") {
		return "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
	}
	_, below, ok := strings.Cut(path, "/providers/")
	if !ok {
		return method + " " + path
	}
	words := strings.Split(strings.Trim(below, "/"), "/")
	right := words[0]
	for i := 1; i < len(words); i += 2 { // a type, then a name
		right += "/" + words[i]
	}
	if method == http.MethodPost {
		if len(words)%2 == 1 { // a verb of a whole list, which stands where a name would
			right += "/" + words[len(words)-1]
		}
		return right + "/action"
	}
	return right + "/read"
}

func table() map[string]bool {
	out := map[string]bool{}
	for _, p := range azure.Permissions() {
		out[string(p.Action)] = true
	}
	return out
}

// A failback that is cancelled, and one to its end: every request needs a right of
// the table, and every right of the table is needed by some request. So the role
// that is made from the table is neither too small nor too large.
func TestEveryRequestHasItsRightAndEveryRightItsRequest(t *testing.T) {
	unraced(t)
	t.Parallel()
	inBubble(t, estateWith(slow, "{when: protecting, what: job-fails, times: 1}"), func(t *testing.T, b *bed) {
		if _, err := b.conn.Ports.Inventory.RecoveryPlans(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := b.conn.Ports.Inventory.RecoveryPoints(t.Context(), b.item("app01").ID); err != nil {
			t.Fatal(err)
		}
		h := b.start(b.plan(engine.SyncDelta, "app01"))
		b.until(h, "in initial sync", inPhase("app01", engine.PhaseInitialSync))
		if err := h.Cancel("app01", "anna", "wrong night"); err != nil {
			t.Fatal(err)
		}
		b.finish(h)
		h = b.start(b.plan(engine.SyncDelta, "app01"))
		b.failed(b.finish(h), "app01", engine.FailureJob)
		b.restart("app01")
		b.succeeded(b.finish(b.resume(h.ID())))
		b.askPlans()
		if _, err := b.conn.Jobs.Export(t.Context(), engine.JobExport{Format: engine.ExportJSON}, io.Discard); err != nil {
			t.Error(err)
		}

		known := table()
		for right := range b.wire.used {
			if !known[right] {
				t.Errorf("the program needs %s, which the table does not have", right)
			}
		}
		for right := range known {
			if !b.wire.used[right] {
				t.Errorf("nothing needs %s", right)
			}
		}
		// The lab's own log agrees: nothing reached it by another way.
		for _, r := range b.lab.Requests() {
			if right := rightFor(r.Method, "management", r.Path); !known[right] {
				t.Errorf("%s %s needs %s, which the table does not have", r.Method, r.Path, right)
			}
		}
	})
}

// askPlans sends what can be sent about a whole recovery plan. The item is at home:
// only the way to Azure is taken, the rest is refused by the service.
func (b *bed) askPlans() {
	b.t.Helper()
	ctx, plans := b.t.Context(), b.conn.Ports.Plans
	all, err := b.conn.Ports.Inventory.RecoveryPlans(ctx)
	if err != nil || len(all) != 1 {
		b.t.Fatalf("recovery plans %v, %v", all, err)
	}
	if _, err := plans.StartPlan(ctx, engine.PlanStart{Plan: all[0].ID, Direction: engine.ToAzure, RequestID: "r1"}); err != nil {
		b.t.Error(err)
	}
	for name, ask := range map[string]func(context.Context, string, string) (string, error){"commit": plans.CommitPlan, "re-protect": plans.ReprotectPlan} {
		if _, err := ask(ctx, all[0].ID, "r2"); engine.KindOf(err) != engine.FailureRefused {
			b.t.Errorf("%s gave %v", name, err)
		}
	}
}

// A right that is taken away in the middle of a run stops the run and is named,
// although the service does not name it. Once it is given back the run goes on.
func TestAMissingRightStopsTheRunAndIsNamed(t *testing.T) {
	t.Parallel()
	for _, action := range []azure.Action{
		azure.ActionReadJobs, azure.ActionReadPower, azure.ActionStopMachine, azure.ActionResumeJob,
		azure.ActionCommit, azure.ActionReadItem, azure.ActionReadProtectable, azure.ActionReprotect,
	} {
		t.Run(string(action), func(t *testing.T) {
			if action != azure.ActionCommit && action != azure.ActionReadPower {
				unraced(t)
			}
			inBubble(t, estateWith(slow), func(t *testing.T, b *bed) {
				h := b.start(b.plan(engine.SyncDelta, "app01"))
				b.until(h, "in initial sync", inPhase("app01", engine.PhaseInitialSync))
				b.wire.withhold(action)
				b.failed(b.finish(h), "app01", engine.FailurePermission, string(action), "built-in role")
				b.wire.withhold("")
				b.succeeded(b.finish(b.resume(h.ID())))
			})
		})
	}
}

// What is only listed or measured names its right, too.
func TestAMissingRightOfAListIsNamed(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow), func(t *testing.T, b *bed) {
		it := b.item("app01")
		ctx, in := t.Context(), b.conn.Ports.Inventory
		for action, ask := range map[azure.Action]func() error{
			azure.ActionListFabrics: func() error { _, err := in.Hosts(ctx); return err },
			azure.ActionListHosts:   func() error { _, err := in.Hosts(ctx); return err },
			azure.ActionListItems:   func() error { _, err := in.Items(ctx); return err },
			azure.ActionReadPlans:   func() error { _, err := in.RecoveryPlans(ctx); return err },
			azure.ActionReadDisk:    func() error { _, err := b.conn.Ports.Azure.Allocated(ctx, it.Disks[0]); return err },
			azure.ActionCancelJob:   func() error { return b.conn.Ports.Failover.Cancel(ctx, "job1", "req1") },
			azure.ActionPlannedFailover: func() error {
				_, err := b.conn.Ports.Failover.Start(ctx, engine.StartRequest{Item: it, Direction: engine.ToOnPremises, Sync: engine.SyncDelta, RequestID: "req2"})
				return err
			},
		} {
			b.wire.withhold(action)
			err := ask()
			if engine.KindOf(err) != engine.FailurePermission || !strings.Contains(err.Error(), string(action)) {
				t.Errorf("%s: %v", action, err)
			}
		}
	})
}
