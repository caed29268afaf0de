package disk

import (
	"context"
	"errors"
	"io"

	"failback/engine/transfer"
	"failback/providers/disk/image"
)

// Source makes img the side of a transfer that is read. img stays the caller's
// to close.
func Source(img image.Image) transfer.Source { return source{img} }

type source struct{ image.Image }

func (s source) ReadAt(ctx context.Context, p []byte, off int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	n, err := s.Image.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		return io.ErrUnexpectedEOF
	}
	return err
}
