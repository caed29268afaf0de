package pace

import (
	"sync/atomic"
	"time"
)

// Brake is what holds a transfer back: what its requests wait for most.
type Brake int

// The brakes.
const (
	BrakeNone     Brake = iota // nothing was measured
	BrakeLimit                 // the limit that was set
	BrakeThrottle              // the source asked for less
	BrakeSource                // reading the source: the line, or the service
	BrakeTarget                // writing the target and what has to be safe before
	BrakeCompare               // reading the target to compare, and sums
)

const brakes = int(BrakeCompare) + 1

var brakeNames = [brakes]string{"nothing", "the rate limit", "the source's throttling", "the source", "the target", "comparing"}

// String is the brake in words.
func (b Brake) String() string {
	if b < 0 || int(b) >= brakes {
		return brakeNames[BrakeNone]
	}
	return brakeNames[b]
}

// Brakes adds up where the time of all requests goes. A nil one measures
// nothing. It is safe for concurrent use.
type Brakes struct{ spent, seen [brakes]atomic.Int64 }

// Begin is now, to be given to End.
func (b *Brakes) Begin() time.Time {
	if b == nil {
		return time.Time{}
	}
	return time.Now()
}

// End notes that the time since a Begin was spent at a brake.
func (b *Brakes) End(at Brake, since time.Time) {
	if b != nil {
		b.spent[at].Add(int64(time.Since(since)))
	}
}

// Most is the brake at which most time was spent since the last call, and its
// share of all of it. Where nothing was spent, the brake is BrakeNone.
func (b *Brakes) Most() (most Brake, share float64) {
	if b == nil {
		return BrakeNone, 0
	}
	var sum, best int64
	for i := range b.spent {
		now := b.spent[i].Load()
		d := now - b.seen[i].Swap(now)
		sum += d
		if d > best {
			most, best = Brake(i), d
		}
	}
	if sum == 0 {
		return BrakeNone, 0
	}
	return most, float64(best) / float64(sum)
}
