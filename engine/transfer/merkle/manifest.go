package merkle

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
)

// The units of a manifest, in bytes, and how its sums are made.
const (
	Cell      = 4096
	Block     = 1 << 20
	Algorithm = "sha256/4096/1048576"

	perBlock = Block / Cell
	perPage  = 1024
)

// Sum is a SHA-256.
type Sum [sha256.Size]byte

// String is the sum in hexadecimal.
func (s Sum) String() string { return hex.EncodeToString(s[:]) }

// Cells are the sums of the cells of one block.
type Cells [perBlock]Sum

// Sum is that of the block.
func (c *Cells) Sum() Sum {
	var in [perBlock * sha256.Size]byte
	for i := range c {
		copy(in[i*sha256.Size:], c[i][:])
	}
	return sha256.Sum256(in[:])
}

var (
	zeroBytes [Cell]byte
	// ZeroCell is the sum of a cell of zeros.
	ZeroCell  = Sum(sha256.Sum256(zeroBytes[:]))
	zeroCells = func() (c Cells) {
		for i := range c {
			c[i] = ZeroCell
		}
		return c
	}()
	// ZeroBlock is the sum of a block of zeros.
	ZeroBlock = zeroCells.Sum()
	// zeroTree has the sum of 2^i blocks of zeros.
	zeroTree = func() (t [64]Sum) {
		t[0] = ZeroBlock
		for i := 1; i < len(t); i++ {
			t[i] = node(t[i-1], t[i-1])
		}
		return t
	}()
)

func node(a, b Sum) Sum {
	var in [2 * sha256.Size]byte
	copy(in[:], a[:])
	copy(in[sha256.Size:], b[:])
	return sha256.Sum256(in[:])
}

// Manifest is the sums of one disk. Blocks of zeros take no memory. It is not
// safe for concurrent use while it changes.
type Manifest struct {
	size  int64
	pages []*[perPage]Sum // nil is a page of zeros
	cells map[int64]*Cells
}

// New is the manifest of a disk of zeros.
func New(size int64) *Manifest {
	m := &Manifest{size: size, cells: map[int64]*Cells{}}
	m.pages = make([]*[perPage]Sum, (m.Blocks()+perPage-1)/perPage)
	return m
}

// Size is that of the disk, in bytes.
func (m *Manifest) Size() int64 { return m.size }

// Blocks is how many there are.
func (m *Manifest) Blocks() int64 { return (m.size + Block - 1) / Block }

// Leaf is the sum of a block.
func (m *Manifest) Leaf(block int64) Sum {
	p := m.pages[block/perPage]
	if p == nil {
		return ZeroBlock
	}
	return p[block%perPage]
}

// Set makes a sum that of a block, whose cells are not known any more.
func (m *Manifest) Set(block int64, s Sum) {
	delete(m.cells, block)
	p := m.pages[block/perPage]
	if p == nil {
		if s == ZeroBlock {
			return
		}
		p = new([perPage]Sum)
		for i := range p {
			p[i] = ZeroBlock
		}
		m.pages[block/perPage] = p
	}
	p[block%perPage] = s
}

// SetCells makes the cells those of a block and keeps them.
func (m *Manifest) SetCells(block int64, c *Cells) {
	s := c.Sum()
	m.Set(block, s)
	if s != ZeroBlock {
		m.cells[block] = c
	}
}

// Cells are those of a block, nil where they were not kept. Zeros are known.
func (m *Manifest) Cells(block int64) *Cells {
	if c := m.cells[block]; c != nil {
		return c
	}
	if m.Leaf(block) == ZeroBlock {
		return &zeroCells
	}
	return nil
}

// Clone shares nothing that changes.
func (m *Manifest) Clone() *Manifest {
	c := &Manifest{size: m.size, pages: slices.Clone(m.pages), cells: maps.Clone(m.cells)}
	for i, p := range c.pages {
		if p != nil {
			own := *p
			c.pages[i] = &own
		}
	}
	return c
}

// Root is the one sum over size and content. Two disks with the same root are
// the same disk.
func (m *Manifest) Root() Sum {
	level := make([]Sum, len(m.pages))
	for i, p := range m.pages {
		level[i] = pageSum(p)
	}
	height := pageHeight
	for len(level) > 1 {
		next := make([]Sum, 0, (len(level)+1)/2)
		for i := 0; i < len(level); i += 2 {
			right := zeroTree[height]
			if i+1 < len(level) {
				right = level[i+1]
			}
			next = append(next, node(level[i], right))
		}
		level = next
		height++
	}
	top := zeroTree[pageHeight]
	if len(level) == 1 {
		top = level[0]
	}
	in := binary.BigEndian.AppendUint64([]byte(Algorithm), uint64(m.size))
	return sha256.Sum256(append(in, top[:]...))
}

const pageHeight = 10 // 2^10 blocks a page

func pageSum(p *[perPage]Sum) Sum {
	if p == nil {
		return zeroTree[pageHeight]
	}
	level := *p
	for n := perPage; n > 1; n /= 2 {
		for i := 0; i < n; i += 2 {
			level[i/2] = node(level[i], level[i+1])
		}
	}
	return level[0]
}

// Range is a part of a disk: Len bytes from Off.
type Range struct{ Off, Len int64 }

// Compare is where two disks differ: by cells in blocks whose cells both
// manifests have, by whole blocks elsewhere. What only the larger disk has
// differs. No range at all means the same disk.
func Compare(a, b *Manifest) []Range {
	if a.size > b.size {
		a, b = b, a
	}
	var out []Range
	add := func(off, n int64) {
		if last := len(out) - 1; last >= 0 && out[last].Off+out[last].Len == off {
			out[last].Len += n
			return
		}
		out = append(out, Range{off, n})
	}
	for i := range a.Blocks() {
		if a.pages[i/perPage] == nil && b.pages[i/perPage] == nil || a.Leaf(i) == b.Leaf(i) {
			continue
		}
		end := min((i+1)*Block, b.size)
		ca, cb := a.Cells(i), b.Cells(i)
		if ca == nil || cb == nil {
			add(i*Block, end-i*Block)
			continue
		}
		for k := range ca {
			if off := i*Block + int64(k)*Cell; ca[k] != cb[k] {
				add(off, min(Cell, end-off))
			}
		}
	}
	if from := max(a.size, lastEnd(out)); from < b.size {
		add(from, b.size-from)
	}
	return out
}

func lastEnd(r []Range) int64 {
	if len(r) == 0 {
		return 0
	}
	return r[len(r)-1].Off + r[len(r)-1].Len
}
