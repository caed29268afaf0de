package config

import (
	"bytes"
	"context"
	"errors"
	"path/filepath"
	"strings"
	"testing"

	"github.com/zalando/go-keyring"
)

const fingerprint = "2f3c1a8e4b6d7f90a1b2c3d4e5f60718293a4b5c6d7e8f90a1b2c3d4e5f60718"

func parseHost(lines string) (Profile, error) {
	f, err := Parse("/etc/fb/config.yaml", []byte("profiles:\n  site:\n    hosts:\n      hv01: {"+lines+"}\n"))
	if err != nil {
		return Profile{}, err
	}
	return f.Profile("site")
}

func TestHostsAreSignedInAtAsTheirEntriesSay(t *testing.T) {
	colons := strings.ToUpper(strings.TrimSuffix(strings.Join(split(fingerprint, 2), ":"), ":"))
	for name, c := range map[string]struct {
		lines string
		way   HostAuth
	}{
		"user":          {`url: "https://hv01", user: u`, HostAuthNTLM},
		"nobody":        {`url: "https://hv01"`, HostAuthWindows},
		"sealed":        {`url: "http://hv01:5985", user: u, sealed: true`, HostAuthNTLM},
		"this machine":  {`url: "http://127.0.0.1:5985", user: u`, HostAuthNTLM},
		"pinned":        {`url: "https://hv01", user: u, ca: root.pem, fingerprint: "` + colons + `"`, HostAuthNTLM},
		"ticket cache":  {`url: "https://hv01", auth: kerberos, ticket_cache: cc`, HostAuthKerberos},
		"keytab":        {`url: "https://hv01", auth: kerberos, user: u@R, keytab: kt, krb5_config: k`, HostAuthKerberos},
		"certificate":   {`url: "https://hv01", auth: certificate, certificate: c.pfx, password_file: p`, HostAuthCertificate},
		"Windows logon": {`url: "https://hv01", auth: windows`, HostAuthWindows},
	} {
		t.Run(name, func(t *testing.T) {
			p, err := parseHost(c.lines)
			if err != nil {
				t.Fatal(err)
			}
			h := p.Hosts["hv01"]
			if h.way() != c.way {
				t.Errorf("%s", h.way())
			}
			for _, file := range h.files() {
				if *file != "" && !strings.HasPrefix(*file, filepath.FromSlash("/etc/fb/")) {
					t.Errorf("%s is not looked for beside the configuration", *file)
				}
			}
			if h.Fingerprint != "" && (len(h.Pin()) != 32 || !bytes.Equal(h.Pin()[:2], []byte{0x2f, 0x3c})) {
				t.Errorf("pin %x", h.Pin())
			}
		})
	}
}

func split(s string, n int) []string {
	var out []string
	for ; len(s) > n; s = s[n:] {
		out = append(out, s[:n])
	}
	return append(out, s)
}

