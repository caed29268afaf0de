package image

import (
	"context"
	"errors"
	"io"

	"failback/engine/transfer"
)

// File is what an image lies in. It is safe for concurrent use.
type File interface {
	io.ReaderAt
	io.WriterAt
	// Sync returns when all that was written, and the file's length, is safe.
	Sync() error
	// Size is the length of the file in bytes.
	Size() (int64, error)
	// Grow makes the file size bytes long; it never shortens it. The new bytes
	// read as zeros and have their space on the disk where the file system can
	// promise that.
	Grow(size int64) error
	Close() error
}

// Mapped is a File that may know where it has data and where holes.
type Mapped interface {
	// Data are the ranges among the first size bytes that may hold something
	// other than zeros, sorted and merged.
	Data(ctx context.Context, size int64) ([]transfer.Extent, error)
}

// Data asks f for its data, and says that everything is data where f does not know.
func Data(ctx context.Context, f File, size int64) ([]transfer.Extent, error) {
	if m, ok := f.(Mapped); ok {
		return m.Data(ctx, size)
	}
	if size == 0 {
		return nil, ctx.Err()
	}
	return []transfer.Extent{{Len: size}}, ctx.Err()
}

// ReadFull fills p from off. The end of the file within p is an error.
func ReadFull(r io.ReaderAt, p []byte, off int64) error {
	n, err := r.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
