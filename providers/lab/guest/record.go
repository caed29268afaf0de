package guest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
)

var (
	recordMagic = []byte("FBRECORD")
	blockMagic  = []byte("FBBLOCK1")
)

// header says what a unit is: a record of the ring or a block of a table. Both
// have the same fields, and number is the step that wrote it.
type header struct {
	guest  uint64 // which guest, from its id and seed
	number uint64
	place  place
	sum    uint32 // a record: the checksum of the block its step wrote
}

// Offsets in a unit.
const (
	headGuest   = 8
	headNumber  = 16
	headDisk    = 24
	headBlock   = 28
	headSum     = 32
	headPayload = 64
)

func (h header) encode(magic, p []byte) {
	copy(p, magic)
	le := binary.LittleEndian
	le.PutUint64(p[headGuest:], h.guest)
	le.PutUint64(p[headNumber:], h.number)
	le.PutUint32(p[headDisk:], uint32(h.place.disk))
	le.PutUint32(p[headBlock:], uint32(h.place.block))
	le.PutUint32(p[headSum:], h.sum)
}

// decode reads a unit's header; the unit has to be sealed and of this kind.
func decode(magic, p []byte) (header, bool) {
	if !bytes.HasPrefix(p, magic) || !sealed(p) {
		return header{}, false
	}
	le := binary.LittleEndian
	return header{
		guest:  le.Uint64(p[headGuest:]),
		number: le.Uint64(p[headNumber:]),
		place:  place{disk: int(le.Uint32(p[headDisk:])), block: int(le.Uint32(p[headBlock:]))},
		sum:    le.Uint32(p[headSum:]),
	}, true
}

// identity is what units carry of the guest they belong to.
func identity(s Spec) uint64 {
	return scramble(uint64(s.Seed)) ^ uint64(crc32.Checksum([]byte(s.ID), castagnoli))<<16
}

// fillBlock writes what step number puts into a block; step 0 is the format. The block
// is its caller's alone, and the race detector, which looks at every byte, takes more
// time for this than for the rest of a run: it does not look here.
//
//go:norace
func fillBlock(p []byte, s Spec, at place, number uint64) {
	h := header{guest: identity(s), number: number, place: at}
	clear(p[:headPayload])
	h.encode(blockMagic, p)
	x := scramble(h.guest ^ number<<20 ^ uint64(at.disk)<<10 ^ uint64(at.block))
	for i := headPayload; i < unit; i += 8 {
		x = scramble(x)
		binary.LittleEndian.PutUint64(p[i:], x)
	}
	seal(p)
}

// fillRecord writes the record of a step that put block into a place.
func fillRecord(p []byte, s Spec, at place, number uint64, block []byte) {
	clear(p)
	header{guest: identity(s), number: number, place: at, sum: crc32.Checksum(block, castagnoli)}.encode(recordMagic, p)
	seal(p)
}

func slotOff(seq uint64) int64 { return ringOff + int64(seq%ringSlots)*unit }

// slot is what one place of the ring holds: a record, nothing (number 0, which
// no step has) or something that is neither.
type slot struct {
	header
	torn bool
}

type ring [ringSlots]slot

// readRing also returns the number of the last record.
func readRing(d Disk, s Spec) (*ring, uint64, error) {
	p := make([]byte, ringSlots*unit)
	if err := readFull(d, p, ringOff); err != nil {
		return nil, 0, fmt.Errorf("read the records: %w", err)
	}
	empty := make([]byte, unit)
	var r ring
	last := uint64(0)
	for i := range r {
		q := p[i*unit : (i+1)*unit]
		h, ok := decode(recordMagic, q)
		r[i] = slot{header: h, torn: !ok && !bytes.Equal(q, empty)}
		if h.guest == identity(s) && h.number%ringSlots == uint64(i) {
			last = max(last, h.number)
		}
	}
	return &r, last, nil
}
