package merkle

import (
	"fmt"
	"sync"
)

// Builder makes a manifest of bytes that pass by. Somebody who knows the plan
// calls Expect for ranges in ascending order and Seal behind them; those who
// move the bytes call Prepare before they write, Add with what was read, and
// Done when it is written. All ranges begin at a cell and end at one or at the
// end of the disk. It is safe for concurrent use and holds only blocks that
// are under way.
type Builder struct {
	// Fill gives the cells that a block has before anything is added to it: nil
	// for zeros. It may read the target.
	Fill func(block int64) (*Cells, error)
	// Keep says whether the cells of a block, whose sum it is told, stay in the
	// manifest: nil for none.
	Keep func(block int64, s Sum) bool
	// Finished is called once a block is complete and written, one at a time.
	Finished func(block int64, s Sum)

	mu     sync.Mutex
	m      *Manifest
	open   map[int64]*underWay
	sealed int64 // blocks before are complete in the plan
}

type underWay struct {
	fill    sync.Once
	err     error
	cells   Cells
	missing int64
}

// NewBuilder starts from a manifest, which it then changes: the zeros of [New]
// for a whole disk, that of the older disk for changes.
func NewBuilder(m *Manifest) *Builder { return &Builder{m: m, open: map[int64]*underWay{}} }

// Manifest is what is known: complete once everything expected is done.
func (b *Builder) Manifest() (*Manifest, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if n := len(b.open); n > 0 {
		return nil, fmt.Errorf("%d blocks were not finished", n)
	}
	return b.m, nil
}

// Known are the cells that the manifest has of a block, nil where it has none, and
// the block's sum: those of before until the block is done.
func (b *Builder) Known(block int64) (*Cells, Sum) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.m.Cells(block), b.m.Leaf(block)
}

// each calls f with every block of a range and the part of the range in it.
func each(off, n int64, f func(block, off, n int64) error) error {
	for end := off + n; off < end; {
		block := off / Block
		part := min(end, (block+1)*Block) - off
		if err := f(block, off, part); err != nil {
			return err
		}
		off += part
	}
	return nil
}

// Expect announces a range.
func (b *Builder) Expect(off, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = each(off, n, func(block, _, n int64) error {
		u := b.open[block]
		if u == nil {
			u = &underWay{cells: zeroCells}
			b.open[block] = u
		}
		u.missing += n
		return nil
	})
}

// Seal says that nothing before off will be expected any more.
func (b *Builder) Seal(off int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	to := off / Block
	if off >= b.m.size {
		to = b.m.Blocks()
	}
	if to <= b.sealed {
		return
	}
	b.sealed = to
	for block, u := range b.open {
		b.finish(block, u)
	}
}

// Prepare asks Fill for the blocks of a range that have not been asked for.
func (b *Builder) Prepare(off, n int64) error {
	return each(off, n, func(block, _, _ int64) error {
		u := b.at(block)
		u.fill.Do(func() {
			if b.Fill == nil {
				return
			}
			c, err := b.Fill(block)
			if err == nil && c != nil {
				u.cells = *c
			}
			u.err = err
		})
		return u.err
	})
}

func (b *Builder) at(block int64) *underWay {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.open[block]
}

// Add takes the bytes of an expected range.
func (b *Builder) Add(off int64, p []byte) {
	_ = each(off, int64(len(p)), func(block, at, n int64) error {
		u := b.at(block)
		sumCells(u.cells[(at-block*Block)/Cell:], p[at-off:][:n])
		return nil
	})
}

// AddZeros is Add with so many zeros.
func (b *Builder) AddZeros(off, n int64) {
	_ = each(off, n, func(block, at, n int64) error {
		u := b.at(block)
		first := (at - block*Block) / Cell
		for i := range (n + Cell - 1) / Cell {
			u.cells[first+i] = ZeroCell
		}
		return nil
	})
}

// Done says that a range is on the target.
func (b *Builder) Done(off, n int64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	_ = each(off, n, func(block, _, n int64) error {
		u := b.open[block]
		u.missing -= n
		b.finish(block, u)
		return nil
	})
}

func (b *Builder) finish(block int64, u *underWay) {
	if u.missing > 0 || block >= b.sealed {
		return
	}
	delete(b.open, block)
	sum := u.cells.Sum()
	b.m.Set(block, sum)
	if b.Keep != nil && b.Keep(block, sum) && sum != ZeroBlock {
		b.m.cells[block] = &u.cells
	}
	if b.Finished != nil {
		b.Finished(block, b.m.Leaf(block))
	}
}
