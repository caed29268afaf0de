package diskcopy

import (
	"context"

	"failback/engine"
	"failback/engine/move"
	"failback/engine/transfer"
)

// reread reads what was written from the disk again.
func (c *copying) reread(ctx context.Context) error {
	if err := c.target.Disk.Sync(); err != nil {
		return err
	}
	differs, err := c.again(ctx)
	if err != nil {
		return err
	}
	if len(differs) > 0 {
		return &engine.Failure{Kind: engine.FailureUnsafe, What: "read the target again", Where: c.order.Target,
			Why:    "it is not what was written, first at " + differs[0].String(),
			Remedy: "look at the disk that holds it: it does not keep what it is given"}
	}
	c.result.Level = transfer.LevelReread
	if c.plan.way == move.WayManifest && c.plan.have == nil {
		c.result.Level = transfer.LevelSource
	}
	return nil
}

// again finds where the target is not what was written: of a full copy all of it is
// read; else only what was written now, where that is known, and the blocks around
// what is different by the plan where it is not.
func (c *copying) again(ctx context.Context) ([]extent, error) {
	opt, from := local(c.options(move.StageReread)), written{c.target}
	switch {
	case c.target.wrote != nil && c.target.wrote.readable(c.manifest):
		c.report(move.Progress{Stage: move.StageReread})
		return c.target.wrote.verify(ctx, c.target.file, c.manifest)
	case c.plan.way == move.WayFull || c.plan.way == move.WayCompare:
		return transfer.Verify(ctx, from, c.manifest, opt)
	}
	return transfer.VerifyRanges(ctx, from, c.manifest, c.touched, opt)
}

// written is the target as it is now.
type written struct{ *target }

func (w written) Size() int64 { return w.file.Image.Size() }

func (w written) Extents(ctx context.Context) ([]extent, error) { return w.file.Extents(ctx) }

func (w written) ReadAt(ctx context.Context, p []byte, off int64) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	n, err := w.file.ReadAt(p, off)
	if n == len(p) {
		return nil
	}
	return err
}
