package transfer

import (
	"context"
	"errors"
	"os"
	"syscall"
)

// What lseek(2) calls SEEK_DATA and SEEK_HOLE.
const (
	seekData = 3
	seekHole = 4
)

func fileExtents(ctx context.Context, f *os.File, size int64) ([]Extent, error) {
	var out []Extent
	for at := int64(0); at < size; {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		start, err := f.Seek(at, seekData)
		switch {
		case errors.Is(err, syscall.ENXIO): // nothing but a hole up to the end
			return out, nil
		case errors.Is(err, syscall.EINVAL): // a file system without holes
			return append(out, Extent{Off: at, Len: size - at}), nil
		case err != nil:
			return nil, err
		}
		if start >= size {
			return out, nil
		}
		end, err := f.Seek(start, seekHole)
		if err != nil {
			return nil, err
		}
		end = min(end, size)
		out = append(out, Extent{Off: start, Len: end - start})
		at = end
	}
	return out, nil
}
