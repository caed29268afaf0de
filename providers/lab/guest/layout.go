package guest

import (
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
)

// Where things are on a disk. Everything is made of units of 4 KiB, which a
// disk writes whole or not at all.
const (
	unit = 4096

	ringOff     = 64 << 10
	ringSlots   = 256
	tableOff    = ringOff + ringSlots*unit
	tableBlocks = 128
	staticOff   = 2 << 20

	// maxStatics is how many pieces of static content a superblock can list.
	maxStatics = 64
	// staticGap separates the pieces, so that a disk has more than one range
	// that holds data.
	staticGap = 64 << 10

	maxText = 128
)

// MinDisk is the smallest disk that holds a guest without static content.
const MinDisk = staticOff

// Disk is a disk of the VM. *blob.Blob is one.
type Disk interface {
	io.ReaderAt
	io.WriterAt
	Size() int64
}

// Spec is what a guest is made from. Two guests with the same Spec and the same
// disks have the same bytes.
type Spec struct {
	ID        string // at most 128 bytes
	Seed      int64
	OS        string // at most 128 bytes
	StaticMiB int    // incompressible content, spread over the disks
}

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// seal writes the checksum of a unit into its last four bytes.
func seal(p []byte) {
	binary.LittleEndian.PutUint32(p[unit-4:], crc32.Checksum(p[:unit-4], castagnoli))
}

// sealed says whether a unit is as it was sealed.
func sealed(p []byte) bool {
	return binary.LittleEndian.Uint32(p[unit-4:]) == crc32.Checksum(p[:unit-4], castagnoli)
}

// scramble is the mixing step of SplitMix64: it makes neighbouring numbers
// unrelated, quickly.
func scramble(x uint64) uint64 {
	x += 0x9e3779b97f4a7c15
	x = (x ^ x>>30) * 0xbf58476d1ce4e5b9
	x = (x ^ x>>27) * 0x94d049bb133111eb
	return x ^ x>>31
}

// place is a block of a table.
type place struct{ disk, block int }

func (p place) String() string { return fmt.Sprintf("block %d", p.block) }

func (p place) off() int64 { return tableOff + int64(p.block)*unit }

// chosen is the block that step seq rewrites.
func chosen(seed int64, seq uint64, disks int) place {
	n := scramble(scramble(uint64(seed)) ^ seq)
	return place{disk: int(n % uint64(disks)), block: int(n >> 32 % tableBlocks)}
}
