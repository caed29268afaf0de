package pageblob_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine/transfer"
	"failback/providers/azure/pageblob"
)

// TestS7AListThatCanNotBeTrueIsRefused has pages that come twice, go back, leave
// the disk, or never end. None becomes a full copy.
func TestS7AListThatCanNotBeTrueIsRefused(t *testing.T) {
	const first = "<PageRange><Start>0</Start><End>511</End></PageRange><PageRange><Start>1024</Start><End>2047</End></PageRange>"
	for what, pages := range map[string][]string{
		"a page twice":         {first, first},
		"back":                 {"<PageRange><Start>1024</Start><End>2047</End></PageRange><PageRange><Start>0</Start><End>511</End></PageRange>"},
		"beyond the end":       {"<PageRange><Start>1048064</Start><End>1049087</End></PageRange>"},
		"an end before":        {"<PageRange><Start>1024</Start><End>511</End></PageRange>"},
		"no end":               {"<PageRange><Start>1024</Start></PageRange>"},
		"the same page always": {"", "", "marker 1"},
	} {
		t.Run(what, func(t *testing.T) {
			r := newRig(t, 1<<20)
			b := r.open(t)
			asked := 0
			r.before = func(w http.ResponseWriter, q *http.Request) bool {
				if !list(q) {
					t.Errorf("it went on with %s", q.URL)
				}
				w.Header().Set("Content-Type", "application/xml")
				page, next := "", ""
				if asked < len(pages) {
					page = pages[asked]
				}
				if asked++; asked < len(pages) {
					next = fmt.Sprintf("marker %d", asked)
				}
				if strings.HasPrefix(page, "marker") {
					page, next = "", page
				}
				_, _ = fmt.Fprintf(w, "<PageList>%s<NextMarker>%s</NextMarker></PageList>", page, next)
				return true
			}
			if what == "the same page always" {
				pages[2] = "marker 2"
			}
			to := &target{p: make([]byte, 1<<20)}
			if _, err := transfer.Copy(t.Context(), b, to, transfer.Options{}); !errors.Is(err, transfer.ErrList) {
				t.Errorf("the copy ended with %v", err)
			}
		})
	}
}

func TestAListThatIsTooMuchIsHalved(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 100<<30)
		for _, off := range []int64{0, 8<<30 - 512, 8 << 30, 40 << 30, 99 << 30} {
			_, err := r.blob.WriteAt(make([]byte, 1024), off)
			must(t, err)
		}
		b, refused := r.open(t), 0
		r.before = func(w http.ResponseWriter, q *http.Request) bool {
			var from, to int64
			_, _ = fmt.Sscanf(q.Header.Get("x-ms-range"), "bytes=%d-%d", &from, &to)
			if list(q) && to-from >= 16<<30 {
				r.mu.Lock()
				refused++
				r.mu.Unlock()
				w.Header().Set("x-ms-error-code", "OperationTimedOut")
				w.WriteHeader(http.StatusInternalServerError)
				return true
			}
			return false
		}
		got, err := b.Extents(t.Context())
		must(t, err)
		if !slices.Equal(got, r.blob.Extents()) || refused < 4 {
			t.Errorf("%v after %d refusals", got, refused)
		}
		// A service that gives up on everything is an error, not an endless halving.
		r.before = func(w http.ResponseWriter, q *http.Request) bool {
			w.Header().Set("x-ms-error-code", "OperationTimedOut")
			w.WriteHeader(http.StatusInternalServerError)
			return list(q)
		}
		if _, err := b.Extents(t.Context()); err == nil {
			t.Error("a list that never came was one")
		}
	})
}

func TestABusyServiceIsAskedAgainForItsList(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 1<<20)
		r.fill(t)
		b, begun, times := r.open(t), time.Now(), 0
		r.before = func(w http.ResponseWriter, _ *http.Request) bool {
			if times++; times > 3 {
				return false
			}
			w.Header().Set("x-ms-error-code", "ServerBusy")
			w.Header().Set("Retry-After", "20")
			w.WriteHeader(http.StatusServiceUnavailable)
			return true
		}
		got, err := b.Extents(t.Context())
		if err != nil || !slices.Equal(got, r.blob.Extents()) || time.Since(begun) < time.Minute {
			t.Errorf("%v %v after %v", got, err, time.Since(begun))
		}
	})
}

func TestChangesAreUpdatesAndClearings(t *testing.T) {
	r := newRig(t, 4<<20)
	r.fill(t)
	first, err := r.blob.Snapshot(time.Now())
	must(t, err)
	_, err = r.blob.WriteAt(make([]byte, 4096), 8192)
	must(t, err)
	must(t, r.blob.ClearAt(1<<20, 1<<20))
	second, err := r.blob.Snapshot(time.Now())
	must(t, err)
	o := r.options()
	o.Snapshot = second
	b, err := pageblob.Open(t.Context(), o)
	must(t, err)
	ch, err := b.Changes(t.Context(), pageblob.Older{Snapshot: first})
	must(t, err)
	if !slices.Equal(ch.Updated, []transfer.Extent{{Off: 8192, Len: 4096}}) || !slices.Equal(ch.Cleared, []transfer.Extent{{Off: 1 << 20, Len: 700 << 10}}) {
		t.Errorf("%+v", ch)
	}
	if _, err := b.Changes(t.Context(), pageblob.Older{Snapshot: "2001-01-01T00:00:00.0000000Z"}); err == nil {
		t.Error("changes since a snapshot that never was")
	}
	if _, err := b.Changes(t.Context(), pageblob.Older{}); err == nil {
		t.Error("changes since nothing")
	}
}

