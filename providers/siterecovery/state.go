package siterecovery

import (
	asr "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservicessiterecovery/v2"

	"failback/engine"
)

// itemState is our word for the item's state. It is for people; what may be
// done is decided on the allowed operations.
func itemState(it engine.Item) engine.ItemState {
	switch {
	case it.CurrentScenario == engine.ScenarioTestFailover || it.Allows(engine.AllowTestFailoverCleanup):
		return engine.ItemTestFailover
	case failingBack(it):
		return engine.ItemFailingBack
	}
	return engine.StateNamed(it.RawState)
}

// failingBack is INFERRED: no recording shows an item while its failback runs,
// only that an item in a workflow names the job that works on it.
func failingBack(it engine.Item) bool {
	return it.Active == engine.LocationAzure && it.CurrentJob != "" &&
		(it.CurrentScenario == engine.ScenarioPlannedFailover || it.CurrentScenario == engine.ScenarioFailback)
}

func location(active *string) engine.Location {
	switch text(active) {
	case "Primary":
		return engine.LocationOnPremises
	case "Recovery":
		return engine.LocationAzure
	}
	return engine.LocationUnknown
}

// fabricKind reads the two spellings of a fabric: that of an item's primary
// fabric and that of a provider.
func fabricKind(name string) engine.ItemKind {
	switch name {
	case "SingleHostHyperVFabric", "HyperVSite":
		return engine.KindHyperVSite
	case "VmmFabric", "VMM":
		return engine.KindVMM
	}
	return engine.KindUnknown
}

// foreign says why an item of another replication provider may not be touched;
// it is empty for Hyper-V to Azure.
func foreign(details asr.ReplicationProviderSpecificSettingsClassification) string {
	if details == nil {
		return "the vault does not say how it is replicated"
	}
	switch kind := text(details.GetReplicationProviderSpecificSettings().InstanceType); kind {
	case "HyperVReplicaAzure":
		return ""
	case "A2A", "A2ACrossClusterMigration":
		return "an Azure VM replicated to another Azure region (" + kind + ")"
	case "InMage", "InMageAzureV2", "InMageRcm", "InMageRcmFailback":
		return "a VMware VM or physical server (" + kind + ")"
	case "HyperVReplica2012", "HyperVReplica2012R2", "HyperVReplicaBaseReplicationDetails":
		return "replicated between two Hyper-V sites (" + kind + ")"
	default:
		return "replicated by a provider unknown here (" + kind + ")"
	}
}
