package storage_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"errors"
	"io"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/streaming"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/to"
	azblob "github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/blob"
	"github.com/Azure/azure-sdk-for-go/sdk/storage/azblob/pageblob"

	"failback/engine/transfer"
	source "failback/providers/azure/pageblob"
	"failback/providers/lab/blob"
	"failback/providers/lab/storage"
	"failback/providers/lab/wire"
)

const (
	account  = "https://lab.blob.core.example/"
	diskName = "vhds/os disk.vhd"
	diskURL  = account + "vhds/os%20disk.vhd"
)

// lab is an account with one blob, and how to reach it.
type lab struct {
	store   *blob.Store
	handler http.Handler
}

func newLab(tb testing.TB, o storage.Options) *lab {
	tb.Helper()
	s, err := blob.OpenStore(tb.TempDir())
	if err != nil {
		tb.Fatal(err)
	}
	tb.Cleanup(func() {
		if err := s.Close(); err != nil {
			tb.Error(err)
		}
	})
	return &lab{store: s, handler: storage.New(s, o)}
}

// options reach the lab in memory and do not retry: a test wants the first answer.
func (l *lab) options() *pageblob.ClientOptions {
	o := &pageblob.ClientOptions{}
	o.Transport = &http.Client{Transport: wire.Transport(l.handler)}
	o.Retry = policy.RetryOptions{MaxRetries: -1}
	return o
}

// open opens the disk, or its snapshot, as the mover does.
func (l *lab) open(tb testing.TB, snapshot string) *source.Blob {
	tb.Helper()
	b, err := source.Open(tb.Context(), source.Options{URL: diskURL, Snapshot: snapshot, Client: l.options().ClientOptions, Whole: true})
	must(tb, err)
	return b
}

// ask asks once for the beginning of a disk, as the mover does.
func ask(tb testing.TB, b *source.Blob, p []byte) error {
	tb.Helper()
	body, err := b.ReadRange(tb.Context(), 0, int64(len(p)))
	must(tb, err)
	_, err = io.ReadFull(body, p)
	return errors.Join(err, body.Close())
}

func (l *lab) client(tb testing.TB) *pageblob.Client {
	tb.Helper()
	c, err := pageblob.NewClientWithNoCredential(diskURL, l.options())
	if err != nil {
		tb.Fatal(err)
	}
	return c
}

func (l *lab) disk(tb testing.TB, size int64) *blob.Blob {
	tb.Helper()
	b, err := l.store.Create(diskName, size)
	if err != nil {
		tb.Fatal(err)
	}
	return b
}

// do sends a request as no client would.
func (l *lab) do(t *testing.T, method, query string, header map[string]string, body []byte) *http.Response {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), method, diskURL+query, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	for k, v := range header {
		req.Header.Set(k, v)
	}
	res, err := wire.Transport(l.handler).RoundTrip(req)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = res.Body.Close() })
	return res
}

func incompressible(n int, seed byte) []byte {
	p := make([]byte, n)
	_, _ = rand.NewChaCha8([32]byte{seed}).Read(p)
	return p
}

func must(tb testing.TB, err error) {
	tb.Helper()
	if err != nil {
		tb.Fatal(err)
	}
}

func codeOf(err error) string {
	var r *azcore.ResponseError
	if errors.As(err, &r) {
		return r.ErrorCode
	}
	return ""
}

func readAll(t *testing.T, c *pageblob.Client, off, n int64) []byte {
	t.Helper()
	answer, err := c.DownloadStream(t.Context(), &azblob.DownloadStreamOptions{Range: azblob.HTTPRange{Offset: off, Count: n}})
	must(t, err)
	defer func() { _ = answer.Body.Close() }()
	p, err := io.ReadAll(answer.Body)
	must(t, err)
	return p
}

