package vhdx

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"testing"
	"unicode/utf16"

	"failback/providers/disk/image"
	"failback/providers/disk/image/imagetest"
)

func wide(s string) []byte {
	var p []byte
	for _, c := range utf16.Encode([]rune(s)) {
		p = le.AppendUint16(p, c)
	}
	return p
}

// withItem adds a metadata item.
func withItem(p []byte, id image.GUID, flags uint32, value []byte) {
	m := p[newMetaAt:]
	n := int(le.Uint16(m[10:]))
	le.PutUint16(m[10:], uint16(n+1))
	e := m[32+32*n:]
	copy(e, id[:])
	le.PutUint32(e[16:], tableSize+512)
	le.PutUint32(e[20:], uint32(len(value)))
	le.PutUint32(e[24:], flags)
	copy(m[tableSize+512:], value)
}

func withParent(p []byte) {
	key, value := wide("relative_path"), wide(`..\base.vhdx`)
	locator := make([]byte, 20, 100)
	le.PutUint16(locator[18:], 1)
	locator = le.AppendUint32(locator, 32)
	locator = le.AppendUint32(locator, uint32(32+len(key)))
	locator = le.AppendUint16(locator, uint16(len(key)))
	locator = le.AppendUint16(locator, uint16(len(value)))
	withItem(p, itemParent, flagRequired, append(append(locator, key...), value...))
	p[newMetaAt+tableSize+4] |= hasParent
}

// withRegions changes both region tables and keeps their checksums right.
func withRegions(p []byte, change func([]byte)) {
	for _, at := range []int{region1At, region2At} {
		change(p[at : at+tableSize])
		seal(p[at : at+tableSize])
	}
}

func withHeaders(p []byte, change func([]byte)) {
	for _, at := range []int{header1At, header2At} {
		change(p[at : at+page])
		seal(p[at : at+page])
	}
}

// value is where the metadata of a new disk has an item: 8 bytes of
// parameters, 8 of size, 16 of id, 4 and 4 of sectors.
func value(p []byte, at int) []byte { return p[newMetaAt+tableSize+at:] }

func slot(p []byte, n int, e entry) { le.PutUint64(p[newBATAt+8*n:], uint64(e)) }

