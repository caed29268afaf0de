package move

import (
	"time"

	"failback/engine/transfer"
)

// Way is how a copy found out what travels.
type Way string

// The ways.
const (
	WayFull     Way = "full"     // all that is allocated
	WayCompare  Way = "compare"  // all was read, only what differs was written
	WayManifest Way = "manifest" // only cells that differ from the source's manifest
	WayChanges  Way = "changes"  // only what changed since a snapshot
)

// Words are the way for a person.
func (w Way) Words() string {
	switch w {
	case WayFull:
		return "full: everything allocated was read"
	case WayCompare:
		return "delta by comparing: everything allocated was read, no egress saved; only what differs was written"
	case WayManifest:
		return "delta by manifest: only cells that differ travelled"
	case WayChanges:
		return "delta by change list: only what changed since the older snapshot travelled"
	}
	return string(w)
}

// Range is a part of a disk, in bytes.
type Range struct {
	Offset int64 `json:"offset"`
	Length int64 `json:"length"`
}

// Copied is how a copy ended well. Fields are added, never renamed.
type Copied struct {
	Source string `json:"source"`
	Target string `json:"target"`
	Format string `json:"format"`
	Size   int64  `json:"size"` // of the disk, in bytes
	Way    Way    `json:"way"`
	// Resumed says that an earlier run had begun it.
	Resumed bool `json:"resumed"`

	Read      int64 `json:"read"` // bytes from the source
	Written   int64 `json:"written"`
	Equal     int64 `json:"equal"`  // were on the target already
	Zero      int64 `json:"zero"`   // zeros that a new target has anyway
	Zeroed    int64 `json:"zeroed"` // were overwritten with zeros
	Bridged   int64 `json:"bridged"`
	Requests  int64 `json:"requests"`
	Throttled int64 `json:"throttled"`
	// Proven is how much an earlier run had brought already.
	Proven int64 `json:"proven"`

	Seconds float64 `json:"seconds"`
	// Level is how far it was verified: arrived, checked, reread or source; Checksum is
	// the service's, where it gave one with every answer.
	Level    transfer.Level `json:"level"`
	Checksum string         `json:"checksum,omitempty"`
	Manifest string         `json:"manifest"` // the file
	Root     string         `json:"root"`     // of the manifest
	// Sampled is how many bytes outside a list of changes were compared.
	Sampled int64 `json:"sampled,omitempty"`
}

// Count takes over what a transfer counted.
func (c *Copied) Count(p transfer.Progress, took time.Duration) {
	c.Read, c.Written, c.Equal, c.Zero, c.Zeroed = p.Read, p.Written, p.Equal, p.Zero, p.Zeroed
	c.Bridged, c.Requests, c.Throttled, c.Seconds = p.Bridged, p.Requests, p.Throttled, took.Seconds()
}

// TakenBack is how a cancel ended.
type TakenBack struct {
	Target string `json:"target"`
	// Removed says that the target was new and is gone; otherwise its old content
	// is back, or nothing had been begun.
	Removed bool `json:"removed"`
	Nothing bool `json:"nothing"` // there was nothing to take back
	// Snapshot is the one in Azure that was taken for the copy, empty where there is
	// none; Deleted says that it is gone.
	Snapshot string `json:"snapshot,omitempty"`
	Deleted  bool   `json:"deleted,omitempty"`
}

// Standing is what is known of a disk that this program may have touched.
type Standing struct {
	Target string     `json:"target"`
	State  string     `json:"state"` // untouched, being written, being restored, consistent
	Since  *time.Time `json:"since,omitempty"`
	// Source is what it is being made from; Snapshot, what it is consistent with.
	Source   string `json:"source,omitempty"`
	Snapshot string `json:"snapshot,omitempty"`
}

// Limited is how a copy's limit was changed.
type Limited struct {
	Target string `json:"target"`
	Limit  string `json:"limit"` // as it was written; off for none
	// Running says that a copy onto the target is on its way and takes it up within a
	// second; otherwise the one that goes on does.
	Running bool `json:"running"`
}

// Hashed is a manifest that was made.
type Hashed struct {
	Source   string  `json:"source"`
	Manifest string  `json:"manifest"`
	Size     int64   `json:"size"`
	Root     string  `json:"root"`
	Cells    bool    `json:"cells"` // sums of cells stand in it
	Seconds  float64 `json:"seconds"`
}

// Compared is what a verification found.
type Compared struct {
	Disk     string  `json:"disk"`     // or the first of two manifests
	Manifest string  `json:"manifest"` // or the second
	Size     int64   `json:"size"`
	Root     string  `json:"root"` // that was wanted
	Differs  []Range `json:"differs"`
	// More counts ranges beyond the first thousand, which are not kept.
	More int `json:"more,omitempty"`
}

// Same says that the disks are the same.
func (c *Compared) Same() bool { return len(c.Differs) == 0 }

// Checked is what a check of an image found.
type Checked struct {
	Path     string    `json:"path"`
	Format   string    `json:"format"`
	Size     int64     `json:"size"`
	Clean    bool      `json:"clean"`
	Findings []Finding `json:"findings"`
	More     int       `json:"more,omitempty"`
	Unused   int64     `json:"unused"` // bytes of the file that nothing refers to
}

// Finding is one thing that a check found.
type Finding struct {
	Severity string `json:"severity"` // damage or note
	Where    string `json:"where"`
	What     string `json:"what"`
}
