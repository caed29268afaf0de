package direct

import (
	"bytes"
	"context"
	"errors"
	"slices"

	"failback/engine"
	"failback/engine/transfer"
	"failback/providers/azure/snapshots"
)

// unchanged sees, before anything is deleted, that nobody wrote to the Azure disks since
// they were brought home: the machine may have run there again and be off by now. What
// was written then would be nowhere else.
func (v *driver) unchanged(ctx context.Context) error {
	if err := v.begin(taskCompare); err != nil {
		return err
	}
	r := v.look()
	p, err := v.d.o.Vault.Azure.Power(ctx, r.Item.AzureVM)
	if err != nil {
		return err
	}
	if p == engine.PowerDeleted { // an earlier commit has seen it, and was broken off
		return v.finish(stepDelete, taskCompare)
	}
	if !p.Off() {
		return inUse(r.Item.AzureVM, p)
	}
	client, err := v.client()
	if err != nil {
		return err
	}
	set, err := client.Take(ctx, r.Item.AzureVM, "commit")
	if err != nil {
		return err
	}
	err = v.sameAsFinal(ctx, client, set)
	if ctx.Err() != nil {
		return err // the set is taken up again
	}
	if err := errors.Join(err, client.Delete(ctx, set)); err != nil {
		return err
	}
	return v.finish(stepDelete, taskCompare)
}

func (v *driver) sameAsFinal(ctx context.Context, client *snapshots.Client, set snapshots.Set) error {
	final := v.look().Failback.Set
	for _, now := range set.Snapshots {
		at := slices.IndexFunc(final.Snapshots, func(s snapshots.Snapshot) bool { return engine.SameID(s.Disk, now.Disk) })
		if at < 0 {
			return written(v.look(), "it has a disk that was not brought home", now.Disk)
		}
		differs, err := differ(ctx, client, final.Snapshots[at], now)
		if err != nil {
			return err
		}
		if differs {
			return written(v.look(), "it was written to since it was brought home", now.Disk)
		}
	}
	return nil
}

func written(r *record, why, disk string) error {
	return &engine.Failure{Kind: engine.FailureUnsafe, What: "see that the Azure disks are as they were brought home", Where: r.Item.AzureVM.Name + ", disk " + disk,
		Why:    why,
		Remedy: "nothing was deleted. Find out who used the Azure VM: what was written there is not on-premises. Start the Azure VM and bring it home once more, or save what is needed and delete the Azure VM by hand"}
}

// differ reports whether a disk has other bytes than it had. Where Azure lists changes
// they are looked at: it may list what was written with the same bytes, and, where it
// does not know the older snapshot, everything.
func differ(ctx context.Context, client *snapshots.Client, before, after snapshots.Snapshot) (differs bool, err error) {
	older, err := client.Lend(ctx, before)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, older.Close(ctx)) }()
	newer, err := client.Lend(ctx, after)
	if err != nil {
		return false, err
	}
	defer func() { err = errors.Join(err, newer.Close(ctx)) }()
	ch, err := newer.Changes(ctx, older)
	if errors.Is(err, snapshots.ErrNoDiff) {
		return true, nil // of another size or another family: another disk
	}
	if err != nil {
		return false, err
	}
	for _, e := range append(slices.Clone(ch.Updated), ch.Cleared...) {
		same, err := sameBytes(ctx, older, newer, e)
		if err != nil || !same {
			return !same, err
		}
	}
	return false, nil
}

func sameBytes(ctx context.Context, a, b transfer.Source, e transfer.Extent) (bool, error) {
	const piece = 1 << 20
	x, y := make([]byte, piece), make([]byte, piece)
	for off := e.Off; off < e.End(); off += piece {
		n := min(piece, e.End()-off)
		if err := errors.Join(a.ReadAt(ctx, x[:n], off), b.ReadAt(ctx, y[:n], off)); err != nil {
			return false, err
		}
		if !bytes.Equal(x[:n], y[:n]) {
			return false, nil
		}
	}
	return true, nil
}
