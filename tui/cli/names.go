package cli

import (
	"slices"
	"strings"

	"failback/engine"
)

// findItem resolves what a person typed: an item's exact name or id, or its name
// in another case where that is not ambiguous.
func findItem(typed string, items []engine.Item) (engine.Item, error) {
	return find("item", "failback items lists them", typed, items, func(it engine.Item) (string, string) { return it.Name, it.ID })
}

func findHost(typed string, hosts []engine.Host) (engine.Host, error) {
	return find("host", "failback hosts lists them", typed, hosts, func(h engine.Host) (string, string) { return h.Name, h.ID })
}

func findRecoveryPlan(typed string, plans []engine.RecoveryPlan) (engine.RecoveryPlan, error) {
	return find("recovery plan", "failback recovery-plans lists them", typed, plans, func(p engine.RecoveryPlan) (string, string) { return p.Name, p.ID })
}

func find[T any](what, lists, typed string, all []T, key func(T) (name, id string)) (T, error) {
	var (
		folded []T
		names  []string
		none   T
	)
	for _, v := range all {
		name, id := key(v)
		if name == typed || engine.SameID(id, typed) {
			return v, nil
		}
		if strings.EqualFold(name, typed) {
			folded = append(folded, v)
		}
		names = append(names, name)
	}
	switch len(folded) {
	case 1:
		return folded[0], nil
	case 0:
		if near := nearest(typed, names); len(near) > 0 {
			lists = "did you mean " + strings.Join(near, ", ") + "? " + lists
		}
		return none, engine.Usagef(lists, "there is no %s %q", what, typed)
	}
	return none, engine.Usagef("type the name exactly as failback lists it, or its id", "%q may be several: %s", typed, strings.Join(namesOf(folded, key), ", "))
}

func namesOf[T any](all []T, key func(T) (name, id string)) []string {
	out := make([]string, len(all))
	for i, v := range all {
		out[i], _ = key(v)
	}
	return out
}

// nearest lists at most three names that look like what was typed, nearest first.
func nearest(typed string, names []string) []string {
	type candidate struct {
		name string
		far  int
	}
	var near []candidate
	low := strings.ToLower(typed)
	for _, n := range names {
		far := distance(low, strings.ToLower(n))
		if strings.HasPrefix(strings.ToLower(n), low) && low != "" {
			far = 1
		}
		if far <= max(2, len(typed)/3) {
			near = append(near, candidate{n, far})
		}
	}
	slices.SortStableFunc(near, func(a, b candidate) int { return a.far - b.far })
	var out []string
	for _, c := range near[:min(3, len(near))] {
		out = append(out, c.name)
	}
	return out
}

// distance counts the edits between two words.
func distance(a, b string) int {
	x, y := []rune(a), []rune(b)
	row := make([]int, len(y)+1)
	for j := range row {
		row[j] = j
	}
	for i, r := range x {
		diagonal := row[0]
		row[0] = i + 1
		for j, s := range y {
			cost := diagonal
			if r != s {
				cost++
			}
			diagonal = row[j+1]
			row[j+1] = min(cost, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(y)]
}
