package diskcopy

import (
	"cmp"
	"context"
	"crypto/sha256"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"

	"golang.org/x/sync/errgroup"

	"failback/engine/transfer/merkle"
)

// mostWrites is how many writes a record holds: 6 MiB of it.
const mostWrites = 1 << 17

// record is what was written where: for reading just that again. It is safe for
// concurrent use.
type record struct {
	summed bool // each write with its sum: the manifest will not have the cells
	mu     sync.Mutex
	writes []wrote
	over   bool // there were more than it holds
}

type wrote struct {
	extent
	sum [sha256.Size]byte
}

func (r *record) add(p []byte, off int64) {
	w := wrote{extent: extent{Off: off, Len: int64(len(p))}}
	if r.summed {
		w.sum = sha256.Sum256(p)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	if r.over = r.over || len(r.writes) == mostWrites; !r.over {
		r.writes = append(r.writes, w)
	}
}

// readable says whether what was written can be read again by itself: its sums are
// here, or the manifest has the cells of all of it.
func (r *record) readable(m *merkle.Manifest) bool {
	if r.over || r.summed {
		return !r.over
	}
	for _, w := range r.writes {
		if w.Off%merkle.Cell != 0 {
			return false
		}
		for block := w.Off / merkle.Block; block*merkle.Block < w.End(); block++ {
			if m.Cells(block) == nil {
				return false
			}
		}
	}
	return true
}

// verify reads what was written again, several places at once, and returns where it
// is something else. Nothing of it was written twice: ranges of one transfer do not
// overlap.
func (r *record) verify(ctx context.Context, disk io.ReaderAt, m *merkle.Manifest) (differs []extent, err error) {
	slices.SortFunc(r.writes, func(a, b wrote) int { return cmp.Compare(a.Off, b.Off) })
	readers := runtime.NumCPU()
	found := make([][]extent, readers)
	group, working := errgroup.WithContext(ctx)
	for i := range readers {
		group.Go(func() error {
			var buf []byte
			for _, w := range r.writes[len(r.writes)*i/readers : len(r.writes)*(i+1)/readers] {
				if err := working.Err(); err != nil {
					return err
				}
				if int64(cap(buf)) < w.Len {
					buf = make([]byte, w.Len)
				}
				p := buf[:w.Len]
				if n, err := disk.ReadAt(p, w.Off); n < len(p) {
					return fmt.Errorf("read %d bytes at %d: %w", w.Len, w.Off, err)
				}
				if r.summed && sha256.Sum256(p) != w.sum || !r.summed && !isIn(m, p, w.Off) {
					found[i] = append(found[i], w.extent)
				}
			}
			return nil
		})
	}
	err = group.Wait()
	return slices.Concat(found...), err
}

// isIn says whether cells from off on are what the manifest says.
func isIn(m *merkle.Manifest, p []byte, off int64) bool {
	for len(p) > 0 {
		n := min(merkle.Cell, len(p))
		if merkle.SumCell(p[:n]) != m.Cells(off / merkle.Block)[off%merkle.Block/merkle.Cell] {
			return false
		}
		p, off = p[n:], off+int64(n)
	}
	return true
}