func TestClientWritesReadsClearsAndSnapshots(t *testing.T) {
	l, ctx := newLab(t, storage.Options{}), t.Context()
	c := l.client(t)
	_, err := c.Create(ctx, 8<<20, nil)
	must(t, err)
	data := incompressible(1<<20, 1)
	upload := func(off int64, p []byte, o *pageblob.UploadPagesOptions) error {
		_, err := c.UploadPages(ctx, streaming.NopCloser(bytes.NewReader(p)), azblob.HTTPRange{Offset: off, Count: int64(len(p))}, o)
		return err
	}
	must(t, upload(2<<20, data, &pageblob.UploadPagesOptions{TransactionalValidation: azblob.TransferValidationTypeComputeCRC64()}))
	snapshot, err := c.CreateSnapshot(ctx, nil)
	must(t, err)
	before, err := c.WithSnapshot(*snapshot.Snapshot)
	must(t, err)
	must(t, upload(2<<20, incompressible(4096, 2), nil))
	_, err = c.ClearPages(ctx, azblob.HTTPRange{Offset: 2<<20 + 8192, Count: 512}, nil)
	must(t, err)

	if got := readAll(t, before, 2<<20, 1<<20); !bytes.Equal(got, data) {
		t.Error("the snapshot has other bytes than were written")
	}
	now := readAll(t, c, 2<<20, 1<<20)
	if bytes.Equal(now[:4096], data[:4096]) || !bytes.Equal(now[8192:8704], make([]byte, 512)) || !bytes.Equal(now[8704:], data[8704:]) {
		t.Error("the blob has not what was written and cleared last")
	}
	properties, err := c.GetProperties(ctx, nil)
	must(t, err)
	if *properties.ContentLength != 8<<20 || *properties.BlobType != azblob.BlobTypePageBlob || properties.ETag == nil || properties.LastModified == nil {
		t.Errorf("properties %+v", properties)
	}
	_, err = c.Delete(ctx, nil)
	if codeOf(err) != "SnapshotsPresent" {
		t.Errorf("deleting it under its snapshot: %v", err)
	}
	_, err = before.Delete(ctx, nil)
	must(t, err)
	_, err = c.Delete(ctx, nil)
	must(t, err)
	if len(l.store.List()) > 0 {
		t.Errorf("left: %v", l.store.List())
	}
}

func TestReadingRanges(t *testing.T) {
	l := newLab(t, storage.Options{})
	data := incompressible(4096, 1)
	_, err := l.disk(t, 4096).WriteAt(data, 0)
	must(t, err)
	for _, c := range []struct {
		header, value string
		status        int
		want          []byte
		content       string
	}{
		{"", "", 200, data, ""},
		{"Range", "bytes=10-19", 206, data[10:20], "bytes 10-19/4096"},
		{"x-ms-range", "bytes=4000-", 206, data[4000:], "bytes 4000-4095/4096"},
		{"x-ms-range", "bytes=4000-9000", 206, data[4000:], "bytes 4000-4095/4096"},
		{"x-ms-range", "bytes=4096-4100", 416, nil, ""},
		{"x-ms-range", "bytes=9-3", 400, nil, ""},
		{"x-ms-range", "chapters=1-2", 400, nil, ""},
	} {
		res := l.do(t, http.MethodGet, "", map[string]string{c.header: c.value}, nil)
		if c.header == "" {
			res = l.do(t, http.MethodGet, "", nil, nil)
		}
		p, err := io.ReadAll(res.Body)
		must(t, err)
		if res.StatusCode != c.status || res.Header.Get("Content-Range") != c.content {
			t.Errorf("%s: %s, %q", c.value, res.Status, res.Header.Get("Content-Range"))
		}
		if c.want != nil && !bytes.Equal(p, c.want) {
			t.Errorf("%s: other bytes", c.value)
		}
		if c.want == nil && res.Header.Get("x-ms-error-code") == "" {
			t.Errorf("%s: no error code", c.value)
		}
	}
}

func TestRangeChecksums(t *testing.T) {
	l := newLab(t, storage.Options{})
	data := incompressible(4<<20+512, 1)
	b := l.disk(t, 8<<20)
	_, err := b.WriteAt(data, 0)
	must(t, err)
	c := l.client(t)
	answer, err := c.DownloadStream(t.Context(), &azblob.DownloadStreamOptions{
		Range: azblob.HTTPRange{Offset: 512, Count: 4096}, RangeGetContentMD5: to.Ptr(true),
	})
	must(t, err)
	defer func() { _ = answer.Body.Close() }()
	if want := md5.Sum(data[512:4608]); !bytes.Equal(answer.ContentMD5, want[:]) {
		t.Errorf("MD5 %x", answer.ContentMD5)
	}
	res := l.do(t, http.MethodGet, "", map[string]string{"x-ms-range": "bytes=0-4194304", "x-ms-range-get-content-md5": "true"}, nil)
	if res.StatusCode != http.StatusBadRequest {
		t.Errorf("an MD5 of more than 4 MiB: %s", res.Status)
	}
}

