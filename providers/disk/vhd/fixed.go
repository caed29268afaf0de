package vhd

import (
	"context"
	"fmt"
	"sync"

	"failback/engine/transfer"
	"failback/providers/disk/image"
)

// fixed is the disk from the start of the file, and a footer.
type fixed struct {
	file   image.File
	info   image.Info
	once   sync.Once
	closed error
}

func openFixed(f image.File, ft footer, length int64, write bool) (*fixed, error) {
	if int64(ft.current) != length-FooterSize {
		return nil, image.Damage(fmt.Sprintf("the footer gives a size of %d bytes, the file holds %d before it", ft.current, length-FooterSize))
	}
	return &fixed{file: f, info: image.Info{
		Format: image.FixedVHD, Size: int64(ft.current), SectorSize: sector, PhysicalSector: sector, ID: ft.id, Writable: write,
	}}, nil
}

func (d *fixed) Info() image.Info     { return d.info }
func (d *fixed) Size() int64          { return d.info.Size }
func (d *fixed) SectorSize() int      { return d.info.SectorSize }
func (d *fixed) Format() image.Format { return d.info.Format }

func (d *fixed) Extents(ctx context.Context) ([]transfer.Extent, error) {
	return image.Data(ctx, d.file, d.info.Size)
}

// ReadAt never shows the footer.
func (d *fixed) ReadAt(p []byte, off int64) (int, error) {
	n, end := image.Span(len(p), off, d.info.Size)
	if n == 0 {
		return 0, end
	}
	if err := image.ReadFull(d.file, p[:n], off); err != nil {
		return 0, err
	}
	return n, end
}

// WriteAt never touches the footer: it says nothing that a write changes.
func (d *fixed) WriteAt(p []byte, off int64) (int, error) {
	if !d.info.Writable {
		return 0, image.ErrReadOnly
	}
	if err := image.Fits(len(p), off, d.info.Size); err != nil {
		return 0, err
	}
	return d.file.WriteAt(p, off)
}

func (d *fixed) Sync() error {
	if !d.info.Writable {
		return nil
	}
	return d.file.Sync()
}

func (d *fixed) Close() error {
	d.once.Do(func() {
		d.closed = d.Sync()
		if err := d.file.Close(); d.closed == nil {
			d.closed = err
		}
	})
	return d.closed
}
