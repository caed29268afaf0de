package vhdx

import (
	"failback/providers/disk/image"
)

// maxWrites is how many pages one entry of the log changes: as many as the
// first page of an entry has descriptors for. Two such entries fit the
// smallest log, so that a new one never lies on the one before.
const maxWrites = (page - entryHead) / descriptorSize

// Sync makes everything safe whose WriteAt has returned: payload first, then
// the table's pages through the log.
func (d *Disk) Sync() error {
	w := d.write
	if w == nil {
		return nil
	}
	w.commit.Lock()
	defer w.commit.Unlock()
	if err := w.failure(); err != nil || !w.begun.Load() {
		return err
	}
	writes, end, length := w.changes(d)
	if err := d.file.Sync(); err != nil {
		return w.fail(err)
	}
	for len(writes) > 0 {
		n := min(len(writes), maxWrites)
		if err := w.put(writes[:n], end, length); err != nil {
			return w.fail(err)
		}
		writes = writes[n:]
	}
	return nil
}

// put changes pages of the table: into the log, safe; the headers name the log,
// if they do not yet; into the table, safe.
func (w *writer) put(writes []write, end, length int64) error {
	if err := w.log.add(writes, length, end); err != nil {
		return err
	}
	if err := w.logIs(w.log.id); err != nil {
		return err
	}
	for _, p := range writes {
		if _, err := w.file.WriteAt(p.page, p.at); err != nil {
			return err
		}
	}
	return w.file.Sync()
}

// journal is where the log is written. Every entry is its own tail, since what
// the entries before it say is in its place already.
type journal struct {
	file     image.File
	ring     ring
	id       image.GUID
	sequence uint64
	pos      int64
}

// add writes an entry and makes it safe.
func (j *journal) add(writes []write, length, end int64) error {
	p := encodeEntry(j.id, j.sequence, j.pos, length/mib*mib, end, writes)
	pos := j.pos
	for rest := p; len(rest) > 0; {
		n := min(int64(len(rest)), j.ring.length-pos)
		if _, err := j.file.WriteAt(rest[:n], j.ring.at+pos); err != nil {
			return err
		}
		rest, pos = rest[n:], (pos+n)%j.ring.length
	}
	if err := j.file.Sync(); err != nil {
		return err
	}
	j.pos, j.sequence = pos, j.sequence+1
	return nil
}

// Close syncs the disk, says in the headers that there is nothing to replay,
// and closes the file.
func (d *Disk) Close() error {
	d.once.Do(func() {
		d.closed = d.Sync()
		if d.closed == nil && d.write != nil {
			d.closed = d.write.logIs(noGUID)
		}
		if err := d.file.Close(); d.closed == nil {
			d.closed = err
		}
	})
	return d.closed
}
