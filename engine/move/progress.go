package move

import (
	"time"

	"failback/engine/transfer"
	"failback/engine/transfer/pace"
)

// Stage is what is being done with the disk.
type Stage string

// The stages of a copy, in order; not every copy has all of them.
const (
	StageList   Stage = "list"   // what there is to copy
	StageLook   Stage = "look"   // what the target has
	StageCopy   Stage = "copy"   // bytes travel
	StageReread Stage = "reread" // the target is read again
	StageSample Stage = "sample" // blocks outside a list of changes are compared
	StageHash   Stage = "hash"   // a manifest is made
)

// Words are the stage for a person.
func (s Stage) Words() string {
	switch s {
	case StageList:
		return "listing"
	case StageLook:
		return "reading what the target has"
	case StageCopy:
		return "copying"
	case StageReread:
		return "reading the target again"
	case StageSample:
		return "comparing a sample"
	case StageHash:
		return "hashing"
	}
	return string(s)
}

// Progress is how far a stage is.
type Progress struct {
	Stage Stage
	Bytes transfer.Progress
	// Rate is in bytes dealt with a second, over the last minute.
	Rate float64
	// Left is how long the rest takes, from Soonest to Latest; not known at first,
	// nor while nothing moves.
	Soonest, Latest time.Duration
	Known           bool
	// Brake is what holds the copy back, BrakeNone while that is not clear.
	Brake pace.Brake
}

// Tracker makes a Progress of the counts of one stage. It is not safe for
// concurrent use.
type Tracker struct {
	Stage  Stage
	Brakes *pace.Brakes

	estimator pace.Estimator
	last      time.Time
	brake     pace.Brake
}

// every is how often a brake is looked for.
const every = time.Second

// Add notes counts, and says how far the stage is.
func (t *Tracker) Add(now time.Time, p transfer.Progress) Progress {
	t.estimator.Add(now, p.Scanned)
	if now.Sub(t.last) >= every {
		t.last = now
		t.brake = pace.BrakeNone
		if b, share := t.Brakes.Most(); share >= 0.5 {
			t.brake = b
		}
	}
	out := Progress{Stage: t.Stage, Bytes: p, Rate: t.estimator.Rate(), Brake: t.brake}
	out.Soonest, out.Latest, out.Known = t.estimator.Left(now, p.Left())
	return out
}
