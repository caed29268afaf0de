package azure_test

import (
	"encoding/pem"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"failback/engine"
	"failback/providers/azure"
)

// Whoever answers is reached, whatever the answer, if its certificate is trusted;
// the answer's time shows how wrong this machine's clock is.
func TestReachTellsWhatStandsInTheWay(t *testing.T) {
	now := time.Now()
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Header.Get("Authorization") != "" {
			t.Error("a credential was shown")
		}
		w.Header().Set("Date", now.Add(time.Hour).UTC().Format(http.TimeFormat))
		w.Header().Set("Location", "https://elsewhere.invalid/")
		w.WriteHeader(http.StatusFound)
	}))
	defer s.Close()
	ca := filepath.Join(t.TempDir(), "ca.pem")
	if err := os.WriteFile(ca, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: s.Certificate().Raw}), 0o600); err != nil {
		t.Fatal(err)
	}
	look := func(o azure.Options) []azure.Reached {
		t.Helper()
		var seen []azure.Reached
		if err := azure.Reach(t.Context(), o, func(r azure.Reached) { seen = append(seen, r) }); err != nil {
			t.Fatal(err)
		}
		return seen
	}
	cloud := azure.Cloud{ResourceManager: s.URL, Authority: s.URL}
	for _, r := range look(azure.Options{Cloud: cloud, CA: ca}) {
		if r.Err != nil || !r.Dated || r.Behind < 59*time.Minute || r.Behind > 61*time.Minute {
			t.Errorf("%+v", r)
		}
	}
	seen := look(azure.Options{Cloud: cloud})
	if len(seen) != 2 {
		t.Fatalf("%d services", len(seen))
	}
	for _, r := range seen {
		var f *engine.Failure
		if !errors.As(r.Err, &f) || !strings.Contains(f.Remedy, "ca in the profile") || f.Where == "" {
			t.Errorf("an unknown authority: %+v", r)
		}
	}
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusProxyAuthRequired) }))
	defer proxy.Close()
	for _, r := range look(azure.Options{Cloud: azure.Cloud{ResourceManager: "https://management.example"}, Proxy: proxy.URL}) {
		if r.Err == nil || !strings.Contains(r.Err.Error(), "the proxy asks for a sign-in") {
			t.Errorf("%+v", r)
		}
	}
	if err := azure.Reach(t.Context(), azure.Options{Cloud: azure.Cloud{Name: "mars"}}, nil); engine.KindOf(err) != engine.FailureUsage {
		t.Error(err)
	}
}
