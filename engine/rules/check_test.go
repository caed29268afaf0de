package rules

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine"
)

func TestAnUnreadableItemIsTheOnlyFinding(t *testing.T) {
	w := healthy()
	w.fails["item"] = &engine.Failure{Kind: engine.FailurePermission, What: "read the item", Why: "forbidden", Remedy: "ask for Site Recovery Reader"}
	found := check(t, w)
	f := found["item"]
	if len(found) != 1 || f.Verdict != engine.VerdictBlock || !strings.Contains(f.Observed, "forbidden") || f.Remedy != "ask for Site Recovery Reader" {
		t.Errorf("%v", found)
	}
}

func TestPlainErrorsAndUnnamedHostsAreFindings(t *testing.T) {
	w := healthy()
	w.fails["hosts"] = errors.New("socket closed")
	w.item.HostName = ""
	found := check(t, w)
	if f := found["connected"]; f.Verdict != engine.VerdictBlock || !strings.Contains(f.Observed, "socket closed") || f.Remedy == "" {
		t.Errorf("hosts: %+v", f)
	}
	if f := found["host"]; f.Verdict != engine.VerdictBlock || !strings.Contains(f.Observed, "does not name the item's host") {
		t.Errorf("host: %+v", f)
	}
	if f := found["azure-vm"]; f.Verdict != engine.VerdictOK {
		t.Errorf("what could be read was not judged: %+v", f)
	}
}

// breaking is a host access that panics.
type breaking struct{ engine.HostAccess }

func (breaking) Facts(context.Context, string) (engine.HostFacts, error) { panic("nil map") }

func TestAPanicInAReadIsAFailedRead(t *testing.T) {
	w := healthy()
	p := w.ports()
	p.Hosts = breaking{w}
	var got engine.Finding
	err := Check(t.Context(), p, w.plan, w.plan.Items[0], func(f engine.Finding) {
		if f.Rule == "host" {
			got = f
		}
	})
	if err != nil || got.Verdict != engine.VerdictBlock || !strings.Contains(got.Observed, "nil map") {
		t.Errorf("%v, %+v", err, got)
	}
}

// slow answers facts only after a long time.
type slow struct {
	engine.HostAccess
	after time.Duration
}

func (s slow) Facts(ctx context.Context, host string) (engine.HostFacts, error) {
	select {
	case <-time.After(s.after):
		return s.HostAccess.Facts(ctx, host)
	case <-ctx.Done():
		return engine.HostFacts{}, ctx.Err()
	}
}

func TestFindingsComeAsTheyAreKnown(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := healthy()
		p := w.ports()
		p.Hosts = slow{w, 90 * time.Second}
		began := time.Now()
		at := map[string]time.Duration{}
		var clock engine.Finding
		err := Check(t.Context(), p, w.plan, w.plan.Items[0], func(f engine.Finding) {
			at[f.Rule] = time.Since(began)
			if f.Rule == "clock" {
				clock = f
			}
		})
		if err != nil {
			t.Fatal(err)
		}
		if at["committed"] != 0 || at["azure-vm"] != 0 || at["connected"] != 0 {
			t.Errorf("quick findings waited for a slow host: %v", at)
		}
		if at["host"] != 90*time.Second || at["off"] != 90*time.Second {
			t.Errorf("the slow host's findings: %v", at)
		}
		if clock.Verdict != engine.VerdictOK {
			t.Errorf("a slow answer looks like a wrong clock: %+v", clock)
		}
	})
}

func TestACancelledCheckReturnsTheContextsError(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := healthy()
		p := w.ports()
		p.Hosts = slow{w, time.Hour}
		why := errors.New("the operator left")
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Minute, func() { cancel(why) })
		err := Check(ctx, p, w.plan, w.plan.Items[0], func(f engine.Finding) {
			if strings.Contains(f.Observed, "canceled") {
				t.Errorf("a cancelled read became a finding: %+v", f)
			}
		})
		if !errors.Is(err, why) {
			t.Errorf("%v", err)
		}
	})
}
