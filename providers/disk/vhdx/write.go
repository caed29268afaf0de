package vhdx

import (
	"fmt"

	"failback/providers/disk/image"
)

// WriteAt writes to the disk. A block that is not there yet is put at the end
// of the file; zeros make none.
func (d *Disk) WriteAt(p []byte, off int64) (int, error) {
	if d.write == nil {
		return 0, image.ErrReadOnly
	}
	if err := image.Fits(len(p), off, d.info.Size); err != nil {
		return 0, err
	}
	for done := 0; done < len(p); {
		at := off + int64(done)
		b, in := at/d.meta.block, at%d.meta.block
		piece := p[done:min(len(p), done+int(d.meta.block-in))]
		if err := d.writeBlock(piece, b, in); err != nil {
			return done, err
		}
		done += len(piece)
	}
	return len(p), nil
}

func (d *Disk) writeBlock(p []byte, b, in int64) error {
	d.mu.RLock()
	e := d.table.get(b)
	d.mu.RUnlock()
	if e.state() != fullyPresent && image.Zero(p) {
		return d.zeros(b)
	}
	if err := d.write.start(); err != nil {
		return err
	}
	if e.state() != fullyPresent {
		var err error
		if e, err = d.allocate(b); err != nil {
			return err
		}
	}
	_, err := d.file.WriteAt(p, int64(e.at())+in)
	return err
}

// zeros makes sure that block b, which is not there, means zeros. The content
// of an undefined or unmapped one is anybody's guess: this program reads zeros,
// and a write of zeros makes that true for all.
func (d *Disk) zeros(b int64) error {
	d.mu.RLock()
	s := d.table.get(b).state()
	d.mu.RUnlock()
	if s != undefined && s != unmapped && s != unmappedEarly {
		return nil
	}
	if err := d.write.start(); err != nil {
		return err
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.table.get(b).state() != fullyPresent {
		d.write.dirty[d.table.set(b, zero)] = struct{}{}
	}
	return nil
}

// allocate gives block b a place that holds zeros. The file has it before the
// table in memory says so, and the table in the file learns it from Sync.
func (d *Disk) allocate(b int64) (entry, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if e := d.table.get(b); e.state() == fullyPresent {
		return e, nil // somebody else was faster
	}
	w := d.write
	at := w.end
	need := at + d.meta.block
	if need > maxEnd {
		return 0, fmt.Errorf("the file would get %d bytes", need)
	}
	if need > w.length {
		if err := w.file.Grow(need); err != nil {
			return 0, err
		}
		w.length = need
	}
	if at < w.stale {
		if err := image.WriteZeros(w.file, at, min(d.meta.block, w.stale-at)); err != nil {
			return 0, err
		}
	}
	w.end = need
	e := present(at)
	w.dirty[d.table.set(b, e)] = struct{}{}
	return e, nil
}
