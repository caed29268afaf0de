package image

import (
	"context"
	"sync"

	"failback/engine/transfer"
)

// Flat is a disk that its file has from its first byte on; what may follow it in the
// file is neither shown nor touched. It is safe for concurrent use.
type Flat struct {
	file   File
	info   Info
	once   sync.Once
	closed error
}

var _ Image = (*Flat)(nil)

// NewFlat is the disk of info in a file, which it closes.
func NewFlat(f File, info Info) *Flat { return &Flat{file: f, info: info} }

// Info implements Image.
func (d *Flat) Info() Info { return d.info }

// Size implements Image.
func (d *Flat) Size() int64 { return d.info.Size }

// SectorSize implements Image.
func (d *Flat) SectorSize() int { return d.info.SectorSize }

// Format implements Image.
func (d *Flat) Format() Format { return d.info.Format }

// Extents implements transfer.Source: what the file system knows.
func (d *Flat) Extents(ctx context.Context) ([]transfer.Extent, error) {
	return Data(ctx, d.file, d.info.Size)
}

// ReadAt implements io.ReaderAt within the disk.
func (d *Flat) ReadAt(p []byte, off int64) (int, error) {
	n, end := Span(len(p), off, d.info.Size)
	if n == 0 {
		return 0, end
	}
	if err := ReadFull(d.file, p[:n], off); err != nil {
		return 0, err
	}
	return n, end
}

// WriteAt implements io.WriterAt within the disk.
func (d *Flat) WriteAt(p []byte, off int64) (int, error) {
	if !d.info.Writable {
		return 0, ErrReadOnly
	}
	if err := Fits(len(p), off, d.info.Size); err != nil {
		return 0, err
	}
	return d.file.WriteAt(p, off)
}

// Sync implements Image.
func (d *Flat) Sync() error {
	if !d.info.Writable {
		return nil
	}
	return d.file.Sync()
}

// Close makes all that was written safe and closes the file; the second call gives
// what the first gave.
func (d *Flat) Close() error {
	d.once.Do(func() {
		d.closed = d.Sync()
		if err := d.file.Close(); d.closed == nil {
			d.closed = err
		}
	})
	return d.closed
}
