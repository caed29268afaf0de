package transfer_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"os"
	"runtime"
	"slices"
	"strconv"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine/transfer"
	"failback/engine/transfer/merkle"
	"failback/engine/transfer/pace"
)

// streaming is a source that streams, and may answer wrongly.
type streaming struct {
	*memory
	answer func(e transfer.Extent) (io.Reader, error) // nil and nil: the truth
}

func (s streaming) ReadAt(context.Context, []byte, int64) error {
	return errors.New("read although it streams")
}

func (s streaming) ReadRange(_ context.Context, off, n int64) (io.ReadCloser, error) {
	e := transfer.Extent{Off: off, Len: n}
	s.mu.Lock()
	s.reads = append(s.reads, e)
	s.mu.Unlock()
	if s.answer != nil {
		if r, err := s.answer(e); r != nil || err != nil {
			return io.NopCloser(r), err
		}
	}
	return io.NopCloser(bytes.NewReader(s.bytes[off:e.End()])), nil
}

const mib = 1 << 20

// scattered is a disk of size bytes with runs of data, some of them of zeros.
func scattered(seed byte, size int) *memory {
	rnd := rand.New(rand.NewChaCha8([32]byte{seed}))
	m := &memory{bytes: make([]byte, size)}
	for off := 0; off < size; off += (1 + rnd.IntN(64)) * 512 {
		n := min(size-off, (1+rnd.IntN(600))*512)
		for i := range m.bytes[off : off+n] {
			if i/4096%5 > 0 {
				m.bytes[off+i] = byte(rnd.Uint32())
			}
		}
		m.extents = append(m.extents, transfer.Extent{Off: int64(off), Len: int64(n)})
		off += n
	}
	m.extents = transfer.Normalize(m.extents)
	return m
}

