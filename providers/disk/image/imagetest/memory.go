// Package imagetest has a file in memory that can lose its power at any write.
package imagetest

import (
	"bytes"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"sync"

	"failback/providers/disk/image"
)

const page = 16 << 10

// File is an image.File in memory. It keeps what was done to it in order, so
// that a test can ask what a crash after any step would have left.
type File struct {
	mu     sync.Mutex
	size   int64
	pages  map[int64][]byte // never changed in place: copies share them
	steps  []step
	origin *File // how it was before the first step
	safe   *File // how it was at the last sync that a crash was asked about
	safeAt int   // which step that sync was
	// Fail, if set, is asked before every change: what it returns is the
	// error of that change. what is "write", "grow" or "sync".
	Fail func(what string) error
	// Fragile is where payload begins: a write before it that is torn may leave
	// garbage in a sector, neither old nor new.
	Fragile int64
}

type step struct {
	what string
	off  int64 // or the new size
	data []byte
}

var _ image.File = (*File)(nil)

// New makes a file with content, which may be nil.
func New(content []byte) *File {
	f := &File{pages: map[int64][]byte{}, size: int64(len(content))}
	f.put(content, 0)
	f.Mark()
	return f
}

// Mark forgets the steps so far: crashes can only be after them.
func (f *File) Mark() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.steps, f.safe = nil, nil
	f.origin = f.copied()
}

// Steps is how many changes there were since the last Mark.
func (f *File) Steps() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return len(f.steps)
}

// Step says what change n was: "write" and where, "grow" and to what size, or "sync".
func (f *File) Step(n int) (what string, off int64) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.steps[n].what, f.steps[n].off
}

// Crash gives the file as a crash after the first n steps leaves it. With a
// nil rnd everything that was written is there; otherwise each step since the
// last sync is kept, lost, or torn at a sector of 512 bytes, as rnd will.
func (f *File) Crash(n int, rnd *rand.Rand) *File {
	f.mu.Lock()
	defer f.mu.Unlock()
	synced := f.upTo(n)
	left := synced.copied()
	left.Fragile = f.Fragile
	for _, s := range f.steps[f.safeAt:n] {
		switch {
		case rnd == nil:
			left.apply(s)
		case rnd.IntN(3) == 0: // lost
		case rnd.IntN(2) == 0 || s.what != "write":
			left.apply(s)
		default:
			left.tear(s, rnd, s.off < f.Fragile)
		}
	}
	left.origin = left.copied()
	return left
}

// upTo is what the last sync among the first n steps made safe, remembered
// since tests ask for one step after the other.
func (f *File) upTo(n int) *File {
	at := 0
	for i, s := range f.steps[:n] {
		if s.what == "sync" {
			at = i + 1
		}
	}
	if f.safe == nil || f.safeAt > at {
		f.safe, f.safeAt = f.origin, 0
	}
	if at > f.safeAt {
		next := f.safe.copied()
		for _, s := range f.steps[f.safeAt:at] {
			next.apply(s)
		}
		f.safe, f.safeAt = next, at
	}
	return f.safe
}

func (f *File) copied() *File { return &File{size: f.size, pages: maps.Clone(f.pages)} }

func (f *File) apply(s step) {
	switch s.what {
	case "write":
		f.put(s.data, s.off)
	case "grow":
		f.size = max(f.size, s.off)
	}
}

// tear applies some of the sectors of a write.
func (f *File) tear(s step, rnd *rand.Rand, garbage bool) {
	for at := 0; at < len(s.data); at += 512 {
		p := s.data[at:min(len(s.data), at+512)]
		switch {
		case garbage && rnd.IntN(4) == 0:
			p = bytes.Clone(p)
			for i := range p {
				p[i] = byte(rnd.Uint32())
			}
			f.put(p, s.off+int64(at))
		case rnd.IntN(2) == 0:
			f.put(p, s.off+int64(at))
		}
	}
}

func (f *File) put(p []byte, off int64) {
	f.size = max(f.size, off+int64(len(p)))
	for len(p) > 0 {
		n, at := off/page, off%page
		fresh := make([]byte, page)
		copy(fresh, f.pages[n])
		k := copy(fresh[at:], p)
		f.pages[n] = fresh
		p, off = p[k:], off+int64(k)
	}
}

func (f *File) change(s step) error {
	if f.Fail != nil {
		if err := f.Fail(s.what); err != nil {
			return err
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.apply(s)
	f.steps = append(f.steps, s)
	return nil
}

// ReadAt reads as a file does.
func (f *File) ReadAt(p []byte, off int64) (int, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	if off < 0 {
		return 0, fmt.Errorf("read at %d", off)
	}
	if off >= f.size {
		return 0, io.EOF
	}
	var err error
	if left := f.size - off; int64(len(p)) > left {
		p, err = p[:left], io.EOF
	}
	clear(p)
	for at := 0; at < len(p); {
		n, in := (off+int64(at))/page, (off+int64(at))%page
		k := min(len(p)-at, int(page-in))
		if f.pages[n] != nil {
			copy(p[at:at+k], f.pages[n][in:])
		}
		at += k
	}
	return len(p), err
}

// WriteAt writes as a file does.
func (f *File) WriteAt(p []byte, off int64) (int, error) {
	if off < 0 {
		return 0, fmt.Errorf("write at %d", off)
	}
	if err := f.change(step{what: "write", off: off, data: append([]byte(nil), p...)}); err != nil {
		return 0, err
	}
	return len(p), nil
}

// Grow makes the file longer.
func (f *File) Grow(size int64) error { return f.change(step{what: "grow", off: size}) }

// Sync makes all steps so far safe.
func (f *File) Sync() error { return f.change(step{what: "sync"}) }

// Size is the length.
func (f *File) Size() (int64, error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.size, nil
}

// Close does nothing: the bytes stay.
func (f *File) Close() error { return nil }

// Bytes is the whole content.
func (f *File) Bytes() []byte {
	size, _ := f.Size()
	p := make([]byte, size)
	_, _ = f.ReadAt(p, 0)
	return p
}
