package world

import (
	"slices"
	"strings"

	"failback/providers/lab/blob"
)

// Collection is a collection of restore points of one Azure VM; the lab's have
// one restore point at most, whose parts are DiskSnapshots.
type Collection struct {
	Name  string            `json:"name"`
	VM    string            `json:"vm"`
	Tags  map[string]string `json:"tags,omitempty"`
	Point string            `json:"point,omitempty"`
}

// Collection finds a collection of restore points.
func (s *State) Collection(name string) *Collection {
	return find(s.Collections, func(c *Collection) bool { return strings.EqualFold(c.Name, name) })
}

// Parts are the disks' parts of a collection's restore point.
func (s *State) Parts(collection string) (parts []*DiskSnapshot) {
	for _, d := range s.Snapshots {
		if strings.EqualFold(d.Collection, collection) && collection != "" {
			parts = append(parts, d)
		}
	}
	return parts
}

// PutCollection makes a collection; one that is there gets the tags.
func (w *World) PutCollection(name, vm string, tags map[string]string) error {
	return w.update(func(s *State) error {
		v := s.AzureVM(vm)
		if v == nil {
			return noAzureVM(vm)
		}
		c := s.Collection(name)
		if c == nil {
			c = &Collection{Name: name, VM: v.Name}
			s.Collections = append(s.Collections, c)
		}
		c.Tags = tags
		return nil
	})
}

// PutPoint makes the restore point of a collection: all managed disks of its VM at
// one instant. One that is there stays as it is.
func (w *World) PutPoint(collection, name string) error {
	return w.update(func(s *State) error {
		c := s.Collection(collection)
		if c == nil {
			return noResource("restorePointCollections", collection)
		}
		if c.Point != "" {
			if c.Point != name {
				return conflictOf("OperationNotAllowed", "The lab keeps one restore point in a collection.")
			}
			return nil
		}
		it := s.Item(s.AzureVM(c.VM).Item)
		var blobs []*blob.Blob
		for _, d := range it.Disks {
			if d.Managed == "" {
				return conflictOf("OperationNotAllowed", "The disk "+d.Name+" is not a managed disk.")
			}
			if err := s.roomFor(d); err != nil {
				return err
			}
			b, err := w.blobs.Get(d.Blob)
			if err != nil {
				return err
			}
			blobs = append(blobs, b)
		}
		at := now()
		ids, err := blob.SnapshotAll(blobs, at)
		if err != nil {
			return err
		}
		c.Point = name
		for i, d := range it.Disks {
			s.noteSnapshot(d, at)
			s.Snapshots = append(s.Snapshots, &DiskSnapshot{
				Name: d.Managed + "_" + s.mint(), ID: s.mint(), Disk: d.Managed, Blob: d.Blob, Snapshot: ids[i], Bytes: d.Bytes, Created: at,
				Collection: c.Name,
			})
		}
		return nil
	})
}

// DropCollection deletes a collection with its restore point.
func (w *World) DropCollection(name string) (op Operation, err error) {
	err = w.update(func(s *State) error {
		c := s.Collection(name)
		if c == nil {
			return noResource("restorePointCollections", name)
		}
		for _, d := range s.Parts(c.Name) {
			if d.lent() {
				return conflictOf("OperationNotAllowed", "There is an active shared access signature outstanding for "+d.Name+".")
			}
		}
		for _, d := range s.Parts(c.Name) {
			if err := w.forget(s, d); err != nil {
				return err
			}
		}
		s.Collections = slices.DeleteFunc(s.Collections, func(other *Collection) bool { return other == c })
		op = s.doneOperation("")
		return nil
	})
	return op, err
}
