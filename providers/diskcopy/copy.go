package diskcopy

import (
	"context"
	"errors"
	"os"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

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
	limits *limits
	share  *pace.Share // of the limits

	result   move.Copied
	manifest *merkle.Manifest
	changed  transfer.Changes // of a plan by a list of changes
	base     *merkle.Manifest // beside the target then, nil where none is good
	touched  []extent         // what the target was written in, where not all of it is looked at
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
	if c.limits, err = newLimits(o, c.begun.names); err != nil {
		return c.result, failed(err, "read the limit", o.Target)
	}
	if c.src, err = d.openSource(ctx, o.Source, o.Snapshot, o.Target, o.Secret); err != nil {
		return c.result, err
	}
	c.share = c.limits.Join()
	err = c.run(ctx)
	c.share.Leave()
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
	following, stop := context.WithCancel(ctx)
	var follower sync.WaitGroup
	follower.Go(func() { c.limits.follow(following) })
	defer follower.Wait()
	defer stop()
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
	if err := c.list(ctx); err != nil {
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

// list asks for what the disk has allocated and, where the plan is made of that, for
// what has changed; the manifest beside the target is read meanwhile.
func (c *copying) list(ctx context.Context) error {
	group, working := errgroup.WithContext(ctx)
	group.Go(func() error {
		_, err := c.src.Extents(working)
		return err
	})
	if c.plan.way == move.WayChanges {
		group.Go(func() (err error) {
			c.changed, err = c.src.changes(working, c.plan.snapshot)
			return err
		})
		group.Go(func() (err error) {
			c.base, err = c.manifestBeside()
			return err
		})
	}
	return group.Wait()
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
	// It is on its way to its place while the target is read again.
	written := draftManifest(c.begun.names.manifest(), c.manifest, func() (*os.File, error) {
		return os.OpenFile(c.begun.names.draft(), os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o600)
	})
	if !c.order.Unread {
		if err := c.reread(ctx); err != nil {
			return errors.Join(err, written.drop())
		}
	}
	c.result.Root = c.manifest.Root().String()
	return written.settle()
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

func (c *copying) close() error {
	snapshot := c.src.snapshot
	if snapshot == "" {
		snapshot = c.src.identity
	}
	return c.target.finish(snapshot[:min(len(snapshot), longestSnapshot)])
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
