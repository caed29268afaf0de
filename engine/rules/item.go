package rules

import (
	"fmt"
	"strings"

	"failback/engine"
)

// ruleItem and ruleScope come first: without an item of ours nothing else can be
// said.
var (
	ruleItem = Rule{
		ID: "item", Title: "The vault knows the item", Direct: true,
		Source: inferred, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem, unread: engine.VerdictBlock, applies: always,
		evaluate: func(o *observation) answer { return ok("state: " + stateOf(o.item)) },
	}
	ruleScope = Rule{
		ID: "scope", Title: "The item is a Hyper-V VM that Site Recovery replicates to Azure", Direct: true,
		Source: docFailback, Dated: datedFailback, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem, applies: inVault, evaluate: scope,
	}
)

// itemRules look at the replicated item alone.
var itemRules = []Rule{
	ruleItem,
	ruleScope,
	{
		ID: "direction", Title: "The direction fits where the VM is active", Direct: true,
		Source: docFailback, Dated: datedFailback, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem, applies: always, evaluate: direction,
	},
	{
		ID: "committed", Title: "The failover to Azure is complete and committed",
		Source: docFailback, Dated: datedFailback, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem, applies: failback, evaluate: offered,
	},
	{
		ID: "offered", Title: "Site Recovery offers a planned failover to Azure",
		Source: docFailback, Dated: datedFailback, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem, applies: forward, evaluate: offered,
	},
	{
		ID: "idle", Title: "No other job works on the item", Direct: true,
		Source: inferred, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem, applies: always, evaluate: idle,
	},
	{
		ID: "as-planned", Title: "The item is still what the plan was made for", Direct: true,
		Source: docMatrix, Dated: datedMatrix, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem, applies: always, evaluate: asPlanned,
	},
}

func scope(o *observation) answer {
	switch {
	case o.item.OutOfScope != "":
		return block("out of scope: "+o.item.OutOfScope, "use the tool of that replication provider")
	case o.item.Kind == engine.KindHyperVSite:
		return ok("protected in the Hyper-V site " + o.item.FabricName)
	case o.item.Kind == engine.KindVMM:
		return ok("protected through VMM in " + o.item.FabricName)
	}
	return block("what protects it is not known", "check the item in the portal: only Hyper-V VMs can be brought home with this program")
}

// direction refuses a plan that contradicts where the VM is active.
func direction(o *observation) answer {
	arrow := o.plan.Direction.Arrow()
	home, away := o.item.Active == engine.LocationOnPremises, o.item.Active == engine.LocationAzure
	switch {
	case !home && !away:
		return unknown("the vault does not say where the VM is active", "look at the item in the portal")
	case failback(o.plan, o.item) && home, forward(o.plan, o.item) && away:
		// Site Recovery says on-premises before a failback is committed, too;
		// the reason tells the two apart.
		ready := o.item.Ready(o.plan.Direction)
		return block(firstOf(ready.Reason, "active at "+string(o.item.Active))+"; the plan says "+arrow, ready.Remedy)
	}
	return ok("active at " + string(o.item.Active) + ", " + arrow)
}

// offered goes by what the service allows, never by a state's name.
func offered(o *observation) answer {
	ready := o.item.Ready(o.plan.Direction)
	switch {
	case ready.CommitFirst && o.planned.CommitFailover:
		return warn(ready.Reason+"; this run asks for that commit first", "go on if its recovery points may go away; the failback begins after the commit")
	case !ready.Ready:
		return block(ready.Reason, ready.Remedy)
	}
	return ok("Site Recovery allows it (state: " + stateOf(o.item) + ")")
}

func idle(o *observation) answer {
	if o.item.CurrentJob == "" {
		return ok("no job works on it")
	}
	return block(
		fmt.Sprintf("%s is running (job %s)", firstOf(o.item.CurrentScenario, "a job"), o.item.CurrentJob),
		"wait for that job, or resume the run it belongs to")
}

// asPlanned compares with what the operator saw. Site Recovery does not support
// disks that were resized or added while an item replicates.
func asPlanned(o *observation) answer {
	it, plan := o.item, o.planned
	if plan.VMID != "" && !strings.EqualFold(plan.VMID, it.VMID) {
		return block(fmt.Sprintf("another VM: the plan names %s, the vault says %s", plan.VMID, it.VMID), "make a new plan")
	}
	if plan.Disks != 0 && plan.Disks != len(it.Disks) || plan.Bytes != 0 && plan.Bytes != it.Bytes() {
		return warn(
			fmt.Sprintf("%s, %s now; the plan says %s, %s", engine.DiskWords(len(it.Disks)), engine.SizeWords(it.Bytes()), engine.DiskWords(plan.Disks), engine.SizeWords(plan.Bytes)),
			"disks that are resized or added while the item replicates are not supported; check them before the start")
	}
	if plan.Host != "" && !strings.EqualFold(plan.Host, it.HostName) && !o.plan.Target.Alternate {
		return warn("protected by "+it.HostName+" now; the plan says "+plan.Host, "check that the VM has really moved")
	}
	return ok(engine.DiskWords(len(it.Disks)) + ", " + engine.SizeWords(it.Bytes()))
}

func stateOf(it engine.Item) string {
	return firstOf(it.RawDescription, firstOf(it.RawState, string(it.State)))
}

func firstOf(a, b string) string {
	if a != "" {
		return a
	}
	return b
}
