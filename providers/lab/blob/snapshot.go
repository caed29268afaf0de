package blob

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"failback/engine/transfer"
)

// idLayout is how snapshots are named: a time in units of 100 ns.
const idLayout = "2006-01-02T15:04:05.0000000Z"

const tick = 100 * time.Nanosecond

// snap is a snapshot's state. Its blob's lock guards it.
type snap struct {
	id    string
	dir   string
	pages *bitset  // which pages held data then; never changes
	since *bitset  // pages touched between this snapshot and the next one
	kept  *bitset  // blocks in data
	data  *os.File // blocks as they were, before their first change after it
	gone  bool
}

// Snapshot is a blob as it was at one instant. It is safe for concurrent use
// and for use while the blob changes.
type Snapshot struct {
	blob *Blob
	snap *snap
}

// Snapshot freezes the content. The id is at as a time, or a later one: ids of
// a blob increase strictly while the store is open.
func (b *Blob) Snapshot(at time.Time) (id string, err error) {
	ids, err := SnapshotAll([]*Blob{b}, at)
	if err != nil {
		return "", err
	}
	return ids[0], nil
}

// SnapshotAll freezes several blobs at one instant, between two writes to any
// of them: a crash-consistent set. All get the same id, one for each argument.
// It makes all or none, unless the process is killed meanwhile.
func SnapshotAll(blobs []*Blob, at time.Time) ([]string, error) {
	locked, unlock := lockAll(blobs)
	defer unlock()
	at = at.UTC().Truncate(tick)
	for _, b := range locked {
		if !at.After(b.lastID) {
			at = b.lastID.Add(tick)
		}
	}
	id := at.Format(idLayout)
	for i, b := range locked {
		if err := b.freeze(id, at); err != nil {
			for _, done := range locked[:i] {
				// The first failure is the one to report.
				_ = done.thaw(len(done.snaps) - 1)
			}
			return nil, fmt.Errorf("snapshot blob %s: %w", b.name, err)
		}
	}
	ids := make([]string, len(blobs))
	for i := range ids {
		ids[i] = id
	}
	return ids, nil
}

// lockAll locks each of the blobs once, in the one order in which everybody
// locks who needs several.
func lockAll(blobs []*Blob) (locked []*Blob, unlock func()) {
	locked = slices.Clone(blobs)
	slices.SortFunc(locked, func(a, b *Blob) int { return strings.Compare(a.dir, b.dir) })
	locked = slices.Compact(locked)
	for _, b := range locked {
		b.mu.Lock()
	}
	return locked, func() {
		for _, b := range locked {
			b.mu.Unlock()
		}
	}
}

// freeze builds a snapshot aside and renames it into place.
func (b *Blob) freeze(id string, at time.Time) error {
	if b.gone {
		return b.missing()
	}
	dir := b.snapDir(id)
	aside := filepath.Join(filepath.Dir(dir), asideName)
	if err := os.RemoveAll(aside); err != nil {
		return err
	}
	if err := os.MkdirAll(aside, 0o700); err != nil {
		return err
	}
	for _, name := range []string{pagesFile, sinceFile, keptFile, dataFile} {
		content := b.alloc
		if name != pagesFile {
			content = newBitset(0)
		}
		if err := createBitmap(filepath.Join(aside, name), content); err != nil {
			return err
		}
	}
	if err := os.Rename(aside, dir); err != nil {
		return err
	}
	s, err := openSnap(dir, id, b.size)
	if err != nil {
		return err
	}
	b.snaps = append(b.snaps, s)
	b.lastID = at
	return nil
}

// OpenSnapshot finds a snapshot by its id.
func (b *Blob) OpenSnapshot(id string) (*Snapshot, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	i, err := b.index(id)
	if err != nil {
		return nil, err
	}
	return &Snapshot{blob: b, snap: b.snaps[i]}, nil
}

// Snapshots are the ids of all snapshots, oldest first.
func (b *Blob) Snapshots() []string {
	b.mu.RLock()
	defer b.mu.RUnlock()
	ids := make([]string, len(b.snaps))
	for i, s := range b.snaps {
		ids[i] = s.id
	}
	return ids
}

