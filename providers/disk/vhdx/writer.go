package vhdx

import (
	"maps"
	"slices"
	"sync"
	"sync/atomic"

	"failback/providers/disk/image"
)

// writer is what a disk has that is open for writing.
type writer struct {
	file image.File

	// Guarded by the disk's mutex.
	end    int64              // where the next block goes
	length int64              // the file's
	stale  int64              // before this, what nothing uses may hold old bytes
	dirty  map[int64]struct{} // pages of the table that are not yet in the file

	commit sync.Mutex // one Sync at a time; guards what follows
	log    journal

	begin   sync.Mutex
	begun   atomic.Bool
	headers headers // guarded by begin
	broken  atomic.Pointer[error]
}

func newWriter(d *Disk, h headers) (*writer, error) {
	if h.logLength == 0 {
		return nil, &image.Refusal{
			Why: "it has no log, and its block table can't be changed safely without one", Kind: image.ErrUnsupported,
			Remedy: "convert it with the program that wrote it",
		}
	}
	length, err := d.file.Size()
	if err != nil {
		return nil, err
	}
	w := &writer{file: d.file, length: length, stale: length, dirty: map[int64]struct{}{}, headers: h}
	w.log = journal{file: d.file, ring: ring{d.file, h.logAt, h.logLength}, id: image.NewGUID(), sequence: 1}
	w.end = d.firstFree(h.header, length)
	return w, nil
}

// firstFree is the end of everything that the file holds, places that the
// table remembers for blocks it does not have included.
func (d *Disk) firstFree(h header, length int64) int64 {
	end := max(int64(headersEnd), d.regionsEnd, h.logAt+h.logLength)
	for _, p := range d.table.pages {
		if p == nil {
			continue
		}
		for _, e := range p {
			if at := e.at(); at != 0 && at < uint64(length) {
				end = max(end, int64(at)+d.meta.block)
			}
		}
	}
	return roundUp(end, mib)
}

// start makes the file another one: before its first change it gets new ids
// in both headers.
func (w *writer) start() error {
	if w.begun.Load() {
		return w.failure()
	}
	w.begin.Lock()
	defer w.begin.Unlock()
	if err := w.failure(); err != nil || w.begun.Load() {
		return err
	}
	next := w.headers.header
	next.fileWrite, next.dataWrite = image.NewGUID(), image.NewGUID()
	if err := w.headers.update(w.file, next); err != nil {
		return w.fail(err)
	}
	w.begun.Store(true)
	return nil
}

// logIs says in the headers which log counts.
func (w *writer) logIs(id image.GUID) error {
	w.begin.Lock()
	defer w.begin.Unlock()
	if w.headers.log == id {
		return nil
	}
	next := w.headers.header
	next.log = id
	return w.headers.update(w.file, next)
}

// fail keeps err: what is on the disk is unknown, and nothing more is written.
func (w *writer) fail(err error) error {
	w.broken.CompareAndSwap(nil, &err)
	return err
}

func (w *writer) failure() error {
	if err := w.broken.Load(); err != nil {
		return *err
	}
	return nil
}

// changes takes what a commit has to put into the table, and where the file
// ends by then.
func (w *writer) changes(d *Disk) (writes []write, end, length int64) {
	d.mu.Lock()
	defer d.mu.Unlock()
	for _, n := range slices.Sorted(maps.Keys(w.dirty)) {
		writes = append(writes, write{d.bat.Off + n*page, d.table.encode(n)})
	}
	clear(w.dirty)
	return writes, w.end, w.length
}
