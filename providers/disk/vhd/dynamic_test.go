package vhd

import (
	"bytes"
	"encoding/binary"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"

	"failback/providers/disk/image"
	"failback/providers/disk/image/imagetest"
)

const testBlock = 64 << 10

// buildDynamic lays out a dynamic VHD with blocks in random order, blocks of
// zeros left out, and clear bits for sectors of zeros, under which it writes
// garbage: nobody may see that.
func buildDynamic(want []byte, seed uint64) []byte {
	rnd := rand.New(rand.NewPCG(seed, 3))
	be := binary.BigEndian
	blocks := (len(want) + testBlock - 1) / testBlock
	table := bytes.Repeat([]byte{0xff}, (blocks*4+511)/512*512)
	id := image.NewGUID()
	foot := footer{features: 2, version: formatVersion, dataOffset: 512, original: uint64(len(want)), current: uint64(len(want)), geometry: maxGeometry, kind: typeDynamic, id: id}
	head := make([]byte, headerSize)
	copy(head, headerCookie)
	be.PutUint64(head[8:], noOffset)
	be.PutUint64(head[16:], 512+headerSize)
	be.PutUint32(head[24:], formatVersion)
	be.PutUint32(head[28:], uint32(blocks))
	be.PutUint32(head[32:], testBlock)
	be.PutUint32(head[36:], checksum(head, 36))
	out := append(append(foot.encode(), head...), table...)
	for _, b := range rnd.Perm(blocks) {
		data := make([]byte, testBlock)
		copy(data, want[b*testBlock:])
		if image.Zero(data) {
			continue
		}
		be.PutUint32(out[512+headerSize+4*b:], uint32(len(out)/512))
		bitmap := make([]byte, 512)
		for s := range testBlock / 512 {
			if p := data[s*512 : s*512+512]; image.Zero(p) {
				copy(p, "garbage")
			} else {
				bitmap[s/8] |= 0x80 >> (s % 8)
			}
		}
		out = append(append(out, bitmap...), data...)
	}
	return append(out, foot.encode()...)
}

// sparse is a disk of which most sectors are zeros.
func sparse(size int, seed uint64) []byte {
	rnd := rand.New(rand.NewPCG(seed, 4))
	p := make([]byte, size)
	for range 40 {
		at := rnd.IntN(size/512) * 512
		for i := range p[at:min(size, at+512*(1+rnd.IntN(40)))] {
			p[at+i] = byte(rnd.Uint32()) | 1
		}
	}
	return p
}

func TestDynamicIsRead(t *testing.T) {
	for seed := range uint64(20) {
		want := sparse(1<<20+512*int(seed), seed)
		f := imagetest.New(buildDynamic(want, seed))
		img, err := Open(f, false)
		if err != nil {
			t.Fatal(err)
		}
		if err := imagetest.Same(t.Context(), img, want); err != nil {
			t.Errorf("seed %d: %v", seed, err)
		}
		rnd := rand.New(rand.NewPCG(seed, 5))
		for range 200 {
			off := rnd.IntN(len(want))
			p := make([]byte, min(len(want)-off, rnd.IntN(3*testBlock)))
			if n, err := img.ReadAt(p, int64(off)); n != len(p) || err != nil || !bytes.Equal(p, want[off:off+len(p)]) {
				t.Fatalf("read of %d at %d: %d, %v, or wrong bytes", len(p), off, n, err)
			}
		}
		if r, err := Check(f); err != nil || !r.Clean() || len(r.Findings) > 0 {
			t.Errorf("check: %v, %v", r, err)
		}
		if _, err := Open(f, true); !errors.Is(err, image.ErrUnsupported) {
			t.Errorf("for writing: %v", err)
		}
	}
}

// rehead changes the dynamic header and keeps its checksum right.
func rehead(p []byte, change func([]byte)) []byte {
	p = bytes.Clone(p)
	h := p[512 : 512+headerSize]
	change(h)
	binary.BigEndian.PutUint32(h[36:], checksum(h, 36))
	return p
}

