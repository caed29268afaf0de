package vhdx

import (
	"fmt"
	"math/bits"

	"failback/engine/transfer"
	"failback/providers/disk/image"
)

// The states of a payload block. A sector bitmap's slot has the first or, in a
// differencing disk, fullyPresent.
const (
	notPresent       = 0
	undefined        = 1
	zero             = 2
	unmapped         = 3
	unmappedEarly    = 5 // what early versions of the format wrote for unmapped
	fullyPresent     = 6
	partiallyPresent = 7
)

// entry is a slot of the block table: a state and a place in MiB.
type entry uint64

func (e entry) state() int { return int(e & 7) }

// at is the place in the file; it may be far beyond any file.
func (e entry) at() uint64 { return uint64(e) &^ (mib - 1) }

func (e entry) reserved() uint64 { return uint64(e) & (mib - 1) &^ 7 }

func present(at int64) entry { return entry(at) | fullyPresent }

const pageSlots = page / 8

// table is the block table in pages as the log moves them. A page of zeros
// takes no memory, so that an empty disk of any size takes next to none.
type table struct {
	geometry
	pages []*[pageSlots]entry
}

func newTable(g geometry) *table {
	return &table{geometry: g, pages: make([]*[pageSlots]entry, roundUp(g.slots(), pageSlots)/pageSlots)}
}

func (t *table) get(b int64) entry {
	s := t.slot(b)
	if p := t.pages[s/pageSlots]; p != nil {
		return p[s%pageSlots]
	}
	return 0
}

// set changes an entry and says which page it is in.
func (t *table) set(b int64, e entry) int64 {
	s := t.slot(b)
	p := &t.pages[s/pageSlots]
	if *p == nil {
		*p = new([pageSlots]entry)
	}
	(*p)[s%pageSlots] = e
	return s / pageSlots
}

// encode is page n as it lies in the file.
func (t *table) encode(n int64) []byte {
	out := make([]byte, page)
	if p := t.pages[n]; p != nil {
		for i, e := range p {
			le.PutUint64(out[i*8:], uint64(e))
		}
	}
	return out
}

// readTable reads the whole table of region r.
func readTable(f image.File, r region, g geometry) (*table, error) {
	if need := g.slots() * 8; need > r.Len {
		return nil, image.Damage(fmt.Sprintf("the block table has %d bytes and needs %d", r.Len, need))
	}
	t := newTable(g)
	buf := make([]byte, min(mib, len(t.pages)*page))
	for n := 0; n < len(t.pages); n += len(buf) / page {
		k := min(len(buf), (len(t.pages)-n)*page)
		if err := image.ReadFull(f, buf[:k], r.Off+int64(n)*page); err != nil {
			return nil, short("the block table", err)
		}
		for i := 0; i < k; i += page {
			t.pages[n+i/page] = decode(buf[i:i+page], t.slots()-int64(n+i/page)*pageSlots)
		}
	}
	return t, nil
}

// decode reads a page; what stands behind the last slot is not the table's.
func decode(p []byte, slots int64) *[pageSlots]entry {
	n := int(min(pageSlots, slots))
	if image.Zero(p[:n*8]) {
		return nil
	}
	out := new([pageSlots]entry)
	for i := range n {
		out[i] = entry(le.Uint64(p[i*8:]))
	}
	return out
}

// usage is which MiB of the file are taken.
type usage struct {
	taken []uint64
	end   int64 // where the last taken one ends
}

func newUsage(length int64) *usage {
	return &usage{taken: make([]uint64, length/mib/64+1)}
}

// take marks what e touches and says whether any of it was taken before.
func (u *usage) take(e transfer.Extent) (again bool) {
	for m := e.Off / mib; m*mib < e.End(); m++ {
		word, bit := m/64, uint64(1)<<(m%64)
		if word >= int64(len(u.taken)) {
			break
		}
		again = again || u.taken[word]&bit != 0
		u.taken[word] |= bit
	}
	u.end = max(u.end, roundUp(e.End(), mib))
	return again
}

// count is how many MiB are taken.
func (u *usage) count() int64 {
	n := 0
	for _, w := range u.taken {
		n += bits.OnesCount64(w)
	}
	return int64(n)
}

// inspect goes through the table and calls bad with everything that breaks a
// rule, until bad returns an error, which it passes on. u knows the regions
// already and learns the blocks. length is the file's.
func (t *table) inspect(u *usage, length int64, bad func(why string) error) error {
	for n, p := range t.pages {
		if p == nil {
			continue
		}
		for i, e := range p {
			slot := int64(n)*pageSlots + int64(i)
			if e == 0 || slot >= t.slots() {
				continue
			}
			why := t.rule(slot, e, u, length)
			if why == "" {
				continue
			}
			if err := bad(why); err != nil {
				return err
			}
		}
	}
	return nil
}

// rule says which rule the entry of a slot breaks, if any.
func (t *table) rule(slot int64, e entry, u *usage, length int64) string {
	b, payload := t.blockOf(slot)
	if !payload {
		if e.state() != notPresent {
			return fmt.Sprintf("the sector bitmap %d of a disk without parent has state %d", slot/(t.ratio()+1), e.state())
		}
		return ""
	}
	switch e.state() {
	case notPresent, undefined, zero, unmapped, unmappedEarly:
		return "" // a place, where there is one, promises nothing
	case partiallyPresent:
		return fmt.Sprintf("block %d of a disk without parent is partially present", b)
	case fullyPresent:
	default:
		return fmt.Sprintf("block %d has state %d, which does not exist", b, e.state())
	}
	if e.at() > maxEnd {
		return fmt.Sprintf("block %d lies at %d, outside the file of %d bytes", b, e.at(), length)
	}
	// The last block of a fixed disk may be cut off where the disk ends.
	place := transfer.Extent{Off: int64(e.at()), Len: t.length(b)}
	if place.Off < headersEnd {
		return fmt.Sprintf("block %d lies at %d, on the headers", b, place.Off)
	}
	if place.End() > length {
		return fmt.Sprintf("block %d at %v lies outside the file of %d bytes", b, place, length)
	}
	if u.take(transfer.Extent{Off: place.Off, Len: min(t.block, roundUp(length, mib)-place.Off)}) {
		return fmt.Sprintf("block %d at %d lies on something else", b, place.Off)
	}
	return ""
}
