package estimate

import (
	"time"

	"failback/engine"
)

// Past is what one run has measured, for later forecasts. Times are seconds, sizes
// bytes; 0 is not measured.
type Past struct {
	Run       engine.RunID
	Profile   string
	Rehearsal bool
	Option    engine.SyncOption
	Host      string // empty where the items went to several
	Threads   int    // download threads a VM, 0 where nobody said
	Input     engine.ForecastInput
	// Forecastable says that Input was recorded with a forecast: the run can be
	// forecast again, and held against what it took.
	Forecastable bool
	// Direct says that the run went without Site Recovery: it teaches nothing about the
	// agent, and the agent's runs nothing about it. Limited says that a limit held it.
	Direct, Limited bool
	// ForecastTotal and ForecastDown are the likely ends of what was forecast then.
	ForecastTotal, ForecastDown float64

	Prepare, Initial, Stop, Final, Boot float64
	First, Last                         float64 // bytes that the synchronisations wrote
	Window                              float64 // in which what the last one wrote had come about
	Total, Downtime                     float64 // of a whole run that nothing interrupted
}

// Observe reads what a run has measured off its state, whether it has ended or not.
// Phases that were begun twice are left out, and so is a phase whose times make no
// sense. It reports false where nothing was measured.
func Observe(s engine.State) (Past, bool) {
	p := Past{
		Run: s.Run, Profile: s.Plan.Profile, Rehearsal: s.Plan.Rehearsal, Option: s.Plan.Sync, Threads: s.Plan.Threads,
	}
	if s.Plan.Direction != engine.ToOnPremises || len(s.Legs) == 0 || s.Plan.Joint() {
		return p, false // a recovery plan's own job keeps its machines waiting for each other
	}
	p.inputOf(s)
	if d := s.Plan.Direct; d != nil {
		p.Direct, p.Limited = true, d.Limit != "" // off by now: it may have held before
	}
	each := map[string]int{}
	for _, l := range s.Legs {
		host := hostOf(s.Plan, l.Item)
		if each[host]++; each[host] > engine.LegsAHost {
			return p, false // some waited for their turn
		}
	}
	p.phases(s)
	p.bytes(s)
	if o := s.Outturn(); o != nil && !o.Interrupted {
		p.Total, p.Downtime = sane(o.Total.Fact), sane(o.Downtime.Fact)
		p.ForecastTotal, p.ForecastDown = sane(o.Total.P50), sane(o.Downtime.P50)
	}
	return p, p.Prepare+p.Initial+p.Stop+p.Final+p.Boot > 0
}

func (p *Past) inputOf(s engine.State) {
	p.Host = hostOf(s.Plan, s.Legs[0].Item)
	for _, l := range s.Legs {
		if hostOf(s.Plan, l.Item) != p.Host {
			p.Host = ""
		}
	}
	if f := s.Forecast; f != nil && len(f.From.Items) == len(s.Legs) {
		p.Input, p.Forecastable = f.From, true
	} else {
		for _, l := range s.Legs {
			p.Input.Items = append(p.Input.Items, engine.ForecastItem{Name: l.Item.Name, Bytes: max(0, l.Item.Bytes), Held: -1})
		}
	}
	if p.Threads == 0 {
		p.Threads = p.Input.Threads
	}
}

func hostOf(p engine.Plan, it engine.PlanItem) string {
	if p.Target.Alternate {
		return p.Target.HostName
	}
	return it.Host
}

// phases takes the longest of the legs for each phase that all of them have done.
func (p *Past) phases(s engine.State) {
	longest := func(of func(*engine.Leg) float64) (most float64) {
		for _, l := range s.Legs {
			d := of(l)
			if d <= 0 {
				return 0
			}
			most = max(most, d)
		}
		return most
	}
	of := func(ph engine.Phase) float64 {
		return longest(func(l *engine.Leg) float64 { return phaseTime(l, ph) })
	}
	p.Prepare, p.Initial, p.Stop, p.Final = of(engine.PhasePrepare), of(engine.PhaseInitialSync), of(engine.PhaseStopAzure), of(engine.PhaseFinalSync)
	p.Boot = longest(func(l *engine.Leg) float64 {
		from := l.Phases[engine.PhaseStartOnPremises]
		if from.Tries != 1 || l.Boot == nil || l.Boot.Result != engine.BootProven {
			return 0
		}
		return between(from.Started, l.DowntimeTo)
	})
	if p.Direct {
		p.Window = longest(func(l *engine.Leg) float64 { // what the passes brought is not among it, those at the gate either
			w := between(l.Phases[engine.PhaseInitialSync].Ended, l.Phases[engine.PhaseFinalSync].Started)
			if w < shortestWindow || w > longestWindow || p.Rehearsal {
				return 0
			}
			return w
		})
		return
	}
	p.Window = longest(func(l *engine.Leg) float64 {
		return between(l.Phases[engine.PhaseInitialSync].Started, l.Phases[engine.PhaseStopAzure].Started)
	})
}

// phaseTime is how long a phase took that was begun once and is done.
func phaseTime(l *engine.Leg, p engine.Phase) float64 {
	r := l.Phases[p]
	if r.Status != engine.StatusDone || r.Tries != 1 || l.Manual != "" {
		return 0
	}
	return between(r.Started, r.Ended)
}

func between(from, to time.Time) float64 {
	if from.IsZero() || to.IsZero() {
		return 0
	}
	return sane(to.Sub(from).Seconds())
}

// sane takes what can't be a time of a run for not measured.
func sane(s float64) float64 {
	const most = 365 * 24 * 3600
	if !(s > 0) || s > most {
		return 0
	}
	return s
}

// bytes takes the agents' counters: they belong to the host, so that of its legs the
// one counts that saw most.
func (p *Past) bytes(s engine.State) {
	of := func(ph engine.Phase) (sum float64) {
		most := map[string]int64{}
		for _, l := range s.Legs {
			y, host := l.Sync[ph], hostOf(s.Plan, l.Item)
			most[host] = max(most[host], min(y.Read, y.Written))
		}
		for _, n := range most {
			sum += float64(n)
		}
		return sum
	}
	p.First, p.Last = of(engine.PhaseInitialSync), of(engine.PhaseFinalSync)
}

// Relevant are the runs through Site Recovery that teach something about a connection: its own, newest
// first as they came, a rehearsal never about the real thing. Where enough of them
// went to the host, only those.
func Relevant(past []Past, profile string, rehearsal bool, host string) []Past {
	var all, here []Past
	for _, p := range past {
		if p.Profile != profile || p.Rehearsal != rehearsal || p.Direct {
			continue
		}
		all = append(all, p)
		if host != "" && p.Host == host {
			here = append(here, p)
		}
	}
	if len(here) >= enoughForSpread {
		all = here
	}
	return all[:min(len(all), mostRuns)]
}

// mostRuns bounds how many runs a forecast looks back.
const mostRuns = 40
