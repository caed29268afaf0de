package estimate

import (
	"math"
	"time"

	"failback/engine"
)

// Remaining is what is left of a leg's way to its next point, as an estimate.
type Remaining struct {
	Range
	// Until says to what: the switch, while the Azure VM runs, or the proven boot.
	Until Until
	// Measured says that what the agent has moved so far corrected the forecast.
	Measured bool
}

// Until is the point that the time left is counted to.
type Until string

// The points. UntilNone means that no honest time can be said.
const (
	UntilNone   Until = ""
	UntilSwitch Until = "the switch"
	UntilBoot   Until = "it runs on-premises"
)

// Known reports whether there is a time to show.
func (r Remaining) Known() bool { return r.Until != UntilNone }

const (
	// seen is the share of a synchronisation from which what was moved says something.
	seen = 0.05
	// seenFor is how long it has to have run for that.
	seenFor = 30 * time.Second
	// narrowest is how near the cautious end may come to the likely one.
	narrowest = 1.1
	// guessWide is the cautious end of a synchronisation of which nothing was forecast.
	guessWide = 2.0
)

// way are the phases up to each point, in order.
var (
	toSwitch = []engine.Phase{engine.PhasePrepare, engine.PhaseInitialSync}
	toBoot   = []engine.Phase{engine.PhasePrepare, engine.PhaseStopAzure, engine.PhaseFinalSync, engine.PhaseStartOnPremises}
)

// Left is what is left for an item of a run: the forecast of the run's start, corrected
// by what was measured since. It is pure. Nothing is said before it can be honest: not
// without a forecast or a measured part, and not of a phase that has outlasted what
// hardly any does without anything that tells how far it is.
func Left(s engine.State, item string, now time.Time) Remaining {
	l := s.Leg(item)
	if l == nil || l.Mode != engine.ModeRunning || l.Direction != engine.ToOnPremises {
		return Remaining{}
	}
	way, until := toBoot, UntilBoot
	at := l.Step().Phase
	if at == engine.PhaseVerify && l.Boot == nil {
		at = engine.PhaseStartOnPremises // the forecast has the start and its proof as one
	}
	if s.Plan.Sync == engine.SyncDelta && (at == engine.PhasePrepare || at == engine.PhaseInitialSync) {
		way, until = toSwitch, UntilSwitch
	}
	var sum part
	var measured, reached bool
	slow := slowness(s, l)
	for _, p := range way {
		if p == at {
			here, byBytes, ok := leftOf(s, l, p, now)
			if !ok {
				return Remaining{}
			}
			sum, measured, reached = here, byBytes, true
			continue
		}
		if !reached {
			continue
		}
		f, ok := forecastOf(s, p)
		if !ok {
			return Remaining{}
		}
		if p == engine.PhaseFinalSync {
			f.p50, f.p90 = f.p50*slow, f.p90*slow
		}
		sum = sum.plus(f)
	}
	if !reached {
		return Remaining{}
	}
	return Remaining{Range: sum.asRange(), Until: until, Measured: measured}
}

// part is a time in seconds with its cautious end.
type part struct{ p50, p90 float64 }

// plus adds a part that goes its own way: not all of them come late together.
func (a part) plus(b part) part {
	return part{a.p50 + b.p50, a.p50 + b.p50 + math.Hypot(a.p90-a.p50, b.p90-b.p50)}
}

func (a part) asRange() Range {
	r := Range{P50: seconds(a.p50), P90: seconds(a.p90)}
	r.P90 = max(r.P90, time.Duration(min(narrowest*float64(r.P50), math.MaxInt64/2)))
	return r
}

func forecastOf(s engine.State, p engine.Phase) (part, bool) {
	if s.Forecast == nil {
		return part{}, false
	}
	for _, f := range s.Forecast.Phases {
		if p50, p90 := f.Range(); f.Phase == p && p50 > 0 {
			return part{p50.Seconds(), p90.Seconds()}, true
		}
	}
	return part{}, false
}

