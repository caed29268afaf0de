package transfer

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"sync"

	"failback/engine/transfer/merkle"
	"failback/engine/transfer/pace"
)

var zeroPiece = sync.OnceValue(func() []byte { return make([]byte, defaultPiece) })

// zeros are n of them, not to be changed.
func zeros(n int) []byte {
	if z := zeroPiece(); n <= len(z) {
		return z[:n]
	}
	return make([]byte, n)
}

func isZero(p []byte) bool {
	for len(p) > len(zeroPage) {
		if !bytes.Equal(p[:len(zeroPage)], zeroPage[:]) {
			return false
		}
		p = p[len(zeroPage):]
	}
	return bytes.Equal(p, zeroPage[:len(p)])
}

// readTarget returns what the target has in a place; a shorter slice says that
// the target ends there.
func (w *worker) readTarget(off int64, n int) ([]byte, error) {
	reads := w.opt.Brakes.Begin()
	got, err := w.dst.ReadAt(w.old[:n], off)
	w.opt.Brakes.End(pace.BrakeCompare, reads)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %d bytes at %d of the target: %w", n, off, err)
	}
	return w.old[:got], nil
}

func (w *worker) write(p []byte, off int64) (int64, error) {
	writes := w.opt.Brakes.Begin()
	n, err := w.dst.WriteAt(p, off)
	w.opt.Brakes.End(pace.BrakeTarget, writes)
	if err != nil {
		return int64(n), fmt.Errorf("write %d bytes at %d of the target: %w", len(p), off, err)
	}
	return int64(n), nil
}

// writeDifferences writes every run of cells of want that the target does not
// have.
func (w *worker) writeDifferences(want []byte, off int64, have []byte) (int64, error) {
	return w.writeRuns(w.differences(want, off, have), want, off)
}

// differences are the runs of cells of want that the target does not have. A cell
// that the target has only in part, or not at all, differs: the target must grow
// by it.
func (w *worker) differences(want []byte, off int64, have []byte) []merkle.Range {
	if bytes.Equal(want, have) {
		return nil
	}
	return w.choose(want, off, func(from, to int) bool {
		return to > len(have) || !bytes.Equal(want[from:to], have[from:to])
	})
}

// writeNonZero writes every run of cells that are not zeros, and the last cell
// of the disk, which makes the target as long as the source.
func (w *worker) writeNonZero(p []byte, off int64) (int64, error) {
	runs := w.choose(p, off, func(from, to int) bool { return !isZero(p[from:to]) || off+int64(to) == w.size })
	return w.writeRuns(runs, p, off)
}

// choose gives the runs of cells that are chosen; they are good until it is called
// again.
func (w *worker) choose(p []byte, off int64, chosen func(from, to int) bool) []merkle.Range {
	w.runs = w.runs[:0]
	for at := 0; at < len(p); {
		end := min(len(p), at+w.cellAt(off+int64(at)))
		if chosen(at, end) {
			if last := len(w.runs) - 1; last >= 0 && w.runs[last].Off+w.runs[last].Len == off+int64(at) {
				w.runs[last].Len += int64(end - at)
			} else {
				w.runs = append(w.runs, merkle.Range{Off: off + int64(at), Len: int64(end - at)})
			}
		}
		at = end
	}
	return w.runs
}

// writeRuns writes runs of p, which is from off on.
func (w *worker) writeRuns(runs []merkle.Range, p []byte, off int64) (written int64, err error) {
	if w.late.target != nil && len(runs) > 1 {
		if err := w.late.target.Prepare(runs); err != nil {
			return 0, err
		}
	}
	for _, r := range runs {
		n, err := w.write(p[r.Off-off:][:r.Len], r.Off)
		written += n
		if err != nil {
			return written, err
		}
	}
	return written, nil
}

// cellAt is how many bytes of its cell are left from off on.
func (w *worker) cellAt(off int64) int {
	cell := int64(w.opt.Cell)
	return int(cell - off%cell)
}
