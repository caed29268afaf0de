package transfer

import (
	"cmp"
	"fmt"
	"slices"
)

// Extent is a range of a disk: Len bytes from Off.
type Extent struct{ Off, Len int64 }

// End is the first byte after the extent.
func (e Extent) End() int64 { return e.Off + e.Len }

// String writes the extent as a half-open interval.
func (e Extent) String() string { return fmt.Sprintf("[%d,%d)", e.Off, e.End()) }

// Changes is what happened to a disk between two instants: Updated holds data
// to be read, Cleared became zeros.
type Changes struct{ Updated, Cleared []Extent }

// Bytes is how much of the disk the changes cover.
func (c Changes) Bytes() int64 { return bytesOf(c.Updated) + bytesOf(c.Cleared) }

// Validate says whether c can be applied to a disk of size bytes: every extent
// within the disk and none overlapping another one, an update no clearing.
// Order and adjacency do not matter.
func (c Changes) Validate(size int64) error {
	all := slices.Concat(c.Updated, c.Cleared)
	if err := within(all, size); err != nil {
		return err
	}
	slices.SortFunc(all, byOffset)
	for i := 1; i < len(all); i++ {
		if all[i].Off < all[i-1].End() {
			return fmt.Errorf("changes overlap: %v and %v", all[i-1], all[i])
		}
	}
	return nil
}

// Normalize returns the same bytes as sorted extents that neither touch nor
// overlap, empty ones dropped. It leaves its argument as it was.
func Normalize(extents []Extent) []Extent {
	sorted := slices.DeleteFunc(slices.Clone(extents), func(e Extent) bool { return e.Len <= 0 })
	slices.SortFunc(sorted, byOffset)
	var merged []Extent
	for _, e := range sorted {
		last := len(merged) - 1
		if last >= 0 && e.Off <= merged[last].End() {
			merged[last].Len = max(merged[last].End(), e.End()) - merged[last].Off
			continue
		}
		merged = append(merged, e)
	}
	return merged
}

func byOffset(a, b Extent) int { return cmp.Compare(a.Off, b.Off) }

func bytesOf(extents []Extent) int64 {
	var n int64
	for _, e := range extents {
		n += e.Len
	}
	return n
}

// within refuses extents that are not part of a disk of size bytes. The
// comparison is written so that no sum can overflow.
func within(extents []Extent, size int64) error {
	for _, e := range extents {
		if e.Off < 0 || e.Len < 0 || e.Off > size || e.Len > size-e.Off {
			return fmt.Errorf("extent at %d of %d bytes is outside a disk of %d bytes", e.Off, e.Len, size)
		}
	}
	return nil
}

// holes is what normalised extents leave of a disk of size bytes.
func holes(extents []Extent, size int64) []Extent {
	var out []Extent
	var at int64
	for _, e := range extents {
		if e.Off > at {
			out = append(out, Extent{Off: at, Len: e.Off - at})
		}
		at = e.End()
	}
	if at < size {
		out = append(out, Extent{Off: at, Len: size - at})
	}
	return out
}
