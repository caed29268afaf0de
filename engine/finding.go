package engine

import "strings"

// Verdict is a preflight rule's answer.
type Verdict string

// The verdicts.
const (
	VerdictOK      Verdict = "ok"
	VerdictWarn    Verdict = "warn"
	VerdictBlock   Verdict = "block"
	VerdictUnknown Verdict = "unknown"
)

// Finding is one rule's answer for one item. The source document and its date
// stand beside it, since documents contradict each other.
type Finding struct {
	Rule     string  `json:"rule"`
	Title    string  `json:"title"`
	Verdict  Verdict `json:"verdict"`
	Observed string  `json:"observed"`
	Remedy   string  `json:"remedy,omitempty"`
	Source   string  `json:"source,omitempty"`
	Dated    string  `json:"dated,omitempty"` // of the source, YYYY-MM-DD or YYYY-MM
	// Override is what may override a block of the rule: nobody, a reason, or a newer
	// document.
	Override string `json:"override,omitempty"`
	// Missing is the exact name of a virtual switch that has to be created.
	Missing string `json:"missing,omitempty"`
	// Gate is where the rule was looked at again, empty in the preflight; Was is the
	// verdict of before where it is another one now.
	Gate Gate    `json:"gate,omitempty"`
	Was  Verdict `json:"was,omitempty"`
	// OfVault says of a block that it is about Site Recovery alone: a failback without
	// it is not asked this.
	OfVault bool `json:"of_vault,omitempty"`
}

// Basis says in one line where the rule comes from and what may override its block.
func (f Finding) Basis() string {
	s := f.Source
	if f.Dated != "" {
		s += ", " + f.Dated
	}
	if f.Override != "" {
		s += "; may be overridden by " + f.Override
	}
	return strings.TrimPrefix(s, "; ")
}

// Overridable reports whether a reason in the plan takes the block out of the rule.
func (f Finding) Overridable() bool { return f.Override != "" && f.Override != OverrideByNobody }

// OverrideByNobody is [Finding.Override] where a block stands until its cause is gone.
const OverrideByNobody = "nobody"

// Unchanged reports whether the rule was looked at again and says what it said before.
func (f Finding) Unchanged() bool { return f.Gate != GateNone && f.Was == "" }

// VerdictWords are the verdict, and what it was where a gate found another one.
func (f Finding) VerdictWords() string {
	switch {
	case f.Was != "":
		return string(f.Verdict) + " at gate " + string(f.Gate) + ", was " + string(f.Was)
	case f.Gate != GateNone:
		return string(f.Verdict) + ", again at gate " + string(f.Gate)
	}
	return string(f.Verdict)
}
