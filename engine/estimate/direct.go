package estimate

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"time"

	"failback/engine"
	"failback/engine/transfer"
	"failback/engine/transfer/pace"
)

const (
	// DefaultSet is taken for a set of snapshots and the lists of what they hold. Nothing
	// documents it.
	DefaultSet = 2 * time.Minute
	// WorseUnknown is how many times slower than the guess P90 takes a line that nothing
	// has measured.
	WorseUnknown = 5.0
	// shortestWindow and longestWindow are between what times changes are counted for a
	// rate: after an hour at the gate a pass has brought some of them. In a rehearsal that
	// may be sooner.
	shortestWindow, longestWindow = 60.0, 3600.0
)

// DirectInput is what the forecast of a failback without Site Recovery is made from.
type DirectInput struct {
	Items  []engine.Item
	Now    time.Time
	Rates  engine.Rates // fields that are not positive are learnt or assumed
	Past   []Past       // newest first; see [RelevantDirect]
	Limit  string       // as the plan has it
	Budget time.Duration
}

// RelevantDirect are the runs without Site Recovery that teach something about a
// connection, newest first as they came; a rehearsal never about the real thing.
func RelevantDirect(past []Past, profile string, rehearsal bool) []Past {
	var out []Past
	for _, p := range past {
		if p.Direct && p.Profile == profile && p.Rehearsal == rehearsal && len(out) < mostRuns {
			out = append(out, p)
		}
	}
	return out
}

// directPlan forecasts a plan without Site Recovery by what its own ports tell.
func directPlan(ctx context.Context, c *engine.Connection, p engine.Plan, past []Past, now time.Time) (engine.ForecastMade, error) {
	ports, err := c.PortsFor(p)
	if err != nil {
		return engine.ForecastMade{}, err
	}
	items, err := planned(ctx, ports.Inventory, p)
	if err != nil {
		return engine.ForecastMade{}, err
	}
	return ForDirect(DirectInput{
		Items: items, Now: now, Rates: c.Rates, Past: RelevantDirect(past, p.Profile, p.Rehearsal), Limit: p.Direct.Limit, Budget: p.Budget,
	})
}

// ForDirect forecasts a failback without Site Recovery: the first copy and the passes
// while the machine runs, then the last set and the boot. Managed disks do not tell how
// much of them is used; what is not known is assumed towards more, and named. It is
// refused where no size is known, or the limit is none.
func ForDirect(in DirectInput) (engine.ForecastMade, error) {
	limit, err := engine.ReadLimit(in.Limit)
	if err != nil {
		return engine.ForecastMade{}, err
	}
	m := &directModel{in: in, limit: limit, from: engine.ForecastInput{Limit: in.Limit, Items: []engine.ForecastItem{}}}
	for _, it := range in.Items {
		n := max(0, it.Bytes())
		if n == 0 {
			return engine.ForecastMade{}, fmt.Errorf("the sizes of the disks of %s are not known", it.Name)
		}
		m.size += float64(n)
		m.from.Items = append(m.from.Items, engine.ForecastItem{Name: it.Name, Bytes: n, Held: -1})
	}
	if m.size == 0 {
		return engine.ForecastMade{}, fmt.Errorf("there is no disk to bring")
	}
	likely := m.learn()
	return m.record(likely, m.worse(likely)), nil
}

type directModel struct {
	in              DirectInput
	limit           pace.Schedule
	size            float64
	unknown         bool // nothing has measured the line
	from            engine.ForecastInput
	assumed, learnt []string
}

// directRates are what one end of the forecast is made with, in bytes and seconds.
type directRates struct {
	used, link, change, prepare, set, stop, boot float64
	slowest                                      bool // the final set meets the slowest hours of the limit
}

