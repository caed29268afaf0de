package diskcopy

import (
	"errors"
	"os"
	"sync/atomic"

	"failback/engine/move"
	"failback/engine/transfer/undo"
	"failback/providers/disk"
)

// Cancel takes a copy back that was broken off: the target's old content, or that
// there was none. Where nothing was begun it does nothing. Interrupted, it is done
// again.
func (d *Disks) Cancel(name string) (move.TakenBack, error) {
	out := move.TakenBack{Target: name}
	b, err := stand(name)
	if err == nil {
		out.Snapshot = b.leftover()
		err = b.takeBack(&out)
	}
	if out.Nothing {
		out.Snapshot = "" // the copy that goes on needs it
	}
	return out, failed(err, "take the copy back", name)
}

func (b begun) takeBack(out *move.TakenBack) error {
	switch {
	case b.whole(): // nothing of it is missing
		out.Nothing = true
		return nil
	case b.writing() && b.identity.Fresh:
		out.Removed = true
		return b.remove()
	case b.writing(), b.status.State == undo.Restoring:
		return b.restore()
	}
	out.Nothing = !b.half
	out.Removed = b.half
	return errors.Join(gone(os.Remove(b.names.fresh())), b.names.forget())
}

// remove takes away a new target that nobody else has open, then what is beside
// it: the other way round, a crash would leave half a disk without a flag.
func (b begun) remove() error {
	if b.half {
		img, err := disk.OpenAs(b.names.fresh(), rawFormat, true)
		if err == nil {
			err = img.Close()
		}
		if err != nil && isInUse(err) {
			return err
		}
		if err := os.Remove(b.names.fresh()); err != nil {
			return err
		}
		if err := syncFolder(b.names.target); err != nil {
			return err
		}
	}
	return errors.Join(gone(os.Remove(b.names.state())), gone(os.Remove(b.names.log())), gone(os.Remove(b.names.limit())), gone(os.Remove(b.names.draft())))
}

func (b begun) restore() error {
	img, err := disk.Update(b.names.target)
	if err != nil {
		return err
	}
	n, err := b.names.open()
	if err != nil {
		return errors.Join(err, img.Close())
	}
	err = undo.Cancel(n.files(imageFile{img, &atomic.Bool{}}))
	if err := errors.Join(err, img.Close(), n.close()); err != nil {
		return err
	}
	return b.names.forget()
}

// Standing says what the target is, as far as this program has touched it.
func (d *Disks) Standing(name string) (move.Standing, error) {
	b, err := stand(name)
	if err != nil {
		return move.Standing{}, failed(err, "read the state", name)
	}
	s := move.Standing{Target: name, State: b.status.State.String(), Source: b.identity.Source, Snapshot: b.status.Snapshot}
	if !b.status.Since.IsZero() {
		s.Since = &b.status.Since
	}
	return s, nil
}
