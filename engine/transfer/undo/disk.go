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
	saved   map[int64]*kept // by MiB
	fresh   bool            // nothing is saved
	resumed bool
	length  int64 // before the first write
	waiting []Block
	broken  error
	old     []byte // what is being saved
}

const (
	cell = merkle.Cell
	span = merkle.Block
)

// kept is what the log has of one MiB.
type kept struct {
	cells   [4]uint64
	entries []entry
	end     int64 // of the log, behind the last of them
}

// Begin makes a disk writable, which its sidecar says from then on, or goes on
// with one that is half-written from the same source.
func Begin(f Files, id Identity) (*Disk, error) {
	now, err := ReadStatus(f.Sidecar)
	if err != nil {
		return nil, err
	}
	d := &Disk{files: f, log: appender{file: f.Log}, fresh: id.Fresh, saved: map[int64]*kept{}}
	switch now.State {
	case Writing:
		d.resumed = true
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
	if err := d.log.begin(); err != nil {
		return err
	}
	end, err := d.log.add(record{kind: kindHead, data: text})
	if err != nil {
		return err
	}
	if err := d.log.commit(end); err != nil {
		return err
	}
	return writeStatus(d.files.Sidecar, Status{State: Writing, Since: time.Now().UTC(), Run: d.run})
}

func (d *Disk) resume(id Identity, now Status) error {
	log, err := openLog(d.files.Log, now.Run, func(r record) error {
		end := r.at + int64(len(r.data))
		switch r.kind {
		case kindOld:
			d.keep(entry{r.off, r.n, r.at}, end)
		case kindZero:
			d.keep(entry{r.off, r.n, -1}, end)
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
	if log.Identity != id {
		return fmt.Errorf("%w: %s onto %s (%d bytes), not %s onto %s (%d bytes)", ErrIdentity,
			log.Source, log.Target, log.Size, id.Source, id.Target, id.Size)
	}
	// What follows the last whole record was never acted on.
	if err := d.files.Log.Truncate(log.end); err != nil {
		return err
	}
	d.run, d.length = now.Run, log.Length
	d.log.end, d.log.chain, d.log.mark = log.end, log.chain, log.mark
	return d.log.commit(log.end)
}

// Resumed says that the disk was half-written when it was begun: it holds more
// than it did before the first write.
func (d *Disk) Resumed() bool { return d.resumed }

// Done are the blocks that need not be written again.
func (d *Disk) Done() []Block { return d.done }

// ReadAt reads the disk.
func (d *Disk) ReadAt(p []byte, off int64) (int, error) { return d.files.Disk.ReadAt(p, off) }

// WriteAt saves what it overwrites, returns from a flush of that, and only then
// writes. Once saving has failed nothing is written any more.
func (d *Disk) WriteAt(p []byte, off int64) (int, error) {
	if err := d.Prepare([]merkle.Range{{Off: off, Len: int64(len(p))}}); err != nil {
		return 0, err
	}
	return d.files.Disk.WriteAt(p, off)
}

// Prepare does for many writes at once what has to come before each of them, with
// one flush.
func (d *Disk) Prepare(ranges []merkle.Range) error {
	if d.fresh {
		d.mu.Lock()
		defer d.mu.Unlock()
		return d.broken
	}
	var upTo int64
	for _, r := range ranges {
		end, err := d.save(r.Off, r.Len)
		if err != nil {
			return fmt.Errorf("save what %d bytes at %d replace: %w", r.Len, r.Off, err)
		}
		upTo = max(upTo, end)
	}
	if err := d.log.commit(upTo); err != nil {
		return fmt.Errorf("save what %d ranges replace: %w", len(ranges), d.fail(err))
	}
	return nil
}

func (d *Disk) fail(err error) error {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.broken = err
	return err
}

// save puts into the log what of a range is not there, and says how far the log
// has to be safe before the range is written.
func (d *Disk) save(off, n int64) (upTo int64, err error) {
	d.mu.Lock()
	defer d.mu.Unlock()
	if d.broken != nil {
		return 0, d.broken
	}
	end := min((off+n+cell-1)/cell*cell, d.length)
	for at := off / cell * cell; at < end; {
		if d.has(at) {
			upTo = max(upTo, d.saved[at/span].end)
			at += cell
			continue
		}
		to := at + cell
		for to < end && to%span != 0 && !d.has(to) {
			to += cell
		}
		logEnd, err := d.saveRun(at, min(to, d.length)-at)
		if err != nil {
			d.broken = err
			return 0, err
		}
		at, upTo = to, max(upTo, logEnd)
	}
	return upTo, nil
}

func (d *Disk) saveRun(off, n int64) (logEnd int64, err error) {
	if int64(cap(d.old)) < n {
		d.old = make([]byte, n)
	}
	old := d.old[:n]
	got, err := d.files.Disk.ReadAt(old, off)
	if err != nil && !(errors.Is(err, io.EOF) && int64(got) == n) {
		return 0, err
	}
	r := record{kind: kindOld, off: off, n: n, data: old}
	if bytes.Count(old, []byte{0}) == len(old) {
		r = record{kind: kindZero, off: off, n: n}
	}
	if logEnd, err = d.log.add(r); err != nil {
		return 0, err
	}
	at := logEnd - n
	if r.kind == kindZero {
		at = -1
	}
	d.keep(entry{off, n, at}, logEnd)
	return logEnd, nil
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
	var entries []entry
	if k := d.saved[off/span]; k != nil {
		entries = k.entries
		if _, err := d.log.drain(); err != nil {
			return 0, err
		}
	}
	for _, e := range entries {
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
	s, k := d.saved[off/span], off%span/cell
	return s != nil && s.cells[k/64]>>(k%64)&1 == 1
}

// keep notes an entry of one MiB, behind which the log ends at end.
func (d *Disk) keep(e entry, end int64) {
	s := d.saved[e.off/span]
	if s == nil {
		s = &kept{}
		d.saved[e.off/span] = s
	}
	s.entries, s.end = append(s.entries, e), max(s.end, end)
	for at := e.off; at < e.off+e.n; at += cell {
		k := at % span / cell
		s.cells[k/64] |= 1 << (k % 64)
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
		if _, err := d.log.add(record{kind: kindDone, off: b.Off, n: b.Len, data: b.Sum[:]}); err != nil {
			return d.fail(err)
		}
	}
	return d.log.commit(d.log.all())
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
	log, err := openLog(f.Log, now.Run, func(record) error { return nil })
	if err != nil {
		return err
	}
	if log.Fresh {
		return ErrFresh
	}
	if err := writeStatus(f.Sidecar, Status{State: Restoring, Since: now.Since, Run: now.Run}); err != nil {
		return err
	}
	_, err = openLog(f.Log, now.Run, func(r record) error {
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
	if err := f.Disk.Truncate(log.Length); err != nil {
		return err
	}
	if err := f.Disk.Sync(); err != nil {
		return err
	}
	if err := writeStatus(f.Sidecar, log.Before); err != nil {
		return err
	}
	return f.Log.Truncate(0)
}

// Look says what a disk is, and for one that is half-written or half-restored
// from what it was being made. It changes nothing.
func Look(sidecar, log io.ReaderAt) (Status, Identity, error) {
	now, err := ReadStatus(sidecar)
	if err != nil || now.State != Writing && now.State != Restoring {
		return now, Identity{}, err
	}
	c, err := openLog(log, now.Run, func(record) error { return nil })
	return now, c.Identity, err
}

// Saved is how many bytes the log has taken so far.
func (d *Disk) Saved() int64 { return d.log.all() }