func manifestOf(t testing.TB, m *memory, cells bool) *merkle.Manifest {
	t.Helper()
	all := &memory{bytes: m.bytes, extents: []transfer.Extent{{Len: m.Size()}}}
	got, err := transfer.Hash(t.Context(), source{all}, func(int64) bool { return cells }, transfer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func TestS36StreamedCopyIsBitExactAndProven(t *testing.T) {
	for seed := range byte(6) {
		src := scattered(seed, 5*mib+777)
		for _, opt := range []transfer.Options{{}, {Compare: true}, {Fresh: true}, {Gap: 32 << 10, Request: 2 * mib}} {
			dst := &memory{}
			opt.Proof = &transfer.Proof{}
			p, err := transfer.Copy(t.Context(), streaming{memory: src}, dst, opt)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(src.bytes, dst.bytes) {
				t.Fatalf("%+v: another disk", opt)
			}
			if opt.Proof.Manifest.Root() != manifestOf(t, dst, false).Root() {
				t.Errorf("%+v: the manifest made on the way is not that of the target", opt)
			}
			if got := length(src.reads); p.Read != got || p.Requests != int64(len(src.reads)) {
				t.Errorf("counted %+v, asked %d times for %d bytes", p, len(src.reads), got)
			}
			src.reads = nil
			if opt.Fresh && (p.Zero == 0 || p.Written+p.Zero != p.Read) {
				t.Errorf("%+v on a fresh target", p)
			}
		}
	}
}

func TestS32ProvenChangesMakeTheManifestOfTheNewDisk(t *testing.T) {
	old := scattered(1, 6*mib+512)
	for _, cells := range []bool{true, false} {
		now := old.clone()
		var ch transfer.Changes
		rnd := rand.New(rand.NewPCG(1, 2))
		for i := range int64(40) {
			e := transfer.Extent{Off: i*(150<<10) + int64(rnd.IntN(10))*512, Len: int64(1+rnd.IntN(60)) * 512}
			if i%3 == 0 {
				ch.Cleared = append(ch.Cleared, e)
				clear(now.bytes[e.Off:e.End()])
				continue
			}
			ch.Updated = append(ch.Updated, e)
			for k := e.Off; k < e.End(); k++ {
				now.bytes[k] = byte(rnd.Uint32())
			}
		}
		for _, spend := range []bool{false, true} {
			dst := old.clone()
			proof := &transfer.Proof{Base: manifestOf(t, old, cells), Spend: spend, Keep: func(int64) bool { return cells }}
			if _, err := transfer.Apply(t.Context(), streaming{memory: now}, ch, dst, transfer.Options{Proof: proof, Gap: 4096}); err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(dst.bytes, now.bytes) || len(merkle.Compare(proof.Manifest, manifestOf(t, now, cells))) > 0 {
				t.Error("another disk or another manifest")
			}
			if same := proof.Base.Root() == manifestOf(t, old, false).Root(); same == spend {
				t.Errorf("spent: %v, and the base is what it was: %v", spend, same)
			}
		}
		// A target that somebody wrote to since is noticed, where the block is read.
		dst := old.clone()
		dst.bytes[ch.Updated[0].End()+4096] ^= 1
		_, err := transfer.Apply(t.Context(), streaming{memory: now}, ch, dst, transfer.Options{Proof: &transfer.Proof{Base: manifestOf(t, old, false)}})
		if !errors.Is(err, transfer.ErrNotProven) {
			t.Errorf("a changed target: %v", err)
		}
	}
}

func TestS29OnlyCellsThatTheManifestNamesTravel(t *testing.T) {
	now := scattered(2, 8*mib)
	dst := now.clone()
	dst.bytes[5000] ^= 1
	dst.bytes[5*mib] ^= 1
	clear(now.bytes[3*mib : 4*mib])
	want := manifestOf(t, now, true)
	p, err := transfer.Follow(t.Context(), streaming{memory: now}, manifestOf(t, dst, true), want, dst, transfer.Options{})
	if err != nil || !bytes.Equal(dst.bytes, now.bytes) {
		t.Fatalf("error %v, or another disk", err)
	}
	if p.Read != 2*4096 {
		t.Errorf("%+v for two cells and a cleared block", p)
	}
	dst.bytes[5000] ^= 1
	lying := streaming{memory: now, answer: func(e transfer.Extent) (io.Reader, error) { return bytes.NewReader(make([]byte, e.Len)), nil }}
	if _, err := transfer.Follow(t.Context(), lying, manifestOf(t, dst, true), want, dst, transfer.Options{}); !errors.Is(err, transfer.ErrNotProven) {
		t.Errorf("other bytes than the manifest's: %v", err)
	}
}

// TestS7LossesAreDetected drops, changes, repeats or shortens one range of a
// source. FAILBACK_LOSSES says how often.
func TestS7LossesAreDetected(t *testing.T) {
	times := 30
	if n, err := strconv.Atoi(os.Getenv("FAILBACK_LOSSES")); err == nil {
		times = n
	}
	src := scattered(3, mib)
	for i := range src.bytes { // a lost range must be a difference
		src.bytes[i] |= 1
	}
	for i := range times {
		rnd := rand.New(rand.NewPCG(7, uint64(i)))
		lossy := &memory{bytes: slices.Clone(src.bytes), extents: slices.Clone(src.extents)}
		for k := range holesOf(lossy) {
			clear(lossy.bytes[k.Off:k.End()])
		}
		honest := manifestOf(t, lossy, true)
		hit := rnd.IntN(len(lossy.extents))
		lost := lossy.extents[hit]
		s := streaming{memory: lossy}
		kind := i % 3
		switch kind {
		case 0: // not in the list
			lossy.extents = slices.Delete(lossy.extents, hit, hit+1)
		case 1: // a flipped bit on the way
			var once atomic.Bool
			s.answer = func(e transfer.Extent) (io.Reader, error) {
				if e.Off > lost.Off || e.End() <= lost.Off || once.Swap(true) {
					return nil, nil
				}
				p := slices.Clone(lossy.bytes[e.Off:e.End()])
				p[lost.Off-e.Off] ^= 0x10
				return bytes.NewReader(p), nil
			}
		case 2: // always short, before the range
			s.answer = func(e transfer.Extent) (io.Reader, error) {
				if e.Off > lost.Off || e.End() <= lost.Off {
					return nil, nil
				}
				return bytes.NewReader(lossy.bytes[e.Off:lost.Off]), nil
			}
		}
		synctest.Test(t, func(t *testing.T) {
			dst, proof := &memory{}, &transfer.Proof{}
			_, err := transfer.Copy(t.Context(), s, dst, transfer.Options{Proof: proof, Streams: 2})
			if short := (*transfer.Short)(nil); kind == 2 {
				if !errors.As(err, &short) {
					t.Errorf("loss %d: short answers end with %v", i, err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			differs, err := transfer.Verify(t.Context(), source{&memory{bytes: dst.bytes, extents: []transfer.Extent{{Len: dst.Size()}}}}, honest, transfer.Options{})
			if err != nil || len(differs) == 0 || len(merkle.Compare(proof.Manifest, honest)) == 0 {
				t.Errorf("loss %d of %v went undetected", i, lost)
			}
		})
	}
}

func holesOf(m *memory) func(func(transfer.Extent) bool) {
	return func(yield func(transfer.Extent) bool) {
		at := int64(0)
		for _, e := range append(slices.Clone(m.extents), transfer.Extent{Off: m.Size()}) {
			if e.Off > at && !yield(transfer.Extent{Off: at, Len: e.Off - at}) {
				return
			}
			at = e.End()
		}
	}
}

func TestThrottledAndShortAnswersAreAskedForAgain(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		src := scattered(4, 9*mib)
		// Each range is answered in short first, then refused, then whole: its end tells
		// which one it is, since what is asked for again begins later.
		var mu sync.Mutex
		asked := map[int64]int{}
		s := streaming{memory: src, answer: func(e transfer.Extent) (io.Reader, error) {
			mu.Lock()
			defer mu.Unlock()
			asked[e.End()]++
			switch asked[e.End()] {
			case 1:
				return bytes.NewReader(src.bytes[e.Off : e.Off+e.Len/2]), nil
			case 2:
				return nil, &transfer.Throttled{RetryAfter: 2 * time.Second, Err: errors.New("503 Server Busy")}
			}
			return nil, nil
		}}
		dst, start := &memory{}, time.Now()
		p, err := transfer.Copy(t.Context(), s, dst, transfer.Options{})
		if err != nil || !bytes.Equal(src.bytes, dst.bytes) {
			t.Fatalf("error %v or another disk", err)
		}
		if p.Throttled == 0 || time.Since(start) < 2*time.Second {
			t.Errorf("%+v in %v", p, time.Since(start))
		}
		s.answer = func(transfer.Extent) (io.Reader, error) {
			return nil, &transfer.Throttled{Err: errors.New("503 Server Busy")}
		}
		var throttled *transfer.Throttled
		if _, err := transfer.Copy(t.Context(), s, dst, transfer.Options{}); !errors.As(err, &throttled) {
			t.Errorf("refused for ever: %v", err)
		}
	})
}

func TestACredentialIsReplacedOnce(t *testing.T) {
	src := scattered(5, 20*mib)
	var n, renewed atomic.Int64
	old := streaming{memory: src, answer: func(transfer.Extent) (io.Reader, error) {
		if n.Add(1) > 3 {
			return nil, &transfer.Expired{Err: errors.New("403 AuthenticationFailed")}
		}
		return nil, nil
	}}
	opt := transfer.Options{Renew: func(context.Context) (transfer.Source, error) {
		renewed.Add(1)
		return streaming{memory: src}, nil
	}}
	dst := &memory{}
	if _, err := transfer.Copy(t.Context(), old, dst, opt); err != nil || !bytes.Equal(src.bytes, dst.bytes) {
		t.Fatalf("error %v or another disk", err)
	}
	if renewed.Load() != 1 {
		t.Errorf("renewed %d times", renewed.Load())
	}
	n.Store(0)
	opt.Renew = func(context.Context) (transfer.Source, error) {
		return streaming{memory: &memory{bytes: []byte{1}}}, nil
	}
	if _, err := transfer.Copy(t.Context(), old, dst, opt); err == nil {
		t.Error("another disk was taken for the same one")
	}
	n.Store(0)
	var expired *transfer.Expired
	if _, err := transfer.Copy(t.Context(), old, dst, transfer.Options{}); !errors.As(err, &expired) {
		t.Errorf("without a fresh one: %v", err)
	}
}

func TestListsThatCannotBeTrueAreRefused(t *testing.T) {
	src := scattered(6, mib)
	full := slices.Clone(src.extents)
	src.extents = append(slices.Clone(full), full[len(full)-2:]...)
	if _, err := transfer.Copy(t.Context(), source{src}, &memory{}, transfer.Options{}); !errors.Is(err, transfer.ErrList) {
		t.Errorf("a repeated page: %v", err)
	}
	if err := transfer.CheckDiff(transfer.Changes{Updated: full}, full); !errors.Is(err, transfer.ErrList) {
		t.Errorf("a diff that is the whole disk: %v", err)
	}
	if err := transfer.CheckDiff(transfer.Changes{Updated: full[1:]}, full); err != nil {
		t.Error(err)
	}
}

// emptyDisk is 4 TiB with a little data at places.
type emptyDisk struct{ extents []transfer.Extent }

func (emptyDisk) Size() int64 { return 4 << 40 }

func (e emptyDisk) Extents(context.Context) ([]transfer.Extent, error) { return e.extents, nil }

func (emptyDisk) ReadAt(_ context.Context, p []byte, off int64) error {
	for i := range p {
		p[i] = byte(off>>20) | 1
	}
	return nil
}

// counting keeps no byte and notes the highest heap it has seen.
type counting struct {
	mu      sync.Mutex
	written int64
	writes  int
	heap    uint64
}

func (*counting) ReadAt([]byte, int64) (int, error) { return 0, io.EOF }
func (*counting) Sync() error                       { return nil }
func (c *counting) WriteAt(p []byte, _ int64) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.written += int64(len(p))
	if c.writes++; c.writes%16 == 0 {
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		c.heap = max(c.heap, m.HeapInuse)
	}
	return len(p), nil
}

func TestMemoryIsBoundedOnADiskOf4TiB(t *testing.T) {
	var src emptyDisk
	for i := range int64(256) {
		src.extents = append(src.extents, transfer.Extent{Off: i * (16 << 30), Len: 300 << 10})
	}
	runtime.GC()
	dst, proof := &counting{}, &transfer.Proof{}
	if _, err := transfer.Copy(t.Context(), src, dst, transfer.Options{Fresh: true, Proof: proof}); err != nil {
		t.Fatal(err)
	}
	if dst.heap > 64*mib {
		t.Errorf("%d MiB of heap", dst.heap/mib)
	}
	if proof.Manifest.Leaf(0) == merkle.ZeroBlock || proof.Manifest.Size() != 4<<40 {
		t.Error("an empty manifest")
	}
}

func TestBestGapIsWhereTheTimesMeet(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	pages := map[int64]bool{}
	for len(pages) < 5242 { // facts of a 2 GiB disk with 1 % of its pages changed
		pages[int64(rnd.IntN(2<<30/4096))*4096] = true
	}
	var changed []transfer.Extent
	for off := range pages {
		changed = append(changed, transfer.Extent{Off: off, Len: 4096})
	}
	gap := transfer.BestGap(changed, 60*mib, 500)
	if gap < 200<<10 || gap > 320<<10 {
		t.Errorf("gap %d KiB at 60 MiB/s and 500 requests/s", gap>>10)
	}
	if gap := transfer.BestGap(changed, 1e6, 500); gap > 16<<10 {
		t.Errorf("gap %d on a thin line", gap)
	}
	if transfer.BestGap(changed, 0, 500) != 0 {
		t.Error("a gap without a rate")
	}
}

type tight struct{ *memory }

func (tight) Reserve(_ context.Context, writes []transfer.Extent) error {
	if n := length(writes); n > 1000 {
		return &transfer.NoSpace{Need: n, Free: 1000}
	}
	return nil
}

func TestRoomIsCheckedBeforeTheFirstWrite(t *testing.T) {
	dst := &memory{}
	var none *transfer.NoSpace
	if _, err := transfer.Copy(t.Context(), source{scattered(1, mib)}, tight{dst}, transfer.Options{}); !errors.As(err, &none) || len(dst.writes) > 0 {
		t.Errorf("error %v after %d writes", err, len(dst.writes))
	}
}

func TestDisksShareALimit(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		limit := pace.NewLimiter(pace.Schedule{Otherwise: pace.Rate{Bytes: mib}})
		start := time.Now()
		var wg sync.WaitGroup
		for range 2 {
			share := limit.Join()
			wg.Go(func() {
				src := &memory{bytes: make([]byte, 10*mib), extents: []transfer.Extent{{Len: 10 * mib}}}
				if _, err := transfer.Copy(t.Context(), source{src}, &memory{}, transfer.Options{Share: share}); err != nil {
					t.Error(err)
				}
			})
		}
		wg.Wait()
		if took := time.Since(start); took < 18*time.Second || took > 21*time.Second {
			t.Errorf("20 MiB at 1 MiB/s took %v", took)
		}
	})
}
