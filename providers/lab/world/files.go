package world

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"

	"failback/providers/lab/guest"
)

// Beside what the guest keeps, a disk holds files: content that the guest wrote
// long ago. Some of it is the same in Azure and on-premises and is never
// checked; the newest lies at the end of the disk with a header that names the
// guest's edition and a checksum, so that a disk of which only the beginning
// was copied does not boot.
const (
	filesUnit  = 4096
	filesMagic = "FBFILES1"
)

// files is where the checked files of a disk lie.
type files struct {
	off, length int64 // header included
}

// newestFiles is the place of length bytes of checked files on a disk.
func newestFiles(size, length int64) files {
	length = (length + filesUnit - 1) / filesUnit * filesUnit
	return files{off: (size - length) / filesUnit * filesUnit, length: length}
}

// writeFiles writes the checked files of a disk for a guest's edition, which is
// its seed. The last unit of the disk tells where they begin.
func writeFiles(d guest.Disk, f files, edition int64) error {
	content := make([]byte, f.length-filesUnit)
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], uint64(edition))
	binary.LittleEndian.PutUint64(seed[8:], uint64(d.Size()))
	_, _ = rand.NewChaCha8(seed).Read(content) // never fails, as documented
	if _, err := d.WriteAt(content, f.off); err != nil {
		return err
	}
	sum := sha256.Sum256(content)
	head := make([]byte, filesUnit)
	copy(head, filesMagic)
	binary.LittleEndian.PutUint64(head[8:], uint64(edition))
	binary.LittleEndian.PutUint64(head[16:], uint64(f.off))
	copy(head[24:], sum[:])
	_, err := d.WriteAt(head, f.off+f.length-filesUnit)
	return err
}

// checkFiles reads the checked files of all disks back and wants them to be of
// the guest's edition.
func checkFiles(disks []guest.Disk) error {
	g, err := guest.Open(disks)
	if err != nil {
		return err
	}
	for i, d := range disks {
		if err := checkDiskFiles(d, g.Spec().Seed); err != nil {
			return fmt.Errorf("disk %d: %w", i, err)
		}
	}
	return nil
}

var errFiles = errors.New("files are torn, lost, or older than the system")

func checkDiskFiles(d guest.Disk, edition int64) error {
	head := make([]byte, filesUnit)
	end := d.Size()/filesUnit*filesUnit - filesUnit
	if _, err := d.ReadAt(head, end); err != nil {
		return err
	}
	off := int64(binary.LittleEndian.Uint64(head[16:]))
	if string(head[:8]) != filesMagic || int64(binary.LittleEndian.Uint64(head[8:])) != edition || off < 0 || off > end {
		return errFiles
	}
	content := make([]byte, end-off)
	if _, err := d.ReadAt(content, off); err != nil {
		return err
	}
	if sum := sha256.Sum256(content); !bytes.Equal(sum[:], head[24:24+sha256.Size]) {
		return errFiles
	}
	return nil
}

// oldFiles writes content that is the same in every edition, in a few ranges
// over the middle of the disk.
func oldFiles(d guest.Disk, seed, from, to, length int64) error {
	const runs = 8
	each := length / runs / filesUnit * filesUnit
	stride := (to - from) / runs / filesUnit * filesUnit
	if each <= 0 || stride < each {
		return nil
	}
	var key [32]byte
	binary.LittleEndian.PutUint64(key[:], uint64(seed))
	content := rand.NewChaCha8(key)
	p := make([]byte, each)
	for i := range int64(runs) {
		_, _ = content.Read(p) // never fails, as documented
		if _, err := d.WriteAt(p, from+i*stride); err != nil {
			return err
		}
	}
	return nil
}
