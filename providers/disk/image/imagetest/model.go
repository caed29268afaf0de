package imagetest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"

	"pgregory.net/rapid"

	"failback/engine/transfer"
	"failback/providers/disk/image"
)

// Against draws random writes, zeros, syncs and reopenings and holds the image
// against a slice of bytes. open is called again after each Close.
func Against(t *rapid.T, size int, open func() image.Image) {
	model := make([]byte, size)
	img := open()
	defer func() { _ = img.Close() }()
	for range rapid.IntRange(1, 25).Draw(t, "steps") {
		switch rapid.SampledFrom([]string{"write", "write", "write", "zero", "read", "sync", "reopen"}).Draw(t, "do") {
		case "write":
			p, off := piece(t, size)
			put(t, img, p, off)
			copy(model[off:], p)
		case "zero":
			p, off := piece(t, size)
			clear(p)
			put(t, img, p, off)
			copy(model[off:], p)
		case "read":
			p, off := piece(t, size)
			if n, err := img.ReadAt(p, off); n != len(p) || err != nil && !errors.Is(err, io.EOF) {
				t.Fatalf("read of %d at %d: %d, %v", len(p), off, n, err)
			}
			if !bytes.Equal(p, model[off:off+int64(len(p))]) {
				t.Fatalf("read of %d at %d differs", len(p), off)
			}
		case "sync":
			if err := img.Sync(); err != nil {
				t.Fatal(err)
			}
		case "reopen":
			if err := img.Close(); err != nil {
				t.Fatal(err)
			}
			img = open()
		}
	}
	if err := Same(t.Context(), img, model); err != nil {
		t.Fatal(err)
	}
}

func put(t *rapid.T, img image.Image, p []byte, off int64) {
	if n, err := img.WriteAt(p, off); n != len(p) || err != nil {
		t.Fatalf("write of %d at %d: %d, %v", len(p), off, n, err)
	}
}

// piece is a range of the disk with bytes for it, often of whole sectors.
func piece(t *rapid.T, size int) ([]byte, int64) {
	unit := rapid.SampledFrom([]int{1, 512, 4096, 64 << 10}).Draw(t, "unit")
	off := rapid.IntRange(0, size/unit-1).Draw(t, "at") * unit
	n := min(size-off, rapid.IntRange(1, 40).Draw(t, "units")*unit)
	p := make([]byte, n)
	fill := rapid.Byte().Draw(t, "fill")
	for i := range p {
		p[i] = fill + byte(i/512) | 1
	}
	return p, int64(off)
}

// Same says where img differs from want: in size, in content, or by what its
// extents leave out although it is no zero.
func Same(ctx context.Context, img image.Image, want []byte) error {
	if img.Size() != int64(len(want)) {
		return fmt.Errorf("it has %d bytes, want %d", img.Size(), len(want))
	}
	got := make([]byte, len(want))
	if n, err := img.ReadAt(got, 0); n != len(got) || err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("read of all: %d, %w", n, err)
	}
	if at := difference(got, want); at >= 0 {
		return fmt.Errorf("byte %d is %#x, want %#x", at, got[at], want[at])
	}
	extents, err := img.Extents(ctx)
	if err != nil {
		return err
	}
	last := int64(0)
	for _, e := range append(extents, transfer.Extent{Off: img.Size()}) {
		if e.Off < last || e.End() > img.Size() {
			return fmt.Errorf("extents are not in order, or leave the disk: %v", extents)
		}
		if !image.Zero(want[last:e.Off]) {
			return fmt.Errorf("the extents leave out data between %d and %d", last, e.Off)
		}
		last = e.End()
	}
	return nil
}

func difference(a, b []byte) int {
	if bytes.Equal(a, b) {
		return -1
	}
	for i := range a {
		if a[i] != b[i] {
			return i
		}
	}
	return -1
}
