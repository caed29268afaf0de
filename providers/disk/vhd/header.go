package vhd

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"strings"
	"unicode/utf16"

	"failback/providers/disk/image"
)

const (
	headerSize   = 1024
	headerCookie = "cxsparse"
	// maxBlock bounds what a header may ask for. The usual block has 2 MiB.
	maxBlock = 256 << 20
	// unallocated is the entry of a block that is not in the file.
	unallocated = ^uint32(0)
)

// header is the dynamic disk header.
type header struct {
	table   int64 // where the block table is
	entries int64
	block   int64
	parent  string
}

func readHeader(f image.File, ft footer) (header, error) {
	length, err := f.Size()
	if err != nil {
		return header{}, err
	}
	if ft.dataOffset > uint64(length) || int64(ft.dataOffset) > length-headerSize {
		return header{}, image.Damage(fmt.Sprintf("the footer places the header at %d, outside the file", ft.dataOffset))
	}
	p := make([]byte, headerSize)
	if err := image.ReadFull(f, p, int64(ft.dataOffset)); err != nil {
		return header{}, fmt.Errorf("read the header: %w", err)
	}
	return parseHeader(p, int64(ft.current), length)
}

// parseHeader reads the header of a dynamic disk of size bytes in a file of
// length bytes, and promises that the table lies in the file and has an entry
// for every block.
func parseHeader(p []byte, size, length int64) (header, error) {
	if len(p) != headerSize || string(p[:8]) != headerCookie {
		return header{}, image.Damage("the dynamic header does not begin with its cookie")
	}
	be := binary.BigEndian
	if got, want := be.Uint32(p[36:]), checksum(p, 36); got != want {
		return header{}, image.Damage(fmt.Sprintf("the dynamic header's checksum is %#x and should be %#x", got, want))
	}
	if v := be.Uint32(p[24:]); v>>16 != formatVersion>>16 {
		return header{}, image.Damage(fmt.Sprintf("the dynamic header is of version %#x", v))
	}
	at, entries, block := be.Uint64(p[16:]), int64(be.Uint32(p[28:])), int64(be.Uint32(p[32:]))
	if bits.OnesCount64(uint64(block)) != 1 || block < sector || block > maxBlock {
		return header{}, image.Damage(fmt.Sprintf("the block size is %d", block))
	}
	if need := (size + block - 1) / block; entries < need {
		return header{}, image.Damage(fmt.Sprintf("the block table has %d entries and the disk %d blocks", entries, need))
	}
	if at > uint64(length) || entries*4 > length-int64(at) {
		return header{}, image.Damage(fmt.Sprintf("the block table, %d entries at %d, is not in the file", entries, at))
	}
	return header{table: int64(at), entries: entries, block: block, parent: parentName(p[64:576])}, nil
}

func parentName(p []byte) string {
	var u []uint16
	for ; len(p) >= 2; p = p[2:] {
		c := binary.BigEndian.Uint16(p)
		if c == 0 {
			break
		}
		u = append(u, c)
	}
	return strings.TrimSpace(string(utf16.Decode(u)))
}

// bitmapSize is how many bytes stand before a block's data: a bit a sector, in
// whole sectors.
func (h header) bitmapSize() int64 { return (h.block/sector/8 + sector - 1) / sector * sector }
