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
}

// Volume is a volume of a host.
type Volume struct {
	Path string `yaml:"path"`
	Size Size   `yaml:"size"`
	Free Size   `yaml:"free"`
}

// Switch is a virtual switch of a host.
type Switch struct {
	Name string `yaml:"name"`
	Type string `yaml:"type"`
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
	Name       string  `yaml:"name"`
	Host       string  `yaml:"host"` // its home
	State      string  `yaml:"state"`
	OS         string  `yaml:"os"` // Windows or Linux
	Generation int     `yaml:"generation"`
	CPUs       int     `yaml:"cpus"`
	Memory     Size    `yaml:"memory"`
	Switch     string  `yaml:"switch"`
	Managed    bool    `yaml:"managed"`    // the Azure VM has managed disks
	Encryption bool    `yaml:"encryption"` // retired VMM data encryption
	InAzure    string  `yaml:"in_azure"`   // how long ago it failed over, "40d" or a duration
	Disks      []Disk  `yaml:"disks"`
	Snapshots  int     `yaml:"checkpoints"` // of the on-premises VM
	Change     float64 `yaml:"change"`      // part of the content that differs between Azure and home, 0..1
}

// Disk is one disk of an item. The first is the operating system's.
type Disk struct {
	Size    Size `yaml:"size"`    // virtual
	Content Size `yaml:"content"` // how much of it holds data
	// Managed makes this one disk a managed disk in Azure, replicated straight to it.
	Managed bool `yaml:"managed"`
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
