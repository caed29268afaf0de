package vhdx

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"failback/providers/disk/image"
	"failback/providers/disk/image/imagetest"
)

// testLog is a log that tests put entries into.
type testLog struct {
	bytes []byte
	id    image.GUID
}

func newTestLog() *testLog { return &testLog{make([]byte, mib), image.NewGUID()} }

// put writes an entry around the end of the log and gives the next place.
func (l *testLog) put(pos int64, sequence uint64, tail int64, p ...write) int64 {
	return l.place(pos, encodeEntry(l.id, sequence, tail, 0, 4*mib, p))
}

func (l *testLog) place(pos int64, e []byte) int64 {
	for i, b := range e {
		l.bytes[(pos+int64(i))%mib] = b
	}
	return (pos + int64(len(e))) % mib
}

func (l *testLog) ring() ring { return ring{bytes.NewReader(l.bytes), 0, mib} }

func (l *testLog) sequences(t *testing.T) []uint64 {
	t.Helper()
	entries, err := active(l.ring(), l.id)
	if err != nil {
		t.Fatal(err)
	}
	var out []uint64
	for _, e := range entries {
		out = append(out, e.sequence)
	}
	return out
}

func pageOf(b byte) []byte { return bytes.Repeat([]byte{b}, page) }

func some(n int) []write {
	var w []write
	for i := range n {
		w = append(w, write{3*mib + int64(i)*page, pageOf(byte(i + 1))})
	}
	return w
}

func TestWhichEntriesAreReplayed(t *testing.T) {
	for _, c := range []struct {
		name string
		fill func(*testLog)
		want []uint64
	}{
		{"an empty log", func(*testLog) {}, nil},
		{"one entry", func(l *testLog) { l.put(0, 7, 0, some(1)...) }, []uint64{7}},
		{"one entry in the middle", func(l *testLog) { l.put(40*page, 7, 40*page, some(3)...) }, []uint64{7}},
		{"three, all live", func(l *testLog) { l.put(l.put(l.put(0, 7, 0, some(1)...), 8, 0, some(2)...), 9, 0, some(1)...) }, []uint64{7, 8, 9}},
		{"three, the last two live", func(l *testLog) {
			second := l.put(0, 7, 0, some(1)...)
			l.put(l.put(second, 8, 0, some(2)...), 9, second, some(1)...)
		}, []uint64{8, 9}},
		{"around the end of the log", func(l *testLog) {
			at := int64(mib - 2*page)
			l.put(l.put(at, 7, at, some(1)...), 8, at, some(2)...)
		}, []uint64{7, 8}},
		{"an entry around the end of the log", func(l *testLog) {
			at := int64(mib - 2*page)
			l.put(l.put(at, 7, at, some(5)...), 8, at, some(2)...)
		}, []uint64{7, 8}},
		{"the last one torn", func(l *testLog) {
			next := l.put(0, 7, 0, some(1)...)
			l.put(next, 8, 0, some(2)...)
			l.bytes[next+2*page+100] ^= 1
		}, []uint64{7}},
		{"a gap in the numbers", func(l *testLog) { l.put(l.put(0, 7, 0, some(1)...), 9, 2*page, some(2)...) }, []uint64{9}},
		{"an older run behind a newer one", func(l *testLog) {
			l.put(0, 70, 0, some(1)...)
			l.put(100*page, 7, 100*page, some(1)...)
		}, []uint64{70}},
		{"an older run before a newer one", func(l *testLog) {
			l.put(0, 7, 0, some(1)...)
			l.put(100*page, 70, 100*page, some(1)...)
		}, []uint64{70}},
		{"a newer one whose tail is lost", func(l *testLog) {
			l.put(0, 7, 0, some(1)...)
			l.put(100*page, 70, 90*page, some(1)...)
		}, []uint64{7}},
		{"another log's entry", func(l *testLog) {
			next := l.put(0, 7, 0, some(1)...)
			l.place(next, encodeEntry(image.NewGUID(), 8, 0, 0, 0, some(1)))
		}, []uint64{7}},
		{"number zero", func(l *testLog) { l.put(0, 0, 0, some(1)...) }, nil},
		{"an entry of two pages of descriptors", func(l *testLog) { l.put(0, 7, 0, some(200)...) }, []uint64{7}},
		{"no descriptors", func(l *testLog) { l.put(0, 7, 0) }, []uint64{7}},
		{"a full log", func(l *testLog) { l.put(3*page, 7, 3*page, some(253)...) }, []uint64{7}},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newTestLog()
			c.fill(l)
			if got := l.sequences(t); !slices.Equal(got, c.want) {
				t.Errorf("got %v, want %v", got, c.want)
			}
		})
	}
}

// TestTheTailIsLost: there were entries that belong to the ones that are left.
func TestTheTailIsLost(t *testing.T) {
	l := newTestLog()
	l.put(100*page, 70, 90*page, some(1)...)
	if _, err := active(l.ring(), l.id); !errors.Is(err, image.ErrDamaged) {
		t.Errorf("got %v", err)
	}
}

