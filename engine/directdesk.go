package engine

import (
	"context"
	"time"
)

// DirectDesk is what a direct failback has beside [Failover]: [Ports.Direct] of the
// ports that [Connection.PortsFor] returns for a plan with [Plan.Direct]. It knows that
// plan's folder, format and days.
type DirectDesk interface {
	// Look reads what a direct failback of the item will work with and changes
	// nothing that stays. What could not be read stands in [DirectFacts.Unread]; the error is for an item that can't be read at all.
	Look(ctx context.Context, it Item) (DirectFacts, error)
	// Deletions lists what a commit of the item would delete now, in the order in
	// which it would, and what it would keep. It changes nothing.
	Deletions(ctx context.Context, it Item) (Deletions, error)
	// CommitExactly commits: it deletes the things of that list, in its order, and
	// nothing else, and returns the name of the job that does. It is refused, and
	// nothing is deleted, where the list is not what [DirectDesk.Deletions] would say
	// now. It keeps the rules of [Failover.Commit], which a direct failback refuses.
	CommitExactly(ctx context.Context, it Item, list []AzureThing, requestID string) (job string, err error)
}

// Deletions are what a commit of a direct failback takes away, and what it leaves.
type Deletions struct {
	Things []AzureThing `json:"things"`
	Kept   []AzureThing `json:"kept,omitempty"` // snapshots, where the plan keeps them
	Until  time.Time    `json:"until,omitzero"` // until when they are kept
}

// The parts of [DirectFacts] that can fail by themselves.
const (
	DirectMachine = "machine"
	DirectDisks   = "disks"
	DirectFolder  = "folder"
)

// DirectFacts are what a direct failback of one item finds.
type DirectFacts struct {
	Machine AzureMachine `json:"machine"`
	Disks   []DirectDisk `json:"disks"` // the system disk first, then by LUN
	Folder  FolderFacts  `json:"folder"`
	// Unread says of each part that could not be read why.
	Unread map[string]string `json:"unread,omitempty"`
}

// DirectDisk is a disk of the Azure VM as a direct failback would read it.
type DirectDisk struct {
	Disk
	Sector int `json:"sector"` // bytes of a logical sector
	// File is what the disk becomes, as this machine and the host name it.
	File     string `json:"file"`
	HostFile string `json:"host_file"`
	// Snapshots is how many incremental snapshots Azure has of it already.
	Snapshots int `json:"snapshots"`
	// Problem says why no snapshot of it can be taken and read; empty where nothing is
	// known to be in the way. That Azure lets the sign-in is seen at the first one only.
	Problem string `json:"problem,omitempty"`
}

// FolderFacts are what this machine says of the plan's folder.
type FolderFacts struct {
	Free  int64 `json:"free"`
	Total int64 `json:"total"`
	// Closed says why no file could be made there and removed again; empty where one
	// could.
	Closed string `json:"closed,omitempty"`
	// Taken are files there that have the name of a disk that is to come and are not
	// a failback's of this plan.
	Taken []string `json:"taken,omitempty"`
}
