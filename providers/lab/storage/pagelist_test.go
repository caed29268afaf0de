package storage_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/pageblob"
	"pgregory.net/rapid"

	"failback/engine/transfer"
	source "failback/providers/azure/pageblob"
	"failback/providers/lab/storage"
)

func TestPageListsAreRead(t *testing.T) {
	l := newLab(t, storage.Options{})
	b := l.disk(t, 1<<20)
	page := incompressible(512, 1)
	for i := range int64(10) {
		_, err := b.WriteAt(page, i*2048)
		must(t, err)
	}
	first, err := b.Snapshot(time.Now())
	must(t, err)
	must(t, b.ClearAt(0, 512))
	_, err = b.WriteAt(page, 1024)
	must(t, err)
	must(t, b.ClearAt(2048, 512))
	second, err := b.Snapshot(time.Now())
	must(t, err)

	remote := l.open(t, first)
	extents, err := remote.Extents(t.Context())
	must(t, err)
	if len(extents) != 10 || extents[9] != (transfer.Extent{Off: 9 * 2048, Len: 512}) {
		t.Errorf("extents %v", extents)
	}
	remote = l.open(t, second)
	changes, err := remote.Changes(t.Context(), source.Older{Snapshot: first})
	must(t, err)
	if !slices.Equal(changes.Updated, []transfer.Extent{{Off: 1024, Len: 512}}) ||
		!slices.Equal(changes.Cleared, []transfer.Extent{{Off: 0, Len: 512}, {Off: 2048, Len: 512}}) {
		t.Errorf("changes %v", changes)
	}
	res := l.do(t, http.MethodGet, "?comp=pagelist&snapshot="+url.QueryEscape(second)+"&prevsnapshot="+url.QueryEscape(first), nil, nil)
	text, err := io.ReadAll(res.Body)
	must(t, err)
	want := "<ClearRange><Start>0</Start><End>511</End></ClearRange><PageRange><Start>1024</Start><End>1535</End></PageRange><ClearRange><Start>2048"
	if !strings.Contains(string(text), want) {
		t.Errorf("not interleaved: %s", text)
	}
}

func TestPreviousSnapshots(t *testing.T) {
	l := newLab(t, storage.Options{})
	b := l.disk(t, 4096)
	first, err := b.Snapshot(time.Now())
	must(t, err)
	_, err = b.WriteAt(make([]byte, 512), 512)
	must(t, err)
	second, err := b.Snapshot(time.Now())
	must(t, err)
	esc := url.QueryEscape
	for _, c := range []struct {
		name, query, header string
		code                string
	}{
		{"known", "&prevsnapshot=" + esc(first), "", ""},
		{"unknown", "&prevsnapshot=" + esc("2001-01-01T00:00:00.0000000Z"), "", "PreviousSnapshotNotFound"},
		{"newer", "&snapshot=" + esc(first) + "&prevsnapshot=" + esc(second), "", "PreviousSnapshotCannotBeNewer"},
		{"a URL in the query", "&prevsnapshot=" + esc(diskURL+"?snapshot="+first), "", "InvalidQueryParameterValue"},
		{"a URL in the header, of no export", "", diskURL + "?snapshot=" + esc(first), "InvalidHeaderValue"},
		{"a URL of something else", "", account + "vhds/other?snapshot=" + esc(first), "InvalidHeaderValue"},
		{"an unknown snapshot", "&snapshot=" + esc("2001-01-01T00:00:00.0000000Z"), "", "BlobNotFound"},
		{"a bad marker", "&marker=x", "", "InvalidQueryParameterValue"},
		{"no results", "&maxresults=0", "", "InvalidQueryParameterValue"},
	} {
		res := l.do(t, http.MethodGet, "?comp=pagelist"+c.query, map[string]string{"x-ms-previous-snapshot-url": c.header}, nil)
		text, err := io.ReadAll(res.Body)
		must(t, err)
		if res.Header.Get("x-ms-error-code") != c.code {
			t.Errorf("%s: %s %s", c.name, res.Status, text)
		}
		if c.code == "" && !strings.Contains(string(text), "<PageRange><Start>512</Start><End>1023</End></PageRange>") {
			t.Errorf("%s: %s", c.name, text)
		}
	}
}

func TestLongListsComeInPages(t *testing.T) {
	var requests int
	l := newLab(t, storage.Options{Before: func(*http.Request) *storage.Fault {
		requests++
		return nil
	}})
	const ranges = 25_000
	b := l.disk(t, ranges*1024)
	empty, err := b.Snapshot(time.Now())
	must(t, err)
	must(t, b.Atomic(func(w io.WriterAt) error {
		for i := range int64(ranges) {
			if _, err := w.WriteAt(make([]byte, 512), i*1024); err != nil {
				return err
			}
		}
		return nil
	}))
	remote := l.open(t, "")
	requests = 0
	extents, err := remote.Extents(t.Context())
	must(t, err)
	if !slices.Equal(extents, b.Extents()) || len(extents) != ranges {
		t.Errorf("%d of %d ranges", len(extents), ranges)
	}
	if requests != 3 {
		t.Errorf("%d requests for three pages", requests)
	}
	written, err := b.Snapshot(time.Now())
	must(t, err)
	for i := range int64(ranges) {
		if i%2 == 1 {
			must(t, b.ClearAt(i*1024, 512))
			continue
		}
		_, err := b.WriteAt(make([]byte, 512), i*1024)
		must(t, err)
	}
	for older, want := range map[string]int{empty: ranges / 2, written: ranges} {
		requests = 0
		changes, err := l.open(t, "").Changes(t.Context(), source.Older{Snapshot: older})
		must(t, err)
		if len(changes.Updated)+len(changes.Cleared) != want || requests != 1+(want+9_999)/10_000 {
			t.Errorf("%d updates, %d clearings in %d requests", len(changes.Updated), len(changes.Cleared), requests)
		}
	}
}

