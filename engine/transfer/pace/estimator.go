package pace

import (
	"slices"
	"time"
)

const (
	spacing  = time.Second
	fewest   = 8  // intervals before anything is said
	most     = 60 // intervals that are remembered
	standing = 30 * time.Second
)

// Estimator says how long the rest takes, as a range, once it has seen enough
// to be honest. It reads no clock. Not safe for concurrent use.
type Estimator struct {
	last  point
	moved time.Time // when anything was done last
	rates []float64 // work a second, oldest first
}

type point struct {
	at   time.Time
	done int64
}

// Add notes how much was done by a time. Times go forwards.
func (e *Estimator) Add(now time.Time, done int64) {
	if e.last.at.IsZero() {
		e.last, e.moved = point{now, done}, now
		return
	}
	dt := now.Sub(e.last.at)
	if dt < spacing {
		return
	}
	if done > e.last.done {
		e.moved = now
	}
	e.rates = append(e.rates, float64(done-e.last.done)/dt.Seconds())
	if len(e.rates) > most {
		e.rates = e.rates[1:]
	}
	e.last = point{now, done}
}

// Left is the range of time that the rest of left takes, given the last
// minute's rates: from all of it at a fast rate to all of it at a slow one. It
// is not known before eight seconds of work, nor while nothing moves.
func (e *Estimator) Left(now time.Time, left int64) (low, high time.Duration, known bool) {
	if left <= 0 {
		return 0, 0, true
	}
	if len(e.rates) < fewest || now.Sub(e.moved) >= standing {
		return 0, 0, false
	}
	// Means over parts of the memory: a single second is no rate of hours.
	parts := e.parts()
	slow, fast := slices.Min(parts), slices.Max(parts)
	if slow <= 0 {
		return 0, 0, false
	}
	at := func(rate float64) time.Duration { return time.Duration(float64(left) / rate * float64(time.Second)) }
	return at(fast), at(slow), true
}

// Rate is the mean of the last minute, in work a second.
func (e *Estimator) Rate() float64 { return mean(e.rates) }

func (e *Estimator) parts() []float64 {
	n := max(len(e.rates)/4, 2)
	var out []float64
	for p := range slices.Chunk(e.rates, n) {
		if len(p) == n {
			out = append(out, mean(p))
		}
	}
	return out
}

func mean(v []float64) float64 {
	if len(v) == 0 {
		return 0
	}
	var sum float64
	for _, x := range v {
		sum += x
	}
	return sum / float64(len(v))
}
