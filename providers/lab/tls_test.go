package lab_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"os"
	"strings"
	"testing"

	"failback/providers/hyperv"
	"failback/providers/lab"
)

// trusting is a client that trusts one authority and no other.
func trusting(t *testing.T, ca *string) (*http.Client, *x509.CertPool) {
	t.Helper()
	if ca == nil {
		t.Fatal("the lab names no authority")
	}
	text, err := os.ReadFile(*ca)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		t.Fatalf("%s holds no certificate", *ca)
	}
	transport := &http.Transport{TLSClientConfig: clientConfig(roots)}
	t.Cleanup(transport.CloseIdleConnections)
	return &http.Client{Transport: transport}, roots
}

func clientConfig(roots *x509.CertPool) *tls.Config {
	return &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
}

// get reads with the lab's token.
func get(t *testing.T, client *http.Client, address, token string) (status int, body []byte) {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), http.MethodGet, address, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+token)
	resp, err := client.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	body, err = io.ReadAll(resp.Body)
	if err = errorOf(err, resp.Body.Close()); err != nil {
		t.Fatal(err)
	}
	return resp.StatusCode, body
}

func errorOf(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

func TestEveryServerSpeaksTLS(t *testing.T) {
	l := open(t, lab.Options{StateDir: t.TempDir(), Estate: "one", TLS: true})
	e := l.Endpoints()
	client, roots := trusting(t, e.CA)
	addresses := []string{e.Management, e.Storage}
	for _, h := range e.Hosts {
		addresses = append(addresses, h.WinRM)
	}
	for _, address := range addresses {
		u, err := url.Parse(address)
		if err != nil || u.Scheme != "https" || u.Hostname() != "127.0.0.1" {
			t.Errorf("%s: %v", address, err)
		}
		if _, err := http.Get(address); err == nil || !strings.Contains(err.Error(), "certificate") {
			t.Errorf("%s: a client that does not know the authority gets %v", address, err)
		}
	}
	status, body := get(t, client, vaultURL(e)+"/replicationProtectedItems?api-version=2025-01-01", e.Token)
	var list map[string]any
	if err := json.Unmarshal(body, &list); err != nil || status != http.StatusOK {
		t.Fatalf("%d %v %s", status, err, body)
	}
	// Addresses in answers lead to the same servers, over TLS too.
	disk, _ := at(list, "value", 0, "properties", "providerSpecificDetails", "azureVmDiskDetails", 0, "targetDiskLocation").(string)
	if !strings.HasPrefix(disk, e.Storage+"/") {
		t.Fatalf("the disk is at %q", disk)
	}
	if status, _ := get(t, client, disk, e.Token); status != http.StatusOK {
		t.Errorf("the disk answers %d", status)
	}
	lookAtHosts(t, l, roots)
}

// lookAtHosts signs in at every host, as a run does.
func lookAtHosts(t *testing.T, l *lab.Lab, roots *x509.CertPool) {
	t.Helper()
	e := l.Endpoints()
	o := hyperv.Options{Hosts: map[string]hyperv.Endpoint{}}
	for _, h := range e.Hosts {
		o.Hosts[h.Name] = hyperv.Endpoint{
			URL: h.WinRM, User: l.WinRMUser(), Roots: roots,
			Password: func(context.Context) (string, error) { return e.Token, nil },
		}
	}
	access, err := hyperv.New(o)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = access.Close() }()
	for _, h := range e.Hosts {
		if facts, err := access.Facts(t.Context(), h.Name); err != nil || facts.Name == "" {
			t.Errorf("%s: %+v %v", h.Name, facts, err)
		}
	}
}

func TestTheAuthorityOutlivesItsLabs(t *testing.T) {
	o := lab.Options{StateDir: t.TempDir(), Estate: "one", TLS: true}
	var trusted *http.Client
	for range 2 {
		l, err := lab.Open(t.Context(), o)
		if err != nil {
			t.Fatal(err)
		}
		e := l.Endpoints()
		if trusted == nil {
			trusted, _ = trusting(t, e.CA)
		}
		if status, body := get(t, trusted, vaultURL(e)+"?api-version=2024-04-01", e.Token); status != http.StatusOK {
			t.Errorf("%d %s", status, body)
		}
		// The world begins afresh; whom clients trust does not.
		if err := errorOf(l.Close(), lab.Reset(t.Context(), o)); err != nil {
			t.Fatal(err)
		}
	}
}
