package rules

import (
	"fmt"
	"slices"
	"strings"

	"failback/engine"
)

// alternateRules look at what only an alternate location asks for.
var alternateRules = []Rule{
	{
		ID: "alternate-host", Title: "The alternate host is a registered host of the item's site",
		Source: docFailback, Dated: datedFailback, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem | theHosts, unread: engine.VerdictBlock, applies: toAlternate, evaluate: alternateHost,
	},
	{
		ID: "vm-name", Title: "No other VM stands in the way on the alternate host",
		Source: docFailback, Dated: datedFailback, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem | theVM | theNames, handles: theVM, unread: engine.VerdictBlock, applies: toAlternate, evaluate: clash,
	},
	{
		ID: "original-copy", Title: "The VM does not run at its original location", Direct: true,
		Source: docTutorial, Dated: datedTutorial, Severity: engine.VerdictBlock, Override: ByNobody, Recheck: atBoth,
		needs: theItem | theOriginal, handles: theOriginal, applies: fromKnown, evaluate: originalCopy,
	},
	{
		ID: "switch", Title: "The alternate host has switches of the same names",
		Source: docFailback, Dated: datedFailback, Severity: engine.VerdictBlock, Override: ByReason, Recheck: atComplete,
		needs: theItem | theFacts | theVM | theOriginal, handles: theVM | theOriginal, applies: toAlternate, evaluate: switches,
	},
}

func alternateHost(o *observation) answer {
	h, found := o.provider()
	switch {
	case !found:
		return block(o.plan.Target.HostName+" is not registered with the vault", "choose one of the registered hosts, or register it")
	case !engine.SameID(h.FabricID, o.item.FabricID):
		// Inferred: nothing says whether a provider of another site is taken.
		return block(fmt.Sprintf("%s belongs to %s, the item to %s", h.Name, h.FabricName, o.item.FabricName), "choose a host of the item's own site")
	case !h.Connected:
		return block(h.Name+" is not connected to Azure", "choose a connected host, or bring this one's provider back")
	case o.item.Kind == engine.KindVMM:
		return warn("VMM places the VM itself; "+h.Name+" is not sent with the request", "check VMM's placement, or choose the original location")
	}
	return ok(h.Name + ", in " + h.FabricName)
}

// clash looks for the VM by its id first: a VM that exists is not created.
func clash(o *observation) answer {
	host := o.plan.Target.HostName
	if o.failure(theVM) == nil {
		return ok(fmt.Sprintf("%q exists on %s by its id: it will not be created", o.vm.Name, host))
	}
	if !o.absent(theVM) {
		return o.unreadable()
	}
	for _, vm := range o.names {
		if strings.EqualFold(vm.Name, o.item.Name) {
			return block(fmt.Sprintf("%s has another VM named %q (%s)", host, vm.Name, vm.ID), "rename that VM, or choose another host")
		}
	}
	if !o.plan.Target.CreateVM {
		return block("the VM does not exist on "+host+" and the plan does not create it", "let the plan create the VM")
	}
	return ok("the VM does not exist on " + host + ": it will be created")
}

// originalCopy guards against the same machine running twice on-premises.
func originalCopy(o *observation) answer {
	from := firstOf(o.origin(), "the original host")
	if o.absent(theOriginal) {
		return ok("it does not exist on " + from + " any more")
	}
	if f := o.failure(theOriginal); f != nil {
		return unknown("could not be read: "+words(f), "make sure that the original VM does not run and will not start by itself")
	}
	if o.original.Running() {
		return block("it is running on "+from, "shut the original VM down: the same machine must not run twice")
	}
	return ok(fmt.Sprintf("it exists on %s, state %s: the original location would only need what changed", from, o.original.State))
}

// switches compares names exactly: Site Recovery connects a created VM by name,
// and a trailing blank is part of one.
func switches(o *observation) answer {
	if o.failure(theVM) == nil {
		return ok("the VM exists on the host and keeps its adapters")
	}
	have := switchNames(o.facts)
	if f := o.failure(theOriginal); f != nil {
		return unknown("which switches the VM needs is not known: "+words(f)+"; the host has "+quoted(have),
			"compare the names by hand, blanks included")
	}
	var missing []string
	first := ""
	for _, want := range slices.Compact(slices.Sorted(slices.Values(o.original.Switches))) {
		if want == "" || slices.Contains(have, want) {
			continue
		}
		first = firstOf(first, want)
		missing = append(missing, fmt.Sprintf("%q", want)+nearly(want, have))
	}
	if len(missing) > 0 {
		a := block("missing: "+strings.Join(missing, ", ")+"; the host has "+quoted(have),
			fmt.Sprintf("create a switch of exactly that name: failback hosts switch %s --create %q", o.plan.Target.HostName, first))
		a.missing = first
		return a
	}
	return ok("the VM uses " + quoted(o.original.Switches))
}

// nearly names a switch that differs only in case or blanks.
func nearly(want string, have []string) string {
	for _, h := range have {
		if strings.EqualFold(strings.TrimSpace(h), strings.TrimSpace(want)) {
			return fmt.Sprintf(" (%q is not the same name)", h)
		}
	}
	return ""
}

func quoted(names []string) string {
	if len(names) == 0 {
		return "no switch"
	}
	out := make([]string, len(names))
	for i, n := range names {
		out[i] = fmt.Sprintf("%q", n)
	}
	return strings.Join(out, ", ")
}
