package snapshots

import (
	"context"
	"strconv"

	"github.com/Azure/azure-sdk-for-go/sdk/resourcemanager/compute/armcompute/v7"

	"failback/engine"
	"failback/providers/azure"
)

// Disk is a managed disk of a VM.
type Disk struct {
	ID       string
	Name     string
	OS       bool
	LUN      int // of a data disk
	Bytes    int64
	Sector   int // bytes of a logical sector
	Location string

	network armcompute.NetworkAccessPolicy
	access  string // id of the disk access that AllowPrivate names
}

// Disks are the managed disks of a VM, the one of the system first and the others
// by their LUNs. A VM that has another kind of disk is refused.
func (c *Client) Disks(ctx context.Context, vm engine.AzureVMRef) ([]Disk, error) {
	call := azure.Call{Action: actionReadMachine, What: "read the disks of the Azure VM", Where: vm.Name}
	answer, err := c.machines.Get(ctx, vm.ResourceGroup, vm.Name, nil)
	if err != nil {
		return nil, call.Failure(err)
	}
	if answer.Properties == nil || answer.Properties.StorageProfile == nil || answer.Properties.StorageProfile.OSDisk == nil {
		return nil, engine.Refuse(call.What, call.Where, "the answer names no disks", "look at the VM in the portal")
	}
	profile := answer.Properties.StorageProfile
	refs := []armcompute.DataDisk{{Name: profile.OSDisk.Name, ManagedDisk: profile.OSDisk.ManagedDisk}}
	for _, d := range profile.DataDisks {
		if d != nil {
			refs = append(refs, *d)
		}
	}
	disks := make([]Disk, 0, len(refs))
	for i, ref := range refs {
		if ref.ManagedDisk == nil || ref.ManagedDisk.ID == nil {
			return nil, engine.Refuse(call.What, call.Where, "the disk "+value(ref.Name)+" is not a managed disk",
				"page blobs are read directly, without snapshots of this kind")
		}
		d, err := c.Disk(ctx, *ref.ManagedDisk.ID)
		if err != nil {
			return nil, err
		}
		d.OS, d.LUN = i == 0, int(value(ref.Lun))
		disks = append(disks, d)
	}
	return disks, nil
}

// Disk reads one managed disk by its id.
func (c *Client) Disk(ctx context.Context, id string) (Disk, error) {
	call := azure.Call{Action: actionReadDisk, What: "read the managed disk", Where: id}
	group, name, err := c.place(call, id)
	if err != nil {
		return Disk{}, err
	}
	call.Where = name
	answer, err := c.disks.Get(ctx, group, name, nil)
	if err != nil {
		return Disk{}, call.Failure(err)
	}
	d := Disk{ID: id, Name: name, Location: value(answer.Location), Sector: 512}
	if p := answer.Properties; p != nil {
		d.Bytes, d.network, d.access = value(p.DiskSizeBytes), value(p.NetworkAccessPolicy), value(p.DiskAccessID)
		if p.CreationData != nil && p.CreationData.LogicalSectorSize != nil {
			d.Sector = int(*p.CreationData.LogicalSectorSize)
		}
	}
	return d, nil
}

// exportable refuses a disk whose export is no list of pages to read.
func (d Disk) exportable(what string) error {
	if d.Sector != 512 {
		return engine.Refuse(what, d.Name, "the disk has sectors of "+strconv.Itoa(d.Sector)+" bytes: Azure exports it as a VHDX, and differences of it can't be applied",
			"copy it to a disk with sectors of 512 bytes in Azure, or export it in the portal")
	}
	return nil
}

// Exportable says why snapshots of the disk can't be read as this program reads them,
// nil where nothing is known against it. what is what somebody wants to do.
func (d Disk) Exportable(what string) error { return d.exportable(what) }
