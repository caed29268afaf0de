package cli

import (
	"errors"
	"maps"
	"slices"
	"strings"

	"failback/engine"
	"failback/engine/rules"
)

// overrides reads --override and the plan file's reasons. A flag's counts more than
// the file's for the same rule.
func (o *planOptions) overrides(set rules.Set) ([]engine.Override, error) {
	var out []engine.Override
	for _, w := range o.override {
		rule, reason, _ := strings.Cut(w, "=")
		if strings.TrimSpace(reason) == "" {
			return nil, engine.Usagef("write RULE=REASON; the evidence keeps the reason", "--override %q gives no reason", w)
		}
		if slices.ContainsFunc(out, func(x engine.Override) bool { return x.Rule == rule }) {
			return nil, engine.Usagef("give one reason", "--override names the rule %q twice", rule)
		}
		if err := set.Overridable(rule); err != nil {
			return nil, err
		}
		out = append(out, engine.Override{Rule: rule, Reason: strings.TrimSpace(reason)})
	}
	for _, rule := range slices.Sorted(maps.Keys(o.written.Override)) {
		if slices.ContainsFunc(out, func(x engine.Override) bool { return x.Rule == rule }) {
			continue
		}
		if err := set.Overridable(rule); err != nil {
			return nil, o.inFile(err, "override", rule)
		}
		out = append(out, engine.Override{Rule: rule, Reason: strings.TrimSpace(o.written.Override[rule])})
	}
	return out, nil
}

// inFile says the place in the plan file that an error is about.
func (o *planOptions) inFile(err error, path ...string) error {
	var f *engine.Failure
	if !errors.As(err, &f) {
		return err
	}
	bad := o.written.Bad(f.Why, path...)
	bad.Remedy = f.Remedy
	return bad
}
