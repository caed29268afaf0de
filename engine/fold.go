package engine

import (
	"fmt"
	"slices"
	"strings"
)

// Fold applies events in order to an empty state.
func Fold(events []Event) (State, error) {
	var s State
	for _, e := range events {
		next, err := s.Apply(e)
		if err != nil {
			return s, err
		}
		s = next
	}
	return s, nil
}

// Apply returns the state after e. An event that the machine does not allow
// here is an [*Illegal] error, and the state returned is s itself.
func (s State) Apply(e Event) (State, error) {
	if e.Seq != 0 && e.Seq != s.Seq+1 {
		return s, fmt.Errorf("event %d (%s) follows event %d", e.Seq, e.Type(), s.Seq)
	}
	next := s
	next.Legs = slices.Clone(s.Legs)
	var err error
	if e.Item == "" {
		err = next.applyRun(e)
	} else {
		err = next.applyLeg(e)
	}
	if err != nil {
		return s, err
	}
	if e.Seq != 0 {
		next.Seq = e.Seq
	}
	next.Updated = e.Time
	if line, ok := next.logLine(e); ok {
		next.Log = append(slices.Clip(s.Log), line)
		if len(next.Log) > logLimit {
			next.Log = next.Log[len(next.Log)-logLimit:]
		}
	}
	return next, nil
}

func (s *State) applyRun(e Event) error {
	switch b := e.Body.(type) {
	case StreamOpened:
		if b.Schema > SchemaVersion {
			return fmt.Errorf("written with schema %d; this program reads up to %d: use a newer failback", b.Schema, SchemaVersion)
		}
		s.Schema, s.Program, s.Run, s.Created = b.Schema, b.Program, e.Run, e.Time
	case RunPlanned:
		if len(s.Legs) > 0 {
			return fmt.Errorf("a second plan in one run")
		}
		s.Plan = b.Plan
		for _, it := range b.Plan.Items {
			s.Legs = append(s.Legs, &Leg{
				Item: it, Direction: b.Plan.Direction, Direct: b.Plan.Direct != nil,
				Steps: b.Plan.Steps(it),
			})
		}
	case RunStarted:
		s.Driver = b.Driver
	case RunResumed:
		s.Driver, s.Outcome = b.Driver, OutcomeNone
		for i, l := range s.Legs {
			s.Legs[i] = l.clone()
			s.Legs[i].revive()
		}
	case ForecastMade:
		s.Forecast = &b
	case LimitChanged:
		s.applyLimit(b)
	case RunFinished:
		s.Outcome, s.Finished = b.Outcome, e.Time
	case ThreadsIntended, ThreadsSet, ThreadsReturning, ThreadsReturned:
		return s.applyThreads(e)
	case nil:
		return fmt.Errorf("event %d has no body", e.Seq)
	}
	return nil
}

func (s *State) applyLeg(e Event) error {
	i := slices.IndexFunc(s.Legs, func(l *Leg) bool { return l.Item.Name == e.Item })
	if i < 0 {
		return fmt.Errorf("event %d (%s) names %q, which is not in the plan", e.Seq, e.Type(), e.Item)
	}
	l := s.Legs[i].clone()
	if o, ok := e.Body.(GateOpened); ok && o.Gate == GateManual && (s.manualGate() != nil || s.manualTaken(o.Task)) {
		return &Illegal{Item: e.Item, Step: l.Step().Name(), Mode: l.Mode, Trigger: TriggerOpen, Why: "another leg asks for it already"}
	}
	if err := l.move(e); err != nil {
		return err
	}
	l.fold(e)
	s.Legs[i] = l
	return nil
}

// fold records what the event says; whether it is legal was decided before.
func (l *Leg) fold(e Event) {
	switch b := e.Body.(type) {
	case PhaseStarted, PhaseFinished, PhaseFailed, LegFinished, CancelRequested:
		l.foldProgress(e)
	case PreflightChecked:
		l.foldFinding(b.Finding)
	case IntentRecorded, OperationAccepted:
		l.foldOp(e)
	case TaskChanged:
		l.foldTask(b)
	case SyncProgress:
		l.foldSync(e, b)
	case JobSeen:
		l.Seen = b.At
	case PowerChanged:
		l.foldPower(e, b)
	case DowntimeBegan:
		if l.DowntimeFrom.IsZero() {
			l.DowntimeFrom = e.Time
			if !b.At.IsZero() {
				l.DowntimeFrom = b.At
			}
		}
	case GateOpened, DecisionMade:
		l.foldGate(e)
	case GuardChanged:
		l.Guard = &b
	case MachineLooked:
		l.Looks = append(l.Looks, Look{At: e.Time, By: b.By, Saw: b.Saw})
	case BootSeen:
		l.Proving = b.Lines
	case BootChecked:
		l.Boot, l.Proving = &b, nil
		if b.Result == BootProven && l.InDowntime() {
			l.DowntimeTo = e.Time
		}
	case DiskProved:
		l.Proofs = append(slices.DeleteFunc(slices.Clone(l.Proofs), func(p DiskProved) bool { return p.Disk == b.Disk }), b)
	case DamageMarked:
		l.Damage, l.DamagedAt = &b, e.Time
	case DamageCleared:
		l.Damage = nil
	}
}