// TestAnyTornByteIsSeen changes every 97th byte of an entry.
func TestAnyTornByteIsSeen(t *testing.T) {
	l := newTestLog()
	end := l.put(0, 7, 0, some(3)...)
	for at := int64(0); at < end; at += 97 {
		l.bytes[at] ^= 0x10
		if _, ok, err := readEntry(l.ring(), l.id, 0); ok || err != nil {
			t.Fatalf("byte %d: %v, %v", at, ok, err)
		}
		l.bytes[at] ^= 0x10
	}
	e, ok, err := readEntry(l.ring(), l.id, 0)
	if !ok || err != nil || len(e.patches) != 3 {
		t.Fatalf("the whole entry: %+v, %v, %v", e, ok, err)
	}
	for i, p := range e.patches {
		content, err := p.content(l.ring())
		if err != nil || !bytes.Equal(content, pageOf(byte(i+1))) || p.at != 3*mib+int64(i)*page {
			t.Errorf("patch %d at %d has other bytes, %v", i, p.at, err)
		}
	}
}

// resealed changes an entry and keeps its checksum right.
func (l *testLog) resealed(change func(e []byte)) {
	n := le.Uint32(l.bytes[8:])
	change(l.bytes[:n])
	seal(l.bytes[:n])
}

func TestEntriesThatAreNone(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(e []byte)
	}{
		{"signature", func(e []byte) { e[0] = 'L' }},
		{"a tail that is not aligned", func(e []byte) { le.PutUint32(e[12:], 100) }},
		{"a tail outside the log", func(e []byte) { le.PutUint32(e[12:], mib) }},
		{"more descriptors than fit", func(e []byte) { le.PutUint32(e[24:], 1<<31) }},
		{"a descriptor too many", func(e []byte) { le.PutUint32(e[24:], 3) }},
		{"a descriptor of another entry", func(e []byte) { e[entryHead+24]++ }},
		{"a descriptor that is none", func(e []byte) { e[entryHead] = 'D' }},
		{"a place that is not aligned", func(e []byte) { e[entryHead+16]++ }},
		{"zeros of odd length", func(e []byte) { copy(e[entryHead:], "zero"); le.PutUint64(e[entryHead+8:], 100) }},
		{"zeros of no end", func(e []byte) { copy(e[entryHead:], "zero"); le.PutUint64(e[entryHead+8:], 1<<62) }},
		{"a data sector of another entry", func(e []byte) { e[page+page-4]++ }},
		{"a data sector that is none", func(e []byte) { e[page] = 'D' }},
		{"a length of no end", func(e []byte) { le.PutUint64(e[56:], 1<<63) }},
	} {
		t.Run(c.name, func(t *testing.T) {
			l := newTestLog()
			l.put(0, 7, 0, some(2)...)
			l.resealed(c.change)
			if _, ok, err := readEntry(l.ring(), l.id, 0); ok || err != nil {
				t.Errorf("it was taken: %v, %v", ok, err)
			}
		})
	}
}

// dirtyFile is a disk with a log that gives block 1 a place and makes the file
// longer; the payload is there.
func dirtyFile(t *testing.T, change func(l *testLog)) (*imagetest.File, Options) {
	t.Helper()
	o := small()
	f := made(t, o)
	if _, err := f.WriteAt(bytes.Repeat([]byte{0x5a}, mib), o.payload()); err != nil {
		t.Fatal(err)
	}
	bat := make([]byte, page)
	slot := le.AppendUint64(nil, uint64(present(o.payload())))
	copy(bat[8:], slot)
	l := newTestLog()
	l.place(0, encodeEntry(l.id, 5, 0, o.payload(), o.payload()+3*mib, []write{{newBATAt, bat}}))
	if change != nil {
		change(l)
	}
	if _, err := f.WriteAt(l.bytes, newLogAt); err != nil {
		t.Fatal(err)
	}
	h, err := currentHeader(f)
	if err != nil {
		t.Fatal(err)
	}
	next := h.header
	next.log = l.id
	if err := h.update(f, next); err != nil {
		t.Fatal(err)
	}
	f.Mark()
	return f, o
}

func replayed() []byte {
	want := make([]byte, testSize)
	copy(want[mib:], bytes.Repeat([]byte{0x5a}, mib))
	return want
}

// TestDirtyLogIsReplayed: read, it is taken into account and the file stays
// as it was; written, it is replayed.
func TestDirtyLogIsReplayed(t *testing.T) {
	f, o := dirtyFile(t, nil)
	if err := imagetest.Same(t.Context(), opened(t, f, false), replayed()); err != nil {
		t.Error(err)
	}
	if f.Steps() != 0 {
		t.Error("reading changed the file")
	}
	clean(t, f, "to be replayed", "used by nothing")
	d := opened(t, f, true)
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if size, _ := f.Size(); size != o.payload()+3*mib {
		t.Errorf("the file has %d bytes", size)
	}
	h, err := currentHeader(f)
	if err != nil || h.log != noGUID {
		t.Errorf("the log still counts: %+v, %v", h, err)
	}
	if err := imagetest.Same(t.Context(), opened(t, f, false), replayed()); err != nil {
		t.Error(err)
	}
	clean(t, f, "used by nothing")
}

