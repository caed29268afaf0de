package config

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"

	"github.com/zalando/go-keyring"
)

// keyringService is what this program's entries in a keyring are filed under.
const keyringService = "failback"

// errNoSecret says that a profile's way to sign in has no use for a secret.
var errNoSecret = errors.New("has no use for a secret")

// AskFunc asks a person for a text that is not shown.
type AskFunc func(ctx context.Context, what string) (string, error)

// SecretName says what a secret of the profile is, for a person; empty where its
// way to sign in has no use for one.
func (p Profile) SecretName() string {
	switch p.Auth {
	case AuthClientSecret:
		return "client secret of " + p.ClientID
	case AuthClientCertificate:
		if p.CertificatePasswordFile == "" {
			return "password of " + filepath.Base(p.Certificate)
		}
	case AuthDefault, AuthCLI, AuthManagedIdentity, AuthWorkloadIdentity, AuthDeviceCode, AuthBrowser, AuthLoopback:
	}
	return ""
}

// entry is one secret: what it is for a person, and where the keyring has it.
type entry struct {
	what   string // empty: there is no use for a secret
	user   string // whose it is, in the keyring
	file   string // what the errors name
	key    string
	unused string // why there is no use for one
	only   string // what has a use for one
	set    string // the command that puts it there
}

// entry is the profile's own secret. Its name holds the application, so that a
// profile which names another one never sends it this secret.
func (p Profile) entry() entry {
	return entry{
		what: p.SecretName(), user: p.Name + " (" + p.ClientID + ")", file: "profile " + p.Name, key: "auth",
		unused: "auth: " + string(p.Auth), only: "only client-secret, and client-certificate without a password file, have one",
		set: "failback secret set --profile " + p.Name,
	}
}

// StoreSecret keeps the profile's secret in the keyring of this user on this
// machine.
func (p Profile) StoreSecret(secret string) error { return p.entry().store(secret) }

// ForgetSecret takes the profile's secret out of the keyring. One that is not
// there is no error.
func (p Profile) ForgetSecret() error { return p.entry().forget() }

// Secret finds the profile's secret: in the keyring, else by asking. ask is nil
// where nobody can be asked. It is kept nowhere.
func (p Profile) Secret(ctx context.Context, ask AskFunc) (string, error) {
	return p.entry().find(ctx, ask)
}

func (e entry) store(secret string) error {
	if e.what == "" {
		return e.missing(errNoSecret)
	}
	if err := keyring.Set(keyringService, e.user, secret); err != nil {
		return e.missing(err)
	}
	return nil
}

func (e entry) forget() error {
	if e.what == "" {
		return e.missing(errNoSecret)
	}
	if err := keyring.Delete(keyringService, e.user); err != nil && !errors.Is(err, keyring.ErrNotFound) {
		return e.missing(err)
	}
	return nil
}

func (e entry) find(ctx context.Context, ask AskFunc) (string, error) {
	stored, err := readKeyring(ctx, e.user)
	if err == nil {
		return stored, nil
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if ask == nil {
		return "", e.missing(err)
	}
	return ask(ctx, e.what)
}

// readKeyring reads an entry. A keyring that asks its owner to unlock it, on a
// screen that nobody sees, is not waited for any longer than ctx.
func readKeyring(ctx context.Context, user string) (string, error) {
	type answer struct {
		secret string
		err    error
	}
	got := make(chan answer, 1)
	go func() {
		secret, err := keyring.Get(keyringService, user)
		got <- answer{secret, err}
	}()
	select {
	case a := <-got:
		return a.secret, a.err
	case <-ctx.Done():
		return "", ctx.Err()
	}
}

// missing says why a secret can't be had or kept.
func (e entry) missing(err error) *Error {
	out := &Error{File: e.file, Key: e.key, Err: err, Remedy: "put it there with " + e.set + ", or run this on a terminal, where it can be asked for"}
	switch {
	case errors.Is(err, errNoSecret):
		out.Why = e.unused + " " + err.Error()
		out.Remedy = e.only
	case errors.Is(err, keyring.ErrNotFound):
		out.Why = "there is no " + e.what + " in the keyring, and nobody to ask"
	default:
		out.Why = "the keyring of this machine can't be used: " + strings.TrimSpace(err.Error())
		out.Remedy = "run this on a terminal, where the secret can be asked for, or name another way to sign in with auth"
	}
	return out
}

// certificatePassword finds the password of the profile's certificate: in its
// file, else as any secret.
func (p Profile) certificatePassword(ctx context.Context, ask AskFunc) (string, error) {
	if p.CertificatePasswordFile == "" {
		return p.Secret(ctx, ask)
	}
	raw, err := os.ReadFile(p.CertificatePasswordFile)
	if err != nil {
		return "", &Error{File: p.CertificatePasswordFile, Why: reason(err), Remedy: "name a file with the password alone with certificate_password_file", Err: err}
	}
	return strings.TrimRight(string(raw), "\r\n"), nil
}

// KeyringAnswers looks whether this user's keyring can be asked at all. Nothing is
// read from it and nothing is put there.
func KeyringAnswers(ctx context.Context) error {
	if _, err := readKeyring(ctx, "doctor: there is no such entry"); err != nil && !errors.Is(err, keyring.ErrNotFound) {
		return err
	}
	return nil
}
