package config

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/zalando/go-keyring"
	"software.sslmate.com/src/go-pkcs12"
)

func secretProfile() Profile {
	return Profile{Name: "site", Auth: AuthClientSecret, Tenant: "t", ClientID: "app1"}
}

func TestSecretIsKeptInTheKeyring(t *testing.T) {
	keyring.MockInit()
	p := secretProfile()
	never := func(context.Context, string) (string, error) {
		t.Error("asked although it is in the keyring")
		return "", nil
	}
	if err := p.StoreSecret("hush"); err != nil {
		t.Fatal(err)
	}
	if got, err := p.Secret(t.Context(), never); err != nil || got != "hush" {
		t.Fatalf("%q, %v", got, err)
	}
	// Another application never gets it.
	other := p
	other.ClientID = "app2"
	if got, err := other.Secret(t.Context(), nil); err == nil {
		t.Errorf("the secret of app1 went to app2: %q", got)
	}
	for range 2 { // a second time there is nothing to forget, and that is no error
		if err := p.ForgetSecret(); err != nil {
			t.Fatal(err)
		}
	}
	got, err := p.Secret(t.Context(), func(_ context.Context, what string) (string, error) { return "typed for " + what, nil })
	if err != nil || got != "typed for client secret of app1" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestSecretThatCannotBeHadSaysWhatToDo(t *testing.T) {
	keyring.MockInit()
	p := secretProfile()
	check := func(err error, why, remedy string) {
		t.Helper()
		var e *Error
		if !errors.As(err, &e) || !strings.Contains(e.Error(), why) || !strings.Contains(e.Remedy, remedy) {
			t.Errorf("%v", err)
		}
	}
	_, err := p.Secret(t.Context(), nil)
	check(err, "no client secret of app1 in the keyring", "failback secret set --profile site")
	keyring.MockInitWithError(errors.New("no session bus"))
	_, err = p.Secret(t.Context(), nil)
	check(err, "no session bus", "terminal")
	check(p.StoreSecret("x"), "no session bus", "terminal")
	check(Profile{Name: "site", Auth: AuthCLI}.StoreSecret("x"), "auth: cli has no use for a secret", "client-secret")
	check(Profile{Name: "site", Auth: AuthClientCertificate, CertificatePasswordFile: "f"}.ForgetSecret(), "no use for a secret", "client-secret")
}

// application makes a key with a certificate.
func application(t *testing.T, key crypto.Signer, expires time.Time) *x509.Certificate {
	t.Helper()
	draft := &x509.Certificate{SerialNumber: big.NewInt(2), Subject: pkix.Name{CommonName: "app"}, NotBefore: expires.Add(-48 * time.Hour), NotAfter: expires}
	der, err := x509.CreateCertificate(rand.Reader, draft, draft, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

func TestClientCertificateIsReadFromPEMAndPFX(t *testing.T) {
	keyring.MockInit()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	cert := application(t, key, time.Now().Add(time.Hour))
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	block := func(kind string, raw []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}) }
	pfx := func(password string) []byte {
		raw, err := pkcs12.Modern.Encode(key, cert, nil, password)
		if err != nil {
			t.Fatal(err)
		}
		return raw
	}
	bare := block("PRIVATE KEY", der)
	other, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	stranger := application(t, other, time.Now().Add(time.Hour))
	dir := t.TempDir()
	file := func(name string, raw []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	for name, c := range map[string]struct {
		raw      []byte
		password string // in a file
		typed    string
		why      string
	}{
		"PEM, key first":          {raw: slices.Concat(bare, block("CERTIFICATE", cert.Raw))},
		"PEM, with another":       {raw: slices.Concat(block("CERTIFICATE", stranger.Raw), block("CERTIFICATE", cert.Raw), bare)},
		"PKCS #1":                 {raw: slices.Concat(block("CERTIFICATE", cert.Raw), block("RSA PRIVATE KEY", x509.MarshalPKCS1PrivateKey(key)))},
		"PFX without a password":  {raw: pfx("")},
		"PFX, password in a file": {raw: pfx("hush"), password: "hush\n"},
		"PFX, password typed":     {raw: pfx("hush"), typed: "hush"},
		"PFX, wrong password":     {raw: pfx("hush"), typed: "wrong", why: "the password is wrong"},
		"PFX, nobody to ask":      {raw: pfx("hush"), why: "nobody to ask"},
		"no key":                  {raw: block("CERTIFICATE", cert.Raw), why: "no private key"},
		"no certificate":          {raw: bare, why: "no certificate of its key"},
		"another's certificate":   {raw: slices.Concat(block("CERTIFICATE", stranger.Raw), bare), why: "no certificate of its key"},
		"encrypted PEM":           {raw: slices.Concat(block("CERTIFICATE", cert.Raw), block("ENCRYPTED PRIVATE KEY", der)), why: "encrypted"},
		"expired":                 {raw: slices.Concat(block("CERTIFICATE", application(t, key, time.Now().Add(-time.Hour)).Raw), bare), why: "valid from"},
		"garbage":                 {raw: []byte("nothing"), why: "neither PEM nor a PFX"},
		"broken PEM":              {raw: slices.Concat(block("CERTIFICATE", []byte("x")), bare), why: "can't be read"},
	} {
		t.Run(name, func(t *testing.T) {
			p := Profile{Name: "site", Auth: AuthClientCertificate, Tenant: "t", ClientID: "app1", Certificate: file("app", c.raw)}
			if c.password != "" {
				p.CertificatePasswordFile = file("password", []byte(c.password))
			}
			var ask AskFunc
			if c.typed != "" {
				ask = func(context.Context, string) (string, error) { return c.typed, nil }
			}
			certs, got, err := p.ClientCertificate(t.Context(), ask)
			if c.why != "" {
				if err == nil || !strings.Contains(err.Error(), c.why) {
					t.Errorf("%v", err)
				}
				return
			}
			if err != nil || !key.Equal(got) || !certs[0].Equal(cert) {
				t.Errorf("%v, %d certificates", err, len(certs))
			}
		})
	}
	if _, _, err := (Profile{Certificate: filepath.Join(dir, "gone")}).ClientCertificate(t.Context(), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("%v", err)
	}
}

// FuzzIdentity: whatever stands in a file, reading it ends with certificates and a
// key, or with an error.
func FuzzIdentity(f *testing.F) {
	f.Add([]byte("-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"))
	f.Add([]byte{0x30, 0x82, 0x01, 0x00})
	f.Fuzz(func(t *testing.T, raw []byte) {
		_, key, err := identity(raw, "x")
		if err == nil && key == nil {
			t.Error("neither a key nor an error")
		}
	})
}
