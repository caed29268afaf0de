package vhd

import (
	"context"
	"encoding/binary"
	"fmt"
	"math/bits"
	"slices"
	"sync"

	"failback/engine/transfer"
	"failback/providers/disk/image"
)

// dynamic is a disk in blocks. It is only read.
type dynamic struct {
	file   image.File
	info   image.Info
	head   header
	table  []uint32 // the sector at which a block begins, or unallocated
	once   sync.Once
	closed error
}

func openDynamic(f image.File, ft footer, length int64) (*dynamic, error) {
	h, err := readHeader(f, ft)
	if err != nil {
		return nil, err
	}
	d := &dynamic{file: f, head: h, info: image.Info{
		Format: image.DynamicVHD, Size: int64(ft.current), SectorSize: sector, PhysicalSector: sector, BlockSize: h.block, ID: ft.id,
	}}
	blocks := (d.info.Size + h.block - 1) / h.block
	if d.table, err = readTable(f, h, blocks); err != nil {
		return nil, err
	}
	if problems := d.problems(length); len(problems) > 0 {
		return nil, image.Damage(problems[0].what)
	}
	return d, nil
}

func readTable(f image.File, h header, blocks int64) ([]uint32, error) {
	raw := make([]byte, blocks*4)
	if err := image.ReadFull(f, raw, h.table); err != nil {
		return nil, fmt.Errorf("read the block table: %w", err)
	}
	table := make([]uint32, blocks)
	for i := range table {
		table[i] = binary.BigEndian.Uint32(raw[i*4:])
	}
	return table, nil
}

type problem struct{ where, what string }

// problems finds blocks outside the file, on top of each other or on top of
// the structures that find them.
func (d *dynamic) problems(length int64) []problem {
	type place struct {
		transfer.Extent
		name string
	}
	var found []problem
	room := d.head.bitmapSize() + d.head.block
	places := []place{
		{transfer.Extent{Len: FooterSize}, "the copy of the footer"},
		{transfer.Extent{Off: d.head.table, Len: d.head.entries * 4}, "the block table"},
	}
	for b, at := range d.table {
		if at == unallocated {
			continue
		}
		e := transfer.Extent{Off: int64(at) * sector, Len: room}
		if e.End() > length-FooterSize {
			found = append(found, problem{"block table", fmt.Sprintf("block %d at %v lies outside the file", b, e)})
			continue
		}
		places = append(places, place{e, fmt.Sprintf("block %d", b)})
	}
	slices.SortFunc(places, func(a, b place) int { return int(min(1, max(-1, a.Off-b.Off))) })
	for i := 1; i < len(places); i++ {
		if a, b := places[i-1], places[i]; b.Off < a.End() {
			found = append(found, problem{"block table", fmt.Sprintf("%s and %s overlap at %d", a.name, b.name, b.Off)})
		}
	}
	return found
}

func (d *dynamic) Info() image.Info     { return d.info }
func (d *dynamic) Size() int64          { return d.info.Size }
func (d *dynamic) SectorSize() int      { return d.info.SectorSize }
func (d *dynamic) Format() image.Format { return d.info.Format }

func (d *dynamic) Extents(ctx context.Context) ([]transfer.Extent, error) {
	var out []transfer.Extent
	for b, at := range d.table {
		if at == unallocated {
			continue
		}
		off := int64(b) * d.head.block
		out = append(out, transfer.Extent{Off: off, Len: min(d.head.block, d.info.Size-off)})
	}
	return transfer.Normalize(out), ctx.Err()
}

func (d *dynamic) ReadAt(p []byte, off int64) (int, error) {
	n, end := image.Span(len(p), off, d.info.Size)
	for done := 0; done < n; {
		block, in := (off+int64(done))/d.head.block, (off+int64(done))%d.head.block
		piece := p[done:min(n, done+int(d.head.block-in))]
		if err := d.readBlock(piece, d.table[block], in); err != nil {
			return done, err
		}
		done += len(piece)
	}
	return n, end
}

// readBlock fills p from in of a block. A sector whose bit is clear was never
// written: it is zeros, whatever the file has there.
func (d *dynamic) readBlock(p []byte, at uint32, in int64) error {
	if at == unallocated {
		clear(p)
		return nil
	}
	start := int64(at) * sector
	first, last := in/sector, (in+int64(len(p))-1)/sector
	bitmap := make([]byte, last/8-first/8+1)
	if err := image.ReadFull(d.file, bitmap, start+first/8); err != nil {
		return err
	}
	if err := image.ReadFull(d.file, p, start+d.head.bitmapSize()+in); err != nil {
		return err
	}
	if written := bitmapCount(bitmap); written == len(bitmap)*8 {
		return nil
	}
	for s := first; s <= last; s++ {
		if bitmap[s/8-first/8]&(0x80>>(s%8)) == 0 {
			from, to := max(0, s*sector-in), min(int64(len(p)), (s+1)*sector-in)
			clear(p[from:to])
		}
	}
	return nil
}

func bitmapCount(p []byte) int {
	n := 0
	for _, b := range p {
		n += bits.OnesCount8(b)
	}
	return n
}

func (d *dynamic) WriteAt([]byte, int64) (int, error) { return 0, image.ErrReadOnly }

func (d *dynamic) Sync() error { return nil }

func (d *dynamic) Close() error {
	d.once.Do(func() { d.closed = d.file.Close() })
	return d.closed
}
