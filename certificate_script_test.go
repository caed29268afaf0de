package main

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"software.sslmate.com/src/go-pkcs12"
)

// makePFX writes a PFX with a certificate of its own: pfx FILE PASSWORD.
func makePFX(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: pfx FILE PASSWORD")
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	ts.Check(err)
	draft := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "provider"},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour),
	}
	der, err := x509.CreateCertificate(rand.Reader, draft, draft, &key.PublicKey, key)
	ts.Check(err)
	cert, err := x509.ParseCertificate(der)
	ts.Check(err)
	raw, err := pkcs12.Modern.Encode(key, cert, nil, args[1])
	ts.Check(err)
	ts.Check(os.WriteFile(ts.MkAbs(args[0]), raw, 0o600))
}

// nowhere fails where a file below a folder holds what a PFX holds, as it is or in
// base64, or the text: nowhere FOLDER PFX TEXT.
func nowhere(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 3 {
		ts.Fatalf("usage: nowhere FOLDER PFX TEXT")
	}
	pfx, err := os.ReadFile(ts.MkAbs(args[1]))
	ts.Check(err)
	base := []byte(base64.StdEncoding.EncodeToString(pfx))
	looked := 0
	ts.Check(filepath.WalkDir(ts.MkAbs(args[0]), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		if info, err := d.Info(); err != nil || info.Size() > 1<<22 {
			return err // a disk
		}
		raw, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		looked++
		if bytes.Contains(raw, pfx) || bytes.Contains(raw, base) || bytes.Contains(raw, []byte(args[2])) {
			ts.Fatalf("%s holds the certificate or its password", path)
		}
		return nil
	}))
	if looked < 3 {
		ts.Fatalf("%d files looked at", looked)
	}
}
