package disk

import (
	"context"
	"fmt"
	"sync"

	"failback/engine/transfer"
	"failback/providers/disk/image"
)

const rawSector = 512

// raw is a disk that is its file.
type raw struct {
	file   image.File
	info   image.Info
	once   sync.Once
	closed error
}

func openRaw(f image.File, write bool) (*raw, error) {
	size, err := f.Size()
	if err != nil {
		return nil, err
	}
	if size == 0 || size%rawSector != 0 {
		return nil, image.Damage(fmt.Sprintf("it has %d bytes, no whole number of sectors of 512 bytes: cut short, or no disk", size))
	}
	return &raw{file: f, info: image.Info{
		Format: image.Raw, Size: size, SectorSize: rawSector, PhysicalSector: rawSector, Writable: write,
	}}, nil
}

func (d *raw) Info() image.Info     { return d.info }
func (d *raw) Size() int64          { return d.info.Size }
func (d *raw) SectorSize() int      { return d.info.SectorSize }
func (d *raw) Format() image.Format { return d.info.Format }

func (d *raw) Extents(ctx context.Context) ([]transfer.Extent, error) {
	return image.Data(ctx, d.file, d.info.Size)
}

func (d *raw) ReadAt(p []byte, off int64) (int, error) {
	n, end := image.Span(len(p), off, d.info.Size)
	if n == 0 {
		return 0, end
	}
	if err := image.ReadFull(d.file, p[:n], off); err != nil {
		return 0, err
	}
	return n, end
}

func (d *raw) WriteAt(p []byte, off int64) (int, error) {
	if !d.info.Writable {
		return 0, image.ErrReadOnly
	}
	if err := image.Fits(len(p), off, d.info.Size); err != nil {
		return 0, err
	}
	return d.file.WriteAt(p, off)
}

func (d *raw) Sync() error {
	if !d.info.Writable {
		return nil
	}
	return d.file.Sync()
}

func (d *raw) Close() error {
	d.once.Do(func() {
		d.closed = d.Sync()
		if err := d.file.Close(); d.closed == nil {
			d.closed = err
		}
	})
	return d.closed
}
