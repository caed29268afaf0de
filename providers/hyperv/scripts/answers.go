package scripts

import "time"

// NoParams are the parameters of scripts that take none.
type NoParams struct{}

// VMParams name one VM.
type VMParams struct {
	VMID string `json:"vm_id"` // Hyper-V GUID
}

// GuardParams set (Mark non-empty) or lift (Mark empty) a start guard.
type GuardParams struct {
	VMID string `json:"vm_id"`
	Mark string `json:"mark"`
}

// HostFactsAnswer is what a host says about itself. Services that are not
// installed are absent; switches are read only where vmms runs.
type HostFactsAnswer struct {
	Name             string    `json:"name"` // with its domain, where it has joined one
	Build            string    `json:"build"`
	Caption          string    `json:"caption"`           // in the host's language
	EditionID        string    `json:"edition_id"`        // ServerStandard, ServerDatacenter, …
	InstallationType string    `json:"installation_type"` // Server, Server Core, Client
	Services         []Service `json:"services"`
	Switches         []Switch  `json:"switches"`
	Volumes          []Volume  `json:"volumes"`
	MemoryFree       int64     `json:"memory_free"` // bytes
	Clock            time.Time `json:"clock"`
}

// HostAgentAnswer is what a host says about its role, its framework and its
// recovery services agent. A part that could not be read is named in Unread, with
// the id of the error, and its fields say nothing.
type HostAgentAnswer struct {
	Role               string            `json:"role"`   // Enabled, Disabled, Absent
	DotNet             int               `json:"dotnet"` // release number
	Agent              string            `json:"agent"`  // versions, empty where not installed
	Provider           string            `json:"provider"`
	Proxy              string            `json:"proxy"` // address, empty where there is none
	Throttle           *Throttle         `json:"throttle"`
	Threads            Threads           `json:"threads"`
	Backup             bool              `json:"backup"`
	Pools              int               `json:"pools"`
	CertificateExpires string            `json:"certificate_expires"` // RFC 3339, empty where there is none
	Offset             int64             `json:"offset"`              // of the zone, seconds
	Unread             map[string]string `json:"unread"`
}

// Throttle is the agent's bandwidth limit: bytes a second, hours as the host's
// TimeSpans, days in English.
type Throttle struct {
	Work    int64    `json:"work"`
	NonWork int64    `json:"non_work"`
	From    int64    `json:"from"` // seconds since midnight
	To      int64    `json:"to"`
	Days    []string `json:"days"`
}

// Threads are values of the agent's registry key, 0 where one is missing. Parent
// is the download value one key above.
type Threads struct {
	Download int `json:"download"`
	Upload   int `json:"upload"`
	Parent   int `json:"parent"`
}

// InstallationCore is the InstallationType of a Server Core host.
const InstallationCore = "Server Core"

// Service is one installed Windows service and its state in Win32_Service's
// words: Running, Stopped, Start Pending, …
type Service struct {
	Name  string `json:"name"`
	State string `json:"state"`
}

// Switch is a virtual switch. Its name is exact, blanks included.
type Switch struct {
	Name string `json:"name"`
	Type string `json:"type"` // External, Internal, Private
}

// Volume is a local volume by its mount path.
type Volume struct {
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
	Free  int64  `json:"free"`
}

// VMRow is what a list of VMs says of each.
type VMRow struct {
	ID         string `json:"id"` // lower case
	Name       string `json:"name"`
	State      string `json:"state"`
	Heartbeat  string `json:"heartbeat"`
	Uptime     int64  `json:"uptime"` // seconds
	Generation int    `json:"generation"`
	CPUs       int    `json:"cpus"`
	Memory     int64  `json:"memory"` // bytes at start
	AutoStart  string `json:"auto_start"`
	Notes      string `json:"notes"`
	Clustered  bool   `json:"clustered"`
}

