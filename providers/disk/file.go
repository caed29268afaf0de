package disk

import (
	"context"
	"errors"
	"fmt"
	"os"
	"sync"
	"sync/atomic"

	"failback/engine/transfer"
	"failback/providers/disk/image"
)

// osFile is an image.File of the operating system. It holds a lock on the
// file: many readers, or one writer.
type osFile struct {
	*os.File
	sparse bool         // may have holes
	small  atomic.Int64 // bytes of small writes since the system was told to begin with them
	seek   sync.Mutex   // looking for holes moves the file offset
}

var (
	_ image.File   = (*osFile)(nil)
	_ image.Mapped = (*osFile)(nil)
)

// openFile opens a file that is there and refuses what is none.
func openFile(path string, write bool) (*osFile, error) {
	how := os.O_RDONLY
	if write {
		how = os.O_RDWR
	}
	raw, err := os.OpenFile(path, how, 0)
	if err != nil {
		if inUse(err) {
			return nil, busy(err)
		}
		return nil, err
	}
	f, err := guard(raw, write)
	if err != nil {
		_ = raw.Close()
		return nil, err
	}
	return f, nil
}

// guard locks a file that was just opened and looks at what it is.
func guard(raw *os.File, write bool) (*osFile, error) {
	st, err := raw.Stat()
	if err != nil {
		return nil, err
	}
	if !st.Mode().IsRegular() {
		return nil, &image.Refusal{Why: "it is no regular file", Kind: image.ErrUnsupported, Remedy: "name a file that holds a disk image"}
	}
	if err := lock(raw, write); err != nil {
		return nil, err
	}
	if write {
		if err := acceptable(raw); err != nil {
			return nil, err
		}
	}
	return &osFile{File: raw}, nil
}

// createFile makes a file that must not be there yet.
func createFile(path string, sparse bool) (*osFile, error) {
	raw, err := os.OpenFile(path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return nil, err
	}
	if err := plain(raw); err != nil {
		return nil, discard(raw, err)
	}
	f, err := guard(raw, true)
	if err != nil {
		return nil, discard(raw, err)
	}
	f.sparse = sparse
	return f, nil
}

func discard(raw *os.File, err error) error {
	_ = raw.Close()
	return errors.Join(err, os.Remove(raw.Name()))
}

func busy(err error) error {
	return &image.Refusal{
		Why: "somebody has it open: a running VM, a mounted disk, or another failback", Kind: image.ErrInUse, Err: err,
		Remedy: "stop whoever uses it, and try again",
	}
}

// Size is the length of the file.
func (f *osFile) Size() (int64, error) {
	st, err := f.Stat()
	if err != nil {
		return 0, err
	}
	return st.Size(), nil
}

// Grow lengthens the file, with its space where the system can promise that.
func (f *osFile) Grow(size int64) error {
	old, err := f.Size()
	if err != nil || size <= old {
		return err
	}
	if !f.sparse {
		if err := reserve(f.File, old, size); err != nil {
			return fmt.Errorf("reserve %d bytes: %w", size-old, noSpace(err))
		}
	}
	if err := f.Truncate(size); err != nil {
		return fmt.Errorf("make the file %d bytes long: %w", size, noSpace(err))
	}
	return nil
}

// A write that is large is worth a call that sends it to the disk; of small ones,
// many together are.
const (
	large     = 256 << 10
	manySmall = 2 << 20
)

// WriteAt writes, and has the system begin early to bring it to the disk, so that
// Sync finds little left to wait for.
func (f *osFile) WriteAt(p []byte, off int64) (int, error) {
	n, err := f.File.WriteAt(p, off)
	if n >= large {
		startWriteback(f.File, off, int64(n))
	} else if f.small.Add(int64(n)) >= manySmall {
		f.small.Store(0)
		startWriteback(f.File, 0, 0)
	}
	return n, err
}

func (f *osFile) Sync() error { return flush(f.File) }

// Data asks the file system for holes.
func (f *osFile) Data(ctx context.Context, size int64) ([]transfer.Extent, error) {
	f.seek.Lock()
	defer f.seek.Unlock()
	return transfer.FileSource(f.File, size).Extents(ctx)
}

func noSpace(err error) error {
	if !full(err) {
		return err
	}
	return &image.Refusal{Why: "the disk is full", Kind: image.ErrNoSpace, Err: err, Remedy: "free some space; what was written before is not harmed"}
}
