package pageblob_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"failback/engine/transfer"
	"failback/providers/azure/pageblob"
	"failback/providers/lab/blob"
	"failback/providers/lab/storage"
	"failback/providers/lab/wire"
)

const (
	name = "vhds/os.vhd"
	url  = "https://lab.blob.core.example/" + name
)

// rig is a storage account with one blob, and whatever stands before it.
type rig struct {
	blob   *blob.Blob
	server http.Handler
	signer *storage.Signer
	// before answers instead of the server where it returns true.
	before func(w http.ResponseWriter, r *http.Request) bool

	mu   sync.Mutex
	seen []*http.Request
}

func newRig(tb testing.TB, size int64) *rig {
	tb.Helper()
	s, err := blob.OpenStore(tb.TempDir())
	must(tb, err)
	tb.Cleanup(func() { must(tb, s.Close()) })
	r := &rig{signer: storage.NewSigner([]byte("key"), time.Now)}
	r.server = storage.New(s, storage.Options{SAS: r.signer.Check})
	r.blob, err = s.Create(name, size)
	must(tb, err)
	return r
}

func (r *rig) ServeHTTP(w http.ResponseWriter, q *http.Request) {
	r.mu.Lock()
	r.seen = append(r.seen, q)
	r.mu.Unlock()
	if r.before == nil || !r.before(w, q) {
		r.server.ServeHTTP(w, q)
	}
}

func (r *rig) options() pageblob.Options {
	return pageblob.Options{URL: url, Client: policy.ClientOptions{
		Transport: &http.Client{Transport: wire.Transport(r)}, Retry: policy.RetryOptions{MaxRetries: -1},
	}}
}

func (r *rig) open(tb testing.TB) *pageblob.Blob {
	tb.Helper()
	b, err := pageblob.Open(tb.Context(), r.options())
	must(tb, err)
	return b
}

// fill writes runs of incompressible data with holes between and returns the disk.
func (r *rig) fill(tb testing.TB) []byte {
	tb.Helper()
	disk, rnd := make([]byte, r.blob.Size()), rand.NewChaCha8([32]byte{7})
	for off := int64(0); off < r.blob.Size(); off += 1 << 20 {
		p := disk[off : off+min(700<<10, r.blob.Size()-off)]
		_, _ = rnd.Read(p)
		_, err := r.blob.WriteAt(p, off)
		must(tb, err)
	}
	return disk
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

// target is a disk in memory.
type target struct {
	mu sync.Mutex
	p  []byte
}

func (t *target) ReadAt(p []byte, off int64) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	if off >= int64(len(t.p)) {
		return 0, io.EOF
	}
	return copy(p, t.p[off:]), nil
}

func (t *target) WriteAt(p []byte, off int64) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	return copy(t.p[off:], p), nil
}

func (t *target) Sync() error { return nil }

// ask asks once for the first 512 bytes, as the engine does.
func ask(tb testing.TB, b *pageblob.Blob) error {
	tb.Helper()
	body, err := b.ReadRange(tb.Context(), 0, 512)
	if err != nil {
		return err
	}
	_, err = io.ReadAll(body)
	return errors.Join(err, body.Close())
}

func read(q *http.Request) bool { return q.Method == http.MethodGet && !q.URL.Query().Has("comp") }
func list(q *http.Request) bool { return q.URL.Query().Get("comp") == "pagelist" }

// answered is what the server says to a request, to be changed.
func (r *rig) answered(q *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	r.server.ServeHTTP(w, q)
	return w
}

func send(w http.ResponseWriter, a *httptest.ResponseRecorder) {
	for k, v := range a.Header() {
		w.Header()[k] = v
	}
	w.WriteHeader(a.Code)
	_, _ = w.Write(a.Body.Bytes())
}

func TestS7AFlippedByteIsAskedForAgain(t *testing.T) {
	r := newRig(t, 3<<20)
	disk := r.fill(t)
	b, flipped := r.open(t), 0
	r.before = func(w http.ResponseWriter, q *http.Request) bool {
		if !read(q) || flipped == 2 {
			return false
		}
		flipped++
		a := r.answered(q)
		a.Body.Bytes()[1000] ^= 4
		send(w, a)
		return true
	}
	to := &target{p: make([]byte, len(disk))}
	_, err := transfer.Copy(t.Context(), b, to, transfer.Options{Streams: 1})
	must(t, err)
	if !bytes.Equal(to.p, disk) {
		t.Error("the target is another disk")
	}
	tally := b.Checked()
	if tally.Damaged != 2 || tally.CRC64 < 3*700<<10 || tally.MD5+tally.Unchecked != 0 {
		t.Errorf("counted %+v", tally)
	}

	r.before = func(w http.ResponseWriter, q *http.Request) bool {
		a := r.answered(q)
		if read(q) {
			a.Body.Bytes()[0] ^= 1
		}
		send(w, a)
		return true
	}
	if err := b.ReadAt(t.Context(), make([]byte, 4096), 0); !errors.Is(err, pageblob.ErrSum) || !strings.Contains(err.Error(), "4096 bytes at 0") {
		t.Errorf("bytes that are always damaged: %v", err)
	}
}

