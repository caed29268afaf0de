package azure

import (
	"bytes"
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"failback/engine"
)

// blobServer serves one page blob whose zero pages are not allocated, with a
// page list of two ranges an answer.
type blobServer struct {
	content []byte
	etag    atomic.Int64
	reads   atomic.Int64
	onRead  func(n int64)
}

var modified = time.Date(2026, 11, 1, 12, 0, 0, 0, time.UTC)

func (b *blobServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	tag := `"` + strconv.FormatInt(b.etag.Load(), 10) + `"`
	w.Header().Set("ETag", tag)
	w.Header().Set("Last-Modified", modified.Format(http.TimeFormat))
	if want := r.Header.Get("If-Match"); want != "" && want != tag {
		w.Header().Set("x-ms-error-code", "ConditionNotMet")
		w.WriteHeader(http.StatusPreconditionFailed)
		return
	}
	switch {
	case r.Method == http.MethodHead:
		w.Header().Set("Content-Length", strconv.Itoa(len(b.content)))
	case r.URL.Query().Get("comp") == "pagelist":
		b.pageList(w, r.URL.Query().Get("marker"))
	default:
		n := b.reads.Add(1)
		if b.onRead != nil {
			b.onRead(n)
		}
		var from, to int
		if _, err := fmt.Sscanf(r.Header.Get("x-ms-range"), "bytes=%d-%d", &from, &to); err != nil || to-from >= 4<<20 {
			w.WriteHeader(http.StatusRequestedRangeNotSatisfiable)
			return
		}
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", from, to, len(b.content)))
		w.WriteHeader(http.StatusPartialContent)
		_, _ = w.Write(b.content[from : to+1])
	}
}

func (b *blobServer) pageList(w http.ResponseWriter, marker string) {
	const page = 512
	var doc strings.Builder
	at, _ := strconv.Atoi(marker)
	for found := 0; at < len(b.content); at += page {
		end := min(at+page, len(b.content))
		if isZero(b.content[at:end]) {
			continue
		}
		if found++; found > 2 {
			break
		}
		for end < len(b.content) && !isZero(b.content[end:min(end+page, len(b.content))]) {
			end = min(end+page, len(b.content))
		}
		fmt.Fprintf(&doc, "<PageRange><Start>%d</Start><End>%d</End></PageRange>", at, end-1)
		at = end
	}
	next := ""
	if at < len(b.content) {
		next = strconv.Itoa(at)
	}
	w.Header().Set("Content-Type", "application/xml")
	_, _ = fmt.Fprintf(w, "<?xml version=\"1.0\"?><PageList>%s<NextMarker>%s</NextMarker></PageList>", doc.String(), next)
}

// sparse is a disk with runs of data, some larger than one piece, between holes.
func sparse(size int) []byte {
	content := make([]byte, size)
	random := rand.New(rand.NewPCG(1, 2))
	for _, run := range [][2]int{{512, 4096}, {1 << 20, 6 << 20}, {9 << 20, 9<<20 + 512}, {size - 1024, size}} {
		for i := run[0]; i < run[1]; i++ {
			content[i] = byte(random.Uint32()) | 1
		}
	}
	return content
}

func isZero(p []byte) bool { return len(bytes.Trim(p, "\x00")) == 0 }

// withFooter makes a fixed VHD of a disk.
func withFooter(content []byte) []byte {
	footer := make([]byte, 512)
	copy(footer, "conectix")
	binary.BigEndian.PutUint64(footer[48:], uint64(len(content)))
	binary.BigEndian.PutUint32(footer[60:], 2)
	var sum uint32
	for _, b := range footer {
		sum += uint32(b)
	}
	binary.BigEndian.PutUint32(footer[64:], ^sum)
	return append(bytes.Clone(content), footer...)
}

