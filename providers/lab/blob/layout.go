package blob

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The files of a blob and of a snapshot.
const (
	metaFile  = "blob.json"
	dataFile  = "data"
	pagesFile = "pages"
	sinceFile = "since"
	keptFile  = "kept"
	snapsDir  = "snapshots"
)

// asideName is where something is built before it is renamed into place, and
// deleted from after it was renamed away. A name with a dot in front is never
// part of the store.
const (
	asideName   = ".new"
	discardName = ".old"
)

func isAside(name string) bool { return strings.HasPrefix(name, ".") }

// discard removes a directory in two steps, the first of which is atomic.
func discard(dir string) error {
	old := filepath.Join(filepath.Dir(dir), discardName)
	if err := os.RemoveAll(old); err != nil {
		return err
	}
	if err := os.Rename(dir, old); err != nil {
		return err
	}
	return os.RemoveAll(old)
}

// snapDir replaces the colons, which Windows does not allow in names.
func (b *Blob) snapDir(id string) string {
	return filepath.Join(b.dir, snapsDir, strings.ReplaceAll(id, ":", "_"))
}

func openFile(path string) (*os.File, error) { return os.OpenFile(path, os.O_RDWR, 0) }

func createBitmap(path string, content *bitset) error {
	f, err := os.OpenFile(path, os.O_CREATE|os.O_EXCL|os.O_RDWR, 0o600)
	if err != nil {
		return err
	}
	return errors.Join(content.writeTo(f), f.Close())
}

func openBitmap(path string, n int64) (*bitset, error) {
	f, err := openFile(path)
	if err != nil {
		return nil, err
	}
	b, err := readBitset(f, n)
	if err != nil {
		return nil, errors.Join(err, f.Close())
	}
	return b, nil
}

// openSnaps opens the snapshots, oldest first, and clears away unfinished ones.
func (b *Blob) openSnaps() error {
	dir := filepath.Join(b.dir, snapsDir)
	entries, err := os.ReadDir(dir) // sorted by name, and so by time
	if err != nil {
		return err
	}
	for _, e := range entries {
		if isAside(e.Name()) {
			if err := os.RemoveAll(filepath.Join(dir, e.Name())); err != nil {
				return err
			}
			continue
		}
		id := strings.ReplaceAll(e.Name(), "_", ":")
		at, err := time.Parse(idLayout, id)
		if err != nil {
			return fmt.Errorf("blob %s: unknown directory %s: %w", b.name, e.Name(), err)
		}
		s, err := openSnap(filepath.Join(dir, e.Name()), id, b.size)
		if err != nil {
			return err
		}
		b.snaps = append(b.snaps, s)
		b.lastID = at
	}
	return nil
}

func openSnap(dir, id string, size int64) (*snap, error) {
	s := &snap{id: id, dir: dir}
	pages, blocks := size/Page, (size+block-1)/block
	var err error
	if s.data, err = openFile(filepath.Join(dir, dataFile)); err != nil {
		return nil, err
	}
	for _, m := range []struct {
		name string
		bits int64
		into **bitset
	}{{pagesFile, pages, &s.pages}, {sinceFile, pages, &s.since}, {keptFile, blocks, &s.kept}} {
		if *m.into, err = openBitmap(filepath.Join(dir, m.name), m.bits); err != nil {
			return nil, errors.Join(err, s.close())
		}
	}
	return s, nil
}

// close closes the files that are open.
func (s *snap) close() error {
	errs := []error{s.data.Close()}
	for _, b := range []*bitset{s.pages, s.since, s.kept} {
		if b != nil {
			errs = append(errs, b.file.Close())
		}
	}
	return errors.Join(errs...)
}
