package engine

import (
	"slices"
	"strings"
)

// Readiness is the answer to "may a run in this direction start now?".
type Readiness struct {
	Ready  bool
	Reason string // why not, in words for an operator; empty when ready
	Remedy string // what to do next; empty when ready
	// CommitFirst says that only the commit of an earlier failover to Azure stands
	// in the way: a plan may let the run make it, see [PlanItem.CommitFailover].
	CommitFirst bool
}

// Ready decides from the fresh allowedOperations, never from a state's name
// (facts/azure-site-recovery.md §2.2). The table of situations only says why not
// and what to do.
func (it Item) Ready(dir Direction) Readiness {
	if it.OutOfScope != "" {
		return Readiness{Reason: "out of scope: " + it.OutOfScope, Remedy: "use the tool of that replication provider"}
	}
	offered, elsewhere := AllowFailback, LocationOnPremises
	if dir == ToAzure {
		offered, elsewhere = AllowPlannedFailover, LocationAzure
	}
	// An operation that is offered where the machine is not active contradicts
	// itself; no recording shows it, so it is not acted upon (INFERRED).
	if it.Allows(offered) && it.Active != elsewhere {
		return Readiness{Ready: true}
	}
	s := it.Situation()
	next := s.Failback
	if dir == ToAzure {
		next = s.Forward
	}
	return Readiness{
		Reason: it.fill(next.Reason), Remedy: it.fill(next.Remedy),
		CommitFirst: dir == ToOnPremises && s.Name == failoverPending && it.Active == LocationAzure,
	}
}

// Situation is the row of the table that fits the item. There is always one.
func (it Item) Situation() Situation {
	i := slices.IndexFunc(situations, func(s Situation) bool { return s.fits(it) })
	return situations[i] // the last row fits everything
}

// Situations is the table, in the order in which its rows are tried.
func Situations() []Situation { return slices.Clone(situations) }

// Situation is what an item can be found in: how it is known, what it means, and
// why a run can't start from it and what to do, for either direction. Conditions
// that are empty fit everything.
type Situation struct {
	Name string
	// Offers fits where allowedOperations has one of these.
	Offers []string
	// Active fits where the item is active there.
	Active Location
	// Working fits where a job works on the item; Scenarios where it is one of these.
	Working   bool
	Scenarios []string
	// Protection and TestFailover fit the names of protectionState and of
	// testFailoverState. They are asked for only where no operation tells.
	Protection   []string
	TestFailover []string

	Meaning string
	// Failback and Forward say why the direction is not open and what to do. Both
	// are empty in the direction that is ready here. {state}, {scenario} and {job}
	// stand for what the item says.
	Failback, Forward Advice
	// Recorded are combinations that real answers showed, or Microsoft's examples.
	Recorded []Combination
	// Inferred says what of the row no recording shows.
	Inferred string
}

// Advice is a reason with what to do about it.
type Advice struct{ Reason, Remedy string }

// Combination is what an item said of itself, in the service's words.
type Combination struct {
	Protection, Description string // protectionState and its description
	Active                  string // activeLocation
	Allowed                 []string
	TestFailover            string // testFailoverState
	Scenario                string // of a job that works on it; empty when idle
	Source                  string
}

func (s Situation) fits(it Item) bool {
	return (len(s.Offers) == 0 || it.Allows(s.Offers...)) &&
		(s.Active == LocationUnknown || s.Active == it.Active) &&
		(!s.Working || it.CurrentJob != "") &&
		(len(s.Scenarios) == 0 || slices.Contains(s.Scenarios, it.CurrentScenario)) &&
		(len(s.Protection) == 0 || slices.Contains(s.Protection, it.RawState)) &&
		(len(s.TestFailover) == 0 || slices.Contains(s.TestFailover, it.TestFailover))
}

// fill puts the item's own words into a reason.
func (it Item) fill(text string) string {
	return strings.NewReplacer("{state}", it.stateText(), "{scenario}", firstOf(it.CurrentScenario, "a job"), "{job}", it.CurrentJob).Replace(text)
}

func (it Item) stateText() string {
	return firstOf(it.RawDescription, firstOf(it.RawState, "not said"))
}

// ProtectionState is a name that protectionState was seen with.
type ProtectionState struct {
	Name        string
	Description string // the service's own, empty where none was recorded
	State       ItemState
	Inferred    string // what is not recorded for Hyper-V to Azure
}

// ProtectionStates lists the names that are known. The set is open: another name
// is shown as the service spells it.
func ProtectionStates() []ProtectionState { return slices.Clone(protectionStates) }

// StateNamed is our word for a protectionState, ItemStateOther for one that is not
// known.
func StateNamed(protection string) ItemState {
	for _, p := range protectionStates {
		if p.Name == protection {
			return p.State
		}
	}
	return ItemStateOther
}
