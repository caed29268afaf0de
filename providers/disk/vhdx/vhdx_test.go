package vhdx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"runtime"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"

	"failback/engine/transfer"
	"failback/providers/disk/image"
	"failback/providers/disk/image/imagetest"
)

const testSize = 5<<20 + 8192

func small() Options {
	return Options{Size: testSize, Block: mib, Sector: 512, Physical: 4096, ID: image.NewGUID()}
}

type failer interface {
	Helper()
	Fatal(...any)
}

func made(t failer, o Options) *imagetest.File {
	t.Helper()
	f := imagetest.New(nil)
	if err := Create(f, o); err != nil {
		t.Fatal(err)
	}
	f.Mark()
	return f
}

func opened(t failer, f image.File, write bool) *Disk {
	t.Helper()
	d, err := Open(f, write)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// clean fails where the check finds anything at all, or anything but what is
// allowed.
func clean(t failer, f image.File, allowed ...string) {
	t.Helper()
	r, err := Check(f)
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range r.Findings {
		ok := x.Severity == image.SeverityNote
		if ok {
			ok = false
			for _, a := range allowed {
				ok = ok || strings.Contains(x.What, a)
			}
		}
		if !ok {
			t.Fatal(fmt.Sprintf("the check found %v", x))
		}
	}
}

func TestVHDXAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		o := small()
		o.Block = rapid.SampledFrom([]int64{mib, 2 * mib, 32 * mib}).Draw(t, "block")
		o.Sector = rapid.SampledFrom([]int{512, 4096}).Draw(t, "sector")
		o.Fixed = rapid.Bool().Draw(t, "fixed") && o.Block < 32*mib
		f := made(t, o)
		imagetest.Against(t, testSize, func() image.Image { return opened(t, f, true) })
		clean(t, f)
	})
}

// TestNewDiskAllocatesOnlyWhatIsWritten: zeros make no block, one sector makes one.
func TestNewDiskAllocatesOnlyWhatIsWritten(t *testing.T) {
	f := made(t, small())
	d := opened(t, f, true)
	if _, err := d.WriteAt(make([]byte, testSize), 0); err != nil {
		t.Fatal(err)
	}
	if f.Steps() != 0 {
		t.Errorf("zeros on an empty disk changed the file %d times", f.Steps())
	}
	if _, err := d.WriteAt(bytes.Repeat([]byte{7}, 512), 3<<20); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if size, _ := f.Size(); size != small().payload()+mib {
		t.Errorf("the file has %d bytes", size)
	}
	again := opened(t, f, false)
	got, err := again.Extents(t.Context())
	if err != nil || len(got) != 1 || got[0] != (transfer.Extent{Off: 3 << 20, Len: mib}) {
		t.Errorf("extents are %v, %v", got, err)
	}
}