func TestRangeOfAPageListIsCutOut(t *testing.T) {
	l := newLab(t, storage.Options{})
	_, err := l.disk(t, 1<<20).WriteAt(make([]byte, 8192), 4096)
	must(t, err)
	res := l.do(t, http.MethodGet, "?comp=pagelist", map[string]string{"x-ms-range": "bytes=5000-6000"}, nil)
	text, err := io.ReadAll(res.Body)
	must(t, err)
	if !strings.Contains(string(text), "<PageList><PageRange><Start>4608</Start><End>6143</End></PageRange>") {
		t.Errorf("%s", text)
	}
}

func TestRemoteRefusesAListThatDoesNotFitTheDisk(t *testing.T) {
	answers := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method == http.MethodHead {
			w.Header().Set("Content-Length", "1024")
			return
		}
		w.Header().Set("Content-Type", "application/xml")
		_, _ = io.WriteString(w, `<PageList><PageRange><Start>512</Start><End>1535</End></PageRange></PageList>`)
	})
	l := &lab{handler: answers}
	remote := l.open(t, "")
	if _, err := remote.Changes(t.Context(), source.Older{Snapshot: "2001-01-01T00:00:00.0000000Z"}); !errors.Is(err, transfer.ErrList) {
		t.Error("changes beyond the end of the disk")
	}
	if err := remote.ReadAt(t.Context(), make([]byte, 512), 0); err == nil {
		t.Error("an answer for no range was taken for the bytes")
	}
}

// The pages of any list, joined, are the list.
func TestPagesJoin(t *testing.T) {
	l := newLab(t, storage.Options{})
	b := l.disk(t, 64<<10)
	outer := t
	rapid.Check(t, func(t *rapid.T) {
		if err := b.ClearAt(0, b.Size()); err != nil {
			t.Fatal(err)
		}
		for _, page := range rapid.SliceOfN(rapid.Int64Range(0, 127), 0, 60).Draw(t, "pages") {
			if _, err := b.WriteAt(make([]byte, 512), page*512); err != nil {
				t.Fatal(err)
			}
		}
		most := rapid.IntRange(1, 20).Draw(t, "maxresults")
		remote, err := listPages(l.client(outer), int32(most))
		if err != nil {
			t.Fatal(err)
		}
		if !slices.Equal(transfer.Normalize(remote), b.Extents()) {
			t.Fatalf("pages of %d: %v, want %v", most, remote, b.Extents())
		}
	})
}

func FuzzRequest(f *testing.F) {
	f.Add("GET", "comp=pagelist&maxresults=3&marker=MiE1MTI", "bytes=0-511", "")
	f.Add("PUT", "comp=page", "bytes=0-511", "update")
	f.Add("DELETE", "snapshot=2001-01-01T00:00:00.0000000Z", "", "clear")
	l := newLab(f, storage.Options{})
	f.Fuzz(func(t *testing.T, method, query, span, write string) {
		if method == "" || strings.ContainsFunc(method, func(r rune) bool { return r <= ' ' || r > '~' }) {
			t.Skip("no HTTP method")
		}
		if _, err := l.store.Get(diskName); err != nil {
			l.disk(t, 4096)
		}
		r := &http.Request{
			Method: method, URL: &url.URL{Path: "/" + diskName, RawQuery: query},
			Header: http.Header{"X-Ms-Range": {span}, "X-Ms-Page-Write": {write}}, Body: io.NopCloser(strings.NewReader(span)),
		}
		w := httptest.NewRecorder()
		l.handler.ServeHTTP(w, r)
		if w.Code >= 500 {
			t.Errorf("%s ?%s %s %s: %d %s", method, query, span, write, w.Code, w.Body)
		}
	})
}

// listPages lists page ranges most at a time, as Microsoft's client does.
func listPages(c *pageblob.Client, most int32) ([]transfer.Extent, error) {
	var out []transfer.Extent
	pager := c.NewGetPageRangesPager(&pageblob.GetPageRangesOptions{MaxResults: &most})
	for pager.More() {
		answer, err := pager.NextPage(context.Background())
		if err != nil {
			return nil, err
		}
		for _, r := range answer.PageRange {
			out = append(out, transfer.Extent{Off: *r.Start, Len: *r.End - *r.Start + 1})
		}
	}
	return out, nil
}
