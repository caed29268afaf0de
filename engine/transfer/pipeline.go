package transfer

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"failback/engine/transfer/merkle"
	"failback/engine/transfer/pace"
)

const (
	defaultPiece    = 1 << 20
	defaultStream   = 256 << 10
	defaultRequest  = 4 << 20
	defaultCell     = 4096
	defaultStreams  = 16
	firstStreams    = 8
	attempts        = 8        // without a single byte
	checkpointEvery = 40 << 20 // with what sixteen streams have under way, less than 64 MiB are ever read again
	longestPause    = 30 * time.Second
)

// pipeline carries out the requests of one transfer, several at once.
type pipeline struct {
	dst      Target
	opt      Options
	proof    *prover
	gov      *pace.Governor
	patience patience
	unit     int64
	size     int64

	renewing   sync.Mutex
	sources    sync.Mutex
	src        Source
	generation int

	mu       sync.Mutex
	progress Progress

	flushing sync.Mutex
	flushed  int64 // bytes written before the last checkpoint began
}

func newPipeline(src Source, dst Target, opt Options) *pipeline {
	_, streams := src.(Ranger)
	if opt.Cell <= 0 {
		opt.Cell = defaultCell
	}
	if opt.Piece <= 0 {
		opt.Piece = defaultPiece
		if streams {
			opt.Piece = defaultStream
		}
	}
	if opt.Proof != nil {
		opt.Piece = (opt.Piece + merkle.Cell - 1) / merkle.Cell * merkle.Cell
	}
	if opt.Streams <= 0 {
		opt.Streams = defaultStreams
	}
	unit := opt.Piece
	if streams {
		if opt.Request <= 0 {
			opt.Request = defaultRequest
		}
		unit = (max(opt.Request, opt.Piece) + opt.Piece - 1) / opt.Piece * opt.Piece
	}
	return &pipeline{
		src: src, dst: dst, opt: opt, unit: int64(unit), size: src.Size(),
		gov: pace.NewGovernor(min(firstStreams, opt.Streams), opt.Streams),
	}
}

