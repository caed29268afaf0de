// Package authority is the certificate authority of the labs of one state
// directory. Clients that refuse to send a token over plain HTTP, and most do,
// are given its certificate to trust.
//
// It vouches for names of the machine it runs on and for nothing else: that
// stands in its own certificate, so a person who trusts it gives nothing away.
package authority

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"net"
	"os"
	"path/filepath"
	"runtime"
	"time"

	"github.com/gofrs/flock"
)

// Files of an authority. A dot stands in each name: no estate's folder has one.
const (
	certificateFile = "ca.pem"
	keyFile         = "ca-key.pem"
	lockFile        = "ca.lock"
)

// How long certificates are good for, and how long before their end they are
// made anew. An authority always outlives what it signs.
const (
	authorityLife  = 2 * 365 * 24 * time.Hour
	authorityEarly = 180 * 24 * time.Hour
	serverLife     = 90 * 24 * time.Hour
	serverEarly    = 30 * 24 * time.Hour
	// skew is how far a client's clock may be behind.
	skew = time.Hour
)

// Authority signs the certificates of servers on this machine.
type Authority struct {
	path        string
	certificate *x509.Certificate
	key         *ecdsa.PrivateKey
}

// Open reads the authority that is kept in the folder. Where there is none, or
// one that cannot be used, it makes one; where its certificate comes to its end,
// it makes a new one with the same key, so that whoever trusts the old one is
// served until that one has ended. Several processes may call it at once.
func Open(dir string, now time.Time) (_ *Authority, err error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, fmt.Errorf("open the certificate authority: %w", err)
	}
	lock := flock.New(filepath.Join(dir, lockFile), flock.SetPermissions(0o600))
	if err := lock.Lock(); err != nil {
		return nil, fmt.Errorf("open the certificate authority: %w", err)
	}
	defer func() { err = errors.Join(err, lock.Unlock()) }()
	a := &Authority{path: filepath.Join(dir, certificateFile)}
	if a.key, err = readKey(filepath.Join(dir, keyFile)); err != nil {
		return nil, fmt.Errorf("read the key of the certificate authority: %w", err)
	}
	if a.key == nil {
		if a.key, err = makeKey(filepath.Join(dir, keyFile)); err != nil {
			return nil, fmt.Errorf("make a key of the certificate authority: %w", err)
		}
	}
	if a.certificate, err = readCertificate(a.path); err != nil {
		return nil, fmt.Errorf("read the certificate authority: %w", err)
	}
	if !a.good(now) {
		if err := a.renew(now); err != nil {
			return nil, fmt.Errorf("make the certificate authority: %w", err)
		}
	}
	return a, nil
}

// Path is the file that clients are told to trust.
func (a *Authority) Path() string { return a.path }

// good reports whether the certificate belongs to the key and has time left.
func (a *Authority) good(now time.Time) bool {
	c := a.certificate
	return c != nil && a.key.PublicKey.Equal(c.PublicKey) && c.IsCA && c.PermittedDNSDomainsCritical &&
		!now.Before(c.NotBefore) && now.Before(c.NotAfter.Add(-authorityEarly))
}

func (a *Authority) renew(now time.Time) error {
	serial, err := newSerial()
	if err != nil {
		return err
	}
	template := &x509.Certificate{
		SerialNumber: serial,
		// The name is the key's: two state directories are told apart.
		Subject:               pkix.Name{CommonName: "failback lab " + fingerprint(&a.key.PublicKey)},
		NotBefore:             now.Add(-skew),
		NotAfter:              now.Add(authorityLife),
		IsCA:                  true,
		BasicConstraintsValid: true,
		MaxPathLenZero:        true,
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,

		PermittedDNSDomainsCritical: true,
		PermittedDNSDomains:         []string{"localhost"},
		PermittedIPRanges: []*net.IPNet{
			{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)},
			{IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
		},
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &a.key.PublicKey, a.key)
	if err != nil {
		return err
	}
	if a.certificate, err = x509.ParseCertificate(der); err != nil {
		return err
	}
	return writePEM(a.path, "CERTIFICATE", der)
}

// readKey returns nil where there is no key that may be used: a key that others
// could read, or that is none, is as good as lost.
func readKey(path string) (*ecdsa.PrivateKey, error) {
	info, err := os.Stat(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if runtime.GOOS != "windows" && info.Mode().Perm()&0o077 != 0 {
		return nil, nil
	}
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(data)
	if block == nil {
		return nil, nil
	}
	if parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes); err == nil {
		if key, ok := parsed.(*ecdsa.PrivateKey); ok {
			return key, nil
		}
	}
	return nil, nil
}

func makeKey(path string) (*ecdsa.PrivateKey, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		return nil, err
	}
	return key, writePEM(path, "PRIVATE KEY", der)
}

// readCertificate returns nil where there is none that can be read.
func readCertificate(path string) (*x509.Certificate, error) {
	data, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	if block, _ := pem.Decode(data); block != nil && block.Type == "CERTIFICATE" {
		if c, err := x509.ParseCertificate(block.Bytes); err == nil {
			return c, nil
		}
	}
	return nil, nil
}

// writePEM replaces a file as a whole, for its owner alone.
func writePEM(path, kind string, der []byte) error {
	fresh := path + ".new"
	// What a killed process left behind may have other rights.
	if err := os.Remove(fresh); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return err
	}
	if err := os.WriteFile(fresh, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600); err != nil {
		return err
	}
	return os.Rename(fresh, path)
}

func newSerial() (*big.Int, error) {
	return rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 127))
}

func fingerprint(key *ecdsa.PublicKey) string {
	point, err := key.Bytes()
	if err != nil {
		return "" // not for a key that was generated or parsed
	}
	return hex.EncodeToString(point[1:5])
}
