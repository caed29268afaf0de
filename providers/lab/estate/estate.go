// Package estate reads the description of a lab: the vault, its fabrics and
// hosts, the replicated items in their states, recovery plans, and the faults
// that will happen. An estate is data; what happens with it is in package world.
package estate

import "time"

// Estate is a whole lab as its file describes it. A value that [Load] or
// [Decode] returned is complete and consistent: names are unique and every
// reference leads somewhere.
type Estate struct {
	Name          string         `yaml:"name"`
	About         string         `yaml:"about"`
	Speed         float64        `yaml:"speed"` // modelled seconds that pass in one second of the wall
	Seed          int64          `yaml:"seed"`
	Subscription  string         `yaml:"subscription"`
	ResourceGroup string         `yaml:"resource_group"`
	Vault         string         `yaml:"vault"`
	Location      string         `yaml:"location"`
	Rates         Rates          `yaml:"rates"`
	Times         Times          `yaml:"times"`
	GuestEvery    time.Duration  `yaml:"guest_every"` // wall time between two steps of a running guest
	Fabrics       []Fabric       `yaml:"fabrics"`
	Hosts         []Host         `yaml:"hosts"`
	Items         []Item         `yaml:"items"`
	RecoveryPlans []RecoveryPlan `yaml:"recovery_plans"`
	Faults        []Fault        `yaml:"faults"`
}

// Rates are modelled speeds in bytes a modelled second. Zero means unlimited.
type Rates struct {
	Compare Size `yaml:"compare"` // reading and comparing in a delta synchronisation
	Link    Size `yaml:"link"`    // bytes that cross the line
	// What the storage account gives of one blob, in wall seconds: the service's
	// own targets are 60 MiB and 500 requests.
	Blob         Size `yaml:"blob"`
	BlobRequests int  `yaml:"blob_requests"`
}

// Times are modelled durations of what the service and the hosts do.
type Times struct {
	Check    time.Duration `yaml:"check"`    // prerequisites
	Prepare  time.Duration `yaml:"prepare"`  // preparing the on-premises VM
	Initiate time.Duration `yaml:"initiate"` // initiating a data synchronisation
	Stop     time.Duration `yaml:"stop"`     // shutting a VM down
	Finalize time.Duration `yaml:"finalize"` // preparing for the final failback
	Boot     time.Duration `yaml:"boot"`     // starting a VM until its guest answers
	Commit   time.Duration `yaml:"commit"`   // committing
	Protect  time.Duration `yaml:"protect"`  // enabling protection, each of its tasks
}

// The kinds of fabrics.
const (
	KindSite = "hyperv-site"
	KindVMM  = "vmm"
)

// Fabric is a Hyper-V site or a VMM server with one cloud.
type Fabric struct {
	Name string `yaml:"name"`
	Kind string `yaml:"kind"`
	// KeyThumbprint and KeyExpires describe the retired VMM encryption
	// certificate of the fabric; empty where it never had one.
	KeyThumbprint string `yaml:"key_thumbprint"`
	KeyExpires    string `yaml:"key_expires"` // YYYY-MM-DD
}

