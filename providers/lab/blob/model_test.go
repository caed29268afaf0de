package blob_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"time"

	"pgregory.net/rapid"

	"failback/engine/transfer"
	"failback/providers/lab/blob"
)

// state is a blob's content, page by page, in the plainest form.
type state struct {
	bytes []byte
	alloc []bool
}

func (s state) clone() state { return state{slices.Clone(s.bytes), slices.Clone(s.alloc)} }

func (s state) extents() []transfer.Extent {
	var out []transfer.Extent
	for i, set := range s.alloc {
		if set {
			out = append(out, transfer.Extent{Off: int64(i) * blob.Page, Len: blob.Page})
		}
	}
	return transfer.Normalize(out)
}

// frozen is a snapshot in the model, with the pages touched since.
type frozen struct {
	state
	id    string
	since []bool
}

// machine drives a blob and its model through the same random calls.
type machine struct {
	t     *rapid.T
	dir   string
	store *blob.Store
	blob  *blob.Blob
	now   state
	snaps []*frozen
	clock time.Time
	fill  byte
}

const modelName = "vhds/disk-0"

func newMachine(t *rapid.T, dir string) *machine {
	pages := rapid.IntRange(1, 700).Draw(t, "pages")
	m := &machine{t: t, dir: dir, clock: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}
	m.now = state{bytes: make([]byte, pages*blob.Page), alloc: make([]bool, pages)}
	m.open()
	var err error
	m.blob, err = m.store.Create(modelName, int64(len(m.now.bytes)))
	m.must(err)
	return m
}

func (m *machine) must(err error) {
	m.t.Helper()
	if err != nil {
		m.t.Fatal(err)
	}
}

func (m *machine) open() {
	var err error
	m.store, err = blob.OpenStore(m.dir)
	m.must(err)
}

func (m *machine) pages() (from, to int) {
	from = rapid.IntRange(0, len(m.now.alloc)-1).Draw(m.t, "from")
	return from, rapid.IntRange(from+1, min(len(m.now.alloc), from+300)).Draw(m.t, "to")
}

func (m *machine) touch(from, to int, set bool) {
	for i := from; i < to; i++ {
		m.now.alloc[i] = set
		if n := len(m.snaps); n > 0 {
			m.snaps[n-1].since[i] = true
		}
	}
}

func (m *machine) write(t *rapid.T) {
	from, to := m.pages()
	m.fill++
	p := bytes.Repeat([]byte{m.fill, m.fill ^ 0x55}, (to-from)*blob.Page/2)
	w := io.WriterAt(m.blob)
	run := func(f func(io.WriterAt) error) error { return f(w) }
	if rapid.Bool().Draw(t, "atomic") {
		run = m.blob.Atomic
	}
	m.must(run(func(w io.WriterAt) error {
		_, err := w.WriteAt(p, int64(from)*blob.Page)
		return err
	}))
	copy(m.now.bytes[from*blob.Page:], p)
	m.touch(from, to, true)
}

func (m *machine) clear(*rapid.T) {
	from, to := m.pages()
	m.must(m.blob.ClearAt(int64(from)*blob.Page, int64(to-from)*blob.Page))
	clear(m.now.bytes[from*blob.Page : to*blob.Page])
	m.touch(from, to, false)
}

func (m *machine) snapshot(t *rapid.T) {
	if rapid.Bool().Draw(t, "tick") {
		m.clock = m.clock.Add(time.Second)
	}
	id, err := m.blob.Snapshot(m.clock)
	m.must(err)
	if n := len(m.snaps); n > 0 && id <= m.snaps[n-1].id {
		t.Fatalf("snapshot %s after %s", id, m.snaps[n-1].id)
	}
	m.snaps = append(m.snaps, &frozen{state: m.now.clone(), id: id, since: make([]bool, len(m.now.alloc))})
}

func (m *machine) remove(t *rapid.T) {
	if len(m.snaps) == 0 {
		t.Skip("no snapshot")
	}
	i := rapid.IntRange(0, len(m.snaps)-1).Draw(t, "snapshot")
	m.must(m.blob.DeleteSnapshot(m.snaps[i].id))
	if i > 0 {
		for k, touched := range m.snaps[i].since {
			m.snaps[i-1].since[k] = m.snaps[i-1].since[k] || touched
		}
	}
	m.snaps = slices.Delete(m.snaps, i, i+1)
}

