package management

import (
	"net/http"
	"strings"

	"failback/providers/lab/world"
)

// Prefixes of paths. ARM leaves the vault's and the VM's names to the caller.
const (
	groupPath   = "subscriptions/*/resourceGroups/*"
	vaultsPath  = groupPath + "/providers/Microsoft.RecoveryServices/vaults"
	vaultPath   = vaultsPath + "/*"
	fabricPath  = vaultPath + "/replicationFabrics/*"
	cloudPath   = fabricPath + "/replicationProtectionContainers/*"
	itemPath    = cloudPath + "/replicationProtectedItems/*"
	planPath    = vaultPath + "/replicationRecoveryPlans/*"
	jobPath     = vaultPath + "/replicationJobs/*"
	computePath = groupPath + "/providers/Microsoft.Compute"
	machinePath = computePath + "/virtualMachines/*"
	snapPath    = computePath + "/snapshots/*"
	pointsPath  = computePath + "/restorePointCollections/*"
	diskPath    = computePath + "/disks/*"
	nicPath     = groupPath + "/providers/Microsoft.Network/networkInterfaces/*"
	partPath    = pointsPath + "/restorePoints/*/diskRestorePoints/*"
)

// handler answers a call; names are what stood in the pattern's places after
// the subscription and the resource group.
type handler func(c *call, names []string)

// endpoint is one row of the server's table.
type endpoint struct {
	method  string
	pattern string
	handle  handler
}

// endpoints is everything that the server answers.
var endpoints = []endpoint{
	{http.MethodGet, "subscriptions", (*call).listSubscriptions},
	{http.MethodGet, "subscriptions/*/providers/Microsoft.RecoveryServices/vaults", (*call).listVaults},
	{http.MethodGet, vaultsPath, (*call).listVaults},
	{http.MethodGet, vaultPath, (*call).getVault},
	{http.MethodGet, vaultPath + "/replicationFabrics", (*call).listFabrics},
	{http.MethodGet, fabricPath, (*call).getFabric},
	{http.MethodGet, vaultPath + "/replicationRecoveryServicesProviders", (*call).listProviders},
	{http.MethodGet, fabricPath + "/replicationRecoveryServicesProviders", (*call).listProviders},
	{http.MethodGet, fabricPath + "/replicationRecoveryServicesProviders/*", (*call).getProvider},
	{http.MethodGet, vaultPath + "/replicationProtectionContainers", (*call).listContainers},
	{http.MethodGet, fabricPath + "/replicationProtectionContainers", (*call).listContainers},
	{http.MethodGet, cloudPath, (*call).getContainer},
	{http.MethodGet, cloudPath + "/replicationProtectableItems", (*call).listProtectable},
	{http.MethodGet, cloudPath + "/replicationProtectableItems/*", (*call).getProtectable},
	{http.MethodGet, vaultPath + "/replicationProtectedItems", (*call).listItems},
	{http.MethodGet, cloudPath + "/replicationProtectedItems", (*call).listItems},
	{http.MethodGet, itemPath, (*call).getItem},
	{http.MethodGet, itemPath + "/operationresults/*", (*call).itemResult},
	{http.MethodGet, itemPath + "/recoveryPoints", (*call).listPoints},
	{http.MethodGet, itemPath + "/recoveryPoints/*", (*call).getPoint},
	{http.MethodPost, itemPath + "/plannedFailover", (*call).startItem},
	{http.MethodPost, itemPath + "/failoverCommit", (*call).commitItem},
	{http.MethodPost, itemPath + "/reProtect", (*call).reprotectItem},
	{http.MethodPut, itemPath, (*call).protectItem},
	{http.MethodPost, itemPath + "/remove", (*call).unprotectItem},
	{http.MethodGet, vaultPath + "/replicationRecoveryPlans", (*call).listPlans},
	{http.MethodGet, planPath, (*call).getPlan},
	{http.MethodGet, planPath + "/operationresults/*", (*call).planResult},
	{http.MethodPost, planPath + "/plannedFailover", (*call).startPlan},
	{http.MethodPost, planPath + "/failoverCommit", (*call).commitPlan},
	{http.MethodPost, planPath + "/reProtect", (*call).reprotectPlan},
	{http.MethodGet, vaultPath + "/replicationJobs", (*call).listJobs},
	{http.MethodPost, vaultPath + "/replicationJobs/export", (*call).exportJobs},
	{http.MethodGet, jobPath, (*call).getJob},
	{http.MethodGet, jobPath + "/operationresults/*", (*call).jobResult},
	{http.MethodPost, jobPath + "/resume", (*call).resumeJob},
	{http.MethodPost, jobPath + "/cancel", (*call).cancelJob},
	{http.MethodPost, jobPath + "/restart", (*call).restartJob},
	{http.MethodGet, vaultPath + "/replicationOperationStatus/*", (*call).operationStatus},
	{http.MethodGet, vaultPath + "/replicationPolicies", (*call).listPolicies},
	{http.MethodGet, vaultPath + "/replicationPolicies/*", (*call).getPolicy},
	{http.MethodGet, vaultPath + "/replicationEvents", (*call).listEvents},
	{http.MethodGet, vaultPath + "/replicationEvents/*", (*call).getEvent},
	{http.MethodGet, vaultPath + "/replicationVaultHealth", (*call).getHealth},
	{http.MethodGet, machinePath, (*call).getMachine},
	{http.MethodGet, computePath + "/virtualMachines", (*call).listMachines},
	{http.MethodGet, machinePath + "/instanceView", (*call).getInstanceView},
	{http.MethodPost, machinePath + "/deallocate", (*call).deallocate},
	{http.MethodPost, machinePath + "/powerOff", (*call).deallocate},
	{http.MethodPost, machinePath + "/start", (*call).startMachine},
	{http.MethodDelete, machinePath, (*call).deleteMachine},
	{http.MethodGet, "subscriptions/*/providers/Microsoft.Compute/locations/*/vmSizes", (*call).listSizes},
	{http.MethodGet, diskPath, (*call).getDisk},
	{http.MethodDelete, diskPath, (*call).deleteDisk},
	{http.MethodGet, nicPath, (*call).getNIC},
	{http.MethodDelete, nicPath, (*call).deleteNIC},
	{http.MethodGet, "subscriptions/*/providers/Microsoft.Network/locations/*/operations/*", (*call).computeOperation},
	{http.MethodGet, computePath + "/snapshots", (*call).listSnapshots},
	{http.MethodGet, "subscriptions/*/providers/Microsoft.Compute/snapshots", (*call).listSnapshots},
	{http.MethodGet, computePath + "/restorePointCollections", (*call).listCollections},
	{http.MethodPut, pointsPath, (*call).putCollection},
	{http.MethodGet, pointsPath, (*call).getCollection},
	{http.MethodDelete, pointsPath, (*call).deleteCollection},
	{http.MethodPut, pointsPath + "/restorePoints/*", (*call).putPoint},
	{http.MethodGet, pointsPath + "/restorePoints/*", (*call).getPointOfVM},
	{http.MethodGet, pointsPath + "/restorePoints/*/diskRestorePoints", (*call).listParts},
	{http.MethodGet, partPath, (*call).getPart},
	{http.MethodPost, partPath + "/beginGetAccess", (*call).grantPart},
	{http.MethodPost, partPath + "/endGetAccess", (*call).revokePart},
	{http.MethodPut, snapPath, (*call).putSnapshot},
	{http.MethodPatch, snapPath, (*call).patchSnapshot},
	{http.MethodGet, snapPath, (*call).getSnapshot},
	{http.MethodDelete, snapPath, (*call).deleteSnapshot},
	{http.MethodPost, snapPath + "/beginGetAccess", (*call).grantAccess},
	{http.MethodPost, snapPath + "/endGetAccess", (*call).revokeAccess},
	{http.MethodGet, "subscriptions/*/providers/Microsoft.Compute/locations/*/operations/*", (*call).computeOperation},
}

