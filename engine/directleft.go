package engine

import "strings"

// FailedDirect names the jobs of failbacks without Site Recovery that ended without
// success, of that item or of all: they may have left files and snapshots.
func (s State) FailedDirect(item string) []string {
	var out []string
	for _, l := range s.Legs {
		if l.Direct && l.Job != "" && l.Mode == ModeEnded && l.Outcome != OutcomeSucceeded && (item == "" || strings.EqualFold(item, l.Item.Name)) {
			out = append(out, l.Job)
		}
	}
	return out
}
