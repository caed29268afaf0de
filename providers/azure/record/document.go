package record

import (
	"maps"
	"slices"
	"strings"
)

// document redacts a JSON document. What a key is known to hold decides; the value
// of a key that is not known here is replaced like a name.
func (w *words) document(v any) any { return w.value("", v, nil) }

func (w *words) value(key string, v any, in map[string]any) any {
	switch v := v.(type) {
	case map[string]any:
		if key == "tags" {
			return map[string]any{} // their keys are names, too
		}
		out := make(map[string]any, len(v))
		for _, k := range slices.Sorted(maps.Keys(v)) {
			out[k] = w.value(k, v[k], v)
		}
		return out
	case []any:
		out := make([]any, len(v))
		for i := range v {
			out[i] = w.value(key, v[i], in)
		}
		return out
	case string:
		return w.text(key, v, in)
	}
	return v
}

const redacted = "redacted"

func (w *words) text(key, s string, in map[string]any) string {
	switch low := strings.ToLower(key); {
	case s == "":
		return s
	case secret(low):
		return redacted
	case w.sentence(key, in):
		return w.prose(s)
	case kept[key], moment.MatchString(s), number.MatchString(s):
		return s
	case strings.HasPrefix(strings.ToLower(s), "/subscriptions/"):
		return w.id(s)
	case address.FindString(s) == s:
		return w.url(s)
	}
	return w.name(s)
}

// secret reports whether a key holds what lets somebody in.
func secret(key string) bool {
	for _, s := range []string{"sas", "token", "password", "secret", "pfx", "thumbprint", "accesskey", "sharedkey"} {
		if strings.Contains(key, s) {
			return true
		}
	}
	return false
}

// sentence reports whether the value is words of the service. The friendly name
// of a job and of a task is; that of a machine is not, and neither is that of the
// task that stands for a machine or for what a recovery plan's author put in.
func (w *words) sentence(key string, in map[string]any) bool {
	switch key {
	case "friendlyName", "name", "taskId":
		if _, job := in["scenarioName"]; job {
			return key == "friendlyName"
		}
		kind, _ := in["taskType"].(string)
		return ownTasks[kind]
	}
	return sentences[key]
}

// again looks through a document that was redacted before, for names that have
// become known since.
func (w *words) again(v any) any { return w.seen("", v, nil) }

func (w *words) seen(key string, v any, in map[string]any) any {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			v[k] = w.seen(k, v[k], v)
		}
	case []any:
		for i := range v {
			v[i] = w.seen(key, v[i], in)
		}
	case string:
		if w.sentence(key, in) {
			return w.known(v)
		}
	}
	return v
}

func set(words ...string) map[string]bool {
	out := make(map[string]bool, len(words))
	for _, w := range words {
		out[w] = true
	}
	return out
}

// ownTasks are the kinds of tasks whose names are the service's.
var ownTasks = set("TaskDetails", "InlineWorkflowTaskDetails", "RecoveryPlanGroupTaskDetails", "RecoveryPlanShutdownGroupTaskDetails", "ConsistencyCheckTaskDetails")

// sentences are the keys of prose.
var sentences = set("message", "possibleCauses", "recommendedAction", "errorMessage", "summaryMessage", "recoveryProviderErrorMessage",
	"activityId", "jobFriendlyName", "skippedReasonString", "groupId", "currentScenarioStatusDescription", "protectionStateDescription",
	"vmProtectionStateDescription", "testFailoverStateDescription", "switchProviderStateDescription", "stateDescription")

// kept are the keys whose values the service chooses: states, kinds, versions.
var kept = set("state", "status", "code", "errorCode", "eventCode", "eventType", "severity", "scenarioName", "jobScenarioName", "taskType", "instanceType",
	"type", "kind", "allowedActions", "allowedOperations", "allowedScenarios", "protectionState", "vmProtectionState", "testFailoverState", "switchProviderState",
	"activeLocation", "replicationHealth", "failoverHealth", "health", "protectedItemType", "primaryFabricProvider", "fabricType", "bcdrState", "connectionStatus",
	"pairingStatus", "role", "providerVersion", "providerVersionState", "serverVersion", "version", "marsAgentVersion", "targetInstanceType", "rpGroupType",
	"groupType", "skippedReason", "errorLevel", "errorType", "errorSource", "errorCategory", "level", "customerResolvability", "jobStatus", "jobOutputType",
	"PrimaryFabricProviderId", "RecoveryFabricProviderId", "failoverDirection", "failoverDirections", "failoverTypes", "fabricLocation", "dataSyncOption",
	"recoveryVmCreationOption", "failoverDeploymentModel", "replicationProviders", "supportedReplicationProviders", "currentScenarioStatus", "encryption", "useManagedDisks",
	"vhdType", "generation", "hasPhysicalDisk", "hasFibreChannelAdapter", "hasSharedVhd", "osType", "oSType", "productType", "osEdition", "oSVersion",
	"oSMajorVersion", "oSMinorVersion", "initialReplicationType", "selectionType", "ipAddressType", "licenseType", "linuxLicenseType", "sqlServerLicenseType",
	"enableRdpOnTargetOption", "recoveryAzureVMSize", "targetVmSize", "replicationInterval", "kekState", "protectionStatus", "affectedObjectType", "displayStatus",
	"provisioningState", "sourceSiteOperations", "networkConnectionStatus", "recoveryPointType", "location")

// segments are the words of paths.
var segments = set("", "subscriptions", "resourcegroups", "providers", "vaults", "replicationfabrics", "replicationprotectioncontainers", "replicationprotecteditems",
	"replicationprotectableitems", "replicationrecoveryservicesproviders", "replicationrecoveryplans", "replicationjobs", "replicationpolicies", "replicationevents",
	"replicationoperationstatus", "replicationvaulthealth", "operationresults", "recoverypoints", "plannedfailover", "unplannedfailover", "failovercommit", "failovercancel",
	"reprotect", "testfailover", "testfailovercleanup", "applyrecoverypoint", "repairreplication", "remove", "cancel", "restart", "resume", "export", "virtualmachines",
	"instanceview", "deallocate", "poweroff", "start", "disks", "snapshots", "begingetaccess", "endgetaccess", "storageaccounts", "virtualnetworks", "subnets", "locations",
	"operations", "vhds", "none", "microsoft azure", "replicationprotectioncontainermappings", "replicationnetworks")

// states are the words of filters.
var states = set("NotStarted", "InProgress", "Succeeded", "Failed", "Cancelled", "Suspended", "Other", "PartiallySucceeded", "CompletedWithInformation")
