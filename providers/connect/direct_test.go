package connect_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"failback/engine"
	"failback/engine/estimate"
	"failback/engine/rules"
	"failback/engine/runs"
)

const managedEstate = `
name: direct
fabrics: [{name: site, kind: hyperv-site}]
hosts:
  - {name: hv01, fabric: site, switches: [{name: LAN, type: External}]}
items:
  - name: db01
    host: hv01
    managed: true
    generation: 2
    in_azure: 3d
    disks: [{size: 32MiB, content: 4MiB}, {size: 16MiB, content: 2MiB}]
`

// TestS10AWholeRunWithoutSiteRecovery has the engine's own runner bring a machine with
// managed disks home: the same gates, the same evidence, and exactly the list deleted.
func TestS10AWholeRunWithoutSiteRecovery(t *testing.T) {
	folder := t.TempDir()
	inBubble(t, managedEstate, func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "db01")
		p.Direct = &engine.Direct{Folder: folder}
		b.m = runs.NewManager(b.store, b.conn, runs.Settings{Program: "test", Driver: "anna@jump01", Preflight: rules.Check,
			Forecast: func(ctx context.Context, plan engine.Plan) (engine.ForecastMade, error) {
				return estimate.Plan(ctx, b.conn, plan, b.store.Past(), time.Now())
			}})
		h := b.start(p)
		b.succeeded(b.finish(h))
		if o, past := h.State().Outturn(), b.store.Past(); o == nil || !o.Direct || o.Bytes <= 0 || o.ForecastBytes < 48<<20 || len(past) != 1 || !past[0].Direct || past[0].ForecastTotal <= 0 {
			t.Errorf("the run is not held against its forecast: %+v, it teaches %+v", o, past)
		}
		l := h.State().Leg("db01")
		if l.Boot == nil || l.Boot.Result != engine.BootProven || l.Damage != nil || l.AzurePower != engine.PowerDeleted {
			b.dump(h.State())
			t.Errorf("boot %+v, damage %v, Azure %s", l.Boot, l.Damage, l.AzurePower)
		}
		if len(l.Proofs) != 2 || slices.ContainsFunc(l.Proofs, func(p engine.DiskProved) bool { return !p.Equal }) {
			t.Errorf("%+v", l.Proofs)
		}
		if it := b.item("db01"); it.State != engine.ItemProtected || it.Active != engine.LocationOnPremises {
			t.Errorf("%+v", it)
		}
		for kind, n := range b.posts() {
			if strings.Contains(strings.ToLower(kind), "failover") {
				t.Errorf("Site Recovery was asked for %d × %s", n, kind)
			}
		}
	})
}

// TestS29ARunThatWaitsForItsGateBringsMorePasses, and its journal tells of them; the
// answer comes before the next one.
func TestS29ARunThatWaitsForItsGateBringsMorePasses(t *testing.T) {
	unraced(t)
	folder := t.TempDir()
	inBubble(t, managedEstate, func(t *testing.T, b *bed) {
		p := b.plan(engine.SyncDelta, "db01")
		p.Direct = &engine.Direct{Folder: folder}
		p.Approve = []engine.Gate{engine.GateCommit, engine.GateReprotect}
		h := b.start(p)
		b.until(h, "at the complete gate", atGate("db01", engine.GateComplete))
		b.until(h, "with a pass while it waits", func(s engine.State) bool {
			return atGate("db01", engine.GateComplete)(s) && slices.ContainsFunc(s.Leg("db01").Tasks, func(c engine.TaskChanged) bool {
				return c.Task.Name == engine.TaskMonitorSync && strings.Contains(c.Task.Detail, "passes while it waits: 1")
			})
		})
		if err := h.Decide("db01", engine.Decision{Gate: engine.GateComplete, By: "anna"}); err != nil {
			t.Fatal(err)
		}
		b.succeeded(b.finish(h))
	})
}
