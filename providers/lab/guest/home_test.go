package guest_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"path/filepath"
	"strconv"
	"sync"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"failback/engine/transfer"
	"failback/providers/azure/pageblob"
	"failback/providers/lab/blob"
	"failback/providers/lab/guest"
	"failback/providers/lab/storage"
	"failback/providers/lab/wire"
)

// vm is a guest on page blobs behind a storage account, and the files at home
// that its disks are brought to.
type vm struct {
	mu    sync.Mutex // a step, or a snapshot
	guest *guest.Guest
	blobs []*blob.Blob
	files []*os.File
	http  *http.Client
}

// onFile is a disk in a file of fixed size.
type onFile struct {
	*os.File
	size int64
}

func (f onFile) Size() int64 { return f.size }

func newVM(tb testing.TB, sizes ...int64) *vm {
	tb.Helper()
	store, err := blob.OpenStore(tb.TempDir())
	must(tb, err)
	tb.Cleanup(func() {
		if err := store.Close(); err != nil {
			tb.Error(err)
		}
	})
	v := &vm{http: &http.Client{Transport: wire.Transport(storage.New(store, storage.Options{}))}}
	home := tb.TempDir()
	for i, size := range sizes {
		b, err := store.Create("vhds/disk-"+strconv.Itoa(i), size)
		must(tb, err)
		v.blobs = append(v.blobs, b)
		f, err := os.Create(filepath.Join(home, strconv.Itoa(i)))
		must(tb, err)
		tb.Cleanup(func() { _ = f.Close() })
		must(tb, f.Truncate(size))
		v.files = append(v.files, f)
	}
	must(tb, guest.Format(tb.Context(), guest.Spec{ID: "web01", Seed: 3, OS: "Linux", StaticMiB: 6}, v.inAzure()))
	v.guest, err = guest.Open(v.inAzure())
	must(tb, err)
	return v
}

func (v *vm) inAzure() []guest.Disk {
	out := make([]guest.Disk, len(v.blobs))
	for i, b := range v.blobs {
		out[i] = b
	}
	return out
}

func (v *vm) atHome() []guest.Disk {
	out := make([]guest.Disk, len(v.files))
	for i, f := range v.files {
		out[i] = onFile{f, v.blobs[i].Size()}
	}
	return out
}

func (v *vm) step(tb testing.TB) {
	tb.Helper()
	_, err := v.guest.Step(func(f func() error) error {
		v.mu.Lock()
		defer v.mu.Unlock()
		return f()
	})
	must(tb, err)
}

// snapshot freezes all disks between two steps.
func (v *vm) snapshot(tb testing.TB) string {
	tb.Helper()
	v.mu.Lock()
	defer v.mu.Unlock()
	ids, err := blob.SnapshotAll(v.blobs, time.Now())
	must(tb, err)
	return ids[0]
}

func (v *vm) remote(tb testing.TB, i int, snapshot string) *pageblob.Blob {
	tb.Helper()
	r, err := pageblob.Open(tb.Context(), pageblob.Options{
		URL: "https://lab.example/" + v.blobs[i].Name(), Snapshot: snapshot, Client: policy.ClientOptions{Transport: v.http}, Whole: true,
	})
	must(tb, err)
	return r
}

// bring copies all disks of a snapshot home.
func (v *vm) bring(tb testing.TB, snapshot string, opt transfer.Options) (sum transfer.Progress) {
	tb.Helper()
	for i, f := range v.files {
		p, err := transfer.Copy(tb.Context(), v.remote(tb, i, snapshot), f, opt)
		must(tb, err)
		sum.Read += p.Read
		sum.Written += p.Written
		sum.Equal += p.Equal
	}
	return sum
}

// finish applies what changed between two snapshots.
func (v *vm) finish(tb testing.TB, prev, cur string) (sum transfer.Progress) {
	tb.Helper()
	for i, f := range v.files {
		r := v.remote(tb, i, cur)
		ch, err := r.Changes(tb.Context(), pageblob.Older{Snapshot: prev})
		must(tb, err)
		p, err := transfer.Apply(tb.Context(), r, ch, f, transfer.Options{})
		must(tb, err)
		sum.Read += p.Read
		sum.Total += p.Total
	}
	return sum
}

func (v *vm) sumsAreEqual(tb testing.TB, snapshot string) {
	tb.Helper()
	for i, f := range v.files {
		want, err := transfer.Sum(tb.Context(), v.remote(tb, i, snapshot), nil)
		must(tb, err)
		got, err := transfer.Sum(tb.Context(), transfer.FileSource(f, v.blobs[i].Size()), nil)
		must(tb, err)
		if got != want {
			tb.Errorf("disk %d at home is another one: %s, want %s", i, got, want)
		}
	}
}

// startWriting lets the guest run until stop is called, which returns the
// number of its last record.
func (v *vm) startWriting(t *testing.T) (stop func() uint64) {
	t.Helper()
	end := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		for {
			select {
			case <-end:
				return
			default:
				v.step(t)
			}
		}
	})
	return func() uint64 {
		close(end)
		wg.Wait()
		return v.guest.Last()
	}
}

