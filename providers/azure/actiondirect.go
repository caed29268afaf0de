package azure

import "slices"

// The actions of a failback without Site Recovery, and of enabling protection afresh
// after it.
const (
	ActionReadMachine       Action = onMachine + "read"
	ActionDeleteMachine     Action = onMachine + "delete"
	ActionReadSizes         Action = inCompute + "locations/vmSizes/read"
	ActionReadManagedDisk   Action = inCompute + "disks/read"
	ActionDeleteManagedDisk Action = inCompute + "disks/delete"
	ActionReadSnapshot      Action = inCompute + "snapshots/read"
	ActionTakeSnapshot      Action = inCompute + "snapshots/write"
	ActionDeleteSnapshot    Action = inCompute + "snapshots/delete"
	ActionLend              Action = inCompute + "snapshots/beginGetAccess/action"
	ActionTakeBack          Action = inCompute + "snapshots/endGetAccess/action"
	ActionReadNIC           Action = onNIC + "read"
	ActionDeleteNIC         Action = onNIC + "delete"
	ActionProtect           Action = onItem + "write"
	ActionUnprotect         Action = onItem + "remove/action"
	ActionListClouds        Action = inCloud + "read"
	ActionReadComputeDone   Action = inCompute + "locations/operations/read"
	ActionReadNetworkDone   Action = "Microsoft.Network/locations/operations/read"
)

const (
	inCompute = "Microsoft.Compute/"
	onNIC     = "Microsoft.Network/networkInterfaces/"
)

// roleSnapshots has the rights on snapshots alone.
const roleSnapshots = "Disk Snapshot Contributor"

// directPermissions is what a failback without Site Recovery needs beside the rest.
var directPermissions = []Permission{
	{Action: ActionReadMachine, For: "read size, disks and network interfaces of the Azure VM", Roles: []string{roleReader, roleMachines}, Inferred: byWildcard},
	{Action: ActionReadSizes, For: "read processors and memory of a size", Roles: []string{roleReader, roleMachines}, Inferred: byWildcard},
	{Action: ActionReadManagedDisk, For: "read a managed disk", Roles: []string{roleReader, roleMachines}, Inferred: byWildcard},
	{Action: ActionReadSnapshot, For: "find snapshots", Roles: []string{roleSnapshots}},
	{Action: ActionTakeSnapshot, For: "take snapshots of the disks", Roles: []string{roleSnapshots}},
	{Action: ActionLend, For: "read a snapshot's bytes", Roles: []string{roleSnapshots}},
	{Action: ActionTakeBack, For: "end the access to a snapshot", Roles: []string{roleSnapshots}},
	{Action: ActionDeleteSnapshot, For: "delete the snapshots of a run", Roles: []string{roleSnapshots}},
	{Action: ActionReadNIC, For: "see whose a network interface is", Roles: []string{roleReader, roleMachines}, Inferred: byWildcard},
	{Action: ActionDeleteMachine, For: "delete the Azure VM after the commit", Roles: []string{roleMachines}, Inferred: byWildcard},
	{Action: ActionDeleteNIC, For: "delete its network interfaces after the commit", Roles: []string{roleMachines}, Inferred: byWildcard},
	{Action: ActionDeleteManagedDisk, For: "delete its disks after the commit", Roles: []string{roleMachines}},
	{Action: ActionReadComputeDone, For: "see when Azure is done with a VM, a disk or a snapshot", Roles: []string{roleReader, roleMachines}, Inferred: doneReads},
	{Action: ActionReadNetworkDone, For: "see when Azure is done with a network interface", Roles: []string{roleReader}, Inferred: doneReads},
	{Action: ActionListClouds, For: "find the VM in its site, to protect it afresh", Roles: []string{roleOperator, roleContributor}},
	{Action: ActionUnprotect, For: "take the item of before out of the vault", Roles: []string{roleContributor}, Inferred: byWildcard},
	{Action: ActionProtect, For: "protect the VM afresh", Roles: []string{roleContributor}, Inferred: protectAfresh},
}

// What is inferred of a row.
const (
	doneReads     = "whether the status of an operation needs a right of its own is not documented for every provider; the role has it through a wildcard"
	protectAfresh = "the role has it through a wildcard; beside it Azure asks for rights on the network and the storage account that are named in the request"
)

// DirectPermissions is what a failback without Site Recovery needs beside
// [Permissions], one row an action. The caller may change what it is given.
func DirectPermissions() []Permission { return slices.Clone(directPermissions) }
