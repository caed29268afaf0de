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
	total, down := m.spreads(option, in)
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
	f.phases = phasesOf(likely, worse, f)
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

// spreads forecast each finished run of the option again, from what the others teach,
// and take how far that is off: in total, and of the downtime.
func (m *model) spreads(option engine.SyncOption, in Input) (total, down spread) {
	var totals, downs []weighted
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
		w := fading(len(totals))
		totals, downs = append(totals, weighted{a, w}), append(downs, weighted{b, w})
		largest = max(largest, sumOf(p.held()))
	}
	beyond := m.allocated > 2*largest
	return spreadOver(totals, beyond), spreadOver(downs, beyond)
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

// phasesOf spreads the total over the phases, so that together they make its range.
func phasesOf(likely, worse parts, f Forecast) []engine.PhaseForecast {
	t, w := likely.total(), worse.total()
	if t <= 0 || w <= 0 {
		return nil
	}
	part := func(p engine.Phase, a, b float64) engine.PhaseForecast {
		s := engine.Spread{P50: a / t * f.Total.P50.Seconds(), P90: b / w * f.Total.P90.Seconds()}
		if f.Residuals > 0 {
			s.P90 = a / t * f.Total.P90.Seconds()
		}
		s.P90 = max(s.P50, s.P90)
		return engine.PhaseForecast{Phase: p, Spread: s}
	}
	out := []engine.PhaseForecast{part(engine.PhasePrepare, likely.prepare, worse.prepare)}
	if !likely.full {
		out = append(out, part(engine.PhaseInitialSync, likely.compare+likely.download, worse.compare+worse.download))
	}
	return append(out,
		part(engine.PhaseStopAzure, likely.stop, worse.stop), part(engine.PhaseFinalSync, likely.final, worse.final),
		part(engine.PhaseStartOnPremises, likely.boot, worse.boot))
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
