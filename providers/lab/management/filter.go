package management

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"failback/providers/lab/world"
)

// term is one comparison of a filter; key is in small letters.
type term struct{ key, value string }

// filterTerm is a comparison in the filters that were recorded. A quote inside a
// value is doubled.
var filterTerm = regexp.MustCompile(`(\w+)\s+(?:eq|ge|le)\s+'((?:[^']|'')*)'`)

// filterGlue is what stands between comparisons.
var filterGlue = regexp.MustCompile(`(?i)^(?:\s|\(|\)|\band\b|\bor\b)*$`)

// parseFilter reads a filter whose keys must be among those named. An empty one
// is accepted, as recorded. What is not understood is refused: a client that
// asked for a part must not be given everything.
func parseFilter(text string, keys ...string) ([]term, *world.Refusal) {
	var terms []term
	for _, m := range filterTerm.FindAllStringSubmatch(text, -1) {
		t := term{strings.ToLower(m[1]), strings.ReplaceAll(m[2], "''", "'")}
		if !slices.Contains(keys, t.key) {
			return nil, badFilter(fmt.Sprintf("the key %s is not known here", m[1]))
		}
		terms = append(terms, t)
	}
	if rest := filterTerm.ReplaceAllString(text, ""); !filterGlue.MatchString(rest) {
		return nil, badFilter(fmt.Sprintf("%q is not understood", strings.TrimSpace(rest)))
	}
	return terms, nil
}

func badFilter(why string) *world.Refusal {
	return invalid("InvalidFilter", "The filter is not one: "+why+".", "Write terms as Key eq 'value', joined with and; times as 2026-03-01T12:00:00Z.")
}

// moment is the value of a term that is a time.
func (t term) moment() (time.Time, *world.Refusal) {
	at, err := time.Parse(time.RFC3339Nano, t.value)
	if err != nil {
		return at, badFilter(fmt.Sprintf("%q is no time", t.value))
	}
	return at, nil
}