func serveBlob(t *testing.T, content []byte) (*blobServer, *Access, engine.Disk) {
	t.Helper()
	b := &blobServer{content: content}
	server := httptest.NewServer(b)
	t.Cleanup(server.Close)
	return b, NewAccess(loopbackSession(t, server.URL, nil)), engine.Disk{Name: "os", BlobURL: server.URL + "/asr/os.vhd"}
}

func TestS07DiskSumEqualsThePlainSum(t *testing.T) {
	disk := sparse(12 << 20)
	for name, blob := range map[string][]byte{"fixed VHD": withFooter(disk), "without footer": disk} {
		t.Run(name, func(t *testing.T) {
			_, a, d := serveBlob(t, blob)
			var last, calls int64
			got, err := a.DiskSum(t.Context(), d, func(done, total int64) {
				if done <= last || total != int64(len(disk)) {
					t.Errorf("progress %d of %d after %d", done, total, last)
				}
				last, calls = done, calls+1
			})
			if err != nil {
				t.Fatal(err)
			}
			want := sha256.Sum256(disk)
			if got.SHA256 != hex.EncodeToString(want[:]) || got.Bytes != int64(len(disk)) || got.Disk != "os" || !got.At.Equal(modified) {
				t.Errorf("sum = %+v, want %x", got, want)
			}
			if last != int64(len(disk)) || calls < 4 {
				t.Errorf("%d reports up to %d", calls, last)
			}
		})
	}
}

func TestEmptyDiskReadsOnlyItsFooter(t *testing.T) {
	b, a, d := serveBlob(t, make([]byte, 9<<20))
	got, err := a.DiskSum(t.Context(), d, nil)
	want := sha256.Sum256(make([]byte, 9<<20))
	if err != nil || got.SHA256 != hex.EncodeToString(want[:]) || b.reads.Load() != 1 {
		t.Errorf("sum = %+v, %v after %d reads", got, err, b.reads.Load())
	}
}

func TestAllocatedSumsAllPagesOfTheList(t *testing.T) {
	_, a, d := serveBlob(t, sparse(12<<20))
	got, err := a.Allocated(t.Context(), d)
	if want := int64(4096 - 512 + 5<<20 + 512 + 1024); err != nil || got != want {
		t.Errorf("allocated = %d, %v, want %d", got, err, want)
	}
}

func TestS07DiskThatChangesMeanwhileHasNoSum(t *testing.T) {
	b, a, d := serveBlob(t, sparse(12<<20))
	b.onRead = func(n int64) {
		if n == 2 {
			b.etag.Add(1)
		}
	}
	if got, err := a.DiskSum(t.Context(), d, nil); engine.KindOf(err) != engine.FailureRefused || got.SHA256 != "" {
		t.Errorf("sum = %+v, %v, want a refusal", got, err)
	}
}

func TestDisksThatCannotBeRead(t *testing.T) {
	a := NewAccess(loopbackSession(t, "http://127.0.0.1:1", nil))
	public, err := Open(Options{Subscription: "s"})
	if err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		access *Access
		disk   engine.Disk
		kind   engine.FailureKind
	}{
		"managed":                        {a, engine.Disk{Managed: true}, engine.FailureRefused},
		"not in Azure":                   {a, engine.Disk{}, engine.FailureNotFound},
		"off this machine":               {a, engine.Disk{BlobURL: "https://a1.blob.core.windows.net/x"}, engine.FailureRefused},
		"real cloud, foreign storage":    {NewAccess(public), engine.Disk{BlobURL: "https://evil.example/x"}, engine.FailureRefused},
		"real cloud, look-alike storage": {NewAccess(public), engine.Disk{BlobURL: "https://evilcore.windows.net/x"}, engine.FailureRefused},
		"real cloud, no TLS":             {NewAccess(public), engine.Disk{BlobURL: "http://a1.blob.core.windows.net/x"}, engine.FailureRefused},
	} {
		if _, err := c.access.DiskSum(t.Context(), c.disk, nil); engine.KindOf(err) != c.kind {
			t.Errorf("%s: error = %v, want kind %s", name, err, c.kind)
		}
	}
}

