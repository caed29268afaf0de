package siterecovery

import (
	"cmp"
	"context"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	asr "github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/recoveryservices/armrecoveryservicessiterecovery/v2"

	"failback/engine"
	"failback/providers/azure"
)

const protecting = "protect the VM afresh"

// How long the vault has to forget an item whose protection was disabled, and how often
// it is looked at.
const (
	forgetTime  = 20 * time.Minute
	forgetEvery = 10 * time.Second
)

// Protect enables the protection of a VM that runs on a host, with the settings that
// its item had, or else those of another item of the site. An item of the same VM that
// is still active in Azure, which is what a failback past Site Recovery leaves behind,
// is taken out of the vault first. It looks before it asks: a VM that is protected at
// home already is no error, so it may be repeated. A nil error means that the service
// has accepted it, not that the VM is protected.
func (c *Client) Protect(ctx context.Context, host, vmID, name, requestID string) error {
	vm, err := c.candidateOf(ctx, host, vmID, name)
	if err != nil {
		return err
	}
	like, err := c.model(ctx, vm, name)
	if err != nil {
		return err
	}
	body, err := protection(vm, like, name)
	if err != nil {
		return err
	}
	if vm.item() != "" {
		done, err := c.stale(ctx, vm, name)
		if err != nil || done {
			return err
		}
	}
	call := azure.Call{Action: azure.ActionProtect, What: protecting, Where: name, Request: requestID}
	_, err = c.accepted(ctx, call, func(ctx context.Context) error {
		_, err := c.items.BeginCreate(ctx, c.group, c.vault, vm.fabric, vm.container, vm.name, body, nil)
		return err
	})
	return err
}

// candidate is a VM that a site tells the vault of.
type candidate struct {
	fabric, container string
	name              string // of the protectable item
	id                string
	machine           *asr.HyperVVirtualMachineDetails
	wire              *asr.ProtectableItemProperties
}

// item is the id of the item that protects it, empty where none does.
func (v candidate) item() string { return text(v.wire.ReplicationProtectedItemID) }

// candidateOf finds a VM by its Hyper-V id among those that the host's site tells of.
func (c *Client) candidateOf(ctx context.Context, host, vmID, name string) (candidate, error) {
	hosts, err := c.Hosts(ctx)
	if err != nil {
		return candidate{}, err
	}
	fabric := ""
	for _, h := range hosts {
		if strings.EqualFold(h.Name, host) {
			fabric = segment(h.ID, "replicationFabrics")
		}
	}
	if fabric == "" {
		return candidate{}, engine.Refuse(protecting, name, "the vault knows no host "+host, "register the host with the vault, or enable the protection in the portal")
	}
	clouds, err := collect(ctx, c.clouds.NewListByReplicationFabricsPager(c.group, c.vault, fabric, nil),
		func(p asr.ReplicationProtectionContainersClientListByReplicationFabricsResponse) []*asr.ProtectionContainer {
			return p.Value
		})
	if err != nil {
		return candidate{}, c.call(azure.ActionListClouds, "list the protection containers", host).Failure(err)
	}
	for _, cloud := range clouds {
		found, err := c.among(ctx, fabric, text(cloud.Name), vmID)
		if err != nil || found.name != "" {
			return found, err
		}
	}
	return candidate{}, &engine.Failure{
		Kind: engine.FailureNotFound, What: protecting, Where: name, Why: "Site Recovery does not know the VM " + vmID + " of " + host + " yet",
		Remedy: "wait some minutes, or refresh the server in the portal, then try again",
	}
}

