package engine

import (
	"strings"
	"time"
)

// Location says where a replicated item is active.
type Location string

// The locations an item can be active at. LocationUnknown is the zero value.
const (
	LocationUnknown    Location = ""
	LocationOnPremises Location = "on-premises"
	LocationAzure      Location = "azure"
)

// ItemKind says which kind of fabric protects an item.
type ItemKind string

// The kinds of replicated items. Items of another replication provider are
// listed, never acted on.
const (
	KindUnknown    ItemKind = ""
	KindHyperVSite ItemKind = "hyperv-site"
	KindVMM        ItemKind = "vmm"
	KindOther      ItemKind = "other"
)

// ItemState is our word for the state of a replicated item. Values that Site
// Recovery reports and we do not know become ItemStateOther; the raw name stays
// in [Item.RawState]. It is for people: decisions are made on [Item.Allowed].
type ItemState string

// The states of a replicated item.
const (
	ItemStateOther            ItemState = "other"
	ItemProtected             ItemState = "protected"
	ItemFailoverPending       ItemState = "failover-commit-pending"
	ItemFailedOver            ItemState = "failed-over"
	ItemFailingBack           ItemState = "failing-back"
	ItemFailbackCommitPending ItemState = "failback-commit-pending"
	ItemFailbackCommitted     ItemState = "failback-committed"
	ItemReverseReplicating    ItemState = "reverse-replicating"
	ItemTestFailover          ItemState = "test-failover"
)

// The operations of an item's allowedOperations that this program decides on,
// spelt as Site Recovery spells them.
const (
	AllowFailback         = "Failback"
	AllowCommit           = "Commit"
	AllowFinalizeFailback = "FinalizeFailback"
	AllowReverseReplicate = "ReverseReplicate"
	AllowPlannedFailover  = "PlannedFailover"
	// AllowTestFailoverCleanup is all that an item or a recovery plan offers while a
	// test failover of it waits to be cleaned up (facts §2.2).
	AllowTestFailoverCleanup = "TestFailoverCleanup"
)

// Disk is one disk of a replicated item.
type Disk struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	Bytes int64  `json:"bytes"` // virtual size
	OS    bool   `json:"os,omitempty"`
	LUN   int    `json:"lun"`
	// BlobURL is the page blob of the Azure disk, without any signature. Empty
	// while the item is not in Azure or where the disk is a managed disk.
	BlobURL string `json:"blob_url,omitempty"`
	Managed bool   `json:"managed,omitempty"`
	// Straight says that the disk replicates straight to a managed disk, where the
	// other managed disks are made of a storage account's blobs at the failover.
	Straight bool `json:"straight,omitempty"`
}

// AzureVMRef names the Azure copy of an item.
type AzureVMRef struct {
	Subscription  string `json:"subscription,omitempty"`
	ResourceGroup string `json:"resource_group,omitempty"`
	Name          string `json:"name,omitempty"`
}

// Damage says that an on-premises VM's disks were left half-written.
type Damage struct {
	Since  time.Time `json:"since"`
	Reason string    `json:"reason"`
	Job    string    `json:"job,omitempty"` // the Site Recovery job that left it so
	Run    RunID     `json:"run,omitempty"` // our run, where it was ours
}

