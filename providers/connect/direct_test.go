package connect_test

import (
	"slices"
	"strings"
	"testing"

	"failback/engine"
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
		h := b.start(p)
		b.succeeded(b.finish(h))
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
