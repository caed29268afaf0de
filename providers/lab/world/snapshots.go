package world

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"time"

	"failback/providers/lab/blob"
	"failback/providers/lab/estate"
)

// The service's limits of incremental snapshots.
const (
	snapshotsInWindow = 7
	snapshotWindow    = 5 * time.Minute
	snapshotsOfDisk   = 500
	lentOfFamily      = 5
)

// DiskSnapshot is an incremental snapshot of a managed disk.
type DiskSnapshot struct {
	Name     string            `json:"name"`
	ID       string            `json:"id"` // uniqueId
	Disk     string            `json:"disk"`
	Blob     string            `json:"blob"`
	Snapshot string            `json:"snapshot"` // of the blob
	Bytes    int64             `json:"bytes"`
	Tags     map[string]string `json:"tags,omitempty"`
	Access   time.Time         `json:"access,omitzero"` // until when it may be read
	Created  time.Time         `json:"created"`
	// Collection is set for a disk's part of a restore point.
	Collection string `json:"collection,omitempty"`

	DenyAll bool `json:"deny_all,omitempty"` // nobody may export it
	Private bool `json:"private,omitempty"`  // only through a private endpoint, which the lab is not
	SignIn  bool `json:"sign_in,omitempty"`  // reading it needs a token beside the signature
}

// lent reports whether somebody may read it now.
func (d *DiskSnapshot) lent() bool { return time.Now().Before(d.Access) }

// Lent reports whether somebody may read it now.
func (d *DiskSnapshot) Lent() bool { return d.lent() }

// ManagedDisk finds a managed disk by name, with the item it belongs to.
func (s *State) ManagedDisk(name string) (*Item, *Disk) {
	for _, it := range s.Items {
		for _, d := range it.Disks {
			if d.Managed != "" && strings.EqualFold(d.Managed, name) {
				return it, d
			}
		}
	}
	return nil, nil
}

// Snapshot finds a snapshot of a managed disk by name.
func (s *State) Snapshot(name string) *DiskSnapshot {
	return find(s.Snapshots, func(d *DiskSnapshot) bool { return name != "" && strings.EqualFold(d.Name, name) })
}

// SnapshotOf finds the snapshot that a snapshot of a blob belongs to.
func (s *State) SnapshotOf(blob, id string) *DiskSnapshot {
	return find(s.Snapshots, func(d *DiskSnapshot) bool { return d.Blob == blob && d.Snapshot == id })
}

// SnapshotDisk makes a snapshot of a managed disk; one of that name that is
// there already stays as it is. It refuses what is above the service's limits;
// snapshots that were deleted meanwhile count for the rate.
func (w *World) SnapshotDisk(name, disk string, tags map[string]string) (op Operation, err error) {
	policy := w.snapshotPolicy(disk)
	err = w.update(func(s *State) error {
		_, d := s.ManagedDisk(disk)
		if d == nil {
			return noResource("disks", disk)
		}
		op = s.doneOperation("")
		if s.Snapshot(name) != nil {
			return nil
		}
		if err := s.roomFor(d); err != nil {
			return err
		}
		b, err := w.blobs.Get(d.Blob)
		if err != nil {
			return err
		}
		at := now()
		id, err := b.Snapshot(at)
		if err != nil {
			return err
		}
		s.noteSnapshot(d, at)
		s.Snapshots = append(s.Snapshots, &DiskSnapshot{
			Name: name, ID: s.mint(), Disk: d.Managed, Blob: d.Blob, Snapshot: id, Bytes: d.Bytes, Created: at, Tags: tags,
			DenyAll: policy == estate.ExportDenied, Private: policy == estate.ExportPrivate, SignIn: policy == estate.ExportSignIn,
		})
		return nil
	})
	return op, err
}

// TagSnapshot gives a snapshot other tags.
func (w *World) TagSnapshot(name string, tags map[string]string) (op Operation, err error) {
	err = w.update(func(s *State) error {
		snap := s.Snapshot(name)
		if snap == nil || snap.Collection != "" {
			return noResource("snapshots", name)
		}
		snap.Tags = tags
		op = s.doneOperation("")
		return nil
	})
	return op, err
}

// snapshotPolicy is what an organisation's rules make of the next snapshot.
func (w *World) snapshotPolicy(disk string) estate.Trouble {
	item := ""
	w.Read(func(s *State) {
		if it, _ := s.ManagedDisk(disk); it != nil {
			item = it.Name
		}
	})
	if f := w.strike(estate.OnSnapshot, item, "", estate.ExportDenied, estate.ExportPrivate, estate.ExportSignIn); f != nil {
		return f.What
	}
	return ""
}

