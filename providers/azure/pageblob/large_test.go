package pageblob_test

import (
	"slices"
	"testing"
	"time"

	"failback/engine/transfer"
	"failback/providers/azure/pageblob"
)

// TestADiskOfFourTiBIsListedAsASmallOne has the same few changes at the ends and
// in the middle of disks of three sizes, and asks for the difference.
func TestADiskOfFourTiBIsListedAsASmallOne(t *testing.T) {
	for _, size := range []int64{2 << 30, 200 << 30, 4 << 40} {
		r := newRig(t, size)
		page := make([]byte, 512)
		places := []int64{0, size/2 - 512, size/2 + 4096, size - 512}
		for _, off := range places {
			_, err := r.blob.WriteAt(page, off)
			must(t, err)
		}
		first, err := r.blob.Snapshot(time.Now())
		must(t, err)
		_, err = r.blob.WriteAt(page, size/2)
		must(t, err)
		must(t, r.blob.ClearAt(size-512, 512))
		b, begun := r.open(t), time.Now()
		extents, err := b.Extents(t.Context())
		must(t, err)
		changes, err := b.Changes(t.Context(), pageblob.Older{Snapshot: first})
		must(t, err)
		t.Logf("%d GiB: both lists in %v, %d requests", size>>30, time.Since(begun).Round(time.Millisecond), len(r.seen))
		if !slices.Equal(extents, r.blob.Extents()) || len(changes.Updated) != 1 || !slices.Equal(changes.Cleared, []transfer.Extent{{Off: size - 512, Len: 512}}) {
			t.Errorf("%d GiB: %v, %+v", size>>30, extents, changes)
		}
	}
}