func TestHostsThatContradictThemselves(t *testing.T) {
	for name, c := range map[string]struct{ lines, key, why string }{
		"no user for a password": {`url: "https://hv01", password_file: p`, "user", "without a user"},
		"ntlm without user":      {`url: "https://hv01", auth: ntlm`, "user", "needs user"},
		"unknown":                {`url: "https://hv01", auth: basic, user: u`, "auth", "none of ntlm, kerberos, certificate, windows"},
		"credssp":                {`url: "https://hv01", auth: credssp, user: u`, "auth", "none of"},
		"windows with user":      {`url: "https://hv01", auth: windows, user: u`, "user", "takes no user"},
		"certificate missing":    {`url: "https://hv01", auth: certificate`, "certificate", "needs certificate"},
		"certificate unused":     {`url: "https://hv01", user: u, certificate: c`, "certificate", "takes no certificate"},
		"two kinds of tickets":   {`url: "https://hv01", auth: kerberos, user: u, keytab: k, ticket_cache: c`, "auth", "not from two"},
		"keytab of nobody":       {`url: "https://hv01", auth: kerberos, keytab: k`, "user", "keytab without the user"},
		"no principal":           {`url: "https://hv01", auth: kerberos, user: 'D\u'`, "user", "user@REALM"},
		"short pin":              {`url: "https://hv01", user: u, fingerprint: "2f3c"`, "fingerprint", "64 hexadecimal"},
		"SHA-1 pin":              {`url: "https://hv01", user: u, fingerprint: "` + fingerprint[:40] + `"`, "fingerprint", "64 hexadecimal"},
		"pin without TLS":        {`url: "http://hv01", user: u, sealed: true, fingerprint: "` + fingerprint + `"`, "fingerprint", "without https"},
		"authority without TLS":  {`url: "http://hv01", user: u, sealed: true, ca: c`, "ca", "without https"},
		"kerberos without TLS":   {`url: "http://hv01", auth: kerberos, sealed: true`, "auth", "needs https"},
		"windows without TLS":    {`url: "http://127.0.0.1", auth: windows`, "auth", "needs https"},
		"not sealed":             {`url: "http://hv01:5985", user: u`, "url", "sealed: true"},
		"insecure":               {`url: "https://hv01", user: u, insecure: true`, "insecure", "unknown field"},
		"a password":             {`url: "https://hv01", user: u, password: hush`, "password", "never stands in this file"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := parseHost(c.lines)
			var e *Error
			if !errors.As(err, &e) || !strings.HasSuffix(e.Key, "hosts.hv01."+c.key) || !strings.Contains(e.Why, c.why) || e.Line != 4 {
				t.Errorf("%v", err)
			}
			if err != nil && strings.Contains(err.Error(), "hush") {
				t.Error("the error shows the password")
			}
		})
	}
}

func TestHostPasswordsComeFromFileKeyringOrPerson(t *testing.T) {
	keyring.MockInit()
	p := Profile{Name: "site", Hosts: map[string]Host{
		"hv01": {URL: "https://hv01", User: `D\ops`}, "hv02": {URL: "https://hv02", User: `D\ops`},
		"hv03": {URL: "https://hv03", User: "Administrator"}, "hv04": {URL: "https://hv04", User: "Administrator"},
		"hv05": {URL: "https://hv05", Auth: HostAuthWindows},
		"hv06": {URL: "https://hv06", User: "u", PasswordFile: filepath.Join(t.TempDir(), "gone")},
	}}
	if err := p.StoreHostSecret("hv01", "domain"); err != nil {
		t.Fatal(err)
	}
	if err := p.StoreHostSecret("hv03", "local"); err != nil {
		t.Fatal(err)
	}
	ask := func(_ context.Context, what string) (string, error) { return "typed for " + what, nil }
	for host, want := range map[string]string{
		"hv01": "domain", "hv02": "domain", "hv03": "local", "hv04": "typed for password of Administrator at hv04",
	} {
		if got, err := p.HostPassword(t.Context(), host, ask); err != nil || got != want {
			t.Errorf("%s: %q, %v", host, got, err)
		}
	}
	// Another account at the same host never gets what was kept for the first.
	p.Hosts["hv01"] = Host{URL: "https://hv01", User: `D\other`}
	if got, err := p.HostPassword(t.Context(), "hv01", nil); err == nil {
		t.Errorf("another account got %q", got)
	} else if !strings.Contains(err.Error(), `password of D\other`) {
		t.Error(err)
	}
	var e *Error
	if _, err := p.HostPassword(t.Context(), "hv06", ask); !errors.As(err, &e) || e.File != p.Hosts["hv06"].PasswordFile {
		t.Errorf("a file that is not there: %v", err)
	}
	for host, why := range map[string]string{"hv05": "auth: windows", "hv06": "password_file"} {
		if err := p.StoreHostSecret(host, "x"); err == nil || !strings.Contains(err.Error(), why) {
			t.Errorf("%s: %v", host, err)
		}
	}
	if err := p.ForgetHostSecret("hv02"); err != nil {
		t.Fatal(err)
	}
	if got, err := p.HostPassword(t.Context(), "hv02", nil); err == nil {
		t.Errorf("forgotten, and still there: %q", got)
	}
}
