package cli

import (
	"slices"
	"testing"

	"failback/config"
	"failback/engine"
	"failback/engine/rules"
)

// What the file says is in the plan; a flag's reason counts more for the same rule.
func TestOverridesOfThePlanFileAndOfFlags(t *testing.T) {
	file, err := config.ParsePlan("plan.yaml", []byte("items: [a]\noverride:\n  windows: ' a newer page '\n  space: thin disks\n"))
	if err != nil {
		t.Fatal(err)
	}
	o := planOptions{override: []string{"space=flag"}, written: file}
	got, err := o.overrides(rules.Set{})
	want := []engine.Override{{Rule: "space", Reason: "flag"}, {Rule: "windows", Reason: "a newer page"}}
	if err != nil || !slices.Equal(got, want) {
		t.Errorf("%+v, %v", got, err)
	}
}
