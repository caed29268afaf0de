package transfer

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"failback/engine/transfer/merkle"
	"failback/engine/transfer/pace"
)

// stream writes the pieces of one answer as they arrive.
func (w *worker) stream(ctx context.Context, src Ranger, r request, off int64) (n int64, err error) {
	left, begun := r.End()-off, time.Now()
	answer, leave := context.WithCancel(ctx)
	defer leave()
	slow := time.AfterFunc(w.patience.with(left), leave)
	defer slow.Stop()
	reads := w.opt.Brakes.Begin()
	body, err := src.ReadRange(answer, off, left)
	w.opt.Brakes.End(pace.BrakeSource, reads)
	if err != nil {
		if hung(ctx, answer) {
			return 0, &Short{Off: off, Want: left}
		}
		return 0, fmt.Errorf("read %d bytes at %d of the source: %w", left, off, err)
	}
	defer func() { _ = body.Close() }()
	for n < left {
		reads := w.opt.Brakes.Begin()
		p, err := w.next(body, int(min(left-n, int64(w.opt.Piece))))
		w.opt.Brakes.End(pace.BrakeSource, reads)
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || err != nil && hung(ctx, answer) {
			kept, err := w.landWhole(ctx, r, p, off+n)
			if err == nil {
				err = &Short{Off: off, Want: left, Got: n + int64(len(p))}
			}
			return n + kept, err
		}
		if err != nil {
			return n, fmt.Errorf("read %d bytes at %d of the source: %w", left, off, err)
		}
		if err := w.land(ctx, r, p, off+n); err != nil {
			return n, err
		}
		n += int64(len(p))
	}
	w.patience.took(left, time.Since(begun))
	return n, nil
}

// next is the next piece of an answer, of n bytes where it does not end before.
func (w *worker) next(body io.Reader, n int) ([]byte, error) {
	if v, ok := body.(Viewer); ok {
		return v.View(n)
	}
	got, err := io.ReadFull(body, w.read(n))
	return w.in[:got], err
}

// hung says that an answer was left because it took too long, not because the
// transfer ends.
func hung(ctx, answer context.Context) bool { return ctx.Err() == nil && answer.Err() != nil }

// landWhole keeps the whole cells that came of a piece; pieces end at cells ever
// after.
func (w *worker) landWhole(ctx context.Context, r request, p []byte, off int64) (int64, error) {
	keep := max(0, (off+int64(len(p)))/merkle.Cell*merkle.Cell-off)
	if merkle.Cell%w.opt.Cell != 0 || keep == 0 {
		return 0, nil
	}
	return keep, w.land(ctx, r, p[:keep], off)
}
