package engine

import (
	"slices"
	"time"
)

// ForecastMade is what was forecast when the run began, with what it was made from:
// the run is held against it at its end, and later forecasts learn from the
// difference. It is about a failback as a whole. Times leave out what waits at gates.
type ForecastMade struct {
	Option   SyncOption `json:"option"`
	Bytes    int64      `json:"bytes"` // expected over the wire
	Total    Spread     `json:"total"`
	Downtime Spread     `json:"downtime"`
	// Phases are the parts of the total, for the time that is left.
	Phases []PhaseForecast `json:"phases"`
	// Biggest is the factor that takes most of the total, in words.
	Biggest string   `json:"biggest,omitempty"`
	Learnt  []string `json:"learnt,omitempty"`
	Assumed []string `json:"assumed,omitempty"`
	// From is what the numbers were made from.
	From ForecastInput `json:"from"`
}

// Spread is a time in seconds as often below P50 as above it, and above P90 once in
// ten times.
type Spread struct {
	P50 float64 `json:"p50_s"`
	P90 float64 `json:"p90_s"`
}

// Range turns the spread into durations; what does not fit or is none counts as zero.
func (s Spread) Range() (p50, p90 time.Duration) {
	p50 = spanOf(s.P50)
	return p50, max(p50, spanOf(s.P90))
}

func spanOf(seconds float64) time.Duration {
	const most = 10 * 365 * 24 * 3600 // a journal may say anything
	if !(seconds > 0) || seconds > most {
		return 0
	}
	return time.Duration(seconds * float64(time.Second))
}

// PhaseForecast is the forecast of one phase.
type PhaseForecast struct {
	Phase Phase `json:"phase"`
	Spread
}

// ForecastInput is what a forecast was made from, as far as a later one needs it.
type ForecastInput struct {
	Items   []ForecastItem `json:"items"`
	Missing bool           `json:"missing,omitempty"` // an on-premises VM does not exist
	// Threads are the download threads a VM, Throttle the bytes a second that the
	// agent may take; 0 where nobody said, or there is none.
	Threads  int   `json:"threads,omitempty"`
	Throttle int64 `json:"throttle,omitempty"`
	// Limit is that of a failback without Site Recovery, as the plan has it.
	Limit string `json:"limit,omitempty"`
}

// ForecastItem is one item of a forecast.
type ForecastItem struct {
	Name  string  `json:"name"`
	Bytes int64   `json:"bytes"`
	Held  int64   `json:"held"`            // bytes that hold data; -1 where nobody could say
	Age   float64 `json:"age_s,omitempty"` // since the failover, 0 where it is not known
}

// Type implements [Body].
func (ForecastMade) Type() EventType { return "forecast.made" }

// Outturn is a run held against its forecast. Times leave out what waited at gates,
// as the forecast does.
type Outturn struct {
	Total    Fact `json:"total"`
	Downtime Fact `json:"downtime"`
	// ForecastBytes and Bytes are over the wire; what moved is the agents' counters, an
	// estimate, and 0 where nobody could read them.
	ForecastBytes int64 `json:"forecast_bytes"`
	Bytes         int64 `json:"bytes"`
	// Interrupted says that a phase was begun more than once: the times hold waits that
	// no forecast is about, and nothing is learnt from them.
	Interrupted bool `json:"interrupted,omitempty"`
	// Direct says that this program moved the bytes and counted them, and no agent.
	Direct bool `json:"direct,omitempty"`
}

// Fact is a measured time beside its forecast, in seconds.
type Fact struct {
	Spread
	Fact float64 `json:"fact_s"`
}

// Within reports whether the fact came no later than the cautious end.
func (f Fact) Within() bool { return f.Fact <= f.P90 }

