package config

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

func pfx(t *testing.T, expires time.Time) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	draft := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "provider"},
		NotBefore: expires.Add(-48 * time.Hour), NotAfter: expires,
	}
	der, err := x509.CreateCertificate(rand.Reader, draft, draft, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	raw, err := pkcs12.Modern.Encode(key, cert, nil, "secret")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.pfx")
	if err := os.WriteFile(path, raw, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestS39CertificateIsCheckedBeforeAnythingBegins(t *testing.T) {
	good := pfx(t, time.Now().Add(time.Hour))
	sum, raw, err := ReadCertificate(good, "secret")
	file, readErr := os.ReadFile(good)
	if err != nil || readErr != nil || !bytes.Equal(raw, file) || !regexp.MustCompile(`^[0-9A-F]{40}$`).MatchString(sum) {
		t.Fatalf("%q, %v", sum, err)
	}
	text := filepath.Join(t.TempDir(), "no.pfx")
	if err := os.WriteFile(text, []byte("not a certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ path, password, why string }{
		"wrong password": {good, "guess", "password is wrong"},
		"no password":    {good, "", "password is wrong"},
		"expired":        {pfx(t, time.Now().Add(-time.Hour)), "secret", "valid from"},
		"not a PFX":      {text, "secret", "not a PFX"},
		"absent":         {text + "x", "secret", "no.pfxx"},
	} {
		t.Run(name, func(t *testing.T) {
			if _, raw, err := ReadCertificate(c.path, c.password); err == nil || raw != nil || !strings.Contains(err.Error(), c.why) {
				t.Errorf("%v, want …%s…", err, c.why)
			}
		})
	}
}
