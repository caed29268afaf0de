package azure

import (
	"errors"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"failback/engine"
	"failback/engine/transfer"
)

// TestASignatureIsReadWithoutSigningIn opens a blob with a session that could not
// sign in.
func TestASignatureIsReadWithoutSigningIn(t *testing.T) {
	s, err := Open(Options{Subscription: "s", Auth: AuthCLI})
	if err != nil {
		t.Fatal(err)
	}
	content := sparse(12 << 20)
	b := &blobServer{content: withFooter(content)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" || r.URL.Query().Get("sig") != "secret" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		b.ServeHTTP(w, r)
	}))
	defer server.Close()
	disk, err := s.OpenBlob(t.Context(), BlobRef{URL: server.URL + "/vhds/os.vhd?sig=secret"})
	if err != nil {
		t.Fatal(err)
	}
	if disk.Size() != int64(len(content)) || strings.Contains(disk.Place(), "secret") {
		t.Errorf("%d bytes at %s", disk.Size(), disk.Place())
	}
	_, err = s.OpenBlob(t.Context(), BlobRef{URL: server.URL + "/vhds/os.vhd?sig=wrong"})
	if engine.KindOf(err) != engine.FailurePermission || strings.Contains(err.Error(), "sig=") {
		t.Errorf("a wrong signature: %v", err)
	}
	b.content[len(b.content)-500]++ // within the footer
	if _, err = s.OpenBlob(t.Context(), BlobRef{URL: server.URL + "/vhds/os.vhd?sig=secret"}); engine.KindOf(err) != engine.FailureRefused {
		t.Errorf("a broken footer: %v", err)
	}
	server.Close()
	once := policy.WithRetryOptions(t.Context(), policy.RetryOptions{MaxRetries: -1})
	_, err = s.OpenBlob(once, BlobRef{URL: server.URL + "/vhds/os.vhd?sig=secret", Name: "os"})
	var f *engine.Failure
	if !errors.As(err, &f) || f.Kind != engine.FailureRetryable || f.Where != "os" || strings.Contains(err.Error(), "secret") {
		t.Errorf("nobody answers: %v", err)
	}
}

// TestATokenIsShownToTheCloudsStorageAlone asks for nothing at all.
func TestATokenIsShownToTheCloudsStorageAlone(t *testing.T) {
	s, err := Open(Options{Subscription: "s", Transport: refusing{t}})
	if err != nil {
		t.Fatal(err)
	}
	for url, kind := range map[string]engine.FailureKind{
		"https://evil.example/vhds/os.vhd":                    engine.FailureRefused,
		"https://md-1.blob.storage.azure.net.evil.example/x":  engine.FailureRefused,
		"https://evil.blob.storage.azure.net/x":               engine.FailureRefused, // no export: its name would begin with md-
		"http://account.blob.core.windows.net/vhds/os.vhd":    engine.FailureUsage,
		"account.blob.core.windows.net/vhds/os.vhd":           engine.FailureUsage,
		"http://md-1.z1.blob.storage.azure.net/x?sig=secret":  engine.FailureUsage,
		"https://user:secret@evil.example/vhds/os.vhd?sig=no": engine.FailureRefused,
	} {
		_, err := s.OpenBlob(t.Context(), BlobRef{URL: url, SignIn: true})
		if engine.KindOf(err) != kind || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s: %v, want %s", url, err, kind)
		}
	}
}

// refusing is a network that must not be used.
type refusing struct{ t *testing.T }

func (r refusing) RoundTrip(q *http.Request) (*http.Response, error) {
	r.t.Errorf("asked %s", q.URL.Host)
	return nil, errors.New("no network")
}

// TestErrorsOfASourceHoldFailures looks at what a transfer would hear.
func TestErrorsOfASourceHoldFailures(t *testing.T) {
	status := http.StatusOK
	b := &blobServer{content: sparse(12 << 20)}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if status != http.StatusOK {
			w.Header().Set("Retry-After", "9")
			w.WriteHeader(status)
			return
		}
		b.ServeHTTP(w, r)
	}))
	defer server.Close()
	disk, err := loopbackSession(t, server.URL, nil).OpenBlob(t.Context(), BlobRef{URL: server.URL + "/vhds/os.vhd", SignIn: true, Name: "os"})
	if err != nil {
		t.Fatal(err)
	}
	var throttled *transfer.Throttled
	var expired *transfer.Expired
	for code, want := range map[int]any{503: &throttled, 401: &expired} {
		status = code
		body, err := disk.ReadRange(t.Context(), 0, 512)
		if err == nil {
			_, err = body.Read(make([]byte, 512))
		}
		var f *engine.Failure
		if !errors.As(err, want) || !errors.As(err, &f) || f.Where != "os" || f.What == "" {
			t.Errorf("%d: %v", code, err)
		}
	}
	if throttled == nil || throttled.RetryAfter.Seconds() != 9 {
		t.Errorf("%+v", throttled)
	}
}
