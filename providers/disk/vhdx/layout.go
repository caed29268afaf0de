package vhdx

import (
	"encoding/binary"
	"hash/crc32"

	"failback/providers/disk/image"
)

const (
	mib    = 1 << 20
	page   = 4096 // what the log moves, and what a header has
	maxEnd = 128 << 40

	identifierAt = 0
	header1At    = 64 << 10
	header2At    = 128 << 10
	region1At    = 192 << 10
	region2At    = 256 << 10
	tableSize    = 64 << 10 // of a region table and of the metadata table
	// headersEnd is where everything else begins.
	headersEnd = mib

	signature = "vhdxfile"
	maxSize   = 64 << 40
	minBlock  = 1 << 20
	maxBlock  = 256 << 20
)

var (
	le         = binary.LittleEndian
	castagnoli = crc32.MakeTable(crc32.Castagnoli)
	noGUID     image.GUID
)

// sumOf is the CRC-32C of p with zeros where the checksum itself stands, at 4.
func sumOf(p []byte) uint32 {
	sum := crc32.Update(0, castagnoli, p[:4])
	sum = crc32.Update(sum, castagnoli, make([]byte, 4))
	return crc32.Update(sum, castagnoli, p[8:])
}

// seal puts the checksum into p.
func seal(p []byte) { le.PutUint32(p[4:], sumOf(p)) }

// geometry is how the disk is cut into blocks.
type geometry struct {
	size, block int64
	sector      int
}

// ratio is how many payload blocks one sector bitmap block speaks of: the table
// has a slot for it behind them, which a disk without parent leaves empty.
func (g geometry) ratio() int64 { return (1 << 23) * int64(g.sector) / g.block }

func (g geometry) blocks() int64 { return (g.size + g.block - 1) / g.block }

// slot is where the table has block b.
func (g geometry) slot(b int64) int64 { return b + b/g.ratio() }

// slots is how many entries the table has. The last is a payload block's.
func (g geometry) slots() int64 { return g.slot(g.blocks()-1) + 1 }

// blockOf is the inverse of slot; ok is false for the slot of a bitmap.
func (g geometry) blockOf(slot int64) (b int64, ok bool) {
	r := g.ratio() + 1
	return slot - slot/r, slot%r != r-1
}

// length is how much of block b belongs to the disk: the last one may end early.
func (g geometry) length(b int64) int64 { return min(g.block, g.size-b*g.block) }

func roundUp(n, unit int64) int64 { return (n + unit - 1) / unit * unit }
