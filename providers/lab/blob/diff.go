package blob

import (
	"fmt"

	"failback/engine/transfer"
)

// Diff is what changed between two snapshots, or between a snapshot and now
// where cur is empty: Updated pages hold data in cur and were written since
// prev; Cleared pages held data in prev and hold none in cur. Pages rewritten
// with the same bytes count as updated. A snapshot that does not exist is an
// error that wraps [ErrNotFound], a prev newer than cur one that wraps
// [ErrOrder].
func (b *Blob) Diff(prev, cur string) (transfer.Changes, error) {
	b.mu.RLock()
	defer b.mu.RUnlock()
	if b.gone {
		return transfer.Changes{}, b.missing()
	}
	from, err := b.index(prev)
	if err != nil {
		return transfer.Changes{}, err
	}
	to, now := len(b.snaps), b.alloc
	if cur != "" {
		if to, err = b.index(cur); err != nil {
			return transfer.Changes{}, err
		}
		now = b.snaps[to].pages
	}
	if from > to {
		return transfer.Changes{}, fmt.Errorf("blob %s: from %s to %s: %w", b.name, prev, cur, ErrOrder)
	}
	touched := newBitset(b.size / Page)
	for _, s := range b.snaps[from:to] {
		if err := touched.or(s.since); err != nil {
			return transfer.Changes{}, err
		}
	}
	return changes(touched, b.snaps[from].pages, now), nil
}

func changes(touched, then, now *bitset) transfer.Changes {
	var c transfer.Changes
	for lo, hi := range touched.runs(0, touched.bits) {
		for at := lo; at < hi; {
			set := now.get(at)
			end := min(hi, now.next(at, !set))
			if set {
				c.Updated = append(c.Updated, transfer.Extent{Off: at * Page, Len: (end - at) * Page})
			} else {
				for from, to := range then.runs(at, end) {
					c.Cleared = append(c.Cleared, transfer.Extent{Off: from * Page, Len: (to - from) * Page})
				}
			}
			at = end
		}
	}
	return c
}