// run does all steps and returns when what they wrote is safe.
func (p *pipeline) run(ctx context.Context, steps []step) error {
	for _, s := range steps {
		p.progress.Total += s.Len
	}
	group, working := errgroup.WithContext(ctx)
	batches, queue := make(chan []request, 1), make(chan request)
	group.Go(func() error {
		defer close(batches)
		return p.prepare(working, requestsOf(steps, p.unit, p.opt.Gap), batches)
	})
	group.Go(func() error {
		defer close(queue)
		for batch := range batches {
			for _, r := range batch {
				p.proof.expect(r)
				select {
				case queue <- r:
				case <-working.Done():
					return working.Err()
				}
			}
		}
		if err := working.Err(); err != nil {
			return err
		}
		p.proof.sealAll()
		return nil
	})
	for range p.opt.Streams {
		group.Go(func() error {
			w := worker{pipeline: p, late: newLate(p)}
			for r := range queue {
				if err := w.do(working, r); err != nil {
					return err
				}
			}
			if err := working.Err(); err != nil {
				return err
			}
			return w.catchUp()
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	if err := p.dst.Sync(); err != nil {
		return fmt.Errorf("sync the target: %w", err)
	}
	return nil
}

func (p *pipeline) source() (Source, int) {
	p.sources.Lock()
	defer p.sources.Unlock()
	return p.src, p.generation
}

// renew replaces the source that a worker found expired, once for all workers.
func (p *pipeline) renew(ctx context.Context, generation int, cause error) error {
	if p.opt.Renew == nil {
		return cause
	}
	p.renewing.Lock()
	defer p.renewing.Unlock()
	old, now := p.source()
	if now != generation {
		return nil // somebody else did
	}
	fresh, err := p.opt.Renew(ctx)
	if err != nil {
		return fmt.Errorf("%w; a fresh one: %w", cause, err)
	}
	if fresh.Size() != old.Size() {
		return fmt.Errorf("the fresh source has %d bytes, the disk %d: it is another one", fresh.Size(), old.Size())
	}
	p.sources.Lock()
	defer p.sources.Unlock()
	p.src, p.generation = fresh, generation+1
	return nil
}

// count changes the progress and reports it.
func (p *pipeline) count(change func(*Progress)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.progress)
	if p.opt.Report != nil {
		p.opt.Report(p.progress)
	}
}

// worker does one request after the other with buffers of its own.
type worker struct {
	*pipeline
	in, old []byte         // a piece of the source and what the target has in its place
	runs    []merkle.Range // of cells to be written
	late    late
}

func (w *worker) do(ctx context.Context, r request) error {
	if w.old == nil && (w.opt.Compare || r.clear) {
		w.old = make([]byte, w.opt.Piece)
	}
	if r.clear {
		return w.clearAll(ctx, r)
	}
	failed := 0
	for off := r.Off; off < r.End(); {
		n, generation, err := w.attempt(ctx, r, off)
		off += n
		if n > 0 {
			failed = 0
		}
		if err == nil {
			continue
		}
		failed++
		if err := w.settle(ctx, err, generation, failed); err != nil {
			return err
		}
	}
	return nil
}

// read is where n bytes of the source are read to.
func (w *worker) read(n int) []byte {
	if w.in == nil {
		w.in = make([]byte, w.opt.Piece)
	}
	return w.in[:n]
}

// settle makes the next try possible, or returns why there is none.
func (w *worker) settle(ctx context.Context, cause error, generation, failed int) error {
	var throttled *Throttled
	var expired *Expired
	var short *Short
	if failed > attempts {
		return cause
	}
	switch {
	case errors.As(cause, &expired):
		return w.renew(ctx, generation, cause)
	case errors.As(cause, &throttled):
		w.gov.Throttled(throttled.RetryAfter)
		w.count(func(p *Progress) { p.Throttled++ })
		if throttled.RetryAfter > 0 {
			return ctx.Err()
		}
	case errors.As(cause, &short):
	default:
		return cause
	}
	waits := w.opt.Brakes.Begin()
	defer func() { w.opt.Brakes.End(pace.BrakeThrottle, waits) }()
	return pause(ctx, min(longestPause, 50*time.Millisecond<<failed))
}

// pause waits between half of d and all of it.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d/2 + rand.N(d/2))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// attempt asks once for what is left of a request and says how much of it is
// on the target now.
func (w *worker) attempt(ctx context.Context, r request, off int64) (n int64, generation int, err error) {
	throttled, waits := w.gov.Paused(), w.opt.Brakes.Begin()
	if err := w.gov.Acquire(ctx); err != nil {
		return 0, 0, err
	}
	if throttled {
		w.opt.Brakes.End(pace.BrakeThrottle, waits)
	}
	defer func() { w.gov.Release(n) }()
	left := r.End() - off
	waits = w.opt.Brakes.Begin()
	if w.opt.Share != nil {
		if err := w.opt.Share.Wait(ctx, int(left)); err != nil {
			return 0, 0, err
		}
	}
	if w.opt.Limit != nil {
		if err := w.opt.Limit(ctx, int(left)); err != nil {
			return 0, 0, err
		}
	}
	w.opt.Brakes.End(pace.BrakeLimit, waits)
	src, generation := w.source()
	w.count(func(p *Progress) { p.Requests++ })
	if ranger, ok := src.(Ranger); ok {
		n, err = w.stream(ctx, ranger, r, off)
		return n, generation, err
	}
	for n < left { // one piece, except where a source stopped streaming
		p := w.read(int(min(left-n, int64(w.opt.Piece))))
		reads := w.opt.Brakes.Begin()
		err := src.ReadAt(ctx, p, off+n)
		w.opt.Brakes.End(pace.BrakeSource, reads)
		if err != nil {
			return n, generation, fmt.Errorf("read %d bytes at %d of the source: %w", len(p), off+n, err)
		}
		if err := w.land(ctx, r, p, off+n); err != nil {
			return n, generation, err
		}
		n += int64(len(p))
	}
	return n, generation, nil
}