func TestVHDXIsRefused(t *testing.T) {
	f := made(t, small())
	d := opened(t, f, true)
	if _, err := d.WriteAt([]byte("x"), 0); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	whole := f.Bytes()
	pay := entry(small().payload())
	for _, c := range []struct {
		name   string
		change func(p []byte)
		kind   error
		why    string
	}{
		{"identifier", func(p []byte) { p[0] = 'V' }, image.ErrDamaged, "begin as a VHDX"},
		{"both headers", func(p []byte) { p[header1At+100] ^= 1; p[header2At+100] ^= 1 }, image.ErrDamaged, "neither header"},
		{"headers of one number that differ", func(p []byte) {
			withHeaders(p, func(h []byte) { le.PutUint64(h[8:], 9); h[16]++ })
			p[header1At+20] ^= 1
			seal(p[header1At : header1At+page])
		}, image.ErrDamaged, "same sequence number"},
		{"version 2", func(p []byte) { withHeaders(p, func(h []byte) { h[66] = 2 }) }, image.ErrDamaged, "version 2"},
		{"a log of version 1", func(p []byte) { withHeaders(p, func(h []byte) { h[48] = 1; h[64] = 1 }) }, image.ErrDamaged, "log is of version 1"},
		{"a log on the headers", func(p []byte) { withHeaders(p, func(h []byte) { le.PutUint64(h[72:], 0) }) }, image.ErrDamaged, "log"},
		{"a log of half a MiB", func(p []byte) { withHeaders(p, func(h []byte) { le.PutUint32(h[68:], mib/2) }) }, image.ErrDamaged, "log"},
		{"a log outside the file", func(p []byte) { withHeaders(p, func(h []byte) { le.PutUint64(h[72:], 1<<30) }) }, image.ErrDamaged, "the log at"},
		{"a log outside the file, to be replayed", func(p []byte) {
			withHeaders(p, func(h []byte) { le.PutUint64(h[72:], 1<<30); h[48] = 1 })
		}, image.ErrDamaged, "its log"},
		{"a log on the metadata", func(p []byte) { withHeaders(p, func(h []byte) { le.PutUint64(h[72:], newMetaAt) }) }, image.ErrDamaged, "overlap"},
		{"a huge log", func(p []byte) { withHeaders(p, func(h []byte) { le.PutUint32(h[68:], 0xfff00000); h[48] = 1 }) }, image.ErrDamaged, "its log"},
		{"both region tables", func(p []byte) { p[region1At+100] ^= 1; p[region2At+100] ^= 1 }, image.ErrDamaged, "neither region table"},
		{"too many regions", func(p []byte) { withRegions(p, func(r []byte) { le.PutUint32(r[8:], 2048) }) }, image.ErrDamaged, "2048 entries"},
		{"an unknown region that is required", func(p []byte) {
			withRegions(p, func(r []byte) {
				le.PutUint32(r[8:], 3)
				copy(r[16+64:], "unknown region..")
				le.PutUint64(r[16+64+16:], 4*mib)
				le.PutUint32(r[16+64+24:], mib)
				le.PutUint32(r[16+64+28:], 1)
			})
		}, image.ErrUnsupported, "requires region"},
		{"a region twice", func(p []byte) { withRegions(p, func(r []byte) { copy(r[16+32:16+48], r[16:32]) }) }, image.ErrDamaged, "twice"},
		{"no metadata", func(p []byte) { withRegions(p, func(r []byte) { le.PutUint32(r[8:], 1) }) }, image.ErrDamaged, "no metadata"},
		{"a region outside the file", func(p []byte) { withRegions(p, func(r []byte) { le.PutUint64(r[32:], 99*mib) }) }, image.ErrDamaged, "not in the file"},
		{"a region that is not aligned", func(p []byte) { withRegions(p, func(r []byte) { le.PutUint64(r[32:], 3*mib+4096) }) }, image.ErrDamaged, "places"},
		{"metadata's signature", func(p []byte) { p[newMetaAt] = 0 }, image.ErrDamaged, "metadata table"},
		{"too many items", func(p []byte) { le.PutUint16(p[newMetaAt+10:], 2048) }, image.ErrDamaged, "2048 entries"},
		{"an item outside the region", func(p []byte) { le.PutUint32(p[newMetaAt+32+16:], mib-4) }, image.ErrDamaged, "bytes at"},
		{"an item twice", func(p []byte) { copy(p[newMetaAt+64:newMetaAt+80], p[newMetaAt+32:]) }, image.ErrDamaged, "twice"},
		{"no size", func(p []byte) { p[newMetaAt+64] ^= 1; p[newMetaAt+64+24] = 0 }, image.ErrDamaged, "is missing"},
		{"an unknown item that is required", func(p []byte) { withItem(p, image.NewGUID(), flagRequired, []byte{1}) }, image.ErrUnsupported, "requires metadata"},
		{"a block of 3 MiB", func(p []byte) { le.PutUint32(value(p, 0), 3*mib) }, image.ErrDamaged, "block size"},
		{"no block", func(p []byte) { le.PutUint32(value(p, 0), 0) }, image.ErrDamaged, "block size"},
		{"a block of 512 MiB", func(p []byte) { le.PutUint32(value(p, 0), 512*mib) }, image.ErrDamaged, "block size"},
		{"no disk", func(p []byte) { le.PutUint64(value(p, 8), 0) }, image.ErrDamaged, "0 bytes"},
		{"half a sector", func(p []byte) { le.PutUint64(value(p, 8), testSize+1) }, image.ErrDamaged, "bytes"},
		{"a disk of 65 TiB", func(p []byte) { le.PutUint64(value(p, 8), 65<<40) }, image.ErrDamaged, "bytes"},
		{"a disk larger than its table", func(p []byte) { le.PutUint64(value(p, 8), 60<<40) }, image.ErrDamaged, "block table has"},
		{"a sector of 520", func(p []byte) { le.PutUint32(value(p, 32), 520) }, image.ErrDamaged, "logical sector"},
		{"a physical sector of 1024", func(p []byte) { le.PutUint32(value(p, 36), 1024) }, image.ErrDamaged, "physical sector"},
		{"a parent", withParent, image.ErrUnsupported, `"..\\base.vhdx"`},
		{"a parent without locator", func(p []byte) { value(p, 0)[4] |= hasParent }, image.ErrUnsupported, "differencing"},
		{"a block of state 4", func(p []byte) { slot(p, 1, 4) }, image.ErrDamaged, "state 4"},
		{"a block partially present", func(p []byte) { slot(p, 0, pay|partiallyPresent) }, image.ErrDamaged, "partially present"},
		{"a block beyond the end", func(p []byte) { slot(p, 0, (pay+mib)|fullyPresent) }, image.ErrDamaged, "outside the file"},
		{"a block far beyond any end", func(p []byte) { slot(p, 0, 0xfffffffffff00000|fullyPresent) }, image.ErrDamaged, "outside the file"},
		{"a block on the headers", func(p []byte) { slot(p, 0, fullyPresent) }, image.ErrDamaged, "on the headers"},
		{"a block on the table", func(p []byte) { slot(p, 0, newBATAt|fullyPresent) }, image.ErrDamaged, "something else"},
		{"a block on the log", func(p []byte) { slot(p, 0, newLogAt|fullyPresent) }, image.ErrDamaged, "something else"},
		{"two blocks in one place", func(p []byte) { slot(p, 1, pay|fullyPresent) }, image.ErrDamaged, "something else"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := bytes.Clone(whole)
			c.change(p)
			for _, write := range []bool{false, true} {
				f := imagetest.New(bytes.Clone(p))
				_, err := Open(f, write)
				if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.why) {
					t.Errorf("got %v, want %v with %q", err, c.kind, c.why)
				}
				if f.Steps() > 0 {
					t.Error("the refused file was changed")
				}
			}
			if r, err := Check(imagetest.New(p)); err != nil || r.Clean() {
				t.Errorf("the check found nothing: %v, %v", r, err)
			}
		})
	}
	for _, n := range []int{0, 5, 70 << 10, 200 << 10, 300 << 10, mib, 2 * mib, 3*mib - 1, 3 * mib, 4*mib + 100} {
		t.Run(fmt.Sprint("cut at ", n), func(t *testing.T) {
			if _, err := Open(imagetest.New(whole[:n]), false); !errors.Is(err, image.ErrDamaged) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// TestOneGoodCopyIsEnough: one header and one region table may be torn.
func TestOneGoodCopyIsEnough(t *testing.T) {
	whole := made(t, small()).Bytes()
	for _, at := range []int{header1At, header2At, region1At, region2At} {
		p := bytes.Clone(whole)
		p[at+30] ^= 0xff
		f := imagetest.New(p)
		if _, err := Open(f, false); err != nil {
			t.Errorf("with %d torn: %v", at, err)
		}
		clean(t, f, "is not valid")
	}
}

// TestOptionalThingsAreLeftAlone: regions and items that nobody requires stay.
func TestOptionalThingsAreLeftAlone(t *testing.T) {
	p := append(made(t, small()).Bytes(), bytes.Repeat([]byte{0xab}, mib)...)
	at := len(p) - mib
	withRegions(p, func(r []byte) {
		le.PutUint32(r[8:], 3)
		copy(r[16+64:], "unknown region..")
		le.PutUint64(r[16+64+16:], uint64(at))
		le.PutUint32(r[16+64+24:], mib)
	})
	withItem(p, image.NewGUID(), flagUser, []byte("somebody's"))
	f := imagetest.New(p)
	d := opened(t, f, true)
	if _, err := d.WriteAt(bytes.Repeat([]byte{1}, testSize), 0); err != nil {
		t.Fatal(err)
	}
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	clean(t, f)
	if got := f.Bytes()[at : at+mib]; !bytes.Equal(got, bytes.Repeat([]byte{0xab}, mib)) {
		t.Error("the unknown region was written to")
	}
}