// unplayed are requests of the interface that the lab has no answer to. They are
// told apart from those that the service does not know either.
var unplayed = []endpoint{
	{method: http.MethodPost, pattern: itemPath + "/*"},
	{method: http.MethodPost, pattern: planPath + "/*"},
	{method: http.MethodPost, pattern: fabricPath + "/*"},
	{method: http.MethodPost, pattern: fabricPath + "/replicationRecoveryServicesProviders/*/*"},
	{method: http.MethodPost, pattern: vaultPath + "/replicationVaultHealth/default/refresh"},
}

// route finds the endpoint of the call.
func (c *call) route() {
	var allowed []string
	for _, e := range endpoints {
		names, ok := c.path.fits(e.pattern)
		if !ok {
			continue
		}
		if e.method != c.r.Method {
			allowed = append(allowed, e.method)
			continue
		}
		e.handle(c, names)
		return
	}
	for _, e := range unplayed {
		if _, ok := c.path.fits(e.pattern); ok && e.method == c.r.Method && allowed == nil {
			c.fail(&world.Refusal{
				Status: http.StatusNotImplemented, Code: "NotImplemented",
				Message: "The lab does not play '" + c.path[len(c.path)-1] + "'.",
			})
			return
		}
	}
	if allowed != nil {
		c.w.Header().Set("Allow", strings.Join(allowed, ", "))
		c.fail(&world.Refusal{Status: http.StatusMethodNotAllowed, Code: "MethodNotAllowed", Message: "The resource does not support the method '" + c.r.Method + "'."})
		return
	}
	c.fail(&world.Refusal{
		Status: http.StatusNotFound, Code: "NotFound", Detail: "ArmResourceDoesNotExist",
		Message: "The resource at '" + c.r.URL.Path + "' does not exist.",
		Causes:  "The path is not one that this service has.", Remedy: "Correct the path.",
	})
}
