package estimate

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"failback/engine"
)

// vault lists items, one by one or all at once.
type vault struct {
	engine.Inventory
	items []engine.Item
	lists int
}

func (v *vault) Item(_ context.Context, id string) (engine.Item, error) {
	for _, it := range v.items {
		if it.ID == id {
			return it, nil
		}
	}
	return engine.Item{}, &engine.Failure{Kind: engine.FailureNotFound, Why: "no item " + id}
}

func (v *vault) Items(context.Context) ([]engine.Item, error) {
	v.lists++
	return v.items, nil
}

// site has hosts with an agent, and VMs by their id.
type site struct {
	engine.HostAccess
	asked *int   // how often a host was asked
	mute  string // a host that does not answer
	facts map[string]engine.HostFacts
	gone  string // a VM that is not there
}

func (s site) Facts(_ context.Context, host string) (engine.HostFacts, error) {
	if s.asked != nil {
		*s.asked++
	}
	f, ok := s.facts[host]
	if !ok {
		return f, errors.New("no answer from " + host)
	}
	return f, nil
}

func (s site) VM(_ context.Context, host, id string) (engine.VM, error) {
	if s.asked != nil {
		*s.asked++
	}
	if host == s.mute {
		return engine.VM{}, &engine.Failure{Kind: engine.FailureRetryable, Why: "no answer"}
	}
	if id == s.gone {
		return engine.VM{}, &engine.Failure{Kind: engine.FailureNotFound, Why: "no VM"}
	}
	return engine.VM{}, nil
}

func world(items ...engine.Item) (*engine.Connection, *vault) {
	v := &vault{}
	held := map[string]int64{}
	for i, it := range items {
		it.ID, it.HyperVID, it.HostName = "/i/"+it.Name, "vm-"+it.Name, "hv01"
		held[it.Disks[0].ID] = int64(i+1) * gib
		v.items = append(v.items, it)
	}
	facts := func(threads int, throttle int64) engine.HostFacts {
		f := engine.HostFacts{}
		f.Threads.Download = threads
		if throttle > 0 {
			f.Throttle = &engine.Throttle{NonWork: throttle}
		}
		return f
	}
	c := &engine.Connection{Name: "prod", Ports: engine.Ports{
		Inventory: v, Azure: disks{held: held},
		Hosts: site{facts: map[string]engine.HostFacts{"hv01": facts(16, 3_000_000), "hv02": facts(2, 0)}},
	}}
	return c, v
}

func planOf(items ...engine.Item) engine.Plan {
	p := engine.Plan{Direction: engine.ToOnPremises, Sync: engine.SyncDelta}
	for _, it := range items {
		p.Items = append(p.Items, engine.PlanItem{ID: it.ID, Name: it.Name})
	}
	return p
}

func TestS16AForecastReadsWhatTheConnectionKnows(t *testing.T) {
	c, v := world(vm("a", 10*gib, 3), vm("b", 10*gib, 3))
	f, err := Plan(t.Context(), c, planOf(v.items...), nil, now)
	if err != nil || f.From.Threads != 16 || f.From.Throttle != 3_000_000 || f.From.Missing || len(f.From.Items) != 2 || v.lists != 0 {
		t.Fatalf("%+v, %v; %d lists", f.From, err, v.lists)
	}
	if got := f.From.Items[0].Held + f.From.Items[1].Held; got != 3*gib {
		t.Errorf("%d bytes held, want 3 GiB", got)
	}
	said := strings.Join(f.Assumed, "\n")
	if !strings.Contains(said, "rewritten a day") || !strings.Contains(said, "throttle") {
		t.Errorf("assumed: %s", said)
	}
	// What a profile says of changes is not assumed.
	c.Rates.Change = 7 << 20
	if f, err = Plan(t.Context(), c, planOf(v.items...), nil, now); err != nil || strings.Contains(strings.Join(f.Assumed, "\n"), "rewritten a day") {
		t.Errorf("%v: assumed %q", err, f.Assumed)
	}
}

func TestS38AForecastSeesThatAVMIsMissingAtTheOtherHost(t *testing.T) {
	c, v := world(vm("a", 10*gib, 3))
	hosts := c.Ports.Hosts.(site)
	hosts.gone = "vm-a"
	c.Ports.Hosts = hosts
	p := planOf(v.items...)
	p.Target = engine.Target{Alternate: true, HostName: "hv02", HostID: "/h/2", CreateVM: true}
	p.Threads = 8
	f, err := Plan(t.Context(), c, p, nil, now)
	if err != nil || !f.From.Missing || f.From.Threads != 8 || f.From.Throttle != 0 {
		t.Errorf("%+v, %v", f.From, err)
	}
}

func TestALargePlanIsReadWithOneList(t *testing.T) {
	var items []engine.Item
	for _, n := range []string{"a", "b", "c", "d", "e"} {
		items = append(items, vm(n, gib, 2))
	}
	c, v := world(items...)
	if _, err := Plan(t.Context(), c, planOf(v.items...), nil, now); err != nil || v.lists != 1 {
		t.Errorf("%v, %d lists", err, v.lists)
	}
	p := planOf(v.items...)
	p.Items[0].ID = "/i/nobody"
	if _, err := Plan(t.Context(), c, p, nil, now); err == nil {
		t.Error("an item that the vault does not list was forecast")
	}
}

// Nothing that can't be read stops a forecast.
func TestAForecastOfAConnectionThatAnswersNothing(t *testing.T) {
	c, v := world(vm("a", 10*gib, 3))
	c.Ports.Azure, c.Ports.Hosts = nil, site{}
	f := Make(t.Context(), c, Asked{Items: v.items, Now: time.Time{}})
	if f.Delta.Total.P50 <= 0 || f.Full.Bytes != 10*gib {
		t.Errorf("%+v", f)
	}
}

// A host that does not answer is waited for once.
func TestASilentHostIsAskedOnce(t *testing.T) {
	c, v := world(vm("a", gib, 3), vm("b", gib, 3), vm("c", gib, 3))
	asked := 0
	c.Ports.Hosts = site{asked: &asked, mute: "hv01"}
	if f := Make(t.Context(), c, Asked{Items: v.items, Now: now}); asked != 1 || f.Recommended == "" {
		t.Errorf("asked %d times", asked)
	}
}
