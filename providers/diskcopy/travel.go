package diskcopy

import (
	"context"
	"math/rand/v2"
	"time"

	"golang.org/x/sync/errgroup"

	"failback/engine"
	"failback/engine/move"
	"failback/engine/transfer"
	"failback/engine/transfer/merkle"
	"failback/engine/transfer/pace"
)

// What one page blob gives a second at most, as documented; gaps are bridged by
// it.
const (
	blobBytes    = 60 << 20
	blobRequests = 500
)

// mostSampled is how much outside a list of changes is compared, at most.
const (
	sampleShare = 0.01
	mostSampled = 32 << 20
)

// mostCellData is how much data a disk may have for the sums of all its cells to be
// kept: 12 MiB of them. With them, changes are applied without reading the
// blocks around them.
const mostCellData = 3 << 29

// transfer makes the target equal, with a manifest of what it is then.
func (c *copying) transfer(ctx context.Context) error {
	proof := &transfer.Proof{Done: c.target.Done(), Landed: c.target.Landed}
	if bytesOf(c.src.extents) <= mostCellData {
		proof.Keep = func(int64) bool { return true }
	}
	if c.plan.way != move.WayFull && !c.order.Unread && !c.target.Resumed() {
		// What an earlier run has written is not known by it.
		c.target.wrote = &record{summed: proof.Keep == nil && c.plan.way != move.WayManifest}
	}
	for _, b := range proof.Done {
		c.result.Proven += b.Len
	}
	opt := c.options(move.StageCopy)
	opt.Proof, opt.Renew = proof, c.src.renew
	opt.Compare = c.plan.way == move.WayCompare
	opt.Fresh = c.target.fresh && !c.target.Resumed()
	begun := time.Now()
	p, err := c.travel(ctx, proof, opt)
	c.result.Count(p, time.Since(begun))
	c.manifest = proof.Manifest
	return err
}

func (c *copying) travel(ctx context.Context, proof *transfer.Proof, opt transfer.Options) (transfer.Progress, error) {
	src := c.src.reading()
	switch c.plan.way {
	case move.WayManifest:
		have, err := c.baseOf(ctx, func(block int64) bool { return c.plan.want.Cells(block) != nil })
		if err != nil {
			return transfer.Progress{}, err
		}
		for _, r := range merkle.Compare(have, c.plan.want) {
			c.touched = append(c.touched, extent(r))
		}
		opt.Gap = c.gap(c.touched)
		return transfer.Follow(ctx, src, have, c.plan.want, c.target, opt)
	case move.WayChanges:
		return c.changes(ctx, proof, opt)
	case move.WayFull, move.WayCompare:
	}
	opt.Gap = c.gap(c.src.extents)
	return transfer.Copy(ctx, src, c.target, opt)
}

// changes applies what changed since a snapshot, and looks at a sample of the rest
// meanwhile.
func (c *copying) changes(ctx context.Context, proof *transfer.Proof, opt transfer.Options) (p transfer.Progress, err error) {
	ch := c.changed
	if proof.Base, err = c.baseOf(ctx, nil); err != nil {
		return p, err
	}
	if err := transfer.CheckDiff(ch, c.src.extents); err != nil {
		return p, err
	}
	proof.Spend = true
	c.touched = append(append(c.touched, ch.Updated...), ch.Cleared...)
	opt.Gap = c.gap(ch.Updated)
	group, working := errgroup.WithContext(ctx)
	group.Go(func() error { return c.sample(working, ch, opt.Share) })
	group.Go(func() (err error) {
		if p, err = transfer.Apply(working, c.src.reading(), ch, c.target, opt); err == nil {
			c.report(move.Progress{Stage: move.StageSample}) // what is left of it
		}
		return err
	})
	err = group.Wait()
	return p, err
}

// sample compares some of what a list of changes leaves out. That does not change
// while the list is applied.
func (c *copying) sample(ctx context.Context, ch transfer.Changes, limit *pace.Share) error {
	share := min(sampleShare, mostSampled/float64(max(1, c.src.Size())))
	seen, err := transfer.Sample(ctx, paced{c.src, limit}, ch, c.target, share, rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())))
	if err != nil {
		return err
	}
	c.result.Sampled = seen.Bytes
	if len(seen.Differs) > 0 {
		return &engine.Failure{Kind: engine.FailureUnsafe, What: "compare a sample outside the list of changes", Where: c.order.Target,
			Why:    "the target differs from the source at " + seen.Differs[0].String() + ", which the list of changes since " + c.plan.snapshot + " leaves out",
			Remedy: "copy with --mode delta and no --base, which reads all of the disk"}
	}
	return nil
}

// paced is a source that asks again by itself, within the limit.
type paced struct {
	*source
	limit *pace.Share
}

// ReadAt implements transfer.Source.
func (p paced) ReadAt(ctx context.Context, b []byte, off int64) error {
	if p.limit != nil {
		if err := p.limit.Wait(ctx, len(b)); err != nil {
			return err
		}
	}
	return p.source.ReadAt(ctx, b, off)
}

// gap is how many unwanted bytes are read to save a request of a blob.
func (c *copying) gap(extents []extent) int64 {
	if !remote(c.order.Source) && !managed(c.order.Source) {
		return 0
	}
	rate := float64(blobBytes)
	if limit := c.limits.Rate().Bytes; limit > 0 {
		rate = min(rate, limit)
	}
	return transfer.BestGap(extents, rate, blobRequests)
}

func bytesOf(extents []extent) (n int64) {
	for _, e := range extents {
		n += e.Len
	}
	return n
}
