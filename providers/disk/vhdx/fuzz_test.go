package vhdx

import (
	"bytes"
	"testing"

	"failback/providers/disk/image"
	"failback/providers/disk/image/imagetest"
)

// The parts of a VHDX that a fuzzer changes, each with its checksum mended, so
// that it gets behind them. The file around them is a sound one.

func soundFile(f *testing.F) []byte {
	file := made(f, small())
	d := opened(f, file, true)
	if _, err := d.WriteAt([]byte("content"), 2*mib+77); err != nil {
		f.Fatal(err)
	}
	if err := d.Close(); err != nil {
		f.Fatal(err)
	}
	return file.Bytes()
}

// try opens the file for reading and writing, checks it, and reads and writes a
// little of what opens.
func try(t *testing.T, p []byte) {
	t.Helper()
	file := imagetest.New(p)
	if _, err := Check(file); err != nil {
		t.Fatal(err)
	}
	for _, write := range []bool{false, true} {
		d, err := Open(file, write)
		if err != nil {
			continue
		}
		buf := make([]byte, 64<<10)
		for _, off := range []int64{0, d.Size() / 2, d.Size() - 1} {
			if n, err := d.ReadAt(buf, off); n == 0 {
				t.Fatalf("read at %d: %v", off, err)
			}
		}
		if _, err := d.Extents(t.Context()); err != nil {
			t.Fatal(err)
		}
		if !write {
			continue
		}
		if _, err := d.WriteAt([]byte("new"), d.Size()-3); err != nil {
			t.Fatal(err)
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
		if r, err := Check(file); err != nil || !r.Clean() {
			t.Fatalf("after a write: %v, %v", r.Findings, err)
		}
	}
}

// over puts p over the file at a place.
func over(file []byte, at int, p []byte, limit int) []byte {
	out := bytes.Clone(file)
	copy(out[at:at+limit], p)
	return out
}

func FuzzHeaders(f *testing.F) {
	whole := soundFile(f)
	f.Add(whole[header1At:header1At+page], whole[header2At:header2At+page])
	f.Fuzz(func(t *testing.T, a, b []byte) {
		p := over(over(whole, header1At, a, page), header2At, b, page)
		seal(p[header1At : header1At+page])
		seal(p[header2At : header2At+page])
		try(t, p)
	})
}

func FuzzRegions(f *testing.F) {
	whole := soundFile(f)
	f.Add(whole[region1At : region1At+128])
	f.Fuzz(func(t *testing.T, a []byte) {
		p := over(whole, region1At, a, 4096)
		seal(p[region1At : region1At+tableSize])
		copy(p[region2At:], p[region1At:region1At+tableSize])
		try(t, p)
	})
}

func FuzzMetadata(f *testing.F) {
	whole := soundFile(f)
	f.Add(whole[newMetaAt:newMetaAt+256], whole[newMetaAt+tableSize:newMetaAt+tableSize+64])
	parent := bytes.Clone(whole)
	withParent(parent)
	f.Add(parent[newMetaAt:newMetaAt+256], parent[newMetaAt+tableSize:newMetaAt+tableSize+700])
	f.Fuzz(func(t *testing.T, table, values []byte) {
		try(t, over(over(whole, newMetaAt, table, 4096), newMetaAt+tableSize, values, 4096))
	})
}

func FuzzTable(f *testing.F) {
	whole := soundFile(f)
	f.Add(whole[newBATAt : newBATAt+64])
	f.Fuzz(func(t *testing.T, a []byte) { try(t, over(whole, newBATAt, a, 4096)) })
}

// FuzzLog gives the headers a log and mends the checksum of the entry at its start.
func FuzzLog(f *testing.F) {
	whole := soundFile(f)
	l := newTestLog()
	for i := range l.id {
		l.id[i] = byte(i + 1)
	}
	l.put(0, 7, 0, some(2)...)
	withHeaders(whole, func(h []byte) { copy(h[48:], l.id[:]) })
	f.Add(bytes.Clone(l.bytes[:3*page]))
	l.put(l.put(0, 7, 0, some(1)...), 8, 0, write{newBATAt, pageOf(0)})
	f.Add(bytes.Clone(l.bytes[:4*page]))
	f.Fuzz(func(t *testing.T, a []byte) {
		p := over(whole, newLogAt, a, 16*page)
		if n := le.Uint32(p[newLogAt+8:]); n >= page && n <= 16*page {
			seal(p[newLogAt : newLogAt+n])
		}
		try(t, p)
	})
}

var _ image.Image = (*Disk)(nil)