// DeleteSnapshot removes a snapshot. The others keep their content, and the
// differences between them stay exact.
func (b *Blob) DeleteSnapshot(id string) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	i, err := b.index(id)
	if err != nil {
		return err
	}
	return b.thaw(i)
}

func (b *Blob) index(id string) (int, error) {
	i := slices.IndexFunc(b.snaps, func(s *snap) bool { return s.id == id })
	if i < 0 {
		return 0, fmt.Errorf("snapshot %s of blob %s: %w", id, b.name, ErrNotFound)
	}
	return i, nil
}

// thaw drops snapshot number i, after the one before it has got what it reads
// through this one. Each step may be repeated after a kill.
func (b *Blob) thaw(i int) error {
	s := b.snaps[i]
	if i > 0 {
		if err := b.snaps[i-1].inherit(s, b.size); err != nil {
			return fmt.Errorf("delete snapshot %s of blob %s: %w", s.id, b.name, err)
		}
	}
	s.gone = true
	b.snaps = slices.Delete(b.snaps, i, i+1)
	if err := s.close(); err != nil {
		return err
	}
	return discard(s.dir)
}

// ID is the snapshot's time as the service writes it.
func (s *Snapshot) ID() string { return s.snap.id }

// Size is the virtual size in bytes.
func (s *Snapshot) Size() int64 { return s.blob.size }

// ReadAt reads any range, as io.ReaderAt says.
func (s *Snapshot) ReadAt(p []byte, off int64) (int, error) {
	b := s.blob
	b.mu.RLock()
	defer b.mu.RUnlock()
	if s.snap.gone {
		return 0, fmt.Errorf("snapshot %s of blob %s: %w", s.snap.id, b.name, ErrNotFound)
	}
	return b.read(p, off, slices.Index(b.snaps, s.snap), s.snap.pages)
}

// Extents are the pages that held data.
func (s *Snapshot) Extents() []transfer.Extent { return s.ExtentsIn(0, s.blob.size) }

// ExtentsIn are those that lie in n bytes from off on, both whole pages.
func (s *Snapshot) ExtentsIn(off, n int64) []transfer.Extent {
	return extentsOf(s.snap.pages, off, n)
}

// keep copies the blocks [from,to) that this snapshot holds data in and has not
// kept yet, before they change. Blocks it holds no data in read as zeros
// without them.
func (s *snap) keep(data *os.File, size, from, to int64) error {
	for blk := from; blk < to; {
		if !s.needs(blk) {
			blk++
			continue
		}
		end := blk + 1
		for end < to && end-blk < maxKeep && s.needs(end) {
			end++
		}
		if err := s.copyBlocks(data, size, blk, end); err != nil {
			return err
		}
		blk = end
	}
	return nil
}

// maxKeep is how many blocks are kept at once: 1 MiB.
const maxKeep = 16

func (s *snap) needs(blk int64) bool {
	end := min(s.pages.bits, (blk+1)*blockPages)
	return !s.kept.get(blk) && s.pages.before(blk*blockPages, end, true) < end
}

func (s *snap) copyBlocks(from *os.File, size, blk, end int64) error {
	p := make([]byte, min(end*block, size)-blk*block)
	if _, err := from.ReadAt(p, blk*block); err != nil {
		return err
	}
	if _, err := s.data.WriteAt(p, blk*block); err != nil {
		return err
	}
	return s.kept.put(blk, end, true)
}

// inherit takes from the next snapshot the blocks that this one reads through
// it, and the touched pages of its time.
func (s *snap) inherit(next *snap, size int64) error {
	for lo, hi := range next.kept.runs(0, next.kept.bits) {
		for blk := lo; blk < hi; blk++ {
			if s.kept.get(blk) {
				continue
			}
			if err := s.copyBlocks(next.data, size, blk, blk+1); err != nil {
				return err
			}
		}
	}
	return s.since.or(next.since)
}
