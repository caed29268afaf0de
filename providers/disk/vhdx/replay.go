package vhdx

import (
	"fmt"

	"failback/providers/disk/image"
)

// maxGrowth is by how much a log may make a file longer: what a crash can lose
// of a file's length between two flushes, with much to spare.
const maxGrowth = 16 << 30

// dirty is what a log has to say.
type dirty struct {
	ring    ring
	entries []logEntry
	length  int64 // what the file's length has to be
}

// pending reads the log of h. A log with nothing in it gives nil.
func pending(f image.File, h header, length int64) (*dirty, error) {
	if h.log == noGUID || h.logLength == 0 {
		return nil, nil
	}
	if h.logAt > length || h.logLength > length-h.logAt {
		return nil, image.Damage(fmt.Sprintf("its log, %d bytes at %d, is not in the file of %d bytes", h.logLength, h.logAt, length))
	}
	d := &dirty{ring: ring{f, h.logAt, h.logLength}, length: length}
	var err error
	if d.entries, err = active(d.ring, h.log); err != nil || d.entries == nil {
		return nil, err
	}
	for _, e := range d.entries {
		if e.flushed > length {
			return nil, image.Damage(fmt.Sprintf("the file has %d bytes and its log was written when it had %d: it is cut short", length, e.flushed))
		}
		d.length = max(d.length, e.last)
	}
	if d.length-length > maxGrowth {
		return nil, image.Damage(fmt.Sprintf("the file has %d bytes and its log speaks of %d: it is cut short", length, d.length))
	}
	for _, p := range d.patches() {
		if p.at > d.length || p.length > d.length-p.at || p.at < region1At || p.at < h.logAt+h.logLength && p.at+p.length > h.logAt {
			return nil, image.Damage(fmt.Sprintf("its log changes %d bytes at %d, which it must not", p.length, p.at))
		}
	}
	return d, nil
}

func (d *dirty) patches() []patch {
	var out []patch
	for _, e := range d.entries {
		out = append(out, e.patches...)
	}
	return out
}

// replay does what the log says, makes it safe, and then says in the headers
// that there is nothing to replay. Cut at any instant, it can be done again.
func (d *dirty) replay(f image.File, h *headers) error {
	next := h.header
	next.fileWrite = image.NewGUID()
	if err := h.update(f, next); err != nil {
		return err
	}
	old, err := f.Size()
	if err != nil {
		return err
	}
	if err := f.Grow(d.length); err != nil {
		return err
	}
	patches := d.patches()
	for i, p := range patches {
		if err := d.apply(f, p, patches[:i], old); err != nil {
			return err
		}
	}
	if err := f.Sync(); err != nil {
		return err
	}
	next.log = noGUID
	return h.update(f, next)
}

// apply writes one patch. Behind the old end of the file everything is zeros
// already, but for the pages that earlier patches wrote.
func (d *dirty) apply(f image.File, p patch, earlier []patch, old int64) error {
	if p.data {
		content, err := p.content(d.ring)
		if err != nil {
			return err
		}
		_, err = f.WriteAt(content, p.at)
		return err
	}
	if err := image.WriteZeros(f, p.at, min(p.length, old-p.at)); err != nil {
		return err
	}
	for _, e := range earlier {
		if e.data && e.at+page > old && e.at >= p.at && e.at < p.at+p.length {
			if err := image.WriteZeros(f, e.at, page); err != nil {
				return err
			}
		}
	}
	return nil
}
