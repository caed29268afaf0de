package vhd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"failback/providers/disk/image"
	"failback/providers/disk/image/imagetest"
)

const testSize = 3 << 20

func newFixed(t testing.TB) *imagetest.File {
	t.Helper()
	f := imagetest.New(nil)
	if err := Create(f, testSize, image.NewGUID()); err != nil {
		t.Fatal(err)
	}
	return f
}

func TestFixedAgainstModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		f := imagetest.New(nil)
		if err := Create(f, testSize, image.NewGUID()); err != nil {
			t.Fatal(err)
		}
		imagetest.Against(t, testSize, func() image.Image {
			img, err := Open(f, true)
			if err != nil {
				t.Fatal(err)
			}
			return img
		})
		if r, err := Check(f); err != nil || !r.Clean() {
			t.Fatal(err, r.Findings)
		}
	})
}

// TestFooterBytes holds a footer against the layout of the specification.
func TestFooterBytes(t *testing.T) {
	f := newFixed(t)
	p := f.Bytes()[testSize:]
	if len(p) != 512 {
		t.Fatalf("%d bytes after the data", len(p))
	}
	be := binary.BigEndian
	for _, c := range []struct {
		what      string
		got, want any
	}{
		{"cookie", string(p[:8]), "conectix"},
		{"features", be.Uint32(p[8:]), uint32(2)},
		{"version", be.Uint32(p[12:]), uint32(0x10000)},
		{"data offset", be.Uint64(p[16:]), ^uint64(0)},
		{"original size", be.Uint64(p[40:]), uint64(testSize)},
		{"current size", be.Uint64(p[48:]), uint64(testSize)},
		{"cylinders", be.Uint16(p[56:]), uint16(65535)},
		{"heads", p[58], byte(16)},
		{"sectors", p[59], byte(255)},
		{"type", be.Uint32(p[60:]), uint32(2)},
		{"reserved", string(bytes.Trim(p[85:], "\x00")), ""},
	} {
		if c.got != c.want {
			t.Errorf("%s is %v, want %v", c.what, c.got, c.want)
		}
	}
	var sum uint32
	for _, b := range p {
		sum += uint32(b)
	}
	for _, b := range p[64:68] {
		sum -= uint32(b)
	}
	if be.Uint32(p[64:]) != ^sum {
		t.Error("the checksum is wrong")
	}
}

// alter changes the footer and keeps its checksum right.
func alter(p []byte, change func([]byte)) []byte {
	p = bytes.Clone(p)
	ft := p[len(p)-FooterSize:]
	change(ft)
	binary.BigEndian.PutUint32(ft[64:], checksum(ft, 64))
	return p
}

func TestFixedIsRefused(t *testing.T) {
	whole := newFixed(t).Bytes()
	for _, c := range []struct {
		name    string
		content []byte
		kind    error
		why     string
	}{
		{"nothing", nil, image.ErrDamaged, "fewer than a footer"},
		{"no footer", whole[:testSize], image.ErrDamaged, "does not end with a VHD footer"},
		{"cut short by a sector", append(bytes.Clone(whole[:testSize-512]), whole[testSize:]...), image.ErrDamaged, "the file holds"},
		{"one byte of the footer", flip(whole, testSize+50), image.ErrDamaged, "checksum"},
		{"version 2", alter(whole, func(p []byte) { p[13] = 2 }), image.ErrDamaged, "version"},
		{"another size", alter(whole, func(p []byte) { binary.BigEndian.PutUint64(p[48:], testSize-512) }), image.ErrDamaged, "the file holds"},
		{"half a sector", alter(whole, func(p []byte) { binary.BigEndian.PutUint64(p[48:], testSize-100) }), image.ErrDamaged, "size of"},
		{"a huge size", alter(whole, func(p []byte) { binary.BigEndian.PutUint64(p[48:], 1<<63) }), image.ErrDamaged, "size of"},
		{"differencing", alter(whole, func(p []byte) { p[63] = 4 }), image.ErrUnsupported, "differencing"},
		{"type 7", alter(whole, func(p []byte) { p[63] = 7 }), image.ErrDamaged, "disk type 7"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := imagetest.New(c.content)
			_, err := Open(f, false)
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.why) {
				t.Errorf("got %v, want %v with %q", err, c.kind, c.why)
			}
			r, err := Check(f)
			if err != nil || r.Clean() {
				t.Errorf("the check found nothing: %v, %v", r, err)
			}
		})
	}
}

func flip(p []byte, at int) []byte {
	p = bytes.Clone(p)
	p[at] ^= 0x40
	return p
}

func TestFixedEnds(t *testing.T) {
	f := newFixed(t)
	img, err := Open(f, true)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := img.WriteAt(make([]byte, 513), testSize-512); !errors.Is(err, image.ErrBeyondEnd) {
		t.Errorf("a write over the footer: %v", err)
	}
	p := make([]byte, 1024)
	if n, err := img.ReadAt(p, testSize-512); n != 512 || !errors.Is(err, io.EOF) {
		t.Errorf("a read over the end: %d, %v", n, err)
	}
	if n, err := img.ReadAt(p, testSize); n != 0 || !errors.Is(err, io.EOF) {
		t.Errorf("a read at the end: %d, %v", n, err)
	}
	reader, err := Open(f, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := reader.WriteAt(p, 0); !errors.Is(err, image.ErrReadOnly) {
		t.Errorf("a write to a reader: %v", err)
	}
}

// TestCreateIsCut loses the power at every step of a creation: the file is
// refused, or it is whole.
func TestCreateIsCut(t *testing.T) {
	f := newFixed(t)
	for n := range f.Steps() + 1 {
		for seed := range uint64(8) {
			left := f.Crash(n, rand.New(rand.NewPCG(uint64(n), seed)))
			img, err := Open(left, false)
			if err == nil && img.Size() == testSize {
				continue
			}
			if !errors.Is(err, image.ErrDamaged) {
				t.Errorf("after %d steps: %v", n, err)
			}
		}
	}
	if _, err := Open(f.Crash(f.Steps(), nil), false); err != nil {
		t.Error(err)
	}
}

func TestSizesOfVHD(t *testing.T) {
	for size, ok := range map[int64]bool{0: false, -512: false, 100: false, 512: true, 1 << 30: true, 2040 << 30: true, 2040<<30 + 512: false} {
		if err := CheckSize(size); (err == nil) != ok {
			t.Errorf("%d: %v", size, err)
		}
	}
}

func FuzzFooter(f *testing.F) {
	f.Add(footer{version: formatVersion, current: 1 << 20, kind: typeFixed}.encode())
	f.Add(footer{version: formatVersion, current: 1 << 20, kind: typeDynamic, dataOffset: 512}.encode())
	f.Fuzz(func(t *testing.T, p []byte) {
		ft, err := parseFooter(p)
		if err != nil {
			return
		}
		again, err := parseFooter(ft.encode())
		if err != nil || again != ft {
			t.Errorf("%+v becomes %+v, %v", ft, again, err)
		}
	})
}
