package diskcopy

import (
	"context"
	"errors"
	"math/rand/v2"
	"os"
	"runtime"
	"time"

	"failback/engine"
	"failback/engine/move"
	"failback/engine/transfer"
	"failback/engine/transfer/merkle"
	"failback/engine/transfer/pace"
	"failback/providers/disk"
)

type extent = transfer.Extent

// Disks carries out what is asked for single disks. It is safe for concurrent use.
type Disks struct {
	remote Remote
	signIn SignIn
	free   func(path string) (int64, error) // bytes that its file system still takes
}

// New opens addresses with remote, and managed disks and snapshots with what signIn
// opens; nil opens none.
func New(remote Remote, signIn SignIn) *Disks { return &Disks{remote, signIn, disk.FreeSpace} }

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

// What is in flight at most, and in memory: a blob's answer of 1 MiB is held until
// its checksum was right.
const (
	mostStreams = 8
	piece       = 256 << 10
)

// mostCellData is how much data a disk may have for the sums of all its cells to be
// kept: 12 MiB of them. With them, changes are applied without reading the
// blocks around them.
const mostCellData = 3 << 29

// longestSnapshot is how much of a source's identity a state has room for.
const longestSnapshot = 1000

// copying is one copy on its way.
type copying struct {
	order  move.Order
	src    *source
	begun  begun
	plan   plan
	target *target
	report func(move.Progress)
	free   func(path string) (int64, error)

	result   move.Copied
	manifest *merkle.Manifest
	touched  []extent // what the target was written in, where not all of it is looked at
}

// Copy makes the target equal to the source. It goes on where an earlier one of the
// same order was broken off. An error or the end of ctx leaves the target
// half-written and flagged as that. report may be nil.
func (d *Disks) Copy(ctx context.Context, o move.Order, report func(move.Progress)) (move.Copied, error) {
	if report == nil {
		report = func(move.Progress) {}
	}
	c := &copying{order: o, report: report, free: d.free}
	var err error
	if c.begun, err = stand(o.Target); err != nil {
		return c.result, failed(err, "look at the target", o.Target)
	}
	if err := c.begun.check(o); err != nil {
		return c.result, failed(err, "copy the disk", o.Target)
	}
	if c.src, err = d.openSource(ctx, o.Source, o.Snapshot, o.Target, o.Secret); err != nil {
		return c.result, err
	}
	err = c.run(ctx)
	return c.result, errors.Join(err, failed(c.src.close(), "close the source", o.Source))
}

func (c *copying) run(ctx context.Context) error {
	if same(c.order.Source, c.begun.names.target) {
		return engine.Usagef("name another target", "%s is the source and the target", c.order.Source)
	}
	var err error
	if c.plan, err = planFor(c.order, c.begun, c.src); err != nil {
		return failed(err, "copy the disk", c.order.Target)
	}
	if err := c.open(ctx); err != nil {
		return err
	}
	started := time.Now()
	work := c.move
	if c.begun.whole() {
		work = c.already
	}
	if err := work(ctx); err != nil {
		return c.broken(errors.Join(err, c.target.letGo()))
	}
	if err := c.close(); err != nil {
		return resumable(err, c.order.Target)
	}
	c.result.Seconds = time.Since(started).Seconds()
	if c.src.finished != nil {
		return failed(c.src.finished(ctx), "delete the snapshot that was taken for the copy, which is done", c.order.Source)
	}
	return nil
}

// broken is the end of a copy that did not come to its own. Where there was no room
// for it nothing was written, and nothing is left of it.
func (c *copying) broken(err error) error {
	var room *transfer.NoSpace
	if !errors.As(err, &room) || c.target.Resumed() {
		return resumable(err, c.order.Target)
	}
	b, looked := stand(c.order.Target)
	if looked == nil {
		looked = b.takeBack(&move.TakenBack{})
	}
	return errors.Join(failed(err, "copy the disk", c.order.Target), failed(looked, "take the copy back", c.order.Target))
}

// open opens the target. Nothing is half-made after an error.
func (c *copying) open(ctx context.Context) error {
	c.report(move.Progress{Stage: move.StageList})
	if _, err := c.src.Extents(ctx); err != nil {
		return failed(err, "list the disk", c.order.Source)
	}
	img, err := c.begun.openTarget(ctx, c.order, c.src)
	if err != nil {
		return failed(err, "open the target", c.order.Target)
	}
	info := img.Info()
	if info.Size != c.src.Size() {
		return errors.Join(engine.Usagef("name another target", "the source has %d bytes and %s has %d: a disk neither grows nor shrinks", c.src.Size(), c.order.Target, info.Size), img.Close())
	}
	if c.target, err = c.begun.take(img, c.src, c.plan.text()); err != nil {
		return errors.Join(failed(err, "open the target", c.order.Target), img.Close())
	}
	c.target.free = c.free
	c.result = move.Copied{
		Source: c.order.Source, Target: c.order.Target, Format: string(info.Format), Size: info.Size,
		Way: c.plan.way, Resumed: c.target.Resumed(), Manifest: c.begun.names.manifest(),
	}
	return nil
}

