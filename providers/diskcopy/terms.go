package diskcopy

import (
	"context"
	"runtime"
	"time"

	"failback/engine/move"
	"failback/engine/transfer"
	"failback/engine/transfer/merkle"
	"failback/engine/transfer/pace"
)

// What is in flight at most, and in memory: a blob's answer of 1 MiB is held until
// its checksum was right.
const (
	mostStreams = 8
	piece       = 256 << 10
)

// options are those of any stage that reads a whole disk.
func (c *copying) options(stage move.Stage) transfer.Options {
	brakes := &pace.Brakes{}
	return transfer.Options{
		Brakes: brakes, Share: c.share, Report: reporter(stage, brakes, c.report), Streams: mostStreams, Piece: piece,
	}
}

// local is for reading what is here: no limit, no more readers than processors, and
// little memory.
func local(opt transfer.Options) transfer.Options {
	opt.Share, opt.Brakes = nil, nil
	opt.Streams, opt.Piece = min(mostStreams, max(2, runtime.NumCPU())), piece
	return opt
}

// share is an order's part of its limit, nil where there is none. leave gives it back.
func share(o move.HashOrder) (of *pace.Share, leave func()) {
	if o.Shared != nil {
		of = o.Shared.Join()
		return of, of.Leave
	}
	s := o.Limit
	if len(s.Windows) == 0 && s.Otherwise == (pace.Rate{}) {
		return nil, func() {}
	}
	return pace.NewLimiter(s).Join(), func() {}
}

func (c *copying) hash(ctx context.Context, stage move.Stage, of transfer.Source, keep func(int64) bool) (*merkle.Manifest, error) {
	return transfer.Hash(ctx, of, keep, local(c.options(stage)))
}

// apart is how far apart two reports are, at least.
const apart = 100 * time.Millisecond

// reporter passes counts on, not every one of them.
func reporter(stage move.Stage, brakes *pace.Brakes, report func(move.Progress)) func(transfer.Progress) {
	t := &move.Tracker{Stage: stage, Brakes: brakes}
	var last time.Time
	return func(p transfer.Progress) {
		now := time.Now()
		if now.Sub(last) < apart && p.Left() > 0 {
			return
		}
		last = now
		report(t.Add(now, p))
	}
}
