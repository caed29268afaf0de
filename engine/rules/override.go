package rules

import (
	"slices"

	"failback/engine"
)

// Override says what counts more than a rule.
type Override string

// What may override a rule. A block that nobody may override stands until its cause
// is gone. The others give way to a reason in the plan, which the evidence keeps; for
// a rule that only repeats a document, that reason is a newer document.
const (
	ByNobody   Override = engine.OverrideByNobody
	ByReason   Override = "a reason"
	ByDocument Override = "a newer document"
)

// Overridable reports whether a plan's reason can take the block out of the rule. It
// fails, with what to write instead, where there is no such rule or nobody may.
func (s Set) Overridable(id string) error {
	all := s.Rules()
	i := slices.IndexFunc(all, func(r Rule) bool { return r.ID == id })
	switch {
	case i < 0:
		return engine.Usagef("failback check shows the rules of a plan, docs/rules.md all of them", "there is no rule %q to override", id)
	case all[i].Override == ByNobody:
		return engine.Usagef("do away with its cause: "+all[i].Title, "the rule %q may be overridden by nobody", id)
	}
	return nil
}

// overridden turns a block that the plan gives a reason against into a warning.
func (r Rule) overridden(p engine.Plan, f engine.Finding) engine.Finding {
	if f.Verdict != engine.VerdictBlock || r.Override == ByNobody {
		return f
	}
	for _, o := range p.Overrides {
		if o.Rule == r.ID && o.Reason != "" {
			f.Verdict = engine.VerdictWarn
			f.Observed += "; overridden by " + p.Owner + ": " + o.Reason
			return f
		}
	}
	return f
}
