package guest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
)

// Reason is what happened to a write.
type Reason string

// The reasons.
const (
	Torn      Reason = "torn"          // written in part, or changed since
	Lost      Reason = "lost"          // acknowledged, and not there
	Reordered Reason = "out of order"  // there, and an earlier one is not
	Foreign   Reason = "another guest" // not of this guest, or not of this place
)

// Corrupt is a disk that cannot be what a guest left behind.
type Corrupt struct {
	Disk  int    // position, from 0
	Block string // "block 17", "record 4", "superblock", "static content 3"
	Want  string
	Got   string
	Why   Reason
}

// Error says which write of which disk is wrong.
func (c *Corrupt) Error() string {
	return fmt.Sprintf("disk %d, %s: expected %s, found %s: a write is %s", c.Disk, c.Block, c.Want, c.Got, c.Why)
}

// Report is what a boot found.
type Report struct {
	ID      string
	OS      string
	Last    uint64 // number of the last record, 0 where there is none
	Records int    // records in the ring
	Blocks  int    // blocks of the tables
}

// Check boots: it reads everything that the guest ever wrote and compares it
// with what has to be there. The disks are fit to run where it returns no
// error. A *[Corrupt] says what is wrong with them; any other error that they
// could not be read.
func Check(ctx context.Context, disks []Disk) (Report, error) {
	supers, err := readSuperblocks(disks)
	if err != nil {
		return Report{}, err
	}
	spec := supers[0].spec
	r, last, err := readRing(disks[0], spec)
	if err != nil {
		return Report{}, err
	}
	report := Report{ID: spec.ID, OS: spec.OS, Last: last}
	h := history{spec: spec, disks: len(disks), last: last}
	if report.Records, err = h.checkRing(r); err != nil {
		return report, err
	}
	newest := h.newest()
	for i, d := range disks {
		if err := h.checkTable(d, i, newest); err != nil {
			return report, err
		}
		report.Blocks += tableBlocks
	}
	for i, d := range disks {
		if err := checkStatics(ctx, d, &supers[i]); err != nil {
			return report, err
		}
	}
	return report, nil
}

// history is everything a guest has done: it follows from its seed and the
// number of its last step.
type history struct {
	spec  Spec
	disks int
	last  uint64
}

func (h history) chosen(seq uint64) place { return chosen(h.spec.Seed, seq, h.disks) }

// newest computes the step that wrote each block last; blocks that are as they
// were formatted are not in it.
func (h history) newest() map[place]uint64 {
	all := h.disks * tableBlocks
	newest := make(map[place]uint64, all)
	// From the end: the first number met for a block is its newest.
	for seq := h.last; seq > 0 && len(newest) < all; seq-- {
		at := h.chosen(seq)
		if _, met := newest[at]; !met {
			newest[at] = seq
		}
	}
	return newest
}

// checkRing wants the last records without a gap, and nothing after the last.
func (h history) checkRing(r *ring) (records int, err error) {
	block := make([]byte, unit)
	next := h.last + 1
	first := next - min(h.last, ringSlots)
	for seq := first; seq < first+ringSlots; seq++ {
		got := r[seq%ringSlots]
		bad := &Corrupt{Block: fmt.Sprintf("record slot %d", seq%ringSlots), Want: fmt.Sprintf("record %d", seq)}
		if seq >= next {
			bad.Want = "no record"
		}
		switch {
		case got.torn:
			bad.Got, bad.Why = "a bad checksum", Torn
		case got.number != 0 && got.guest != identity(h.spec):
			bad.Got, bad.Why = "a record of another guest", Foreign
		case seq >= next && got.number == 0:
			continue
		case got.number == 0:
			bad.Got, bad.Why = "no record", Lost
		case got.number != seq:
			bad.Got, bad.Why = fmt.Sprintf("record %d", got.number), Lost
		case !h.describes(got.header, block):
			bad.Got, bad.Why = "a record of another write", Foreign
		default:
			continue
		}
		return 0, bad
	}
	return int(next - first), nil
}

// describes says whether a record is the one its step appends.
func (h history) describes(record header, block []byte) bool {
	at := h.chosen(record.number)
	fillBlock(block, h.spec, at, record.number)
	return record.place == at && record.sum == crc32.Checksum(block, castagnoli)
}

// checkTable wants each block of a disk as its newest step left it. One block
// may be a step ahead: its record was not written yet.
func (h history) checkTable(d Disk, disk int, newest map[place]uint64) error {
	table := make([]byte, tableBlocks*unit)
	if err := readFull(d, table, tableOff); err != nil {
		return fmt.Errorf("read the blocks of disk %d: %w", disk, err)
	}
	ahead := h.chosen(h.last + 1)
	good := make([]byte, unit)
	for b := range tableBlocks {
		at := place{disk: disk, block: b}
		p := table[b*unit : (b+1)*unit]
		if fillBlock(good, h.spec, at, newest[at]); bytes.Equal(p, good) {
			continue
		}
		if fillBlock(good, h.spec, at, h.last+1); at == ahead && bytes.Equal(p, good) {
			continue
		}
		return h.judge(p, at, newest[at])
	}
	return nil
}

// judge names what is wrong with a block.
func (h history) judge(p []byte, at place, want uint64) error {
	bad := &Corrupt{Disk: at.disk, Block: at.String(), Want: fmt.Sprintf("version %d", want)}
	got, ok := decode(blockMagic, p)
	switch {
	case !ok:
		bad.Got, bad.Why = "a bad checksum", Torn
	case got.guest != identity(h.spec) || got.place != at:
		bad.Got, bad.Why = fmt.Sprintf("block %d of disk %d", got.place.block, got.place.disk), Foreign
	case got.number > h.last:
		bad.Got, bad.Why = fmt.Sprintf("version %d without a record", got.number), Reordered
	default:
		bad.Got, bad.Why = fmt.Sprintf("version %d", got.number), Lost
	}
	return bad
}

func checkStatics(ctx context.Context, d Disk, s *superblock) error {
	p := make([]byte, 1<<20)
	for i, st := range s.statics {
		sum := sha256.New()
		for done := int64(0); done < st.length; done += int64(len(p)) {
			if err := ctx.Err(); err != nil {
				return err
			}
			part := p[:min(int64(len(p)), st.length-done)]
			if err := readFull(d, part, st.off+done); err != nil {
				return fmt.Errorf("read the static content of disk %d: %w", s.disk, err)
			}
			sum.Write(part)
		}
		if got := sum.Sum(nil); !bytes.Equal(got, st.sum[:]) {
			return &Corrupt{
				Disk: s.disk, Block: fmt.Sprintf("static content %d", i), Why: Torn,
				Want: fmt.Sprintf("sum %x", st.sum[:6]), Got: fmt.Sprintf("sum %x", got[:6]),
			}
		}
	}
	return nil
}
