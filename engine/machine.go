package engine

import "fmt"

// Mode says how a leg stands at its current step.
type Mode string

// The modes of a leg.
const (
	ModeReady       Mode = ""            // the step has not begun
	ModeRunning     Mode = "running"     // a phase is being carried out
	ModeWaiting     Mode = "waiting"     // a gate is open
	ModeInterrupted Mode = "interrupted" // another process took over; the step begins again
	ModeFailed      Mode = "failed"      // the phase failed; a resume begins it again
	ModeCancelling  Mode = "cancelling"  // a cancel was asked for
	ModeEnded       Mode = "ended"       // for good
)

// Trigger is what moves a leg.
type Trigger string

// The triggers of the leg machine; each comes from one kind of event.
const (
	TriggerStart   Trigger = "phase.started"
	TriggerFinish  Trigger = "phase.finished"
	TriggerFail    Trigger = "phase.failed"
	TriggerOpen    Trigger = "gate.opened"
	TriggerDecide  Trigger = "decision.made"
	TriggerCancel  Trigger = "cancel.requested"
	TriggerEnd     Trigger = "leg.finished"
	TriggerRevive  Trigger = "run.resumed"
	TriggerObserve Trigger = "observation" // anything that does not move the leg
)

// row is one legal move. Guard may refuse it with a reason.
type row struct {
	from  Mode
	on    Trigger
	gate  bool // legal at gates; otherwise at phases
	aside bool // of the gate that opens within a phase
	to    Mode
	moves bool // goes on to the next step
	back  bool // goes back to the step before
	guard func(*Leg, Event) error
}

// The table of the leg machine. What is not in it is refused.
var table = []row{
	{from: ModeReady, on: TriggerStart, to: ModeRunning, guard: guardStart},
	{from: ModeInterrupted, on: TriggerStart, to: ModeRunning, guard: guardStart},
	{from: ModeFailed, on: TriggerStart, to: ModeRunning, guard: guardStart},
	{from: ModeRunning, on: TriggerFinish, to: ModeReady, moves: true, guard: guardFinish},
	{from: ModeRunning, on: TriggerFail, to: ModeFailed, guard: guardSame},
	{from: ModeReady, on: TriggerFail, to: ModeFailed, guard: guardSame},
	{from: ModeInterrupted, on: TriggerFail, to: ModeFailed, guard: guardSame},
	{from: ModeFailed, on: TriggerFail, to: ModeFailed, guard: guardSame}, // a resume that came no further
	{from: ModeRunning, on: TriggerCancel, to: ModeCancelling, guard: guardCancel},
	{from: ModeReady, on: TriggerCancel, to: ModeCancelling, guard: guardCancel},
	{from: ModeInterrupted, on: TriggerCancel, to: ModeCancelling, guard: guardCancel},
	{from: ModeFailed, on: TriggerCancel, to: ModeCancelling, guard: guardCancel},
	{from: ModeReady, on: TriggerOpen, to: ModeWaiting, back: true, guard: guardReopen},
	{from: ModeRunning, on: TriggerOpen, to: ModeWaiting, back: true, guard: guardReopen},
	{from: ModeInterrupted, on: TriggerOpen, to: ModeWaiting, back: true, guard: guardReopen},
	{from: ModeFailed, on: TriggerOpen, to: ModeWaiting, back: true, guard: guardReopen},
	{from: ModeCancelling, on: TriggerFail, to: ModeFailed, guard: guardSame},
	{from: ModeCancelling, on: TriggerCancel, to: ModeCancelling},
	{from: ModeCancelling, on: TriggerRevive, to: ModeCancelling},
	{from: ModeCancelling, on: TriggerEnd, to: ModeEnded, guard: guardEnd},
	{from: ModeFailed, on: TriggerEnd, to: ModeFailed, guard: guardEnd},
	{from: ModeReady, on: TriggerEnd, to: ModeEnded, guard: guardEnd},

	{from: ModeRunning, on: TriggerOpen, aside: true, to: ModeWaiting},
	{from: ModeWaiting, on: TriggerDecide, aside: true, to: ModeRunning, guard: guardAside},
	{from: ModeWaiting, on: TriggerCancel, to: ModeCancelling, guard: guardCancel},
	{from: ModeWaiting, on: TriggerFail, to: ModeFailed, guard: guardSame},

	{from: ModeReady, on: TriggerOpen, gate: true, to: ModeWaiting, guard: guardGate},
	{from: ModeInterrupted, on: TriggerOpen, gate: true, to: ModeWaiting, guard: guardGate},
	{from: ModeWaiting, on: TriggerDecide, gate: true, to: ModeReady, moves: true, guard: guardGate},
	{from: ModeWaiting, on: TriggerCancel, gate: true, to: ModeCancelling, guard: guardCancel},
	{from: ModeReady, on: TriggerCancel, gate: true, to: ModeCancelling, guard: guardCancel},
	{from: ModeInterrupted, on: TriggerCancel, gate: true, to: ModeCancelling, guard: guardCancel},
	{from: ModeCancelling, on: TriggerFail, gate: true, to: ModeFailed},
	{from: ModeReady, on: TriggerFail, gate: true, to: ModeFailed},
	{from: ModeInterrupted, on: TriggerFail, gate: true, to: ModeFailed},
	{from: ModeWaiting, on: TriggerFail, gate: true, to: ModeFailed},
	{from: ModeFailed, on: TriggerFail, gate: true, to: ModeFailed},
	{from: ModeFailed, on: TriggerOpen, gate: true, to: ModeWaiting, guard: guardGate},
	{from: ModeFailed, on: TriggerCancel, gate: true, to: ModeCancelling, guard: guardCancel},
	{from: ModeFailed, on: TriggerEnd, gate: true, to: ModeFailed, guard: guardEnd},
	{from: ModeCancelling, on: TriggerCancel, gate: true, to: ModeCancelling},
	{from: ModeCancelling, on: TriggerRevive, gate: true, to: ModeCancelling},
	{from: ModeCancelling, on: TriggerEnd, gate: true, to: ModeEnded, guard: guardEnd},
}

