package image

import "fmt"

// Severity says what a finding means for the disk.
type Severity string

// The severities.
const (
	// Damage: the image breaks a rule of its format; it may read wrongly, and
	// Hyper-V may refuse it.
	SeverityDamage Severity = "damage"
	// Note: allowed and harmless, but worth knowing: space that nothing uses,
	// a log that has to be replayed, a spare copy that is out of date.
	SeverityNote Severity = "note"
)

// Finding is one thing that a check found.
type Finding struct {
	Severity Severity `json:"severity"`
	Where    string   `json:"where"` // which structure
	What     string   `json:"what"`
}

// String is the finding on one line.
func (f Finding) String() string { return fmt.Sprintf("%s: %s: %s", f.Severity, f.Where, f.What) }

// most is how many findings a report keeps: a file of garbage breaks a rule
// with every entry.
const most = 1000

// Report is what a check found.
type Report struct {
	Info     Info      `json:"info"`
	Findings []Finding `json:"findings"`
	// Left counts findings beyond the first thousand, which are not kept.
	Left int `json:"left,omitempty"`
	// Unused is how many bytes of the file nothing refers to.
	Unused  int64 `json:"unused"`
	damaged bool
}

// Clean says that nothing is damaged. Notes do not count.
func (r *Report) Clean() bool { return !r.damaged }

// Damage adds a finding that breaks a rule.
func (r *Report) Damage(where, format string, a ...any) {
	r.damaged = true
	r.add(SeverityDamage, where, format, a...)
}

// Note adds a harmless finding.
func (r *Report) Note(where, format string, a ...any) { r.add(SeverityNote, where, format, a...) }

func (r *Report) add(s Severity, where, format string, a ...any) {
	if len(r.Findings) == most {
		r.Left++
		return
	}
	r.Findings = append(r.Findings, Finding{Severity: s, Where: where, What: fmt.Sprintf(format, a...)})
}
