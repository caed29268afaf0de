package diskcopy_test

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"net/url"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"failback/engine"
	"failback/engine/move"
	"failback/engine/transfer"
	"failback/providers/disk/image"
	"failback/providers/diskcopy"
	"failback/providers/lab/blob"
	"failback/providers/lab/storage"
	"failback/providers/lab/wire"
)

const (
	blobName    = "vhds/os.vhd"
	blobAddress = "https://lab.blob.core.example/" + blobName
)

// account is a storage account with one blob, behind signatures.
type account struct {
	t      *testing.T
	blob   *blob.Blob
	signer *storage.Signer
	server http.Handler
	before func(*http.Request) *storage.Fault
	disks  *diskcopy.Disks
	asked  int
}

func newAccount(t *testing.T, p []byte) *account {
	t.Helper()
	s, err := blob.OpenStore(t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.Close() })
	a := &account{t: t, signer: storage.NewSigner([]byte("key"), time.Now)}
	if a.blob, err = s.Create(blobName, int64(len(p))); err != nil {
		t.Fatal(err)
	}
	a.put(p)
	a.server = storage.New(s, storage.Options{SAS: a.signer.Check, Authorize: func(*http.Request) error { return errors.New("no signature") }, Before: func(r *http.Request) *storage.Fault {
		if a.before == nil {
			return nil
		}
		return a.before(r)
	}})
	client := policy.ClientOptions{Transport: &http.Client{Transport: wire.Transport(a.server)}, Retry: policy.RetryOptions{MaxRetries: -1}}
	a.disks = diskcopy.New(diskcopy.PageBlobs(client), nil)
	return a
}

// put writes what is not zeros, in pages.
func (a *account) put(p []byte) {
	a.t.Helper()
	for off := 0; off < len(p); off += 4096 {
		cell := p[off:min(len(p), off+4096)]
		if bytes.Count(cell, []byte{0}) == len(cell) {
			continue
		}
		if _, err := a.blob.WriteAt(cell, int64(off)); err != nil {
			a.t.Fatal(err)
		}
	}
}

// secret gives a signature that holds until it is taken back.
func (a *account) secret(snapshot string) move.Secret {
	return func(context.Context, string, bool) (string, error) {
		a.asked++
		q := a.signer.Sign(blobName, snapshot, time.Now().Add(time.Hour))
		q.Del("snapshot") // the order names it
		return q.Encode(), nil
	}
}

func (a *account) snapshot() string {
	a.t.Helper()
	id, err := a.blob.Snapshot(time.Now())
	if err != nil {
		a.t.Fatal(err)
	}
	return id
}

func TestS36APageBlobIsCopiedBySignature(t *testing.T) {
	want := content(20)
	a := newAccount(t, want)
	for _, ext := range []string{"raw", "vhdx"} {
		o := move.Order{Source: blobAddress, Target: filepath.Join(t.TempDir(), "disk."+ext), Secret: a.secret("")}
		got, err := a.disks.Copy(t.Context(), o, nil)
		if err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(read(t, o.Target), want) || got.Level != transfer.LevelReread || got.Checksum != "CRC-64/NVME" {
			t.Errorf("%+v, or another disk", got)
		}
		if s, err := a.disks.Standing(o.Target); err != nil || s.State != "consistent" || strings.Contains(s.Snapshot, "sig=") {
			t.Errorf("%+v, %v", s, err)
		}
	}
	o := move.Order{Source: blobAddress, Target: filepath.Join(t.TempDir(), "disk.raw"), Unread: true, Secret: a.secret("")}
	if got, err := a.disks.Copy(t.Context(), o, nil); err != nil || got.Level != transfer.LevelChecked {
		t.Errorf("%+v, %v", got, err)
	}
	o.Target += "x"
	o.Format = "raw"
	o.Secret = nil
	if _, err := a.disks.Copy(t.Context(), o, nil); engine.KindOf(err) != engine.FailurePermission {
		t.Errorf("without a signature: %v", err)
	}
}

