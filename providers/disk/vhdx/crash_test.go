package vhdx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"testing"

	"failback/providers/disk/image"
	"failback/providers/disk/image/imagetest"
)

// history is what was done to a disk, in sectors that carry the number of the
// write that filled them.
type history struct {
	file    *imagetest.File
	written []deed
	synced  []point // after so many steps, so many writes are safe
}

type deed struct {
	from, to int // sectors
	start    int // steps before it
}

type point struct{ steps, writes int }

const (
	crashSize = 3<<20 + 8192
	sectors   = crashSize / 512
)

// mark fills a sector with the number of a write.
func mark(p []byte, n int) {
	for i := 0; i < len(p); i += 4 {
		le.PutUint32(p[i:], uint32(n))
	}
}

// live does random writes, syncs and reopenings.
func live(t *testing.T, seed uint64) *history {
	t.Helper()
	rnd := rand.New(rand.NewPCG(seed, 11))
	o := small()
	o.Size, o.Fixed = crashSize, seed%5 == 4
	h := &history{file: made(t, o)}
	h.file.Fragile = o.payload()
	d := opened(t, h.file, true)
	for range 8 + rnd.IntN(10) {
		switch rnd.IntN(6) {
		case 0, 1:
			if err := d.Sync(); err != nil {
				t.Fatal(err)
			}
			h.synced = append(h.synced, point{h.file.Steps(), len(h.written)})
		case 2:
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			h.synced = append(h.synced, point{h.file.Steps(), len(h.written)})
			d = opened(t, h.file, true)
		default:
			from := rnd.IntN(sectors)
			to := min(sectors, from+1+rnd.IntN(40)*rnd.IntN(50))
			p := make([]byte, (to-from)*512)
			mark(p, len(h.written)+1)
			h.written = append(h.written, deed{from, to, h.file.Steps()})
			if _, err := d.WriteAt(p, int64(from)*512); err != nil {
				t.Fatal(err)
			}
		}
	}
	return h
}

// holds says whether a disk after a crash at step n has in every sector the
// last safe content or something that was written later, and nothing else.
func (h *history) holds(d *Disk, n int) error {
	safe := 0
	for _, s := range h.synced {
		if s.steps <= n {
			safe = s.writes
		}
	}
	base := make([]int, sectors)
	for i, w := range h.written[:safe] {
		for s := w.from; s < w.to; s++ {
			base[s] = i + 1
		}
	}
	got := make([]byte, crashSize)
	if _, err := d.ReadAt(got, 0); err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	want, filled := make([]byte, 512), 0
	for s := range sectors {
		have := int(le.Uint32(got[s*512:]))
		if have != filled {
			mark(want, have)
			filled = have
		}
		if !bytes.Equal(want, got[s*512:s*512+512]) {
			return fmt.Errorf("sector %d is torn", s)
		}
		if have == base[s] {
			continue
		}
		if have <= safe || have > len(h.written) || h.written[have-1].start >= n || s < h.written[have-1].from || s >= h.written[have-1].to {
			return fmt.Errorf("sector %d has the content of write %d; safe was %d", s, have, base[s])
		}
	}
	return nil
}

// survives opens what a crash left, for reading and for writing.
func (h *history) survives(left *imagetest.File, n int) error {
	r, err := Check(left)
	if err != nil || !r.Clean() {
		return fmt.Errorf("check: %v, %w", r.Findings, err)
	}
	for _, write := range []bool{false, true} {
		d, err := Open(left, write)
		if err != nil {
			return fmt.Errorf("open: %w", err)
		}
		if err := h.holds(d, n); err != nil {
			return fmt.Errorf("written %v: %w", write, err)
		}
	}
	return nil
}

// lives is how many disks are lived and how often each crash is tried:
// FAILBACK_DISKS=100 has a hundred.
func lives(t *testing.T) (n, tries int) {
	t.Helper()
	if n, err := strconv.Atoi(os.Getenv("FAILBACK_DISKS")); err == nil && n > 0 {
		return n, 6
	}
	return 1, 2
}

// TestPowerIsLostAtEveryWrite: whole, and with what was not flushed lost or
// torn, the disk opens, the check is clean, and every sector is old or new.
func TestPowerIsLostAtEveryWrite(t *testing.T) {
	count, tries := lives(t)
	for seed := range uint64(count) {
		h := live(t, seed)
		for n := range h.file.Steps() + 1 {
			for try := range tries + 1 {
				var rnd *rand.Rand
				if try > 0 {
					rnd = rand.New(rand.NewPCG(uint64(n), uint64(try)))
				}
				if err := h.survives(h.file.Crash(n, rnd), n); err != nil {
					t.Fatalf("life %d, step %d of %d, try %d: %v", seed, n, h.file.Steps(), try, err)
				}
			}
		}
	}
}

