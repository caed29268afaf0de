package estimate

import (
	"fmt"
	"math"
	"slices"
	"time"

	"failback/engine"
)

// forecast predicts one option: likely from what is expected, cautious from how far
// finished runs were off, or from the documented guess where too few are known.
func (m *model) forecast(option engine.SyncOption, in Input) Forecast {
	likely := m.partsOf(option, m.expected, false)
	worse := m.partsOf(option, m.expected.pessimistic(), true)
	off := m.residuals(option, in)
	total, down := off.spread(off.totals), off.spread(off.downs)
	f := Forecast{
		Option: option, Bytes: whole(likely.first + likely.last),
		Total: total.around(likely.total(), worse.total()), Downtime: down.around(likely.downtime(), worse.downtime()),
		Reasons: likely.reasons(m.expected), Cautious: worse.reasons(m.expected.pessimistic()),
		Levers: m.levers(option, likely),
	}
	if total.n > 0 && down.n > 0 && !total.beyond {
		f.Residuals = min(total.n, down.n)
		f.Cautious = f.Reasons // every part grows alike
	}
	// Both come from different residuals; a machine is never down longer than the run
	// takes.
	f.Downtime.P50 = min(f.Downtime.P50, f.Total.P50)
	f.Downtime.P90 = max(f.Downtime.P50, min(f.Downtime.P90, f.Total.P90))
	f.phases = phasesOf(likely, worse, f, off)
	return f
}

// spread is how far forecasts of finished runs were off: fact divided by forecast.
type spread struct {
	n        int // residuals; 0 where there are too few
	p50, p90 float64
	// beyond says that the run to come is larger than any that was measured: nothing
	// shows that the residuals hold for it.
	beyond bool
}

// residuals are how far forecasts of finished runs were off: fact divided by forecast,
// newest first.
type residuals struct {
	totals, downs []weighted
	phases        map[engine.Phase][]weighted
	beyond        bool // the run to come is larger than any of them by far
}

func (r residuals) spread(off []weighted) spread { return spreadOver(off, r.beyond) }

// residuals forecasts each finished run of the option again, from what the others
// teach, and takes how far that is off: in total, of the downtime, and of each phase.
func (m *model) residuals(option engine.SyncOption, in Input) residuals {
	out := residuals{phases: map[engine.Phase][]weighted{}}
	var largest float64
	for i, p := range in.Past {
		if p.Option != option || !p.Forecastable || p.Total <= 0 || p.Downtime <= 0 || p.Input.Missing != in.TargetMissing {
			continue
		}
		again := p.asInput(in)
		again.Past = slices.Concat(in.Past[:i], in.Past[i+1:])
		other := newModel(again)
		f := other.partsOf(option, other.expected, false)
		a, b := p.Total/f.total(), p.Downtime/f.downtime()
		if !(a > 0) || !(b > 0) || math.IsInf(a, 0) || math.IsInf(b, 0) {
			continue
		}
		w := fading(len(out.totals))
		out.totals, out.downs = append(out.totals, weighted{a, w}), append(out.downs, weighted{b, w})
		facts := p.facts()
		for _, part := range f.phases() {
			if r := facts[part.phase] / part.s; r > 0 && !math.IsInf(r, 0) {
				out.phases[part.phase] = append(out.phases[part.phase], weighted{r, w})
			}
		}
		largest = max(largest, sumOf(p.held()))
	}
	out.beyond = m.allocated > 2*largest
	return out
}

// facts are the measured times of the phases that a forecast tells apart.
func (p Past) facts() map[engine.Phase]float64 {
	return map[engine.Phase]float64{
		engine.PhasePrepare: p.Prepare, engine.PhaseInitialSync: p.Initial, engine.PhaseStopAzure: p.Stop,
		engine.PhaseFinalSync: p.Final, engine.PhaseStartOnPremises: p.Boot,
	}
}

// phasePart is the part of a forecast that is spent in one phase; the start holds the
// proof of the boot.
type phasePart struct {
	phase engine.Phase
	s     float64
}

func (p parts) phases() []phasePart {
	out := []phasePart{{engine.PhasePrepare, p.prepare}}
	if !p.full {
		out = append(out, phasePart{engine.PhaseInitialSync, p.compare + p.download})
	}
	return append(out, phasePart{engine.PhaseStopAzure, p.stop}, phasePart{engine.PhaseFinalSync, p.final}, phasePart{engine.PhaseStartOnPremises, p.boot})
}

