package rules

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"failback/engine"
)

// replicationRules look at the copy that a failover to Azure would bring up, and at
// test failovers of it. None of them blocks: what the service offers decides.
var replicationRules = []Rule{
	{
		ID: "test-failover", Title: "No test failover is left open",
		Source: inferred, Severity: engine.VerdictWarn, Override: ByReason, Recheck: atComplete,
		needs: theItem, applies: always, evaluate: testFailover,
	},
	{
		ID: "replication", Title: "The replication to Azure is healthy",
		Source: inferred, Severity: engine.VerdictWarn, Override: ByReason, Recheck: atComplete,
		needs: theItem, applies: forward, evaluate: replication,
	},
	{
		ID: "azure-name", Title: "Azure can take the VM's name",
		Source: docMatrix, Dated: datedMatrix, Severity: engine.VerdictWarn, Override: ByReason,
		needs: theItem, applies: forward, evaluate: azureName,
	},
	{
		ID: "recovery-point", Title: "The recovery point of the plan exists",
		Source: inferred, Severity: engine.VerdictBlock, Override: ByNobody,
		needs: theItem | thePoints, unread: engine.VerdictBlock, applies: forward, evaluate: recoveryPoint,
	},
}

// quietTests are the states of a test failover that keep nothing open. Recorded
// items that were being cleaned up could be failed over and back all the same.
var quietTests = []string{"", "None", "MarkedForDeletion"}

func testFailover(o *observation) answer {
	if slices.Contains(quietTests, o.item.TestFailover) {
		return ok("none is open")
	}
	return warn("the vault says "+o.item.TestFailover, "clean the test failover up in the portal, if it is one of yours")
}

func replication(o *observation) answer {
	r := o.item.Replication
	seen := "health " + firstOf(o.item.Health, "not said")
	if !r.RPOAt.IsZero() {
		seen += ", newest recovery point " + engine.SpanWords(r.RPO) + " old when it was reckoned"
	}
	if !r.LastPoint.IsZero() {
		seen += ", the last one came " + engine.MomentWords(r.LastPoint)
	}
	switch strings.ToLower(o.item.Health) {
	case "", "none", "normal":
		return ok(seen)
	}
	remedy := "what is not replicated yet is sent after the shutdown: the downtime grows; look at the item's health first"
	if len(r.Errors) > 0 {
		seen += retries
	}
	for _, e := range r.Errors {
		if e.Message != "" && e.Code != "161011" { // no test failover was made yet: harmless
			return warn(seen+": "+e.Message, firstOf(e.Remedy, remedy))
		}
	}
	return warn(seen, remedy)
}

// retries says what Site Recovery does by itself about an error that passes
// (hyper-v-azure-architecture).
const retries = "; Site Recovery tries again after 1, 2, 4, 8 and 10 minutes, then every 30"

// azureNameForm is what the support matrix says of names: letters, digits, hyphens.
var azureNameForm = regexp.MustCompile(`^[A-Za-z0-9-]{1,63}$`)

func azureName(o *observation) answer {
	name := firstOf(o.item.AzureVM.Name, o.item.Name)
	if azureNameForm.MatchString(name) {
		return ok(name)
	}
	return warn(fmt.Sprintf("%q is not 1 to 63 letters, digits and hyphens", name), "set another name for Azure in the item's properties in the portal")
}

// fromPoint reports whether the plan names a recovery point for the item.
func fromPoint(o *observation) bool { return forward(o.plan, o.item) && o.planned.RecoveryPoint != "" }

func recoveryPoint(o *observation) answer {
	if !fromPoint(o) {
		return ok("the latest, made after the shutdown: nothing is left behind")
	}
	i := slices.IndexFunc(o.points, func(p engine.RecoveryPoint) bool { return engine.SameID(p.ID, o.planned.RecoveryPoint) })
	if i < 0 {
		return block("the point of the plan is not among the item's "+fmt.Sprint(len(o.points)), "choose another one, or the latest")
	}
	p := o.points[i]
	return warn(fmt.Sprintf("%s of %s: what the machine wrote after it will not be in Azure", firstOf(p.Kind, "recovery point"), engine.MomentWords(p.Time)),
		"take the latest unless that is what is wanted")
}
