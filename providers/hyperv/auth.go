package hyperv

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"runtime"
	"strings"
)

// Auth is a way to sign in at a host.
type Auth string

// The ways to sign in at a host. The empty one is AuthWindows on Windows where no
// user is named, else AuthNTLM.
const (
	AuthNTLM        Auth = "ntlm"        // user and password; over https bound to the host's certificate
	AuthKerberos    Auth = "kerberos"    // a ticket; https only
	AuthCertificate Auth = "certificate" // a client certificate; https only
	AuthWindows     Auth = "windows"     // whoever is logged on to this Windows machine; https only
)

// Kerberos says where tickets come from. Empty fields mean what they mean to
// other programs of the system: KRB5_CONFIG, KRB5CCNAME and the usual places.
type Kerberos struct {
	Config string // krb5.conf
	// Cache is a file with tickets, as kinit leaves it. It is taken where there is
	// neither a keytab nor a user with a password.
	Cache  string
	Keytab string
}

// errNoWindows says that nobody is logged on to Windows here.
var errNoWindows = errors.New("auth windows signs in with the logon of the Windows machine that the program runs on, and this is none")

// way is the sign-in that is meant.
func (e Endpoint) way() Auth {
	switch {
	case e.Auth != "":
		return e.Auth
	case e.User == "" && runtime.GOOS == "windows":
		return AuthWindows
	}
	return AuthNTLM
}

// checkAuth finds out whether there is what the sign-in needs.
func (e Endpoint) checkAuth(auth Auth, tls bool) error {
	if !tls && auth != AuthNTLM {
		return fmt.Errorf("auth %s needs https://: only the messages of NTLM can be sealed here", auth)
	}
	if !tls && (e.Roots != nil || e.Fingerprint != nil) {
		return errors.New("a certificate is pinned, but http:// has none")
	}
	if e.Fingerprint != nil && len(e.Fingerprint) != sha256.Size {
		return fmt.Errorf("the fingerprint has %d bytes; SHA-256 has %d", len(e.Fingerprint), sha256.Size)
	}
	switch auth {
	case AuthNTLM:
		if e.User == "" || e.Password == nil {
			return errors.New("a user and a password are needed")
		}
	case AuthKerberos:
		if strings.Contains(e.User, `\`) {
			return fmt.Errorf("%q is no Kerberos principal: write user@REALM", e.User)
		}
		if e.User == "" && e.Kerberos.Keytab != "" {
			return errors.New("a keytab without the user whose key is meant")
		}
	case AuthCertificate:
		if e.Identity == nil {
			return errors.New("a client certificate is needed")
		}
	case AuthWindows:
		if runtime.GOOS != "windows" {
			return errNoWindows
		}
	default:
		return fmt.Errorf("auth %q is unknown", auth)
	}
	return nil
}