// spreadOver takes the middle and the ninth tenth of residuals. The run to come counts
// as one more, of which nothing is known: of nine residuals the largest is the ninth
// tenth.
func spreadOver(off []weighted, beyond bool) spread {
	if len(off) < enoughForSpread {
		return spread{}
	}
	var sum, largest float64
	for _, o := range off {
		sum, largest = sum+o.w, max(largest, o.v)
	}
	s := spread{n: len(off), p50: median(off), p90: largest, beyond: beyond}
	if share := 0.9 * (sum + 1) / sum; share < 1 {
		s.p90 = quantile(off, share)
	}
	return s
}

// around is the range of a part that was reckoned as likely and, by the guess, worse.
func (s spread) around(likely, worse float64) Range {
	p50, p90 := likely, worse
	if s.n > 0 {
		p50, p90 = likely*s.p50, likely*s.p90
		if s.beyond {
			p90 = max(p90, worse)
		}
	}
	r := Range{P50: seconds(p50), P90: seconds(p90)}
	// A spread is never none: a run that took exactly what was reckoned proves little.
	r.P90 = max(r.P90, r.P50+r.P50/20)
	return r
}

// asInput is the input that the run would have been forecast from, with what is known
// of the connection now.
func (p Past) asInput(now Input) Input {
	in := Input{Allocated: 0, TargetMissing: p.Input.Missing, Rates: now.Rates, Threads: p.Threads, Throttle: p.Input.Throttle,
		Now: time.Unix(0, 0)}
	for i, held := range p.held() {
		it := p.Input.Items[i]
		item := engine.Item{Name: it.Name, Disks: []engine.Disk{{Bytes: it.Bytes}}}
		if age := sane(it.Age); age > 0 {
			item.FailedOver = in.Now.Add(-seconds(age))
		}
		in.Items = append(in.Items, item)
		in.Allocated += int64(held)
	}
	in.Rates.Change = 0 // it was said of the items to come
	return in
}

// input is what the forecast was made from, for the journal.
func (m *model) input(in Input) engine.ForecastInput {
	out := engine.ForecastInput{Missing: in.TargetMissing, Threads: in.Threads, Throttle: in.Throttle, Items: []engine.ForecastItem{}}
	for i, it := range in.Items {
		item := engine.ForecastItem{Name: it.Name, Bytes: max(0, it.Bytes()), Held: whole(m.disks[i].allocated)}
		if in.Allocated < 0 {
			item.Held = -1
		}
		if !it.FailedOver.IsZero() && !in.Now.IsZero() {
			item.Age = max(0, in.Now.Sub(it.FailedOver).Seconds())
		}
		out.Items = append(out.Items, item)
	}
	return out
}

// guessed names the option whose spread is the guess, where the other one's is measured.
func (m *model) guessed(f Forecasts) string {
	switch {
	case f.Delta.Residuals > 0:
		return " of full"
	case f.Full.Residuals > 0:
		return " of delta"
	}
	return ""
}

func spreadWords(f Forecasts) (out []string) {
	for _, o := range []Forecast{f.Delta, f.Full} {
		if o.Residuals > 0 {
			out = append(out, fmt.Sprintf("the spread of %s: how far %d runs were off", o.Option, o.Residuals))
		}
	}
	return out
}

// phasesOf are the phases' own ranges: from their residuals, or from the guess.
func phasesOf(likely, worse parts, f Forecast, off residuals) []engine.PhaseForecast {
	var out []engine.PhaseForecast
	bad := worse.phases()
	for i, part := range likely.phases() {
		one := off.spread(off.phases[part.phase])
		if f.Residuals == 0 {
			one = spread{}
		}
		out = append(out, engine.PhaseForecast{Phase: part.phase, Spread: spreadOf(one.around(part.s, bad[i].s))})
	}
	return out
}

// Record is the forecast of an option as a journal keeps it.
func (f Forecasts) Record(option engine.SyncOption) engine.ForecastMade {
	o := f.Delta
	if option == engine.SyncFull {
		o = f.Full
	}
	r := engine.ForecastMade{
		Option: o.Option, Bytes: o.Bytes, Total: spreadOf(o.Total), Downtime: spreadOf(o.Downtime),
		Phases: o.phases, Learnt: f.Learnt, Assumed: f.Assumed, From: f.from,
	}
	if len(o.Reasons) > 0 {
		r.Biggest = o.Reasons[0]
	}
	return r
}

func spreadOf(r Range) engine.Spread {
	return engine.Spread{P50: r.P50.Seconds(), P90: r.P90.Seconds()}
}
