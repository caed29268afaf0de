package hyperv

import (
	"context"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"fmt"
)

// pinError is a host that shows another certificate than the pinned one.
type pinError struct{ got [sha256.Size]byte }

// Error gives the fingerprint of what was shown.
func (e *pinError) Error() string {
	return fmt.Sprintf("the host shows another certificate than the one that is pinned; the SHA-256 of this one is %x", e.got)
}

// tlsConfig is what connections to the host are opened with: TLS 1.2 at least,
// and a certificate that the authorities or the pin vouch for.
func (c checked) tlsConfig(ctx context.Context) (*tls.Config, error) {
	t := &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: c.Roots}
	if c.Fingerprint != nil {
		t.VerifyConnection = c.samePin
		// The pin names one certificate, and says more than an authority and a name
		// could. Beside authorities that are named too, both have to agree.
		t.InsecureSkipVerify = c.Roots == nil
	}
	if c.auth != AuthCertificate {
		return t, nil
	}
	chain, key, err := c.Identity(ctx)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", errIdentity, err)
	}
	own := tls.Certificate{PrivateKey: key}
	for _, certificate := range chain {
		own.Certificate = append(own.Certificate, certificate.Raw)
	}
	// Whatever authorities the host lists: its certificate mapping decides.
	t.GetClientCertificate = func(*tls.CertificateRequestInfo) (*tls.Certificate, error) { return &own, nil }
	// Windows asks for the certificate after the handshake. TLS 1.2 can answer that
	// by shaking hands once more; TLS 1.3 has a way that Go does not speak.
	t.MaxVersion, t.Renegotiation = tls.VersionTLS12, tls.RenegotiateOnceAsClient
	return t, nil
}

func (c checked) samePin(s tls.ConnectionState) error {
	got := sha256.Sum256(s.PeerCertificates[0].Raw)
	if subtle.ConstantTimeCompare(got[:], c.Fingerprint) != 1 {
		return &pinError{got}
	}
	return nil
}
