package rules

import (
	"fmt"
	"strings"

	"failback/engine"
)

// vmRules look at the on-premises VM on the host it goes to.
var vmRules = []Rule{
	{
		ID: "original-vm", Title: "The original VM exists on its host, by its id", Direct: true,
		Source: docFailback, Dated: datedFailback, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem | theVM, handles: theVM, applies: toOriginal, evaluate: originalVM,
	},
	{
		ID: "off", Title: "The on-premises VM is off", Direct: true,
		Source: docTutorial, Dated: datedTutorial, Severity: engine.VerdictBlock, Override: ByNobody, Recheck: atComplete,
		needs: theItem | theVM, handles: theVM, applies: failback, evaluate: off,
	},
	{
		ID: "checkpoints", Title: "The on-premises VM has no checkpoints", Direct: true,
		Source: docTutorial, Dated: datedTutorial, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem | theVM, handles: theVM, applies: failback, evaluate: checkpoints,
	},
}

// originalVM goes by the id alone: names are not unique on a host.
func originalVM(o *observation) answer {
	if o.absent(theVM) && o.creates() && o.plan.Direct != nil {
		return ok("it does not exist on " + o.item.HostName + ": it will be created")
	}
	if o.absent(theVM) && o.creates() {
		return warn(fmt.Sprintf("%s has no VM with the id %s", o.item.HostName, vmID(o.item)), "the recovery plan's job creates it; see that its switches are on the host")
	}
	if o.absent(theVM) {
		remedy := "choose an alternate location and create the VM; the original location never creates one"
		if o.plan.Direct != nil {
			remedy = "let the plan create it where it does not exist (--create-vm), or choose another host"
		}
		if o.facts.Services["ClusSvc"] == running {
			remedy = "it is a cluster's node: look which node owns the VM now and have the vault know it. Where it is gone, " + remedy
		}
		return block(fmt.Sprintf("%s has no VM with the id %s", o.item.HostName, vmID(o.item)), remedy)
	}
	if o.failure(theVM) != nil {
		return o.unreadable()
	}
	if !strings.EqualFold(o.vm.ID, vmID(o.item)) {
		return block(fmt.Sprintf("asked for %s, %s answered with %s", vmID(o.item), o.item.HostName, o.vm.ID), "check the host; another VM must not be overwritten")
	}
	return ok(fmt.Sprintf("%q (%s) on %s", o.vm.Name, o.vm.ID, o.item.HostName))
}

// creates reports whether Site Recovery makes a VM that does not exist: always where
// the plan says so, at the original location only as a recovery plan's own job.
func (o *observation) creates() bool { return o.plan.Target.CreateVM }

// notThere answers for rules that ask about a VM which could not be seen.
func notThere(o *observation) (answer, bool) {
	if o.absent(theVM) {
		if o.creates() || o.plan.Target.Alternate {
			return ok("the VM does not exist yet"), true
		}
		return unknown("the VM does not exist", "see the rule on the original VM"), true
	}
	if o.failure(theVM) != nil {
		return o.unreadable(), true
	}
	return answer{}, false
}

func off(o *observation) answer {
	if a, done := notThere(o); done {
		return a
	}
	switch {
	case o.vm.State == "Off":
		return ok("off")
	case o.vm.State == "":
		return unknown("the host does not say", "look at the VM on the host")
	case strings.HasSuffix(o.vm.State, "Critical"):
		return block("state "+o.vm.State+": the host has lost the VM's storage", "bring the storage back first")
	case o.vm.Running() && o.item.Active == engine.LocationOnPremises:
		return ok("it is running: the machine is at home")
	case o.vm.Running():
		return block("it is running, while the VM runs in Azure, too", "shut it down and leave it off; its disks will be overwritten")
	}
	return block("state "+o.vm.State, "turn it off, discarding a saved state; its disks will be overwritten")
}

func checkpoints(o *observation) answer {
	if a, done := notThere(o); done {
		return a
	}
	if o.vm.Checkpoints > 0 {
		return block(fmt.Sprintf("%d checkpoints", o.vm.Checkpoints), "delete them and wait for the disks to merge")
	}
	return ok("none")
}