// triggerOf maps an event to its trigger.
func triggerOf(e Event) Trigger {
	switch e.Body.(type) {
	case PhaseStarted:
		return TriggerStart
	case PhaseFinished:
		return TriggerFinish
	case PhaseFailed:
		return TriggerFail
	case GateOpened:
		return TriggerOpen
	case DecisionMade:
		return TriggerDecide
	case CancelRequested:
		return TriggerCancel
	case LegFinished:
		return TriggerEnd
	case RunResumed:
		return TriggerRevive
	}
	return TriggerObserve
}

// Illegal says that an event is not allowed in the state a leg is in.
type Illegal struct {
	Item    string
	Step    string
	Mode    Mode
	Trigger Trigger
	Why     string
}

// Error names the leg, its step and mode, and what was refused.
func (i *Illegal) Error() string {
	s := fmt.Sprintf("%s: %s is not legal at %s (%s)", i.Item, i.Trigger, i.Step, orReady(i.Mode))
	if i.Why != "" {
		s += ": " + i.Why
	}
	return s
}

func orReady(m Mode) string {
	if m == ModeReady {
		return "ready"
	}
	return string(m)
}

// move applies the table to one leg.
func (l *Leg) move(e Event) error {
	t := triggerOf(e)
	illegal := func(why string) error {
		return &Illegal{Item: l.Item.Name, Step: l.Step().Name(), Mode: l.Mode, Trigger: t, Why: why}
	}
	if t == TriggerObserve {
		if l.Mode == ModeEnded {
			switch e.Body.(type) {
			case Noted, DamageMarked, DamageCleared, PowerChanged, Other:
				return nil
			}
			return illegal("the leg has ended")
		}
		return nil
	}
	if t == TriggerRevive {
		l.revive()
		return nil
	}
	for _, r := range table {
		if r.from != l.Mode || r.on != t || r.gate != l.Step().IsGate() || r.aside != aside(e) {
			continue
		}
		if r.guard != nil {
			if err := r.guard(l, e); err != nil {
				return illegal(err.Error())
			}
		}
		l.Mode = r.to
		if end, ok := e.Body.(LegFinished); ok && end.Final {
			l.Mode = ModeEnded
		}
		if r.moves {
			l.At++
		}
		if r.back {
			l.At--
		}
		return nil
	}
	return illegal("")
}