// TestS32OnlyWhatChangedSinceASnapshotTravels brings a copy of one snapshot to the
// next, and refuses a list of changes that is none.
func TestS32OnlyWhatChangedSinceASnapshotTravels(t *testing.T) {
	old := content(21)
	a := newAccount(t, old)
	first := a.snapshot()
	o := move.Order{Source: blobAddress, Snapshot: first, Target: filepath.Join(t.TempDir(), "disk.vhdx"), Secret: a.secret(first)}
	if _, err := a.disks.Copy(t.Context(), o, nil); err != nil {
		t.Fatal(err)
	}
	now := bytes.Clone(old)
	for off := 64 << 10; off < len(now); off += 900 << 10 {
		copy(now[off:], bytes.Repeat([]byte{byte(off >> 10), 1}, 2048))
		if _, err := a.blob.WriteAt(now[off:off+4096], int64(off)); err != nil {
			t.Fatal(err)
		}
		clear(now[off+8192 : off+12288])
		if err := a.blob.ClearAt(int64(off+8192), 4096); err != nil {
			t.Fatal(err)
		}
	}
	second := a.snapshot()
	o.Snapshot, o.Secret, o.Mode, o.Base = second, a.secret(second), move.Delta, "2020-01-01T00:00:00.0000000Z"
	if _, err := a.disks.Copy(t.Context(), o, nil); engine.KindOf(err) != engine.FailureRefused {
		t.Errorf("since another snapshot than the disk is: %v", err)
	}
	o.Base = first
	got, err := a.disks.Copy(t.Context(), o, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(read(t, o.Target), now) || got.Way != move.WayChanges || got.Written > 30*4096 || got.Level != transfer.LevelReread {
		t.Errorf("%+v, or another disk", got)
	}
	if got.Sampled == 0 {
		t.Error("nothing outside the list was looked at")
	}
	if c, err := a.disks.Verify(t.Context(), o.Target, "", nil); err != nil || !c.Same() {
		t.Errorf("%+v, %v", c, err)
	}
	// A server that answers with everything there is has no difference to tell.
	honest := a.server
	a.disks = diskcopy.New(diskcopy.PageBlobs(policy.ClientOptions{Transport: &http.Client{Transport: wire.Transport(
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			q := r.URL.Query()
			q.Del("prevsnapshot")
			r.URL.RawQuery = q.Encode()
			honest.ServeHTTP(w, r)
		}))}}), nil)
	o.Base, o.Snapshot, o.Secret = second, "", a.secret("")
	if _, err := a.disks.Copy(t.Context(), o, nil); !errors.Is(err, transfer.ErrList) {
		t.Errorf("a difference that is none: %v", err)
	}
}

// TestS69ASignatureIsReplacedInMidRun takes the signature back while the disk is
// read; the copy asks for another and goes on.
func TestS69ASignatureIsReplacedInMidRun(t *testing.T) {
	want := content(22)
	a := newAccount(t, want)
	var reads atomic.Int64
	a.before = func(r *http.Request) *storage.Fault {
		if r.Method == http.MethodGet && r.URL.Query().Get("comp") == "" && reads.Add(1) == 4 {
			a.signer.Revoke(blobName, "")
		}
		return nil
	}
	o := move.Order{Source: blobAddress, Target: filepath.Join(t.TempDir(), "disk.raw"), Secret: a.secret("")}
	if _, err := a.disks.Copy(t.Context(), o, nil); err != nil || !bytes.Equal(read(t, o.Target), want) || a.asked != 2 {
		t.Errorf("%v after asking %d times, or another disk", err, a.asked)
	}
}

func TestErrorsHoldNoSignature(t *testing.T) {
	a := newAccount(t, content(23)[:2*mib])
	secret := a.secret("")
	for name, f := range map[string]*storage.Fault{
		"busy":    {Status: 503, Code: "ServerBusy", Message: "busy", RetryAfter: time.Millisecond},
		"missing": {Status: 404, Code: "BlobNotFound", Message: "gone"},
		"refused": {Status: 403, Code: "AuthorizationFailure", Message: "no"},
		"reset":   {Reset: true},
	} {
		a.before = func(*http.Request) *storage.Fault { return f }
		sas, _ := secret(t.Context(), "", false)
		_, err := a.disks.Copy(t.Context(), move.Order{Source: blobAddress, Target: filepath.Join(t.TempDir(), "x.raw"), Secret: secret}, nil)
		q, _ := url.ParseQuery(sas)
		if err == nil || strings.Contains(err.Error(), "sig=") || strings.Contains(err.Error(), q.Get("sig")) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestASmallerDiskInTheBlobIsNotWrittenOnto(t *testing.T) {
	a := newAccount(t, content(24))
	target := write(t, filepath.Join(t.TempDir(), "old.img"), image.Raw, content(24)[:4*mib])
	o := move.Order{Source: blobAddress, Target: target, Mode: move.Delta, Secret: a.secret("")}
	if _, err := a.disks.Copy(t.Context(), o, nil); engine.KindOf(err) != engine.FailureUsage {
		t.Errorf("%v", err)
	}
	alone(t, target, false)
}