// VMAnswer is one VM with its adapters, checkpoints and disks.
type VMAnswer struct {
	VMRow
	Addresses   []string `json:"addresses"`
	Switches    []string `json:"switches"` // one an adapter, empty where unconnected
	Checkpoints int      `json:"checkpoints"`
	Disks       []VMDisk `json:"disks"`
	SecureBoot  string   `json:"secure_boot"` // On, Off; empty for generation 1
	TPM         bool     `json:"tpm"`
	Shielded    bool     `json:"shielded"`
	// Unread says of firmware and security why they could not be read.
	Unread map[string]string `json:"unread"`
}

// VMDisk is a disk of a VM. A file that could not be read has a Problem and no
// sizes: one bad disk does not hide the others.
type VMDisk struct {
	Path    string `json:"path"`
	Format  string `json:"format"` // VHD, VHDX, VHDSet
	Bytes   int64  `json:"bytes"`
	File    int64  `json:"file"`
	Parent  string `json:"parent"`
	Problem string `json:"problem"`

	Type        string `json:"type"` // Fixed, Dynamic, Differencing
	Shared      bool   `json:"shared"`
	PassThrough bool   `json:"pass_through"` // a disk of the host, no file
	Sector      int    `json:"sector"`       // logical sector size
}

// VMsAnswer lists the VMs of a host.
type VMsAnswer struct {
	VMs []VMRow `json:"vms"`
}

// StartVMAnswer is the state of a VM around a start.
type StartVMAnswer struct {
	Before string `json:"before"`
	After  string `json:"after"`
}

// GuardAnswer is what a guard changed.
type GuardAnswer struct {
	Before GuardState `json:"before"`
	After  GuardState `json:"after"`
}

// GuardState is the part of a VM that a guard touches.
type GuardState struct {
	AutoStart string `json:"auto_start"`
	Notes     string `json:"notes"`
	Cluster   string `json:"cluster"` // priority of its role, empty where it has none
}

// GuardPrefix opens the line that a guard leaves in a VM's notes:
//
//	[failback-guard auto-start=StartIfRunning cluster-priority=2000] the mark
//
// Lifting the guard restores what is named there; the priority is that of a clustered
// VM's role alone. start-vm refuses a VM that carries such a line.
const GuardPrefix = "[failback-guard auto-start="

// AutoStartNothing is the automatic start action of a guarded VM.
const AutoStartNothing = "Nothing"

// ClusterNoAutoStart is the priority of a role that the cluster does not bring online
// by itself (CLUSTER_GROUP_PRIORITY, Microsoft's reference of 2022-08-03).
const ClusterNoAutoStart = "0"

// ActivityAnswer are the counters of the recovery services agent, cbengine.exe.
// Processes is 0 where it does not run.
type ActivityAnswer struct {
	At        time.Time `json:"at"`
	Processes int       `json:"processes"`
	Read      int64     `json:"read"`
	Written   int64     `json:"written"`
}

// SidecarSuffix is appended to a disk's path to name its checksum file, whose
// content is one [DiskSum] without the path.
const SidecarSuffix = ".failback.json"

// DiskSumsAnswer holds the checksum files found beside a VM's disks, at least one.
type DiskSumsAnswer struct {
	Sums []DiskSum `json:"sums"`
}

// DiskSum is the checksum of one disk's whole content at one moment.
type DiskSum struct {
	Disk   string    `json:"disk"`
	Bytes  int64     `json:"bytes"`
	SHA256 string    `json:"sha256"`
	At     time.Time `json:"at"`
	Path   string    `json:"path,omitempty"`
}

// The ids of errors that the scripts raise themselves. Everything else carries
// the FullyQualifiedErrorId of the failing cmdlet.
const (
	IDNotFound     = "FbkNotFound"     // no such VM, no checksum file
	IDPrecondition = "FbkPrecondition" // the VM is not in a state to be started
	IDGuarded      = "FbkGuarded"      // the VM carries the start guard
	IDSidecar      = "FbkSidecar"      // a checksum file that is none
	IDPayload      = "FbkPayload"      // input cut or altered on its way
	IDNoFile       = "FbkNoFile"       // no such disk file
	IDNoSwitch     = "FbkNoSwitch"     // no such switch, or several
	IDHalfDone     = "FbkHalfDone"     // a change was begun and could not be taken back
)
