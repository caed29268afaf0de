package diskcopy

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"sync"
)

// mostWrites is how many writes a record holds: 6 MiB of it.
const mostWrites = 1 << 17

// record is what was written where, as a sum: for reading just that again. It is
// safe for concurrent use.
type record struct {
	mu     sync.Mutex
	writes []wrote
	over   bool // there were more than it holds
}

type wrote struct {
	off, n int64
	sum    [sha256.Size]byte
}

func (r *record) add(p []byte, off int64) {
	w := wrote{off, int64(len(p)), sha256.Sum256(p)}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over = r.over || len(r.writes) == mostWrites; !r.over {
		r.writes = append(r.writes, w)
	}
}

// verify reads what was written again and returns where it is something else.
// Nothing of it was written twice: ranges of one transfer do not overlap.
func (r *record) verify(ctx context.Context, disk io.ReaderAt) (differs []extent, err error) {
	var buf []byte
	for _, w := range r.writes {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		if int64(cap(buf)) < w.n {
			buf = make([]byte, w.n)
		}
		p := buf[:w.n]
		if n, err := disk.ReadAt(p, w.off); n < len(p) {
			return nil, fmt.Errorf("read %d bytes at %d: %w", w.n, w.off, err)
		}
		if sha256.Sum256(p) != w.sum {
			differs = append(differs, extent{Off: w.off, Len: w.n})
		}
	}
	return differs, nil
}
