package blob_test

import (
	"bytes"
	"errors"
	"io"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"failback/engine/transfer"
	"failback/providers/lab/blob"
)

func tempDir(t *rapid.T, under string) string {
	t.Helper()
	dir, err := os.MkdirTemp(under, "store")
	if err != nil {
		t.Fatal(err)
	}
	return dir
}

func openStore(tb testing.TB) *blob.Store {
	tb.Helper()
	s, err := blob.OpenStore(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return s
}

func create(tb testing.TB, s *blob.Store, name string, size int64) *blob.Blob {
	tb.Helper()
	b, err := s.Create(name, size)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

func TestStoreNames(t *testing.T) {
	s := openStore(t)
	names := []string{"vhds/Größe:1?.vhd", "vhds/a", "vhds/A", strings.Repeat("x/", 200)}
	for _, name := range names {
		create(t, s, name, 1024)
	}
	slices.Sort(names)
	if got := s.List(); !slices.Equal(got, names) {
		t.Errorf("list %q, want %q", got, names)
	}
	if _, err := s.Create("vhds/a", 512); !errors.Is(err, blob.ErrExists) {
		t.Errorf("a second one: %v", err)
	}
	b, err := s.Get("vhds/A")
	if err != nil || b.Name() != "vhds/A" || b.Size() != 1024 {
		t.Errorf("got %v, %v", b, err)
	}
	if err := s.Delete("vhds/A"); err != nil {
		t.Fatal(err)
	}
	if _, err := s.Get("vhds/A"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("a deleted one: %v", err)
	}
	if _, err := b.WriteAt(make([]byte, 512), 0); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("writing a deleted one: %v", err)
	}
	if err := s.Delete("vhds/A"); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("deleting it again: %v", err)
	}
}

func TestWritesThatAreNotPages(t *testing.T) {
	s := openStore(t)
	b := create(t, s, "d", 4096)
	for _, c := range []struct {
		n, off int64
		want   error
	}{{511, 0, blob.ErrAlign}, {512, 1, blob.ErrAlign}, {512, 4096, blob.ErrRange}, {4608, 0, blob.ErrRange}, {512, -512, blob.ErrRange}} {
		if _, err := b.WriteAt(make([]byte, c.n), c.off); !errors.Is(err, c.want) {
			t.Errorf("%d bytes at %d: %v", c.n, c.off, err)
		}
		if err := b.ClearAt(c.off, c.n); !errors.Is(err, c.want) {
			t.Errorf("clear %d bytes at %d: %v", c.n, c.off, err)
		}
	}
	if len(b.Extents()) > 0 {
		t.Error("something was written")
	}
	for size, want := range map[int64]error{100: blob.ErrAlign, -512: blob.ErrRange, blob.MaxSize + 512: blob.ErrRange} {
		if _, err := s.Create("other", size); !errors.Is(err, want) {
			t.Errorf("a blob of %d bytes: %v", size, err)
		}
	}
	if _, err := s.Create("huge", blob.MaxSize); err != nil {
		t.Errorf("the largest blob: %v", err)
	}
}

func TestDiffAgainstAnUnknownSnapshotIsAnError(t *testing.T) {
	b := create(t, openStore(t), "d", 4096)
	if _, err := b.Diff("2020-01-01T00:00:00.0000000Z", ""); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("difference: %v", err)
	}
	id, err := b.Snapshot(time.Now())
	if err != nil {
		t.Fatal(err)
	}
	snap, err := b.OpenSnapshot(id)
	if err != nil {
		t.Fatal(err)
	}
	if err := b.DeleteSnapshot(id); err != nil {
		t.Fatal(err)
	}
	if _, err := b.Diff(id, ""); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("difference to a deleted snapshot: %v", err)
	}
	if _, err := snap.ReadAt(make([]byte, 512), 0); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("reading a deleted snapshot: %v", err)
	}
}

// first ─ second ─ B written ─ third ─ C written: what the first snapshot reads
// lies in the ones that are deleted.
func TestDeletedSnapshotsLeaveTheOthersWhole(t *testing.T) {
	const size = 4 << 16
	for name, order := range map[string][]int{"newer first": {2, 1}, "older first": {1, 2}} {
		t.Run(name, func(t *testing.T) {
			b := create(t, openStore(t), "d", size)
			write := func(fill byte, off int64) {
				t.Helper()
				if _, err := b.WriteAt(bytes.Repeat([]byte{fill}, 1024), off); err != nil {
					t.Fatal(err)
				}
			}
			snapshot := func() string {
				t.Helper()
				id, err := b.Snapshot(time.Now())
				if err != nil {
					t.Fatal(err)
				}
				return id
			}
			write('A', 0)
			write('A', 1<<16)
			write('A', 2<<16)
			ids := []string{snapshot(), snapshot()}
			write('B', 0)
			write('B', 2<<16)
			ids = append(ids, snapshot())
			write('C', 1<<16)
			write('C', 2<<16)
			for _, i := range order {
				if err := b.DeleteSnapshot(ids[i]); err != nil {
					t.Fatal(err)
				}
				for _, off := range []int64{0, 1 << 16, 2 << 16} {
					if got := pageOf(t, b, ids[0], off); got != 'A' {
						t.Errorf("without snapshot %d the first one has %q at %d", i, got, off)
					}
				}
				got, err := b.Diff(ids[0], "")
				want := []transfer.Extent{{Off: 0, Len: 1024}, {Off: 1 << 16, Len: 1024}, {Off: 2 << 16, Len: 1024}}
				if err != nil || !slices.Equal(got.Updated, want) || len(got.Cleared) > 0 {
					t.Errorf("without snapshot %d the changes are %v, %v", i, got, err)
				}
			}
		})
	}
}

