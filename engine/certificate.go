package engine

import (
	"errors"
	"fmt"
	"strings"
)

// Certificate is the PFX of the retired VMM encryption, whole, as its file holds it.
// It lives in memory alone: it prints as its thumbprint and refuses to be encoded.
// The password that opened it is not part of it.
type Certificate struct {
	thumbprint string
	pfx        []byte
}

// NewCertificate keeps the bytes of a PFX whose certificate has that thumbprint.
func NewCertificate(thumbprint string, pfx []byte) *Certificate {
	return &Certificate{thumbprint: thumbprint, pfx: pfx}
}

// Thumbprint is the name by which Windows and the vault know the certificate, ""
// for nil.
func (c *Certificate) Thumbprint() string {
	if c == nil {
		return ""
	}
	return c.thumbprint
}

// PFX is the whole file, for the one request that has a field for it; nil for nil.
func (c *Certificate) PFX() []byte {
	if c == nil {
		return nil
	}
	return c.pfx
}

// Format prints the thumbprint, whatever the verb.
func (c *Certificate) Format(f fmt.State, _ rune) {
	_, _ = fmt.Fprint(f, "certificate "+c.Thumbprint()) // a State takes everything
}

// MarshalText refuses: a certificate must not reach a file.
func (c *Certificate) MarshalText() ([]byte, error) {
	return nil, errors.New("a certificate is not written down")
}

// WantsCertificate is the thumbprint of the certificate that a run in this state
// still has to send, "" where it needs none (any more).
func (s State) WantsCertificate() string {
	if s.Plan.Direction != ToAzure {
		return ""
	}
	for _, l := range s.Legs {
		if l.Mode != ModeEnded && !l.Ops[OpStart].Accepted {
			return s.Plan.CertificateThumbprint
		}
	}
	return ""
}

// certified makes sure that the certificate of the plan is at hand before anything
// is asked for.
func (l *leg) certified() error {
	want := l.r.Stream.State().WantsCertificate()
	if want == "" || strings.EqualFold(want, l.r.Certificate.Thumbprint()) {
		return nil
	}
	return NoCertificate(l.item.Name, want, string(l.r.Stream.State().Run))
}

// NoCertificate says that a run can't go on without the certificate of its plan.
func NoCertificate(where, thumbprint, run string) error {
	return &Failure{
		Kind: FailureUsage, What: "send the certificate", Where: where,
		Why:    "the plan names the certificate " + thumbprint + ", which is kept nowhere and has to be named again",
		Remedy: "name its file: failback resume " + run + " --certificate FILE",
	}
}
