package keymap

import "slices"

// Scope is a place where keys mean something. On a screen the keys of its own
// scope work beside those of [ScopeEverywhere] and [ScopeLists].
type Scope string

// The scopes.
const (
	ScopeEverywhere Scope = "everywhere"
	ScopeLists      Scope = "lists"
	ScopeTyping     Scope = "typing"
	ScopePlan       Scope = "plan"
	ScopeRun        Scope = "run"
	ScopeJobs       Scope = "jobs"
	ScopeOutcome    Scope = "outcome"
	ScopeReplay     Scope = "replay"
	ScopeHome       Scope = "home"
	ScopeReport     Scope = "report"
)

// Table is the keys of one scope.
type Table struct {
	Scope    Scope
	Title    string
	Bindings []Binding
}

// Scopes is every key there is. The order is that of docs/keys.md.
func Scopes() []Table {
	return []Table{
		{ScopeEverywhere, "Everywhere", []Binding{Help, Palette, Back, Choose, Jobs, Quit, Interrupt}},
		{ScopeLists, "Lists and long texts", []Binding{Up, Down, PageUp, PageDown, Top, Bottom, Filter, Sort}},
		{ScopePlan, "Planning", []Binding{Mark, MarkAll, RecoveryPlans, Left, Right, Again, CreateSwitch, Override, Straight, OtherMachine}},
		{ScopeRun, "Live run", []Binding{Decide, Log, Tasks, Checks, Times, Cancel}},
		{ScopeJobs, "Jobs of the vault", []Binding{Decide, Restart, Cancel, Refresh}},
		{ScopeOutcome, "Outcome of a run", []Binding{Read, Report, Replay, Resume, Straight, Log, Home}},
		{ScopeHome, "Home", []Binding{Read, Replay}},
		{ScopeReport, "Evidence of a run", []Binding{Left, Right, NextHit, HitBefore}},
		{ScopeReplay, "Replay of a run", []Binding{Play, Rewind, Forward, EventOff, EventOn, MarkOff, MarkOn, Slower, Faster, Log, Tasks, Checks, Times, Decide, Cancel}},
		{ScopeTyping, "Where letters are typed", []Binding{HelpKey, Next, Previous, Browse, Clear}},
	}
}

// In lists the keys that work in a scope: its own first, then what works
// everywhere and in lists.
func In(s Scope) []Binding {
	var own, shared []Binding
	for _, t := range Scopes() {
		if t.Scope == s {
			own = t.Bindings
		} else if t.Scope == ScopeEverywhere || t.Scope == ScopeLists {
			shared = append(shared, t.Bindings...)
		}
	}
	return append(slices.Clone(own), shared...)
}

// fixed are the actions that keep their keys: they are named in sentences on the
// screens, work while something is typed, or are the way out, and nobody may lock
// themselves in.
var fixed = []Action{Back.Action, Choose.Action, Interrupt.Action, HelpKey.Action, Next.Action, Previous.Action, Browse.Action, Clear.Action}

// Fixed reports whether an action keeps its keys, whatever a configuration says.
func Fixed(a Action) bool { return slices.Contains(fixed, a) }
