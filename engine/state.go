package engine

import (
	"maps"
	"slices"
	"time"
)

// State is a run, folded from its events: the only model of a run. It is a
// value: Apply returns a new one and leaves the old as it was, so a reader may
// keep what it was given.
type State struct {
	Run      RunID
	Schema   int
	Program  string
	Plan     Plan
	Legs     []*Leg        // in the order of the plan
	Forecast *ForecastMade // made when the run began; nil where none could be
	Driver   string
	Created  time.Time
	Updated  time.Time // time of the last event
	Finished time.Time
	Outcome  Outcome
	Seq      uint64
	Log      []LogLine // newest last, bounded
	// Threads is what was done to the download threads of hosts, one a host.
	Threads []HostThreads
}

// LogLine is one line of a run's log, for people.
type LogLine struct {
	At    time.Time
	Item  string
	Phase Phase
	Level string // info, warn, error
	Text  string
}

// logLimit bounds State.Log; the journal keeps everything.
const logLimit = 400

// PhaseStatus is how one phase of a leg stands.
type PhaseStatus string

// The statuses of a phase.
const (
	StatusPending PhaseStatus = "pending"
	StatusRunning PhaseStatus = "running"
	StatusDone    PhaseStatus = "done"
	StatusFailed  PhaseStatus = "failed"
	StatusStopped PhaseStatus = "cancelled"
)

// PhaseRecord is what happened in one phase of a leg.
type PhaseRecord struct {
	Status  PhaseStatus
	Started time.Time // first start
	Ended   time.Time
	Tries   int // starts, resumes included
	Failed  int // how often it failed
}

// Operation is an effectful request of a leg and what became of it.
type Operation struct {
	Op       Op
	Request  string
	Job      string
	Accepted bool
	At       time.Time
}

// Sample is one point of a leg's transfer, for rates and sparklines.
type Sample struct {
	At   time.Time
	Read int64
}

// sampleLimit bounds the samples kept for each leg.
const sampleLimit = 120

// Leg is one item's way through a run.
type Leg struct {
	Item         PlanItem
	Direction    Direction
	Direct       bool // it goes without Site Recovery, see [Plan.Direct]
	Steps        []Step
	At           int // index into Steps; len(Steps) when all are done
	Mode         Mode
	Phases       map[Phase]PhaseRecord
	Findings     []Finding
	Gate         *GateOpened // the open gate, nil otherwise
	GateSince    time.Time
	Listed       *Deletions // what the commit gate listed last, see [GateOpened.Deletes]
	ListedAt     time.Time  // when that list was first shown
	Agreed       *Deletions // what the answer at the commit gate was about, see [GateOpened.Deletes]
	Manual       string     // the manual action that was answered last, see [GateOpened]
	Decisions    []Decision
	Ops          map[Op]Operation
	Job          string    // the failback job
	Seen         time.Time // when the job was last read, as far as this process knows
	Tasks        []TaskChanged
	Sync         map[Phase]SyncProgress
	Samples      []Sample
	AzurePower   Power
	OnPremPower  Power
	DowntimeFrom time.Time
	DowntimeTo   time.Time
	Boot         *BootChecked
	Looks        []Look     // of people, at the on-premises VM
	Proving      []BootLine // how the proof of the boot stands while it is looked for
	Proofs       []DiskProved
	Damage       *DamageMarked
	Guard        *GuardChanged // what was last done about the start guard
	DamagedAt    time.Time
	Cancel       *CancelRequested
	Failure      *Failure
	Outcome      Outcome
	Ended        time.Time
}

// Step is the step the leg stands at; the zero Step when all are done.
func (l *Leg) Step() Step {
	if l.At < len(l.Steps) {
		return l.Steps[l.At]
	}
	return Step{}
}

// Phase is the phase the leg stands at, or the one before an open gate.
func (l *Leg) Phase() Phase {
	for i := min(l.At, len(l.Steps)-1); i >= 0; i-- {
		if !l.Steps[i].IsGate() {
			return l.Steps[i].Phase
		}
	}
	return PhaseNone
}

// reached reports whether the phase has begun or lies behind.
func (l *Leg) reached(p Phase) bool {
	r, ok := l.Phases[p]
	return ok && r.Status != StatusPending
}

// Passed reports whether the phase was seen to be complete.
func (l *Leg) Passed(p Phase) bool { return l.Phases[p].Status == StatusDone }

