package azure

import (
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"testing"
)

func TestOnlyTheNamedAuthorityIsTrusted(t *testing.T) {
	s := httptest.NewTLSServer(http.NotFoundHandler())
	defer s.Close()
	named, another := x509.NewCertPool(), x509.NewCertPool()
	named.AddCert(s.Certificate())
	for name, c := range map[string]struct {
		roots   *x509.CertPool
		trusted bool
	}{"named": {named, true}, "another": {another, false}, "the system's": {nil, false}} {
		session, err := Open(Options{Cloud: Cloud{ResourceManager: s.URL}, Auth: AuthLoopback, Token: "t", Roots: c.roots})
		if err != nil {
			t.Fatal(err)
		}
		req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL, http.NoBody)
		if err != nil {
			t.Fatal(err)
		}
		resp, err := session.transport.Do(req)
		if (err == nil) != c.trusted {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			_ = resp.Body.Close()
		}
	}
}
