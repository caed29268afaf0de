package world

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"strings"
)

// mint makes the next id of the world: a GUID that follows from the seed and
// from how many were made before, so that the same history has the same ids.
func (s *State) mint() string {
	s.Minted++
	return guid(s.Seed, s.Minted, "")
}

// GUIDOf is the id of something that has a name for good.
func (s *State) GUIDOf(name string) string { return guid(s.Seed, 0, strings.ToLower(name)) }

// guid derives a GUID of version 4's shape.
func guid(seed int64, n uint64, name string) string {
	var in [16]byte
	binary.LittleEndian.PutUint64(in[:], uint64(seed))
	binary.LittleEndian.PutUint64(in[8:], n)
	sum := sha256.Sum256(append(in[:], name...))
	sum[6] = sum[6]&0x0f | 0x40
	sum[8] = sum[8]&0x3f | 0x80
	h := hex.EncodeToString(sum[:16])
	return strings.Join([]string{h[:8], h[8:12], h[12:16], h[16:20], h[20:]}, "-")
}

// newToken makes the word that opens this world to whoever is told it. It does
// not follow from the seed: others on the machine know the program and its
// estates too.
func newToken() string { return "lab-" + strings.ToLower(rand.Text()) }
