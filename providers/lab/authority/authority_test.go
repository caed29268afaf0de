package authority

import (
	"bytes"
	"crypto/tls"
	"crypto/x509"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"time"
)

var today = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

func openAt(t *testing.T, dir string, now time.Time) *Authority {
	t.Helper()
	a, err := Open(dir, now)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// trusts is a client's check of a server's certificate.
func trusts(file []byte, leaf *x509.Certificate, name string, now time.Time) error {
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(file)
	_, err := leaf.Verify(x509.VerifyOptions{Roots: roots, DNSName: name, CurrentTime: now})
	return err
}

func read(t *testing.T, path string) []byte {
	t.Helper()
	data, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return data
}

func serverAt(t *testing.T, a *Authority, now *time.Time) *Server {
	t.Helper()
	s, err := NewServer(a, func() time.Time { return *now })
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func leafOf(t *testing.T, s *Server) *x509.Certificate {
	t.Helper()
	c, err := s.Config().GetCertificate(&tls.ClientHelloInfo{})
	if err != nil {
		t.Fatal(err)
	}
	return c.Leaf
}

func TestServersOfThisMachineAreTrustedAndNoOthers(t *testing.T) {
	a := openAt(t, t.TempDir(), today)
	now := today
	leaf := leafOf(t, serverAt(t, a, &now))
	file := read(t, a.Path())
	for _, name := range []string{"localhost", "127.0.0.1", "::1"} {
		if err := trusts(file, leaf, name, now); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"127.0.0.2", "example.com", "management.azure.com"} {
		if trusts(file, leaf, name, now) == nil {
			t.Errorf("the certificate is good for %s", name)
		}
	}
}

// Whoever has the key can still not pretend to be another machine.
func TestTheAuthorityCannotVouchForOtherNames(t *testing.T) {
	a := openAt(t, t.TempDir(), today)
	for _, name := range []string{"management.azure.com", "10.0.0.1"} {
		serial, err := newSerial()
		if err != nil {
			t.Fatal(err)
		}
		template := &x509.Certificate{SerialNumber: serial, NotBefore: today, NotAfter: today.Add(time.Hour)}
		if ip := net.ParseIP(name); ip != nil {
			template.IPAddresses = []net.IP{ip}
		} else {
			template.DNSNames = []string{name}
		}
		der, err := x509.CreateCertificate(nil, template, a.certificate, &a.key.PublicKey, a.key)
		if err != nil {
			t.Fatal(err)
		}
		leaf, err := x509.ParseCertificate(der)
		if err != nil {
			t.Fatal(err)
		}
		if trusts(read(t, a.Path()), leaf, name, today) == nil {
			t.Errorf("it vouches for %s", name)
		}
	}
}

func TestTheKeyIsItsOwnersAlone(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("rights of files are not modes there")
	}
	dir := t.TempDir()
	openAt(t, dir, today)
	key := filepath.Join(dir, keyFile)
	info, err := os.Stat(key)
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("%v %v", info.Mode(), err)
	}
	before := string(read(t, key))
	if err := os.Chmod(key, 0o644); err != nil { //nolint:gosec // that is the point
		t.Fatal(err)
	}
	a := openAt(t, dir, today)
	if string(read(t, key)) == before {
		t.Error("a key that others could read is still used")
	}
	if info, err := os.Stat(key); err != nil || info.Mode().Perm() != 0o600 || !a.good(today) {
		t.Errorf("%v %v", info.Mode(), err)
	}
}

func TestItStaysTheSameUntilItsEndIsNear(t *testing.T) {
	dir := t.TempDir()
	first := read(t, openAt(t, dir, today).Path())
	if again := read(t, openAt(t, dir, today.AddDate(1, 0, 0)).Path()); !bytes.Equal(again, first) {
		t.Error("a good authority was made anew")
	}
	late := today.Add(authorityLife - authorityEarly + time.Minute)
	renewed := openAt(t, dir, late)
	if bytes.Equal(read(t, renewed.Path()), first) {
		t.Fatal("it was not renewed")
	}
	leaf := leafOf(t, serverAt(t, renewed, &late))
	if err := trusts(read(t, renewed.Path()), leaf, "localhost", late); err != nil {
		t.Error(err)
	}
	if err := trusts(first, leaf, "localhost", late); err != nil {
		t.Errorf("whoever trusts the old certificate is turned away: %v", err)
	}
}

func TestAServerThatRunsForYearsIsTrusted(t *testing.T) {
	dir := t.TempDir()
	now := today
	s := serverAt(t, openAt(t, dir, now), &now)
	for range 60 { // five years, a month at a time
		now = now.AddDate(0, 1, 0)
		if err := trusts(read(t, filepath.Join(dir, certificateFile)), leafOf(t, s), "127.0.0.1", now); err != nil {
			t.Fatalf("%v: %v", now, err)
		}
	}
}

func TestDamagedFilesAreReplaced(t *testing.T) {
	for _, name := range []string{certificateFile, keyFile} {
		for _, content := range []string{"", "nonsense", "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n"} {
			dir := t.TempDir()
			openAt(t, dir, today)
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
			a := openAt(t, dir, today)
			now := today
			if err := trusts(read(t, a.Path()), leafOf(t, serverAt(t, a, &now)), "localhost", today); err != nil {
				t.Errorf("%s with %q: %v", name, content, err)
			}
		}
	}
}

func TestManyAtOnceMakeOne(t *testing.T) {
	dir := t.TempDir()
	var group sync.WaitGroup
	serials := make([]string, 8)
	for i := range serials {
		group.Go(func() {
			a, err := Open(dir, today)
			if err != nil {
				t.Error(err)
				return
			}
			serials[i] = a.certificate.SerialNumber.String()
		})
	}
	group.Wait()
	for _, serial := range serials {
		if serial != serials[0] {
			t.Fatalf("several authorities: %v", serials)
		}
	}
}

func TestAHandshakeSucceeds(t *testing.T) {
	a := openAt(t, t.TempDir(), time.Now())
	s, err := NewServer(a, time.Now)
	if err != nil {
		t.Fatal(err)
	}
	client, server := net.Pipe()
	done := make(chan error, 1)
	go func() { done <- tls.Server(server, s.Config()).Handshake() }()
	roots := x509.NewCertPool()
	roots.AppendCertsFromPEM(read(t, a.Path()))
	conn := tls.Client(client, &tls.Config{RootCAs: roots, ServerName: "localhost", MinVersion: tls.VersionTLS12})
	if err := conn.Handshake(); err != nil {
		t.Error(err)
	}
	if err := <-done; err != nil {
		t.Error(err)
	}
}