// Host is a Hyper-V host with its Site Recovery provider. In a VMM fabric it is
// the VMM server, which has the Hyper-V role itself.
type Host struct {
	Name     string            `yaml:"name"`
	Fabric   string            `yaml:"fabric"`
	Build    string            `yaml:"build"`
	Edition  string            `yaml:"edition"`
	Core     bool              `yaml:"core"`
	Provider string            `yaml:"provider"` // version of the provider
	Memory   Size              `yaml:"memory"`
	Free     Size              `yaml:"memory_free"`
	Volumes  []Volume          `yaml:"volumes"`
	Switches []Switch          `yaml:"switches"`
	Services map[string]string `yaml:"services"` // those that differ from Running
	// HeartbeatAge makes the provider's last heartbeat that old, for ever.
	HeartbeatAge time.Duration `yaml:"heartbeat_age"`
	// ProviderStatus is what the vault says of the provider's version.
	ProviderStatus string        `yaml:"provider_status"`
	Health         string        `yaml:"health"`    // an error that the vault has of the host
	ClockOff       time.Duration `yaml:"clock_off"` // how far its clock is ahead
	Role           string        `yaml:"role"`      // of Hyper-V: Enabled, Disabled, Absent
	DotNet         int           `yaml:"dotnet"`    // release number of the framework
	Agent          Agent         `yaml:"agent"`
	Pools          int           `yaml:"storage_pools"`
	// Adapters are the physical network adapters; a host without a word of them has
	// one that its external switches are bound to, one with its address and a free one.
	Adapters []Adapter `yaml:"adapters"`
	Cores    int       `yaml:"cores"` // logical processors, 16 where it does not say
	// CertificateExpires is when the registration's certificate ends, YYYY-MM-DD.
	CertificateExpires string `yaml:"certificate_expires"`
	// Unread are parts of what the host says of itself that can't be read, and why.
	Unread map[string]string `yaml:"unread"`
	Events []Event           `yaml:"events"`
	WinRM  WinRM             `yaml:"winrm" json:"WinRM,omitzero"`
	// Unreachable are names that it can't connect to, or "*".
	Unreachable []string `yaml:"unreachable"`
	// TLS12 is what its registry says of TLS 1.2: Default, Enabled, Disabled,
	// DisabledByDefault.
	TLS12 string `yaml:"tls12"`
	// ProviderInstalled is the provider's version where it is another one than the vault
	// knows.
	ProviderInstalled string `yaml:"provider_installed"`
}

// Event is an entry of a host's event logs.
type Event struct {
	Log      string        `yaml:"log"`
	ID       int           `yaml:"id"`
	Level    int           `yaml:"level"` // 4, information, where it does not say
	Provider string        `yaml:"provider"`
	Ago      time.Duration `yaml:"ago"` // before the estate was made
	Text     string        `yaml:"text"`
}

// Absent is the state of a service that is not installed.
const Absent = "absent"

// Agent is the recovery services agent of a host.
type Agent struct {
	Version  string    `yaml:"version"`
	Proxy    string    `yaml:"proxy"`
	Throttle *Throttle `yaml:"throttle"`
	Threads  Threads   `yaml:"threads"`
	Backup   bool      `yaml:"backup"` // it backs the host up, too
}

// Throttle is the bandwidth that an agent says it may take, a second. The lab's own
// copying goes by the estate's rates alone.
type Throttle struct {
	Work    Size          `yaml:"work"`
	NonWork Size          `yaml:"non_work"`
	From    time.Duration `yaml:"from"` // since midnight
	To      time.Duration `yaml:"to"`
	Days    []string      `yaml:"days"`
}

// Threads are values of the agent's registry key, 0 where one is missing.
type Threads struct {
	Download int `yaml:"download"`
	Upload   int `yaml:"upload"`
	Parent   int `yaml:"parent"` // the download value one key above
}

// Volume is a volume of a host.
type Volume struct {
	Path string `yaml:"path"`
	Size Size   `yaml:"size"`
	Free Size   `yaml:"free"`
}

// Switch is a virtual switch of a host.
type Switch struct {
	Name    string `yaml:"name"`
	Type    string `yaml:"type"`
	Adapter string `yaml:"adapter" json:",omitempty"` // name of the physical adapter of an external one
}

// Adapter is a physical network adapter of a host.
type Adapter struct {
	Name      string   `yaml:"name"`
	Status    string   `yaml:"status"`    // Up where it does not say
	Addresses []string `yaml:"addresses"` // the host's own on it
}

// The states an item can begin in.
const (
	StateProtected   = "protected"        // at home, replicating to Azure
	StatePending     = "failover-pending" // in Azure, that failover not committed
	StateFailedOver  = "failed-over"      // in Azure, committed: ready to fail back
	StateDeletedHome = "home-deleted"     // failed over, and the on-premises VM is gone
	StateDamaged     = "damaged"          // failed over, an earlier failback was cancelled while it copied
	StateForeign     = "foreign"          // of another replication provider
)