// TestPowerIsLostWhileTheLogIsReplayed: and again, at every write of that.
func TestPowerIsLostWhileTheLogIsReplayed(t *testing.T) {
	dirty := 0
	count, tries := lives(t)
	for seed := range uint64(count) {
		h := live(t, seed)
		for n := range h.file.Steps() + 1 {
			left := h.file.Crash(n, nil)
			hd, err := currentHeader(left)
			if err != nil {
				t.Fatal(err)
			}
			if hd.log == noGUID || n%2 != 0 {
				continue
			}
			dirty++
			left.Mark()
			if _, err := Open(left, true); err != nil {
				t.Fatal(err)
			}
			for m := range left.Steps() + 1 {
				for try := range uint64(tries) {
					again := left.Crash(m, rand.New(rand.NewPCG(uint64(m)<<32+uint64(n), seed<<32+try)))
					if err := h.survives(again, n); err != nil {
						t.Fatalf("life %d, step %d, replay's step %d of %d: %v", seed, n, m, left.Steps(), err)
					}
				}
			}
		}
	}
	if dirty == 0 {
		t.Error("no crash left a log to be replayed")
	}
}

// TestANewDiskIsWholeOrNone loses the power while a disk is made.
func TestANewDiskIsWholeOrNone(t *testing.T) {
	f := imagetest.New(nil)
	if err := Create(f, small()); err != nil {
		t.Fatal(err)
	}
	whole := 0
	for n := range f.Steps() + 1 {
		for try := range uint64(6) {
			left := f.Crash(n, rand.New(rand.NewPCG(uint64(n), try)))
			switch d, err := Open(left, true); {
			case err == nil:
				whole++
				if err := imagetest.Same(t.Context(), d, make([]byte, testSize)); err != nil {
					t.Error(err)
				}
			case !errors.Is(err, image.ErrDamaged):
				t.Errorf("after %d steps: %v", n, err)
			}
		}
	}
	if whole == 0 {
		t.Error("no disk was whole")
	}
}

// TestErrorsOfTheFileEndTheWriting: after a failed flush nothing more is
// written, and what is there is as good as after a crash.
func TestErrorsOfTheFileEndTheWriting(t *testing.T) {
	broken := errors.New("no such luck")
	for fail := range 40 {
		o := small()
		o.Size = crashSize
		f := made(t, o)
		h := &history{file: f}
		d := opened(t, f, true)
		left := fail
		f.Fail = func(string) error {
			if left--; left < 0 {
				return broken
			}
			return nil
		}
		var failed error
		for i := range 6 {
			p := make([]byte, 512*200)
			mark(p, i+1)
			at := i * 990
			h.written = append(h.written, deed{at, at + 200, -1})
			if _, err := d.WriteAt(p, int64(at)*512); err != nil {
				failed = err
				continue
			}
			if err := d.Sync(); err != nil {
				failed = err
				if _, err := d.WriteAt(p, 0); !errors.Is(err, broken) {
					t.Errorf("a write after a failed flush: %v", err)
				}
				if err := d.Sync(); !errors.Is(err, broken) {
					t.Errorf("a second flush: %v", err)
				}
			} else if failed == nil {
				h.synced = append(h.synced, point{0, len(h.written)})
			}
		}
		if err := d.Close(); failed != nil && !errors.Is(failed, broken) || failed != nil && err == nil && left < -1 {
			t.Errorf("fail %d: %v, close: %v", fail, failed, err)
		}
		f.Fail = nil
		if err := h.survives(f, f.Steps()); err != nil {
			t.Errorf("fail %d: %v", fail, err)
		}
	}
}

// TestOrderOfACommit: payload is safe before the log has an entry, that before
// the headers name the log or the table changes, and the table before the
// headers say that the log is empty.
func TestOrderOfACommit(t *testing.T) {
	o := small()
	f := made(t, o)
	d := opened(t, f, true)
	order := func(do func() error) (names []string) {
		t.Helper()
		before := f.Steps()
		if err := do(); err != nil {
			t.Fatal(err)
		}
		for n := before; n < f.Steps(); n++ {
			name, off := f.Step(n)
			if name == "write" {
				switch {
				case off < region1At:
					name = "header"
				case off >= newLogAt && off < newMetaAt:
					name = "log"
				case off >= newBATAt && off < o.payload():
					name = "table"
				default:
					name = "payload"
				}
			}
			names = append(names, name)
		}
		return names
	}
	put := func(at int64) func() error {
		return func() error {
			_, err := d.WriteAt([]byte("x"), at)
			return err
		}
	}
	for _, c := range []struct {
		what string
		do   func() error
		want string
	}{
		{"first write", put(0), "header sync header sync grow payload"},
		{"first commit", d.Sync, "sync log sync header sync header sync table sync"},
		{"write to a block that is there", put(1), "payload"},
		{"commit without a new block", d.Sync, "sync"},
		{"write to another block", put(mib), "grow payload"},
		{"second commit", d.Sync, "sync log sync table sync"},
		{"write to a third block", put(2 * mib), "grow payload"},
		{"close", d.Close, "sync log sync table sync header sync header sync"},
	} {
		if got := strings.Join(order(c.do), " "); got != c.want {
			t.Errorf("%s: %s, want %s", c.what, got, c.want)
		}
	}
}
