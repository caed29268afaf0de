package config

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"software.sslmate.com/src/go-pkcs12"
)

// ClientCertificate reads the certificate that the profile signs in with, its own
// first, and its key. A password is looked for only where the file has one.
// Neither is kept.
func (p Profile) ClientCertificate(ctx context.Context, ask AskFunc) ([]*x509.Certificate, crypto.PrivateKey, error) {
	return readIdentity(p.Certificate, func() (string, error) { return p.certificatePassword(ctx, ask) })
}

func unusable(err error) string {
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		return "the password is wrong"
	}
	return err.Error()
}

// identity reads certificates and a key from PEM or from a PFX.
func identity(raw []byte, password string) ([]*x509.Certificate, crypto.PrivateKey, error) {
	if bytes.Contains(raw, []byte("-----BEGIN ")) {
		return fromPEM(raw)
	}
	key, cert, chain, err := pkcs12.DecodeChain(raw, password)
	switch {
	case errors.Is(err, pkcs12.ErrIncorrectPassword):
		return nil, nil, err
	case errors.As(err, new(pkcs12.NotImplementedError)):
		return nil, nil, fmt.Errorf("a PFX of a kind that can't be read: %w", err)
	case err != nil:
		return nil, nil, errors.New("neither PEM nor a PFX with a certificate and its key")
	}
	return append([]*x509.Certificate{cert}, chain...), key, nil
}

func fromPEM(raw []byte) (certs []*x509.Certificate, key crypto.PrivateKey, err error) {
	for block, rest := pem.Decode(raw); block != nil; block, rest = pem.Decode(rest) {
		switch {
		case block.Type == "CERTIFICATE":
			cert, err := x509.ParseCertificate(block.Bytes)
			if err != nil {
				return nil, nil, errors.New("a certificate in it can't be read")
			}
			certs = append(certs, cert)
		case block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "":
			return nil, nil, errors.New("its key is encrypted; a PFX can be, a PEM file can't be read so")
		case strings.HasSuffix(block.Type, "PRIVATE KEY"):
			if key, err = privateKey(block.Bytes); err != nil {
				return nil, nil, err
			}
		}
	}
	if key == nil {
		return nil, nil, errors.New("it holds no private key")
	}
	return certs, key, nil
}

func privateKey(der []byte) (crypto.PrivateKey, error) {
	if key, err := x509.ParsePKCS8PrivateKey(der); err == nil {
		return key, nil
	}
	if key, err := x509.ParsePKCS1PrivateKey(der); err == nil {
		return key, nil
	}
	// What the parser says of its bytes helps nobody, and they are a key's.
	return nil, errors.New("its private key can't be read")
}

// ownFirst puts the certificate of the key first. Entra takes RSA keys only, and
// what Windows maps to accounts is made with them.
func ownFirst(certs []*x509.Certificate, key crypto.PrivateKey) ([]*x509.Certificate, error) {
	private, ok := key.(*rsa.PrivateKey)
	if !ok {
		return nil, errors.New("its key is not an RSA key, which the sign-in needs")
	}
	own := slices.IndexFunc(certs, func(c *x509.Certificate) bool { return private.PublicKey.Equal(c.PublicKey) })
	if own < 0 {
		return nil, errors.New("it holds no certificate of its key")
	}
	certs[0], certs[own] = certs[own], certs[0]
	now := time.Now()
	if now.Before(certs[0].NotBefore) || now.After(certs[0].NotAfter) {
		return nil, fmt.Errorf("it is valid from %s to %s only", certs[0].NotBefore.Format(time.DateOnly), certs[0].NotAfter.Format(time.DateOnly))
	}
	return certs, nil
}