// foldGate notes what is asked at a gate, and what was answered.
func (l *Leg) foldGate(e Event) {
	switch b := e.Body.(type) {
	case GateOpened:
		if b.Deletes != nil {
			if l.Listed == nil || !sameThings(l.Listed.Things, b.Deletes.Things) {
				l.ListedAt = e.Time
			}
			l.Listed = b.Deletes
		}
		l.Gate, l.GateSince = &b, e.Time
		if b.Gate != GateManual {
			l.unbegin()
		}
	case DecisionMade:
		if b.Gate == GateManual && l.Gate != nil {
			l.Manual = l.Gate.Task
		}
		if b.Gate == GateCommit && l.Gate != nil {
			l.Agreed = l.Gate.Deletes
		}
		l.Gate = nil
		l.Decisions = append(l.Decisions, b.Decision)
		if b.LookedBy != "" {
			l.Looks = append(l.Looks, Look{At: e.Time, By: b.LookedBy, Saw: b.Saw, Decided: true})
		}
		// A boot without proof ends the downtime only when a person has accepted it.
		if b.Gate == GateCommit && l.InDowntime() {
			l.DowntimeTo = e.Time
		}
	}
}

// foldOp notes what was asked for, and that it was taken.
func (l *Leg) foldOp(e Event) {
	switch b := e.Body.(type) {
	case IntentRecorded:
		l.setOp(Operation{Op: b.Op, Request: b.Request, At: e.Time})
	case OperationAccepted:
		op := l.Ops[b.Op]
		l.setOp(Operation{Op: b.Op, Request: firstOf(b.Request, op.Request), Job: b.Job, Accepted: true, At: e.Time})
		if b.Op == OpStart {
			l.Job = b.Job
		}
	}
}

func (l *Leg) foldPower(e Event, b PowerChanged) {
	if b.Side == LocationAzure {
		l.AzurePower = b.Power
	} else {
		l.OnPremPower = b.Power
	}
	// Towards Azure there is no proof of a boot: the downtime ends where Azure
	// says that the VM runs.
	if l.Direction == ToAzure && b.Side == LocationAzure && b.Power == PowerRunning && l.InDowntime() {
		l.DowntimeTo = e.Time
	}
}

// unbegin takes back the phase behind an open gate, where the gate is asked again.
func (l *Leg) unbegin() {
	if l.At+1 >= len(l.Steps) {
		return
	}
	next := l.Steps[l.At+1].Phase
	if rec, ok := l.Phases[next]; ok {
		rec.Status = StatusPending
		l.Phases[next] = rec
	}
}

func (l *Leg) foldProgress(e Event) {
	rec := l.Phases[e.Phase]
	switch b := e.Body.(type) {
	case PhaseStarted:
		rec.Status = StatusRunning
		rec.Tries++
		if rec.Started.IsZero() {
			rec.Started = e.Time
		}
		l.Failure = nil
		if e.Phase == PhasePreflight {
			l.Findings = nil
		}
	case PhaseFinished:
		rec.Status, rec.Ended = StatusDone, e.Time
	case PhaseFailed:
		rec.Status, rec.Ended, l.Failure, l.Gate, l.Proving = StatusFailed, e.Time, b.Failure, nil, nil
		rec.Failed++
	case CancelRequested:
		l.Cancel = &b
		l.Gate = nil
		l.Outcome = OutcomeNone // a leg that had stopped is taken up again
		if rec.Status == StatusRunning {
			rec.Status = StatusStopped
		}
	case LegFinished:
		l.Outcome, l.Ended = b.Outcome, e.Time
		return
	}
	if e.Phase == PhaseNone {
		return
	}
	if l.Phases == nil {
		l.Phases = map[Phase]PhaseRecord{}
	}
	l.Phases[e.Phase] = rec
}

func (l *Leg) foldFinding(f Finding) {
	i := slices.IndexFunc(l.Findings, func(o Finding) bool { return o.Rule == f.Rule })
	if i < 0 {
		l.Findings = append(l.Findings, f)
		return
	}
	l.Findings = slices.Clone(l.Findings)
	l.Findings[i] = f
}

func (l *Leg) setOp(op Operation) {
	if l.Ops == nil {
		l.Ops = map[Op]Operation{}
	}
	l.Ops[op.Op] = op
}

func (l *Leg) foldTask(t TaskChanged) {
	i := slices.IndexFunc(l.Tasks, func(o TaskChanged) bool { return o.Job == t.Job && o.Path == t.Path })
	if i < 0 {
		l.Tasks = append(l.Tasks, t)
		return
	}
	l.Tasks[i] = t
}

func (l *Leg) foldSync(e Event, p SyncProgress) {
	if l.Sync == nil {
		l.Sync = map[Phase]SyncProgress{}
	}
	l.Sync[e.Phase] = p
	l.Samples = append(l.Samples, Sample{At: e.Time, Read: p.Read})
	if len(l.Samples) > sampleLimit {
		l.Samples = l.Samples[len(l.Samples)-sampleLimit:]
	}
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}

// logLine says an event in one sentence; passing progress has none.
func (s State) logLine(e Event) (LogLine, bool) {
	line := LogLine{At: e.Time, Item: e.Item, Phase: e.Phase, Level: "info"}
	line.Text = s.Sentence(e)
	switch b := e.Body.(type) {
	case PhaseFailed, DamageMarked, CancelRequested:
		line.Level = "error"
	case PreflightChecked:
		if b.Unchanged() || b.Gate == GateNone && b.Verdict == VerdictOK {
			return line, false
		}
		if b.Verdict != VerdictOK {
			line.Level = "warn"
		}
	case Noted:
		line.Level = b.Level
	case ThreadsReturned:
		if b.Left != "" {
			line.Level = "warn"
		}
	}
	return line, strings.TrimSpace(line.Text) != ""
}
