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
	HostAgent
}

// HostAgent is what a host says about its role, its framework and its recovery
// services agent. What could not be read stands in Unread, and its field says
// nothing then.
type HostAgent struct {
	Role            string `json:"role"`             // of Hyper-V: Enabled, Disabled, Absent; empty where nobody said
	DotNet          int    `json:"dotnet"`           // release number of .NET Framework 4, 0 where nobody said
	AgentVersion    string `json:"agent_version"`    // of the recovery services agent, empty where it is not installed
	ProviderVersion string `json:"provider_version"` // of the provider, as it is installed
	// Proxy is the address of the proxy of provider or agent, without a user; empty
	// where there is none.
	Proxy    string    `json:"proxy"`
	Throttle *Throttle `json:"throttle,omitempty"` // of the agent, nil where there is none
	Threads  Threads   `json:"threads"`
	// Backup reports whether the agent also backs the host up.
	Backup bool `json:"backup"`
	// Pools is how many storage pools the host has, beside the primordial one.
	Pools int `json:"pools"`
	// CertificateExpires is when the first certificate of the registration ends.
	CertificateExpires time.Time `json:"certificate_expires,omitzero"`
	// Unread says of each part that could not be read why, by [HostParts].
	Unread map[string]string `json:"unread,omitempty"`
}

// HostParts are the parts of [HostAgent] that can fail by themselves.
var HostParts = []string{"role", "dotnet", "versions", "proxy", "throttle", "threads", "backup", "pools", "certificates"}

// HostWay is a host's own way to Azure.
type HostWay struct {
	Reach []HostReach `json:"reach"`
	// TLS12 is what its registry says of TLS 1.2 as a client: Default, Enabled,
	// Disabled, DisabledByDefault; empty where nobody said.
	TLS12 string `json:"tls12"`
}

// HostReach is one address that a host tried to connect to; Why is empty where it
// could.
type HostReach struct {
	Address string `json:"address"` // name:port
	Why     string `json:"why,omitempty"`
}

// Throttle is the bandwidth that the agent may take, in bytes a second; 0 is no
// limit. From and To bound the work hours of the Days, as the host's clock has them.
type Throttle struct {
	Work    int64         `json:"work"`
	NonWork int64         `json:"non_work"`
	From    time.Duration `json:"from"` // since midnight
	To      time.Duration `json:"to"`
	Days    []string      `json:"days"` // Monday, Tuesday, …
	// Offset is the host's zone against UTC.
	Offset time.Duration `json:"offset"`
}

// Threads are how many threads the agent moves one VM's data with; 0 where the
// registry says nothing and the agent takes its default.
type Threads struct {
	Download int `json:"download"`
	Upload   int `json:"upload"`
	// Parent is a DownloadThreadsPerVM one key above, where older documents put it.
	Parent int `json:"parent"`
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
	Clustered   bool          `json:"clustered,omitempty"` // a cluster may bring it online, whatever AutoStart says
	Disks       []VMDisk      `json:"disks"`
	Loose       int           `json:"loose_adapters"` // adapters that no switch is connected to
	SecureBoot  string        `json:"secure_boot"`    // On, Off; empty for generation 1 and where nobody said
	TPM         bool          `json:"tpm"`            // a virtual TPM is enabled
	Shielded    bool          `json:"shielded"`
	// Unread says of firmware and security why they could not be read.
	Unread map[string]string `json:"unread,omitempty"`
}

// Running reports whether Hyper-V says the VM runs.
func (v VM) Running() bool { return v.State == "Running" }

// VMDisk is a virtual disk file attached to a VM.
type VMDisk struct {
	Path   string `json:"path"`
	Format string `json:"format"`
	Bytes  int64  `json:"bytes"` // virtual size
	File   int64  `json:"file"`  // size of the file
	Type   string `json:"type"`  // Fixed, Dynamic, Differencing; empty where nobody said
	Parent string `json:"parent,omitempty"`
	Shared bool   `json:"shared,omitempty"` // several VMs may use it
	// PassThrough says that it is a disk of the host itself, without a file.
	PassThrough bool `json:"pass_through,omitempty"`
	Sector      int  `json:"sector,omitempty"` // logical sector size, 0 where nobody said
	// Problem is why the file could not be read; the sizes are 0 then.
	Problem string `json:"problem,omitempty"`
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
