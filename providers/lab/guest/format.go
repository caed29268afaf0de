package guest

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
)

var errNoDisk = errors.New("no disk given")

// Format writes a new guest onto the disks, whatever was there. The first disk
// is the one the guest boots from. The superblocks come last: an interrupted
// Format leaves nothing that boots.
func Format(ctx context.Context, spec Spec, disks []Disk) error {
	supers, err := planDisks(spec, disks)
	if err != nil {
		return err
	}
	for i, d := range disks {
		if err := formatDisk(ctx, d, &supers[i]); err != nil {
			return fmt.Errorf("format disk %d of guest %s: %w", i, spec.ID, err)
		}
	}
	for i, d := range disks {
		if _, err := d.WriteAt(supers[i].encode(), 0); err != nil {
			return fmt.Errorf("format disk %d of guest %s: %w", i, spec.ID, err)
		}
	}
	return nil
}

// planDisks lays the static content out, an equal share on each disk.
func planDisks(spec Spec, disks []Disk) ([]superblock, error) {
	switch {
	case len(disks) == 0:
		return nil, fmt.Errorf("format guest %s: %w", spec.ID, errNoDisk)
	case len(spec.ID) > maxText || len(spec.OS) > maxText:
		return nil, fmt.Errorf("format guest %.32s: id and system have at most %d bytes", spec.ID, maxText)
	case spec.StaticMiB < 0 || spec.StaticMiB > 1<<20:
		return nil, fmt.Errorf("format guest %s: %d MiB of static content", spec.ID, spec.StaticMiB)
	}
	supers := make([]superblock, len(disks))
	for i, d := range disks {
		share := spec.StaticMiB / len(disks)
		if i < spec.StaticMiB%len(disks) {
			share++
		}
		supers[i] = superblock{spec: spec, disk: i, disks: len(disks), statics: planStatics(share)}
		end := int64(MinDisk)
		for _, st := range supers[i].statics {
			end = st.off + st.length
		}
		if d.Size() < end {
			return nil, fmt.Errorf("format guest %s: disk %d has %d bytes, needed are %d", spec.ID, i, d.Size(), end)
		}
	}
	return supers, nil
}

func planStatics(mib int) []static {
	each := (mib + maxStatics - 1) / maxStatics
	var out []static
	for off := int64(staticOff); mib > 0; mib -= each {
		each = min(each, mib)
		length := int64(each) << 20
		out = append(out, static{off: off, length: length})
		off += length + staticGap
	}
	return out
}

func formatDisk(ctx context.Context, d Disk, s *superblock) error {
	// An old superblock must not vouch for what is written now.
	if _, err := d.WriteAt(make([]byte, unit), 0); err != nil {
		return err
	}
	if s.disk == 0 {
		if _, err := d.WriteAt(make([]byte, ringSlots*unit), ringOff); err != nil {
			return err
		}
	}
	table := make([]byte, tableBlocks*unit)
	for b := range tableBlocks {
		fillBlock(table[b*unit:(b+1)*unit], s.spec, place{disk: s.disk, block: b}, 0)
	}
	if _, err := d.WriteAt(table, tableOff); err != nil {
		return err
	}
	for i := range s.statics {
		if err := writeStatic(ctx, d, s, i); err != nil {
			return err
		}
	}
	return nil
}

func writeStatic(ctx context.Context, d Disk, s *superblock, i int) error {
	st := &s.statics[i]
	var seed [32]byte
	binary.LittleEndian.PutUint64(seed[:], uint64(s.spec.Seed))
	binary.LittleEndian.PutUint32(seed[8:], uint32(s.disk))
	binary.LittleEndian.PutUint32(seed[12:], uint32(i))
	content := rand.NewChaCha8(seed)
	sum := sha256.New()
	p := make([]byte, min(st.length, 1<<20))
	for done := int64(0); done < st.length; done += int64(len(p)) {
		if err := ctx.Err(); err != nil {
			return err
		}
		_, _ = content.Read(p) // never fails, as documented
		sum.Write(p)
		if _, err := d.WriteAt(p, st.off+done); err != nil {
			return err
		}
	}
	sum.Sum(st.sum[:0])
	return nil
}

// readFull reads all of p: a disk that ends before is broken.
func readFull(d Disk, p []byte, off int64) error {
	n, err := d.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
