package engine

import (
	"fmt"
	"strings"
)

// Sentence says an event in one plain sentence, without time or item: the same
// words in the log of a screen, in plain output and in a report. Facts with
// nothing to say to a person give "".
func Sentence(e Event) string { return sentence(e, false) }

// Sentence is [Sentence] in the words of the run's own plan: without Site Recovery
// other things are asked for.
func (s State) Sentence(e Event) string { return sentence(e, s.Plan.Direct != nil) }

func sentence(e Event, direct bool) string {
	switch b := e.Body.(type) {
	case StreamOpened, SyncProgress, JobSeen, BootSeen:
		return ""
	case RunPlanned:
		return fmt.Sprintf("plan: %s, %s, %s", b.Plan.Direction.Arrow(), b.Plan.wayWords(), b.Plan.Target.Label())
	case RunStarted:
		return "run started by " + b.Driver
	case RunResumed:
		return "run taken over by " + b.Driver
	case RunFinished:
		return "run " + string(b.Outcome) + b.Outturn.clause()
	case ForecastMade:
		return b.sentence()
	case PreflightChecked:
		return strings.TrimSuffix(fmt.Sprintf("%s: %s: %s; %s", b.VerdictWords(), b.Title, b.Observed, b.Remedy), "; ")
	case PhaseStarted:
		return e.Phase.Info().Title + " started"
	case PhaseFinished:
		return e.Phase.Info().Title + " done"
	case PhaseFailed:
		if b.Failure == nil {
			return e.Phase.Info().Title + " failed"
		}
		return e.Phase.Info().Title + " failed: " + b.Failure.Error()
	case GateOpened:
		if b.Action != nil {
			return fmt.Sprintf("waits until a manual action of the recovery plan is done: %s: %s", b.Action.Name, b.Action.Text)
		}
		return "waits for a decision: " + b.Title()
	case DecisionMade:
		return decisionSentence(b.Decision)
	case CancelRequested:
		return "cancel asked for by " + b.By
	case LegFinished:
		return "leg " + string(b.Outcome)
	}
	return observation(e, direct)
}

func observation(e Event, direct bool) string {
	switch b := e.Body.(type) {
	case IntentRecorded:
		return "about to " + wordsOf(b.Op, direct)
	case OperationAccepted:
		s := wordsOf(b.Op, direct) + ": accepted"
		if b.Found {
			s = wordsOf(b.Op, direct) + ": found already accepted"
		}
		if b.Job != "" {
			s += ", job " + b.Job
		}
		return s
	case TaskChanged:
		s := fmt.Sprintf("task %s: %s", firstOf(b.Task.Friendly, b.Task.Name), b.Task.State)
		if direct && b.Task.Detail != "" && (b.Task.State == TaskStateSkipped || b.Task.State == TaskStateSucceeded) {
			s += ": " + b.Task.Detail
		}
		return s
	case PowerChanged:
		if b.Side == LocationAzure {
			return "Azure VM " + string(b.Power)
		}
		return "on-premises VM " + string(b.Power)
	case DowntimeBegan:
		return "downtime begins"
	case GuardChanged:
		return b.sentence()
	case MachineLooked:
		return Look{By: b.By, Saw: b.Saw}.Words()
	case BootChecked:
		return bootSentence(b)
	case DiskProved:
		switch {
		case b.Missing != "":
			return fmt.Sprintf("disk %s: not compared: %s", b.Disk, b.Missing)
		case b.Equal:
			return fmt.Sprintf("disk %s: every byte equal to the Azure disk (sha256 %.12s…)", b.Disk, b.Target)
		}
		return fmt.Sprintf("disk %s: DIFFERS from the Azure disk", b.Disk)
	case DamageMarked:
		return "on-premises VM is damaged: " + b.Reason
	case DamageCleared:
		return "on-premises VM is no longer damaged"
	case Noted:
		return b.Text
	case LimitChanged:
		return b.sentence()
	case ThreadsIntended, ThreadsSet, ThreadsReturning, ThreadsReturned:
		return threadSentence(b)
	case Other:
		return "unknown fact " + string(b.Name)
	}
	return ""
}

// bootSentence says what every line of the proof showed.
func bootSentence(b BootChecked) string {
	s := fmt.Sprintf("boot %s: %s, heartbeat %s", b.Result, b.State, b.Heartbeat)
	for _, l := range b.Lines {
		switch l.What {
		case LineRunning, LineHeartbeat:
			continue // said already
		case LineUptime:
			s += ", " + l.Saw
		default:
			s += ", " + l.What + " " + l.Saw
		}
		if l.Result != LineOK {
			s += " (" + l.Result.Word() + ")"
		}
	}
	return s
}

// Way is how the data comes home, in a word or three.
func (p Plan) Way() string {
	if p.Direct != nil {
		return "without Site Recovery"
	}
	return string(p.Sync)
}

func (p Plan) wayWords() string {
	if p.Direct != nil {
		return p.Direct.Words()
	}
	switch p.Sync {
	case SyncDelta:
		return "delta (synchronise before failover)"
	case SyncFull:
		return "full (during failover only)"
	case SyncUnknown:
	}
	return "no synchronisation option"
}

func decisionSentence(d Decision) string {
	who := d.By
	if d.Policy {
		who = "policy (" + d.By + ")"
	}
	s := fmt.Sprintf("%s: approved by %s", firstOf(d.Verb, d.Gate.Verb()), who)
	if d.Reason != "" {
		s += ": " + d.Reason
	}
	if d.LookedBy != "" && d.Saw != "" {
		s += "; " + Look{By: d.LookedBy, Saw: d.Saw}.Words()
	}
	return s
}

// Title is what an approval does, with Microsoft's term where there is one.
func (o GateOpened) Title() string {
	if o.Portal == "" {
		return o.Verb
	}
	return o.Verb + " [" + o.Portal + "]"
}

// wordsOf are opWords in the words of a plan with or without Site Recovery.
func wordsOf(o Op, direct bool) string {
	switch {
	case direct && o == OpStart:
		return "start the failback without Site Recovery"
	case direct && o == OpComplete:
		return "let the failback go on to its switch"
	case direct && o == OpReprotect:
		return "protect the machine afresh"
	}
	return opWords(o)
}

func opWords(o Op) string {
	if strings.HasPrefix(string(o), string(OpManual)) {
		o = OpManual // the job and the task follow
	}
	switch o {
	case OpManual:
		return "go on after the manual action"
	case OpStart:
		return "start the planned failover"
	case OpDeallocate:
		return "stop the Azure VM"
	case OpComplete:
		return "complete the failover"
	case OpStartVM:
		return "start the on-premises VM"
	case OpCommit:
		return "commit"
	case OpReprotect:
		return "re-protect"
	case OpCancel:
		return "cancel the job"
	case OpCommitFailover:
		return "commit the earlier failover to Azure"
	}
	return string(o)
}