// learn takes what runs have measured, or the connection knows, or is assumed.
func (m *directModel) learn() directRates {
	past, known := m.in.Past, m.in.Rates
	r := directRates{used: m.size, link: float64(known.Link), change: max(0, float64(known.Change)) / 3600 * float64(len(m.in.Items))}
	if l := directLine(past); l.rate > 0 {
		r.link = l.rate
		m.learnt = append(m.learnt, fmt.Sprintf("a first copy at %s/s: from %d runs", engine.SizeWords(whole(l.rate)), l.n))
	}
	if r.link <= 0 {
		r.link, m.unknown = float64(DefaultLink), true
		m.assume("no run without a limit has measured the line: 100 Mbit/s are taken, a fifth of it at the cautious end")
	}
	if share := medianOf(past, func(p Past) float64 { return p.First / p.size() }); share.n > 0 {
		r.used = min(1, share.v) * m.size
		m.learnt = append(m.learnt, fmt.Sprintf("%.0f %% of the disks' size travelled: median of %d runs", 100*min(1, share.v), share.n))
		m.assume("the cautious end counts the disks' whole size")
	} else {
		m.assume("managed disks do not tell how much of them is used: their whole size is taken")
	}
	changed := medianOf(past, func(p Past) float64 { return p.Last / p.Window / p.size() })
	switch {
	case r.change > 0:
	case changed.n > 0:
		r.change = changed.v * m.size
		m.learnt = append(m.learnt, fmt.Sprintf("%.2g %% of the size changed an hour: median of %d runs", changed.v*3600*100, changed.n))
	default:
		r.change = DefaultChange / (24 * time.Hour).Seconds() * m.size
		m.assume("1 % of the size rewritten a day")
	}
	line := r.link
	set := medianOf(past, func(p Past) float64 {
		if p.Limited || p.Final <= 0 {
			return 0
		}
		return max(1, p.Final-p.Last/line)
	})
	step := func(to *float64, of median3, known, otherwise time.Duration, what string) {
		switch {
		case of.n > 0:
			*to = of.v
			m.learnt = append(m.learnt, fmt.Sprintf("%s %s: median of %d runs", span(of.v), what, of.n))
		case known > 0:
			*to = known.Seconds()
		default:
			*to = otherwise.Seconds()
			m.assume(engine.SpanWords(otherwise) + " " + what)
		}
	}
	step(&r.set, set, 0, DefaultSet, "for a set of snapshots")
	step(&r.prepare, medianOf(past, func(p Past) float64 { return p.Prepare }), known.Prepare, DefaultPrepare, "to prepare the target")
	step(&r.stop, medianOf(past, func(p Past) float64 { return p.Stop }), known.Stop, DefaultStop, "to stop the Azure VM")
	step(&r.boot, medianOf(past, func(p Past) float64 { return p.Boot }), known.Boot, DefaultBoot, "to start the on-premises VM and prove its boot")
	if len(m.in.Items) > 1 {
		m.assume("the machines share the line")
	}
	m.assume("what is written while the run waits at the gate comes beside: " + engine.SizeWords(whole(r.change*3600)) + " an hour")
	return r
}

// size is all of the run's disks.
func (p Past) size() (sum float64) {
	for _, it := range p.Input.Items {
		sum += float64(max(0, it.Bytes))
	}
	return sum
}

// directLine takes the line from first copies that no limit held back.
func directLine(past []Past) line {
	var points []point
	for i, p := range past {
		if !p.Limited && p.First > 0 && p.Initial > 0 {
			points = append(points, point{p.First, p.Initial, fading(i)})
		}
	}
	if l := fit(points); l.n >= enough {
		return l
	}
	return line{}
}

func (m *directModel) assume(what string) { m.assumed = append(m.assumed, what) }

// worse is the cautious end.
func (m *directModel) worse(r directRates) directRates {
	by := WorseLink
	if m.unknown {
		by = WorseUnknown
	}
	return directRates{
		used: m.size, link: r.link / by, change: r.change * WorseChange, slowest: true,
		prepare: r.prepare * WorseSteps, set: r.set * WorseSteps, stop: r.stop * WorseSteps, boot: r.boot * WorseSteps,
	}
}

// directParts are the times of a forecast, in seconds, and the bytes.
type directParts struct {
	prepare, first, passes, sets, stop, final, boot float64
	initialBytes, passBytes, lastBytes              float64
}

func (p directParts) initial() float64  { return p.first + p.passes + p.sets }
func (p directParts) downtime() float64 { return p.stop + p.final + p.boot }
func (p directParts) total() float64    { return p.prepare + p.initial() + p.downtime() }

// partsOf walks the passes as the run will judge them.
func (m *directModel) partsOf(r directRates) directParts {
	p := directParts{prepare: r.prepare, stop: r.stop, boot: r.boot, initialBytes: r.used, sets: r.set}
	at := r.prepare + r.set
	p.first = m.takes(r.used, r.link, at)
	at += p.first
	passes := []transfer.Pass{{Bytes: whole(r.used), Took: seconds(p.first)}}
	since := p.first
	for {
		n := min(r.used, r.change*since)
		took := m.takes(n, r.link, at+r.set)
		p.sets, p.passes, p.passBytes = p.sets+r.set, p.passes+took, p.passBytes+n
		at, since = at+r.set+took, r.set+took
		if end, _ := transfer.Judge(passes, whole(n), engine.DirectBudget(m.in.Budget), engine.MostDirectPasses); end != transfer.GoOn {
			break
		}
		passes = append(passes, transfer.Pass{Bytes: whole(n), Took: seconds(took)})
	}
	p.lastBytes = min(r.used, r.change*(since+r.stop))
	p.final = r.set + p.lastBytes/m.atSwitch(r)
	return p
}

