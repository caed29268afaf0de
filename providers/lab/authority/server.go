package authority

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"net"
	"path/filepath"
	"sync"
	"time"
)

// Server is the certificate of a lab's servers. It is made anew before its end,
// while the lab is served. It is safe for concurrent use.
type Server struct {
	now func() time.Time

	mu        sync.Mutex
	authority *Authority
	current   *tls.Certificate
}

// NewServer makes a certificate for the names of this machine: localhost,
// 127.0.0.1 and ::1. Its key is never written.
func NewServer(a *Authority, now func() time.Time) (*Server, error) {
	s := &Server{authority: a, now: now}
	_, err := s.certificate()
	return s, err
}

// Config is what a server listens with.
func (s *Server) Config() *tls.Config {
	return &tls.Config{
		MinVersion:     tls.VersionTLS12,
		GetCertificate: func(*tls.ClientHelloInfo) (*tls.Certificate, error) { return s.certificate() },
	}
}

func (s *Server) certificate() (*tls.Certificate, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	now := s.now()
	if s.current != nil && now.Before(s.current.Leaf.NotAfter.Add(-serverEarly)) {
		return s.current, nil
	}
	fresh, err := s.issue(now)
	switch {
	case err == nil:
		s.current = fresh
	case s.current == nil || now.After(s.current.Leaf.NotAfter):
		return nil, err
	}
	return s.current, nil
}

// issue signs a new certificate; the authority is looked at first, since its own
// end may have come near.
func (s *Server) issue(now time.Time) (*tls.Certificate, error) {
	a := s.authority
	if !a.good(now) {
		var err error
		if a, err = Open(filepath.Dir(a.path), now); err != nil {
			return nil, err
		}
		s.authority = a
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	serial, err := newSerial()
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		Subject:      pkix.Name{CommonName: "localhost"},
		NotBefore:    now.Add(-skew),
		NotAfter:     now.Add(serverLife),
		KeyUsage:     x509.KeyUsageDigitalSignature,
		ExtKeyUsage:  []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
		DNSNames:     []string{"localhost"},
		IPAddresses:  []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, a.certificate, &key.PublicKey, a.key)
	if err != nil {
		return nil, err
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, nil
}
