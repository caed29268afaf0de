package transfer

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
)

const (
	defaultPiece = 1 << 20
	defaultCell  = 4096
)

// mover carries out the steps of one transfer, piece by piece.
type mover struct {
	src      Source
	dst      Target
	opt      Options
	progress Progress
	in, old  []byte // a piece of the source and what the target has in its place
	zeros    []byte
}

func newMover(src Source, dst Target, opt Options) *mover {
	if opt.Cell <= 0 {
		opt.Cell = defaultCell
	}
	if opt.Piece <= 0 {
		opt.Piece = defaultPiece
	}
	return &mover{
		src: src, dst: dst, opt: opt,
		in: make([]byte, opt.Piece), old: make([]byte, opt.Piece), zeros: make([]byte, opt.Piece),
	}
}

// step does one range. Pieces end at multiples of the piece size, so that
// cells of the comparison lie where the disk has its blocks.
func (m *mover) step(ctx context.Context, s step) error {
	for off := s.Off; off < s.End(); {
		if err := ctx.Err(); err != nil {
			return err
		}
		piece := int64(m.opt.Piece)
		n := min(s.End(), (off/piece+1)*piece) - off
		do := m.copyPiece
		if s.clear {
			do = m.clearPiece
		}
		if err := do(ctx, off, int(n)); err != nil {
			return err
		}
		off += n
		m.progress.Scanned += n
		if m.opt.Report != nil {
			m.opt.Report(m.progress)
		}
	}
	return nil
}

func (m *mover) copyPiece(ctx context.Context, off int64, n int) error {
	if m.opt.Limit != nil {
		if err := m.opt.Limit(ctx, n); err != nil {
			return err
		}
	}
	in := m.in[:n]
	if err := m.src.ReadAt(ctx, in, off); err != nil {
		return fmt.Errorf("read %d bytes at %d of the source: %w", n, off, err)
	}
	m.progress.Read += int64(n)
	if !m.opt.Compare {
		return m.write(in, off, &m.progress.Written)
	}
	have, err := m.readTarget(off, n)
	if err != nil {
		return err
	}
	m.progress.Equal += int64(n)
	return m.eachDifference(in, off, have, func(p []byte, at int64) error {
		m.progress.Equal -= int64(len(p))
		return m.write(p, at, &m.progress.Written)
	})
}

func (m *mover) clearPiece(_ context.Context, off int64, n int) error {
	have, err := m.readTarget(off, n)
	if err != nil {
		return err
	}
	return m.eachDifference(m.zeros[:n], off, have, func(p []byte, at int64) error {
		return m.write(p, at, &m.progress.Zeroed)
	})
}

// readTarget returns what the target has in a place; a shorter slice says that
// the target ends there.
func (m *mover) readTarget(off int64, n int) ([]byte, error) {
	got, err := m.dst.ReadAt(m.old[:n], off)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("read %d bytes at %d of the target: %w", n, off, err)
	}
	return m.old[:got], nil
}

func (m *mover) write(p []byte, off int64, count *int64) error {
	n, err := m.dst.WriteAt(p, off)
	*count += int64(n)
	if err != nil {
		return fmt.Errorf("write %d bytes at %d of the target: %w", len(p), off, err)
	}
	return nil
}

// eachDifference calls write with every run of cells of want that the target
// does not have. A cell that the target has only in part, or not at all,
// differs: the target must grow by it.
func (m *mover) eachDifference(want []byte, off int64, have []byte, write func([]byte, int64) error) error {
	if bytes.Equal(want, have) {
		return nil
	}
	start := -1
	for at := 0; at < len(want); {
		end := min(len(want), at+m.cellAt(off+int64(at)))
		same := end <= len(have) && bytes.Equal(want[at:end], have[at:end])
		if !same && start < 0 {
			start = at
		}
		if same && start >= 0 {
			if err := write(want[start:at], off+int64(start)); err != nil {
				return err
			}
			start = -1
		}
		at = end
	}
	if start < 0 {
		return nil
	}
	return write(want[start:], off+int64(start))
}

// cellAt is how many bytes of its cell are left from off on.
func (m *mover) cellAt(off int64) int {
	cell := int64(m.opt.Cell)
	return int(cell - off%cell)
}