// takes is how long bytes take from so many seconds after now on: no faster than the
// line, or than the limit of that time of day.
func (m *directModel) takes(bytes, link, from float64) float64 {
	if len(m.limit.Windows) == 0 {
		return bytes / lower(link, m.limit.Otherwise.Bytes)
	}
	const day, step = 24 * 60, 60.0
	took := 0.0
	for minute := 0; minute < 14*day && bytes > 0; minute++ {
		rate := lower(link, m.limit.At(m.in.Now.Add(seconds(from+took))).Bytes)
		if bytes <= rate*step {
			return took + bytes/rate
		}
		bytes, took = bytes-rate*step, took+step
	}
	mean, _ := m.ofDay(link)
	return took + bytes/mean
}

// atSwitch is the rate of the final set: a person answers the gate, so that the hour is
// not known. The mean of the day is likely, its slowest hour cautious.
func (m *directModel) atSwitch(r directRates) float64 {
	mean, least := m.ofDay(r.link)
	if r.slowest {
		return least
	}
	return mean
}

func (m *directModel) ofDay(link float64) (mean, least float64) {
	const day = 24 * 60
	midnight := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	least = link
	for minute := range day {
		rate := lower(link, m.limit.At(midnight.Add(time.Duration(minute)*time.Minute)).Bytes)
		mean, least = mean+rate/day, min(least, rate)
	}
	return mean, least
}

// lower is a rate within a limit, 0 being none.
func lower(link, limit float64) float64 {
	if limit > 0 {
		return min(link, limit)
	}
	return link
}

// biggest is the part that takes most of the total, in words.
func (m *directModel) biggest(p directParts, r directRates) string {
	by := engine.SizeWords(whole(r.link)) + "/s"
	if words := (engine.Direct{Limit: m.in.Limit}).LimitWords(); words != "" {
		by += ", " + words
	}
	type factor struct {
		s    float64
		what string
	}
	factors := []factor{
		{p.first, "the first copy: " + engine.SizeWords(whole(p.initialBytes)) + " at " + by},
		{p.passes, "the passes: " + engine.SizeWords(whole(p.passBytes)) + " at " + by},
		{p.sets, "sets of snapshots while the Azure VM runs"},
		{p.final, "the last set: " + engine.SizeWords(whole(p.lastBytes)) + " with the Azure VM off"},
		{p.prepare, "prepare the target"},
		{p.stop, "stop the Azure VM"},
		{p.boot, "start the on-premises VM and prove its boot"},
	}
	most := slices.MaxFunc(factors, func(a, b factor) int { return cmp.Compare(a.s, b.s) })
	return engine.RoughWords(seconds(most.s)) + ": " + most.what
}

// record is the forecast as a journal keeps it.
func (m *directModel) record(likely, bad directRates) engine.ForecastMade {
	p, q := m.partsOf(likely), m.partsOf(bad)
	totals, downs := m.residuals()
	total, down := totals.around(p.total(), q.total()), downs.around(p.downtime(), q.downtime())
	down.P50 = min(down.P50, total.P50)
	down.P90 = max(down.P50, min(down.P90, total.P90))
	if totals.n > 0 {
		m.learnt = append(m.learnt, fmt.Sprintf("the spread: how far %d runs were off", totals.n))
	} else {
		m.assume("the 90 % value takes a slower line, twice the changes and twice the time of each step")
	}
	phase := func(of engine.Phase, a, b float64) engine.PhaseForecast {
		return engine.PhaseForecast{Phase: of, Spread: spreadOf(spread{}.around(a, b))}
	}
	return engine.ForecastMade{
		Option: engine.SyncDelta, Bytes: whole(p.initialBytes + p.passBytes + p.lastBytes), Total: spreadOf(total), Downtime: spreadOf(down),
		Phases: []engine.PhaseForecast{
			phase(engine.PhasePrepare, p.prepare, q.prepare), phase(engine.PhaseInitialSync, p.initial(), q.initial()),
			phase(engine.PhaseStopAzure, p.stop, q.stop), phase(engine.PhaseFinalSync, p.final, q.final), phase(engine.PhaseStartOnPremises, p.boot, q.boot),
		},
		Biggest: m.biggest(p, likely), Learnt: m.learnt, Assumed: m.assumed, From: m.from,
	}
}

// residuals are how far the forecasts of finished runs were off, as they were made.
func (m *directModel) residuals() (totals, downs spread) {
	var a, b []weighted
	for _, p := range m.in.Past {
		if p.Total > 0 && p.Downtime > 0 && p.ForecastTotal > 0 && p.ForecastDown > 0 {
			w := fading(len(a))
			a, b = append(a, weighted{p.Total / p.ForecastTotal, w}), append(b, weighted{p.Downtime / p.ForecastDown, w})
		}
	}
	return spreadOver(a, false), spreadOver(b, false)
}
