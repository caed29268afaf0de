package connect_test

import (
	"strings"
	"testing"

	"failback/engine"
	"failback/engine/rules"
)

// ofDirect reports whether a rule is asked of a failback without Site Recovery alone.
// Such rules have an estate of their own here; what of them no estate can show is
// tripped in engine/rules.
func ofDirect(r rules.Rule) bool { return strings.HasPrefix(r.ID, "direct-") }

// ruledDirect is an estate in which every rule of such a failback is content.
const ruledDirect = `name: direct
fabrics: [{name: site, kind: hyperv-site}]
hosts:
  - {name: hv01, fabric: site, switches: [{name: LAN, type: External}]}
  - {name: hv02, fabric: site, switches: [{name: LAN, type: External}]}
items:
  - {name: db01, host: hv01, managed: true, generation: 2, in_azure: 3d, disks: [{size: 16MiB}]}
  - {name: dc01, host: hv01, state: protected, disks: [{size: 16MiB}]}
`

// without has the item go without Site Recovery, to hv02 where asked.
func without(b *bed, folder string, elsewhere bool) engine.Plan {
	p := planned(b, "db01")
	p.Rehearsal, p.Direct = true, &engine.Direct{Folder: folder}
	if elsewhere {
		toHV02(b, &p)
	}
	return p
}

// straightFindings are findings over the plan's own ports.
func straightFindings(b *bed, p engine.Plan) map[string]engine.Finding {
	b.t.Helper()
	ports, err := b.conn.PortsFor(p)
	if err != nil {
		b.t.Fatal(err)
	}
	found := map[string]engine.Finding{}
	if err := rules.Check(b.t.Context(), ports, p, p.Items[0], func(f engine.Finding) { found[f.Rule] = f }); err != nil {
		b.t.Fatal(err)
	}
	return found
}

// Every rule of a failback without Site Recovery is asked, and finds nothing in an
// estate that is as it should be. How much room this machine has is its own affair.
func TestS10RulesWithoutSiteRecoveryAreContent(t *testing.T) {
	folder, seen := t.TempDir(), map[string]bool{}
	inBubble(t, ruledDirect, func(t *testing.T, b *bed) {
		for _, elsewhere := range []bool{false, true} {
			for id, f := range straightFindings(b, without(b, folder, elsewhere)) {
				seen[id] = true
				if f.Verdict != engine.VerdictOK && id != "direct-space" {
					t.Errorf("elsewhere %v: %+v", elsewhere, f)
				}
			}
		}
	})
	for _, r := range rules.Rules() {
		if ofDirect(r) && !seen[r.ID] {
			t.Errorf("rule %s was not asked", r.ID)
		}
	}
	if seen["connected"] || seen["services"] {
		t.Error("what Site Recovery needs was asked")
	}
}

// What stands in the way of a failback without Site Recovery, over the real providers.
func TestS10RulesWithoutSiteRecoveryInTheLab(t *testing.T) {
	for _, c := range []struct {
		rule      string
		swap      []string
		elsewhere bool
		plan      func(*engine.Plan)
		observed  string
	}{
		{rule: "direct-folder", plan: func(p *engine.Plan) { p.Direct.Folder += "/gone" }, observed: "gone"},
		{rule: "direct-generation", plan: func(p *engine.Plan) { p.Direct.Format = "vhd" }, observed: "takes no VHD"},
		{rule: "direct-generation", swap: []string{"generation: 2", "generation: 2, azure_generation: 1"}, observed: "generation 1 in Azure"},
		{rule: "direct-switch", elsewhere: true, plan: func(p *engine.Plan) { p.Direct.Switch = "Lan" }, observed: `no switch "Lan"`},
		{rule: "direct-memory", elsewhere: true, swap: []string{"{name: hv02,", "{name: hv02, memory_free: 256MiB,"}, observed: "256.0 MiB free"},
		{rule: "direct-name", elsewhere: true, swap: []string{"{name: dc01, host: hv01,", "{name: dc02, host: hv02, home: {name: db01},"}, observed: "rename that VM"},
		{rule: "off", swap: []string{"generation: 2", "generation: 2, home: {state: Running}"}, observed: "shut it down"},
		{rule: "checkpoints", swap: []string{"generation: 2", "generation: 2, checkpoints: 2"}, observed: "2 checkpoints"},
	} {
		t.Run(c.rule+" "+c.observed, func(t *testing.T) {
			folder, estate := t.TempDir(), ruledDirect
			if c.swap != nil {
				estate = strings.Replace(estate, c.swap[0], c.swap[1], 1)
			}
			inBubble(t, estate, func(t *testing.T, b *bed) {
				p := without(b, folder, c.elsewhere)
				if c.plan != nil {
					c.plan(&p)
				}
				if f := straightFindings(b, p)[c.rule]; f.Verdict != engine.VerdictBlock || !strings.Contains(f.Observed+"\n"+f.Remedy, c.observed) {
					t.Errorf("%+v, want a block with %q", f, c.observed)
				}
			})
		})
	}
}
