package hyperv_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/binary"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/jcmturner/gofork/encoding/asn1"
	"github.com/jcmturner/gokrb5/v8/iana/etypeID"
	"github.com/jcmturner/gokrb5/v8/iana/nametype"
	"github.com/jcmturner/gokrb5/v8/keytab"
	"github.com/jcmturner/gokrb5/v8/messages"
	"github.com/jcmturner/gokrb5/v8/types"

	"failback/engine"
	"failback/providers/hyperv"
	"failback/providers/lab/winrm"
)

const realm = "LAB.EXAMPLE"

// realmOf is a realm without controllers: the keys of its services, and tickets as
// kinit would have left them in a cache.
type realmOf struct {
	keys   *keytab.Keytab
	config string
	folder string
}

func newRealm(t *testing.T, services ...string) realmOf {
	t.Helper()
	return realmAt(t, "127.0.0.1:1", services...)
}

// realmAt is a realm whose controller is said to be somewhere.
func realmAt(t *testing.T, controller string, services ...string) realmOf {
	t.Helper()
	r := realmOf{keys: keytab.New(), folder: t.TempDir()}
	r.config = filepath.Join(r.folder, "krb5.conf")
	text := "[libdefaults]\n default_realm = " + realm + "\n dns_lookup_kdc = false\n[realms]\n " + realm + " = {\n  kdc = " + controller + "\n }\n"
	if err := os.WriteFile(r.config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, service := range append(services, "krbtgt/"+realm) {
		if err := r.keys.AddEntry(service, realm, "key of "+service, time.Now(), 1, etypeID.AES256_CTS_HMAC_SHA1_96); err != nil {
			t.Fatal(err)
		}
	}
	return r
}

func principal(name string, kind int32) types.PrincipalName {
	return types.PrincipalName{NameType: kind, NameString: strings.Split(name, "/")}
}

// cache writes tickets for services, valid until then.
func (r realmOf) cache(t *testing.T, name string, until time.Time, services ...string) string {
	t.Helper()
	var b bytes.Buffer
	put := func(values ...any) {
		for _, v := range values {
			switch v := v.(type) {
			case string:
				_ = binary.Write(&b, binary.BigEndian, uint32(len(v)))
				b.WriteString(v)
			case []byte:
				_ = binary.Write(&b, binary.BigEndian, uint32(len(v)))
				b.Write(v)
			default:
				_ = binary.Write(&b, binary.BigEndian, v)
			}
		}
	}
	named := func(name string, kind int32) {
		parts := strings.Split(name, "/")
		put(kind, uint32(len(parts)), realm)
		for _, part := range parts {
			put(part)
		}
	}
	put(uint8(5), uint8(4), uint16(12), uint16(1), uint16(8), uint64(0)) // version 4, no time offset
	named("operator", nametype.KRB_NT_PRINCIPAL)
	begin := time.Now().Add(-2 * time.Hour).UTC()
	for _, service := range append([]string{"krbtgt/" + realm}, services...) {
		ticket, key, err := messages.NewTicket(
			principal("operator", nametype.KRB_NT_PRINCIPAL), realm, principal(service, nametype.KRB_NT_SRV_INST), realm,
			asn1.BitString{Bytes: make([]byte, 4), BitLength: 32}, r.keys, etypeID.AES256_CTS_HMAC_SHA1_96, 1, begin, begin, until, until)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := ticket.Marshal()
		if err != nil {
			t.Fatal(err)
		}
		named("operator", nametype.KRB_NT_PRINCIPAL)
		named(service, nametype.KRB_NT_SRV_INST)
		put(uint16(key.KeyType), key.KeyValue)
		for _, at := range []time.Time{begin, begin, until, until} {
			put(uint32(at.Unix()))
		}
		put(uint8(0), uint32(0), uint32(0), uint32(0), raw, "")
	}
	path := filepath.Join(r.folder, name)
	if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// TestKerberos signs in with a ticket of a cache, bound to the host's certificate.
// The same ticket serves every message; no controller is asked.
func TestKerberos(t *testing.T) {
	const service = "HTTP/127.0.0.1"
	own, leaf := selfSigned(t, x509.ExtKeyUsageServerAuth)
	_, elsewhere := selfSigned(t, x509.ExtKeyUsageServerAuth)
	pin := sha256.Sum256(leaf.Raw)
	r := newRealm(t, service, "HTTP/hv09")
	good := r.cache(t, "good", time.Now().Add(time.Hour).UTC(), service)
	broken := filepath.Join(r.folder, "broken")
	whole, err := os.ReadFile(good)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(broken, whole[:len(whole)-100], 0o600); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		cache, user string
		keys        *winrm.Keytab
		shows       *x509.Certificate
		why         string // empty: it works
	}{
		"a ticket":                {good, "", r.keys, leaf, ""},
		"of a named user":         {good, "operator@" + realm, r.keys, leaf, ""},
		"of somebody else":        {good, "root@" + realm, r.keys, leaf, "belongs to operator@" + realm},
		"for another certificate": {good, "", r.keys, elsewhere, "refused"},
		"the host takes none":     {good, "", nil, leaf, "refused"},
		"over, and no controller": {r.cache(t, "old", time.Now().Add(-time.Hour).UTC(), service), "", r.keys, leaf, "no Kerberos ticket"},
		"for other hosts":         {r.cache(t, "other", time.Now().Add(time.Hour).UTC(), "HTTP/hv09"), "", r.keys, leaf, "no Kerberos ticket"},
		"no cache":                {filepath.Join(r.folder, "none"), "", r.keys, leaf, "no such file"},
		"a cache cut off":         {broken, "", r.keys, leaf, "malformed"},
		"a cache that can't be":   {"KEYRING:persistent:0", "", r.keys, leaf, "KEYRING can't be read"},
	} {
		t.Run(name, func(t *testing.T) {
			l := newLab()
			server := winrm.New(l.site, winrm.Options{User: user, Password: password, Keytab: c.keys, Certificate: func() *x509.Certificate { return c.shows }})
			a := access(t, hyperv.Endpoint{
				URL: serveTLS(t, server, serverConfig(own), nil), Auth: hyperv.AuthKerberos, User: c.user, Fingerprint: pin[:],
				Kerberos: hyperv.Kerberos{Config: r.config, Cache: c.cache},
			})
			err := a.Start(t.Context(), "HV01", vmID)
			runs, _, _ := l.site.counts()
			if c.why == "" {
				if err != nil || runs != 1 || server.Shells("HV01") != 0 {
					t.Errorf("%v, %d runs, %d shells", err, runs, server.Shells("HV01"))
				}
				return
			}
			wantKind(t, err, engine.FailurePermission)
			if !strings.Contains(err.Error(), c.why) || runs != 0 {
				t.Errorf("%v, %d runs", err, runs)
			}
		})
	}
}

// TestKerberosPasswordWithoutAController shows that the password goes nowhere, and
// that the deadline is kept although the library knows none.
func TestKerberosPasswordWithoutAController(t *testing.T) {
	own, leaf := selfSigned(t, x509.ExtKeyUsageServerAuth)
	pin := sha256.Sum256(leaf.Raw)
	r := newRealm(t)
	var w wire
	server := winrm.New(newSite(), winrm.Options{User: user, Password: password})
	a := access(t, hyperv.Endpoint{
		URL: serveTLS(t, server, serverConfig(own), &w), Auth: hyperv.AuthKerberos, User: "operator@" + realm, Fingerprint: pin[:],
		Password: secret(canary), Kerberos: hyperv.Kerberos{Config: r.config},
	})
	_, err := a.Facts(t.Context(), "HV01")
	wantKind(t, err, engine.FailurePermission)
	quiet(t, err)
	w.clean(t)
}

// TestKerberosKeepsTheDeadline has a controller that takes a question and never
// answers: the library would wait for it.
func TestKerberosKeepsTheDeadline(t *testing.T) {
	own, leaf := selfSigned(t, x509.ExtKeyUsageServerAuth)
	pin := sha256.Sum256(leaf.Raw)
	silent, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = silent.Close() })
	r := realmAt(t, silent.Addr().String())
	text, err := os.ReadFile(r.config)
	if err != nil {
		t.Fatal(err)
	}
	text = bytes.Replace(text, []byte("dns_lookup_kdc"), []byte("udp_preference_limit = 1\n dns_lookup_kdc"), 1)
	if err := os.WriteFile(r.config, text, 0o600); err != nil {
		t.Fatal(err)
	}
	server := winrm.New(newSite(), winrm.Options{User: user, Password: password})
	a, err := hyperv.New(hyperv.Options{Hosts: map[string]hyperv.Endpoint{"HV01": {
		URL: serveTLS(t, server, serverConfig(own), nil), Auth: hyperv.AuthKerberos, User: "operator@" + realm, Fingerprint: pin[:],
		Password: secret(canary), Kerberos: hyperv.Kerberos{Config: r.config},
	}}})
	if err != nil {
		t.Fatal(err)
	}
	const deadline = 300 * time.Millisecond
	ctx, cancel := context.WithTimeout(t.Context(), deadline)
	defer cancel()
	began := time.Now()
	_, err = a.Facts(ctx, "HV01")
	if took := time.Since(began); took > deadline+time.Second {
		t.Errorf("it took %v", took)
	}
	wantKind(t, err, engine.FailureRetryable)
	quiet(t, err)
}
