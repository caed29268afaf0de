package undo

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"sync"
	"time"

	"failback/engine/transfer/merkle"
)

// Block is a block that is on the target for good, and its sum.
type Block struct {
	Off, Len int64
	Sum      merkle.Sum
}

// Files are a disk and the two files beside it.
type Files struct{ Disk, Sidecar, Log File }

// Disk is a target that can be taken back. It is safe for concurrent use.
type Disk struct {
	files Files
	log   appender
	run   string
	done  []Block

	mu      sync.Mutex
	saved   map[int64]*[4]uint64 // of every MiB, the cells that are in the log
	index   map[int64][]entry    // of every MiB, where in the log they are
	length  int64                // before the first write
	waiting []Block
	broken  error
}

const (
	cell = merkle.Cell
	span = merkle.Block
)

// Begin makes a disk writable, which its sidecar says from then on, or goes on
// with one that is half-written from the same source.
func Begin(f Files, id Identity) (*Disk, error) {
	now, err := ReadStatus(f.Sidecar)
	if err != nil {
		return nil, err
	}
	d := &Disk{files: f, log: appender{file: f.Log}, saved: map[int64]*[4]uint64{}, index: map[int64][]entry{}}
	switch now.State {
	case Writing:
		err = d.resume(id, now)
	case Restoring:
		err = ErrRestoring
	default:
		err = d.start(id, now)
	}
	if err != nil {
		return nil, err
	}
	return d, nil
}

// entry is a record of old content: where its data are in the log, below zero
// for zeros.
type entry struct{ off, n, at int64 }

func (d *Disk) start(id Identity, before Status) error {
	length, err := d.files.Disk.Size()
	if err != nil {
		return err
	}
	d.run, d.length = rand.Text(), length
	text, err := json.Marshal(head{Identity: id, Run: d.run, Length: length, Before: before})
	if err != nil {
		return err
	}
	if err := d.files.Log.Truncate(0); err != nil {
		return err
	}
	if err := d.log.add(record{kind: kindHead, data: text}); err != nil {
		return err
	}
	if err := d.log.commit(); err != nil {
		return err
	}
	return writeStatus(d.files.Sidecar, Status{State: Writing, Since: time.Now().UTC(), Run: d.run})
}

func (d *Disk) resume(id Identity, now Status) error {
	h, end, chain, err := openLog(d.files.Log, now.Run, func(r record) error {
		switch r.kind {
		case kindOld:
			d.mark(entry{r.off, r.n, r.at})
		case kindZero:
			d.mark(entry{r.off, r.n, -1})
		case kindDone:
			if len(r.data) == len(merkle.Sum{}) {
				d.done = append(d.done, Block{Off: r.off, Len: r.n, Sum: merkle.Sum(r.data)})
			}
		default: // kinds of a later program change nothing here
		}
		return nil
	})
	if err != nil {
		return err
	}
	if h.Identity != id {
		return fmt.Errorf("%w: %s onto %s (%d bytes), not %s onto %s (%d bytes)", ErrIdentity,
			h.Source, h.Target, h.Size, id.Source, id.Target, id.Size)
	}
	// What follows the last whole record was never acted on.
	if err := d.files.Log.Truncate(end); err != nil {
		return err
	}
	if err := d.files.Log.Sync(); err != nil {
		return err
	}
	d.run, d.length = now.Run, h.Length
	d.log.end, d.log.chain, d.log.synced = end, chain, end
	return nil
}

// Done are the blocks that need not be written again.
func (d *Disk) Done() []Block { return d.done }

// ReadAt reads the disk.
func (d *Disk) ReadAt(p []byte, off int64) (int, error) { return d.files.Disk.ReadAt(p, off) }

// WriteAt saves what it overwrites, returns from a flush of that, and only then
// writes. Once saving has failed nothing is written any more.
func (d *Disk) WriteAt(p []byte, off int64) (int, error) {
	if err := d.save(off, int64(len(p))); err != nil {
		return 0, fmt.Errorf("save what %d bytes at %d replace: %w", len(p), off, err)
	}
	if err := d.log.commit(); err != nil {
		return 0, fmt.Errorf("save what %d bytes at %d replace: %w", len(p), off, d.fail(err))
	}
	return d.files.Disk.WriteAt(p, off)
}

func (d *Disk) fail(err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = err
	return err
}

func (d *Disk) save(off, n int64) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken != nil {
		return d.broken
	}
	end := min((off+n+cell-1)/cell*cell, d.length)
	for at := off / cell * cell; at < end; {
		if d.has(at) {
			at += cell
			continue
		}
		to := at + cell
		for to < end && to%span != 0 && !d.has(to) {
			to += cell
		}
		if err := d.saveRun(at, min(to, d.length)-at); err != nil {
			d.broken = err
			return err
		}
		at = to
	}
	return nil
}