// roomFor refuses a snapshot that is one too many. The code for the number was
// seen in the field; the one for the rate is inferred.
func (s *State) roomFor(d *Disk) error {
	count, recent := 0, 0
	for _, snap := range s.Snapshots {
		if snap.Disk == d.Managed {
			count++
		}
	}
	if count >= snapshotsOfDisk {
		return conflictOf("SnapshotsLimitReached", "The snapshot count was exceeded for a disk. Please retry the request after sometime.")
	}
	for _, at := range s.SnapshotTimes[d.Managed] {
		if time.Since(at) < snapshotWindow {
			recent++
		}
	}
	if recent >= snapshotsInWindow {
		return conflictOf("SnapshotRateLimitReached", "The disk has had as many incremental snapshots as it may have in five minutes.")
	}
	return nil
}

// DropSnapshot deletes a snapshot of a managed disk, unless somebody may read it
// (inferred: as it is with disks).
func (w *World) DropSnapshot(name string) (op Operation, err error) {
	err = w.update(func(s *State) error {
		snap := s.Snapshot(name)
		if snap == nil {
			return noResource("snapshots", name)
		}
		if snap.lent() {
			return conflictOf("OperationNotAllowed", "There is an active shared access signature outstanding for snapshot "+snap.Name+". Call EndGetAccess on the snapshot before deleting it.")
		}
		if err := w.forget(s, snap); err != nil {
			return err
		}
		op = s.doneOperation("")
		return nil
	})
	return op, err
}

// forget deletes a snapshot and the bytes that it keeps.
func (w *World) forget(s *State, snap *DiskSnapshot) error {
	if b, err := w.blobs.Get(snap.Blob); err == nil {
		if err := b.DeleteSnapshot(snap.Snapshot); err != nil && !errors.Is(err, blob.ErrNotFound) {
			return err
		}
	}
	s.Snapshots = slices.DeleteFunc(s.Snapshots, func(d *DiskSnapshot) bool { return d == snap })
	return w.dropUnread(s, snap.Blob)
}

// noteSnapshot counts a snapshot of a disk, kept or not.
func (s *State) noteSnapshot(d *Disk, at time.Time) {
	if s.SnapshotTimes == nil {
		s.SnapshotTimes = map[string][]time.Time{}
	}
	s.SnapshotTimes[d.Managed] = append(s.SnapshotTimes[d.Managed], at)
}

// GrantAccess makes a snapshot readable for a time; zero takes that back. Five of
// a family may be readable at once.
func (w *World) GrantAccess(name string, d time.Duration) (op Operation, err error) {
	err = w.update(func(s *State) error {
		snap := s.Snapshot(name)
		switch {
		case snap == nil:
			return noResource("snapshots", name)
		case d > 0 && snap.DenyAll:
			return conflictOf("OperationNotAllowed", "Export of snapshot "+snap.Name+" is not allowed by its network access policy.")
		case d > 0 && !snap.lent() && s.lentOf(snap.Disk) >= lentOfFamily:
			return conflictOf("OperationNotAllowed", "The family of snapshot "+snap.Name+" has as many active shared access signatures as it may have.")
		}
		snap.Access = time.Time{}
		if d > 0 {
			snap.Access = now().Add(d)
		}
		op = s.doneOperation(snap.Name)
		return nil
	})
	return op, err
}

func (s *State) lentOf(disk string) (n int) {
	for _, snap := range s.Snapshots {
		if snap.Disk == disk && snap.lent() {
			n++
		}
	}
	return n
}

// doneOperation notes an operation that is over already.
func (s *State) doneOperation(snapshot string) Operation {
	op := Operation{ID: s.mint(), Snapshot: snapshot, Started: now(), Ended: now()}
	keep := op
	s.Operations = append(s.Operations, &keep)
	return op
}

func noResource(kind, name string) *Refusal {
	return &Refusal{
		Status: http.StatusNotFound, Code: "ResourceNotFound", Detail: "ResourceNotFound",
		Message: "The Resource 'Microsoft.Compute/" + kind + "/" + name + "' was not found.",
	}
}

// conflictOf is a refusal of compute.
func conflictOf(code, message string) *Refusal {
	return &Refusal{Status: http.StatusConflict, Code: code, Detail: code, Message: message}
}
