package machines

import (
	"context"
	"fmt"
	"strings"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v7"

	"failback/engine"
	"failback/providers/azure"
)

// Machine implements [engine.AzureDesk]. Processors and memory are those of the VM's
// size; the generation is that of the system's disk, or of the running VM where the
// disk does not say. What Azure says of neither is refused: a guess would make a VM
// that does not start.
func (d *Desk) Machine(ctx context.Context, vm engine.AzureVMRef) (engine.AzureMachine, error) {
	call := azure.Call{Action: azure.ActionReadMachine, What: "read what the Azure VM is made of", Where: vm.Name}
	found, err := d.get(ctx, call, vm)
	if err != nil {
		return engine.AzureMachine{}, err
	}
	m := engine.AzureMachine{VM: vm, ID: value(found.ID)}
	p := found.Properties
	if p.HardwareProfile != nil {
		m.Size = string(value(p.HardwareProfile.VMSize))
	}
	if m.OS = string(value(p.StorageProfile.OSDisk.OSType)); m.OS == "" {
		m.OS = "Windows"
	}
	if m.CPUs, m.Memory, err = d.size(ctx, vm.Name, value(found.Location), m.Size); err != nil {
		return m, err
	}
	if h := p.HardwareProfile; h.VMSizeProperties != nil && value(h.VMSizeProperties.VCPUsAvailable) > 0 {
		m.CPUs = int(*h.VMSizeProperties.VCPUsAvailable)
	}
	m.Generation, err = d.generation(ctx, vm, p.StorageProfile.OSDisk)
	return m, err
}

// get reads a VM that names its disk of the system.
func (d *Desk) get(ctx context.Context, call azure.Call, vm engine.AzureVMRef) (armcompute.VirtualMachine, error) {
	answer, err := d.machines.Get(ctx, vm.ResourceGroup, vm.Name, nil)
	if err != nil {
		return answer.VirtualMachine, call.Failure(err)
	}
	p := answer.Properties
	if value(answer.ID) == "" || p == nil || p.StorageProfile == nil || p.StorageProfile.OSDisk == nil {
		return answer.VirtualMachine, engine.Refuse(call.What, call.Where, "the answer names no disks", "look at the VM in the portal")
	}
	return answer.VirtualMachine, nil
}

// size looks a size up among those of the VM's region.
func (d *Desk) size(ctx context.Context, vm, location, size string) (cpus int, memory int64, err error) {
	call := azure.Call{Action: azure.ActionReadSizes, What: "look up the size of the Azure VM", Where: vm}
	if size == "" || location == "" {
		return 0, 0, engine.Refuse(call.What, call.Where, "the answer names no size or no region", "look at the VM in the portal")
	}
	pages := d.sizes.NewListPager(location, nil)
	for pages.More() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return 0, 0, call.Failure(err)
		}
		for _, s := range page.Value {
			if s != nil && strings.EqualFold(value(s.Name), size) && value(s.NumberOfCores) > 0 && value(s.MemoryInMB) > 0 {
				return int(*s.NumberOfCores), int64(*s.MemoryInMB) << 20, nil
			}
		}
	}
	return 0, 0, engine.Refuse(call.What, call.Where, "the region "+location+" does not list the size "+size, "look at the size in the portal; the VM has to be made on the host by hand")
}

// generation is 1 or 2.
func (d *Desk) generation(ctx context.Context, vm engine.AzureVMRef, system *armcompute.OSDisk) (int, error) {
	said := ""
	if system.ManagedDisk != nil && value(system.ManagedDisk.ID) != "" {
		found, _, err := d.disk(ctx, *system.ManagedDisk.ID)
		if err != nil {
			return 0, err
		}
		said = string(value(found.Properties.HyperVGeneration))
	}
	call := azure.Call{Action: azure.ActionReadPower, What: "read the generation of the Azure VM", Where: vm.Name}
	if said == "" {
		view, err := d.machines.InstanceView(ctx, vm.ResourceGroup, vm.Name, nil)
		if err != nil {
			return 0, call.Failure(err)
		}
		said = string(value(view.HyperVGeneration))
	}
	switch strings.ToUpper(said) {
	case "V1":
		return 1, nil
	case "V2":
		return 2, nil
	}
	return 0, engine.Refuse(call.What, call.Where, fmt.Sprintf("Azure says %q of the generation of its disk", said), "look at the disk in the portal")
}

// disk reads a managed disk; call is what it was read for.
func (d *Desk) disk(ctx context.Context, id string) (armcompute.Disk, azure.Call, error) {
	call := azure.Call{Action: azure.ActionReadManagedDisk, What: "read the managed disk", Where: id}
	group, name, err := d.place(call, id, typeDisk)
	if err != nil {
		return armcompute.Disk{}, call, err
	}
	call.Where = name
	answer, err := d.disks.Get(ctx, group, name, nil)
	if err != nil {
		return answer.Disk, call, call.Failure(err)
	}
	if answer.Properties == nil {
		return answer.Disk, call, engine.Refuse(call.What, call.Where, "the answer says nothing of the disk", "look at the disk in the portal")
	}
	return answer.Disk, call, nil
}
