package vhdx

import (
	"context"

	"failback/engine/transfer"
	"failback/providers/disk/image"
)

func extent(off, n int64) transfer.Extent { return transfer.Extent{Off: off, Len: n} }

// ReadAt reads from the disk; what no block holds is zeros.
func (d *Disk) ReadAt(p []byte, off int64) (int, error) {
	n, end := image.Span(len(p), off, d.info.Size)
	for done := 0; done < n; {
		at := off + int64(done)
		b, in := at/d.meta.block, at%d.meta.block
		piece := p[done:min(n, done+int(d.meta.block-in))]
		d.mu.RLock()
		e := d.table.get(b)
		d.mu.RUnlock()
		if e.state() != fullyPresent {
			clear(piece)
		} else if err := image.ReadFull(d.file, piece, int64(e.at())+in); err != nil {
			return done, err
		}
		done += len(piece)
	}
	return n, end
}

// Extents are the blocks that are present; in a fixed disk that is all of it.
func (d *Disk) Extents(ctx context.Context) ([]transfer.Extent, error) {
	d.mu.RLock()
	defer d.mu.RUnlock()
	var out []transfer.Extent
	for n, p := range d.table.pages {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if p == nil {
			continue
		}
		for i, e := range p {
			slot := int64(n)*pageSlots + int64(i)
			b, ok := d.table.blockOf(slot)
			if !ok || slot >= d.table.slots() || e.state() != fullyPresent {
				continue
			}
			off, length := b*d.meta.block, d.meta.length(b)
			if last := len(out) - 1; last >= 0 && out[last].End() == off {
				out[last].Len += length
			} else {
				out = append(out, extent(off, length))
			}
		}
	}
	return out, nil
}