// after is what is left of the time once so much of it has gone by: what lasts longer
// than was likely tends to last longer still. The time is taken for lognormal, as times
// that can be much longer and never below nothing are. It is not known beyond what one
// in twenty-five outlasts.
func (a part) after(gone float64) (part, bool) {
	sigma := math.Log(max(narrowest, a.p90/a.p50)) / ninthTenth
	beyond := 1.0 // the share of times that last longer than what has gone by
	if gone > 0 {
		beyond = 0.5 * math.Erfc(math.Log(gone/a.p50)/sigma/math.Sqrt2)
	}
	if beyond < 0.04 {
		return part{}, false
	}
	at := func(share float64) float64 {
		return a.p50*math.Exp(sigma*math.Sqrt2*math.Erfinv(1-2*share*beyond)) - gone
	}
	return part{max(0, at(0.5)), max(0, at(0.1))}, true
}

// ninthTenth is where nine tenths of a normal distribution lie below, in its spread.
const ninthTenth = 1.2816

// leftOf is what is left of the phase that the leg is in. Of a synchronisation the
// bytes tell, the more the further it is; of any other phase only the clock.
func leftOf(s engine.State, l *engine.Leg, p engine.Phase, now time.Time) (left part, byBytes, ok bool) {
	begun := l.Phases[p].Started
	if begun.IsZero() {
		return part{}, false, false
	}
	gone := max(0, now.Sub(begun).Seconds())
	f, known := forecastOf(s, p)
	if known {
		left, known = f.after(gone)
	}
	share := sharedOf(s, l, p)
	if share < seen || gone < seenFor.Seconds() {
		return left, false, known
	}
	m := gone * (1 - share) / share
	wide, weight := guessWide, 1.0
	if f.p50 > 0 {
		wide = f.p90 / f.p50
	}
	// What is measured narrows the range, down to the narrowest; what is seen of it is
	// as old as a look, and so is the end when it is seen.
	look := lookEvery(l)
	measured := part{m + look/2, m*max(narrowest, 1+(wide-1)*math.Sqrt(1-share)) + 2*look}
	if known {
		weight = min(1, share/0.25)
	}
	return part{
		weight*measured.p50 + (1-weight)*left.p50,
		weight*measured.p90 + (1-weight)*left.p90,
	}, true, true
}

// lookEvery is how many seconds lie between two looks at the agent's counters, 0 where
// there were none.
func lookEvery(l *engine.Leg) float64 {
	n := len(l.Samples)
	if n < 2 {
		return 0
	}
	return max(0, min(60, l.Samples[n-1].At.Sub(l.Samples[n-2].At).Seconds()))
}

// sharedOf is how much of a synchronisation is behind, 0 where nobody knows its whole.
// The counters are the host's: what its other legs have to read counts as well.
func sharedOf(s engine.State, l *engine.Leg, p engine.Phase) float64 {
	y, ok := l.Sync[p]
	if !ok || y.Total <= 0 || y.Read <= 0 {
		return 0
	}
	host, begun := hostOf(s.Plan, l.Item), l.Phases[p].Started
	var whole float64
	for _, o := range s.Legs {
		r := o.Phases[p]
		if hostOf(s.Plan, o.Item) != host || r.Started.IsZero() || !r.Ended.IsZero() && r.Ended.Before(begun) {
			continue
		}
		if o.Sync[p].Total <= 0 {
			return 0
		}
		whole += float64(o.Sync[p].Total)
	}
	return min(1, float64(y.Read)/max(1, whole))
}

// slowness is how much slower the first synchronisation was, or is, than forecast: the
// final one goes over the same line.
func slowness(s engine.State, l *engine.Leg) float64 {
	f, ok := forecastOf(s, engine.PhaseInitialSync)
	r := l.Phases[engine.PhaseInitialSync]
	if !ok || r.Tries != 1 || r.Status != engine.StatusDone || !r.Ended.After(r.Started) {
		return 1
	}
	return max(0.5, min(4, r.Ended.Sub(r.Started).Seconds()/f.p50))
}
