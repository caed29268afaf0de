package estimate

import (
	"cmp"
	"fmt"
	"slices"
	"time"

	"failback/engine"
)

// Lever is something that would change a forecast, and what it would save of its
// likely values.
type Lever struct {
	What     string        `json:"what"`
	Total    time.Duration `json:"total"`
	Downtime time.Duration `json:"downtime"`
}

// Words say the lever in one clause.
func (l Lever) Words() string {
	if l.Downtime > 0 {
		return fmt.Sprintf("%s: %s less, %s of it downtime", l.What, engine.RoughWords(l.Total), engine.RoughWords(l.Downtime))
	}
	return fmt.Sprintf("%s: %s less", l.What, engine.RoughWords(l.Total))
}

// levers reckons the option again with one factor better at a time, the one that saves
// most first. That more download threads carry more is documented, how much more is
// not: the lever says what a line twice as fast would save, and what may hold it.
func (m *model) levers(option engine.SyncOption, likely parts) []Lever {
	var out []Lever
	try := func(what string, better func(*rates)) {
		r := m.expected
		better(&r)
		p := m.partsOf(option, r, false)
		l := Lever{what, seconds(likely.total() - p.total()), seconds(likely.downtime() - p.downtime())}
		if l.Total >= time.Second && l.Total.Seconds() >= 0.02*likely.total() {
			out = append(out, l)
		}
	}
	try("a download twice as fast"+m.heldBy(), func(r *rates) { r.link *= 2 })
	try("checksums twice as fast", func(r *rates) { r.compare *= 2 })
	try("half the changes (come home sooner)", func(r *rates) { r.change /= 2; r.changeShare /= 2; r.nowShare /= 2 })
	try("a boot twice as fast", func(r *rates) { r.boot /= 2 })
	slices.SortStableFunc(out, func(a, b Lever) int { return cmp.Compare(b.Total, a.Total) })
	return out
}

// heldBy names what of the host may hold the download back.
func (m *model) heldBy() string {
	threads := m.threads
	if threads <= 0 {
		threads = engine.DefaultThreads
	}
	switch {
	case m.throttle > 0:
		return fmt.Sprintf(" (the agent's throttle is %s/s, its download threads are %d of %d)", engine.SizeWords(m.throttle), threads, engine.MostThreads)
	case threads < engine.MostThreads:
		return fmt.Sprintf(" (download threads are %d of %d)", threads, engine.MostThreads)
	}
	return ""
}