// Verified reports whether the boot was seen and no disk was found different.
func (l *Leg) Verified() bool { return l.Passed(PhaseVerify) }

// switched reports whether the machine was seen to run at the other side.
func (l *Leg) switched() bool {
	return l.Verified() || l.Direction == ToAzure && l.Passed(PhaseFailover)
}

// provedEqual reports whether every disk that the plan counted was compared and
// found equal. Without a comparison nothing is proved.
func (l *Leg) provedEqual() bool {
	return len(l.Proofs) >= max(1, l.Item.Disks) && !slices.ContainsFunc(l.Proofs, func(p DiskProved) bool { return !p.Equal || p.Missing != "" })
}

// pastCancel reports whether the switch has come so far that a cancel could undo
// nothing.
func (l *Leg) pastCancel() bool {
	return l.reached(PhaseStartOnPremises) || l.Direction == ToAzure && l.Passed(PhaseFailover)
}

// CanCancel reports whether a cancel is still possible, and whether it would
// leave the on-premises VM damaged.
func (l *Leg) CanCancel() (ok, damages bool) {
	if l.Mode == ModeEnded || l.pastCancel() {
		return false, false
	}
	_, started := l.Ops[OpStart]
	return true, started && l.Direction == ToOnPremises && !l.Direct
}

// Downtime is how long the machine was down, up to now where it still is.
func (l *Leg) Downtime(now time.Time) time.Duration {
	switch {
	case l.DowntimeFrom.IsZero():
		return 0
	case l.DowntimeTo.IsZero():
		return max(0, now.Sub(l.DowntimeFrom))
	}
	return max(0, l.DowntimeTo.Sub(l.DowntimeFrom)) // the clock may have been set back
}

// InDowntime reports whether the downtime clock runs.
func (l *Leg) InDowntime() bool { return !l.DowntimeFrom.IsZero() && l.DowntimeTo.IsZero() }

func (l *Leg) clone() *Leg {
	c := *l
	c.Phases = maps.Clone(l.Phases)
	c.Ops = maps.Clone(l.Ops)
	c.Sync = maps.Clone(l.Sync)
	// Slices only grow by append or are replaced whole; clip so that two clones
	// never share a tail.
	c.Findings = slices.Clip(l.Findings)
	c.Decisions = slices.Clip(l.Decisions)
	c.Tasks = slices.Clone(l.Tasks)
	c.Samples = slices.Clip(l.Samples)
	c.Proofs = slices.Clip(l.Proofs)
	c.Looks = slices.Clip(l.Looks)
	return &c
}

// Leg finds the leg of an item by name; nil if there is none.
func (s State) Leg(item string) *Leg {
	for _, l := range s.Legs {
		if l.Item.Name == item {
			return l
		}
	}
	return nil
}

// manualGate is the leg that asks whether a manual action is done; nil where none
// does.
func (s State) manualGate() *Leg {
	for _, l := range s.Legs {
		if l.Gate != nil && l.Gate.Gate == GateManual {
			return l
		}
	}
	return nil
}

// manualTaken reports whether somebody sees to that manual action already: it was
// answered, and a leg that goes on will tell the service, or has told it.
func (s State) manualTaken(task string) bool {
	op := Op(string(OpManual) + ":" + task)
	for _, l := range s.Legs {
		got, asked := l.Ops[op]
		if got.Accepted || l.live() && (asked || l.Manual == task) {
			return true
		}
	}
	return false
}

// Ended reports whether the run has finished for now: no process drives it.
func (s State) Ended() bool { return s.Outcome != OutcomeNone }

// Resumable reports whether a resume could still change something: a leg has not
// ended, or download threads have still to be put back. A run whose plan was never
// written has nothing to change.
func (s State) Resumable() bool {
	return len(s.HeldThreads()) > 0 || slices.ContainsFunc(s.Legs, func(l *Leg) bool { return l.Mode != ModeEnded })
}

// Waiting lists the items that wait at an open gate.
func (s State) Waiting() []string {
	var out []string
	for _, l := range s.Legs {
		if l.Gate != nil {
			out = append(out, l.Item.Name)
		}
	}
	return out
}

// Downtime is the longest downtime of the run's legs.
func (s State) Downtime(now time.Time) time.Duration {
	var d time.Duration
	for _, l := range s.Legs {
		d = max(d, l.Downtime(now))
	}
	return d
}
