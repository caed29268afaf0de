package storage

import (
	"net/http"
	"strconv"
	"strings"

	"failback/engine/transfer"
)

// rangeHeader is the range of a request; x-ms-range has precedence.
func rangeHeader(h http.Header) string {
	if v := h.Get("x-ms-range"); v != "" {
		return v
	}
	return h.Get("Range")
}

// parseRange reads "bytes=first-last" or "bytes=first-" for a blob of size
// bytes; a last byte beyond the end is cut. It refuses one that starts beyond it.
func parseRange(text string, size int64) (transfer.Extent, error) {
	first, last, ok := splitRange(text)
	if !ok {
		return transfer.Extent{}, invalidHeader("x-ms-range")
	}
	if first >= size {
		return transfer.Extent{}, invalidRange
	}
	if last < 0 || last >= size {
		last = size - 1
	}
	return transfer.Extent{Off: first, Len: last - first + 1}, nil
}

// parsePages reads the range of a page write: whole pages within the blob, both
// ends given.
func parsePages(text string, size int64) (transfer.Extent, error) {
	first, last, ok := splitRange(text)
	if !ok {
		return transfer.Extent{}, invalidHeader("x-ms-range")
	}
	if last < 0 || last >= size || first%512 != 0 || (last+1)%512 != 0 {
		return transfer.Extent{}, invalidPageRange
	}
	return transfer.Extent{Off: first, Len: last - first + 1}, nil
}

// splitRange has -1 for a last byte that is not given.
func splitRange(text string) (first, last int64, ok bool) {
	spec, ok := strings.CutPrefix(strings.TrimSpace(text), "bytes=")
	if !ok {
		return 0, 0, false
	}
	from, to, ok := strings.Cut(spec, "-")
	if !ok {
		return 0, 0, false
	}
	// ParseUint: no signs; 63 bits: an int64.
	f, err := strconv.ParseUint(from, 10, 63)
	if err != nil {
		return 0, 0, false
	}
	if to == "" {
		return int64(f), -1, true
	}
	l, err := strconv.ParseUint(to, 10, 63)
	if err != nil || l < f {
		return 0, 0, false
	}
	return int64(f), int64(l), true
}
