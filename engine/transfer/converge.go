package transfer

import (
	"context"
	"fmt"
	"time"
)

// Pass is one round of changes: how much there was, and how long it took.
type Pass struct {
	Bytes int64
	Took  time.Duration
}

// Convergence is how a series of passes ended.
type Convergence int

// The ends of a series of passes.
const (
	GoOn          Convergence = iota // another pass helps
	Fits                             // what is left fits the budget
	DoesNotShrink                    // the disk changes as fast as it is read
	TooManyPasses                    // it still shrinks, but this was the last one allowed
)

var convergenceNames = [...]string{
	"another pass", "the rest fits the downtime budget",
	"the disk changes as fast as it is copied", "the passes allowed were used up",
}

func (c Convergence) String() string {
	if c < 0 || int(c) >= len(convergenceNames) {
		return "unknown"
	}
	return convergenceNames[c]
}

// Judge says whether to go on, given the passes so far, how long the last
// change list would take at their measured rate, and the most passes allowed.
// left is how many bytes changed during the last pass.
func Judge(passes []Pass, left int64, budget time.Duration, most int) (Convergence, time.Duration) {
	rest := forecast(passes, left)
	switch {
	case len(passes) > 0 && rest <= budget:
		return Fits, rest
	case len(passes) >= most:
		return TooManyPasses, rest
	case len(passes) >= 2 && left*10 > passes[len(passes)-1].Bytes*9:
		return DoesNotShrink, rest
	}
	return GoOn, rest
}

// forecast is how long left takes at the slowest measured rate.
func forecast(passes []Pass, left int64) time.Duration {
	var slowest time.Duration
	for _, p := range passes {
		if p.Bytes > 0 {
			slowest = max(slowest, time.Duration(float64(p.Took)*float64(left)/float64(p.Bytes)))
		}
	}
	return slowest
}

// Converge repeats passes of changes while the disk is in use until what is
// left fits the budget of downtime, or more passes do not help; the error is nil
// in both cases and the Convergence says which. next takes a snapshot and
// returns it as a source with what changed since the one before. The changes of
// the last call are left to the caller, who stops the machine first. It also
// returns how long they are expected to take.
func Converge(ctx context.Context, next func(context.Context) (Source, Changes, error), dst Target, budget time.Duration, most int, opt Options) (Convergence, time.Duration, error) {
	var passes []Pass
	for {
		src, ch, err := next(ctx)
		if err != nil {
			return GoOn, 0, fmt.Errorf("pass %d: %w", len(passes)+1, err)
		}
		end, rest := Judge(passes, ch.Bytes(), budget, most)
		if end != GoOn {
			return end, rest, nil
		}
		start := time.Now()
		if _, err := Apply(ctx, src, ch, dst, opt); err != nil {
			return GoOn, 0, fmt.Errorf("pass %d: %w", len(passes)+1, err)
		}
		passes = append(passes, Pass{Bytes: ch.Bytes(), Took: time.Since(start)})
		if p := opt.Proof; p != nil {
			opt.Proof = &Proof{Base: p.Manifest, Keep: p.Keep, Landed: p.Landed}
		}
	}
}