// aside reports whether the event is of the gate that opens within a phase.
func aside(e Event) bool {
	switch b := e.Body.(type) {
	case GateOpened:
		return b.Gate == GateManual
	case DecisionMade:
		return b.Gate == GateManual
	}
	return false
}

// revive prepares a leg for another driver: what ran is begun again by looking.
func (l *Leg) revive() {
	switch l.Mode {
	case ModeRunning, ModeWaiting:
		l.Mode, l.Gate = ModeInterrupted, nil
	case ModeReady, ModeInterrupted, ModeFailed, ModeCancelling, ModeEnded:
	}
	if l.Mode != ModeEnded {
		l.Outcome = OutcomeNone
	}
}

// guardSame: the event is about the step the leg stands at, and there is one. Once
// all steps are done nothing begins, ends or fails any more.
func guardSame(l *Leg, e Event) error {
	if l.At >= len(l.Steps) {
		return fmt.Errorf("all steps are done")
	}
	if e.Phase != l.Step().Phase {
		return fmt.Errorf("the leg is at %s, the event says %s", l.Step().Name(), e.Phase)
	}
	return nil
}

func guardStart(l *Leg, e Event) error {
	if err := guardSame(l, e); err != nil {
		return err
	}
	if e.Phase == PhaseStartOnPremises && !l.AzurePower.Off() {
		return fmt.Errorf("the Azure VM is not confirmed stopped (%s): two live copies", l.AzurePower)
	}
	if e.Phase == PhaseCommit && l.Direction == ToOnPremises && !l.Verified() {
		return fmt.Errorf("the on-premises VM is not verified")
	}
	return nil
}

func guardFinish(l *Leg, e Event) error {
	if err := guardSame(l, e); err != nil {
		return err
	}
	if e.Phase == PhaseStopAzure && (!l.AzurePower.Off() || l.AzurePower == PowerDeleted) {
		return fmt.Errorf("the Azure VM is not confirmed stopped (%s)", l.AzurePower)
	}
	if e.Phase == PhaseVerify {
		return guardVerified(l)
	}
	return nil
}

func guardVerified(l *Leg) error {
	if l.Boot == nil || l.Boot.Result == BootFailed {
		return fmt.Errorf("no boot was seen")
	}
	for _, p := range l.Proofs {
		if p.Missing == "" && !p.Equal {
			return fmt.Errorf("disk %s differs from the Azure disk", p.Disk)
		}
	}
	return nil
}

func guardGate(l *Leg, e Event) error {
	var g Gate
	switch b := e.Body.(type) {
	case GateOpened:
		g = b.Gate
	case DecisionMade:
		g = b.Gate
	}
	if g != l.Step().Gate {
		return fmt.Errorf("the leg is at %s, the event says %s", l.Step().Name(), g)
	}
	return nil
}

// guardAside: the leg waits for that very gate.
func guardAside(l *Leg, _ Event) error {
	if l.Gate == nil || l.Gate.Gate != GateManual {
		return fmt.Errorf("no manual action is waited for")
	}
	return nil
}

// guardReopen: a gate is asked again only while its decision has had no effect.
func guardReopen(l *Leg, e Event) error {
	b, ok := e.Body.(GateOpened)
	if !ok {
		return fmt.Errorf("no gate is named")
	}
	return l.mayReopen(b.Gate)
}

// guardCancel: once the on-premises VM was switched to, nothing can be
// cancelled any more.
func guardCancel(l *Leg, _ Event) error {
	if l.pastCancel() {
		return fmt.Errorf("the switch has been made; there is nothing left that a cancel could undo")
	}
	return nil
}

func guardEnd(l *Leg, e Event) error {
	out := e.Body.(LegFinished).Outcome
	switch l.Mode {
	case ModeReady:
		if out != OutcomeSucceeded || l.At < len(l.Steps) {
			return fmt.Errorf("%s, but the leg is at %s", out, l.Step().Name())
		}
	case ModeFailed:
		if out != OutcomeFailed && out != OutcomeUnknown && out != OutcomeBlocked {
			return fmt.Errorf("%s after a failure", out)
		}
	case ModeCancelling:
		if out != OutcomeCancelled {
			return fmt.Errorf("%s while cancelling", out)
		}
	case ModeRunning, ModeWaiting, ModeInterrupted, ModeEnded:
	}
	return nil
}