// move brings the bytes and verifies them.
func (c *copying) move(ctx context.Context) error {
	if err := c.transfer(ctx); err != nil {
		return err
	}
	if err := c.src.unchanged(); err != nil {
		return failed(err, "read the source", c.order.Source)
	}
	c.result.Level = transfer.LevelOf(c.src.reading())
	c.result.Checksum = c.src.CheckedBy()
	if !c.order.Unread {
		if err := c.reread(ctx); err != nil {
			return err
		}
	}
	c.result.Root = c.manifest.Root().String()
	return writeManifest(c.begun.names.manifest(), c.manifest)
}

// already is a disk that was whole and verified when its copy was broken off: only
// its state was not said yet.
func (c *copying) already(context.Context) error {
	m, err := readManifest(c.begun.names.manifest())
	if err != nil {
		return err
	}
	c.result.Root, c.result.Level = m.Root().String(), transfer.LevelReread
	if c.order.Unread {
		c.result.Level = transfer.LevelArrived
	}
	return nil
}

// transfer makes the target equal, with a manifest of what it is then.
func (c *copying) transfer(ctx context.Context) error {
	proof := &transfer.Proof{Done: c.target.Done(), Landed: c.target.Landed}
	if bytesOf(c.src.extents) <= mostCellData {
		proof.Keep = func(int64) bool { return true }
	}
	if c.plan.way != move.WayFull && !c.order.Unread && !c.target.Resumed() {
		c.target.wrote = &record{} // what an earlier run has written is not known by it
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

// changes applies what changed since a snapshot, and looks at a sample of the rest.
func (c *copying) changes(ctx context.Context, proof *transfer.Proof, opt transfer.Options) (transfer.Progress, error) {
	none := transfer.Progress{}
	ch, err := c.src.changes(ctx, c.plan.snapshot)
	if err != nil {
		return none, err
	}
	if err := transfer.CheckDiff(ch, c.src.extents); err != nil {
		return none, err
	}
	if proof.Base, err = c.baseOf(ctx, nil); err != nil {
		return none, err
	}
	c.touched = append(append(c.touched, ch.Updated...), ch.Cleared...)
	opt.Gap = c.gap(ch.Updated)
	p, err := transfer.Apply(ctx, c.src.reading(), ch, c.target, opt)
	if err != nil {
		return p, err
	}
	c.report(move.Progress{Stage: move.StageSample})
	share := min(sampleShare, mostSampled/float64(max(1, c.src.Size())))
	seen, err := transfer.Sample(ctx, c.src.reading(), ch, c.target, share, rand.New(rand.NewPCG(rand.Uint64(), rand.Uint64())))
	if err != nil {
		return p, err
	}
	c.result.Sampled = seen.Bytes
	if len(seen.Differs) > 0 {
		return p, &engine.Failure{Kind: engine.FailureUnsafe, What: "compare a sample outside the list of changes", Where: c.order.Target,
			Why:    "the target differs from the source at " + seen.Differs[0].String() + ", which the list of changes since " + c.plan.snapshot + " leaves out",
			Remedy: "copy with --mode delta and no --base, which reads all of the disk"}
	}
	return p, nil
}

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
	case c.target.wrote != nil && !c.target.wrote.over:
		c.report(move.Progress{Stage: move.StageReread})
		return c.target.wrote.verify(ctx, c.target.file)
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

func (c *copying) close() error {
	snapshot := c.src.snapshot
	if snapshot == "" {
		snapshot = c.src.identity
	}
	return c.target.finish(snapshot[:min(len(snapshot), longestSnapshot)])
}

// gap is how many unwanted bytes are read to save a request of a blob.
func (c *copying) gap(extents []extent) int64 {
	if !remote(c.order.Source) && !managed(c.order.Source) {
		return 0
	}
	rate := float64(blobBytes)
	if limit := c.order.Limit.At(time.Now()).Bytes; limit > 0 {
		rate = min(rate, limit)
	}
	return transfer.BestGap(extents, rate, blobRequests)
}

// options are those of any stage that reads a whole disk.
func (c *copying) options(stage move.Stage) transfer.Options {
	brakes := &pace.Brakes{}
	return transfer.Options{
		Brakes: brakes, Share: share(c.order.Limit), Report: reporter(stage, brakes, c.report), Streams: mostStreams, Piece: piece,
	}
}

// local is for reading what is here: no limit, no more readers than processors, and
// little memory.
func local(opt transfer.Options) transfer.Options {
	opt.Share, opt.Brakes = nil, nil
	opt.Streams, opt.Piece = min(mostStreams, max(2, runtime.NumCPU())), piece
	return opt
}

// share is all of a limit, nil where there is none.
func share(s pace.Schedule) *pace.Share {
	if len(s.Windows) == 0 && s.Otherwise == (pace.Rate{}) {
		return nil
	}
	return pace.NewLimiter(s).Join()
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

func bytesOf(extents []extent) (n int64) {
	for _, e := range extents {
		n += e.Len
	}
	return n
}

// same reports whether two names are one file.
func same(a, b string) bool {
	x, err := os.Stat(a)
	if err != nil {
		return false
	}
	y, err := os.Stat(b)
	return err == nil && os.SameFile(x, y)
}
