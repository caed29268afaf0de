package engine

import (
	"errors"
	"fmt"
	"testing"
)

// legAt makes a leg standing at a step in a mode, with everything a guard could
// ask for fulfilled: the table itself is under test, guards have their own tests.
func legAt(steps []Step, at int, m Mode) *Leg {
	l := &Leg{
		Item: PlanItem{Name: "web01"}, Direction: ToOnPremises, Steps: steps, At: at, Mode: m,
		AzurePower: PowerDeallocated, Boot: &BootChecked{Result: BootProven},
		Phases: map[Phase]PhaseRecord{PhaseVerify: {Status: StatusDone}},
	}
	return l
}

// Every (mode, trigger, step) is either in this list of legal ones or refused.
func TestMachineEveryPairIsLegalOrRefused(t *testing.T) {
	phase, gate := []Step{{Phase: PhasePrepare}, {Phase: PhaseInitialSync}}, []Step{{Gate: GateComplete}, {Phase: PhaseStopAzure}}
	bodies := map[Trigger]Body{
		TriggerStart: PhaseStarted{}, TriggerFinish: PhaseFinished{}, TriggerFail: PhaseFailed{&Failure{}},
		TriggerOpen: GateOpened{Gate: GateComplete}, TriggerDecide: DecisionMade{Decision{Gate: GateComplete}},
		TriggerCancel: CancelRequested{}, TriggerObserve: Noted{},
	}
	legalAtPhase := map[Mode][]Trigger{
		ModeReady:       {TriggerStart, TriggerFail, TriggerCancel, TriggerObserve},
		ModeRunning:     {TriggerFinish, TriggerFail, TriggerCancel, TriggerObserve},
		ModeInterrupted: {TriggerStart, TriggerFail, TriggerCancel, TriggerObserve},
		ModeFailed:      {TriggerStart, TriggerCancel, TriggerObserve},
		ModeCancelling:  {TriggerFail, TriggerCancel, TriggerObserve},
		ModeEnded:       {TriggerObserve},
		ModeWaiting:     {TriggerObserve},
	}
	legalAtGate := map[Mode][]Trigger{
		ModeReady:       {TriggerOpen, TriggerFail, TriggerCancel, TriggerObserve},
		ModeWaiting:     {TriggerDecide, TriggerFail, TriggerCancel, TriggerObserve},
		ModeInterrupted: {TriggerOpen, TriggerFail, TriggerCancel, TriggerObserve},
		ModeFailed:      {TriggerOpen, TriggerCancel, TriggerObserve},
		ModeCancelling:  {TriggerFail, TriggerCancel, TriggerObserve},
		ModeEnded:       {TriggerObserve},
		ModeRunning:     {TriggerObserve},
	}
	check := func(name string, steps []Step, legal map[Mode][]Trigger) {
		for mode, triggers := range legal {
			ok := map[Trigger]bool{}
			for _, tr := range triggers {
				ok[tr] = true
			}
			for tr, body := range bodies {
				l := legAt(steps, 0, mode)
				err := l.move(Event{Item: "web01", Phase: l.Step().Phase, Body: body})
				var illegal *Illegal
				if ok[tr] != (err == nil) || err != nil && !errors.As(err, &illegal) {
					t.Errorf("%s, %s, %s: legal %v, got %v", name, orReady(mode), tr, ok[tr], err)
				}
			}
		}
	}
	check("phase", phase, legalAtPhase)
	check("gate", gate, legalAtGate)
}

func TestMachineRefusesThePhaseOfAnotherStep(t *testing.T) {
	for i, step := range StepsFor(ToOnPremises, SyncDelta) {
		for _, other := range phaseInfos {
			if step.IsGate() || other.Phase == step.Phase {
				continue
			}
			l := legAt(StepsFor(ToOnPremises, SyncDelta), i, ModeReady)
			if err := l.move(Event{Item: "web01", Phase: other.Phase, Body: PhaseStarted{}}); err == nil {
				t.Errorf("at %s the start of %s was accepted", step.Phase, other.Phase)
			}
		}
	}
}

