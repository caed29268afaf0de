package config

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"software.sslmate.com/src/go-pkcs12"
)

// hostEntry is the secret of the sign-in at a host. Accounts of a domain have one
// for all hosts of the profile, local ones another at each host.
func (p Profile) hostEntry(name string) entry {
	h := p.Hosts[name]
	e := entry{
		file: "profile " + p.Name, key: "hosts." + name,
		unused: "host " + name + ", auth: " + string(h.way()) + ",", only: "only ntlm, kerberos with a user alone, and certificate have one, and none with a password_file",
		set: "failback secret set --profile " + p.Name + " --host " + name,
	}
	switch way := h.way(); {
	case h.PasswordFile != "":
		e.unused = "host " + name + ", with a password_file,"
	case way == HostAuthCertificate:
		e.what = "password of " + filepath.Base(h.Certificate)
		e.user = p.Name + " host certificate (" + h.Certificate + ")"
	case way == HostAuthNTLM, way == HostAuthKerberos && h.User != "" && h.Keytab == "" && h.TicketCache == "":
		e.what = "password of " + h.User
		e.user = p.Name + " hosts (" + h.User + ")"
		if domain, _, ok := strings.Cut(h.User, `\`); (!ok || domain == ".") && !strings.Contains(h.User, "@") {
			e.what += " at " + name
			e.user = p.Name + " host " + name + " (" + h.User + ")"
		}
	}
	return e
}

// HostSecretName says what the secret of the sign-in at a host is, for a person:
// hosts with the same name share one. It is empty where there is none to be asked
// for.
func (p Profile) HostSecretName(host string) string { return p.hostEntry(host).what }

// StoreHostSecret keeps it in the keyring of this user on this machine.
func (p Profile) StoreHostSecret(host, secret string) error { return p.hostEntry(host).store(secret) }

// ForgetHostSecret takes it out of the keyring. One that is not there is no error.
func (p Profile) ForgetHostSecret(host string) error { return p.hostEntry(host).forget() }

// HostPassword finds the password of the sign-in at a host: in its file, else in
// the keyring, else by asking. ask is nil where nobody can be asked. Call it each
// time one is needed: it is kept nowhere in between. A line feed at the end of the
// file is not part of it.
func (p Profile) HostPassword(ctx context.Context, host string, ask AskFunc) (string, error) {
	h := p.Hosts[host]
	if h.PasswordFile == "" {
		return p.hostEntry(host).find(ctx, ask)
	}
	raw, err := os.ReadFile(h.PasswordFile)
	if err != nil {
		return "", &Error{File: h.PasswordFile, Why: reason(err), Remedy: "name a file with the password alone with password_file, or leave that out", Err: err}
	}
	return strings.TrimRight(string(raw), "\r\n"), nil
}

// HostCertificate reads the certificate for the sign-in at a host, its own first,
// and its key. A password is looked for only where the file has one. Neither is
// kept.
func (p Profile) HostCertificate(ctx context.Context, host string, ask AskFunc) ([]*x509.Certificate, crypto.PrivateKey, error) {
	return readIdentity(p.Hosts[host].Certificate, func() (string, error) { return p.HostPassword(ctx, host, ask) })
}

// HostRoots reads the authorities that vouch for a host; nil, the system's, where
// the profile names none.
func (p Profile) HostRoots(host string) (*x509.CertPool, error) {
	path := p.Hosts[host].CA
	if path == "" {
		return nil, nil
	}
	const remedy = "name a file of PEM certificates with ca"
	raw, err := readFile(path, remedy)
	if err != nil {
		return nil, err
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(raw) {
		return nil, &Error{File: path, Why: "no certificate in it", Remedy: remedy}
	}
	return roots, nil
}

// readIdentity reads a certificate and its key from PEM or PFX.
func readIdentity(path string, password func() (string, error)) ([]*x509.Certificate, crypto.PrivateKey, error) {
	const remedy = "name a PEM or PFX file with a certificate and its key"
	raw, err := readFile(path, remedy+" with certificate")
	if err != nil {
		return nil, nil, err
	}
	certs, key, err := identity(raw, "")
	if errors.Is(err, pkcs12.ErrIncorrectPassword) {
		text, asked := password()
		if asked != nil {
			return nil, nil, asked
		}
		certs, key, err = identity(raw, text)
	}
	if err == nil {
		certs, err = ownFirst(certs, key)
	}
	if err != nil {
		return nil, nil, &Error{File: path, Why: unusable(err), Remedy: remedy + ", and the right password", Err: err}
	}
	return certs, key, nil
}
