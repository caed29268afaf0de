package pageblob

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/pageblob"
	"golang.org/x/sync/errgroup"

	"failback/engine/transfer"
)

// A list is asked for in windows, several at once. One that is too much for the
// service is halved, down to the least.
const (
	listWindow  = 64 << 30
	leastWindow = 1 << 30
	listsAtOnce = 4
	listTries   = 8
)

// Older names the snapshot that changes are counted from: by its time, or by its
// URL, with a signature of its own, where the disks are exported managed disks.
type Older struct{ Snapshot, URL string }

// Extents implements transfer.Source: the page ranges. A list that can't be true
// is an error that wraps transfer.ErrList.
func (b *Blob) Extents(ctx context.Context) ([]transfer.Extent, error) {
	c, err := b.list(ctx, nil)
	return c.Updated, err
}

// Changes are the pages that were written, and those that were cleared, since an
// older snapshot of the same disk. Whether the service gave a difference at all
// is for transfer.CheckDiff to judge.
func (b *Blob) Changes(ctx context.Context, older Older) (transfer.Changes, error) {
	if (older.Snapshot == "") == (older.URL == "") {
		return transfer.Changes{}, errors.New("changes are since one snapshot, named by its time or by its URL")
	}
	c, err := b.list(ctx, &older)
	if err != nil {
		return transfer.Changes{}, err
	}
	if err := c.Validate(b.size); err != nil {
		return transfer.Changes{}, fmt.Errorf("%w: %w", transfer.ErrList, err)
	}
	return c, nil
}

