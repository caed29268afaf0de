package vhd

import (
	"encoding/binary"
	"errors"
	"fmt"

	"failback/providers/disk/image"
)

// FooterSize is the length of a footer, in every VHD the last bytes of the file.
const FooterSize = 512

const (
	cookie        = "conectix"
	formatVersion = 0x00010000
	noOffset      = ^uint64(0)

	typeFixed        = 2
	typeDynamic      = 3
	typeDifferencing = 4
)

// epoch is when a VHD's clock starts: 2000-01-01 in Unix seconds.
const epoch = 946684800

type footer struct {
	features   uint32
	version    uint32
	dataOffset uint64
	timestamp  uint32
	creator    [4]byte
	original   uint64
	current    uint64
	geometry   [4]byte
	kind       uint32
	id         image.GUID
	saved      byte
}

var errCookie = errors.New("it has no VHD footer")

// parseFooter reads a footer and believes nothing: cookie, version, checksum,
// type and a size that fits the file are looked at.
func parseFooter(p []byte) (footer, error) {
	if len(p) != FooterSize || string(p[:8]) != cookie {
		return footer{}, errCookie
	}
	be := binary.BigEndian
	if got, want := be.Uint32(p[64:]), checksum(p, 64); got != want {
		return footer{}, fmt.Errorf("the footer's checksum is %#x and should be %#x", got, want)
	}
	f := footer{
		features: be.Uint32(p[8:]), version: be.Uint32(p[12:]), dataOffset: be.Uint64(p[16:]), timestamp: be.Uint32(p[24:]),
		creator: [4]byte(p[28:32]), original: be.Uint64(p[40:]), current: be.Uint64(p[48:]), geometry: [4]byte(p[56:60]),
		kind: be.Uint32(p[60:]), id: image.GUID(p[68:84]), saved: p[84],
	}
	if f.version>>16 != formatVersion>>16 {
		return footer{}, fmt.Errorf("the footer is of version %#x", f.version)
	}
	return f, nil
}

// encode writes the footer of a fixed or dynamic image.
func (f footer) encode() []byte {
	p := make([]byte, FooterSize)
	be := binary.BigEndian
	copy(p, cookie)
	be.PutUint32(p[8:], f.features)
	be.PutUint32(p[12:], f.version)
	be.PutUint64(p[16:], f.dataOffset)
	be.PutUint32(p[24:], f.timestamp)
	copy(p[28:], f.creator[:])
	be.PutUint32(p[32:], formatVersion)
	copy(p[36:], "Wi2k")
	be.PutUint64(p[40:], f.original)
	be.PutUint64(p[48:], f.current)
	copy(p[56:], f.geometry[:])
	be.PutUint32(p[60:], f.kind)
	copy(p[68:], f.id[:])
	p[84] = f.saved
	be.PutUint32(p[64:], checksum(p, 64))
	return p
}

// checksum is the one's complement of the sum of all bytes, the four of the
// checksum itself left out.
func checksum(p []byte, at int) uint32 {
	var sum uint32
	for i, b := range p {
		if i < at || i >= at+4 {
			sum += uint32(b)
		}
	}
	return ^sum
}

// maxGeometry is 65535 cylinders, 16 heads, 255 sectors: the value that says
// that geometry is not to be asked, the current size is.
var maxGeometry = [4]byte{0xff, 0xff, 16, 255}

// Recognise says whether tail, the last 512 bytes of a file, or head, its
// first, is a VHD's. It says nothing about whether the image is sound.
func Recognise(head, tail []byte) bool {
	return len(tail) == FooterSize && string(tail[:8]) == cookie || len(head) >= 8 && string(head[:8]) == cookie
}
