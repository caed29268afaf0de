package siterecovery

import (
	"cmp"
	"context"
	"encoding/base64"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	asr "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservicessiterecovery/v2"

	"failback/engine"
	"failback/providers/azure"
)

// plannedFailover is the request for one item. Every field is written: what the
// service assumes for a missing one is not documented.
func plannedFailover(r engine.StartRequest, now engine.Item) (asr.PlannedFailoverInput, error) {
	switch r.Direction {
	case engine.ToOnPremises:
		details, err := failback(r, now)
		return planned(asr.PossibleOperationsDirectionsRecoveryToPrimary, details), err
	case engine.ToAzure:
		return planned(asr.PossibleOperationsDirectionsPrimaryToRecovery, failover(r)), nil
	case engine.DirectionUnknown:
	}
	return asr.PlannedFailoverInput{}, engine.Usagef("choose a direction", "the planned failover of %s has no direction", r.Item.Name)
}

func planned(direction asr.PossibleOperationsDirections, details asr.PlannedFailoverProviderSpecificFailoverInputClassification) asr.PlannedFailoverInput {
	return asr.PlannedFailoverInput{Properties: &asr.PlannedFailoverInputProperties{
		FailoverDirection: to.Ptr(string(direction)), ProviderSpecificDetails: details,
	}}
}

func failback(r engine.StartRequest, now engine.Item) (*asr.HyperVReplicaAzureFailbackProviderInput, error) {
	sync, err := dataSync(r)
	if err != nil {
		return nil, err
	}
	creation := string(asr.AlternateLocationRecoveryOptionNoAction)
	if r.CreateVM {
		creation = string(asr.AlternateLocationRecoveryOptionCreateVMIfNotFound)
	}
	in := &asr.HyperVReplicaAzureFailbackProviderInput{DataSyncOption: &sync, RecoveryVMCreationOption: &creation}
	if r.HostID != "" {
		// VMM places a VM itself; the field is for the hosts of a Hyper-V site.
		if now.Kind != engine.KindHyperVSite {
			return nil, engine.Refuse("start the planned failover", r.Item.Name,
				"a host can be chosen for VMs of a Hyper-V site only", "leave the host to VMM")
		}
		in.ProviderIDForAlternateRecovery = &r.HostID
	}
	return in, nil
}

func dataSync(r engine.StartRequest) (string, error) {
	switch r.Sync {
	case engine.SyncDelta:
		return string(asr.DataSyncStatusForDownTime), nil
	case engine.SyncFull:
		return string(asr.DataSyncStatusForSynchronization), nil
	case engine.SyncUnknown:
	}
	return "", engine.Usagef("choose delta or full", "the failback of %s has no synchronisation option", r.Item.Name)
}

// failover is the request towards Azure, the only one with fields for a recovery
// point and for the certificate, base64 of the whole file. A point that is not
// written means the latest. osUpgradeVersion stays unwritten: the machine comes up
// with the system it has.
func failover(r engine.StartRequest) *asr.HyperVReplicaAzurePlannedFailoverProviderInput {
	in := &asr.HyperVReplicaAzurePlannedFailoverProviderInput{}
	if raw := r.Certificate.PFX(); len(raw) > 0 {
		pfx := base64.StdEncoding.EncodeToString(raw)
		in.PrimaryKekCertificatePfx = &pfx
	}
	if r.RecoveryPoint != "" {
		in.RecoveryPointID = &r.RecoveryPoint
	}
	return in
}

// reverseReplication is the request to replicate to Azure again. The direction
// after a failback is that of a first protection.
func (c *Client) reverseReplication(ctx context.Context, now current) (asr.ReverseReplicationInput, error) {
	var none asr.ReverseReplicationInput
	p := now.wire.Properties
	details, ok := p.ProviderSpecificDetails.(*asr.HyperVReplicaAzureReplicationDetails)
	if !ok {
		return none, engine.Refuse("re-protect", now.item.Name, "out of scope: "+now.item.OutOfScope, "use the tool of that replication provider")
	}
	source, err := c.sourceItem(ctx, now)
	if err != nil {
		return none, err
	}
	name, disk, system := text(p.FriendlyName), systemDisk(details), osType(now.item.OS)
	return asr.ReverseReplicationInput{Properties: &asr.ReverseReplicationInputProperties{
		FailoverDirection: to.Ptr(string(asr.PossibleOperationsDirectionsPrimaryToRecovery)),
		ProviderSpecificDetails: &asr.HyperVReplicaAzureReprotectInput{
			HvHostVMID: &source, VMName: &name, OSType: &system, VHDID: &disk,
			StorageAccountID: details.RecoveryAzureStorageAccount, LogStorageAccountID: details.RecoveryAzureLogStorageAccountID,
		},
	}}, nil
}

// sourceItem is the VM's id on its host: what its protectable item says, or the
// Hyper-V id where that item is gone or says nothing.
func (c *Client) sourceItem(ctx context.Context, now current) (string, error) {
	id := text(now.wire.Properties.ProtectableItemID)
	fabric, container, name := segment(id, "replicationFabrics"), segment(id, "replicationProtectionContainers"), segment(id, "replicationProtectableItems")
	if name == "" {
		return now.item.HyperVID, nil
	}
	answer, err := c.candidate.Get(ctx, c.group, c.vault, fabric, container, name, nil)
	if err != nil {
		err = c.call(azure.ActionReadProtectable, "read the protectable item", now.item.Name).Failure(err)
		if engine.KindOf(err) == engine.FailureNotFound {
			return now.item.HyperVID, nil
		}
		return "", err
	}
	if answer.Properties != nil {
		if vm, ok := answer.Properties.CustomDetails.(*asr.HyperVVirtualMachineDetails); ok && text(vm.SourceItemID) != "" {
			return *vm.SourceItemID, nil
		}
	}
	return now.item.HyperVID, nil
}

// systemDisk is the id of the disk with the operating system, else of the
// first. Protectable items call every disk "Data"; the replicated item knows.
func systemDisk(d *asr.HyperVReplicaAzureReplicationDetails) string {
	first := ""
	for _, w := range d.AzureVMDiskDetails {
		if w == nil {
			continue
		}
		if strings.EqualFold(text(w.VhdType), "OperatingSystem") {
			return text(w.VhdID)
		}
		first = cmp.Or(first, text(w.VhdID))
	}
	return first
}

// osType is the one of two words that the request knows.
func osType(os string) string {
	if strings.EqualFold(os, "Linux") {
		return "Linux"
	}
	return "Windows"
}
