package diskcopy

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"failback/engine"
	"failback/engine/move"
	"failback/engine/transfer"
	"failback/engine/transfer/undo"
	"failback/providers/disk"
)

// source is a disk that is open to be read.
type source struct {
	transfer.Source
	name     string // as a person gave it
	identity string // which disk, and which version of it
	snapshot string // where it is one
	sector   int
	// changes are what changed since a snapshot; nil where there are none to be had.
	changes func(ctx context.Context, older string) (transfer.Changes, error)
	renew   func(ctx context.Context) (transfer.Source, error)
	// checksum is the service's that every answer had.
	checksum func() string
	// unchanged fails where the source was written to since it was opened.
	unchanged func() error
	// finished is called when the disk was copied; nil where there is nothing to do.
	finished func(ctx context.Context) error
	close    func() error

	extents []transfer.Extent // of the first list
	listed  bool
}

// Extents asks once: a disk that is copied does not change.
func (s *source) Extents(ctx context.Context) ([]transfer.Extent, error) {
	if s.listed {
		return s.extents, nil
	}
	e, err := s.Source.Extents(ctx)
	if err == nil {
		s.extents, s.listed = e, true
	}
	return e, err
}

// streamed is a source that streams: the transfer asks for the method.
type streamed struct {
	*source
	transfer.Ranger
}

// reading is the source as the transfer takes it.
func (s *source) reading() transfer.Source {
	if r, ok := s.Source.(transfer.Ranger); ok {
		return streamed{s, r}
	}
	return s
}

// remote reports whether a name is an address.
func remote(name string) bool { return strings.Contains(name, "://") }

// openSource opens what is to be copied to a target, or hashed.
func (d *Disks) openSource(ctx context.Context, name, snapshot, target string, secret move.Secret) (*source, error) {
	if managed(name) {
		if snapshot != "" {
			return nil, engine.Usagef("name the snapshot's own id as the source", "--snapshot is of a page blob, and %s is none", name)
		}
		return d.openManaged(ctx, name, target)
	}
	if remote(name) {
		return d.openAddress(ctx, name, snapshot, secret)
	}
	if snapshot != "" {
		return nil, engine.Usagef("leave --snapshot out", "%s is a file, which has no snapshots", name)
	}
	return openFile(name)
}

// openFile opens an image of a file. What this program has half-written is no
// source.
func openFile(name string) (*source, error) {
	path, err := filepath.Abs(name)
	if err != nil {
		return nil, failed(err, "open the source", name)
	}
	now, _, err := beside{path}.look()
	if err != nil {
		return nil, failed(err, "read the state beside the source", name)
	}
	if now.State == undo.Writing || now.State == undo.Restoring {
		return nil, &engine.Failure{Kind: engine.FailureUnsafe, What: "open the source", Where: name, Why: "it is " + now.State.String() + " and no whole disk",
			Remedy: "finish the copy onto it, or: failback disk cancel " + name}
	}
	before, err := os.Stat(path)
	if err != nil {
		return nil, failed(err, "open the source", name)
	}
	img, err := disk.Open(path)
	if err != nil {
		return nil, failed(err, "open the source", name)
	}
	return &source{
		Source: disk.Source(img), name: name, sector: img.SectorSize(),
		identity: fmt.Sprintf("%s, of %s, %d bytes", path, before.ModTime().UTC().Format("2006-01-02T15:04:05.000000000Z"), before.Size()),
		unchanged: func() error {
			after, err := os.Stat(path)
			if err == nil && (!after.ModTime().Equal(before.ModTime()) || after.Size() != before.Size()) {
				err = errors.New("it was written to while it was read")
			}
			return err
		},
		close: img.Close,
	}, nil
}

// CheckedBy is the service's checksum that every answer had.
func (s *source) CheckedBy() string {
	if s.checksum == nil {
		return ""
	}
	return s.checksum()
}
