package engine

import "context"

// Direct says how the machines of a plan come home without Site Recovery: this
// program takes the snapshots, moves the disks, and has the host run them.
type Direct struct {
	// Folder is where this program writes the disks: a folder of the machine that it
	// runs on, or a share of the host.
	Folder string `json:"folder"`
	// HostFolder is what the host calls that folder; empty where both call it the same.
	HostFolder string `json:"host_folder,omitempty"`
	// Format is what new disks are: vhdx or vhd; empty for vhdx.
	Format string `json:"format,omitempty"`
	// KeepDays is how long the Azure disks are kept as snapshots after the commit;
	// 0 keeps nothing.
	KeepDays int `json:"keep_days,omitempty"`
	// Switch is the virtual switch of VMs that are created; empty takes that of the
	// VM at its original location, where it can be read, and else connects none.
	Switch string `json:"switch,omitempty"`
	// Limit is what all disks of the run together are read with, as people write it: a
	// rate, or rates by the time of day ([ReadLimit]); empty is no limit.
	Limit string `json:"limit,omitempty"`
}

// NewVM is a VM that a host is asked to make. Memory is in bytes.
type NewVM struct {
	Name       string `json:"name"`
	Generation int    `json:"generation"` // 1 or 2
	CPUs       int    `json:"cpus"`
	Memory     int64  `json:"memory"`
	Switch     string `json:"switch"`                // empty connects no adapter
	SecureBoot string `json:"secure_boot,omitempty"` // On, Off; empty leaves the host's default; generation 2 only
	// Notes are what the VM's notes say: whoever lost the answer tells by them whether
	// the VM of that name is the one that was asked for.
	Notes string `json:"notes,omitempty"`
	// Disks are files by the host's own paths, in order; the first is booted from.
	Disks []string `json:"disks"`
}

// DiskSwap puts other disk files under a VM that is off.
type DiskSwap struct {
	From []string `json:"from"` // what has to be attached now, in order; anything else is refused
	To   []string `json:"to"`   // as many, at the same controllers and places
}

// MachineDesk makes VMs on a host and changes what they boot from. Every method is
// sent once, changes nothing where it is refused, and must not be repeated without a
// look ([HostAccess.VM], [HostAccess.VMs]); a lost answer is of kind unknown-outcome.
type MachineDesk interface {
	// CreateVM makes a VM that is off, does not start by itself, and has the disks
	// attached in order. It is refused where a VM of that name exists, a switch or a
	// file does not, or another VM has one of the files. It returns the VM's
	// GUID, also beside a failure that says what the host made otherwise.
	CreateVM(ctx context.Context, host string, vm NewVM) (id string, err error)
	// SwapDisks puts other files in the place of a VM's disks and returns the VM as it
	// is afterwards. It is refused where the VM is not off, has checkpoints, or has
	// other disks than expected. The files of before stay where they are.
	SwapDisks(ctx context.Context, host, vmID string, s DiskSwap) (VM, error)
}

// AzureMachine is what an Azure VM is made of.
type AzureMachine struct {
	VM         AzureVMRef `json:"vm"`
	ID         string     `json:"id"`   // resource id
	Size       string     `json:"size"` // as Azure names it
	CPUs       int        `json:"cpus"`
	Memory     int64      `json:"memory"` // bytes
	Generation int        `json:"generation"`
	OS         string     `json:"os"`
}

// AzureThing is one resource that belongs to an Azure VM.
type AzureThing struct {
	ID    string `json:"id"`   // resource id, or the blob's address without a signature
	Kind  string `json:"kind"` // "VM", "disk", "network interface"
	Name  string `json:"name"`
	Bytes int64  `json:"bytes,omitempty"` // of disks
	// Unique tells it from another resource of that name; empty where nobody said.
	Unique string `json:"unique,omitempty"`
}

// AzureDesk looks after Azure VMs without Site Recovery. Reads may be repeated.
type AzureDesk interface {
	// Machine reads what a VM is made of.
	Machine(ctx context.Context, vm AzureVMRef) (AzureMachine, error)
	// Belongings lists the VM, its disks and its network interfaces, in the order in
	// which they have to be deleted. A resource that something else uses too is not
	// among them.
	Belongings(ctx context.Context, vm AzureVMRef) ([]AzureThing, error)
	// Remove deletes exactly this resource and returns when it is gone; what is gone
	// already is no error, and another resource that has its name by now is refused.
	// It may be repeated.
	Remove(ctx context.Context, t AzureThing) error
}
