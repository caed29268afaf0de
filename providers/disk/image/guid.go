package image

import (
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"fmt"
)

// GUID is 16 bytes in the order in which a VHDX holds them: the first three
// fields little-endian.
type GUID [16]byte

// NewGUID makes a random one, of version 4.
func NewGUID() GUID {
	var g GUID
	_, _ = rand.Read(g[:]) // never fails: see crypto/rand
	g[7] = g[7]&0x0f | 0x40
	g[8] = g[8]&0x3f | 0x80
	return g
}

// MustGUID reads the usual text, 8-4-4-4-12 digits. It is for constants and
// panics on anything else.
func MustGUID(s string) GUID {
	var g GUID
	raw, err := hex.DecodeString(s[0:8] + s[9:13] + s[14:18] + s[19:23] + s[24:36])
	if err != nil {
		panic(err)
	}
	binary.LittleEndian.PutUint32(g[0:], binary.BigEndian.Uint32(raw[0:]))
	binary.LittleEndian.PutUint16(g[4:], binary.BigEndian.Uint16(raw[4:]))
	binary.LittleEndian.PutUint16(g[6:], binary.BigEndian.Uint16(raw[6:]))
	copy(g[8:], raw[8:])
	return g
}

// String writes the usual text.
func (g GUID) String() string {
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(g[0:]),
		binary.LittleEndian.Uint16(g[4:]), binary.LittleEndian.Uint16(g[6:]), g[8:10], g[10:])
}

// MarshalText writes the usual text.
func (g GUID) MarshalText() ([]byte, error) { return []byte(g.String()), nil }