func TestS6LatestChangesComeHomeToTheLastRecord(t *testing.T) {
	v := newVM(t, 12<<20, 8<<20)
	stop := v.startWriting(t)
	first := v.snapshot(t)
	v.bring(t, first, transfer.Options{})
	if report, err := guest.Check(t.Context(), v.atHome()); err != nil {
		t.Fatalf("the disks of the first snapshot do not boot at home: %+v, %v", report, err)
	}
	v.sumsAreEqual(t, first)

	stop()
	for range 50 { // at least so many after the first snapshot
		v.step(t)
	}
	last := v.guest.Last()
	final := v.snapshot(t)
	v.finish(t, first, final)
	report, err := guest.Check(t.Context(), v.atHome())
	must(t, err)
	if report.Last != last || report.ID != "web01" {
		t.Errorf("at home is record %d, the last one written is %d", report.Last, last)
	}
	v.sumsAreEqual(t, final)
}

func TestS28SnapshotsBootWhileTheGuestWrites(t *testing.T) {
	v := newVM(t, 12<<20, 8<<20)
	stop := v.startWriting(t)
	defer stop()
	for range 20 {
		id := v.snapshot(t)
		disks := make([]guest.Disk, len(v.blobs))
		for i, b := range v.blobs {
			s, err := b.OpenSnapshot(id)
			must(t, err)
			disks[i] = frozen{s}
		}
		if _, err := guest.Check(t.Context(), disks); err != nil {
			t.Fatal(err)
		}
	}
}

// frozen is a snapshot as a disk that cannot be written.
type frozen struct{ *blob.Snapshot }

func (frozen) WriteAt([]byte, int64) (int, error) { return 0, errors.ErrUnsupported }

func TestS29EqualBlocksAreNotWritten(t *testing.T) {
	v := newVM(t, 12<<20)
	v.bring(t, v.snapshot(t), transfer.Options{})
	if p := v.bring(t, v.snapshot(t), transfer.Options{Compare: true}); p.Written != 0 || p.Equal != p.Read || p.Equal == 0 {
		t.Errorf("nothing changed, and still: %+v", p)
	}
	const steps = 10
	for range steps {
		v.step(t)
	}
	id := v.snapshot(t)
	if p := v.bring(t, id, transfer.Options{Compare: true}); p.Written == 0 || p.Written > steps*2*4096 {
		t.Errorf("%d steps changed two units each, written were %d bytes", steps, p.Written)
	}
	v.sumsAreEqual(t, id)
}

func TestS32SecondPhaseMovesTheWritesSinceTheSnapshot(t *testing.T) {
	v := newVM(t, 12<<20, 8<<20)
	first := v.snapshot(t)
	v.bring(t, first, transfer.Options{})
	const steps = 40
	for range steps {
		v.step(t)
	}
	must(t, v.blobs[1].ClearAt(7<<20, 512)) // holds nothing: no change
	final := v.snapshot(t)
	p := v.finish(t, first, final)
	// Two units of 4 KiB a step; a block may have been rewritten twice.
	if p.Read > steps*2*4096 || p.Read < steps*4096 || p.Total != p.Read {
		t.Errorf("%d steps, moved %+v", steps, p)
	}
	v.sumsAreEqual(t, final)
}

func TestS31NothingIsWrittenAfterTheStop(t *testing.T) {
	v := newVM(t, 12<<20)
	last := v.startWriting(t)()
	a, b := v.snapshot(t), v.snapshot(t)
	ch, err := v.remote(t, 0, b).Changes(t.Context(), pageblob.Older{Snapshot: a})
	must(t, err)
	if ch.Bytes() != 0 {
		t.Errorf("changes after record %d: %v", last, ch)
	}
}

func TestCancelledCopyLeavesADiskThatDoesNotBoot(t *testing.T) {
	for name, steps := range map[string]int{"nothing differed": 0, "the guest ran": 200} {
		t.Run(name, func(t *testing.T) {
			v := newVM(t, 12<<20)
			v.bring(t, v.snapshot(t), transfer.Options{})
			for range steps {
				v.step(t)
			}
			source := v.remote(t, 0, v.snapshot(t))
			ctx, cancel := context.WithCancel(t.Context())
			defer cancel()
			_, err := transfer.Copy(ctx, source, v.files[0], transfer.Options{Piece: 64 << 10, Request: 64 << 10, Report: func(p transfer.Progress) {
				if p.Scanned >= 1<<20 { // the records are new, most blocks are not
					cancel()
				}
			}})
			if !errors.Is(err, context.Canceled) {
				t.Fatalf("error %v", err)
			}
			_, err = guest.Check(t.Context(), v.atHome())
			var bad *guest.Corrupt
			if broken := errors.As(err, &bad); broken != (steps > 0) {
				t.Errorf("the boot said %v", err)
			}
		})
	}
}
