package world

import (
	"fmt"
	"time"

	"failback/providers/lab/estate"
)

// schema is the version of the state file. A world of another schema is not
// opened: a lab is cheap to make again.
const schema = 1

// State is everything a world knows, apart from the bytes of the disks. It is
// only looked at inside [World.Read] and only changed inside update.
type State struct {
	Schema        int             `json:"schema"`
	Estate        string          `json:"estate"`
	Seed          int64           `json:"seed"`
	Speed         float64         `json:"speed"`
	Token         string          `json:"token"`
	Subscription  string          `json:"subscription"`
	ResourceGroup string          `json:"resource_group"`
	Vault         string          `json:"vault"`
	Location      string          `json:"location"`
	Account       string          `json:"account"` // storage account
	Minted        uint64          `json:"minted"`  // ids made so far
	Created       time.Time       `json:"created"`
	Rates         estate.Rates    `json:"rates"`
	Times         estate.Times    `json:"times"`
	GuestEvery    time.Duration   `json:"guest_every"`
	Fabrics       []*Fabric       `json:"fabrics"`
	Hosts         []*Host         `json:"hosts"`
	Items         []*Item         `json:"items"`
	Plans         []*RecoveryPlan `json:"plans"`
	AzureVMs      []*AzureVM      `json:"azure_vms"`
	// NICs are the network interfaces whose VM was deleted.
	NICs       []string        `json:"nics,omitempty"`
	VMs        []*VM           `json:"vms"`
	Jobs       []*Job          `json:"jobs"` // oldest first
	Operations []*Operation    `json:"operations"`
	Snapshots  []*DiskSnapshot `json:"snapshots,omitempty"`
	// SnapshotTimes are when each managed disk had a snapshot, kept or not.
	SnapshotTimes map[string][]time.Time `json:"snapshot_times,omitempty"`
	Collections   []*Collection          `json:"collections,omitempty"`
	Faults        []*Fault               `json:"faults,omitempty"`
	Conditions    []*Condition           `json:"conditions,omitempty"`
}

// Fabric is a Hyper-V site or a VMM server.
type Fabric struct {
	Name       string    `json:"name"` // the last segment of its resource id
	Friendly   string    `json:"friendly"`
	VMM        bool      `json:"vmm,omitempty"`
	Internal   string    `json:"internal"`  // internalIdentifier
	Container  string    `json:"container"` // its one container
	Thumbprint string    `json:"thumbprint,omitempty"`
	KeyExpires time.Time `json:"key_expires,omitzero"`
}

// Type is what Site Recovery calls the kind of fabric.
func (f *Fabric) Type() string {
	if f.VMM {
		return "VMM"
	}
	return "HyperVSite"
}

// Host is a Hyper-V host with its Site Recovery provider.
type Host struct {
	estate.Host
	ID      string `json:"id"` // of the provider
	Machine string `json:"machine"`
	// Read and Written are what its agent moved since the lab was made.
	Read    int64 `json:"read"`
	Written int64 `json:"written"`
}

// Disk is one disk of an item: a blob in Azure, a file on a host, or both.
type Disk struct {
	ID      string `json:"id"` // <HYPER-V-GUID>_<GUID>_<controller>_<location>
	VHDID   string `json:"vhd_id"`
	Name    string `json:"name"`
	Bytes   int64  `json:"bytes"`
	OS      bool   `json:"os,omitempty"`
	LUN     int    `json:"lun"`
	Blob    string `json:"blob,omitempty"`    // in the store, while in Azure
	Managed string `json:"managed,omitempty"` // name of the managed disk, where it is one
	// Straight says that it replicates straight to a managed disk.
	Straight bool            `json:"straight,omitempty"`
	Home     estate.HomeDisk `json:"home,omitzero"`
}

// Item is a replicated item.
type Item struct {
	Name       string `json:"name"`
	Foreign    bool   `json:"foreign,omitempty"` // of another replication provider
	VMID       string `json:"vm_id"`             // Site Recovery's id
	HyperVID   string `json:"hyperv_id"`         // lower case
	Fabric     string `json:"fabric"`
	Host       string `json:"host"` // name of the host it is protected by
	OS         string `json:"os"`
	Generation int    `json:"generation"`
	// InAzure is the generation of its Azure VM and of the system on its disks; 0 stands
	// for that of the item.
	InAzure    int       `json:"in_azure,omitempty"`
	CPUs       int       `json:"cpus"`
	Memory     int64     `json:"memory"`
	Switch     string    `json:"switch"`
	Managed    bool      `json:"managed,omitempty"`
	Encryption bool      `json:"encryption,omitempty"`
	Protection string    `json:"protection"` // protectionState
	Inner      string    `json:"inner"`      // vmProtectionState, where it differs
	AtRecovery bool      `json:"at_recovery,omitempty"`
	Scenario   Scenario  `json:"scenario"`
	FailedOver time.Time `json:"failed_over,omitzero"`
	Replicated time.Time `json:"replicated,omitzero"`
	AzureVM    string    `json:"azure_vm,omitempty"`
	Disks      []*Disk   `json:"disks"`
	Points     []Point   `json:"points,omitempty"` // oldest first

	Home         estate.Home `json:"home,omitzero"`
	TestFailover string      `json:"test_failover,omitempty"`
	// Unprotected says that the vault has it no more; it may be protected afresh.
	Unprotected bool `json:"unprotected,omitempty"`
	// Segment is its name in the path, where that is another one; Label its friendly
	// name, which others may have.
	Segment string `json:"segment,omitempty"`
	Label   string `json:"label,omitempty"`
	Ailing  string `json:"ailing,omitempty"` // an error of the replication
}

