package machines

import (
	"context"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v7"

	"failback/engine"
	"failback/providers/azure"
)

// The kinds of [engine.AzureThing].
const (
	KindVM   = "VM"
	KindDisk = "disk"
	KindNIC  = "network interface"
)

// The types of the resources.
const (
	typeVM   = "Microsoft.Compute/virtualMachines"
	typeDisk = "Microsoft.Compute/disks"
	typeNIC  = "Microsoft.Network/networkInterfaces"
)

// Belongings implements [engine.AzureDesk]: the VM, then its network interfaces, then
// its disks. A disk that several machines may share, and an interface that Azure says
// is another's, are left out. A VM with disks that are no managed disks is refused:
// blobs are not deleted here.
func (d *Desk) Belongings(ctx context.Context, vm engine.AzureVMRef) ([]engine.AzureThing, error) {
	call := azure.Call{Action: azure.ActionReadMachine, What: "list what belongs to the Azure VM", Where: vm.Name}
	found, err := d.get(ctx, call, vm)
	if err != nil {
		return nil, err
	}
	id := *found.ID
	list := []engine.AzureThing{{ID: id, Kind: KindVM, Name: value(found.Name), Unique: value(found.Properties.VMID)}}
	for _, nic := range interfaces(found) {
		thing, own, err := d.ownNIC(ctx, id, nic)
		if err != nil {
			return nil, err
		}
		if own {
			list = append(list, thing)
		}
	}
	disks, err := disksOf(call, found)
	if err != nil {
		return nil, err
	}
	for _, disk := range disks {
		thing, own, err := d.ownDisk(ctx, id, disk)
		if err != nil {
			return nil, err
		}
		if own {
			list = append(list, thing)
		}
	}
	return list, nil
}

func interfaces(vm armcompute.VirtualMachine) (ids []string) {
	if p := vm.Properties.NetworkProfile; p != nil {
		for _, n := range p.NetworkInterfaces {
			if n != nil && value(n.ID) != "" {
				ids = append(ids, *n.ID)
			}
		}
	}
	return ids
}

// disksOf are the ids of the managed disks, that of the system first.
func disksOf(call azure.Call, vm armcompute.VirtualMachine) ([]string, error) {
	profile := vm.Properties.StorageProfile
	refs := []*armcompute.DataDisk{{Name: profile.OSDisk.Name, ManagedDisk: profile.OSDisk.ManagedDisk}}
	ids := make([]string, 0, len(refs)+len(profile.DataDisks))
	for _, ref := range append(refs, profile.DataDisks...) {
		if ref == nil || ref.ManagedDisk == nil || value(ref.ManagedDisk.ID) == "" {
			return nil, engine.Refuse(call.What, call.Where, "it has a disk that is not a managed disk", "delete this VM and its disks in the portal")
		}
		ids = append(ids, *ref.ManagedDisk.ID)
	}
	return ids, nil
}

// ownNIC reads a network interface and says whether it is this VM's alone.
func (d *Desk) ownNIC(ctx context.Context, vm, id string) (engine.AzureThing, bool, error) {
	call := azure.Call{Action: azure.ActionReadNIC, What: "read the network interface", Where: id}
	_, name, err := d.place(call, id, typeNIC)
	if err != nil {
		return engine.AzureThing{}, false, err
	}
	call.Where = name
	n, err := d.nic(ctx, id)
	if err != nil {
		return engine.AzureThing{}, false, call.Failure(err)
	}
	p := n.Properties
	own := p.Machine != nil && strings.EqualFold(p.Machine.ID, vm) && p.PrivateEndpoint == nil
	return engine.AzureThing{ID: id, Kind: KindNIC, Name: name, Unique: p.GUID}, own, nil
}

// ownDisk reads a disk and says whether it is this VM's alone.
func (d *Desk) ownDisk(ctx context.Context, vm, id string) (engine.AzureThing, bool, error) {
	found, call, err := d.disk(ctx, id)
	if err != nil {
		return engine.AzureThing{}, false, err
	}
	p := found.Properties
	own := strings.EqualFold(value(found.ManagedBy), vm) && len(p.ShareInfo) <= 1 && value(p.MaxShares) <= 1
	for _, other := range found.ManagedByExtended {
		own = own && strings.EqualFold(value(other), vm)
	}
	return engine.AzureThing{ID: id, Kind: KindDisk, Name: call.Where, Bytes: value(p.DiskSizeBytes), Unique: value(p.UniqueID)}, own, nil
}
