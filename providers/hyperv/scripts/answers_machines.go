package scripts

// CreateVMParams describe a VM to make. Memory is in bytes; Disks are files by the
// host's own paths, in order.
type CreateVMParams struct {
	Name       string   `json:"name"`
	Generation int      `json:"generation"`
	CPUs       int      `json:"cpus"`
	Memory     int64    `json:"memory"`
	Switch     string   `json:"switch"`      // empty connects no adapter
	SecureBoot string   `json:"secure_boot"` // On, Off; empty leaves the host's default
	Notes      string   `json:"notes"`
	Disks      []string `json:"disks"`
}

// SwapDisksParams name the files that have to be attached to a VM, in order, and
// those that are put in their place.
type SwapDisksParams struct {
	VMID string   `json:"vm_id"`
	From []string `json:"from"`
	To   []string `json:"to"`
}

// MachineAnswer is a VM as it is after a change of its disks.
type MachineAnswer struct {
	VMRow
	Switches []string `json:"switches"` // one an adapter, empty where unconnected
	Paths    []string `json:"paths"`    // of its disks, in order
}
