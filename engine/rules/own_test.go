package rules

import (
	"errors"
	"strings"
	"testing"

	"failback/engine"
)

// mine is a rule of a user that is well formed.
func mine(change func(*Definition)) Definition {
	d := Definition{
		ID: "big-volume", Title: "There is a volume with room", Severity: "block",
		OK:       `any(host.volumes, .free > item.bytes)`,
		Observed: `string(len(host.volumes)) + " volumes on " + host.name`,
		Remedy:   "make room", Source: "handbook, page 4", Dated: "2026-05-01",
	}
	if change != nil {
		change(&d)
	}
	return d
}

func judged(t *testing.T, w *world, d Definition) (engine.Finding, bool) {
	t.Helper()
	s, err := NewSet([]Definition{d})
	if err != nil {
		t.Fatal(err)
	}
	var got engine.Finding
	asked, all := false, 0
	if err := s.Check(t.Context(), w.ports(), w.plan, w.plan.Items[0], func(f engine.Finding) {
		all++
		if f.Rule == d.ID {
			got, asked = f, true
		}
	}); err != nil {
		t.Fatal(err)
	}
	if all < 30 {
		t.Errorf("only %d rules answered: the built-in ones are missing", all)
	}
	return got, asked
}

func TestUsersOwnRules(t *testing.T) {
	f, _ := judged(t, healthy(), mine(nil))
	if f.Verdict != engine.VerdictOK || f.Observed != "2 volumes on hv1" || f.Source != "handbook, page 4" || f.Dated != "2026-05-01" || f.Override != string(ByReason) {
		t.Errorf("%+v", f)
	}
	w := healthy()
	w.facts["hv1"].Volumes[0].Free, w.facts["hv1"].Volumes[1].Free = 0, 0
	if f, _ := judged(t, w, mine(nil)); f.Verdict != engine.VerdictBlock || f.Remedy != "make room" {
		t.Errorf("%+v", f)
	}
	w.plan.Overrides = []engine.Override{{Rule: "big-volume", Reason: "the disks are thin"}}
	if f, _ := judged(t, w, mine(nil)); f.Verdict != engine.VerdictWarn || !strings.Contains(f.Observed, "the disks are thin") {
		t.Errorf("%+v", f)
	}
	w.fails["facts"] = errors.New("no answer")
	if f, _ := judged(t, w, mine(nil)); f.Verdict != engine.VerdictUnknown {
		t.Errorf("a host that can't be read: %+v", f)
	}
	if _, asked := judged(t, healthy(), mine(func(d *Definition) { d.When = `plan.direction == "to-azure"` })); asked {
		t.Error("a rule of the other direction was asked")
	}
	if f, asked := judged(t, healthy(), mine(func(d *Definition) {
		d.When, d.OK = `item.name == "web"`, `vm.state == "Off" && azure.power == "running"`
	})); !asked || f.Verdict != engine.VerdictOK {
		t.Errorf("%+v", f)
	}
}

// What breaks in an expression is unknown, and ends: a division, an index that is not
// there, loops in loops, memory.
func TestOwnRulesThatBreakAreUnknown(t *testing.T) {
	for name, text := range map[string]string{
		"index":  `vm.disks[7] == ""`,
		"loops":  `all(1..2000, all(1..2000, all(1..2000, # >= 0)))`,
		"sort":   `len(map(1..3000, map(1..3000, # * 2))) > 0`,
		"memory": `len(1..1000000000) > 0`,
		"repeat": `len(repeat("x", 2000000000)) > 0`,
		"regexp": `item.name matches vm.name + "("`,
	} {
		t.Run(name, func(t *testing.T) {
			f, asked := judged(t, healthy(), mine(func(d *Definition) { d.OK = text }))
			if !asked || f.Verdict != engine.VerdictUnknown || !strings.Contains(f.Observed, "could not be evaluated") || !strings.Contains(f.Remedy, "big-volume") {
				t.Errorf("%+v", f)
			}
		})
	}
	if f, _ := judged(t, healthy(), mine(func(d *Definition) { d.Observed = `vm.disks[7]` })); f.Verdict != engine.VerdictUnknown {
		t.Errorf("what is observed breaks: %+v", f)
	}
}

func TestOwnRulesAreRefusedByName(t *testing.T) {
	for name, c := range map[string]struct {
		change   func(*Definition)
		key, why string
	}{
		"id":            {func(d *Definition) { d.ID = "Big Volume" }, "id", "small letters"},
		"built in":      {func(d *Definition) { d.ID = "off" }, "id", "already"},
		"severity":      {func(d *Definition) { d.Severity = "fatal" }, "severity", "neither warn nor block"},
		"no remedy":     {func(d *Definition) { d.Remedy = " " }, "remedy", "missing"},
		"override":      {func(d *Definition) { d.Override = "me" }, "override", "neither"},
		"date":          {func(d *Definition) { d.Dated = "May" }, "dated", "not a date"},
		"gate":          {func(d *Definition) { d.Recheck = []string{"start"} }, "recheck", "none of"},
		"no expression": {func(d *Definition) { d.OK = "" }, "ok", "missing"},
		"syntax":        {func(d *Definition) { d.OK = "host." }, "ok", "unexpected"},
		"no such field": {func(d *Definition) { d.OK = "host.colour == 1" }, "ok", "colour"},
		"no truth":      {func(d *Definition) { d.OK = "host.name" }, "ok", "bool"},
		"the whole":     {func(d *Definition) { d.OK = `$env.host.name == ""` }, "ok", "$env"},
		"the step":      {func(d *Definition) { d.OK = `step__()` }, "ok", "step__"},
		"observed":      {func(d *Definition) { d.Observed = "host.(" }, "observed", "expected"},
		"when a host":   {func(d *Definition) { d.When = `host.core` }, "when", "plan and item only"},
		"too long":      {func(d *Definition) { d.OK = strings.Repeat("(", 5000) }, "ok", "longer"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := NewSet([]Definition{mine(func(d *Definition) { d.ID = "first" }), mine(c.change)})
			var bad *DefinitionError
			if !errors.As(err, &bad) || bad.Index != 1 || bad.Key != c.key || !strings.Contains(bad.Why, c.why) || strings.Contains(bad.Why, "\n") {
				t.Errorf("%v", err)
			}
		})
	}
}

func FuzzOwnRule(f *testing.F) {
	f.Add(`any(host.volumes, .free > item.bytes)`)
	f.Add(`all(1..100, {# in [1,2] ? true : item.name matches "x"})`)
	f.Fuzz(func(_ *testing.T, text string) {
		s, err := NewSet([]Definition{mine(func(d *Definition) { d.OK, d.Observed = text, text })})
		if err != nil {
			return
		}
		s.own[0].evaluate(&observation{})
	})
}