// among looks a VM up in a container; one without a name is not there.
func (c *Client) among(ctx context.Context, fabric, container, vmID string) (candidate, error) {
	list, err := collect(ctx, c.candidate.NewListByReplicationProtectionContainersPager(c.group, c.vault, fabric, container, nil),
		func(p asr.ReplicationProtectableItemsClientListByReplicationProtectionContainersResponse) []*asr.ProtectableItem {
			return p.Value
		})
	if err != nil {
		return candidate{}, c.call(azure.ActionReadProtectable, "list the VMs of the site", container).Failure(err)
	}
	for _, w := range list {
		if w.Properties == nil {
			continue
		}
		details, ok := w.Properties.CustomDetails.(*asr.HyperVVirtualMachineDetails)
		if ok && strings.EqualFold(text(details.SourceItemID), vmID) {
			return candidate{fabric: fabric, container: container, name: text(w.Name), id: text(w.ID), machine: details, wire: w.Properties}, nil
		}
	}
	return candidate{}, nil
}

// model is the item whose settings the protection is given: the VM's own, else one of
// the same site, that of the same name first.
func (c *Client) model(ctx context.Context, vm candidate, name string) (*asr.ReplicationProtectedItem, error) {
	if id := vm.item(); id != "" {
		return c.get(ctx, id)
	}
	all, err := collect(ctx, c.items.NewListPager(c.group, c.vault, nil), func(p asr.ReplicationProtectedItemsClientListResponse) []*asr.ReplicationProtectedItem {
		return p.Value
	})
	if err != nil {
		return nil, c.call(azure.ActionListItems, "list the replicated items", c.vault).Failure(err)
	}
	var like *asr.ReplicationProtectedItem
	for _, w := range all {
		if w.Properties == nil || !strings.EqualFold(segment(text(w.ID), "replicationFabrics"), vm.fabric) {
			continue
		}
		if _, ok := w.Properties.ProviderSpecificDetails.(*asr.HyperVReplicaAzureReplicationDetails); !ok {
			continue
		}
		if like == nil || strings.EqualFold(friendly(w), name) {
			like = w
		}
	}
	if like == nil {
		return nil, engine.Refuse(protecting, name, "no item of the site says with which policy, storage account and network", "enable the protection in the portal (Replicate); the run sees it then")
	}
	return like, nil
}

// protection is the request. Items of a site call every disk "Data": the first one is
// taken for the system's, as Microsoft's own PowerShell module does.
func protection(vm candidate, like *asr.ReplicationProtectedItem, name string) (asr.EnableProtectionInput, error) {
	var none asr.EnableProtectionInput
	p := like.Properties
	d, ok := p.ProviderSpecificDetails.(*asr.HyperVReplicaAzureReplicationDetails)
	if !ok {
		return none, engine.Refuse(protecting, name, "out of scope: "+foreign(p.ProviderSpecificDetails), "use the tool of that replication provider")
	}
	var disks []*string
	for _, w := range vm.machine.DiskDetails {
		if w != nil && text(w.VhdID) != "" {
			disks = append(disks, w.VhdID)
		}
	}
	if why := unready(vm, disks); why != "" {
		return none, engine.Refuse(protecting, name, why, "look at the VM in the portal (Replicate)")
	}
	in := &asr.HyperVReplicaAzureEnableProtectionInput{
		HvHostVMID: vm.machine.SourceItemID, VMName: vm.wire.FriendlyName, OSType: to.Ptr(osType(system(d, vm))), VhdID: disks[0], DisksToInclude: disks,
		TargetStorageAccountID: d.RecoveryAzureStorageAccount, LogStorageAccountID: d.RecoveryAzureLogStorageAccountID,
		TargetAzureV2ResourceGroupID: d.RecoveryAzureResourceGroupID, TargetAzureVMName: vm.wire.FriendlyName,
		TargetAzureNetworkID: d.SelectedRecoveryAzureNetworkID, TargetAzureSubnetID: subnet(d), UseManagedDisks: d.UseManagedDisks,
		TargetVMSize: d.RecoveryAzureVMSize, EnableRdpOnTargetOption: to.Ptr("Never"),
	}
	if len(d.ProtectedManagedDisks) > 0 { // it replicated straight to managed disks
		in.UseManagedDisksForReplication, in.DisksToInclude = to.Ptr("true"), nil
		for _, id := range disks {
			in.DisksToIncludeForManagedDisks = append(in.DisksToIncludeForManagedDisks, &asr.HyperVReplicaAzureDiskInputDetails{
				DiskID: id, LogStorageAccountID: d.RecoveryAzureLogStorageAccountID, DiskType: managedType(d),
			})
		}
	}
	return asr.EnableProtectionInput{Properties: &asr.EnableProtectionInputProperties{
		PolicyID: p.PolicyID, ProtectableItemID: to.Ptr(vm.id), ProviderSpecificDetails: in,
	}}, nil
}