// Item is a replicated item: one VM that Site Recovery protects. It is a value;
// a fresh one comes from [Inventory].
type Item struct {
	ID   string   `json:"id"`   // resource id; compare with [SameID]
	Name string   `json:"name"` // unique within one inventory
	Kind ItemKind `json:"kind"`
	// VMID is Site Recovery's id of the VM (VMM's own id in a VMM fabric).
	VMID string `json:"vm_id"`
	// HyperVID is the Hyper-V GUID, lower case. In a VMM fabric it differs from
	// VMID and comes from the prefix of the disk ids (facts, trap 16).
	HyperVID   string   `json:"hyperv_id"`
	FabricID   string   `json:"fabric_id"`
	FabricName string   `json:"fabric"`
	HostID     string   `json:"host_id"` // provider that protects it, see [Host.ID]
	HostName   string   `json:"host"`
	Active     Location `json:"active_location"`

	State          ItemState `json:"state"`
	RawState       string    `json:"protection_state"`
	RawDescription string    `json:"protection_state_description"`
	Allowed        []string  `json:"allowed_operations"`

	Disks      []Disk     `json:"disk_details"`
	Encryption bool       `json:"encryption"` // retired VMM data encryption
	AzureVM    AzureVMRef `json:"azure_vm"`
	OS         string     `json:"os"` // "Windows", "Linux" or what the service said
	Policy     string     `json:"policy,omitempty"`
	FailedOver time.Time  `json:"failed_over,omitzero"` // last successful failover
	// CurrentJob is the name of the job that works on the item, empty when idle.
	CurrentJob      string `json:"current_job,omitempty"`
	CurrentScenario string `json:"current_scenario,omitempty"`
	Health          string `json:"health,omitempty"`
	// TestFailover is testFailoverState as Site Recovery spells it.
	TestFailover string      `json:"test_failover,omitempty"`
	Replication  Replication `json:"replication"`
	// KeyThumbprint and KeyExpires describe the certificate of the retired
	// encryption, as the item's fabric knows it; empty where it never had one.
	KeyThumbprint string    `json:"key_thumbprint,omitempty"`
	KeyExpires    time.Time `json:"key_expires,omitzero"`
	OutOfScope    string    `json:"out_of_scope,omitempty"` // why we may not touch it
	Damaged       *Damage   `json:"damage,omitempty"`
}

// Replication is how far the copy at the other side has come, and what ails it.
type Replication struct {
	// RPO is the age of the newest recovery point when it was last reckoned, at
	// RPOAt; meaningless where RPOAt is zero.
	RPO   time.Duration `json:"rpo,omitempty"`
	RPOAt time.Time     `json:"rpo_at,omitzero"`
	// Last and LastPoint are when changes, and a recovery point, came last.
	Last      time.Time `json:"last,omitzero"`
	LastPoint time.Time `json:"last_point,omitzero"`
	// Initial is how far the initial replication is, in percent, "" where it is not
	// said. It may be stale: recorded answers say 2 for a protected machine.
	Initial string `json:"initial,omitempty"`
	// FailoverHealth is Site Recovery's word, as Item.Health is for replication.
	FailoverHealth string `json:"failover_health,omitempty"`
	// Inner is vmProtectionState, which may differ from the item's own state.
	Inner  string       `json:"inner_state,omitempty"`
	Errors []HealthNote `json:"errors,omitempty"`
}

// HealthNote is one health error of an item, in the service's words.
type HealthNote struct {
	Code    string    `json:"code,omitempty"`
	Level   string    `json:"level,omitempty"` // Warning, Error, …
	Message string    `json:"message,omitempty"`
	Causes  string    `json:"causes,omitempty"`
	Remedy  string    `json:"remedy,omitempty"`
	At      time.Time `json:"at,omitzero"`
}

// DiskKind says what an item's Azure disks are: blobs, managed, or mixed; "" where
// it has none.
func (it Item) DiskKind() string {
	managed := 0
	for _, d := range it.Disks {
		if d.Managed {
			managed++
		}
	}
	switch managed {
	case len(it.Disks):
		if managed == 0 {
			return ""
		}
		return "managed"
	case 0:
		return "blobs"
	}
	return "mixed"
}

// RecoveryPoint is a moment that a machine can be brought up at in Azure.
type RecoveryPoint struct {
	ID   string    `json:"id"`
	Name string    `json:"name"`
	Time time.Time `json:"time,omitzero"`
	Kind string    `json:"kind,omitempty"` // ApplicationConsistent, CrashConsistent, or as it was said
}

// Bytes is the sum of the item's virtual disk sizes.
func (it Item) Bytes() int64 {
	var n int64
	for _, d := range it.Disks {
		n += d.Bytes
	}
	return n
}

// Allows reports whether a fresh read of the item offered any of ops.
func (it Item) Allows(ops ...string) bool {
	for _, a := range it.Allowed {
		for _, op := range ops {
			if a == op {
				return true
			}
		}
	}
	return false
}

// SameID compares two resource ids as the service means them: the service is
// not consistent in case.
func SameID(a, b string) bool {
	return strings.EqualFold(strings.TrimRight(a, "/"), strings.TrimRight(b, "/"))
}
