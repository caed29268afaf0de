package vhdx

import (
	"fmt"
	"math/bits"
	"unicode/utf16"

	"failback/engine/transfer"
	"failback/providers/disk/image"
)

// DefaultBlock is the block of a disk that is made without saying which: a
// small one, since scattered data fills blocks of any size.
const DefaultBlock = 2 << 20

// Options say what disk to make.
type Options struct {
	Size, Block      int64
	Sector, Physical int // 512 or 4096
	Fixed            bool
	ID               image.GUID // page 83
}

// Check refuses what no VHDX can be.
func (o Options) Check() error {
	usage := func(why string) error {
		return &image.Refusal{Why: why, Kind: image.ErrUsage, Remedy: "name another one"}
	}
	switch {
	case o.Block < minBlock || o.Block > maxBlock || bits.OnesCount64(uint64(o.Block)) != 1:
		return usage(fmt.Sprintf("a block can't have %d bytes: a power of two from 1 MiB to 256 MiB", o.Block))
	case o.Sector != 512 && o.Sector != 4096 || o.Physical != 512 && o.Physical != 4096:
		return usage("a sector has 512 or 4096 bytes")
	case o.Size <= 0 || o.Size > maxSize || o.Size%int64(o.Sector) != 0:
		return usage(fmt.Sprintf("a VHDX can't have %d bytes: it has whole sectors, at most 64 TiB", o.Size))
	}
	return nil
}

const (
	newLogAt  = 1 * mib
	newMetaAt = 2 * mib
	newBATAt  = 3 * mib
)

func (o Options) geometry() geometry {
	return geometry{size: o.Size, block: o.Block, sector: o.Sector}
}

// payload is where the first block goes in a new file.
func (o Options) payload() int64 { return newBATAt + roundUp(o.geometry().slots()*8, mib) }

// Needs is the length of the file when data is in it. A fixed disk has all of
// its length at once.
func (o Options) Needs(data []transfer.Extent) int64 {
	if o.Fixed {
		return o.payload() + o.geometry().blocks()*o.Block
	}
	n, last := int64(0), int64(-1)
	for _, e := range transfer.Normalize(data) {
		first, end := max(e.Off/o.Block, last+1), (e.End()-1)/o.Block
		n, last = n+max(0, end-first+1), max(last, end)
	}
	return o.payload() + n*o.Block
}

// Create makes f, an empty file, a disk of zeros. The words that make it a
// VHDX are written last, after everything else is safe.
func Create(f image.File, o Options) error {
	if err := o.Check(); err != nil {
		return err
	}
	if err := f.Grow(o.Needs(nil)); err != nil {
		return err
	}
	g := o.geometry()
	regions := encodeRegions([]region{
		{extent(newBATAt, roundUp(g.slots()*8, mib)), regionBAT, true},
		{extent(newMetaAt, mib), regionMetadata, true},
	})
	h := header{sequence: 1, fileWrite: image.NewGUID(), dataWrite: image.NewGUID(), logAt: newLogAt, logLength: mib}
	second := h
	second.sequence++
	for _, w := range []write{
		{header1At, h.encode()},
		{header2At, second.encode()},
		{region1At, regions},
		{region2At, regions},
		{newMetaAt, encodeMetadata(metadata{geometry: g, physical: o.Physical, fixed: o.Fixed, id: o.ID})},
	} {
		if _, err := f.WriteAt(w.page, w.at); err != nil {
			return err
		}
	}
	if o.Fixed {
		if err := presentAll(f, g, o.payload()); err != nil {
			return err
		}
	}
	if err := f.Sync(); err != nil {
		return err
	}
	if _, err := f.WriteAt(identifier(), identifierAt); err != nil {
		return err
	}
	return f.Sync()
}

// identifier is what a VHDX begins with: the signature and who made it.
func identifier() []byte {
	p := append(make([]byte, 0, 64<<10), signature...)
	for _, c := range utf16.Encode([]rune("failback")) {
		p = le.AppendUint16(p, c)
	}
	return p[:cap(p)]
}

// presentAll writes the table of a fixed disk, a MiB at a time.
func presentAll(f image.File, g geometry, payload int64) error {
	buf := make([]byte, 0, mib)
	at := int64(newBATAt)
	for s := range g.slots() {
		e := entry(notPresent)
		if b, ok := g.blockOf(s); ok {
			e = present(payload + b*g.block)
		}
		buf = le.AppendUint64(buf, uint64(e))
		if len(buf) < cap(buf) && s+1 < g.slots() {
			continue
		}
		if _, err := f.WriteAt(buf, at); err != nil {
			return err
		}
		at, buf = at+int64(len(buf)), buf[:0]
	}
	return nil
}
