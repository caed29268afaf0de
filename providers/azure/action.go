package azure

import (
	"slices"
	"strings"
)

// Action is the right that a request needs, as Azure's roles name it. Every
// [Call] names its own, so that a refusal can be told in the words an
// administrator grants rights in, whatever the service said.
type Action string

const (
	inVault   = "Microsoft.RecoveryServices/vaults/"
	inCloud   = inVault + "replicationFabrics/replicationProtectionContainers/"
	onItem    = inCloud + "replicationProtectedItems/"
	onPlan    = inVault + "replicationRecoveryPlans/"
	onJob     = inVault + "replicationJobs/"
	onMachine = "Microsoft.Compute/virtualMachines/"
)

// The actions of the requests that this program sends. A list and a single read
// of the same kind are two actions where their paths differ.
const (
	ActionListFabrics     Action = inVault + "replicationFabrics/read"
	ActionListHosts       Action = inVault + "replicationRecoveryServicesProviders/read"
	ActionListItems       Action = inVault + "replicationProtectedItems/read"
	ActionReadItem        Action = onItem + "read"
	ActionReadPoints      Action = onItem + "recoveryPoints/read"
	ActionReadProtectable Action = inCloud + "replicationProtectableItems/read"
	ActionPlannedFailover Action = onItem + "plannedFailover/action"
	ActionCommit          Action = onItem + "failoverCommit/action"
	ActionReprotect       Action = onItem + "reProtect/action"
	ActionReadPlans       Action = onPlan + "read"
	ActionPlanFailover    Action = onPlan + "plannedFailover/action"
	ActionPlanCommit      Action = onPlan + "failoverCommit/action"
	ActionPlanReprotect   Action = onPlan + "reProtect/action"
	ActionReadOperation   Action = inVault + "replicationOperationStatus/read"
	ActionReadJobs        Action = onJob + "read"
	ActionResumeJob       Action = onJob + "resume/action"
	ActionCancelJob       Action = onJob + "cancel/action"
	ActionRestartJob      Action = onJob + "restart/action"
	ActionExportJobs      Action = inVault + "replicationJobs/export/action"
	ActionReadPower       Action = onMachine + "instanceView/read"
	ActionStopMachine     Action = onMachine + "deallocate/action"
	ActionReadDisk        Action = "Microsoft.Storage/storageAccounts/blobServices/containers/blobs/read"
)

// noAction is for what needs no right, as signing in.
const noAction Action = ""

// Built-in roles by the names that the portal shows.
const (
	roleReader      = "Reader"
	roleOperator    = "Site Recovery Operator"
	roleContributor = "Site Recovery Contributor"
	roleMachines    = "Virtual Machine Contributor"
	roleBlobs       = "Storage Blob Data Reader"
)

// Permission is an action with what it is needed for and who has it.
type Permission struct {
	Action Action
	// Data says that it is a right to data: it belongs under DataActions.
	Data bool
	// For is what the program can't do without it.
	For string
	// Roles are the built-in roles that have it, the least first.
	Roles []string
	// Inferred says what of this row no document states; empty where every
	// word is Microsoft's.
	Inferred string
}

// permissions is the one table of what the program needs. Names of actions and
// who has them: Azure's permissions reference for Microsoft.RecoveryServices,
// Microsoft.Compute and Microsoft.Storage, and its list of built-in roles.
var permissions = []Permission{
	{Action: ActionListFabrics, For: "list sites and VMM servers", Roles: []string{roleOperator, roleContributor}},
	{Action: ActionListHosts, For: "list hosts", Roles: []string{roleReader}, Inferred: onlyBelowFabrics},
	{Action: ActionListItems, For: "list items", Roles: []string{roleReader}, Inferred: onlyBelowFabrics},
	{Action: ActionReadItem, For: "read an item", Roles: []string{roleOperator, roleContributor}},
	{Action: ActionReadProtectable, For: "find a VM's id on its host, for re-protect", Roles: []string{roleOperator, roleContributor}},
	{Action: ActionReadPoints, For: "list recovery points, for on-premises → Azure", Roles: []string{roleOperator, roleContributor}},
	{Action: ActionPlannedFailover, For: "start the failback", Roles: []string{roleOperator, roleContributor}},
	{Action: ActionCommit, For: "commit", Roles: []string{roleOperator, roleContributor}},
	{Action: ActionReprotect, For: "re-protect", Roles: []string{roleOperator, roleContributor}},
	{Action: ActionReadPlans, For: "list recovery plans", Roles: []string{roleOperator, roleContributor}},
	{Action: ActionPlanFailover, For: "start the failback of a recovery plan", Roles: []string{roleOperator, roleContributor}},
	{Action: ActionPlanCommit, For: "commit a recovery plan", Roles: []string{roleOperator, roleContributor}},
	{Action: ActionPlanReprotect, For: "re-protect a recovery plan", Roles: []string{roleOperator, roleContributor}},
	{Action: ActionReadOperation, For: "find the job of a recovery plan", Roles: []string{roleReader}, Inferred: operationStatus},
	{Action: ActionReadJobs, For: "watch jobs", Roles: []string{roleOperator, roleContributor}},
	{Action: ActionResumeJob, For: "complete the failover", Roles: []string{roleOperator, roleContributor}},
	{Action: ActionCancelJob, For: "cancel a job", Roles: []string{roleOperator, roleContributor}},
	{Action: ActionRestartJob, For: "restart a job", Roles: []string{roleOperator, roleContributor}},
	{Action: ActionExportJobs, For: "export the list of jobs", Roles: []string{roleOperator, roleContributor}},
	{Action: ActionReadPower, For: "see whether the Azure VM runs", Roles: []string{roleReader, roleMachines}, Inferred: byWildcard},
	{Action: ActionStopMachine, For: "stop the Azure VM", Roles: []string{roleMachines}, Inferred: byWildcard},
	{Action: ActionReadDisk, Data: true, For: "compare and measure the Azure disks", Roles: []string{roleBlobs}},
}

// What is inferred of a row.
const (
	onlyBelowFabrics = "the Site Recovery roles name this right only below a fabric; whether the vault-wide list needs it beside that is not documented"
	operationStatus  = "whether the Site Recovery roles have it could not be read; without it the job is found by the recovery plan itself"
	byWildcard       = "the role has it through a wildcard"
)

// Permissions is what the program needs, one row an action. The caller may
// change what it is given.
func Permissions() []Permission { return slices.Clone(permissions) }

// permission finds the row of an action; names of actions differ in case only.
func permission(a Action) (Permission, bool) {
	for _, list := range [][]Permission{permissions, directPermissions} {
		i := slices.IndexFunc(list, func(p Permission) bool { return strings.EqualFold(string(p.Action), string(a)) })
		if i >= 0 {
			return list[i], true
		}
	}
	return Permission{}, false
}

// ask says what to ask an administrator for.
func (a Action) ask() string {
	p, ok := permission(a)
	if !ok {
		return "ask for a role with the action " + string(a) + ", then try again"
	}
	command := "failback role"
	if slices.ContainsFunc(directPermissions, func(d Permission) bool { return d.Action == p.Action }) {
		command += " --direct"
	}
	return "ask for a role with the action " + string(a) + ": the built-in role " + p.Roles[0] + " has it, and " + command + " prints one with all that is needed"
}