// TestAServiceThatKnowsNoSumIsAskedForAnother has answers without CRC-64, without
// any sum, and the refusal that Azurite gives.
func TestAServiceThatKnowsNoSumIsAskedForAnother(t *testing.T) {
	for what, c := range map[string]struct {
		refuse, strip []string
		want          func(pageblob.Tally) int64
	}{
		"no CRC-64":       {strip: []string{"x-ms-content-crc64"}, want: func(t pageblob.Tally) int64 { return t.MD5 }},
		"no sum":          {strip: []string{"x-ms-content-crc64", "Content-MD5"}, want: func(t pageblob.Tally) int64 { return t.Unchecked }},
		"CRC-64 refused":  {refuse: []string{"x-ms-range-get-content-crc64"}, want: func(t pageblob.Tally) int64 { return t.MD5 }},
		"any sum refused": {refuse: []string{"x-ms-range-get-content-crc64", "x-ms-range-get-content-md5"}, want: func(t pageblob.Tally) int64 { return t.Unchecked }},
	} {
		t.Run(what, func(t *testing.T) {
			r := newRig(t, 3<<20)
			disk := r.fill(t)
			r.before = func(w http.ResponseWriter, q *http.Request) bool {
				for _, h := range c.refuse {
					if q.Header.Get(h) != "" {
						w.Header().Set("x-ms-error-code", "FeatureNotSupported")
						w.WriteHeader(http.StatusInternalServerError)
						return true
					}
				}
				a := r.answered(q)
				for _, h := range c.strip {
					a.Header().Del(h)
				}
				send(w, a)
				return true
			}
			b := r.open(t)
			p := make([]byte, len(disk))
			for range 2 {
				must(t, b.ReadAt(t.Context(), p, 0))
			}
			if tally := b.Checked(); !bytes.Equal(p, disk) || c.want(tally) < int64(len(disk)) {
				t.Errorf("counted %+v", tally)
			}
		})
	}
}

func TestASignatureIsReplacedInMidRun(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		r := newRig(t, 16<<20)
		disk := r.fill(t)
		sign := func() string { return url + "?" + r.signer.Sign(name, "", time.Now().Add(time.Hour)).Encode() }
		o := r.options()
		o.URL = sign()
		b, err := pageblob.Open(t.Context(), o)
		must(t, err)
		reads, renewed := 0, 0
		r.before = func(_ http.ResponseWriter, q *http.Request) bool {
			if r.mu.Lock(); read(q) {
				reads++
			}
			now := reads
			r.mu.Unlock()
			if read(q) && (now == 5 || now == 12) {
				r.signer.Revoke(name, "")
			}
			return false
		}
		to := &target{p: make([]byte, len(disk))}
		opt := transfer.Options{Request: 1 << 20}
		last := b
		opt.Renew = func(ctx context.Context) (transfer.Source, error) {
			renewed++
			var err error
			last, err = last.Renewed(ctx, sign())
			return last, err
		}
		_, err = transfer.Copy(t.Context(), b, to, opt)
		must(t, err)
		if !bytes.Equal(to.p, disk) || renewed != 2 {
			t.Errorf("renewed %d times; the right disk: %t", renewed, bytes.Equal(to.p, disk))
		}
		if got := last.Checked().CRC64; got < int64(len(disk))*6/10 {
			t.Errorf("the count began anew: %d", got)
		}
		if at, ok := last.Expires(); !ok || time.Until(at) < 59*time.Minute {
			t.Errorf("expires %v %t", at, ok)
		}
		if _, err := last.Renewed(t.Context(), strings.Replace(sign(), "os.vhd", "data.vhd", 1)); err == nil || strings.Contains(err.Error(), "sig=") {
			t.Errorf("a signature for another blob: %v", err)
		}
	})
}

