package transfer

import (
	"context"
	"fmt"
	"iter"
	"slices"

	"failback/engine/transfer/merkle"
)

// request is what the source is asked for at once: a range, and the parts of it
// that are wanted. What lies between them bridges a gap.
type request struct {
	Extent
	parts []Extent
	clear bool
}

// requestsOf turns steps, in the order of the disk, into requests that end at
// multiples of unit. Gaps of at most gap bytes are bridged, never across a
// cleared range.
func requestsOf(steps []step, unit, gap int64) iter.Seq[request] {
	return func(yield func(request) bool) {
		var now request
		flush := func() bool {
			r := now
			now = request{}
			return r.Len == 0 || yield(r)
		}
		for _, s := range steps {
			for off := s.Off; off < s.End(); {
				part := Extent{Off: off, Len: min(s.End(), (off/unit+1)*unit) - off}
				joins := now.Len > 0 && !now.clear && !s.clear && off/unit == now.Off/unit && off-now.End() <= gap
				if !joins {
					if !flush() {
						return
					}
					now = request{Extent: part, clear: s.clear}
				}
				now.Len = part.End() - now.Off
				now.parts = append(now.parts, part)
				off = part.End()
			}
		}
		flush()
	}
}

// BestGap is the gap to bridge that makes the changes the quickest to fetch at
// a rate of bytes and of requests a second: where asking less often begins to
// cost more bytes than it saves. It is computed for these extents.
func BestGap(extents []Extent, bytesPerSecond, requestsPerSecond float64) int64 {
	if bytesPerSecond <= 0 || requestsPerSecond <= 0 || len(extents) < 2 {
		return 0
	}
	extents = Normalize(extents)
	gaps := make([]int64, 0, len(extents)-1)
	for i := 1; i < len(extents); i++ {
		gaps = append(gaps, extents[i].Off-extents[i-1].End())
	}
	slices.Sort(gaps)
	// Bridging the narrowest gaps first: bytes grow, requests shrink; the best
	// place is the least of the larger of the two times.
	moved, asked := float64(bytesOf(extents)), float64(len(extents))
	best, gap := max(moved/bytesPerSecond, asked/requestsPerSecond), int64(0)
	for _, g := range gaps {
		moved += float64(g)
		asked--
		if took := max(moved/bytesPerSecond, asked/requestsPerSecond); took < best {
			best, gap = took, g
		}
	}
	return gap
}

// CheckList refuses a list of ranges as a service answers it that goes back,
// overlaps itself or leaves the disk: a page of it came twice, or out of order.
func CheckList(extents []Extent, size int64) error {
	if err := within(extents, size); err != nil {
		return fmt.Errorf("%w: %w", ErrList, err)
	}
	for i := 1; i < len(extents); i++ {
		if extents[i].Off < extents[i-1].End() {
			return fmt.Errorf("%w: %v comes after %v", ErrList, extents[i], extents[i-1])
		}
	}
	return nil
}

// CheckDiff refuses changes that are no changes but everything the disk has: a
// server that does not know the older snapshot may answer so. full is the list
// of what is allocated.
func CheckDiff(ch Changes, full []Extent) error {
	updated, all := Normalize(ch.Updated), Normalize(full)
	if len(ch.Cleared) == 0 && len(all) > 0 && slices.Equal(updated, all) {
		return fmt.Errorf("%w: the changes since the older snapshot are the whole disk, all %d ranges and %d bytes of it", ErrList, len(all), bytesOf(all))
	}
	return nil
}

// wholeCells widens changes to the cells of a manifest. A cell that is cleared
// only in part is read.
func wholeCells(ch Changes, size int64) Changes {
	const c = merkle.Cell
	out := func(e Extent) Extent {
		off := e.Off / c * c
		return Extent{Off: off, Len: min(size, (e.End()+c-1)/c*c) - off}
	}
	var w Changes
	for _, e := range ch.Updated {
		w.Updated = append(w.Updated, out(e))
	}
	var inner []Extent
	for _, e := range Normalize(ch.Cleared) {
		from, to := (e.Off+c-1)/c*c, e.End()/c*c
		if e.End() == size {
			to = size
		}
		if from >= to {
			w.Updated = append(w.Updated, out(e))
			continue
		}
		inner = append(inner, Extent{Off: from, Len: to - from})
		w.Updated = append(w.Updated, out(Extent{Off: e.Off, Len: from - e.Off}), out(Extent{Off: to, Len: e.End() - to}))
	}
	w.Updated = Normalize(w.Updated)
	w.Cleared = intersect(inner, holes(w.Updated, size))
	return w
}

// intersect is what two normalised lists have in common.
func intersect(a, b []Extent) []Extent {
	var out []Extent
	for len(a) > 0 && len(b) > 0 {
		from, to := max(a[0].Off, b[0].Off), min(a[0].End(), b[0].End())
		if from < to {
			out = append(out, Extent{Off: from, Len: to - from})
		}
		if a[0].End() < b[0].End() {
			a = a[1:]
		} else {
			b = b[1:]
		}
	}
	return out
}

// Mapped is a target that knows where it may hold something other than zeros.
// The rest of it is not read to be cleared.
type Mapped interface {
	Allocated(ctx context.Context) ([]Extent, error)
}

// Spacious is a target that is told beforehand what may be written to it, and
// returns a [NoSpace] where that does not fit, what it has to save before
// included.
type Spacious interface {
	Reserve(ctx context.Context, writes []Extent) error
}

// Preparer is a target that has something to make safe before each write, and
// does it for many writes at once in less time.
type Preparer interface {
	Prepare(writes []merkle.Range) error
}

// toClear leaves of the ranges to be cleared those where the target may have
// something, and the very end, which makes the target as long as the source.
func toClear(ctx context.Context, clears []Extent, dst Target, size int64, fresh bool) ([]Extent, error) {
	m, mapped := dst.(Mapped)
	if !mapped && !fresh || size == 0 {
		return clears, nil
	}
	var have []Extent
	if mapped {
		var err error
		if have, err = m.Allocated(ctx); err != nil {
			return nil, fmt.Errorf("list what the target has: %w", err)
		}
	}
	have = append(slices.Clone(have), Extent{Off: size - 1, Len: 1})
	return intersect(clears, Normalize(have)), nil
}