// list asks for all windows and joins what they hold.
func (b *Blob) list(ctx context.Context, older *Older) (transfer.Changes, error) {
	windows := make([]transfer.Changes, (b.length+listWindow-1)/listWindow)
	group, working := errgroup.WithContext(ctx)
	group.SetLimit(listsAtOnce)
	for i := range windows {
		group.Go(func() (err error) {
			off := int64(i) * listWindow
			windows[i], err = b.window(working, transfer.Extent{Off: off, Len: min(listWindow, b.length-off)}, older)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return transfer.Changes{}, err
	}
	var all transfer.Changes
	for _, w := range windows {
		all.Updated, all.Cleared = append(all.Updated, w.Updated...), append(all.Cleared, w.Cleared...)
	}
	return transfer.Changes{Updated: b.ofDisk(all.Updated), Cleared: b.ofDisk(all.Cleared)}, nil
}

// ofDisk leaves out the footer and joins ranges that touch.
func (b *Blob) ofDisk(list []transfer.Extent) []transfer.Extent {
	return transfer.Normalize(cut(list, transfer.Extent{Len: b.size}))
}

// cut leaves of a list what lies in a window.
func cut(list []transfer.Extent, window transfer.Extent) []transfer.Extent {
	out := list[:0]
	for _, e := range list {
		from, to := max(e.Off, window.Off), min(e.End(), window.End())
		if from < to {
			out = append(out, transfer.Extent{Off: from, Len: to - from})
		}
	}
	return out
}

// window lists one window, or its two halves where it is too much at once.
func (b *Blob) window(ctx context.Context, w transfer.Extent, older *Older) (transfer.Changes, error) {
	c, err := b.pages(ctx, w, older)
	if err == nil || !errors.Is(err, errTooMuch) || w.Len < 2*leastWindow {
		return c, err
	}
	half := w.Len / 2 / leastWindow * leastWindow
	first, err := b.window(ctx, transfer.Extent{Off: w.Off, Len: half}, older)
	if err != nil {
		return first, err
	}
	second, err := b.window(ctx, transfer.Extent{Off: w.Off + half, Len: w.Len - half}, older)
	return transfer.Changes{Updated: append(first.Updated, second.Updated...), Cleared: append(first.Cleared, second.Cleared...)}, err
}

// errTooMuch says that the service gave a list up.
var errTooMuch = errors.New("the service gave the list of ranges up")

// pages reads all pages of a window's list and checks it as it came.
func (b *Blob) pages(ctx context.Context, w transfer.Extent, older *Older) (transfer.Changes, error) {
	var c transfer.Changes
	marker := ""
	for {
		page, err := b.page(ctx, w, older, marker)
		if err != nil {
			return c, err
		}
		if page.length != nil && *page.length != b.length {
			return c, fmt.Errorf("%w: it had %d bytes and has %d", ErrChanged, b.length, *page.length)
		}
		c.Updated, c.Cleared = append(c.Updated, page.taken.Updated...), append(c.Cleared, page.taken.Cleared...)
		for _, r := range page.PageRange {
			if c.Updated, err = add(c.Updated, r.Start, r.End); err != nil {
				return c, err
			}
		}
		for _, r := range page.ClearRange {
			if c.Cleared, err = add(c.Cleared, r.Start, r.End); err != nil {
				return c, err
			}
		}
		if page.NextMarker == nil || *page.NextMarker == "" {
			break
		}
		if *page.NextMarker == marker {
			return c, fmt.Errorf("%w: its next page is the one before", transfer.ErrList)
		}
		marker = *page.NextMarker
	}
	for _, list := range [][]transfer.Extent{c.Updated, c.Cleared} {
		if err := transfer.CheckList(list, b.length); err != nil {
			return c, err
		}
		for _, e := range list {
			if e.End() <= w.Off || e.Off >= w.End() {
				return c, fmt.Errorf("%w: %v was not asked for, but %v", transfer.ErrList, e, w)
			}
		}
	}
	// A range that goes on beyond the window is listed in the next one as well.
	return transfer.Changes{Updated: cut(c.Updated, w), Cleared: cut(c.Cleared, w)}, nil
}

// listPage is a page of a list, and how long the blob is by then.
type listPage struct {
	pageblob.PageList
	taken  transfer.Changes // and no longer in the list
	length *int64
}

func add(list []transfer.Extent, start, end *int64) ([]transfer.Extent, error) {
	if start == nil || end == nil || *start < 0 || *end < *start {
		return nil, fmt.Errorf("%w: it has a range without a start or an end", transfer.ErrList)
	}
	return append(list, transfer.Extent{Off: *start, Len: *end - *start + 1}), nil
}

// page asks for one page until it comes, within reason.
func (b *Blob) page(ctx context.Context, w transfer.Extent, older *Older, marker string) (listPage, error) {
	for i := 0; ; i++ {
		list, err := b.askPage(policy.WithRetryOptions(ctx, once), w, older, marker)
		if err == nil {
			return list, nil
		}
		if timedOut(err) && w.Len >= 2*leastWindow {
			return list, fmt.Errorf("%w: %w", errTooMuch, b.explain(err))
		}
		again := network(err)
		err = b.failure(err)
		var throttled *transfer.Throttled
		wait := backoff(i)
		if errors.As(err, &throttled) {
			again, wait = true, max(wait, throttled.RetryAfter)
		}
		if !again || i == listTries-1 {
			return list, err
		}
		if err := pause(ctx, wait); err != nil {
			return list, err
		}
	}
}

// backoff is how long to wait after a number of tries.
func backoff(tries int) time.Duration { return min(30*time.Second, 100*time.Millisecond<<tries) }

// pause waits for d and a little longer.
func pause(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d + rand.N(d/4+1))
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (b *Blob) askPage(ctx context.Context, w transfer.Extent, older *Older, marker string) (listPage, error) {
	span, next := blob.HTTPRange{}, &marker
	if w.Len != b.length {
		span = blob.HTTPRange{Offset: w.Off, Count: w.Len}
	}
	if marker == "" {
		next = nil
	}
	var page listPage
	ctx = context.WithValue(ctx, quickList{}, &page)
	if older == nil {
		answer, err := b.client.NewGetPageRangesPager(&pageblob.GetPageRangesOptions{
			Range: span, Marker: next, AccessConditions: b.pinned,
		}).NextPage(ctx)
		page.PageList, page.length = answer.PageList, answer.BlobContentLength
		return page, err
	}
	o := &pageblob.GetPageRangesDiffOptions{Range: span, Marker: next, AccessConditions: b.pinned}
	if older.URL != "" {
		o.PrevSnapshotURL = &older.URL
	} else {
		o.PrevSnapshot = &older.Snapshot
	}
	answer, err := b.client.NewGetPageRangesDiffPager(o).NextPage(ctx)
	page.PageList, page.length = answer.PageList, answer.BlobContentLength
	return page, err
}