// TestWhatTheServiceSaysIsSorted has one refusal after the other.
func TestWhatTheServiceSaysIsSorted(t *testing.T) {
	r := newRig(t, 1<<20)
	b := r.open(t)
	for _, c := range []struct {
		status int
		code   string
		wait   string
		want   any
	}{
		{503, "ServerBusy", "7", new(*transfer.Throttled)},
		{429, "TooManyRequests", "", new(*transfer.Throttled)},
		{500, "OperationTimedOut", "", new(*transfer.Throttled)},
		{502, "", "", new(*transfer.Throttled)},
		{403, "AuthenticationFailed", "", new(*transfer.Expired)},
		{401, "InvalidAuthenticationInfo", "", new(*transfer.Expired)},
		{403, "AuthorizationPermissionMismatch", "", nil},
		{404, "BlobNotFound", "", nil},
	} {
		r.before = func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("x-ms-error-code", c.code)
			if c.wait != "" {
				w.Header().Set("Retry-After", c.wait)
			}
			w.WriteHeader(c.status)
			return true
		}
		err := ask(t, b)
		var throttled *transfer.Throttled
		var expired *transfer.Expired
		var short *transfer.Short
		none := !errors.As(err, &throttled) && !errors.As(err, &expired) && !errors.As(err, &short)
		if err == nil || c.want == nil && !none || c.want != nil && !errors.As(err, c.want) {
			t.Errorf("%d %s: %v", c.status, c.code, err)
		}
		if c.wait == "7" && (throttled == nil || throttled.RetryAfter != 7*time.Second) {
			t.Errorf("wait %v", throttled)
		}
	}
}

// TestAnswersForSomethingElseAreRefused has a server that answers what was not asked.
func TestAnswersForSomethingElseAreRefused(t *testing.T) {
	r := newRig(t, 1<<20)
	r.fill(t)
	b := r.open(t)
	var short *transfer.Short
	for what, c := range map[string]struct {
		content string
		cut     int
		is      func(error) bool
	}{
		"another range":      {content: "bytes 512-1023/1048576", is: func(err error) bool { return strings.Contains(err.Error(), "the answer is for") }},
		"another length":     {content: "bytes 0-511/2097152", is: func(err error) bool { return errors.Is(err, pageblob.ErrChanged) }},
		"fewer, and says so": {content: "bytes 0-255/1048576", is: func(err error) bool { return errors.As(err, &short) }},
		"fewer":              {content: "bytes 0-511/1048576", cut: 100, is: func(err error) bool { return errors.As(err, &short) }},
		"no range":           {content: "", is: func(err error) bool { return strings.Contains(err.Error(), "the answer is for") }},
	} {
		r.before = func(w http.ResponseWriter, q *http.Request) bool {
			a := r.answered(q)
			a.Header().Set("Content-Range", c.content)
			if c.cut > 0 {
				a.Header().Set("Content-Length", strconv.Itoa(c.cut))
				a.Body.Truncate(c.cut)
			}
			send(w, a)
			return true
		}
		if err := ask(t, b); err == nil || !c.is(err) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

func TestADiskThatIsWrittenToIsNoticed(t *testing.T) {
	r := newRig(t, 1<<20)
	b := r.open(t)
	_, err := r.blob.WriteAt(make([]byte, 512), 0)
	must(t, err)
	if err := b.ReadAt(t.Context(), make([]byte, 512), 0); !errors.Is(err, pageblob.ErrChanged) {
		t.Errorf("read: %v", err)
	}
	if _, err := b.Extents(t.Context()); !errors.Is(err, pageblob.ErrChanged) {
		t.Errorf("list: %v", err)
	}
}

// TestNoErrorHoldsTheSignature breaks every kind of request.
func TestNoErrorHoldsTheSignature(t *testing.T) {
	r := newRig(t, 1<<20)
	o := r.options()
	o.URL = url + "?" + r.signer.Sign(name, "", time.Now().Add(time.Hour)).Encode()
	b, err := pageblob.Open(t.Context(), o)
	must(t, err)
	refusing := o
	server := httptest.NewServer(nil)
	server.Close() // a port where nobody listens
	refusing.URL = strings.Replace(o.URL, "https://lab.blob.core.example", server.URL, 1)
	refusing.Client.Transport = http.DefaultClient
	_, dialled := pageblob.Open(t.Context(), refusing)
	r.before = func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }
	errs := map[string]error{"nobody listens": dialled, "read": ask(t, b)}
	r.before = func(w http.ResponseWriter, _ *http.Request) bool {
		w.WriteHeader(http.StatusForbidden)
		return true
	}
	_, errs["list"] = b.Extents(t.Context())
	_, errs["properties"] = pageblob.Open(t.Context(), o)
	o.URL = "https://exa mple/?sig=secret"
	_, errs["address"] = pageblob.Open(t.Context(), o)
	for what, err := range errs {
		if err == nil || strings.Contains(err.Error(), "sig=") || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v", what, err)
		}
	}
}
