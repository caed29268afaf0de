package transfer_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"os"
	"path/filepath"
	"testing"

	"pgregory.net/rapid"

	"failback/engine/transfer"
)

// drawDisk draws a disk whose bytes outside its extents are zero. Some of its
// allocated ranges hold zeros, as real disks have them.
func drawDisk(t *rapid.T, size int, name string) *memory {
	m := &memory{bytes: make([]byte, size)}
	for range rapid.IntRange(0, 6).Draw(t, name+" extents") {
		off := rapid.IntRange(0, size-1).Draw(t, name+" off")
		n := rapid.IntRange(1, size-off).Draw(t, name+" len")
		fill := byte(rapid.IntRange(0, 3).Draw(t, name+" fill"))
		for i := off; i < off+n; i++ {
			m.bytes[i] = fill
			if fill > 0 {
				m.bytes[i] += byte(i/7) & 1
			}
		}
		m.extents = append(m.extents, transfer.Extent{Off: int64(off), Len: int64(n)})
	}
	m.extents = transfer.Normalize(m.extents)
	return m
}

func drawOptions(t *rapid.T) transfer.Options {
	return transfer.Options{
		Compare: rapid.Bool().Draw(t, "compare"),
		Piece:   rapid.IntRange(1, 300).Draw(t, "piece"),
		Cell:    rapid.IntRange(1, 64).Draw(t, "cell"),
	}
}

func TestS36CopyMakesTheTargetEqualIncludingZeros(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 1500).Draw(t, "size")
		src := drawDisk(t, size, "source")
		dst := drawDisk(t, rapid.IntRange(1, size).Draw(t, "target size"), "target")
		opt := drawOptions(t)
		before := dst.clone()
		p, err := transfer.Copy(context.Background(), source{src}, dst, opt)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(dst.bytes, src.bytes) {
			t.Fatal("the target differs from the source")
		}
		if dst.synced != 1 {
			t.Fatalf("synced %d times", dst.synced)
		}
		checkCounts(t, p, int64(size), src, dst, before, opt)
	})
}

// checkCounts holds the progress against what the disks saw.
func checkCounts(t *rapid.T, p transfer.Progress, total int64, src, dst, before *memory, opt transfer.Options) {
	if p.Total != total || p.Scanned != total {
		t.Fatalf("scanned %d of %d, want %d", p.Scanned, p.Total, total)
	}
	if got := length(src.reads); p.Read != got {
		t.Fatalf("read %d bytes, counted %d", got, p.Read)
	}
	if got := length(dst.writes); p.Written+p.Zeroed != got {
		t.Fatalf("wrote %d bytes, counted %d and %d", got, p.Written, p.Zeroed)
	}
	if p.Equal+p.Written != p.Read {
		t.Fatalf("%d equal and %d written are not %d read", p.Equal, p.Written, p.Read)
	}
	if !opt.Compare && p.Equal != 0 {
		t.Fatalf("a copy without comparison found %d bytes equal", p.Equal)
	}
	if opt.Compare && bytes.Equal(before.bytes, src.bytes) && len(dst.writes) > 0 {
		t.Fatalf("an equal disk was written to: %v", dst.writes)
	}
}

func length(extents []transfer.Extent) (n int64) {
	for _, e := range extents {
		n += e.Len
	}
	return n
}

func TestS32ApplyTouchesTheChangesAlone(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		size := rapid.IntRange(1, 1500).Draw(t, "size")
		old := drawDisk(t, size, "old")
		now := old.clone()
		marks := make([]byte, size) // 1: updated, 2: cleared
		for range rapid.IntRange(0, 8).Draw(t, "changes") {
			off := rapid.IntRange(0, size-1).Draw(t, "off")
			n := rapid.IntRange(1, size-off).Draw(t, "len")
			kind := byte(rapid.IntRange(1, 2).Draw(t, "kind"))
			for i := off; i < off+n; i++ {
				marks[i] = kind
				now.bytes[i] = byte(2-kind) * byte(rapid.IntRange(1, 255).Draw(t, "byte"))
			}
		}
		ch := transfer.Changes{Updated: runsOf(marks, 1), Cleared: runsOf(marks, 2)}
		if err := ch.Validate(int64(size)); err != nil {
			t.Fatal(err)
		}
		dst, opt := old.clone(), drawOptions(t)
		p, err := transfer.Apply(context.Background(), source{now}, ch, dst, opt)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(dst.bytes, now.bytes) {
			t.Fatal("the target differs from the source")
		}
		if p.Total != ch.Bytes() || p.Read != length(ch.Updated) {
			t.Fatalf("moved %+v for changes of %d bytes", p, ch.Bytes())
		}
		checkCounts(t, p, ch.Bytes(), now, dst, old, opt)
	})
}

