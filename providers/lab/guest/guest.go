package guest

import "fmt"

// Guest is a running guest. It is for one goroutine at a time.
type Guest struct {
	spec  Spec
	disks []Disk
	last  uint64
	block []byte
	rec   []byte
}

// Open starts the guest that is on the disks; it finds the number of the last
// step there. It looks at superblocks and records only: a boot is [Check], then
// Open.
func Open(disks []Disk) (*Guest, error) {
	supers, err := readSuperblocks(disks)
	if err != nil {
		return nil, err
	}
	_, last, err := readRing(disks[0], supers[0].spec)
	if err != nil {
		return nil, err
	}
	return &Guest{
		spec: supers[0].spec, disks: disks, last: last,
		block: make([]byte, unit), rec: make([]byte, unit),
	}, nil
}

// Spec is what the guest was formatted with.
func (g *Guest) Spec() Spec { return g.spec }

// Last is the number of the last step that was done.
func (g *Guest) Last() uint64 { return g.last }

// Step rewrites one block and appends the record of it, both inside one call of
// atomic, so that the owner can keep snapshots and power cuts out; nil runs it
// as it is. A step that failed has the same number, and writes the same bytes,
// when it is tried again.
func (g *Guest) Step(atomic func(func() error) error) (seq uint64, err error) {
	if atomic == nil {
		atomic = func(f func() error) error { return f() }
	}
	seq = g.last + 1
	at := chosen(g.spec.Seed, seq, len(g.disks))
	fillBlock(g.block, g.spec, at, seq)
	fillRecord(g.rec, g.spec, at, seq, g.block)
	err = atomic(func() error {
		// The block first: a record speaks of something that is there.
		if _, err := g.disks[at.disk].WriteAt(g.block, at.off()); err != nil {
			return err
		}
		_, err := g.disks[0].WriteAt(g.rec, slotOff(seq))
		return err
	})
	if err != nil {
		return 0, fmt.Errorf("step %d of guest %s: %w", seq, g.spec.ID, err)
	}
	g.last = seq
	return seq, nil
}
