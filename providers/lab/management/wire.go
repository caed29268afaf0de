package management

import (
	"time"

	"failback/providers/lab/world"
)

// Types of resources.
const (
	vaultType  = "Microsoft.RecoveryServices/vaults"
	fabricType = vaultType + "/replicationFabrics"
	azureName  = "Microsoft Azure"
)

// The Azure side is no fabric of the vault; the service has constants for it.
const (
	azureFabric    = "d49858f157601230a6ac5862fbbc6e63bf38d23ecd96cf953767945d457fe9d5"
	azureInternal  = "21a9403c-6ec1-44f2-b744-b4e50b792387"
	azureContainer = "d38048d4-b460-4791-8ece-108395ee8478"
)

// Times that mean something else: an idle scenario, a task that has not begun.
const (
	idleTime  = "1753-01-01T01:01:01Z"
	zeroTime  = "0001-01-01T00:00:00"
	neverTime = "9999-12-31T23:59:59.9999999"
)

const timeShape = "2006-01-02T15:04:05.0000000Z"

// stamp writes a time as the service does.
func stamp(t time.Time) string {
	if t.IsZero() {
		return zeroTime
	}
	return t.UTC().Format(timeShape)
}

// stampOrNull is for times that are null until they are known.
func stampOrNull(t time.Time) any {
	if t.IsZero() {
		return nil
	}
	return stamp(t)
}

// ids builds resource ids. The segment "Subscriptions" has a capital letter, as
// the service's own ids have.
type ids struct{ s *world.State }

func (i ids) group() string {
	return "/Subscriptions/" + i.s.Subscription + "/resourceGroups/" + i.s.ResourceGroup
}

func (i ids) vault() string { return i.group() + "/providers/" + vaultType + "/" + i.s.Vault }

func (i ids) fabric(name string) string { return i.vault() + "/replicationFabrics/" + name }

func (i ids) provider(h *world.Host) string {
	return i.fabric(h.Fabric) + "/replicationRecoveryServicesProviders/" + h.ID
}

func (i ids) container(fabric string) string {
	container := ""
	if f := i.s.Fabric(fabric); f != nil {
		container = f.Container
	}
	return i.fabric(fabric) + "/replicationProtectionContainers/" + container
}

func (i ids) item(it *world.Item) string {
	return i.container(it.Fabric) + "/replicationProtectedItems/" + it.Path()
}

func (i ids) protectable(it *world.Item) string {
	return i.container(it.Fabric) + "/replicationProtectableItems/" + it.VMID
}

func (i ids) plan(name string) string { return i.vault() + "/replicationRecoveryPlans/" + name }

func (i ids) job(name string) string { return i.vault() + "/replicationJobs/" + name }

func (i ids) policy() string { return i.vault() + "/replicationPolicies/" + policyName }

func (i ids) account() string {
	return i.resource("Microsoft.Storage/storageAccounts/" + i.s.Account)
}

// resource is the id of something outside the vault; there the segment is
// written small.
func (i ids) resource(rest string) string {
	return "/subscriptions/" + i.s.Subscription + "/resourceGroups/" + i.s.ResourceGroup + "/providers/" + rest
}

const policyName = "hourly-policy"
