package hyperv_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"math/big"
	"net"
	"strings"
	"testing"
	"time"

	"failback/engine"
	"failback/providers/hyperv"
	"failback/providers/lab/winrm"
)

// selfSigned is a host's own certificate, as Windows makes one: for another name
// than the one that leads to it here.
func selfSigned(t *testing.T, usage x509.ExtKeyUsage) (tls.Certificate, *x509.Certificate) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return certified(t, key, usage)
}

func certified(t *testing.T, key crypto.Signer, usage x509.ExtKeyUsage) (tls.Certificate, *x509.Certificate) {
	t.Helper()
	draft := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "hv01"}, DNSNames: []string{"hv01"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
		ExtKeyUsage: []x509.ExtKeyUsage{usage}, IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, draft, draft, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, leaf
}

func serverConfig(own tls.Certificate) *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{own}}
}

func TestAPinnedCertificateIsTheOnlyOne(t *testing.T) {
	own, leaf := selfSigned(t, x509.ExtKeyUsageServerAuth)
	right, other := sha256.Sum256(leaf.Raw), sha256.Sum256([]byte("another"))
	s := newSite()
	server := winrm.New(s, winrm.Options{User: user, Password: password})
	url := serveTLS(t, server, serverConfig(own), nil)
	e := hyperv.Endpoint{URL: url, User: user, Password: secret(password)}

	_, err := access(t, e).Facts(t.Context(), "HV01")
	wantKind(t, err, engine.FailurePermission) // nobody vouches for it
	e.Fingerprint = right[:]
	if _, err := access(t, e).Facts(t.Context(), "HV01"); err != nil {
		t.Errorf("pinned: %v", err)
	}
	ran, _, _ := s.counts()
	e.Fingerprint = other[:]
	_, err = access(t, e).Facts(t.Context(), "HV01")
	wantKind(t, err, engine.FailurePermission)
	if !strings.Contains(err.Error(), fmt.Sprintf("%x", right)) || !strings.Contains(err.Error(), "on the host itself") {
		t.Errorf("%v", err)
	}
	// Beside authorities both have to agree: this one is for another name.
	e.Fingerprint, e.Roots = right[:], x509.NewCertPool()
	e.Roots.AddCert(leaf)
	_, err = access(t, e).Facts(t.Context(), "HV01")
	wantKind(t, err, engine.FailurePermission)
	if runs, _, _ := s.counts(); runs != ran {
		t.Error("a script ran on a host that is another one")
	}
}

func TestOldTLSIsRefused(t *testing.T) {
	own, leaf := selfSigned(t, x509.ExtKeyUsageServerAuth)
	pin := sha256.Sum256(leaf.Raw)
	config := serverConfig(own)
	config.MinVersion, config.MaxVersion = tls.VersionTLS10, tls.VersionTLS11
	server := winrm.New(newSite(), winrm.Options{User: user, Password: password})
	e := hyperv.Endpoint{URL: serveTLS(t, server, config, nil), User: user, Password: secret(password), Fingerprint: pin[:]}
	if _, err := access(t, e).Facts(t.Context(), "HV01"); err == nil || !strings.Contains(err.Error(), "protocol version") {
		t.Errorf("%v", err)
	}
}

// TestTheEnvironmentHasNoSay sets a proxy that would be used.
func TestTheEnvironmentHasNoSay(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = l.Close() })
	for _, name := range []string{"HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy", "ALL_PROXY"} {
		t.Setenv(name, "http://"+l.Addr().String())
	}
	asked := make(chan struct{})
	go func() {
		if c, err := l.Accept(); err == nil {
			close(asked)
			_ = c.Close()
		}
	}()
	// A name that leads nowhere: a proxy would be asked for it.
	ctx, cancel := context.WithTimeout(t.Context(), 200*time.Millisecond)
	defer cancel()
	_, err = access(t, hyperv.Endpoint{URL: "https://host.invalid:5986", User: user, Password: secret(password)}).Facts(ctx, "HV01")
	wantKind(t, err, engine.FailureRetryable)
	select {
	case <-asked:
		t.Error("the proxy was asked")
	default:
	}
}

