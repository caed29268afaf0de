package blob

import (
	"errors"
	"fmt"
	"io"
	"os"
	"sync"
	"time"

	"failback/engine/transfer"
)

// Page is the unit of allocation and of every write.
const Page = 512

// block is the unit in which old data is kept for snapshots.
const (
	block      = 64 << 10
	blockPages = block / Page
)

// What can be wrong with a call. Errors of this package wrap one of them or an
// error of the file system.
var (
	ErrNotFound = errors.New("not found")
	ErrExists   = errors.New("already exists")
	ErrAlign    = errors.New("not a multiple of 512")
	ErrRange    = errors.New("outside the blob")
	ErrOrder    = errors.New("the previous snapshot is the newer one")
)

// Blob is a page blob: a disk of fixed size of which some pages hold data and
// the others read as zeros. It is safe for concurrent use; each call is atomic
// towards the others, so a snapshot never falls into a write.
type Blob struct {
	name string
	dir  string
	size int64

	mu       sync.RWMutex
	data     *os.File
	alloc    *bitset
	snaps    []*snap // oldest first
	lastID   time.Time
	revision uint64
	gone     bool
}

// Name is the name under which the store has the blob.
func (b *Blob) Name() string { return b.name }

// Size is the virtual size in bytes.
func (b *Blob) Size() int64 { return b.size }

// Revision changes with every write and is never the same after a reopening:
// what an entity tag is made of.
func (b *Blob) Revision() uint64 {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return b.revision
}

// Modified is when the content last changed, as the file system has it.
func (b *Blob) Modified() (time.Time, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.gone {
		return time.Time{}, b.missing()
	}
	var last time.Time
	for _, f := range []*os.File{b.data, b.alloc.file} {
		info, err := f.Stat()
		if err != nil {
			return time.Time{}, err
		}
		if info.ModTime().After(last) {
			last = info.ModTime()
		}
	}
	return last, nil
}

// WriteAt writes whole pages.
func (b *Blob) WriteAt(p []byte, off int64) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.write(p, off)
}

// ClearAt makes n bytes of whole pages read as zeros; they hold no data any more.
func (b *Blob) ClearAt(off, n int64) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if err := b.check(off, n); err != nil || n == 0 {
		return err
	}
	if err := b.touch(off, n); err != nil {
		return err
	}
	return b.alloc.put(off/Page, (off+n)/Page, false)
}

// Atomic runs f with a writer of this blob. No other write, no read and no
// snapshot falls between f's writes. f must not call the blob otherwise. What
// f has written before it fails stays.
func (b *Blob) Atomic(f func(w io.WriterAt) error) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	return f(held{b})
}

// held writes to a blob that its user has locked.
type held struct{ b *Blob }

func (h held) WriteAt(p []byte, off int64) (int, error) { return h.b.write(p, off) }

// ReadAt reads any range, as io.ReaderAt says.
func (b *Blob) ReadAt(p []byte, off int64) (int, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.gone {
		return 0, b.missing()
	}
	return b.read(p, off, len(b.snaps), b.alloc)
}

// Extents are the pages that hold data.
func (b *Blob) Extents() []transfer.Extent { return b.ExtentsIn(0, b.size) }

// ExtentsIn are those that lie in n bytes from off on, both whole pages of the
// blob; what goes on beyond them is cut.
func (b *Blob) ExtentsIn(off, n int64) []transfer.Extent {
	b.mu.RLock()
	defer b.mu.RUnlock()
	return extentsOf(b.alloc, off, n)
}

func extentsOf(pages *bitset, off, n int64) []transfer.Extent {
	var out []transfer.Extent
	for lo, hi := range pages.runs(off/Page, (off+n)/Page) {
		out = append(out, transfer.Extent{Off: lo * Page, Len: (hi - lo) * Page})
	}
	return out
}

func (b *Blob) missing() error { return fmt.Errorf("blob %s: %w", b.name, ErrNotFound) }

// check says whether a write of n bytes at off is one.
func (b *Blob) check(off, n int64) error {
	switch {
	case b.gone:
		return b.missing()
	case off%Page != 0 || n%Page != 0:
		return fmt.Errorf("blob %s: %d bytes at %d: %w", b.name, n, off, ErrAlign)
	case off < 0 || n < 0 || off > b.size || n > b.size-off:
		return fmt.Errorf("blob %s: %d bytes at %d: %w", b.name, n, off, ErrRange)
	}
	return nil
}

func (b *Blob) write(p []byte, off int64) (int, error) {
	n := int64(len(p))
	if err := b.check(off, n); err != nil || n == 0 {
		return 0, err
	}
	if err := b.touch(off, n); err != nil {
		return 0, err
	}
	if written, err := b.data.WriteAt(p, off); err != nil {
		return written, err
	}
	// Last: until now the pages that were empty still are.
	return len(p), b.alloc.put(off/Page, (off+n)/Page, true)
}

// touch prepares a change of whole pages: the newest snapshot keeps what it
// needs and notes them as touched.
func (b *Blob) touch(off, n int64) error {
	b.revision++
	if len(b.snaps) == 0 {
		return nil
	}
	newest := b.snaps[len(b.snaps)-1]
	if err := newest.keep(b.data, b.size, off/block, (off+n+block-1)/block); err != nil {
		return fmt.Errorf("blob %s: keep old data for snapshot %s: %w", b.name, newest.id, err)
	}
	return newest.since.put(off/Page, (off+n)/Page, true)
}

// read reads the content as snapshot number i has it (the base where i is the
// number of snapshots); pages are the ones it holds data in.
func (b *Blob) read(p []byte, off int64, i int, pages *bitset) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("blob %s: read at %d: %w", b.name, off, ErrRange)
	}
	if off >= b.size {
		return 0, io.EOF
	}
	short := int64(len(p)) > b.size-off
	if short {
		p = p[:b.size-off]
	}
	for at := 0; at < len(p); {
		file, end := b.owner(i, off+int64(at), off+int64(len(p)))
		n := int(end - off - int64(at))
		if _, err := file.ReadAt(p[at:at+n], off+int64(at)); err != nil {
			return at, fmt.Errorf("blob %s: read at %d: %w", b.name, off+int64(at), err)
		}
		at += n
	}
	zeroUnset(p, off, pages)
	if short {
		return len(p), io.EOF
	}
	return len(p), nil
}

// owner finds the file that has the bytes from off on for snapshot number i,
// and how far it has them.
func (b *Blob) owner(i int, off, limit int64) (file *os.File, end int64) {
	file = b.keeper(i, off/block)
	for end = (off/block + 1) * block; end < limit; end += block {
		if b.keeper(i, end/block) != file {
			return file, end
		}
	}
	return file, limit
}

func (b *Blob) keeper(i int, blk int64) *os.File {
	for _, s := range b.snaps[i:] {
		if s.kept.get(blk) {
			return s.data
		}
	}
	return b.data
}

// zeroUnset blanks what lies in pages that hold no data: the files may have
// old bytes there.
func zeroUnset(p []byte, off int64, pages *bitset) {
	end := off + int64(len(p))
	for at := off; at < end; {
		limit := min(pages.bits, (end+Page-1)/Page)
		lo := pages.before(at/Page, limit, false) * Page
		if lo >= end {
			return
		}
		hi := min(end, pages.before(lo/Page, limit, true)*Page)
		clear(p[max(lo, off)-off : hi-off])
		at = hi
	}
}