func TestWritesThatTheServiceRefuses(t *testing.T) {
	l := newLab(t, storage.Options{})
	b := l.disk(t, 8<<20)
	page := make([]byte, 512)
	write := map[string]string{"x-ms-page-write": "update"}
	for _, c := range []struct {
		name, span string
		header     map[string]string
		body       []byte
		status     int
		code       string
	}{
		{"offset", "bytes=100-611", write, page, 416, "InvalidPageRange"},
		{"length", "bytes=0-99", write, page[:100], 416, "InvalidPageRange"},
		{"beyond the end", "bytes=8388608-8389119", write, page, 416, "InvalidPageRange"},
		{"open end", "bytes=0-", write, page, 416, "InvalidPageRange"},
		{"more than 4 MiB", "bytes=0-4194815", write, make([]byte, 4<<20+512), 413, "RequestBodyTooLarge"},
		{"another length", "bytes=0-1023", write, page, 400, "InvalidHeaderValue"},
		{"no range", "", write, page, 400, "MissingRequiredHeader"},
		{"no action", "bytes=0-511", nil, page, 400, "InvalidHeaderValue"},
		{"clear with a body", "bytes=0-511", map[string]string{"x-ms-page-write": "clear"}, page, 400, "InvalidHeaderValue"},
		{"wrong MD5", "bytes=0-511", map[string]string{"x-ms-page-write": "update", "Content-MD5": "AAAA"}, page, 400, "Md5Mismatch"},
		{"wrong CRC", "bytes=0-511", map[string]string{"x-ms-page-write": "update", "x-ms-content-crc64": "AAAA"}, page, 400, "Crc64Mismatch"},
		{"wrong tag", "bytes=0-511", map[string]string{"x-ms-page-write": "update", "If-Match": `"0x1"`}, page, 412, "ConditionNotMet"},
	} {
		header := map[string]string{"x-ms-range": c.span}
		for k, v := range c.header {
			header[k] = v
		}
		res := l.do(t, http.MethodPut, "?comp=page", header, c.body)
		text, err := io.ReadAll(res.Body)
		must(t, err)
		if res.StatusCode != c.status || res.Header.Get("x-ms-error-code") != c.code || !strings.Contains(string(text), "<Code>"+c.code+"</Code>") {
			t.Errorf("%s: %s %s", c.name, res.Status, text)
		}
	}
	if len(b.Extents()) > 0 {
		t.Error("something was written all the same")
	}
}

func TestCreateAndDeleteRules(t *testing.T) {
	l := newLab(t, storage.Options{})
	create := func(size string, more ...string) *http.Response {
		h := map[string]string{"x-ms-blob-type": "PageBlob", "x-ms-blob-content-length": size}
		for i := 0; i+1 < len(more); i += 2 {
			h[more[i]] = more[i+1]
		}
		return l.do(t, http.MethodPut, "", h, nil)
	}
	expect := func(what string, res *http.Response, status int, code string) {
		t.Helper()
		if res.StatusCode != status || res.Header.Get("x-ms-error-code") != code {
			t.Errorf("%s: %s %s", what, res.Status, res.Header.Get("x-ms-error-code"))
		}
	}
	expect("100 bytes", create("100"), 400, "InvalidHeaderValue")
	expect("9 TiB", create("9895604649984"), 400, "InvalidHeaderValue")
	expect("a block blob", create("512", "x-ms-blob-type", "BlockBlob"), 409, "InvalidBlobType")
	expect("new", create("1024"), 201, "")
	expect("only if new", create("1024", "If-None-Match", "*"), 409, "BlobAlreadyExists")
	expect("replacing", create("2048"), 201, "")
	expect("snapshot", l.do(t, http.MethodPut, "?comp=snapshot", nil, nil), 201, "")
	expect("replacing under a snapshot", create("2048"), 409, "SnapshotsPresent")
	expect("delete", l.do(t, http.MethodDelete, "", nil, nil), 409, "SnapshotsPresent")
	expect("snapshots only", l.do(t, http.MethodDelete, "", map[string]string{"x-ms-delete-snapshots": "only"}, nil), 202, "")
	expect("read", l.do(t, http.MethodHead, "", nil, nil), 200, "")
	expect("snapshot", l.do(t, http.MethodPut, "?comp=snapshot", nil, nil), 201, "")
	expect("all", l.do(t, http.MethodDelete, "", map[string]string{"x-ms-delete-snapshots": "include"}, nil), 202, "")
	expect("gone", l.do(t, http.MethodHead, "", nil, nil), 404, "BlobNotFound")
	expect("unknown operation", l.do(t, http.MethodPut, "?comp=lease", nil, nil), 400, "InvalidQueryParameterValue")
	expect("unknown verb", l.do(t, http.MethodPatch, "", nil, nil), 405, "UnsupportedHttpVerb")
}

