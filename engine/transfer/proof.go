package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"

	"failback/engine/transfer/merkle"
	"failback/engine/transfer/undo"
)

// Proof asks a transfer for a manifest of the disk as it is then, made while
// the bytes pass by.
type Proof struct {
	// Base is the manifest of what the target has before changes are applied to
	// it. A block that is changed in part is read from the target first, and must
	// be what Base says, unless Base has its cells.
	Base *merkle.Manifest
	// Spend says that Base is not needed any more: the new manifest is made in its
	// place, which takes half the memory. Nothing else may read it meanwhile, and
	// after an error it is neither disk's.
	Spend bool
	// Keep says of which blocks the cells are kept, nil for none. Where Against is
	// set, they are those that are not the same there.
	Keep    func(block int64) bool
	Against *merkle.Manifest
	// Done are blocks that an earlier run has proven on the target: they are not
	// touched again. Landed, where set, is called with every block that is written;
	// the target is synced about every 40 MiB then.
	Done   []undo.Block
	Landed func(undo.Block)
	// Manifest is set when the transfer has succeeded.
	Manifest *merkle.Manifest
}

// Rewinder is a target that still knows what it was before the first write.
type Rewinder interface {
	ReadBefore(p []byte, off int64) (int, error)
}

// without takes proven blocks out of the work.
func (o *Proof) without(ch Changes, size int64) (Changes, error) {
	if o == nil || len(o.Done) == 0 {
		return ch, nil
	}
	var done []Extent
	for _, d := range o.Done {
		if d.Off%merkle.Block != 0 || d.Len != min(merkle.Block, size-d.Off) {
			return ch, fmt.Errorf("%d bytes at %d are no block of a disk of %d bytes", d.Len, d.Off, size)
		}
		done = append(done, Extent{Off: d.Off, Len: d.Len})
	}
	left := holes(Normalize(done), size)
	return Changes{Updated: intersect(ch.Updated, left), Cleared: intersect(ch.Cleared, left)}, nil
}

// prover feeds the builder of a manifest. A nil one does nothing.
type prover struct {
	builder *merkle.Builder
	size    int64
}

func newProver(o *Proof, size int64, dst Target, changes bool) *prover {
	if o == nil {
		return nil
	}
	base := merkle.New(size)
	switch {
	case changes && o.Spend:
		base = o.Base
	case changes:
		base = o.Base.Clone()
	}
	b := merkle.NewBuilder(base)
	switch {
	case o.Against != nil:
		b.Keep = func(block int64, s merkle.Sum) bool { return block >= o.Against.Blocks() || o.Against.Leaf(block) != s }
	case o.Keep != nil:
		b.Keep = func(block int64, _ merkle.Sum) bool { return o.Keep(block) }
	}
	if changes {
		b.Fill = func(block int64) (*merkle.Cells, error) { return cellsBefore(b, dst, size, block) }
	}
	for _, d := range o.Done {
		base.Set(d.Off/merkle.Block, d.Sum)
	}
	if o.Landed != nil {
		b.Finished = func(block int64, s merkle.Sum) {
			off := block * merkle.Block
			o.Landed(undo.Block{Off: off, Len: min(merkle.Block, size-off), Sum: s})
		}
	}
	return &prover{builder: b, size: size}
}

// cellsBefore are the cells of a block of the base, which the builder has until the
// block is done.
func cellsBefore(b *merkle.Builder, dst Target, size, block int64) (*merkle.Cells, error) {
	c, sum := b.Known(block)
	if c != nil {
		return c, nil
	}
	p := make([]byte, min(merkle.Block, size-block*merkle.Block))
	read := dst.ReadAt
	if r, ok := dst.(Rewinder); ok {
		read = r.ReadBefore
	}
	n, err := read(p, block*merkle.Block)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %d bytes at %d of the target: %w", len(p), block*merkle.Block, err)
	}
	clear(p[n:])
	if c = merkle.SumBlock(p); c.Sum() != sum {
		return nil, fmt.Errorf("%w: before the changes, %d bytes at %d are not what the manifest says", ErrNotProven, len(p), block*merkle.Block)
	}
	return c, nil
}

// expect announces a request. Ranges to be cleared count as well, also where the
// manifest has zeros already: a block is not done before all of it is.
func (v *prover) expect(r request) {
	if v == nil {
		return
	}
	v.builder.Seal(r.Off)
	for _, e := range r.parts {
		v.builder.Expect(e.Off, e.Len)
	}
}

func (v *prover) sealAll() {
	if v != nil {
		v.builder.Seal(v.size)
	}
}

func (v *prover) add(p []byte, off int64) error {
	if v == nil {
		return nil
	}
	if err := v.builder.Prepare(off, int64(len(p))); err != nil {
		return err
	}
	v.builder.Add(off, p)
	return nil
}

func (v *prover) clear(e Extent) error {
	if v == nil {
		return nil
	}
	if err := v.builder.Prepare(e.Off, e.Len); err != nil {
		return err
	}
	v.builder.AddZeros(e.Off, e.Len)
	return nil
}

// done is called for what was added or cleared and is written.
func (v *prover) done(e Extent) {
	if v != nil {
		v.builder.Done(e.Off, e.Len)
	}
}

