package world

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"golang.org/x/sync/errgroup"

	"failback/providers/lab/blob"
	"failback/providers/lab/estate"
	"failback/providers/lab/guest"
)

// content is how a disk of an item is filled: what differs between Azure and
// home, and what is the same.
type content struct {
	static int64 // MiB of the guest's own content
	newest int64 // bytes of checked files
	old    int64 // bytes that are the same everywhere
}

const mib = 1 << 20

// contentOf splits a disk's content. A guest needs a little more than its own
// content at the beginning of the disk.
func contentOf(d estate.Disk, change float64) content {
	changed := int64(float64(d.Content) * change)
	c := content{
		static: max(1, min(changed/2/mib, int64(d.Size)/mib/4)),
		newest: max(64<<10, min(changed/2, int64(d.Size)/4)),
	}
	c.old = max(0, min(int64(d.Content)-c.static*mib-c.newest, int64(d.Size)/4))
	return c
}

// fillDisks writes the disks of all items, a few items at a time.
func (w *World) fillDisks(ctx context.Context, s *State, e estate.Estate) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(runtime.GOMAXPROCS(0))
	for n, it := range s.Items {
		if it.Foreign {
			continue
		}
		g.Go(func() error {
			f := filler{world: w, item: it, plan: e.Items[n], seed: e.Seed*1000 + int64(n)}
			if err := f.fill(ctx, s.Home(it)); err != nil {
				return fmt.Errorf("disks of %s: %w", it.Name, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return err
	}
	for n, it := range s.Items {
		if e.Items[n].State == estate.StateDamaged {
			s.addCancelled(it)
		}
	}
	return nil
}

// filler fills the disks of one item.
type filler struct {
	world *World
	item  *Item
	plan  estate.Item
	seed  int64
}

// fill formats the guest on both sides: at home an older edition of it, unless
// home is where it runs.
func (f *filler) fill(ctx context.Context, home *VM) (err error) {
	var homes []homeDisk
	if home != nil {
		if homes, err = f.world.homeDisks(*f.item, *home); err != nil {
			return err
		}
		defer func() { err = errors.Join(err, closeDisks(homes)) }()
		edition := int64(1)
		if err := f.format(ctx, asGuest(homes), edition, 40); err != nil {
			return err
		}
	}
	if !f.item.AtRecovery {
		return nil
	}
	blobs, err := f.create()
	if err != nil {
		return err
	}
	if err := f.format(ctx, asGuest(blobs), 2, 400); err != nil {
		return err
	}
	if f.plan.State == estate.StateDamaged {
		return halfCopy(ctx, blobs, homes)
	}
	return nil
}

func (f *filler) create() ([]*blob.Blob, error) {
	blobs := make([]*blob.Blob, 0, len(f.item.Disks))
	for _, d := range f.item.Disks {
		d.Blob = blobName(guid(f.seed, 0, "failover"), f.item, d)
		d.Managed = f.item.managedName(d)
		b, err := f.world.blobs.Create(d.Blob, d.Bytes)
		if err != nil {
			return nil, err
		}
		blobs = append(blobs, b)
	}
	return blobs, nil
}

// format writes one edition of the guest and lets it do some steps.
func (f *filler) format(ctx context.Context, disks []guest.Disk, edition int64, steps int) error {
	spec := guest.Spec{ID: f.item.VMID, Seed: f.seed<<8 + edition, OS: f.item.OS}
	for _, d := range f.plan.Disks {
		spec.StaticMiB += int(contentOf(d, f.plan.Change).static)
	}
	if err := guest.Format(ctx, spec, disks); err != nil {
		return err
	}
	for i, d := range disks {
		c := contentOf(f.plan.Disks[i], f.plan.Change)
		if err := writeFiles(d, newestFiles(d.Size(), c.newest), spec.Seed); err != nil {
			return err
		}
		if err := oldFiles(d, f.seed+int64(i), d.Size()/2, d.Size()*7/10, c.old); err != nil {
			return err
		}
	}
	g, err := guest.Open(disks)
	if err != nil {
		return err
	}
	for range steps {
		if _, err := g.Step(nil); err != nil {
			return err
		}
	}
	return nil
}

// halfCopy leaves what a cancelled synchronisation leaves: the beginning of
// each Azure disk on the on-premises one.
func halfCopy(ctx context.Context, from []*blob.Blob, to []homeDisk) error {
	p := make([]byte, mib)
	for i, b := range from {
		for _, e := range b.Extents() {
			for off := e.Off; off < e.End() && off < b.Size()*6/10; off += mib {
				if err := ctx.Err(); err != nil {
					return err
				}
				q := p[:min(mib, e.End()-off)]
				if _, err := b.ReadAt(q, off); err != nil {
					return err
				}
				if _, err := to[i].WriteAt(q, off); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

// addCancelled is the job of the failback that was cancelled while it copied.
func (s *State) addCancelled(it *Item) {
	j := s.addJob(KindFailback, s.mint())
	j.Item, j.Started = it.Name, j.Started.Add(-26*time.Hour)
	j.begin(tMonitor, false)
	for _, id := range []string{tCheck, tPrepare, tInitiate} {
		t := j.task(id)
		t.Started, t.Ended = j.Started, j.Started.Add(time.Minute)
		t.State, t.Description = Succeeded, Completed
	}
	monitor := j.task(tMonitor)
	monitor.Started, monitor.Ended = j.Started.Add(3*time.Minute), j.Started.Add(41*time.Minute)
	monitor.State, monitor.Description = Cancelled, Cancelled
	j.State, j.Description, j.Ended = Cancelled, Cancelled, monitor.Ended
	j.Step = 3
}