func runsOf(marks []byte, kind byte) []transfer.Extent {
	var out []transfer.Extent
	for i, m := range marks {
		if m == kind {
			out = append(out, transfer.Extent{Off: int64(i), Len: 1})
		}
	}
	return transfer.Normalize(out)
}

func TestS35FullCopyReadsNothingOfTheTargetWhereTheSourceHasData(t *testing.T) {
	src := &memory{bytes: bytes.Repeat([]byte{7}, 64<<10), extents: []transfer.Extent{{Off: 0, Len: 16 << 10}, {Off: 32 << 10, Len: 32 << 10}}}
	clear(src.bytes[16<<10 : 32<<10])
	dst := &memory{bytes: bytes.Repeat([]byte{7}, 64<<10)}
	p, err := transfer.Copy(context.Background(), source{src}, dst, transfer.Options{Piece: 4096})
	if err != nil {
		t.Fatal(err)
	}
	want := transfer.Progress{Scanned: 64 << 10, Total: 64 << 10, Read: 48 << 10, Written: 48 << 10, Zeroed: 16 << 10, Requests: 12}
	if p != want {
		t.Errorf("progress %+v, want %+v", p, want)
	}
	for _, r := range dst.reads {
		if r.Off < 16<<10 || r.End() > 32<<10 {
			t.Errorf("the target was read at %v, where the source has data", r)
		}
	}
}

func TestS29UnchangedDiskIsNotWritten(t *testing.T) {
	src := &memory{bytes: bytes.Repeat([]byte{1, 2, 3, 4}, 1<<18), extents: []transfer.Extent{{Len: 1 << 20}}}
	dst := src.clone()
	dst.bytes[5000], dst.bytes[900_000] = 9, 9
	p, err := transfer.Copy(context.Background(), source{src}, dst, transfer.Options{Compare: true, Piece: 64 << 10})
	if err != nil {
		t.Fatal(err)
	}
	if p.Written != 2*4096 || p.Equal != 1<<20-2*4096 {
		t.Errorf("two cells differ: %+v", p)
	}
}

func TestSumIsThatOfTheWholeContent(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		d := drawDisk(t, rapid.IntRange(1, 200_000).Draw(t, "size"), "disk")
		got, err := transfer.Sum(context.Background(), source{d}, nil)
		if err != nil {
			t.Fatal(err)
		}
		want := sha256.Sum256(d.bytes)
		if got != hex.EncodeToString(want[:]) {
			t.Fatal("another sum")
		}
		for _, r := range d.reads {
			inside := false
			for _, e := range d.extents {
				inside = inside || r.Off >= e.Off && r.End() <= e.End()
			}
			if !inside {
				t.Fatalf("read %v, which is not allocated", r)
			}
		}
	})
}

func TestSumShowsADroppedRange(t *testing.T) {
	ctx := context.Background()
	rapid.Check(t, func(t *rapid.T) {
		const size, cell = 32 << 10, 512
		now := &memory{bytes: make([]byte, size), extents: []transfer.Extent{{Len: size}}}
		var ch transfer.Changes
		for i := range int64(8) {
			e := transfer.Extent{Off: i * 4096, Len: rapid.Int64Range(1, 7).Draw(t, "cells") * cell}
			for k := e.Off; k < e.End(); k++ {
				now.bytes[k] = byte(k) | 1
			}
			ch.Updated = append(ch.Updated, e)
		}
		want, err := transfer.Sum(ctx, source{now}, nil)
		if err != nil {
			t.Fatal(err)
		}
		drop := rapid.IntRange(0, 7).Draw(t, "dropped")
		ch.Updated = append(ch.Updated[:drop], ch.Updated[drop+1:]...)
		dst := &memory{bytes: make([]byte, size), extents: now.extents}
		if _, err := transfer.Apply(ctx, source{now}, ch, dst, transfer.Options{}); err != nil {
			t.Fatal(err)
		}
		got, err := transfer.Sum(ctx, source{dst}, nil)
		if err != nil {
			t.Fatal(err)
		}
		if got == want {
			t.Fatal("a dropped range has not changed the sum")
		}
	})
}

