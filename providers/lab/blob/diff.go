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
	return b.DiffIn(prev, cur, 0, b.size)
}

// DiffIn is the part of a difference that lies in n bytes from off on, both whole
// pages of the blob.
func (b *Blob) DiffIn(prev, cur string, off, n int64) (transfer.Changes, error) {
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
	var touched []transfer.Extent
	for _, s := range b.snaps[from:to] {
		touched = append(touched, extentsOf(s.since, off, n)...)
	}
	return changes(transfer.Normalize(touched), b.snaps[from].pages, now), nil
}

func changes(touched []transfer.Extent, then, now *bitset) transfer.Changes {
	var c transfer.Changes
	for _, e := range touched {
		hi := e.End() / Page
		for at := e.Off / Page; at < hi; {
			set := now.get(at)
			end := now.before(at, hi, !set)
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
