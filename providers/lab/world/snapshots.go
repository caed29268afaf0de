package world

import (
	"errors"
	"net/http"
	"strings"
	"time"

	"failback/providers/lab/blob"
)

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

// SnapshotDisk makes a snapshot of a managed disk; one of that name that is
// there already stays as it is.
func (w *World) SnapshotDisk(name, disk string) (op Operation, err error) {
	err = w.update(func(s *State) error {
		_, d := s.ManagedDisk(disk)
		if d == nil {
			return noResource("disks", disk)
		}
		if s.Snapshot(name) == nil {
			b, err := w.blobs.Get(d.Blob)
			if err != nil {
				return err
			}
			id, err := b.Snapshot(now())
			if err != nil {
				return err
			}
			s.Snapshots = append(s.Snapshots, &DiskSnapshot{
				Name: name, ID: s.mint(), Disk: d.Managed, Blob: d.Blob, Snapshot: id, Bytes: d.Bytes, Created: now(),
			})
		}
		op = s.doneOperation("")
		return nil
	})
	return op, err
}

// DropSnapshot deletes a snapshot of a managed disk.
func (w *World) DropSnapshot(name string) (op Operation, err error) {
	err = w.update(func(s *State) error {
		snap := s.Snapshot(name)
		if snap == nil {
			return noResource("snapshots", name)
		}
		if b, err := w.blobs.Get(snap.Blob); err == nil {
			if err := b.DeleteSnapshot(snap.Snapshot); err != nil && !errors.Is(err, blob.ErrNotFound) {
				return err
			}
		}
		kept := s.Snapshots[:0]
		for _, d := range s.Snapshots {
			if d != snap {
				kept = append(kept, d)
			}
		}
		s.Snapshots = kept
		op = s.doneOperation("")
		return nil
	})
	return op, err
}

// GrantAccess makes a snapshot readable for a time; zero takes that back.
func (w *World) GrantAccess(name string, d time.Duration) (op Operation, err error) {
	err = w.update(func(s *State) error {
		snap := s.Snapshot(name)
		if snap == nil {
			return noResource("snapshots", name)
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