// unready says why a VM can't be asked for.
func unready(vm candidate, disks []*string) string {
	var errs []string
	for _, e := range vm.wire.ProtectionReadinessErrors {
		if text(e) != "" {
			errs = append(errs, *e)
		}
	}
	switch {
	case len(errs) > 0:
		return strings.Join(errs, "; ")
	case len(disks) == 0:
		return "Site Recovery names no disk of the VM"
	}
	return ""
}

func system(d *asr.HyperVReplicaAzureReplicationDetails, vm candidate) string {
	said := ""
	if o := vm.machine.OSDetails; o != nil {
		said = text(o.OSType)
	}
	if d.OSDetails != nil {
		said = cmp.Or(said, text(d.OSDetails.OSType))
	}
	return said
}

func subnet(d *asr.HyperVReplicaAzureReplicationDetails) *string {
	for _, n := range d.VMNics {
		if n == nil {
			continue
		}
		for _, ip := range n.IPConfigs {
			if ip != nil && text(ip.RecoverySubnetName) != "" {
				return ip.RecoverySubnetName
			}
		}
	}
	return nil
}

func managedType(d *asr.HyperVReplicaAzureReplicationDetails) *asr.DiskAccountType {
	for _, m := range d.ProtectedManagedDisks {
		if m != nil && text(m.ReplicaDiskType) != "" {
			return to.Ptr(asr.DiskAccountType(*m.ReplicaDiskType))
		}
	}
	return nil
}

// stale looks at the item that the vault has of the VM: one that is at home protects it,
// and done is true; one that is active in Azure is taken out of the vault.
func (c *Client) stale(ctx context.Context, vm candidate, name string) (done bool, err error) {
	now, err := c.fresh(ctx, vm.item())
	if err != nil {
		return false, err
	}
	if now.item.Active == engine.LocationOnPremises {
		return true, nil
	}
	if now.item.CurrentJob != "" || !now.item.Allows(allowDisable) {
		return false, notOffered(protecting, name, now.item)
	}
	p := now.place
	call := azure.Call{Action: azure.ActionUnprotect, What: "take the item of before out of the vault", Where: name}
	_, err = c.accepted(ctx, call, func(ctx context.Context) error {
		_, err := c.items.BeginDelete(ctx, c.group, c.vault, p.fabric, p.container, p.item,
			asr.DisableProtectionInput{Properties: &asr.DisableProtectionInputProperties{}}, nil)
		return err
	})
	if err != nil {
		return false, err
	}
	return false, c.forgotten(ctx, vm, name)
}

// allowDisable is the operation by which the vault forgets an item.
const allowDisable = "DisableProtection"

// forgotten waits until the vault protects the VM no more.
func (c *Client) forgotten(ctx context.Context, vm candidate, name string) error {
	const what = "wait until the vault has forgotten the item of before"
	ctx, cancel := context.WithTimeout(ctx, forgetTime)
	defer cancel()
	tick := time.NewTicker(forgetEvery)
	defer tick.Stop()
	for {
		answer, err := c.candidate.Get(ctx, c.group, c.vault, vm.fabric, vm.container, vm.name, nil)
		if err != nil {
			return c.call(azure.ActionReadProtectable, what, name).Failure(err)
		}
		if p := answer.Properties; p != nil && text(p.ReplicationProtectedItemID) == "" {
			return nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			return c.call(azure.ActionReadProtectable, what, name).Failure(ctx.Err())
		}
	}
}