// TestIDsChangeBeforeTheFirstWrite, and not before: a disk that was only
// opened is byte for byte what it was.
func TestIDsChangeBeforeTheFirstWrite(t *testing.T) {
	f := made(t, small())
	before := f.Bytes()
	if err := opened(t, f, true).Close(); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(before, f.Bytes()) {
		t.Error("opening and closing changed the file")
	}
	h1, err := currentHeader(f)
	if err != nil {
		t.Fatal(err)
	}
	d := opened(t, f, true)
	if _, err := d.WriteAt([]byte{1}, 0); err != nil {
		t.Fatal(err)
	}
	h2, err := currentHeader(f)
	if err != nil {
		t.Fatal(err)
	}
	if h2.fileWrite == h1.fileWrite || h2.dataWrite == h1.dataWrite || h2.sequence <= h1.sequence {
		t.Errorf("the header after the first write is %+v, before it was %+v", h2, h1)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	h3, err := currentHeader(f)
	if err != nil {
		t.Fatal(err)
	}
	if h3.log != noGUID || h3.fileWrite != h2.fileWrite {
		t.Errorf("the header of the closed file is %+v", h3)
	}
}

func TestInfo(t *testing.T) {
	o := Options{Size: 64 << 20, Block: 4 << 20, Sector: 4096, Physical: 4096, ID: image.NewGUID()}
	d := opened(t, made(t, o), true)
	want := image.Info{Format: image.VHDX, Size: 64 << 20, SectorSize: 4096, PhysicalSector: 4096, BlockSize: 4 << 20, ID: o.ID, Writable: true}
	if d.Info() != want {
		t.Errorf("got %+v, want %+v", d.Info(), want)
	}
}

// TestGeometry holds the table's layout against the specification's formulas.
func TestGeometry(t *testing.T) {
	for _, c := range []struct {
		size, block          int64
		sector               int
		ratio, blocks, slots int64
	}{
		{1 << 30, 2 << 20, 512, 2048, 512, 512},
		{4 << 40, 2 << 20, 512, 2048, 2 << 20, 2<<20 + 1023},
		{64 << 40, 1 << 20, 512, 4096, 64 << 20, 64<<20 + 16383},
		{1 << 40, 32 << 20, 4096, 1024, 32 << 10, 32<<10 + 31},
		{8<<30 + 512, 256 << 20, 512, 16, 33, 35},
	} {
		g := geometry{size: c.size, block: c.block, sector: c.sector}
		if g.ratio() != c.ratio || g.blocks() != c.blocks || g.slots() != c.slots {
			t.Errorf("%+v: ratio %d, blocks %d, slots %d; want %+v", g, g.ratio(), g.blocks(), g.slots(), c)
		}
		for _, b := range []int64{0, 1, c.ratio - 1, c.ratio, c.ratio + 1, c.blocks - 1} {
			if b >= c.blocks {
				continue
			}
			if got, ok := g.blockOf(g.slot(b)); got != b || !ok {
				t.Errorf("block %d is at slot %d, which is block %d, %v", b, g.slot(b), got, ok)
			}
		}
		if c.blocks > c.ratio {
			if _, ok := g.blockOf(c.ratio); ok {
				t.Errorf("slot %d is no bitmap's", c.ratio)
			}
		}
	}
}

// TestBlocksBehindABitmapSlot writes around the slot that belongs to no block.
func TestBlocksBehindABitmapSlot(t *testing.T) {
	o := Options{Size: 5 << 40, Block: 256 << 20, Sector: 512, Physical: 512, ID: image.NewGUID()}
	f := made(t, o)
	d := opened(t, f, true)
	blocks := []int64{0, 15, 16, 17, 31, 32, 20479}
	for _, b := range blocks {
		if _, err := d.WriteAt([]byte(fmt.Sprint("block ", b)), b*o.Block+9); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	clean(t, f)
	again := opened(t, f, false)
	for _, b := range blocks {
		want := fmt.Sprint("block ", b)
		p := make([]byte, len(want))
		if _, err := again.ReadAt(p, b*o.Block+9); err != nil || string(p) != want {
			t.Errorf("block %d reads %q, %v", b, p, err)
		}
	}
}

// TestManyGoroutines writes and syncs from many at once; every one has its own
// sectors of the same blocks.
func TestManyGoroutines(t *testing.T) {
	f := made(t, small())
	d := opened(t, f, true)
	want := make([]byte, testSize)
	var wg sync.WaitGroup
	for g := range 8 {
		for s := g; s < testSize/512; s += 8 * 37 {
			copy(want[s*512:], bytes.Repeat([]byte{byte(g + 1)}, 512))
		}
		wg.Go(func() {
			for s := g; s < testSize/512; s += 8 * 37 {
				if _, err := d.WriteAt(bytes.Repeat([]byte{byte(g + 1)}, 512), int64(s)*512); err != nil {
					t.Error(err)
				}
				if s%11 == 0 {
					if err := d.Sync(); err != nil {
						t.Error(err)
					}
					if _, err := d.ReadAt(make([]byte, 4096), int64(s)*512); err != nil && !errors.Is(err, io.EOF) {
						t.Error(err)
					}
				}
			}
		})
	}
	wg.Wait()
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := imagetest.Same(t.Context(), opened(t, f, false), want); err != nil {
		t.Error(err)
	}
	clean(t, f)
}

// put changes one entry of the table of a closed file.
func put(t failer, f image.File, slot int64, e entry) {
	t.Helper()
	if _, err := f.WriteAt(le.AppendUint64(nil, uint64(e)), newBATAt+slot*8); err != nil {
		t.Fatal(err)
	}
}

// TestStatesOfBlocks: what is not present reads as zeros whatever the reason,
// and a write of zeros makes that true for every reader.
func TestStatesOfBlocks(t *testing.T) {
	for _, state := range []entry{notPresent, undefined, zero, unmapped, unmappedEarly} {
		t.Run(fmt.Sprint(state), func(t *testing.T) {
			f := made(t, small())
			junk := bytes.Repeat([]byte{0xee}, 2*mib)
			if _, err := f.WriteAt(junk, small().payload()); err != nil {
				t.Fatal(err)
			}
			put(t, f, 1, entry(small().payload())|state)
			d := opened(t, f, true)
			p := make([]byte, mib)
			if _, err := d.ReadAt(p, mib); err != nil || !image.Zero(p) {
				t.Errorf("it does not read as zeros: %v", err)
			}
			if _, err := d.WriteAt(make([]byte, 512), mib+512); err != nil {
				t.Fatal(err)
			}
			wantState := int(state)
			if state != notPresent && state != zero {
				wantState = zero
			}
			if got := d.table.get(1).state(); got != wantState {
				t.Errorf("after zeros the state is %d, want %d", got, wantState)
			}
			if _, err := d.WriteAt([]byte{9}, mib+700); err != nil {
				t.Fatal(err)
			}
			if err := d.Close(); err != nil {
				t.Fatal(err)
			}
			want := make([]byte, testSize)
			want[mib+700] = 9
			if err := imagetest.Same(t.Context(), opened(t, f, false), want); err != nil {
				t.Error(err)
			}
			clean(t, f, "used by nothing")
		})
	}
}

// TestOldBytesBehindTheEndAreNotShown: what a crash left behind the last block
// does not become part of a new one.
func TestOldBytesBehindTheEndAreNotShown(t *testing.T) {
	f := made(t, small())
	if _, err := f.WriteAt(bytes.Repeat([]byte{0xee}, 3*mib/2), small().payload()); err != nil {
		t.Fatal(err)
	}
	d := opened(t, f, true)
	want := make([]byte, testSize)
	for _, at := range []int{mib / 2, 2*mib + 100, 4 * mib} {
		copy(want[at:], "new")
		if _, err := d.WriteAt([]byte("new"), int64(at)); err != nil {
			t.Fatal(err)
		}
	}
	if err := imagetest.Same(t.Context(), d, want); err != nil {
		t.Error(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	clean(t, f)
}

// TestALargeDiskTakesLittleMemory: a disk of 64 TiB with a block here and there.
func TestALargeDiskTakesLittleMemory(t *testing.T) {
	o := Options{Size: 64 << 40, Block: 2 * mib, Sector: 512, Physical: 4096, ID: image.NewGUID()}
	f := made(t, o)
	d := opened(t, f, true)
	for at := int64(0); at < o.Size; at += 16 << 40 {
		if _, err := d.WriteAt([]byte("x"), at); err != nil {
			t.Fatal(err)
		}
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	d = opened(t, f, true)
	got, err := d.Extents(t.Context())
	runtime.ReadMemStats(&after)
	if err != nil || len(got) != 4 {
		t.Errorf("extents: %v, %v", got, err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 8*mib {
		t.Errorf("opening it took %d bytes", used)
	}
}
