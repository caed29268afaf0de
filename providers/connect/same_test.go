package connect_test

import (
	"cmp"
	"reflect"
	"slices"
	"strings"
	"testing"

	"failback/engine"
	evidence "failback/engine/report"
	"failback/engine/rules"
)

// What `check` and the wizard's preflight ask ([rules.Set.All]), what a run journals and
// what the evidence shows is the same: every field of every finding, in a run that a rule
// blocks, with an override in it.
func TestCheckJournalAndEvidenceShowTheSameFindings(t *testing.T) {
	estate := ruled
	for i, swap := 0, slices.Concat(home("state: Running"), with(hv01, `build: "7601", core: true, unread: {dotnet: AccessDenied},`)); i < len(swap); i += 2 {
		estate = strings.Replace(estate, swap[i], swap[i+1], 1)
	}
	inBubble(t, estate, func(t *testing.T, b *bed) {
		p := planned(b, "web01")
		p.Profile, p.Vault = "test", b.conn.Vault
		p.Overrides = []engine.Override{{Rule: "windows", Reason: "tried on Tuesday"}}
		sorted := func(all []engine.Finding) []engine.Finding {
			all = slices.Clone(all)
			slices.SortFunc(all, func(x, y engine.Finding) int { return cmp.Compare(x.Rule, y.Rule) })
			return all
		}
		var checked []engine.Finding
		if err := (rules.Set{}).All(t.Context(), b.conn.Ports, p, func(_ string, f engine.Finding) { checked = append(checked, f) }); err != nil {
			t.Fatal(err)
		}
		checked = sorted(checked)

		h := b.start(p)
		b.finish(h)
		events, err := b.store.Events(h.ID())
		if err != nil {
			t.Fatal(err)
		}
		var journaled []engine.Finding
		for _, e := range events {
			if c, ok := e.Body.(engine.PreflightChecked); ok {
				journaled = append(journaled, c.Finding)
			}
		}
		r, err := evidence.Build(events)
		if err != nil {
			t.Fatal(err)
		}
		seen := map[engine.Verdict]int{}
		for _, f := range checked {
			seen[f.Verdict]++
		}
		if seen[engine.VerdictBlock] == 0 || seen[engine.VerdictWarn] == 0 || seen[engine.VerdictUnknown] == 0 || seen[engine.VerdictOK] < 30 {
			t.Errorf("the estate shows too little: %v", seen)
		}
		for name, got := range map[string][]engine.Finding{"journal": sorted(journaled), "evidence": sorted(r.Items[0].Findings)} {
			if len(got) != len(checked) {
				t.Errorf("%s: %d findings, checked were %d", name, len(got), len(checked))
				continue
			}
			for i := range got {
				if !reflect.DeepEqual(got[i], checked[i]) {
					t.Errorf("%s:\n%+v\nchecked was\n%+v", name, got[i], checked[i])
				}
			}
		}
		i := slices.IndexFunc(checked, func(f engine.Finding) bool { return f.Rule == "windows" })
		if f := checked[i]; f.Verdict != engine.VerdictWarn || !strings.Contains(f.Observed, "overridden by anna: tried on Tuesday") {
			t.Errorf("%+v", f)
		}
	})
}