// reopen finds everything again; the old store is closed or, as after a kill,
// just forgotten.
func (m *machine) reopen(t *rapid.T) {
	old := m.store
	killed := rapid.Bool().Draw(t, "killed")
	if !killed {
		m.must(old.Close())
	}
	m.open()
	if killed {
		m.must(old.Close()) // for its file handles; it writes nothing
	}
	var err error
	m.blob, err = m.store.Get(modelName)
	m.must(err)
}

type readable interface {
	io.ReaderAt
	Extents() []transfer.Extent
}

func (m *machine) compare(got readable, want state, what string) {
	m.t.Helper()
	p := make([]byte, len(want.bytes))
	if n, err := got.ReadAt(p, 0); n < len(p) {
		m.t.Fatalf("%s: read %d of %d bytes: %v", what, n, len(p), err)
	}
	if !bytes.Equal(p, want.bytes) {
		m.t.Fatalf("%s has other bytes", what)
	}
	if !slices.Equal(got.Extents(), want.extents()) {
		m.t.Fatalf("%s has the extents %v, want %v", what, got.Extents(), want.extents())
	}
}

// check is called between all steps.
func (m *machine) check(t *rapid.T) {
	m.compare(m.blob, m.now, "the blob")
	var ids []string
	for _, f := range m.snaps {
		s, err := m.blob.OpenSnapshot(f.id)
		m.must(err)
		m.compare(s, f.state, "snapshot "+f.id)
		ids = append(ids, f.id)
	}
	if !slices.Equal(ids, m.blob.Snapshots()) {
		t.Fatalf("snapshots %v, want %v", m.blob.Snapshots(), ids)
	}
}

func (m *machine) diff(t *rapid.T) {
	if len(m.snaps) == 0 {
		t.Skip("no snapshot")
	}
	i := rapid.IntRange(0, len(m.snaps)-1).Draw(t, "prev")
	j := rapid.IntRange(i, len(m.snaps)).Draw(t, "cur")
	cur, now := "", m.now
	if j < len(m.snaps) {
		cur, now = m.snaps[j].id, m.snaps[j].state
	}
	got, err := m.blob.Diff(m.snaps[i].id, cur)
	m.must(err)
	want := transfer.Changes{}
	for k := range now.alloc {
		touched := slices.ContainsFunc(m.snaps[i:j], func(f *frozen) bool { return f.since[k] })
		page := transfer.Extent{Off: int64(k) * blob.Page, Len: blob.Page}
		switch {
		case touched && now.alloc[k]:
			want.Updated = append(want.Updated, page)
		case touched && m.snaps[i].alloc[k]:
			want.Cleared = append(want.Cleared, page)
		}
	}
	if !slices.Equal(transfer.Normalize(want.Updated), transfer.Normalize(got.Updated)) ||
		!slices.Equal(transfer.Normalize(want.Cleared), transfer.Normalize(got.Cleared)) {
		t.Fatalf("changes %v, want %v", got, want)
	}
	m.must(got.Validate(int64(len(now.bytes))))
	if j > i && j < len(m.snaps) {
		if _, err := m.blob.Diff(cur, m.snaps[i].id); !errors.Is(err, blob.ErrOrder) {
			t.Fatalf("a difference backwards: %v", err)
		}
	}
}

// readPart reads across any boundaries.
func (m *machine) readPart(t *rapid.T) {
	off := rapid.IntRange(0, len(m.now.bytes)).Draw(t, "off")
	p := make([]byte, rapid.IntRange(0, 100_000).Draw(t, "len"))
	n, err := m.blob.ReadAt(p, int64(off))
	if want := m.now.bytes[off:min(len(m.now.bytes), off+len(p))]; !bytes.Equal(p[:n], want) {
		t.Fatalf("read %d bytes at %d: other bytes, %v", len(p), off, err)
	}
	if n < len(p) && !errors.Is(err, io.EOF) {
		t.Fatalf("short read: %v", err)
	}
}

func TestBlobAgainstModel(t *testing.T) {
	dirs := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		m := newMachine(t, tempDir(t, dirs))
		defer func() { m.must(m.store.Close()) }()
		t.Repeat(map[string]func(*rapid.T){
			"": m.check, "write": m.write, "clear": m.clear, "snapshot": m.snapshot, "delete": m.remove,
			"reopen": m.reopen, "diff": m.diff, "read": m.readPart,
		})
	})
}