func retable(p []byte, block int, to uint32) []byte {
	p = bytes.Clone(p)
	binary.BigEndian.PutUint32(p[512+headerSize+4*block:], to)
	return p
}

func TestDynamicIsRefused(t *testing.T) {
	want := sparse(1<<20, 9)
	want[0], want[testBlock] = 1, 1
	whole := buildDynamic(want, 9)
	be := binary.BigEndian
	at := be.Uint32(whole[512+headerSize:])
	for _, c := range []struct {
		name    string
		content []byte
		kind    error
		why     string
	}{
		{"header's cookie", rehead(whole, func(h []byte) { h[0] = 'x' }), image.ErrDamaged, "cookie"},
		{"header's checksum", flip(whole, 512+40), image.ErrDamaged, "checksum"},
		{"header's version", rehead(whole, func(h []byte) { h[25] = 9 }), image.ErrDamaged, "version"},
		{"no block size", rehead(whole, func(h []byte) { be.PutUint32(h[32:], 0) }), image.ErrDamaged, "block size"},
		{"a block of 3000", rehead(whole, func(h []byte) { be.PutUint32(h[32:], 3000) }), image.ErrDamaged, "block size"},
		{"a block of 2 GiB", rehead(whole, func(h []byte) { be.PutUint32(h[32:], 1<<31) }), image.ErrDamaged, "block size"},
		{"too few entries", rehead(whole, func(h []byte) { be.PutUint32(h[28:], 3) }), image.ErrDamaged, "3 entries"},
		{"too many entries", rehead(whole, func(h []byte) { be.PutUint32(h[28:], 1<<31) }), image.ErrDamaged, "not in the file"},
		{"table elsewhere", rehead(whole, func(h []byte) { be.PutUint64(h[16:], 1<<63) }), image.ErrDamaged, "not in the file"},
		{"header elsewhere", alter(whole, func(p []byte) { be.PutUint64(p[16:], 1<<62) }), image.ErrDamaged, "outside the file"},
		{"a block beyond the end", retable(whole, 0, 1<<30), image.ErrDamaged, "outside the file"},
		{"two blocks in one place", retable(whole, 1, at), image.ErrDamaged, "overlap"},
		{"two blocks half over each other", retable(whole, 1, at+1), image.ErrDamaged, "overlap"},
		{"a block over the table", retable(whole, 0, 3), image.ErrDamaged, "overlap"},
		{"differencing, parent named", rehead(alter(whole, func(p []byte) { p[63] = 4 }), func(h []byte) { copy(h[64:], "\x00p\x00\x1b\x00.\x00v") }), image.ErrUnsupported, `"p\x1b.v"`},
		{"cut short", whole[:len(whole)-512], image.ErrDamaged, "footer"},
	} {
		t.Run(c.name, func(t *testing.T) {
			f := imagetest.New(c.content)
			_, err := Open(f, false)
			if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.why) {
				t.Errorf("got %v, want %v with %q", err, c.kind, c.why)
			}
			if r, err := Check(f); err != nil || r.Clean() {
				t.Errorf("the check found nothing: %v, %v", r, err)
			}
		})
	}
}

// FuzzDynamic opens what somebody else made: no panic, no read beyond the
// disk, and what opens can be read whole.
func FuzzDynamic(f *testing.F) {
	f.Add(buildDynamic(sparse(4*testBlock, 1), 1), true)
	f.Add(buildDynamic(sparse(testBlock+512, 2), 2), false)
	f.Fuzz(func(t *testing.T, p []byte, mend bool) {
		if len(p) > 1<<20 {
			return
		}
		if mend && len(p) >= 512+headerSize+FooterSize {
			p = alter(rehead(p, func([]byte) {}), func([]byte) {})
		}
		file := imagetest.New(p)
		if _, err := Check(file); err != nil {
			t.Fatal(err)
		}
		img, err := Open(file, false)
		if err != nil {
			return
		}
		buf := make([]byte, 1<<16)
		for off := int64(0); off < min(img.Size(), 4<<20); off += int64(len(buf)) {
			if n, err := img.ReadAt(buf, off); n == 0 {
				t.Fatal(n, err)
			}
		}
		if _, err := img.Extents(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}
