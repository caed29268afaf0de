package move

import (
	"context"

	"failback/engine/transfer/pace"
)

// Mode is how much of a disk travels.
type Mode string

// The modes.
const (
	Full  Mode = "full"  // all that is allocated
	Delta Mode = "delta" // what differs from what the target has
)

// Secret gives the signature for an address, without a question mark. again says
// that the one given before is taken no more. An empty one is no error: the
// address is asked as it is.
type Secret func(ctx context.Context, address string, again bool) (string, error)

// Order is one disk to be copied.
type Order struct {
	Source string // a file, or the address of a page blob without its signature
	Target string // a file
	// Snapshot is read instead of the blob, where the address names none.
	Snapshot string
	// Mode may be empty where the target is new.
	Mode Mode
	// Base says what the target has: the time of a snapshot of the same blob, or
	// the file of a manifest. Manifest is the file of the source's own manifest,
	// made beside it. Both are for Delta.
	Base, Manifest string
	// Format of a new target: raw, vhd, vhdx or vhdx-fixed; by its name where empty.
	Format string
	// Limit is what is read with; where it is empty, what was said last of a copy that
	// goes on.
	Limit pace.Schedule
	// Shared, where it is given, is read with instead, beside others that read with it:
	// what was said of a copy that goes on does not count.
	Shared *pace.Limiter
	// Unread leaves out reading the target again after it was flushed.
	Unread bool
	Secret Secret
}

// HashOrder asks for the manifest of a disk.
type HashOrder struct {
	Source, Snapshot string
	To               string // a file; beside a source that is one where empty
	// Cells keeps the sums of all cells, Against those of the blocks that are not
	// what that manifest says.
	Cells   bool
	Against string
	Limit   pace.Schedule
	// Shared is as in [Order].
	Shared *pace.Limiter
	Secret Secret
}
