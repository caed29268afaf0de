package transfer

import (
	"context"
	"iter"

	"failback/engine/transfer/merkle"
	"failback/engine/transfer/pace"
)

// A batch of requests is prepared together: so many bytes, or so many parts. The
// first is smaller, since everybody waits for it.
const (
	batchBytes = 32 << 20
	batchParts = 512
	firstParts = 64
)

// prepare has a target that saves what writes replace do so for batches of
// requests, while the batch before is on its way. What will be written is only
// known before where nothing is compared.
func (p *pipeline) prepare(ctx context.Context, requests iter.Seq[request], batches chan<- []request) error {
	preparer, _ := p.dst.(Preparer)
	if p.opt.Compare {
		preparer = nil
	}
	var batch []request
	var parts []merkle.Range
	var bytes int64
	most := firstParts
	send := func() error {
		if preparer != nil {
			begun := p.opt.Brakes.Begin()
			if err := preparer.Prepare(parts); err != nil {
				return err
			}
			p.opt.Brakes.End(pace.BrakeTarget, begun)
		}
		select {
		case batches <- batch:
			batch, parts, bytes, most = nil, parts[:0], 0, batchParts
			return nil
		case <-ctx.Done():
			return ctx.Err()
		}
	}
	for r := range requests {
		batch = append(batch, r)
		for _, e := range r.parts {
			parts = append(parts, merkle.Range(e))
			bytes += e.Len
		}
		if preparer == nil || bytes >= batchBytes || len(parts) >= most {
			if err := send(); err != nil {
				return err
			}
		}
	}
	if len(batch) == 0 {
		return nil
	}
	return send()
}