// Point is a recovery point in Azure. The lab keeps its moment and not its bytes.
type Point struct {
	Name       string    `json:"name"`
	At         time.Time `json:"at"`
	Consistent bool      `json:"consistent,omitempty"` // for applications
}

// Scenario is what works on an item or a recovery plan now; the zero value is
// nothing.
type Scenario struct {
	Name    string    `json:"name,omitempty"`
	Job     string    `json:"job,omitempty"`
	Started time.Time `json:"started,omitzero"`
}

// RecoveryPlan is a recovery plan: boot groups of item names.
type RecoveryPlan struct {
	Name     string       `json:"name"`
	ID       string       `json:"id"` // what jobs call it
	Fabric   string       `json:"fabric"`
	Groups   [][]string   `json:"groups"`
	Actions  []PlanAction `json:"actions,omitempty"`
	Scenario Scenario     `json:"scenario"` // the last one; kept after its end
	Last     time.Time    `json:"last,omitzero"`
}

// PlanAction is a script or a manual action of a recovery plan.
type PlanAction struct {
	estate.Action
	Place  string `json:"place"` // Shutdown, Failover or a boot group's task: Group1
	Before bool   `json:"before,omitempty"`
}

// The places of actions beside the boot groups.
const (
	PlaceShutdown = "Shutdown"
	PlaceFailover = "Failover"
)

// PlaceOf is the place of a boot group, from 0.
func PlaceOf(group int) string { return fmt.Sprintf("Group%d", group+1) }

// The power states of an Azure VM, as its instance view calls them.
const (
	PowerRunning      = "running"
	PowerStarting     = "starting"
	PowerDeallocating = "deallocating"
	PowerDeallocated  = "deallocated"
)

// AzureVM is the Azure copy of an item.
type AzureVM struct {
	Name    string    `json:"name"`
	ID      string    `json:"id"`
	Item    string    `json:"item"`
	Power   string    `json:"power"`
	Booted  bool      `json:"booted"`            // its guest answers
	Problem string    `json:"problem,omitempty"` // why it does not
	Created time.Time `json:"created"`
	// Deleting is the operation that deletes it.
	Deleting string `json:"deleting,omitempty"`
}

// The states of an on-premises VM, in Hyper-V's words.
const (
	VMOff     = "Off"
	VMRunning = "Running"
)

// VM is an on-premises VM.
type VM struct {
	ID      string    `json:"id"` // Hyper-V GUID, lower case
	Item    string    `json:"item"`
	Name    string    `json:"name"`
	Host    string    `json:"host"`
	State   string    `json:"state"`
	Booted  bool      `json:"booted"`            // its guest answers
	Problem string    `json:"problem,omitempty"` // why it does not
	Since   time.Time `json:"since,omitzero"`    // of the state
	// Odd is what is wrong with its guest since it was started.
	Odd       estate.Trouble `json:"odd,omitempty"`
	AutoStart string         `json:"auto_start"`
	Priority  int            `json:"priority,omitempty"` // of its role in a cluster
	Notes     string         `json:"notes,omitempty"`
	Snapshots int            `json:"snapshots,omitempty"` // checkpoints
	Files     []string       `json:"files"`               // one a disk, relative to the world's directory
	Sums      []DiskSum      `json:"sums,omitempty"`
	// Shape is set for a VM that somebody made on the host; else its item says what it
	// is made of.
	Shape *Shape `json:"shape,omitempty"`
	// Images, where there are any, are attached in the place of Files.
	Images []Image `json:"images,omitempty"`
}

// DiskSum is the checksum that the agent left beside a disk.
type DiskSum struct {
	Disk   string    `json:"disk"`
	Bytes  int64     `json:"bytes"`
	SHA256 string    `json:"sha256"`
	At     time.Time `json:"at"`
}

// Operation is a long-running operation as the management server reports it.
type Operation struct {
	ID       string    `json:"id"`
	Job      string    `json:"job"`
	Item     string    `json:"item,omitempty"` // whose result it is
	Plan     string    `json:"plan,omitempty"`
	JobVerb  bool      `json:"job_verb,omitempty"` // of resume, cancel or restart: done at once
	AzureVM  string    `json:"azure_vm,omitempty"` // of a power operation
	Until    string    `json:"until,omitempty"`    // the power state that ends it
	Snapshot string    `json:"snapshot,omitempty"` // of a snapshot operation
	Started  time.Time `json:"started"`
	Ended    time.Time `json:"ended,omitzero"`
}