// TestASignInCannotBePassedOn puts a host in between that has a certificate of its
// own, which the client was made to accept, and passes the sign-in on.
func TestASignInCannotBePassedOn(t *testing.T) {
	between, shown := selfSigned(t, x509.ExtKeyUsageServerAuth)
	_, elsewhere := selfSigned(t, x509.ExtKeyUsageServerAuth)
	pin := sha256.Sum256(shown.Raw)
	for name, c := range map[string]struct {
		insists *x509.Certificate
		ok      bool
	}{"the host itself": {shown, true}, "another host": {elsewhere, false}} {
		t.Run(name, func(t *testing.T) {
			s := newSite()
			server := winrm.New(s, winrm.Options{User: user, Password: password, Certificate: func() *x509.Certificate { return c.insists }})
			e := hyperv.Endpoint{URL: serveTLS(t, server, serverConfig(between), nil), User: user, Password: secret(password), Fingerprint: pin[:]}
			_, err := access(t, e).VMs(t.Context(), "HV01")
			if (err == nil) != c.ok {
				t.Errorf("%v", err)
			}
			if runs, _, _ := s.counts(); (runs == 1) != c.ok {
				t.Errorf("%d runs", runs)
			}
		})
	}
}

func TestClientCertificate(t *testing.T) {
	own, leaf := selfSigned(t, x509.ExtKeyUsageServerAuth)
	pin := sha256.Sum256(leaf.Raw)
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	_, client := certified(t, key, x509.ExtKeyUsageClientAuth)
	config := serverConfig(own)
	config.ClientAuth, config.ClientCAs = tls.VerifyClientCertIfGiven, x509.NewCertPool()
	config.ClientCAs.AddCert(client)
	var version uint16
	config.VerifyConnection = func(s tls.ConnectionState) error { version = s.Version; return nil }

	for name, mapped := range map[string]bool{"mapped": true, "not mapped": false} {
		t.Run(name, func(t *testing.T) {
			l := newLab()
			server := winrm.New(l.site, winrm.Options{User: user, Password: password, ClientCertificates: mapped})
			a := access(t, hyperv.Endpoint{
				URL: serveTLS(t, server, config, nil), Auth: hyperv.AuthCertificate, Fingerprint: pin[:],
				Identity: func(context.Context) ([]*x509.Certificate, crypto.PrivateKey, error) {
					return []*x509.Certificate{client}, key, nil
				},
			})
			err := a.Start(t.Context(), "HV01", vmID)
			if mapped && err != nil {
				t.Error(err)
			}
			if !mapped {
				wantKind(t, err, engine.FailurePermission)
				if !strings.Contains(err.Error(), "Map the client certificate") {
					t.Error(err)
				}
			}
			if n := server.Shells("HV01"); n != 0 {
				t.Errorf("%d shells are left", n)
			}
		})
	}
	if version != tls.VersionTLS12 {
		t.Errorf("version %x: a host that asks later could not be answered", version)
	}
	_, err = access(t, hyperv.Endpoint{
		URL: "https://127.0.0.1:1", Auth: hyperv.AuthCertificate,
		Identity: func(context.Context) ([]*x509.Certificate, crypto.PrivateKey, error) {
			return nil, nil, errors.New("no file")
		},
	}).Facts(t.Context(), "HV01")
	wantKind(t, err, engine.FailurePermission)
}

func TestSignInsThatMakeNoSense(t *testing.T) {
	identity := func(context.Context) ([]*x509.Certificate, crypto.PrivateKey, error) { return nil, nil, nil }
	good := secret("x")
	for name, e := range map[string]hyperv.Endpoint{
		"unknown":               {URL: "https://hv01", Auth: "basic", User: "u", Password: good},
		"kerberos over http":    {URL: "http://hv01", Sealed: true, Auth: hyperv.AuthKerberos},
		"certificate over http": {URL: "http://hv01", Sealed: true, Auth: hyperv.AuthCertificate, Identity: identity},
		"no certificate":        {URL: "https://hv01", Auth: hyperv.AuthCertificate},
		"a domain as realm":     {URL: "https://hv01", Auth: hyperv.AuthKerberos, User: `D\u`},
		"keytab of nobody":      {URL: "https://hv01", Auth: hyperv.AuthKerberos, Kerberos: hyperv.Kerberos{Keytab: "k"}},
		"short pin":             {URL: "https://hv01", User: "u", Password: good, Fingerprint: []byte{1, 2}},
		"pin without TLS":       {URL: "http://hv01", Sealed: true, User: "u", Password: good, Fingerprint: make([]byte, 32)},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := hyperv.New(hyperv.Options{Hosts: map[string]hyperv.Endpoint{"HV01": e}})
			wantKind(t, err, engine.FailureUsage)
		})
	}
}