// A pair of pages, on two blobs, is written under one lock each and always in
// the order first, second: no set of snapshots may show the second ahead.
func TestS28SnapshotSetIsOfOneInstant(t *testing.T) {
	s := openStore(t)
	first, second := create(t, s, "first", 1<<20), create(t, s, "second", 1<<20)
	stop := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for n := byte(1); ; n++ {
			select {
			case <-stop:
				return
			default:
			}
			for _, b := range []*blob.Blob{first, second} {
				if err := b.Atomic(func(w io.WriterAt) error {
					for off := int64(0); off < 1<<20; off += 1 << 19 {
						if _, err := w.WriteAt(bytes.Repeat([]byte{n}, 512), off); err != nil {
							return err
						}
					}
					return nil
				}); err != nil {
					t.Error(err)
				}
			}
		}
	})
	for range 60 {
		ids, err := blob.SnapshotAll([]*blob.Blob{second, first}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		if ids[0] != ids[1] {
			t.Fatalf("two ids: %v", ids)
		}
		a, b := pageOf(t, first, ids[0], 0), pageOf(t, second, ids[0], 0)
		if a != b && a != b+1 {
			t.Fatalf("the second blob has %d, the first %d", b, a)
		}
		for _, d := range []*blob.Blob{first, second} {
			if x, y := pageOf(t, d, ids[0], 0), pageOf(t, d, ids[0], 1<<19); x != y {
				t.Fatalf("a snapshot fell into an atomic write: %d, %d", x, y)
			}
			if err := d.DeleteSnapshot(ids[0]); err != nil {
				t.Fatal(err)
			}
		}
	}
	close(stop)
	wg.Wait()
}

func pageOf(t *testing.T, b *blob.Blob, id string, off int64) byte {
	t.Helper()
	s, err := b.OpenSnapshot(id)
	if err != nil {
		t.Fatal(err)
	}
	var p [1]byte
	if _, err := s.ReadAt(p[:], off); err != nil {
		t.Fatal(err)
	}
	return p[0]
}

func TestSnapshotAllMakesAllOrNone(t *testing.T) {
	s := openStore(t)
	kept, gone := create(t, s, "kept", 1024), create(t, s, "gone", 1024)
	if err := s.Delete("gone"); err != nil {
		t.Fatal(err)
	}
	if _, err := blob.SnapshotAll([]*blob.Blob{kept, gone}, time.Now()); !errors.Is(err, blob.ErrNotFound) {
		t.Errorf("error %v", err)
	}
	if got := kept.Snapshots(); len(got) > 0 {
		t.Errorf("half a set is there: %v", got)
	}
}

func TestRevisionChangesWithEveryWrite(t *testing.T) {
	b := create(t, openStore(t), "d", 1024)
	before := b.Revision()
	if _, err := b.WriteAt(make([]byte, 512), 0); err != nil {
		t.Fatal(err)
	}
	if b.Revision() == before {
		t.Error("the same revision after a write")
	}
}

func benchBlob(b *testing.B, snapshot bool) *blob.Blob {
	b.Helper()
	disk := create(b, openStore(b), "d", 64<<20)
	p := bytes.Repeat([]byte("bench123"), 1<<17)
	for off := int64(0); off < disk.Size(); off += 1 << 20 {
		if _, err := disk.WriteAt(p, off); err != nil {
			b.Fatal(err)
		}
	}
	if snapshot {
		if _, err := disk.Snapshot(time.Now()); err != nil {
			b.Fatal(err)
		}
	}
	return disk
}

func BenchmarkWrite4K(b *testing.B) {
	for _, c := range []struct {
		name     string
		snapshot bool
	}{{"plain", false}, {"under a snapshot", true}} {
		b.Run(c.name, func(b *testing.B) {
			disk, p := benchBlob(b, c.snapshot), make([]byte, 4096)
			b.SetBytes(4096)
			off := int64(0)
			for b.Loop() {
				off = (off + 97*4096) % disk.Size()
				if _, err := disk.WriteAt(p, off); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkRead256K(b *testing.B) {
	disk, p := benchBlob(b, false), make([]byte, 256<<10)
	b.SetBytes(int64(len(p)))
	off := int64(0)
	for b.Loop() {
		off = (off + int64(len(p))) % disk.Size()
		if _, err := disk.ReadAt(p, off); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkSnapshot(b *testing.B) {
	disk := benchBlob(b, false)
	for b.Loop() {
		id, err := disk.Snapshot(time.Now())
		if err != nil {
			b.Fatal(err)
		}
		if err := disk.DeleteSnapshot(id); err != nil {
			b.Fatal(err)
		}
	}
}