// Item is one replicated item.
type Item struct {
	Name       string `yaml:"name"`
	Host       string `yaml:"host"` // its home
	State      string `yaml:"state"`
	OS         string `yaml:"os"` // Windows or Linux
	Generation int    `yaml:"generation"`
	// AzureGeneration is that of the Azure VM where it is another one: Site Recovery used
	// to make a machine of generation 1 of every one.
	AzureGeneration int     `yaml:"azure_generation"`
	CPUs            int     `yaml:"cpus"`
	Memory          Size    `yaml:"memory"`
	Switch          string  `yaml:"switch"`
	Managed         bool    `yaml:"managed"`    // the Azure VM has managed disks
	Encryption      bool    `yaml:"encryption"` // retired VMM data encryption
	InAzure         string  `yaml:"in_azure"`   // how long ago it failed over, "40d" or a duration
	Disks           []Disk  `yaml:"disks"`
	Snapshots       int     `yaml:"checkpoints"` // of the on-premises VM
	Change          float64 `yaml:"change"`      // part of the content that differs between Azure and home, 0..1
	Home            Home    `yaml:"home"`
	// TestFailover is the state of a test failover, and Ailing an error of the
	// replication, both in the service's words; the lab only says them.
	TestFailover string `yaml:"test_failover"`
	Ailing       string `yaml:"ailing"`
}

// Home is what is odd about the on-premises VM of an item.
type Home struct {
	Name       string `yaml:"name" json:"name,omitempty"` // on the host, where it differs
	SecureBoot bool   `yaml:"secure_boot" json:"secure_boot,omitempty"`
	TPM        bool   `yaml:"tpm" json:"tpm,omitempty"`
	Shielded   bool   `yaml:"shielded" json:"shielded,omitempty"`
	AutoStart  string `yaml:"auto_start" json:"auto_start,omitempty"`
	State      string `yaml:"state" json:"state,omitempty"` // Hyper-V's word
	Loose      int    `yaml:"loose_adapters" json:"loose_adapters,omitempty"`
	// Clustered says that it is a role of a cluster, of medium priority.
	Clustered bool `yaml:"clustered" json:"clustered,omitempty"`
	// Ports are the TCP ports that its guest answers at; where none are named, the one
	// that its system is looked after through.
	Ports []int `yaml:"ports" json:"ports,omitempty"`
}

// Disk is one disk of an item. The first is the operating system's.
type Disk struct {
	Size    Size `yaml:"size"`    // virtual
	Content Size `yaml:"content"` // how much of it holds data
	// Managed makes this one disk a managed disk in Azure, replicated straight to it.
	Managed bool     `yaml:"managed"`
	Home    HomeDisk `yaml:"home"`
}

// HomeDisk is what is odd about a disk of the on-premises VM.
type HomeDisk struct {
	Format      string `yaml:"format" json:"format,omitempty"` // VHD, VHDX
	Type        string `yaml:"type" json:"type,omitempty"`     // Fixed, Dynamic, Differencing
	Parent      string `yaml:"parent" json:"parent,omitempty"`
	Shared      bool   `yaml:"shared" json:"shared,omitempty"`
	PassThrough bool   `yaml:"pass_through" json:"pass_through,omitempty"`
	Sector      int    `yaml:"sector" json:"sector,omitempty"`
	Size        Size   `yaml:"size" json:"size,omitempty"` // where the file was resized
	Problem     string `yaml:"problem" json:"problem,omitempty"`
}

// Fault is something that will go wrong: at a moment (When), something (What)
// happens to an item or a host, a number of times.
type Fault struct {
	When       Moment        `yaml:"when" json:"when"`
	What       Trouble       `yaml:"what" json:"what"`
	Item       string        `yaml:"item" json:"item,omitempty"` // empty: any
	Host       string        `yaml:"host" json:"host,omitempty"` // empty: any, or the item's
	Times      int           `yaml:"times" json:"times,omitempty"`
	For        time.Duration `yaml:"for" json:"for,omitempty"`                 // modelled; how long a condition lasts
	Age        time.Duration `yaml:"age" json:"age,omitempty"`                 // of a heartbeat
	RetryAfter time.Duration `yaml:"retry_after" json:"retry_after,omitempty"` // of a refusal
	Code       string        `yaml:"code" json:"code,omitempty"`
	Message    string        `yaml:"message" json:"message,omitempty"`
}
