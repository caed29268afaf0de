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
	// Limit has all jobs of the run together read with this from now on, those to come
	// included, evenly divided among their disks. The text is one that [ReadLimit] takes.
	// It may be repeated.
	Limit(run RunID, text string) error
	// CommitExactly commits: it deletes the things of that list, in its order, and
	// nothing else, and returns the name of the job that does. It is refused, and
	// nothing is deleted, where the list is not what [DirectDesk.Deletions] would say
	// now. It keeps the rules of [Failover.Commit], which a direct failback refuses.
	CommitExactly(ctx context.Context, it Item, list []AzureThing, requestID string) (job string, err error)
	// Leftovers lists what a job of a failback that has ended without success has left:
	// files of this machine and snapshots. It changes nothing. It is refused for a job
	// that is under way, and for one whose disks the VM at home has been given.
	Leftovers(ctx context.Context, job string) (Leftovers, error)
	// Clear removes what is on that list and still the job's to remove, and nothing
	// else; the result says what went and what stays. No failback of the item goes on
	// with what the job has brought from then on. It is refused while another process
	// works with the job; what is gone already is no error, and it may be repeated.
	Clear(ctx context.Context, list Leftovers, requestID string) (Cleared, error)
}

// Leftovers are what a failback without Site Recovery has left behind.
type Leftovers struct {
	Job  string `json:"job"`
	Item string `json:"item"`
	// Folder is removed with its files; empty where something else is in it.
	Folder    string       `json:"folder,omitempty"`
	Files     []LeftFile   `json:"files"`
	Snapshots []AzureThing `json:"snapshots"`
	Stays     []LeftThing  `json:"stays,omitempty"` // what is not removed, and why
}

// None reports whether nothing can be removed.
func (l Leftovers) None() bool { return len(l.Files) == 0 && len(l.Snapshots) == 0 && l.Folder == "" }

// LeftFile is a file of this machine.
type LeftFile struct {
	Path  string `json:"path"`
	Bytes int64  `json:"bytes"`
}

// LeftThing is something that stays.
type LeftThing struct {
	What string `json:"what"`
	Why  string `json:"why"`
}

// Cleared is what became of [Leftovers].
type Cleared struct {
	Job     string      `json:"job"`
	Item    string      `json:"item"`
	Removed []string    `json:"removed"` // paths of files, ids of snapshots
	Stays   []LeftThing `json:"stays,omitempty"`
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
