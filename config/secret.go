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

// keyringUser is the name of the profile's entry. It holds the application, so
// that a profile which names another one never sends it this secret.
func (p Profile) keyringUser() string { return p.Name + " (" + p.ClientID + ")" }

// StoreSecret keeps the profile's secret in the keyring of this user on this
// machine.
func (p Profile) StoreSecret(secret string) error {
	if p.SecretName() == "" {
		return p.noSecret(errNoSecret)
	}
	if err := keyring.Set(keyringService, p.keyringUser(), secret); err != nil {
		return p.noSecret(err)
	}
	return nil
}

// ForgetSecret takes the profile's secret out of the keyring. One that is not
// there is no error.
func (p Profile) ForgetSecret() error {
	if p.SecretName() == "" {
		return p.noSecret(errNoSecret)
	}
	if err := keyring.Delete(keyringService, p.keyringUser()); err != nil && !errors.Is(err, keyring.ErrNotFound) {
		return p.noSecret(err)
	}
	return nil
}

// Secret finds the profile's secret: in the keyring, else by asking. ask is nil
// where nobody can be asked. It is kept nowhere.
func (p Profile) Secret(ctx context.Context, ask AskFunc) (string, error) {
	stored, err := readKeyring(ctx, p.keyringUser())
	if err == nil {
		return stored, nil
	}
	if ctx.Err() != nil {
		return "", ctx.Err()
	}
	if ask == nil {
		return "", p.noSecret(err)
	}
	return ask(ctx, p.SecretName())
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

// noSecret says why a secret can't be had or kept.
func (p Profile) noSecret(err error) *Error {
	out := &Error{File: "profile " + p.Name, Key: "auth", Err: err, Remedy: "put it there with failback secret set --profile " + p.Name + ", or run this on a terminal, where it can be asked for"}
	switch {
	case errors.Is(err, errNoSecret):
		out.Why = "auth: " + string(p.Auth) + " " + err.Error()
		out.Remedy = "only client-secret, and client-certificate without a password file, have one"
	case errors.Is(err, keyring.ErrNotFound):
		out.Why = "there is no " + p.SecretName() + " in the keyring, and nobody to ask"
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
