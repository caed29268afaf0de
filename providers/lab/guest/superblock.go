package guest

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

var superMagic = []byte("FBGUEST1")

// superblock is the first unit of every disk.
type superblock struct {
	spec    Spec
	disk    int
	disks   int
	statics []static
}

// static is a piece of content that never changes.
type static struct {
	off, length int64
	sum         [32]byte
}

// Offsets in the superblock: magic, then fixed numbers, the two texts with
// their lengths in front, and the list of static content.
const (
	superSeed    = 8
	superDisk    = 16
	superDisks   = 20
	superStatic  = 24
	superCount   = 28
	superID      = 32
	superOS      = superID + 2 + maxText
	superStatics = superOS + 2 + maxText
	staticBytes  = 8 + 8 + 32
)

func (s superblock) encode() []byte {
	p := make([]byte, unit)
	copy(p, superMagic)
	le := binary.LittleEndian
	le.PutUint64(p[superSeed:], uint64(s.spec.Seed))
	le.PutUint32(p[superDisk:], uint32(s.disk))
	le.PutUint32(p[superDisks:], uint32(s.disks))
	le.PutUint32(p[superStatic:], uint32(s.spec.StaticMiB))
	le.PutUint32(p[superCount:], uint32(len(s.statics)))
	putText(p[superID:], s.spec.ID)
	putText(p[superOS:], s.spec.OS)
	for i, st := range s.statics {
		q := p[superStatics+i*staticBytes:]
		le.PutUint64(q, uint64(st.off))
		le.PutUint64(q[8:], uint64(st.length))
		copy(q[16:], st.sum[:])
	}
	seal(p)
	return p
}

func putText(p []byte, s string) {
	binary.LittleEndian.PutUint16(p, uint16(len(s)))
	copy(p[2:], s)
}

func text(p []byte) (string, bool) {
	n := binary.LittleEndian.Uint16(p)
	if n > maxText {
		return "", false
	}
	return string(p[2 : 2+n]), true
}

// readSuperblock reads the superblock of the disk in position i of count.
func readSuperblock(d Disk, i, count int) (superblock, error) {
	fail := func(reason Reason, want, got string) (superblock, error) {
		return superblock{}, &Corrupt{Disk: i, Block: "superblock", Want: want, Got: got, Why: reason}
	}
	p := make([]byte, unit)
	if err := readFull(d, p, 0); err != nil {
		return superblock{}, fmt.Errorf("read the superblock of disk %d: %w", i, err)
	}
	if !bytes.HasPrefix(p, superMagic) {
		return fail(Lost, "a formatted disk", "none")
	}
	if !sealed(p) {
		return fail(Torn, "a good checksum", "a bad one")
	}
	s, ok := decodeSuperblock(p)
	if !ok || outside(s.statics, d.Size()) {
		return fail(Torn, "a list of content within the disk", "nonsense")
	}
	if s.disk != i || s.disks != count {
		return fail(Foreign, fmt.Sprintf("disk %d of %d", i, count), fmt.Sprintf("disk %d of %d", s.disk, s.disks))
	}
	return s, nil
}

func decodeSuperblock(p []byte) (superblock, bool) {
	le := binary.LittleEndian
	s := superblock{disk: int(le.Uint32(p[superDisk:])), disks: int(le.Uint32(p[superDisks:]))}
	s.spec.Seed = int64(le.Uint64(p[superSeed:]))
	s.spec.StaticMiB = int(le.Uint32(p[superStatic:]))
	var okID, okOS bool
	s.spec.ID, okID = text(p[superID:])
	s.spec.OS, okOS = text(p[superOS:])
	n := le.Uint32(p[superCount:])
	if !okID || !okOS || n > maxStatics {
		return superblock{}, false
	}
	for i := range int(n) {
		q := p[superStatics+i*staticBytes:]
		st := static{off: int64(le.Uint64(q)), length: int64(le.Uint64(q[8:]))}
		copy(st.sum[:], q[16:])
		s.statics = append(s.statics, st)
	}
	return s, true
}

func outside(statics []static, size int64) bool {
	for _, st := range statics {
		if st.off < 0 || st.length < 0 || st.off > size || st.length > size-st.off {
			return true
		}
	}
	return false
}

// readSuperblocks reads those of all disks and refuses disks that do not
// belong together.
func readSuperblocks(disks []Disk) ([]superblock, error) {
	if len(disks) == 0 {
		return nil, fmt.Errorf("a guest needs a disk: %w", errNoDisk)
	}
	supers := make([]superblock, len(disks))
	for i, d := range disks {
		s, err := readSuperblock(d, i, len(disks))
		if err != nil {
			return nil, err
		}
		if i > 0 && s.spec != supers[0].spec {
			return nil, &Corrupt{
				Disk: i, Block: "superblock", Why: Foreign,
				Want: "guest " + supers[0].spec.ID, Got: "guest " + s.spec.ID,
			}
		}
		supers[i] = s
	}
	return supers, nil
}