func machine(t *testing.T, h http.HandlerFunc) *Access {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return NewAccess(loopbackSession(t, server.URL, nil))
}

func TestS05PowerStates(t *testing.T) {
	ref := engine.AzureVMRef{ResourceGroup: "rg", Name: "web"}
	for code, want := range map[string]engine.Power{
		"PowerState/running": engine.PowerRunning, "PowerState/starting": engine.PowerStarting, "PowerState/stopping": engine.PowerStopping,
		"PowerState/deallocating": engine.PowerStopping, "PowerState/stopped": engine.PowerStopped, "powerstate/Deallocated": engine.PowerDeallocated,
		"PowerState/unknown": engine.PowerUnknown, "ProvisioningState/updating": engine.PowerUnknown,
	} {
		a := machine(t, func(w http.ResponseWriter, r *http.Request) {
			if !strings.HasPrefix(r.URL.Path, "/subscriptions/s1/resourceGroups/rg/") || !strings.HasSuffix(r.URL.Path, "/web/instanceView") {
				t.Errorf("path = %s", r.URL.Path)
			}
			_, _ = fmt.Fprintf(w, `{"statuses":[{"code":"ProvisioningState/succeeded"},null,{"code":%q}]}`, code)
		})
		if got, err := a.Power(t.Context(), ref); err != nil || got != want {
			t.Errorf("%s: power = %q, %v, want %q", code, got, err, want)
		}
	}
}

func TestS05OnlyAVMThatIsGoneCountsAsDeleted(t *testing.T) {
	ref := engine.AzureVMRef{Subscription: "s2", ResourceGroup: "rg", Name: "web"}
	for code, want := range map[string]engine.Power{
		"ResourceNotFound": engine.PowerDeleted, "ResourceGroupNotFound": engine.PowerDeleted, "SubscriptionNotFound": engine.PowerUnknown, "": engine.PowerUnknown,
	} {
		a := machine(t, func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusNotFound)
			_, _ = fmt.Fprintf(w, `{"error":{"code":%q,"message":"not there"}}`, code)
		})
		got, err := a.Power(t.Context(), ref)
		if got != want || (want == engine.PowerUnknown) != (engine.KindOf(err) == engine.FailureNotFound) {
			t.Errorf("%s: power = %q, %v, want %q", code, got, err, want)
		}
	}
	if got, err := NewAccess(loopbackSession(t, "http://127.0.0.1:1", nil)).Power(t.Context(), engine.AzureVMRef{}); engine.KindOf(err) != engine.FailureNotFound {
		t.Errorf("no VM named: power = %q, %v", got, err)
	}
}

func TestDeallocateIsSentOnceAndNotWaitedFor(t *testing.T) {
	for status, kind := range map[int]engine.FailureKind{http.StatusAccepted: "", http.StatusInternalServerError: engine.FailureUnknown, http.StatusTooManyRequests: engine.FailureRetryable} {
		var posts atomic.Int64
		a := machine(t, func(w http.ResponseWriter, r *http.Request) {
			if r.Method != http.MethodPost || !strings.HasSuffix(r.URL.Path, "/web/deallocate") {
				t.Errorf("%s %s", r.Method, r.URL.Path)
			}
			posts.Add(1)
			w.Header().Set("Location", "http://"+r.Host+"/operations/1")
			w.WriteHeader(status)
		})
		err := a.Deallocate(t.Context(), engine.AzureVMRef{ResourceGroup: "rg", Name: "web"})
		if (kind == "") != (err == nil) || kind != "" && engine.KindOf(err) != kind || posts.Load() != 1 {
			t.Errorf("%d: error = %v after %d POSTs, want kind %q", status, err, posts.Load(), kind)
		}
	}
}
