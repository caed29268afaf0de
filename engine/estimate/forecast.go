package estimate

import (
	"context"
	"errors"
	"math"
	"time"

	"failback/engine"
)

// Range is a duration with its spread: as often below P50 as above, and above
// P90 once in ten times. Neither is a promise.
type Range struct {
	P50 time.Duration `json:"p50"`
	P90 time.Duration `json:"p90"`
}

// Forecast predicts one synchronisation option.
type Forecast struct {
	Option   engine.SyncOption `json:"option"`
	Bytes    int64             `json:"bytes"` // expected over the wire
	Total    Range             `json:"total"`
	Downtime Range             `json:"downtime"`
	// Reasons are the factors of the total in words, the biggest first; Cautious are
	// those of its 90 % value.
	Reasons  []string `json:"reasons"`
	Cautious []string `json:"cautious,omitempty"`
	// Levers are what would change the total most, the strongest first.
	Levers []Lever `json:"levers,omitempty"`
	// Residuals is how many finished runs the spread was measured in; 0 where it is the
	// documented guess.
	Residuals int `json:"residuals,omitempty"`

	phases []engine.PhaseForecast
}

// Forecasts are both options side by side, and which one the numbers and the
// documents favour. The choice stays the operator's.
type Forecasts struct {
	Delta       Forecast          `json:"delta"`
	Full        Forecast          `json:"full"`
	Recommended engine.SyncOption `json:"recommended"`
	// Why are the reasons of the recommendation, the deciding one first; a
	// reason for the other option is among them where there is one.
	Why []string `json:"why"`
	// Assumed names, in words, everything that was not measured.
	Assumed []string `json:"assumed"`
	// Learnt says, in words, what was measured in how many runs.
	Learnt []string `json:"learnt,omitempty"`

	from engine.ForecastInput
}

// Input is what a forecast is made from.
type Input struct {
	Items         []engine.Item
	Allocated     int64 // bytes of the Azure disks that hold data; <0 unknown
	TargetMissing bool  // an on-premises VM does not exist
	Now           time.Time
	Rates         engine.Rates // fields that are not positive take the defaults
	// Past are the runs to learn from, newest first; see [Relevant].
	Past []Past
	// Threads are the download threads a VM, Throttle the bytes a second that the agent
	// may take; 0 where nobody said, or there is none.
	Threads  int
	Throttle int64
}

// For forecasts both options. It is pure: the same input gives the same answer,
// and no input makes it fail.
func For(in Input) Forecasts {
	m := newModel(in)
	out := Forecasts{Delta: m.forecast(engine.SyncDelta, in), Full: m.forecast(engine.SyncFull, in)}
	if out.Delta.Residuals == 0 || out.Full.Residuals == 0 {
		m.assume("the 90 % value" + m.guessed(out) + " takes half the link, two thirds of the checksum rate, twice the changes and twice the time of each step")
	}
	out.Assumed, out.Learnt, out.from = m.assumed, append(m.learnt.words(), spreadWords(out)...), m.input(in)
	out.Recommended, out.Why = recommend(m, out)
	return out
}

// Measure sums what the Azure disks of the items hold. It returns -1 and the
// first error when one of them can't be read: half a sum would be a wrong one.
func Measure(ctx context.Context, az engine.AzureAccess, items []engine.Item) (int64, error) {
	if az == nil {
		return -1, errors.New("the Azure disks can't be read without access to Azure")
	}
	var sum int64
	for _, it := range items {
		for _, d := range it.Disks {
			n, err := az.Allocated(ctx, d)
			if err != nil {
				return -1, err
			}
			sum += n
		}
	}
	return sum, nil
}

// seconds turns a number of seconds into a duration, and what does not fit into
// the longest one.
func seconds(s float64) time.Duration {
	ns := s * float64(time.Second)
	switch {
	case math.IsNaN(ns) || ns <= 0:
		return 0
	case ns >= math.MaxInt64:
		return math.MaxInt64
	}
	return time.Duration(ns)
}

// whole turns a number of bytes into an integer, and what does not fit into the
// largest one.
func whole(bytes float64) int64 {
	switch {
	case math.IsNaN(bytes) || bytes <= 0:
		return 0
	case bytes >= math.MaxInt64:
		return math.MaxInt64
	}
	return int64(bytes)
}
