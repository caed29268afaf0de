package rules

import (
	"slices"

	"failback/engine"
)

// Rule is one row of the preflight table. What a caller may read is what stands
// in documentation; how it decides stays here.
type Rule struct {
	ID    string
	Title string // what is true when the rule says ok
	// Source is the document the rule comes from and Dated its date; a source
	// that begins with "inferred" is this program's own judgement.
	Source string
	Dated  string
	// Severity is the worst verdict the rule can give.
	Severity engine.Verdict
	Override Override
	// Direct says that the rule holds for a failback without Site Recovery, too.
	Direct bool
	// Recheck are the gates at which it is looked at again, since what it says may
	// have changed.
	Recheck []engine.Gate

	needs   source // what must have been read
	handles source // the reads whose failure the rule judges itself
	// unread is the verdict where something needed could not be read; unknown
	// where it is empty.
	unread   engine.Verdict
	applies  func(engine.Plan, engine.Item) bool
	evaluate func(*observation) answer
}

// answer is what a rule concludes. Source and dated replace the rule's own where
// another document decided.
type answer struct {
	verdict  engine.Verdict
	observed string
	remedy   string
	source   string
	dated    string
	missing  string // see [engine.Finding]
}

func ok(observed string) answer {
	return answer{verdict: engine.VerdictOK, observed: observed}
}

func warn(observed, remedy string) answer {
	return answer{verdict: engine.VerdictWarn, observed: observed, remedy: remedy}
}

func block(observed, remedy string) answer {
	return answer{verdict: engine.VerdictBlock, observed: observed, remedy: remedy}
}

func unknown(observed, remedy string) answer {
	return answer{verdict: engine.VerdictUnknown, observed: observed, remedy: remedy}
}

// The gates at which rules are looked at again: before Azure is stopped, before the
// Azure copy is deleted, before the machine is protected again.
var (
	atComplete = []engine.Gate{engine.GateComplete}
	atBoth     = []engine.Gate{engine.GateComplete, engine.GateCommit}
	atAllGates = []engine.Gate{engine.GateComplete, engine.GateCommit, engine.GateReprotect}
)

// Rules lists every rule in the order of the table, for documentation.
func Rules() []Rule { return slices.Clone(table) }

// Blocked reports whether any finding forbids the start. Warnings and unknowns
// do not: they are for the operator to weigh.
func Blocked(findings []engine.Finding) bool {
	return slices.ContainsFunc(findings, func(f engine.Finding) bool { return f.Verdict == engine.VerdictBlock })
}

// table holds the rules in the order in which an operator would ask.
var table = slices.Concat(
	itemRules, providerRules, hostRules, agentRules, reachRules, vmRules, diskRules, alternateRules,
	capacityRules, bandwidthRules, azureRules, replicationRules, directRules,
)

// holds reports whether the rule has anything to say about the item in that plan.
func (r Rule) holds(p engine.Plan, it engine.Item) bool {
	return (p.Direct == nil || r.Direct) && r.applies(p, it)
}

// finding evaluates the rule on what has been read.
func (r Rule) finding(o *observation) engine.Finding {
	a := r.answer(o)
	f := engine.Finding{
		Rule: r.ID, Title: r.Title, Verdict: a.verdict, Observed: a.observed, Remedy: a.remedy, Missing: a.missing,
		Source: r.Source, Dated: r.Dated, Override: string(r.Override), Gate: o.gate,
	}
	if a.source != "" {
		f.Source, f.Dated = a.source, a.dated
	}
	f = r.overridden(o.plan, f)
	f.OfVault = f.Verdict == engine.VerdictBlock && !r.Direct && o.plan.Direction == engine.ToOnPremises
	return f
}

func (r Rule) answer(o *observation) answer {
	failure := o.failure(r.needs &^ r.handles)
	if failure == nil {
		return r.evaluate(o)
	}
	verdict := r.unread
	if verdict == "" {
		verdict = engine.VerdictUnknown
	}
	if r.ID != hostRule && failure == o.failures[theFacts] {
		return unseen()
	}
	return answer{verdict: verdict, observed: "could not be read: " + words(failure), remedy: remedyOf(failure)}
}

// hostRule is the rule that tells why a host can't be asked; the others about the
// same host only point to it.
const hostRule = "host"

func unseen() answer {
	return unknown("not looked at: the host can't be asked", "see \"The Hyper-V host answers\"")
}

// unreadable answers for the VM where the target host could not read it: a block,
// unless the host's own rule blocks already.
func (o *observation) unreadable() answer {
	f := o.failure(theVM)
	if f == o.failures[theFacts] {
		return unseen()
	}
	return block("could not be read: "+words(f), remedyOf(f))
}

// words are the failure without its remedy, which has a place of its own.
func words(f *engine.Failure) string {
	plain := *f
	plain.Remedy = ""
	return plain.Error()
}

func remedyOf(f *engine.Failure) string {
	if f.Remedy != "" {
		return f.Remedy
	}
	return "make it readable and check again"
}

// Conditions under which rules apply.

func always(engine.Plan, engine.Item) bool { return true }

func failback(p engine.Plan, _ engine.Item) bool { return p.Direction == engine.ToOnPremises }

func forward(p engine.Plan, _ engine.Item) bool { return p.Direction == engine.ToAzure }

func toOriginal(p engine.Plan, it engine.Item) bool { return failback(p, it) && !p.Target.Alternate }

func toAlternate(p engine.Plan, it engine.Item) bool { return failback(p, it) && p.Target.Alternate }

func direct(p engine.Plan, _ engine.Item) bool { return p.Direct != nil }

// creating reports whether a failback without Site Recovery may have to make the VM.
func creating(p engine.Plan, it engine.Item) bool { return direct(p, it) && p.Target.CreateVM }

// swapping reports whether it puts its disks under a VM that exists.
func swapping(p engine.Plan, it engine.Item) bool { return direct(p, it) && !p.Target.Alternate }

// inVault is for what only an item of a vault has.
func inVault(_ engine.Plan, it engine.Item) bool { return !engine.IsMachineID(it.ID) }

// fromKnown is for machines whose original location is known.
func fromKnown(p engine.Plan, it engine.Item) bool { return toAlternate(p, it) && inVault(p, it) }

// withAdapters is for VMs whose adapters are there, or made by Site Recovery.
func withAdapters(p engine.Plan, it engine.Item) bool { return failback(p, it) && !creating(p, it) }

func ofVMM(_ engine.Plan, it engine.Item) bool { return it.Kind == engine.KindVMM }
