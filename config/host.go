package config

import (
	"encoding/hex"
	"maps"
	"slices"
	"strings"
)

// HostAuth names a way to sign in at a Hyper-V host. The empty value is
// HostAuthNTLM where a user is named, and HostAuthWindows where none is.
type HostAuth string

// The ways to sign in at a host.
const (
	HostAuthNTLM        HostAuth = "ntlm"
	HostAuthKerberos    HostAuth = "kerberos"
	HostAuthCertificate HostAuth = "certificate"
	HostAuthWindows     HostAuth = "windows"
)

// HostAuths lists the ways to sign in at a host.
var HostAuths = []HostAuth{HostAuthNTLM, HostAuthKerberos, HostAuthCertificate, HostAuthWindows}

// Host is how one Hyper-V host is reached over WinRM. The password itself never
// stands in a configuration file, and nothing in it passes TLS by.
type Host struct {
	URL  string   `yaml:"url"`
	Auth HostAuth `yaml:"auth"`
	User string   `yaml:"user"`
	// PasswordFile holds the user's password alone, or that of Certificate.
	PasswordFile string `yaml:"password_file"`
	// CA is a file of PEM certificates: these alone vouch for the host then, not
	// the system's.
	CA string `yaml:"ca"`
	// Fingerprint is the SHA-256 of the one certificate that the host may show.
	Fingerprint string `yaml:"fingerprint"`
	// Certificate is a PEM or PFX file for HostAuthCertificate.
	Certificate string `yaml:"certificate"`
	// Where HostAuthKerberos finds its settings and its tickets.
	Krb5Config  string `yaml:"krb5_config"`
	TicketCache string `yaml:"ticket_cache"`
	Keytab      string `yaml:"keytab"`
	// Sealed allows http:// beyond this machine: messages are sealed then, but
	// the host does not prove who it is.
	Sealed bool `yaml:"sealed"`
}

// files are the names of files in the entry.
func (h *Host) files() []*string {
	return []*string{&h.PasswordFile, &h.CA, &h.Certificate, &h.Krb5Config, &h.TicketCache, &h.Keytab}
}

// Pin is the fingerprint's bytes, nil without one.
func (h Host) Pin() []byte {
	if h.Fingerprint == "" {
		return nil
	}
	pin, _ := pin(h.Fingerprint) // checked when the file was read
	return pin
}

// pin reads what Windows, openssl and browsers show of a certificate's SHA-256.
func pin(text string) ([]byte, bool) {
	digits := strings.NewReplacer(":", "", " ", "").Replace(text)
	raw, err := hex.DecodeString(digits)
	return raw, err == nil && len(raw) == 32
}

// hostKeys is what a way to sign in at a host needs and what it may have.
var hostKeys = map[HostAuth]takes{
	HostAuthNTLM:        {needs: []string{"user"}, may: []string{"password_file"}},
	HostAuthKerberos:    {may: []string{"user", "password_file", "krb5_config", "ticket_cache", "keytab"}},
	HostAuthCertificate: {needs: []string{"certificate"}, may: []string{"password_file"}},
	HostAuthWindows:     {},
}

func (h Host) authKeys() []authKey {
	return []authKey{
		{"user", h.User}, {"password_file", h.PasswordFile}, {"certificate", h.Certificate},
		{"krb5_config", h.Krb5Config}, {"ticket_cache", h.TicketCache}, {"keytab", h.Keytab},
	}
}

// way is the sign-in that the entry means.
func (h Host) way() HostAuth {
	switch {
	case h.Auth != "":
		return h.Auth
	case h.User != "" || h.PasswordFile != "":
		return HostAuthNTLM
	}
	return HostAuthWindows
}

func (p Profile) checkHosts(at complain) error {
	for _, name := range slices.Sorted(maps.Keys(p.Hosts)) {
		err := p.Hosts[name].check(func(why string, keys ...string) error {
			return at(why, append([]string{"hosts", name}, keys...)...)
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func (h Host) check(at complain) error {
	if h.URL == "" {
		return at("url is missing", "url")
	}
	if why := badURL(h.URL); why != "" {
		return at(why, "url")
	}
	if h.PasswordFile != "" && h.User == "" && h.Certificate == "" {
		return at("a password without a user", "user")
	}
	if err := h.checkAuth(at); err != nil {
		return err
	}
	return h.checkTrust(at)
}

func (h Host) checkAuth(at complain) error {
	auth := h.way()
	keys, ok := hostKeys[auth]
	if !ok {
		words := make([]string, len(HostAuths))
		for i, a := range HostAuths {
			words[i] = string(a)
		}
		return at("\""+string(h.Auth)+"\" is none of "+strings.Join(words, ", "), "auth")
	}
	for _, k := range h.authKeys() {
		switch {
		case k.value == "" && slices.Contains(keys.needs, k.name):
			return at("auth: "+string(auth)+" needs "+k.name, k.name)
		case k.value == "" || slices.Contains(keys.needs, k.name) || slices.Contains(keys.may, k.name):
		default:
			return at("auth: "+string(auth)+" takes no "+k.name, k.name)
		}
	}
	switch {
	case auth != HostAuthKerberos:
		return nil
	case strings.Contains(h.User, `\`):
		return at("\""+h.User+"\" is no Kerberos principal; write user@REALM", "user")
	case h.Keytab != "" && h.User == "":
		return at("a keytab without the user whose key is meant", "user")
	case h.Keytab != "" && h.TicketCache != "", h.PasswordFile != "" && (h.Keytab != "" || h.TicketCache != ""):
		return at("tickets come from a password, a keytab or a ticket cache, not from two of them", "auth")
	}
	return nil
}

// checkTrust looks at how the host proves who it is.
func (h Host) checkTrust(at complain) error {
	if _, ok := pin(h.Fingerprint); h.Fingerprint != "" && !ok {
		return at("\""+h.Fingerprint+"\" is no SHA-256 of a certificate: 64 hexadecimal digits, with or without colons", "fingerprint")
	}
	if strings.HasPrefix(strings.ToLower(h.URL), "https:") {
		return nil
	}
	switch {
	case h.CA != "":
		return at("an authority has nothing to vouch for without https", "ca")
	case h.Fingerprint != "":
		return at("there is no certificate to pin without https", "fingerprint")
	case h.way() != HostAuthNTLM:
		return at("auth: "+string(h.way())+" needs https://; over http:// only ntlm's messages can be sealed", "auth")
	case !h.Sealed && !loopback(h.URL):
		return at("http:// proves nothing of the host: use https:// and port 5986, or allow sealed messages with sealed: true", "url")
	}
	return nil
}