// Outturn holds the run against its forecast. It is nil where there is no forecast,
// or where an item has not been seen to boot: half a run has no total.
func (s State) Outturn() *Outturn {
	if s.Forecast == nil || len(s.Legs) == 0 {
		return nil
	}
	o := Outturn{
		Total: Fact{Spread: s.Forecast.Total}, Downtime: Fact{Spread: s.Forecast.Downtime},
		ForecastBytes: s.Forecast.Bytes, Bytes: s.Moved(), Direct: s.Plan.Direct != nil,
	}
	for _, l := range s.Legs {
		total, down, ok := l.took()
		if !ok {
			return nil
		}
		o.Total.Fact, o.Downtime.Fact = max(o.Total.Fact, total.Seconds()), max(o.Downtime.Fact, down.Seconds())
		o.Interrupted = o.Interrupted || l.interrupted()
	}
	return &o
}

// forecastPhases are the phases that a forecast is about.
var forecastPhases = []Phase{PhasePrepare, PhaseInitialSync, PhaseStopAzure, PhaseFinalSync, PhaseStartOnPremises, PhaseVerify}

// took is how long the leg was at work from its start to the proof of its boot, and
// how long its machine was down.
func (l *Leg) took() (total, down time.Duration, ok bool) {
	if l.Direction != ToOnPremises || l.Boot == nil || l.Boot.Result != BootProven || l.DowntimeFrom.IsZero() || l.DowntimeTo.IsZero() {
		return 0, 0, false
	}
	for _, p := range forecastPhases {
		r := l.Phases[p]
		end := r.Ended
		if p == PhaseVerify {
			end = l.DowntimeTo // the disks are compared after it
		}
		if d := end.Sub(r.Started); !r.Started.IsZero() && d > 0 {
			total += d
		}
	}
	return total, l.DowntimeTo.Sub(l.DowntimeFrom), total > 0 && l.DowntimeTo.After(l.DowntimeFrom)
}

func (l *Leg) interrupted() bool {
	// A manual action of a recovery plan is waited for in the middle of a phase.
	return l.Manual != "" || slices.ContainsFunc(forecastPhases, func(p Phase) bool { return l.Phases[p].Tries > 1 })
}

// Moved is how many bytes the run has brought over the wire, by the agents' counters.
// They belong to a host: of its legs the one counts that saw most. What was only
// compared did not travel as a change.
func (s State) Moved() int64 {
	most := map[string]int64{}
	for _, l := range s.Legs {
		var n int64
		for p, y := range l.Sync {
			if p == PhaseInitialSync || p == PhaseFinalSync {
				n += max(0, min(y.Read, y.Written))
			}
		}
		host := s.Plan.hostOf(l.Item)
		most[host] = max(most[host], n)
	}
	var sum int64
	for _, n := range most {
		sum += n
	}
	return sum
}

// sentence says the forecast, as the log has it.
func (f ForecastMade) sentence() string {
	s := "forecast (estimate): downtime " + f.Downtime.Words() + ", in total " + f.Total.Words() + " without waits at gates"
	if f.Biggest != "" {
		s += "; most of it " + f.Biggest
	}
	return s
}

// clause says how the run came out against its forecast; empty where nothing is known.
func (o *Outturn) clause() string {
	if o == nil {
		return ""
	}
	return "; downtime " + o.Downtime.Words()
}

// BytesWords say what was moved beside what was forecast.
func (o Outturn) BytesWords() string {
	if o.Bytes == 0 {
		return "moved bytes that nobody could count; forecast " + SizeWords(o.ForecastBytes)
	}
	if o.Direct {
		return "moved " + SizeWords(o.Bytes) + "; forecast " + SizeWords(o.ForecastBytes)
	}
	return "moved " + SizeWords(o.Bytes) + " (agent, estimate); forecast " + SizeWords(o.ForecastBytes)
}

// Words say the spread as its likely and its cautious end.
func (s Spread) Words() string {
	p50, p90 := s.Range()
	a, b := RoughWords(p50), RoughWords(p90)
	if a == b {
		return a
	}
	return a + " to " + b
}

// Words say the fact beside its forecast, and whether it stayed within.
func (f Fact) Words() string {
	p50, p90 := f.Range()
	fact := spanOf(f.Fact)
	how := "beyond the forecast of "
	switch {
	case fact <= p50:
		how = "within the likely end of the forecast of "
	case fact <= p90:
		how = "within the forecast of "
	}
	return RoughWords(fact) + ", " + how + f.Spread.Words()
}
