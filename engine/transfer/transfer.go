package transfer

import (
	"context"
	"fmt"
	"io"
	"slices"
)

// Source is a disk to read from. It is safe for concurrent use.
type Source interface {
	// Size is the virtual size in bytes; it does not change.
	Size() int64
	// Extents are the ranges that may hold something other than zeros: sorted,
	// merged and within the disk.
	Extents(ctx context.Context) ([]Extent, error)
	// ReadAt fills p from off or fails.
	ReadAt(ctx context.Context, p []byte, off int64) error
}

// Target is a disk to change. Reading beyond its end gives io.EOF, as
// io.ReaderAt says; writing there makes it grow.
type Target interface {
	io.ReaderAt
	io.WriterAt
	// Sync returns when everything written is safe.
	Sync() error
}

// Progress counts bytes. Scanned of Total are dealt with; the others say how:
// Read came from the source, of which Equal was on the target already and
// Written was put there; Zeroed was overwritten with zeros.
type Progress struct{ Scanned, Equal, Read, Written, Zeroed, Total int64 }

// Options say how a transfer works. The zero value copies without comparing.
type Options struct {
	// Compare reads the target too and writes only the cells that differ.
	Compare bool
	// Piece is how much is read and written at once, 1 MiB where zero.
	Piece int
	// Cell is the granularity of the comparison, 4096 where zero.
	Cell int
	// Report is called after every piece, on the caller's goroutine.
	Report func(Progress)
	// Limit is called before each read of the source and may wait: a limit of
	// bytes a second. An error of it ends the transfer.
	Limit func(ctx context.Context, bytes int) error
}

// Copy makes dst equal to src: allocated extents are copied, everything else
// becomes zeros, and dst is synced. What dst holds beyond the size of src stays.
// An error or a cancelled context ends it at once and leaves dst as far as it
// came: neither its old content nor the new one.
func Copy(ctx context.Context, src Source, dst Target, opt Options) (Progress, error) {
	extents, err := src.Extents(ctx)
	if err != nil {
		return Progress{Total: src.Size()}, fmt.Errorf("list the allocated ranges: %w", err)
	}
	if err := within(extents, src.Size()); err != nil {
		return Progress{Total: src.Size()}, fmt.Errorf("list the allocated ranges: %w", err)
	}
	extents = Normalize(extents)
	return run(ctx, src, dst, opt, stepsOf(extents, holes(extents, src.Size())))
}

// Apply brings dst from one instant of src to a later one: updates are copied,
// cleared ranges become zeros, and dst is synced. It refuses changes that do
// not fit the disk before it touches anything. An interrupted Apply leaves dst
// as [Copy] does; to apply the same changes again repairs it.
func Apply(ctx context.Context, src Source, ch Changes, dst Target, opt Options) (Progress, error) {
	if err := ch.Validate(src.Size()); err != nil {
		return Progress{}, err
	}
	return run(ctx, src, dst, opt, stepsOf(Normalize(ch.Updated), Normalize(ch.Cleared)))
}

// step is a range that gets one treatment.
type step struct {
	Extent
	clear bool
}

// stepsOf orders the work by offset, so that disks at both ends see ascending
// addresses.
func stepsOf(copied, cleared []Extent) []step {
	steps := make([]step, 0, len(copied)+len(cleared))
	for _, e := range copied {
		steps = append(steps, step{Extent: e})
	}
	for _, e := range cleared {
		steps = append(steps, step{Extent: e, clear: true})
	}
	slices.SortFunc(steps, func(a, b step) int { return byOffset(a.Extent, b.Extent) })
	return steps
}

func run(ctx context.Context, src Source, dst Target, opt Options, steps []step) (Progress, error) {
	m := newMover(src, dst, opt)
	for _, s := range steps {
		m.progress.Total += s.Len
	}
	for _, s := range steps {
		if err := m.step(ctx, s); err != nil {
			return m.progress, err
		}
	}
	if err := dst.Sync(); err != nil {
		return m.progress, fmt.Errorf("sync the target: %w", err)
	}
	return m.progress, nil
}
