package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"slices"

	"failback/engine/transfer/pace"
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

// Ranger is a source that streams: what it returns is written piece by piece as
// it arrives. The transfer closes the body, and reads it to its end or not. The
// end of ctx ends a read of the body, too: an answer that takes far longer than
// the others is left, and what is missing of it is asked for again.
type Ranger interface {
	ReadRange(ctx context.Context, off, length int64) (io.ReadCloser, error)
}

// Viewer is the body of a Ranger that has what comes next in memory.
type Viewer interface {
	// View returns the next bytes, n of them at most and one at least, which are good
	// until the next call or Close; io.EOF is the end. It is used instead of Read.
	View(n int) ([]byte, error)
}

// Target is a disk to change. It is safe for concurrent use. Reading beyond its end gives io.EOF, as
// io.ReaderAt says; writing there makes it grow.
type Target interface {
	io.ReaderAt
	io.WriterAt
	// Sync returns when everything written is safe.
	Sync() error
}

// Progress counts bytes, except for Requests and Throttled. Scanned of Total are
// dealt with; the others say how: Read came from the source, of which Bridged
// was not wanted, Equal was on the target already, Zero was zeros for a fresh
// target and Written was put there; Zeroed was overwritten with zeros.
type Progress struct {
	Scanned, Equal, Read, Written, Zeroed, Zero, Bridged, Total int64

	Requests, Throttled int64
}

// Left is how much is still to be dealt with.
func (p Progress) Left() int64 { return p.Total - p.Scanned }

// Options say how a transfer works. The zero value copies without comparing.
type Options struct {
	// Compare reads the target too and writes only the cells that differ. All of
	// the source is read: no egress is saved.
	Compare bool
	// Fresh says that the target is all zeros: zeros are not written to it, and
	// what the source has not allocated is not looked at.
	Fresh bool
	// Piece is how much is written at once: where zero, 1 MiB, or 256 KiB of a
	// source that streams. One that does not is read in pieces, too.
	Piece int
	// Request is how much a source that streams is asked for, 4 MiB where zero.
	Request int
	// Gap is how many unwanted bytes are read to save a request; see [BestGap].
	Gap int64
	// Cell is the granularity of the comparison, 4096 where zero.
	Cell int
	// Streams is the most requests in flight, 16 where zero. How many there are
	// follows what the source gives.
	Streams int
	// Report is called after every piece, one call at a time.
	Report func(Progress)
	// Limit is called before each read of the source and may wait: a limit of
	// bytes a second. An error of it ends the transfer. With more than one stream
	// it is called concurrently.
	Limit func(ctx context.Context, bytes int) error
	// Brakes, where set, learns what the requests wait for.
	Brakes *pace.Brakes
	// Share is the part of a common limit that this disk has, nil for none.
	Share *pace.Share
	// Renew returns the same source with a fresh credential after [Expired].
	Renew func(ctx context.Context) (Source, error)
	// Proof asks for a manifest.
	Proof *Proof
}

// Copy makes dst equal to src: allocated extents are copied, everything else
// becomes zeros, and dst is synced. What dst holds beyond the size of src stays.
// An error or a cancelled context ends it at once and leaves dst as far as it
// came: neither its old content nor the new one.
func Copy(ctx context.Context, src Source, dst Target, opt Options) (Progress, error) {
	none := Progress{Total: src.Size()}
	extents, err := src.Extents(ctx)
	if err != nil {
		return none, fmt.Errorf("list the allocated ranges: %w", err)
	}
	if err := CheckList(extents, src.Size()); err != nil {
		return none, fmt.Errorf("list the allocated ranges: %w", err)
	}
	extents = Normalize(extents)
	if opt.Proof != nil {
		extents = wholeCells(Changes{Updated: extents}, src.Size()).Updated
	}
	clears, err := toClear(ctx, holes(extents, src.Size()), dst, src.Size(), opt.Fresh)
	if err != nil {
		return none, err
	}
	return run(ctx, src, dst, opt, Changes{Updated: extents, Cleared: clears}, false)
}

// Apply brings dst from one instant of src to a later one: updates are copied,
// cleared ranges become zeros, and dst is synced. It refuses changes that do
// not fit the disk before it touches anything. An interrupted Apply leaves dst
// as [Copy] does; to apply the same changes again repairs it.
func Apply(ctx context.Context, src Source, ch Changes, dst Target, opt Options) (Progress, error) {
	if err := ch.Validate(src.Size()); err != nil {
		return Progress{}, err
	}
	if opt.Fresh {
		return Progress{}, errors.New("changes are for a target that has the disk as it was, not for a fresh one")
	}
	ch = Changes{Updated: Normalize(ch.Updated), Cleared: Normalize(ch.Cleared)}
	if opt.Proof != nil {
		if opt.Proof.Base == nil || opt.Proof.Base.Size() != src.Size() {
			return Progress{}, errors.New("a proof of changes needs the manifest of the disk as it was")
		}
		ch = wholeCells(ch, src.Size())
	}
	return run(ctx, src, dst, opt, ch, true)
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

func run(ctx context.Context, src Source, dst Target, opt Options, ch Changes, changes bool) (Progress, error) {
	p := newPipeline(src, dst, opt)
	ch, err := opt.Proof.without(ch, src.Size())
	if err != nil {
		return p.progress, err
	}
	if s, ok := dst.(Spacious); ok && !opt.Compare { // how much differs is not known before
		if err := s.Reserve(ctx, ch.Updated); err != nil {
			return p.progress, err
		}
	}
	p.proof = newProver(opt.Proof, src.Size(), dst, changes)
	if err := p.run(ctx, stepsOf(ch.Updated, ch.Cleared)); err != nil {
		return p.progress, err
	}
	return p.progress, p.proof.finish(opt.Proof)
}