func TestMachineEndsOnlyAsItCame(t *testing.T) {
	steps := StepsFor(ToOnPremises, SyncDelta)
	cases := []struct {
		at   int
		mode Mode
		out  Outcome
		ok   bool
	}{
		{len(steps), ModeReady, OutcomeSucceeded, true},
		{len(steps) - 1, ModeReady, OutcomeSucceeded, false},
		{len(steps), ModeReady, OutcomeFailed, false},
		{2, ModeFailed, OutcomeFailed, true},
		{2, ModeFailed, OutcomeUnknown, true},
		{0, ModeFailed, OutcomeBlocked, true},
		{2, ModeFailed, OutcomeSucceeded, false},
		{2, ModeCancelling, OutcomeCancelled, true},
		{2, ModeCancelling, OutcomeSucceeded, false},
		{2, ModeRunning, OutcomeSucceeded, false},
	}
	for _, c := range cases {
		t.Run(fmt.Sprintf("%d %s %s", c.at, orReady(c.mode), c.out), func(t *testing.T) {
			l := legAt(steps, c.at, c.mode)
			err := l.move(Event{Item: "web01", Phase: l.Step().Phase, Body: LegFinished{Outcome: c.out}})
			if (err == nil) != c.ok {
				t.Errorf("got %v", err)
			}
		})
	}
}

// The on-premises VM is never started while the Azure VM may still write.
func TestS5StartNeedsAConfirmedStop(t *testing.T) {
	for _, p := range []Power{PowerUnknown, PowerRunning, PowerStopping, PowerStarting} {
		steps := []Step{{Phase: PhaseStartOnPremises}}
		l := legAt(steps, 0, ModeReady)
		l.AzurePower = p
		if err := l.move(Event{Phase: PhaseStartOnPremises, Body: PhaseStarted{}}); err == nil {
			t.Errorf("started while the Azure VM is %q", p)
		}
		l = legAt([]Step{{Phase: PhaseStopAzure}}, 0, ModeRunning)
		l.AzurePower = p
		if err := l.move(Event{Phase: PhaseStopAzure, Body: PhaseFinished{}}); err == nil {
			t.Errorf("stop accepted as done while the Azure VM is %q", p)
		}
	}
}

// Commit before verify is impossible, and so is a verify that saw a difference.
func TestS64CommitNeedsAVerifiedMachine(t *testing.T) {
	l := legAt([]Step{{Phase: PhaseCommit}}, 0, ModeReady)
	l.Phases = nil
	if err := l.move(Event{Phase: PhaseCommit, Body: PhaseStarted{}}); err == nil {
		t.Error("commit began although nothing was verified")
	}
	for name, spoil := range map[string]func(*Leg){
		"no boot":    func(l *Leg) { l.Boot = nil },
		"boot fails": func(l *Leg) { l.Boot = &BootChecked{Result: BootFailed} },
		"difference": func(l *Leg) { l.Proofs = []DiskProved{{Disk: "os", Source: "a", Target: "b"}} },
	} {
		l := legAt([]Step{{Phase: PhaseVerify}}, 0, ModeRunning)
		spoil(l)
		if err := l.move(Event{Phase: PhaseVerify, Body: PhaseFinished{}}); err == nil {
			t.Errorf("verified with %s", name)
		}
	}
}

func TestCancelEndsWithTheSwitch(t *testing.T) {
	l := legAt([]Step{{Phase: PhaseVerify}}, 0, ModeRunning)
	l.Phases[PhaseStartOnPremises] = PhaseRecord{Status: StatusDone}
	if err := l.move(Event{Phase: PhaseVerify, Body: CancelRequested{}}); err == nil {
		t.Error("a cancel after the switch was accepted")
	}
	if ok, _ := l.CanCancel(); ok {
		t.Error("CanCancel says yes after the switch")
	}
}
