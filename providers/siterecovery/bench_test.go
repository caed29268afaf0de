package siterecovery

import (
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"runtime"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"failback/engine"
	"failback/providers/azure"
)

// A vault of 5,000 items on pages of 100, over loopback. How long pages of the service
// are is not known.
const (
	wholeVault = 5000
	pageRows   = 100
)

func largeVault(tb testing.TB) *httptest.Server {
	tb.Helper()
	s, _ := countedVault(tb)
	return s
}

func countedVault(tb testing.TB) (*httptest.Server, *atomic.Int64) {
	tb.Helper()
	var asked atomic.Int64
	pages := make([]string, 0, wholeVault/pageRows)
	var url string
	for from := 0; from < wholeVault; from += pageRows {
		var rows []string
		for i := from; i < from+pageRows; i++ {
			doc := item{}.doc()
			// Each has a name, an id and a VM of its own.
			doc = strings.ReplaceAll(doc, "web", fmt.Sprintf("web-%04d", i))
			rows = append(rows, strings.ReplaceAll(doc, `"id":"`+testItem, fmt.Sprintf(`"id":"%s-%04d`, testItem, i)))
		}
		pages = append(pages, `{"value":[`+strings.Join(rows, ",")+`]`)
	}
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Add(1)
		if !strings.HasSuffix(r.URL.Path, "/replicationProtectedItems") {
			_, _ = io.WriteString(w, `{"value":[]}`)
			return
		}
		n, _ := strconv.Atoi(r.URL.Query().Get("page"))
		_, _ = io.WriteString(w, pages[n])
		if n+1 < len(pages) {
			_, _ = fmt.Fprintf(w, `,"nextLink":"%s%s?page=%d&api-version=2025-01-01"`, url, r.URL.Path, n+1)
		}
		_, _ = io.WriteString(w, "}")
	}))
	tb.Cleanup(s.Close)
	url = s.URL
	return s, &asked
}

func largeClient(tb testing.TB, url string) *Client {
	tb.Helper()
	session, err := azure.Open(azure.Options{Cloud: azure.Cloud{ResourceManager: url}, Auth: azure.AuthLoopback, Token: "t", Subscription: "s"})
	if err != nil {
		tb.Fatal(err)
	}
	c, err := New(Options{Subscription: "s", ResourceGroup: "g", Vault: "v", Credential: session.Credential(), ClientOptions: session.ClientOptions()})
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

// Pages are told as they come, and are all there at the end.
func TestItemsAreToldPageByPage(t *testing.T) {
	s, asked := countedVault(t)
	c := largeClient(t, s.URL)
	came, pages := 0, 0
	items, err := c.Browse(t.Context(), func(page []engine.Item) {
		pages++
		came += len(page)
		if page[0].Name == "" || page[0].State == "" {
			t.Errorf("an item that says nothing: %+v", page[0])
		}
	})
	if err != nil || len(items) != wholeVault || came != wholeVault || pages != wholeVault/pageRows {
		t.Errorf("%d items, %d came on %d pages, %v", len(items), came, pages, err)
	}
	// Beside the pages: fabrics, hosts, and the history of jobs once.
	if n := asked.Load(); n != wholeVault/pageRows+3 {
		t.Errorf("%d requests", n)
	}
}

// BenchmarkInventoryFloor reads the same bytes over the same pages and decodes nothing.
func BenchmarkInventoryFloor(b *testing.B) {
	s := largeVault(b)
	b.ReportAllocs()
	for b.Loop() {
		for n := range wholeVault / pageRows {
			r, err := http.Get(fmt.Sprintf("%s/replicationProtectedItems?page=%d", s.URL, n))
			if err != nil {
				b.Fatal(err)
			}
			read, err := io.Copy(io.Discard, r.Body)
			if err != nil || read == 0 {
				b.Fatal(read, err)
			}
			_ = r.Body.Close()
		}
	}
}

// BenchmarkInventory lists 5,000 items as the wizard does; kept-MB is what stays in
// memory for as long as the list is kept.
func BenchmarkInventory(b *testing.B) {
	c := largeClient(b, largeVault(b).URL)
	heap := func() float64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return float64(m.HeapAlloc)
	}
	before := heap()
	var items []engine.Item
	b.ReportAllocs()
	for b.Loop() {
		var err error
		if items, err = c.Items(b.Context()); err != nil || len(items) != wholeVault {
			b.Fatal(len(items), err)
		}
	}
	b.ReportMetric((heap()-before)/1e6, "kept-MB")
	runtime.KeepAlive(items)
}
