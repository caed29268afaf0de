package storage

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"failback/engine/transfer"
	"failback/providers/lab/blob"
)

// maxRanges is how many ranges one answer lists.
const maxRanges = 10_000

// pageRange is an element of the list.
type pageRange struct {
	transfer.Extent
	clear bool
}

// pageList answers Get Page Ranges, and the difference to an earlier snapshot.
func (c *call) pageList() error {
	v, err := c.open()
	if err != nil {
		return err
	}
	window := transfer.Extent{Len: v.Size()}
	if text := rangeHeader(c.r.Header); text != "" {
		if window, err = parseRange(text, v.Size()); err != nil {
			return err
		}
	}
	window = pagesOf(window)
	ranges, err := c.ranges(v, window)
	if err != nil {
		return err
	}
	ranges, next, err := page(ranges, c.query.Get("marker"), c.query.Get("maxresults"))
	if err != nil {
		return err
	}
	ranges, next = c.mangled(ranges, next, c.query.Get("marker"))
	doc := pageListXML(ranges, next)
	h := c.w.Header()
	v.describe(h)
	h.Set("Content-Type", "application/xml")
	h.Set("Content-Length", strconv.Itoa(len(doc)))
	h.Set("x-ms-blob-content-length", strconv.FormatInt(v.Size(), 10))
	c.w.WriteHeader(http.StatusOK)
	// A client that is gone learns nothing.
	_, _ = c.w.Write(doc)
	return nil
}

// ranges are what a list has of a window (inferred: that the service cuts ranges
// to it, rather than lists them whole, was not observed).
func (c *call) ranges(v view, window transfer.Extent) ([]pageRange, error) {
	prev, err := c.previous()
	if err != nil {
		return nil, err
	}
	if prev == "" {
		return interleave(transfer.Changes{Updated: v.ExtentsIn(window.Off, window.Len)}), nil
	}
	if c.fault != nil && c.fault.Full {
		return interleave(transfer.Changes{Updated: v.ExtentsIn(window.Off, window.Len)}), nil
	}
	// The footer of an export never changes.
	changes, err := v.blob.DiffIn(prev, c.query.Get("snapshot"), window.Off, max(0, min(window.End(), v.blob.Size())-window.Off))
	if errors.Is(err, blob.ErrNotFound) {
		// The other snapshot was found when the view was opened.
		return nil, previousNotFound
	}
	return interleave(changes), err
}

// previous is the snapshot to compare with, empty for none. Managed disks name
// it by URL in a header instead of by time in the query.
func (c *call) previous() (string, error) {
	prev := c.query.Get("prevsnapshot")
	if strings.Contains(prev, "://") {
		return "", invalidQuery("prevsnapshot")
	}
	text := c.r.Header.Get("x-ms-previous-snapshot-url")
	switch {
	case text == "" && prev != "" && c.export:
		return "", invalidQuery("prevsnapshot")
	case text == "":
		return prev, nil
	case prev != "" || !c.export:
		// Inferred from a client's documentation: the header is for exports only.
		return "", invalidHeader("x-ms-previous-snapshot-url")
	}
	return c.previousURL(text)
}

// previousURL finds the snapshot in an older export's address, whose own signature
// has to hold.
func (c *call) previousURL(text string) (string, error) {
	u, err := url.Parse(text)
	if err != nil {
		return "", invalidHeader("x-ms-previous-snapshot-url")
	}
	older := &http.Request{Method: http.MethodGet, URL: u, Host: u.Host, Header: http.Header{}}
	if name, export := exported(older, c.options.Account); !export || name != c.name {
		return "", invalidHeader("x-ms-previous-snapshot-url")
	}
	if c.authorize(older) != nil {
		return "", authenticationFailed
	}
	id := u.Query().Get("snapshot")
	if id == "" {
		return "", invalidHeader("x-ms-previous-snapshot-url")
	}
	return id, nil
}

// interleave puts updates and clearings in the order of their offsets, as the
// service lists them.
func interleave(changes transfer.Changes) []pageRange {
	out := make([]pageRange, 0, len(changes.Updated)+len(changes.Cleared))
	for _, e := range changes.Updated {
		out = append(out, pageRange{Extent: e})
	}
	for _, e := range changes.Cleared {
		out = append(out, pageRange{Extent: e, clear: true})
	}
	slices.SortFunc(out, func(a, b pageRange) int { return cmp.Compare(a.Off, b.Off) })
	return out
}

// pagesOf widens a window to the pages that it touches.
func pagesOf(window transfer.Extent) transfer.Extent {
	lo := window.Off / blob.Page * blob.Page
	hi := (window.End() + blob.Page - 1) / blob.Page * blob.Page
	return transfer.Extent{Off: lo, Len: hi - lo}
}

// page cuts one answer out of the list and says where the next one begins. The
// marker is opaque to clients; it is an offset, so that it stays good while the
// blob changes.
func page(ranges []pageRange, marker, maxResults string) (list []pageRange, next string, err error) {
	most := maxRanges
	if maxResults != "" {
		n, err := strconv.Atoi(maxResults)
		if err != nil || n <= 0 {
			return nil, "", invalidQuery("maxresults")
		}
		most = min(n, maxRanges)
	}
	if marker != "" {
		from, ok := readMarker(marker)
		if !ok {
			return nil, "", invalidQuery("marker")
		}
		i, _ := slices.BinarySearchFunc(ranges, from, func(r pageRange, off int64) int { return cmp.Compare(r.End()-1, off) })
		ranges = ranges[i:]
	}
	if len(ranges) > most {
		return ranges[:most], writeMarker(ranges[most].Off), nil
	}
	return ranges, "", nil
}

const markerPrefix = "2!"

func writeMarker(off int64) string {
	return base64.RawURLEncoding.EncodeToString([]byte(markerPrefix + strconv.FormatInt(off, 10)))
}

func readMarker(text string) (int64, bool) {
	plain, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return 0, false
	}
	number, ok := strings.CutPrefix(string(plain), markerPrefix)
	off, err := strconv.ParseUint(number, 10, 63)
	return int64(off), ok && err == nil
}

func pageListXML(ranges []pageRange, next string) []byte {
	var b bytes.Buffer
	b.Grow(80*len(ranges) + 128)
	b.WriteString(`<?xml version="1.0" encoding="utf-8"?><PageList>`)
	for _, r := range ranges {
		element := "PageRange"
		if r.clear {
			element = "ClearRange"
		}
		fmt.Fprintf(&b, "<%s><Start>%d</Start><End>%d</End></%s>", element, r.Off, r.End()-1, element)
	}
	if next != "" {
		fmt.Fprintf(&b, "<NextMarker>%s</NextMarker>", next)
	} else {
		b.WriteString("<NextMarker />")
	}
	b.WriteString("</PageList>")
	return b.Bytes()
}