func TestRequestsWithoutAuthorityAreRefused(t *testing.T) {
	signer := storage.NewSigner([]byte("key"), time.Now)
	l := newLab(t, storage.Options{SAS: signer.Check, Authorize: func(r *http.Request) error {
		if r.Header.Get("Authorization") != "Bearer good" {
			return errors.New("no token of ours")
		}
		return nil
	}})
	b := l.disk(t, 4096)
	id, err := b.Snapshot(time.Now())
	must(t, err)
	status := func(query string, header map[string]string) int {
		return l.do(t, http.MethodHead, query, header, nil).StatusCode
	}
	if got := status("", map[string]string{"Authorization": "Bearer bad"}); got != 403 {
		t.Errorf("a wrong token: %d", got)
	}
	if got := status("", map[string]string{"Authorization": "Bearer good"}); got != 200 {
		t.Errorf("the right token: %d", got)
	}
	base := signer.Sign(diskName, "", time.Now().Add(time.Hour))
	snapshot := signer.Sign(diskName, id, time.Now().Add(time.Hour))
	forged := signer.Sign(diskName, id, time.Now().Add(time.Hour))
	forged.Set("se", time.Now().Add(48*time.Hour).UTC().Format(time.RFC3339))
	old := signer.Sign(diskName, "", time.Now().Add(-time.Second))
	other := signer.Sign("vhds/other", "", time.Now().Add(time.Hour))
	for _, c := range []struct {
		name, query string
		want        int
	}{
		{"blob", base.Encode(), 200}, {"snapshot", snapshot.Encode(), 200}, {"forged", forged.Encode(), 403},
		{"expired", old.Encode(), 403}, {"of another blob", other.Encode(), 403}, {"snapshot of a blob's", base.Encode() + "&snapshot=" + id, 403},
	} {
		if got := status("?"+c.query, nil); got != c.want {
			t.Errorf("%s: %d, want %d", c.name, got, c.want)
		}
	}
	if got := l.do(t, http.MethodPut, "?comp=snapshot&"+base.Encode(), nil, nil).StatusCode; got != 403 {
		t.Errorf("writing with a signature for reading: %d", got)
	}
	signer.Revoke(diskName, id)
	if got := status("?"+snapshot.Encode(), nil); got != 403 {
		t.Errorf("revoked: %d", got)
	}
	if got := status("?"+signer.Sign(diskName, id, time.Now().Add(time.Hour)).Encode(), nil); got != 200 {
		t.Errorf("given anew: %d", got)
	}
}

func TestFaults(t *testing.T) {
	var fault *storage.Fault
	l := newLab(t, storage.Options{Before: func(*http.Request) *storage.Fault { return fault }})
	data := incompressible(1<<20, 1)
	_, err := l.disk(t, 1<<20).WriteAt(data, 0)
	must(t, err)
	remote := l.open(t, "")

	fault = &storage.Fault{Status: 503, Code: "ServerBusy", RetryAfter: 1500 * time.Millisecond}
	res := l.do(t, http.MethodGet, "", nil, nil)
	if res.StatusCode != 503 || res.Header.Get("Retry-After") != "2" || res.Header.Get("x-ms-error-code") != "ServerBusy" {
		t.Errorf("busy: %s %v", res.Status, res.Header)
	}
	fault = &storage.Fault{Reset: true}
	p := make([]byte, 1<<20)
	var short *transfer.Short
	if err := ask(t, remote, p); !errors.As(err, &short) {
		t.Errorf("a reset connection: %v", err)
	}
	// The first answer breaks off, and the reader says so.
	cuts := 0
	l.handler = storage.New(l.store, storage.Options{Before: func(*http.Request) *storage.Fault {
		cuts++
		if cuts == 2 {
			return &storage.Fault{CutAfter: 300_000}
		}
		return nil
	}})
	remote = l.open(t, "")
	if err := ask(t, remote, p); !errors.As(err, &short) || short.Got > 300_000 {
		t.Errorf("a broken answer: %v", err)
	}
	if err := remote.ReadAt(t.Context(), p, 0); err != nil || !bytes.Equal(p, data) {
		t.Errorf("after a broken answer: %v", err)
	}
	if cuts != 3 {
		t.Errorf("%d requests", cuts)
	}
}

func TestTokenGoesOverLoopback(t *testing.T) {
	l := newLab(t, storage.Options{Authorize: func(r *http.Request) error {
		if got := r.Header.Get("Authorization"); got != "Bearer good" {
			return errors.New("another token: " + got)
		}
		return nil
	}})
	data := incompressible(4096, 1)
	_, err := l.disk(t, 4096).WriteAt(data, 0)
	must(t, err)
	server := httptest.NewServer(l.handler)
	defer server.Close()
	o := source.Options{URL: server.URL + "/vhds/os%20disk.vhd", Token: token{}, Whole: true}
	o.Client.InsecureAllowCredentialWithHTTP = true
	remote, err := source.Open(t.Context(), o)
	must(t, err)
	p := make([]byte, 4096)
	if err := remote.ReadAt(t.Context(), p, 0); err != nil || !bytes.Equal(p, data) {
		t.Errorf("reading with a token: %v", err)
	}
	o.Token = nil
	var expired *transfer.Expired
	if _, err := source.Open(t.Context(), o); !errors.As(err, &expired) || codeOf(err) != "AuthenticationFailed" {
		t.Errorf("reading without one: %v", err)
	}
}

// token is a credential that is always good.
type token struct{}

func (token) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: "good", ExpiresOn: time.Now().Add(time.Hour)}, nil
}
