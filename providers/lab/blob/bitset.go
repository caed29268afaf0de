package blob

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/bits"
	"os"

	"failback/engine/transfer"
)

// chunkBytes is what a bitset allocates at once: disks are mostly empty, so a
// bitmap of a large one is mostly absent.
const (
	chunkBytes = 4096
	chunkBits  = chunkBytes * 8
)

type chunk [chunkBytes]byte

// bitset is a bitmap in memory that follows every change to its file, if it has
// one. Its owner locks.
type bitset struct {
	bits   int64
	chunks []*chunk // nil: all zero
	file   *os.File
}

func newBitset(n int64) *bitset {
	return &bitset{bits: n, chunks: make([]*chunk, (n+chunkBits-1)/chunkBits)}
}

// readBitset loads a bitmap of n bits; a short file has zeros in its missing part.
func readBitset(f *os.File, n int64) (*bitset, error) {
	b := newBitset(n)
	b.file = f
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	src := transfer.FileSource(f, min(info.Size(), (n+7)/8))
	extents, err := src.Extents(context.Background())
	if err != nil {
		return nil, err
	}
	for _, e := range extents {
		for i := e.Off / chunkBytes; i*chunkBytes < e.End(); i++ {
			p := b.chunk(i)[:min(chunkBytes, src.Size()-i*chunkBytes)]
			if err := src.ReadAt(context.Background(), p, i*chunkBytes); err != nil {
				return nil, fmt.Errorf("read the bitmap %s: %w", f.Name(), err)
			}
		}
	}
	return b, nil
}

func (b *bitset) chunk(i int64) *chunk {
	if b.chunks[i] == nil {
		b.chunks[i] = new(chunk)
	}
	return b.chunks[i]
}

// writeTo writes the whole bitmap to an empty file.
func (b *bitset) writeTo(f *os.File) error {
	for i, ch := range b.chunks {
		if ch == nil {
			continue
		}
		if _, err := f.WriteAt(ch[:], int64(i)*chunkBytes); err != nil {
			return err
		}
	}
	return nil
}

// put makes the bits [from,to) equal to on, in memory and in the file.
func (b *bitset) put(from, to int64, on bool) error {
	for from < to {
		i := from / chunkBits
		end := min(to, (i+1)*chunkBits)
		if on || b.chunks[i] != nil {
			ch := b.chunk(i)
			lo, hi := from-i*chunkBits, end-i*chunkBits
			if ch.put(lo, hi, on) {
				if err := b.save(i, lo/8, (hi+7)/8); err != nil {
					return err
				}
			}
		}
		from = end
	}
	return nil
}

func (b *bitset) save(i, lo, hi int64) error {
	if b.file == nil {
		return nil
	}
	_, err := b.file.WriteAt(b.chunks[i][lo:hi], i*chunkBytes+lo)
	return err
}

// or adds the bits of o, in memory and in the file.
func (b *bitset) or(o *bitset) error {
	for i, ch := range o.chunks {
		if ch == nil {
			continue
		}
		mine := b.chunk(int64(i))
		for k, v := range ch {
			mine[k] |= v
		}
		if err := b.save(int64(i), 0, chunkBytes); err != nil {
			return err
		}
	}
	return nil
}

// get reads one bit.
func (b *bitset) get(i int64) bool {
	ch := b.chunks[i/chunkBits]
	return ch != nil && ch[i%chunkBits/8]&(1<<(i%8)) != 0
}

// before finds the first bit of [from,limit) that is equal to want; limit where
// there is none. It looks at nothing beyond: a bitmap may be large and empty.
func (b *bitset) before(from, limit int64, want bool) int64 {
	for from < limit {
		i := from / chunkBits
		ch := b.chunks[i]
		if ch == nil {
			if !want {
				return from
			}
			from = (i + 1) * chunkBits
			continue
		}
		if at, ok := ch.next(from-i*chunkBits, want); ok {
			return min(limit, i*chunkBits+at)
		}
		from = (i + 1) * chunkBits
	}
	return limit
}

// runs yields the runs of set bits that lie in [from,to).
func (b *bitset) runs(from, to int64) func(yield func(lo, hi int64) bool) {
	return func(yield func(lo, hi int64) bool) {
		for {
			lo := b.before(from, to, true)
			if lo >= to {
				return
			}
			hi := b.before(lo, to, false)
			if !yield(lo, hi) {
				return
			}
			from = hi
		}
	}
}

// put reports whether anything changed.
func (c *chunk) put(from, to int64, on bool) bool {
	changed := false
	for i := from; i < to; {
		if i%8 == 0 && to-i >= 8 {
			full := byte(0)
			if on {
				full = 0xff
			}
			changed = changed || c[i/8] != full
			c[i/8] = full
			i += 8
			continue
		}
		mask := byte(1) << (i % 8)
		if (c[i/8]&mask != 0) != on {
			c[i/8] ^= mask
			changed = true
		}
		i++
	}
	return changed
}

func (c *chunk) next(from int64, want bool) (int64, bool) {
	for w := from / 64; w < chunkBits/64; w++ {
		v := binary.LittleEndian.Uint64(c[w*8:])
		if !want {
			v = ^v
		}
		if w == from/64 {
			v &= ^uint64(0) << (from % 64)
		}
		if v != 0 {
			return w*64 + int64(bits.TrailingZeros64(v)), true
		}
	}
	return 0, false
}
