package config

import (
	"crypto/sha1" // a thumbprint is a name that Windows and the vault use, not a proof
	"errors"
	"fmt"
	"os"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// ReadCertificate opens a PFX and returns the SHA-1 thumbprint by which Windows and
// the vault name it, and the file's bytes. It has to hold a private key and be valid
// now. The password is not kept.
func ReadCertificate(path, password string) (thumbprint string, pfx []byte, err error) {
	raw, err := os.ReadFile(path)
	if err != nil {
		return "", nil, err
	}
	thumbprint, err = thumbprintOf(raw, password)
	if err != nil {
		return "", nil, err
	}
	return thumbprint, raw, nil
}

func thumbprintOf(raw []byte, password string) (string, error) {
	key, cert, _, err := pkcs12.DecodeChain(raw, password)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return "", errors.New("the password is wrong")
	case errors.As(err, new(pkcs12.NotImplementedError)):
		return "", fmt.Errorf("a PFX of a kind that can't be read: %w", err)
	case err != nil:
		// What the parser says of its bytes helps nobody who named another file.
		return "", errors.New("not a PFX with a certificate and its key")
	case key == nil:
		return "", errors.New("it holds no private key")
	}
	now := time.Now()
	if now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return "", fmt.Errorf("it is valid from %s to %s only", cert.NotBefore.Format(time.DateOnly), cert.NotAfter.Format(time.DateOnly))
	}
	return fmt.Sprintf("%X", sha1.Sum(cert.Raw)), nil
}
