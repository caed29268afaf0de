package engine

import (
	"errors"
	"fmt"
	"slices"
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

// The triggers with a body of each, and the modes, for walks over all pairs.
var (
	everyTrigger = map[Trigger]Body{
		TriggerStart: PhaseStarted{}, TriggerFinish: PhaseFinished{}, TriggerFail: PhaseFailed{&Failure{}},
		TriggerOpen: GateOpened{Gate: GateComplete}, TriggerDecide: DecisionMade{Decision{Gate: GateComplete}},
		TriggerCancel: CancelRequested{}, TriggerRevive: RunResumed{}, TriggerObserve: Noted{},
	}
	everyMode = []Mode{ModeReady, ModeRunning, ModeWaiting, ModeInterrupted, ModeFailed, ModeCancelling, ModeEnded}
)

// endingAs gives the end the outcome that a mode may end with, so that the table
// alone decides.
func endingAs(m Mode) Body {
	return LegFinished{Outcome: map[Mode]Outcome{ModeFailed: OutcomeFailed, ModeCancelling: OutcomeCancelled}[m]}
}

// Every (mode, trigger, step) is either in this list of legal ones or refused, and
// what is refused leaves the leg as it was.
func TestMachineEveryPairIsLegalOrRefused(t *testing.T) {
	type legal map[Mode][]Trigger
	for name, c := range map[string]struct {
		steps []Step
		at    int
		legal legal
	}{
		"phase": {[]Step{{Phase: PhasePrepare}, {Phase: PhaseInitialSync}}, 0, legal{
			ModeWaiting:     {TriggerFail, TriggerCancel}, // at a manual action within the phase
			ModeReady:       {TriggerStart, TriggerFail, TriggerCancel},
			ModeRunning:     {TriggerFinish, TriggerFail, TriggerCancel},
			ModeInterrupted: {TriggerStart, TriggerFail, TriggerCancel},
			ModeFailed:      {TriggerStart, TriggerFail, TriggerCancel, TriggerEnd},
			ModeCancelling:  {TriggerFail, TriggerCancel, TriggerEnd},
		}},
		// The step behind the complete gate: the gate may be asked once more.
		"phase behind its gate": {[]Step{{Gate: GateComplete}, {Phase: PhaseStopAzure}}, 1, legal{
			ModeWaiting:     {TriggerFail, TriggerCancel},
			ModeReady:       {TriggerStart, TriggerFail, TriggerCancel, TriggerOpen},
			ModeRunning:     {TriggerFinish, TriggerFail, TriggerCancel, TriggerOpen},
			ModeInterrupted: {TriggerStart, TriggerFail, TriggerCancel, TriggerOpen},
			ModeFailed:      {TriggerStart, TriggerFail, TriggerCancel, TriggerEnd, TriggerOpen},
			ModeCancelling:  {TriggerFail, TriggerCancel, TriggerEnd},
		}},
		"gate": {[]Step{{Gate: GateComplete}, {Phase: PhaseStopAzure}}, 0, legal{
			ModeReady:       {TriggerOpen, TriggerFail, TriggerCancel},
			ModeWaiting:     {TriggerDecide, TriggerFail, TriggerCancel},
			ModeInterrupted: {TriggerOpen, TriggerFail, TriggerCancel},
			ModeFailed:      {TriggerOpen, TriggerFail, TriggerCancel, TriggerEnd},
			ModeCancelling:  {TriggerFail, TriggerCancel, TriggerEnd},
		}},
		"all steps done": {[]Step{{Phase: PhaseProtected}}, 1, legal{
			ModeWaiting: {TriggerCancel},
			// A real leg is past every cancel here; this one only stands here.
			ModeReady:       {TriggerCancel},
			ModeRunning:     {TriggerCancel},
			ModeInterrupted: {TriggerCancel},
			ModeFailed:      {TriggerCancel, TriggerEnd},
			ModeCancelling:  {TriggerCancel, TriggerEnd},
		}},
	} {
		for _, mode := range everyMode {
			for tr, body := range everyTrigger {
				// Observations and another driver are possible wherever a leg stands.
				ok := tr == TriggerObserve || tr == TriggerRevive || slices.Contains(c.legal[mode], tr)
				walkOne(t, name, c.steps, c.at, mode, tr, body, ok)
			}
			walkOne(t, name, c.steps, c.at, mode, TriggerEnd, endingAs(mode), slices.Contains(c.legal[mode], TriggerEnd))
		}
	}
}

func walkOne(t *testing.T, name string, steps []Step, at int, m Mode, tr Trigger, body Body, legal bool) {
	t.Helper()
	l := legAt(steps, at, m)
	l.Decisions = []Decision{{Gate: GateComplete, By: "anna"}}
	err := l.move(Event{Item: "web01", Phase: l.Step().Phase, Body: body})
	var illegal *Illegal
	switch {
	case legal != (err == nil) || err != nil && !errors.As(err, &illegal):
		t.Errorf("%s, %s, %s: legal %v, got %v", name, orReady(m), tr, legal, err)
	case err != nil && (l.Mode != m || l.At != at):
		t.Errorf("%s, %s: refused %s moved the leg to %s at %d", name, orReady(m), tr, orReady(l.Mode), l.At)
	case err == nil && tr != TriggerObserve && tr != TriggerRevive && l.Mode == m && l.At == at && m != ModeFailed && m != ModeCancelling:
		t.Errorf("%s, %s: %s moved nothing", name, orReady(m), tr)
	}
}

// An ended leg takes what is still to be said of it, and nothing that would tell
// another story.
func TestMachineAnEndedLegIsOnlyTalkedAbout(t *testing.T) {
	for _, c := range []struct {
		body Body
		ok   bool
	}{
		{Noted{}, true}, {DamageMarked{}, true}, {DamageCleared{}, true}, {PowerChanged{}, true}, {Other{}, true},
		{IntentRecorded{}, false}, {OperationAccepted{}, false}, {BootChecked{}, false}, {DiskProved{}, false},
		{SyncProgress{}, false}, {DowntimeBegan{}, false}, {TaskChanged{}, false}, {PreflightChecked{}, false},
	} {
		l := legAt([]Step{{Phase: PhasePrepare}}, 0, ModeEnded)
		if err := l.move(Event{Item: "web01", Body: c.body}); (err == nil) != c.ok {
			t.Errorf("%s: %v", c.body.Type(), err)
		}
	}
}

// The gate of a manual action opens within a phase and leads back into it.
func TestMachineManualActionLeadsBackIntoItsPhase(t *testing.T) {
	open, done := GateOpened{Gate: GateManual}, DecisionMade{Decision{Gate: GateManual}}
	l := legAt(StepsFor(ToOnPremises, SyncDelta), 2, ModeRunning)
	for _, body := range []Body{open, done} {
		e := Event{Item: "web01", Body: body}
		if err := l.move(e); err != nil {
			t.Fatal(err)
		}
		l.fold(e)
	}
	if l.Mode != ModeRunning || l.At != 2 || l.Gate != nil {
		t.Errorf("mode %s at %d, gate %v", l.Mode, l.At, l.Gate)
	}
	if err := l.move(Event{Item: "web01", Body: done}); err == nil {
		t.Error("an answer was taken that nobody had asked for")
	}
	for _, mode := range []Mode{ModeReady, ModeFailed, ModeInterrupted, ModeCancelling, ModeEnded} {
		if err := legAt(l.Steps, 2, mode).move(Event{Item: "web01", Body: open}); err == nil {
			t.Errorf("it opens while the leg is %s", orReady(mode))
		}
	}
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
