package storage_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/sync/errgroup"

	"failback/engine/transfer"
	"failback/providers/lab/storage"
)

// TestABlobGivesWhatItMay reads at the service's own targets, in bytes and in
// requests. The mover comes within a tenth of the floor that they set.
func TestABlobGivesWhatItMay(t *testing.T) {
	limits := storage.Limits{Bytes: 60 << 20, Requests: 500}
	for what, c := range map[string]struct {
		run   int64 // of data, with holes as long
		floor func(bytes, runs int64) time.Duration
	}{
		"bytes":    {4 << 20, func(bytes, _ int64) time.Duration { return time.Duration(bytes) * time.Second / (60 << 20) }},
		"requests": {4 << 10, func(_, runs int64) time.Duration { return time.Duration(runs) * time.Second / 500 }},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t, storage.Options{Limits: func() storage.Limits { return limits }})
				size := int64(64 << 20)
				if what == "requests" {
					size = 4 << 20
				}
				b, p := l.disk(t, size), incompressible(int(c.run), 1)
				for off := int64(0); off < size; off += 2 * c.run {
					_, err := b.WriteAt(p, off)
					must(t, err)
				}
				disk, begun := l.open(t, ""), time.Now()
				got := make([]byte, size)
				_, err := transfer.Copy(t.Context(), disk, &plain{p: got}, transfer.Options{Request: 1 << 20, Fresh: true})
				must(t, err)
				floor, took := c.floor(size/2, size/2/c.run), time.Since(begun)
				if took < floor*8/10 || took > floor*11/10 {
					t.Errorf("took %v, the floor is %v", took, floor)
				}
			})
		})
	}
}

// plain is a target in memory.
type plain struct{ p []byte }

func (t *plain) ReadAt(p []byte, off int64) (int, error)  { return copy(p, t.p[off:]), nil }
func (t *plain) WriteAt(p []byte, off int64) (int, error) { return copy(t.p[off:], p), nil }
func (t *plain) Sync() error                              { return nil }

func TestWhoAsksForTooMuchIsToldToWait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t, storage.Options{Limits: func() storage.Limits { return storage.Limits{Requests: 20} }})
		_, err := l.disk(t, 1<<20).WriteAt(make([]byte, 1<<20), 0)
		must(t, err)
		disk := l.open(t, "")
		var busy, good atomic.Int64
		var group errgroup.Group
		for range 100 {
			group.Go(func() error {
				var throttled *transfer.Throttled
				err := ask(t, disk, make([]byte, 512))
				switch {
				case err == nil:
					good.Add(1)
				case errors.As(err, &throttled) && throttled.RetryAfter == time.Second:
					busy.Add(1)
				default:
					return err
				}
				return nil
			})
		}
		must(t, group.Wait())
		if good.Load() < 40 || good.Load() > 45 || good.Load()+busy.Load() != 100 {
			t.Errorf("%d answered, %d told to wait", good.Load(), busy.Load())
		}
	})
}

// TestS7FaultsOfTheStorageServerAreNeverTakenForADisk has each of them in the
// middle of a copy.
func TestS7FaultsOfTheStorageServerAreNeverTakenForADisk(t *testing.T) {
	for what, c := range map[string]struct {
		fault storage.Fault
		lists bool
		err   error // nil: the copy gets over it
	}{
		"flipped":  {fault: storage.Fault{Flip: true}},
		"short":    {fault: storage.Fault{Short: true}},
		"cut":      {fault: storage.Fault{CutAfter: 700}},
		"busy":     {fault: storage.Fault{Status: 503, Code: "ServerBusy", RetryAfter: 3 * time.Second}},
		"timed":    {fault: storage.Fault{Status: 500, Code: "OperationTimedOut"}},
		"repeated": {fault: storage.Fault{Repeat: true}, lists: true, err: transfer.ErrList},
		"dropped":  {fault: storage.Fault{Drop: true}, lists: true, err: transfer.ErrNotProven},
	} {
		t.Run(what, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				var asked atomic.Int64
				l := newLab(t, storage.Options{Before: func(r *http.Request) *storage.Fault {
					switch list := r.URL.Query().Get("comp") == "pagelist"; {
					case r.Method == http.MethodHead, list != c.lists:
						return nil
					case c.lists, asked.Add(1)%5 == 3:
						return &c.fault
					}
					return nil
				}})
				size := int64(4 << 20)
				b, p := l.disk(t, size), incompressible(512<<10, 9)
				want := make([]byte, size)
				for off := int64(0); off < size; off += 1 << 20 {
					copy(want[off:], p)
					_, err := b.WriteAt(p, off)
					must(t, err)
				}
				beside, err := transfer.Hash(t.Context(), diskOf(want), nil, transfer.Options{})
				must(t, err)
				to := &plain{p: make([]byte, size)}
				_, err = transfer.Copy(t.Context(), l.open(t, ""), to, transfer.Options{Request: 256 << 10})
				if err == nil {
					var wrong []transfer.Extent
					if wrong, err = transfer.Verify(t.Context(), diskOf(to.p), beside, transfer.Options{}); err == nil && len(wrong) > 0 {
						err = transfer.ErrNotProven
					}
				}
				if !errors.Is(err, c.err) || c.err == nil && (err != nil || !bytes.Equal(to.p, want)) {
					t.Errorf("ended with %v, want %v", err, c.err)
				}
			})
		})
	}
}

// diskOf is a disk in memory as a source.
func diskOf(p []byte) transfer.Source { return memory{bytes.NewReader(p)} }

type memory struct{ *bytes.Reader }

func (m memory) Size() int64 { return m.Reader.Size() }

func (m memory) Extents(context.Context) ([]transfer.Extent, error) {
	return []transfer.Extent{{Len: m.Reader.Size()}}, nil
}

func (m memory) ReadAt(_ context.Context, p []byte, off int64) error {
	_, err := m.Reader.ReadAt(p, off)
	return err
}
