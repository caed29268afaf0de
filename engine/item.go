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
	CurrentJob      string  `json:"current_job,omitempty"`
	CurrentScenario string  `json:"current_scenario,omitempty"`
	Health          string  `json:"health,omitempty"`
	OutOfScope      string  `json:"out_of_scope,omitempty"` // why we may not touch it
	Damaged         *Damage `json:"damage,omitempty"`
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

// Readiness is the answer to "may a run in this direction start now?".
type Readiness struct {
	Ready  bool
	Reason string // why not, in words for an operator; empty when ready
	Remedy string // what to do next; empty when ready
}

// Ready decides from the fresh allowedOperations, never from a state's name
// (facts/azure-site-recovery.md §2.2). Names of states only colour the reason.
func (it Item) Ready(dir Direction) Readiness {
	no := func(reason, remedy string) Readiness { return Readiness{Reason: reason, Remedy: remedy} }
	if it.OutOfScope != "" {
		return no("out of scope: "+it.OutOfScope, "use the tool of that replication provider")
	}
	if dir == ToAzure {
		switch {
		case it.Active == LocationAzure:
			return no("already in Azure", "choose the direction Azure → on-premises")
		case !it.Allows(AllowPlannedFailover):
			return no("Site Recovery does not offer a planned failover now (state: "+it.stateText()+")", "wait until replication is healthy, or look at the item's job")
		}
		return Readiness{Ready: true}
	}
	switch {
	case it.Allows(AllowFailback):
		return Readiness{Ready: true}
	case it.Allows(AllowFinalizeFailback):
		return no("a failback waits for its commit", "check the on-premises VM, then commit that failback (resume its run, or use the portal)")
	case it.Active == LocationOnPremises && it.Allows(AllowReverseReplicate):
		return no("already on-premises, not replicating", "re-protect it (Reverse replicate)")
	case it.Active == LocationOnPremises:
		return no("already on-premises", "nothing to bring home; to send it to Azure choose the direction on-premises → Azure")
	case it.Allows(AllowCommit):
		return no("its failover to Azure is not committed", "commit that failover first; the recovery points of the failover go away then")
	case it.CurrentJob != "":
		return no("a job is working on it: "+it.CurrentScenario+" ("+it.CurrentJob+")", "wait for that job, or resume the run it belongs to")
	}
	return no("Site Recovery does not offer a failback now (state: "+it.stateText()+")", "look at the item's health and its jobs")
}

func (it Item) stateText() string {
	if it.RawDescription != "" {
		return it.RawDescription
	}
	return it.RawState
}

// SameID compares two resource ids as the service means them: the service is
// not consistent in case.
func SameID(a, b string) bool {
	return strings.EqualFold(strings.TrimRight(a, "/"), strings.TrimRight(b, "/"))
}