func TestCancelLeavesWhatWasWritten(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	src := &memory{bytes: bytes.Repeat([]byte{1}, 100), extents: []transfer.Extent{{Len: 100}}}
	dst := &memory{bytes: make([]byte, 100)}
	p, err := transfer.Copy(ctx, source{src}, dst, transfer.Options{Streams: 1, Piece: 10, Report: func(p transfer.Progress) {
		if p.Scanned == 30 {
			cancel()
		}
	}})
	if !errors.Is(err, context.Canceled) {
		t.Fatalf("error %v", err)
	}
	if p.Written != 30 || dst.synced != 0 {
		t.Errorf("progress %+v, synced %d times", p, dst.synced)
	}
	if want := append(bytes.Repeat([]byte{1}, 30), make([]byte, 70)...); !bytes.Equal(dst.bytes, want) {
		t.Errorf("target %v", dst.bytes)
	}
}

func TestLimitIsAskedBeforeEachReadAndEndsTheTransfer(t *testing.T) {
	full := errors.New("no more")
	var asked int
	src := &memory{bytes: make([]byte, 100), extents: []transfer.Extent{{Len: 100}}}
	p, err := transfer.Copy(context.Background(), source{src}, &memory{}, transfer.Options{Streams: 1, Piece: 40, Limit: func(_ context.Context, n int) error {
		if asked += n; asked > 80 {
			return full
		}
		return nil
	}})
	if !errors.Is(err, full) || p.Read != 80 || asked != 100 {
		t.Errorf("error %v after %+v, asked for %d", err, p, asked)
	}
}

func TestExtentsOutsideTheDiskAreRefused(t *testing.T) {
	ctx := context.Background()
	for _, e := range []transfer.Extent{{Off: -1, Len: 2}, {Off: 90, Len: 11}, {Off: 101, Len: 0}, {Off: 1, Len: 1<<63 - 1}, {Off: 0, Len: -1}} {
		src, dst := &memory{bytes: make([]byte, 100), extents: []transfer.Extent{e}}, &memory{}
		if _, err := transfer.Copy(ctx, source{src}, dst, transfer.Options{}); err == nil {
			t.Errorf("Copy took the extent %v", e)
		}
		if _, err := transfer.Sum(ctx, source{src}, nil); err == nil {
			t.Errorf("Sum took the extent %v", e)
		}
		for _, ch := range []transfer.Changes{{Updated: src.extents}, {Cleared: src.extents}} {
			if _, err := transfer.Apply(ctx, source{src}, ch, dst, transfer.Options{}); err == nil {
				t.Errorf("Apply took %v", ch)
			}
		}
		if len(dst.writes) > 0 {
			t.Errorf("%v: written all the same", e)
		}
	}
	overlap := transfer.Changes{Updated: []transfer.Extent{{Off: 10, Len: 10}}, Cleared: []transfer.Extent{{Off: 19, Len: 1}}}
	if overlap.Validate(100) == nil {
		t.Error("overlapping changes are valid")
	}
}

func TestFileSourceHasTheBytesOfTheFile(t *testing.T) {
	f, err := os.Create(filepath.Join(t.TempDir(), "disk"))
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	const size = 8 << 20
	want := make([]byte, size)
	copy(want[1<<20:], bytes.Repeat([]byte{5}, 100_000))
	copy(want[5<<20:], bytes.Repeat([]byte{6}, 4096))
	for _, e := range []transfer.Extent{{Off: 1 << 20, Len: 100_000}, {Off: 5 << 20, Len: 4096}} {
		if _, err := f.WriteAt(want[e.Off:e.End()], e.Off); err != nil {
			t.Fatal(err)
		}
	}
	if err := f.Truncate(size); err != nil {
		t.Fatal(err)
	}
	dst := &memory{}
	p, err := transfer.Copy(context.Background(), transfer.FileSource(f, size), dst, transfer.Options{})
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(dst.bytes, want) {
		t.Error("other bytes")
	}
	if p.Total != size {
		t.Errorf("progress %+v", p)
	}
}
