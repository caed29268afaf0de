package direct

import (
	"context"
	"errors"
	"os"
	"sync"

	"golang.org/x/sync/errgroup"

	"failback/engine"
	"failback/engine/move"
	"failback/engine/transfer"
	"failback/engine/transfer/merkle"
	"failback/engine/transfer/undo"
	"failback/providers/azure/snapshots"
)

// sideBySide is how many disks of a VM are brought at once.
const sideBySide = 2

// bring makes every file what its snapshot of the set is, and returns how many bytes
// were read for it. What is that already is not touched.
func (v *driver) bring(ctx context.Context) (int64, error) {
	f := v.look().Failback
	var mu sync.Mutex
	var total int64
	group, working := errgroup.WithContext(ctx)
	group.SetLimit(sideBySide)
	for i := range f.Disks {
		group.Go(func() error {
			n, err := v.bringDisk(working, i, f.Set.Snapshots[i])
			mu.Lock()
			total += n
			mu.Unlock()
			return err
		})
	}
	return total, group.Wait()
}

func (v *driver) bringDisk(ctx context.Context, i int, s snapshots.Snapshot) (int64, error) {
	disk := v.look().Failback.Disks[i]
	if disk.At == s.ID {
		return 0, nil
	}
	got, err := v.brought(disk, s)
	if err == nil && got == nil {
		got, err = v.copyDisk(ctx, disk, s)
	}
	if err != nil {
		return 0, err
	}
	return got.Read, v.change(func(r *record) {
		d := &r.Failback.Disks[i]
		d.At, d.Root, d.Level, d.Read, d.Proven = s.ID, got.Root, got.Level, got.Read, now()
	})
}

// brought is a copy that had ended when the program did, before it was noted; nil
// where it had not.
func (v *driver) brought(disk diskRecord, s snapshots.Snapshot) (*move.Copied, error) {
	at, err := v.d.o.Mover.Standing(disk.File)
	if err != nil || at.State != undo.Consistent.String() || at.Snapshot != s.ID {
		return nil, err
	}
	m, err := os.Open(disk.File + ".manifest")
	if err != nil {
		return nil, err
	}
	defer func() { _ = m.Close() }()
	sums, err := merkle.Decode(m)
	if err != nil {
		return nil, err
	}
	// A file is not called whole before it was read again.
	return &move.Copied{Root: sums.Root().String(), Level: transfer.LevelReread}, nil
}

// copyDisk brings what changed since the snapshot that the file is; the whole disk,
// where it is none yet; and what differs, where no list of changes is to be had or
// to be believed.
func (v *driver) copyDisk(ctx context.Context, disk diskRecord, s snapshots.Snapshot) (*move.Copied, error) {
	format := v.look().Direct.Format
	if format == "" {
		format = "vhdx"
	}
	if disk.At == "" {
		whole := move.Order{Source: s.ID, Target: disk.File, Format: format}
		got, err := v.copy(ctx, whole)
		if errors.Is(err, undo.ErrIdentity) { // a job that failed has begun it, from another snapshot
			if _, err := v.d.o.Mover.Cancel(disk.File); err != nil {
				return nil, err
			}
			got, err = v.copy(ctx, whole)
		}
		return &got, err
	}
	changes := move.Order{Source: s.ID, Target: disk.File, Mode: move.Delta, Base: disk.At}
	got, err := v.copy(ctx, changes)
	if errors.Is(err, undo.ErrIdentity) { // a pass before it was broken off: the file becomes what it was
		if _, err := v.d.o.Mover.Cancel(disk.File); err != nil {
			return nil, err
		}
		got, err = v.copy(ctx, changes)
	}
	if err == nil || ctx.Err() != nil || !noList(err) {
		return &got, err
	}
	if _, err := v.d.o.Mover.Cancel(disk.File); err != nil {
		return nil, err
	}
	got, err = v.copy(ctx, move.Order{Source: s.ID, Target: disk.File, Mode: move.Delta})
	return &got, err
}

// noList reports whether a copy by changes failed for the list of them: there is none,
// it is not believed, or another kind of copy had been begun.
func noList(err error) bool {
	return errors.Is(err, snapshots.ErrNoDiff) || errors.Is(err, transfer.ErrList) || errors.Is(err, undo.ErrIdentity) ||
		engine.KindOf(err) == engine.FailureUnsafe || engine.KindOf(err) == engine.FailureNotFound
}

// copy has the bytes that travel counted for the host.
func (v *driver) copy(ctx context.Context, o move.Order) (move.Copied, error) {
	host := v.look().Host
	var counted int64
	o.Shared = v.d.limiterOf(v.look())
	got, err := v.d.o.Mover.Copy(ctx, o, func(p move.Progress) {
		if p.Stage == move.StageCopy && p.Bytes.Read > counted {
			v.d.count(host, p.Bytes.Read-counted)
			counted = p.Bytes.Read
		}
	})
	v.d.count(host, max(0, got.Read-counted))
	return got, err
}
