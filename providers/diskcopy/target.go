package diskcopy

import (
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"sync/atomic"

	"failback/engine"
	"failback/engine/transfer"
	"failback/engine/transfer/merkle"
	"failback/engine/transfer/undo"
	"failback/providers/disk"
	"failback/providers/disk/image"
)

// formats are the words for new targets.
var formats = map[string]image.Format{
	"raw": image.Raw, "vhd": image.FixedVHD, "vhdx": image.VHDX, "vhdx-fixed": image.FixedVHDX,
}

// formatOf is what a new target is made as.
func formatOf(path, word string) (image.Format, error) {
	if word == "" {
		word = strings.TrimPrefix(strings.ToLower(filepath.Ext(path)), ".")
		if word == "img" {
			word = "raw"
		}
		if _, known := formats[word]; !known {
			return "", engine.Usagef("write --format raw, vhd, vhdx or vhdx-fixed", "the name %s does not say what to make", path)
		}
	}
	f, known := formats[word]
	if !known {
		return "", engine.Usagef("write --format raw, vhd, vhdx or vhdx-fixed", "--format %q is not known", word)
	}
	return f, nil
}

// imageFile is an image as the undo log sees it: a file of its virtual bytes.
type imageFile struct {
	image.Image
	closed *atomic.Bool
}

func (f imageFile) Size() (int64, error) { return f.Image.Size(), nil }

func (f imageFile) Truncate(n int64) error {
	if n != f.Image.Size() {
		return fmt.Errorf("a disk of %d bytes can't become one of %d", f.Image.Size(), n)
	}
	return nil
}

// Sync does nothing once the image was closed, which has made all of it safe.
func (f imageFile) Sync() error {
	if f.closed.Load() {
		return nil
	}
	return f.Image.Sync()
}

// target is a disk that is being written.
type target struct {
	*undo.Disk
	file  imageFile
	notes notes
	names beside
	path  string // the image: the target itself, or what is to become it
	fresh bool
	free  func(path string) (int64, error)
	wrote *record // nil where what is written is not to be known
}

// WriteAt saves what is replaced, and writes.
func (t *target) WriteAt(p []byte, off int64) (int, error) {
	n, err := t.Disk.WriteAt(p, off)
	if err == nil && t.wrote != nil {
		t.wrote.add(p, off)
	}
	return n, err
}

// finish gives a disk that is whole and safe its name and says so beside it.
func (t *target) finish(snapshot string) error {
	if err := t.Disk.Sync(); err != nil {
		return err
	}
	if err := t.file.Close(); err != nil {
		return err
	}
	t.file.closed.Store(true)
	if t.fresh {
		if err := settle(t.names); err != nil {
			return err
		}
	}
	if err := t.Disk.Finish(snapshot); err != nil {
		return err
	}
	return errors.Join(t.notes.close(), t.names.forget())
}

// letGo closes everything and leaves the disk as it is and flagged. What has come
// needs not come again.
func (t *target) letGo() error {
	if t.file.closed.Load() {
		return t.notes.close()
	}
	_ = t.Disk.Sync() // there is a failure to be told already
	t.file.closed.Store(true)
	return errors.Join(t.file.Close(), t.notes.close())
}

// Allocated is where the image may hold something other than zeros.
func (t *target) Allocated(ctx context.Context) ([]transfer.Extent, error) {
	return t.file.Extents(ctx)
}

// Prepare saves what writes replace.
func (t *target) Prepare(writes []merkle.Range) error { return t.Disk.Prepare(writes) }

// Reserve refuses writes that there is no room for: what the image grows by, and
// what the undo log takes of what is there.
func (t *target) Reserve(ctx context.Context, writes []transfer.Extent) error {
	have, err := t.Allocated(ctx)
	if err != nil {
		return fmt.Errorf("list what the target has: %w", err)
	}
	grows := disk.Growth(t.file.Info(), have, writes)
	saves := int64(0)
	if !t.fresh {
		saves = max(0, overlap(writes, have)-t.Saved())
	}
	free, err := t.free(t.path)
	if err != nil {
		return err
	}
	if grows+saves > free {
		return &transfer.NoSpace{Need: grows + saves, Free: free}
	}
	return nil
}

// overlap is how many bytes two sorted lists have in common.
func overlap(a, b []transfer.Extent) (n int64) {
	for len(a) > 0 && len(b) > 0 {
		n += max(0, min(a[0].End(), b[0].End())-max(a[0].Off, b[0].Off))
		if a[0].End() < b[0].End() {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return n
}