// TestADiffThatIsNoneIsNoticed has a server like Azurite: it takes any older
// snapshot and lists everything.
func TestADiffThatIsNoneIsNoticed(t *testing.T) {
	r := newRig(t, 4<<20)
	r.fill(t)
	id, err := r.blob.Snapshot(time.Now())
	must(t, err)
	b := r.open(t)
	r.before = func(_ http.ResponseWriter, q *http.Request) bool {
		values := q.URL.Query()
		values.Del("prevsnapshot")
		q.URL.RawQuery = values.Encode()
		return false
	}
	ch, err := b.Changes(t.Context(), pageblob.Older{Snapshot: id})
	must(t, err)
	full, err := b.Extents(t.Context())
	must(t, err)
	if err := transfer.CheckDiff(ch, full); !errors.Is(err, transfer.ErrList) {
		t.Errorf("the whole disk passed for its changes: %v", err)
	}
}

func TestAnExportedDiskIsAskedWithoutConditions(t *testing.T) {
	r := newRig(t, 1<<20)
	first, err := r.blob.Snapshot(time.Now())
	must(t, err)
	_, err = r.blob.WriteAt(make([]byte, 512), 512)
	must(t, err)
	second, err := r.blob.Snapshot(time.Now())
	must(t, err)
	sign := func(id string) string {
		return "https://md-1.z1.blob.storage.example/" + name + "?" + r.signer.Sign(name, id, time.Now().Add(time.Hour)).Encode()
	}
	o := r.options()
	o.URL = sign(second)
	b, err := pageblob.Open(t.Context(), o)
	must(t, err)
	ch, err := b.Changes(t.Context(), pageblob.Older{URL: sign(first)})
	must(t, err)
	must(t, b.ReadAt(t.Context(), make([]byte, 512), 0))
	if len(ch.Updated) != 1 || ch.Updated[0] != (transfer.Extent{Off: 512, Len: 512}) {
		t.Errorf("%+v", ch)
	}
	for _, q := range r.seen {
		if q.Header.Get("If-Match") != "" || q.URL.Query().Has("prevsnapshot") {
			t.Errorf("sent %s %v", q.URL, q.Header)
		}
	}
}

// footer is that of a fixed VHD of size bytes.
func footer(size uint64) []byte {
	p := make([]byte, 512)
	copy(p, "conectix")
	binary.BigEndian.PutUint64(p[48:], size)
	binary.BigEndian.PutUint32(p[60:], 2)
	var sum uint32
	for _, c := range p {
		sum += uint32(c)
	}
	binary.BigEndian.PutUint32(p[64:], ^sum)
	return p
}

func TestTheFooterOfAVHDIsNoPartOfTheDisk(t *testing.T) {
	const size = 1 << 20
	broken := footer(size)
	broken[20]++
	dynamic := footer(size)
	dynamic[63] = 3
	binary.BigEndian.PutUint32(dynamic[64:], binary.BigEndian.Uint32(dynamic[64:])-1)
	for what, c := range map[string]struct {
		end  []byte
		size int64
	}{
		"fixed": {footer(size), size}, "none": {bytes.Repeat([]byte{1}, 512), size + 512}, "zeros": {nil, size + 512},
		"checksum": {broken, 0}, "dynamic": {dynamic, 0}, "another size": {footer(size - 512), 0},
	} {
		t.Run(what, func(t *testing.T) {
			r := newRig(t, size+512)
			if c.end != nil {
				_, err := r.blob.WriteAt(c.end, size)
				must(t, err)
			}
			_, err := r.blob.WriteAt(make([]byte, 512), 512)
			must(t, err)
			b, err := pageblob.Open(t.Context(), r.options())
			if c.size == 0 {
				if !errors.Is(err, pageblob.ErrVHD) {
					t.Errorf("opened with %v", err)
				}
				return
			}
			must(t, err)
			if b.Size() != c.size || b.Length() != size+512 {
				t.Errorf("%d of %d bytes", b.Size(), b.Length())
			}
			extents, err := b.Extents(t.Context())
			must(t, err)
			if last := extents[len(extents)-1]; last.End() > c.size {
				t.Errorf("%v leave the disk", extents)
			}
			if err := b.ReadAt(t.Context(), make([]byte, 512), c.size); err == nil {
				t.Error("read beyond the disk")
			}
		})
	}
}
