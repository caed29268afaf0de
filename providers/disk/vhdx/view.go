package vhdx

import (
	"errors"
	"io"

	"failback/providers/disk/image"
)

// view is a file as it will be when its log has been replayed. It is how an
// image with a log is read without changing it.
type view struct {
	image.File
	log    *dirty
	pages  map[int64]numbered // the last data patch of a page
	zeroed []numbered
}

// numbered is a patch and when it comes.
type numbered struct {
	patch
	n int
}

var errReadOnly = errors.New("a file that is only looked at was to be changed")

func newView(f image.File, d *dirty) *view {
	v := &view{File: f, log: d, pages: map[int64]numbered{}}
	for n, p := range d.patches() {
		if p.data {
			v.pages[p.at] = numbered{p, n}
		} else {
			v.zeroed = append(v.zeroed, numbered{p, n})
		}
	}
	return v
}

func (v *view) Size() (int64, error) { return v.log.length, nil }

func (v *view) ReadAt(p []byte, off int64) (int, error) {
	n, end := image.Span(len(p), off, v.log.length)
	for done := 0; done < n; {
		at := off + int64(done)
		piece := p[done:min(n, done+int(page-at%page))]
		if err := v.readPage(piece, at); err != nil {
			return done, err
		}
		done += len(piece)
	}
	return n, end
}

// readPage reads within one page: the last patch that touches it counts.
func (v *view) readPage(p []byte, off int64) error {
	start := off / page * page
	last, patched := v.pages[start]
	zeroed := false
	for _, z := range v.zeroed {
		if start >= z.at && start < z.at+z.length && (!patched || z.n > last.n) {
			zeroed = true
		}
	}
	switch {
	case zeroed:
		clear(p)
		return nil
	case patched:
		content, err := last.content(v.log.ring)
		if err != nil {
			return err
		}
		copy(p, content[off-start:])
		return nil
	}
	n, err := v.File.ReadAt(p, off)
	if errors.Is(err, io.EOF) { // what the log makes longer is zeros
		clear(p[n:])
		return nil
	}
	return err
}

func (v *view) WriteAt([]byte, int64) (int, error) { return 0, errReadOnly }
func (v *view) Grow(int64) error                   { return errReadOnly }
func (v *view) Sync() error                        { return nil }
