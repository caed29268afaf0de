package transfer_test

import (
	"testing"

	"failback/engine/transfer"
	"failback/engine/transfer/merkle"
)

func TestOnlyTheBlocksOfSomeRangesAreVerified(t *testing.T) {
	disk := scattered(20, 6*mib+512)
	m := manifestOf(t, disk, false)
	disk.extents = []transfer.Extent{{Len: disk.Size()}}
	disk.bytes[mib+7] ^= 1
	disk.bytes[5*mib] ^= 1
	disk.reads = nil
	touched := []transfer.Extent{{Off: 5*mib + 4096, Len: 10}, {Off: 3 * mib, Len: 1}, {Off: 6*mib + 100, Len: 1}}
	differs, err := transfer.VerifyRanges(t.Context(), source{disk}, m, touched, transfer.Options{})
	if err != nil || len(differs) != 1 || differs[0] != (transfer.Extent{Off: 5 * mib, Len: mib}) {
		t.Errorf("%v, %v", differs, err)
	}
	for _, r := range disk.reads {
		if b := r.Off / mib; b != 3 && b != 5 && b != 6 {
			t.Errorf("%v was read", r)
		}
	}
}

func TestCellsAreKeptWhereAnotherManifestDiffers(t *testing.T) {
	old := scattered(21, 4*mib)
	now := old.clone()
	now.bytes[2*mib+5] ^= 1
	now.extents = []transfer.Extent{{Len: now.Size()}}
	was := manifestOf(t, old, false)
	m, err := transfer.HashAgainst(t.Context(), source{now}, was, transfer.Options{})
	if err != nil || m.Root() != manifestOf(t, now, false).Root() {
		t.Fatalf("%v, or another root", err)
	}
	for block := range m.Blocks() {
		if kept := m.Cells(block) != nil; kept != (block == 2) && m.Leaf(block) != merkle.ZeroBlock {
			t.Errorf("the cells of block %d are kept: %v", block, kept)
		}
	}
	if _, err := transfer.HashAgainst(t.Context(), source{now}, merkle.New(mib), transfer.Options{}); err == nil {
		t.Error("against a disk of another size")
	}
}