// TestZerosInALog: zero descriptors count in the order of the entries.
func TestZerosInALog(t *testing.T) {
	zeroing := func(l *testLog, sequence uint64, pos, at, n int64) []byte {
		e := encodeEntry(l.id, sequence, pos, 0, 0, []write{{at, pageOf(0)}})
		copy(e[entryHead:], "zero")
		le.PutUint32(e[entryHead+4:], 0)
		le.PutUint64(e[entryHead+8:], uint64(n))
		seal(e)
		return e
	}
	o := small()
	for _, c := range []struct {
		name string
		fill func(l *testLog)
		want func([]byte)
	}{
		{"after the data", func(l *testLog) { l.place(2*page, zeroing(l, 6, 0, newBATAt, page)) }, func(p []byte) { clear(p) }},
		{"in the payload", func(l *testLog) { l.place(2*page, zeroing(l, 6, 0, o.payload()+page, 3*page)) }, func(p []byte) { clear(p[mib+page : mib+4*page]) }},
		{"behind the old end of the file", func(l *testLog) {
			next := l.place(2*page, encodeEntry(l.id, 6, 0, 0, 8*mib, []write{{o.payload() + 2*mib, pageOf(9)}}))
			l.place(next, zeroing(l, 7, 0, o.payload()+mib/2, 2*mib))
		}, func(p []byte) { clear(p[mib+mib/2 : 2*mib]) }},
		{"before the data", func(l *testLog) {
			entry := bytes.Clone(l.bytes[:2*page])
			clear(l.bytes[:2*page])
			next := l.place(0, zeroing(l, 4, 0, newBATAt, 16*page))
			l.place(next, entry)
		}, func([]byte) {}},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, _ := dirtyFile(t, c.fill)
			want := replayed()
			c.want(want)
			if err := imagetest.Same(t.Context(), opened(t, f, false), want); err != nil {
				t.Errorf("read: %v", err)
			}
			d := opened(t, f, true)
			if err := imagetest.Same(t.Context(), d, want); err != nil {
				t.Errorf("replayed: %v", err)
			}
			if p := f.Bytes(); int64(len(p)) > o.payload()+mib && !image.Zero(p[o.payload()+mib:]) {
				t.Error("something is left behind the end")
			}
		})
	}
}

func TestLogsThatAreRefused(t *testing.T) {
	entry := func(at, flushed, last int64) func(l *testLog) {
		return func(l *testLog) {
			l.place(0, encodeEntry(l.id, 5, 0, flushed, last, []write{{at, pageOf(0)}}))
		}
	}
	for _, c := range []struct {
		name, why string
		change    func(l *testLog)
	}{
		{"written when the file was longer", "cut short", entry(newBATAt, 99*mib, 99*mib)},
		{"of a file that was much longer", "cut short", entry(newBATAt, 0, 100<<30)},
		{"a page outside the file", "must not", entry(99*mib, 0, 0)},
		{"a page of the headers", "must not", entry(header1At, 0, 0)},
		{"a page of the log", "must not", entry(newLogAt, 0, 0)},
	} {
		t.Run(c.name, func(t *testing.T) {
			f, _ := dirtyFile(t, c.change)
			for _, write := range []bool{false, true} {
				if _, err := Open(f, write); !errors.Is(err, image.ErrDamaged) || !strings.Contains(err.Error(), c.why) {
					t.Errorf("got %v", err)
				}
			}
			if f.Steps() != 0 {
				t.Error("the refused file was changed")
			}
		})
	}
}

// TestLogWithoutEntries: the headers name a log of which nothing was completed.
func TestLogWithoutEntries(t *testing.T) {
	f, _ := dirtyFile(t, func(l *testLog) { l.bytes[100] ^= 1 })
	clean(t, f, "no whole entry", "used by nothing")
	if err := imagetest.Same(t.Context(), opened(t, f, true), make([]byte, testSize)); err != nil {
		t.Error(err)
	}
}

// TestManyPagesInOneSync: more pages than an entry holds, more entries than the
// log holds.
func TestManyPagesInOneSync(t *testing.T) {
	o := Options{Size: 2 << 40, Block: mib, Sector: 512, Physical: 512, ID: image.NewGUID()}
	f := made(t, o)
	d := opened(t, f, true)
	const n = 300
	for i := range int64(n) {
		if _, err := d.WriteAt([]byte{byte(i) | 1}, i*600*mib); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Sync(); err != nil {
		t.Fatal(err)
	}
	left := f.Crash(f.Steps(), nil) // not closed: the log is to be replayed
	clean(t, left, "to be replayed")
	again := opened(t, left, true)
	for i := range int64(n) {
		p := make([]byte, 1)
		if _, err := again.ReadAt(p, i*600*mib); err != nil || p[0] != byte(i)|1 {
			t.Fatalf("block %d: %v, %v", i, p, err)
		}
	}
}
