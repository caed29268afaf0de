package diskcopy

import (
	"bytes"
	"testing"

	"failback/engine/transfer/merkle"
)

// TestS36WhatADiskDidNotKeepShowsWhenItIsReadAgain changes one byte of what was
// written, both where the manifest has the cells and where it has not.
func TestS36WhatADiskDidNotKeepShowsWhenItIsReadAgain(t *testing.T) {
	disk := make([]byte, 3*merkle.Block+512)
	for i := range disk {
		disk[i] = byte(i / 999)
	}
	writes := []extent{{Off: 2 * merkle.Block, Len: merkle.Block + 512}, {Off: merkle.Cell, Len: merkle.Cell}, {Off: merkle.Block - merkle.Cell, Len: 3 * merkle.Cell}}
	for _, summed := range []bool{false, true} {
		m, r := merkle.New(int64(len(disk))), &record{summed: summed}
		for block := range m.Blocks() {
			off := block * merkle.Block
			m.SetCells(block, merkle.SumBlock(disk[off:min(off+merkle.Block, m.Size())]))
		}
		for _, w := range writes {
			r.add(disk[w.Off:w.End()], w.Off)
		}
		if !r.readable(m) {
			t.Fatal("what was written can't be read again by itself")
		}
		for _, at := range []int64{-1, merkle.Cell, merkle.Block + merkle.Cell, m.Size() - 1} {
			now := bytes.Clone(disk)
			if at >= 0 {
				now[at] ^= 1
			}
			differs, err := r.verify(t.Context(), bytes.NewReader(now), m)
			if err != nil {
				t.Fatal(err)
			}
			if at < 0 && len(differs) > 0 || at >= 0 && (len(differs) != 1 || at < differs[0].Off || at >= differs[0].End()) {
				t.Errorf("byte %d changed (sums of writes: %v): found %v", at, summed, differs)
			}
		}
		if _, err := r.verify(t.Context(), bytes.NewReader(disk[:merkle.Block]), m); err == nil {
			t.Error("a disk that ends early is read without an error")
		}
	}
	r := &record{}
	r.add(disk[:merkle.Cell], 0)
	bare := merkle.New(int64(len(disk)))
	bare.Set(0, merkle.SumBlock(disk[:merkle.Block]).Sum())
	if r.readable(bare) {
		t.Error("a manifest without the cells is taken")
	}
}