func (d *Disk) saveRun(off, n int64) error {
	old := make([]byte, n)
	got, err := d.files.Disk.ReadAt(old, off)
	if err != nil && !(errors.Is(err, io.EOF) && int64(got) == n) {
		return err
	}
	r := record{kind: kindOld, off: off, n: n, data: old}
	if bytes.Count(old, []byte{0}) == len(old) {
		r = record{kind: kindZero, off: off, n: n}
	}
	at := d.log.end + recordHeader
	if r.kind == kindZero {
		at = -1
	}
	if err := d.log.add(r); err != nil {
		return err
	}
	d.mark(entry{off, n, at})
	return nil
}

// ReadBefore reads a part of one block as it was before the first write.
func (d *Disk) ReadBefore(p []byte, off int64) (int, error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	p = p[:max(0, min(int64(len(p)), d.length-off))]
	if len(p) == 0 {
		return 0, io.EOF
	}
	n, err := d.files.Disk.ReadAt(p, off)
	if err != nil && !(errors.Is(err, io.EOF) && n == len(p)) {
		return n, err
	}
	for _, e := range d.index[off/span] {
		from, to := max(e.off, off), min(e.off+e.n, off+int64(len(p)))
		if from >= to {
			continue
		}
		old := p[from-off : to-off]
		if e.at < 0 {
			clear(old)
			continue
		}
		if _, err := d.files.Log.ReadAt(old, e.at+from-e.off); err != nil && !errors.Is(err, io.EOF) {
			return 0, err
		}
	}
	return len(p), nil
}

func (d *Disk) has(off int64) bool {
	bits, k := d.saved[off/span], off%span/cell
	return bits != nil && bits[k/64]>>(k%64)&1 == 1
}

func (d *Disk) mark(e entry) {
	d.index[e.off/span] = append(d.index[e.off/span], e)
	for at := e.off; at < e.off+e.n; at += cell {
		bits := d.saved[at/span]
		if bits == nil {
			bits = new([4]uint64)
			d.saved[at/span] = bits
		}
		k := at % span / cell
		bits[k/64] |= 1 << (k % 64)
	}
}

// Landed notes a block that was written. It counts after the next Sync.
func (d *Disk) Landed(b Block) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.waiting = append(d.waiting, b)
}

// Sync flushes the disk and then notes what has landed until now as done.
func (d *Disk) Sync() error {
	d.mu.Lock()
	landed := d.waiting
	d.waiting = nil
	d.mu.Unlock()
	if err := d.files.Disk.Sync(); err != nil {
		return err
	}
	for _, b := range landed {
		if err := d.log.add(record{kind: kindDone, off: b.Off, n: b.Len, data: b.Sum[:]}); err != nil {
			return d.fail(err)
		}
	}
	return d.log.commit()
}

// Finish flushes the disk and says that it is what snapshot was. From then on
// it cannot be taken back.
func (d *Disk) Finish(snapshot string) error {
	if err := d.Sync(); err != nil {
		return err
	}
	if err := writeStatus(d.files.Sidecar, Status{State: Consistent, Since: time.Now().UTC(), Snapshot: snapshot}); err != nil {
		return err
	}
	return d.files.Log.Truncate(0)
}

// Cancel restores a half-written disk bit for bit, and the state it had. An
// interrupted one is done again from its beginning. A disk that is not
// half-written stays as it is.
func Cancel(f Files) error {
	now, err := ReadStatus(f.Sidecar)
	if err != nil || now.State != Writing && now.State != Restoring {
		return err
	}
	// The log must be whole before anything is claimed or written.
	h, _, _, err := openLog(f.Log, now.Run, func(record) error { return nil })
	if err != nil {
		return err
	}
	if err := writeStatus(f.Sidecar, Status{State: Restoring, Since: now.Since, Run: now.Run}); err != nil {
		return err
	}
	_, _, _, err = openLog(f.Log, now.Run, func(r record) error {
		switch r.kind {
		case kindOld:
			_, err := f.Disk.WriteAt(r.data, r.off)
			return err
		case kindZero:
			_, err := f.Disk.WriteAt(make([]byte, r.n), r.off)
			return err
		default: // nothing of the disk
			return nil
		}
	})
	if err != nil {
		return err
	}
	if err := f.Disk.Truncate(h.Length); err != nil {
		return err
	}
	if err := f.Disk.Sync(); err != nil {
		return err
	}
	if err := writeStatus(f.Sidecar, h.Before); err != nil {
		return err
	}
	return f.Log.Truncate(0)
}
