package engine

import "time"

// HostKind says what a registered provider stands for.
type HostKind string

// The kinds of registered hosts.
const (
	HostUnknown HostKind = ""
	HostHyperV  HostKind = "hyperv"
	HostVMM     HostKind = "vmm"
)

// Host is a Hyper-V host or VMM server as the vault knows it, through its
// Site Recovery provider.
type Host struct {
	ID             string    `json:"id"` // resource id of the provider; what an alternate location takes
	Name           string    `json:"name"`
	Kind           HostKind  `json:"kind"`
	FabricID       string    `json:"fabric_id"`
	FabricName     string    `json:"fabric"`
	Connected      bool      `json:"connected"`
	LastHeartbeat  time.Time `json:"last_heartbeat,omitzero"`
	Version        string    `json:"version"`
	VersionStatus  string    `json:"version_status,omitempty"`
	ProtectedItems int       `json:"protected_items"`
	Health         []string  `json:"health,omitempty"`
	// KeyThumbprint and KeyExpires describe the certificate of the retired VMM data
	// encryption, as the host's fabric knows it; empty where it never had one.
	KeyThumbprint string    `json:"key_thumbprint,omitempty"`
	KeyExpires    time.Time `json:"key_expires,omitzero"`
}

// Volume is a volume of a host.
type Volume struct {
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
	Free  int64  `json:"free"`
}

// Switch is a virtual switch. Names are compared exactly, trailing blanks
// included: Site Recovery connects a created VM by name.
type Switch struct {
	Name string `json:"name"`
	Type string `json:"type"`
}

// HostFacts is what the host itself says, read over WinRM.
type HostFacts struct {
	Name       string            `json:"name"`
	Build      string            `json:"build"`
	Edition    string            `json:"edition"`
	Core       bool              `json:"core"` // Server Core
	Services   map[string]string `json:"services"`
	Switches   []Switch          `json:"switches"`
	Volumes    []Volume          `json:"volumes"`
	MemoryFree int64             `json:"memory_free"`
	Clock      time.Time         `json:"clock"`
}

// VM is an on-premises virtual machine as its host sees it.
type VM struct {
	ID          string        `json:"id"` // Hyper-V GUID, lower case
	Name        string        `json:"name"`
	State       string        `json:"state"`     // Hyper-V's word: Running, Off, Saved, …
	Heartbeat   string        `json:"heartbeat"` // Hyper-V's word: OkApplicationsHealthy, NoContact, …
	Uptime      time.Duration `json:"uptime"`
	Generation  int           `json:"generation"`
	CPUs        int           `json:"cpus"`
	Memory      int64         `json:"memory"`
	Addresses   []string      `json:"addresses"`
	Switches    []string      `json:"switches"`
	Checkpoints int           `json:"checkpoints"`
	AutoStart   string        `json:"auto_start"`
	Notes       string        `json:"notes"`
	Disks       []VMDisk      `json:"disks"`
}

// Running reports whether Hyper-V says the VM runs.
func (v VM) Running() bool { return v.State == "Running" }

// VMDisk is a virtual disk file attached to a VM.
type VMDisk struct {
	Path   string `json:"path"`
	Format string `json:"format"`
	Bytes  int64  `json:"bytes"` // virtual size
	File   int64  `json:"file"`  // size of the file
}

// Activity is what the Site Recovery agent of a host has read and written since
// it started: the only progress there is, since the service reports none. It
// belongs to the host, not to one VM, and is always labelled as an estimate.
type Activity struct {
	At      time.Time `json:"at"`
	Read    int64     `json:"read"`
	Written int64     `json:"written"`
}

// DiskSum is the SHA-256 of one disk's whole virtual content, zeros included.
type DiskSum struct {
	Disk   string `json:"disk"` // see [Disk.Name]
	Bytes  int64  `json:"bytes"`
	SHA256 string `json:"sha256"`
	// At is when the content was that: for the on-premises side the moment the
	// last synchronisation ended, before the VM was started.
	At time.Time `json:"at,omitzero"`
}

// Power is the power state of an Azure VM.
type Power string

// The power states. PowerDeallocated and PowerStopped both count as stopped.
const (
	PowerUnknown     Power = ""
	PowerRunning     Power = "running"
	PowerStopping    Power = "stopping"
	PowerStopped     Power = "stopped"
	PowerDeallocated Power = "deallocated"
	PowerStarting    Power = "starting"
	PowerDeleted     Power = "deleted"
)

// Off reports whether nothing can write to the disks any more.
func (p Power) Off() bool { return p == PowerStopped || p == PowerDeallocated || p == PowerDeleted }
