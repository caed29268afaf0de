//go:build !linux

package transfer

import (
	"context"
	"os"
)

func fileExtents(ctx context.Context, _ *os.File, size int64) ([]Extent, error) {
	if size == 0 {
		return nil, ctx.Err()
	}
	return []Extent{{Len: size}}, ctx.Err()
}