func (v *prover) finish(o *Proof) error {
	if v == nil {
		return nil
	}
	m, err := v.builder.Manifest()
	if err == nil {
		o.Manifest = m
	}
	return err
}

// nowhere is a target that forgets.
type nowhere struct{}

func (nowhere) ReadAt([]byte, int64) (int, error)      { return 0, io.EOF }
func (nowhere) WriteAt(p []byte, _ int64) (int, error) { return len(p), nil }
func (nowhere) Sync() error                            { return nil }

// Hash reads a disk once, several requests at a time, and returns its manifest.
// keep says of which blocks the cells are kept, nil for none.
func Hash(ctx context.Context, src Source, keep func(block int64) bool, opt Options) (*merkle.Manifest, error) {
	return hashOf(ctx, src, &Proof{Keep: keep}, opt)
}

func hashOf(ctx context.Context, src Source, proof *Proof, opt Options) (*merkle.Manifest, error) {
	opt.Compare, opt.Fresh, opt.Proof = false, true, proof
	if _, err := Copy(ctx, src, nowhere{}, opt); err != nil {
		return nil, err
	}
	return proof.Manifest, nil
}

// HashAgainst is [Hash] that keeps the cells of those blocks that are not what
// other says: all that a transfer to that disk needs to know.
func HashAgainst(ctx context.Context, src Source, other *merkle.Manifest, opt Options) (*merkle.Manifest, error) {
	if other.Size() != src.Size() {
		return nil, fmt.Errorf("a manifest of %d bytes for a disk of %d", other.Size(), src.Size())
	}
	return hashOf(ctx, src, &Proof{Against: other}, opt)
}

// Verify reads a disk and returns where it is not what the manifest says: in
// cells where the manifest has them, in blocks elsewhere; nothing at all where
// it is the same disk.
func Verify(ctx context.Context, disk Source, m *merkle.Manifest, opt Options) ([]Extent, error) {
	have, err := hashOf(ctx, disk, &Proof{Against: m}, opt)
	if err != nil {
		return nil, err
	}
	var out []Extent
	for _, r := range merkle.Compare(m, have) {
		out = append(out, Extent(r))
	}
	return out, nil
}

// VerifyRanges is [Verify] of the blocks that the ranges touch: it reads nothing
// else of the disk.
func VerifyRanges(ctx context.Context, disk Source, m *merkle.Manifest, ranges []Extent, opt Options) ([]Extent, error) {
	var blocks []Extent
	for _, e := range ranges {
		if e.Len > 0 {
			off := e.Off / merkle.Block * merkle.Block
			blocks = append(blocks, Extent{Off: off, Len: min(m.Size(), (e.End()+merkle.Block-1)/merkle.Block*merkle.Block) - off})
		}
	}
	blocks = Normalize(blocks)
	extents, err := disk.Extents(ctx)
	if err != nil {
		return nil, fmt.Errorf("list the allocated ranges: %w", err)
	}
	part := only{disk, intersect(Normalize(extents), blocks)}
	differs, err := Verify(ctx, part, m, opt)
	return intersect(Normalize(differs), blocks), err
}

// only is a source of which some is looked at.
type only struct {
	Source
	extents []Extent
}

func (o only) Extents(context.Context) ([]Extent, error) { return o.extents, nil }

// Follow brings dst, which is what have says, to what want says, a manifest
// that was made beside the source: only blocks that differ travel, and only
// their cells where both manifests have them. The target's new manifest must be
// want, or the error is ErrNotProven. Of opt.Proof, Done and Landed count, and
// Manifest is set.
func Follow(ctx context.Context, src Source, have, want *merkle.Manifest, dst Target, opt Options) (Progress, error) {
	if want.Size() != src.Size() || have.Size() != want.Size() {
		return Progress{}, fmt.Errorf("manifests of %d and %d bytes for a disk of %d", have.Size(), want.Size(), src.Size())
	}
	var ch Changes
	for _, r := range merkle.Compare(have, want) {
		for at := r.Off; at < r.Off+r.Len; {
			e := Extent{Off: at, Len: min(r.Off+r.Len, (at/merkle.Block+1)*merkle.Block) - at}
			if want.Leaf(at/merkle.Block) == merkle.ZeroBlock {
				ch.Cleared = append(ch.Cleared, e)
			} else {
				ch.Updated = append(ch.Updated, e)
			}
			at = e.End()
		}
	}
	proof := &Proof{Base: have, Keep: func(block int64) bool { return want.Cells(block) != nil }}
	if opt.Proof != nil {
		proof.Done, proof.Landed = opt.Proof.Done, opt.Proof.Landed
		caller := opt.Proof
		defer func() { caller.Manifest = proof.Manifest }()
	}
	opt.Proof = proof
	p, err := Apply(ctx, src, ch, dst, opt)
	if err != nil {
		return p, err
	}
	if differs := merkle.Compare(proof.Manifest, want); len(differs) > 0 {
		return p, fmt.Errorf("%w: %d ranges differ from the source's manifest, the first %v", ErrNotProven, len(differs), Extent(differs[0]))
	}
	return p, nil
}
