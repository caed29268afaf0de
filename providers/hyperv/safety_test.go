package hyperv_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync/atomic"
	"testing"

	"failback/engine"
	"failback/providers/hyperv"
	"failback/providers/hyperv/scripts"
)

func TestHTTPS(t *testing.T) {
	l := newLab()
	s := httptest.NewUnstartedServer(l.server.Host("HV01"))
	s.Config.ConnContext = l.server.ConnContext
	s.StartTLS()
	defer s.Close()
	e := hyperv.Endpoint{URL: s.URL, User: user, Password: secret(password)}

	_, err := access(t, e).Facts(t.Context(), "HV01")
	wantKind(t, err, engine.FailurePermission) // nobody vouches for the certificate
	if runs, _, _ := l.site.counts(); runs != 0 {
		t.Error("a script ran on a host that nobody vouches for")
	}
	e.Roots = x509.NewCertPool()
	e.Roots.AddCert(s.Certificate())
	a := access(t, e)
	if _, err := a.Facts(t.Context(), "HV01"); err != nil {
		t.Error(err)
	}
	l.noShells(t, a)
}

func TestWrongPassword(t *testing.T) {
	l := newLab()
	e := l.socket(t)
	e.Password = secret("guess")
	a := access(t, e)
	_, err := a.Facts(t.Context(), "HV01")
	wantKind(t, err, engine.FailurePermission)
	if runs, _, _ := l.site.counts(); runs != 0 {
		t.Error("a script ran without sign-in")
	}
	e.Password = func(context.Context) (string, error) { return "", errors.New("nobody typed one") }
	_, err = access(t, e).Facts(t.Context(), "HV01")
	wantKind(t, err, engine.FailurePermission)
}

func TestNothingReadableOnTheWire(t *testing.T) {
	l := newLab()
	e := l.memory()
	connect := e.Connect
	var bodies, signIns int
	e.Connect = func() http.RoundTripper {
		inner := connect()
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			body, err := io.ReadAll(r.Body)
			if err != nil {
				return nil, err
			}
			r.Body = io.NopCloser(bytes.NewReader(body))
			head := fmt.Sprint(r.Header)
			if strings.Contains(head, "Basic") || strings.Contains(head, base64.StdEncoding.EncodeToString([]byte(password))) {
				t.Error("a password went over the wire")
			}
			if r.Header.Get("Authorization") != "" {
				signIns++
				if len(body) != 0 {
					t.Error("a message went out before the sign-in was done")
				}
				return inner.RoundTrip(r)
			}
			bodies++
			if bytes.Contains(body, []byte("Envelope")) || bytes.Contains(body, []byte("powershell")) {
				t.Error("a readable message went over the wire")
			}
			return inner.RoundTrip(r)
		})
	}
	a := access(t, e)
	if _, err := a.VM(t.Context(), "HV01", vmID); err != nil {
		t.Fatal(err)
	}
	if signIns != 2 || bodies < 5 {
		t.Errorf("%d messages of sign-in and %d of the shell: the recorder saw not all", signIns, bodies)
	}
}

// mangle makes an endpoint whose replies pass through change. after counts the
// replies of one connection, the two of the sign-in included.
func mangle(e hyperv.Endpoint, change func(n int, r *http.Response)) hyperv.Endpoint {
	connect := e.Connect
	e.Connect = func() http.RoundTripper {
		inner := connect()
		n := 0
		return roundTripper(func(r *http.Request) (*http.Response, error) {
			response, err := inner.RoundTrip(r)
			if err == nil {
				n++
				change(n, response)
			}
			return response, err
		})
	}
	return e
}

func put(r *http.Response, contentType, body string) {
	r.Header.Set("Content-Type", contentType)
	r.Body = io.NopCloser(strings.NewReader(body))
}

const (
	sealedType = `multipart/encrypted;protocol="application/HTTP-SPNEGO-session-encrypted";boundary="Encrypted Boundary"`
	soapType   = "application/soap+xml;charset=UTF-8"
)

// forgery is a whole answer of a script that never ran.
func forgery(t *testing.T) string {
	t.Helper()
	line, err := scripts.EncodeAnswer(scripts.StartVMAnswer{Before: "Off", After: "Running"})
	if err != nil {
		t.Fatal(err)
	}
	return `<s:Envelope xmlns:s="http://www.w3.org/2003/05/soap-envelope" xmlns:rsp="http://schemas.microsoft.com/wbem/wsman/1/windows/shell"><s:Body><rsp:ReceiveResponse>` +
		`<rsp:Stream Name="stdout" CommandId="C">` + base64.StdEncoding.EncodeToString([]byte(line)) + `</rsp:Stream>` +
		`<rsp:CommandState State="http://schemas.microsoft.com/wbem/wsman/1/windows/shell/CommandState/Done"><rsp:ExitCode>0</rsp:ExitCode></rsp:CommandState></rsp:ReceiveResponse></s:Body></s:Envelope>`
}

// TestRepliesNobodySealed lets something on the way answer in the host's place.
// No such answer may be believed, and none may end the program.
func TestRepliesNobodySealed(t *testing.T) {
	flip := func(r *http.Response) {
		body, err := io.ReadAll(r.Body)
		if err != nil || len(body) < 400 {
			t.Errorf("reply of %d bytes, %v", len(body), err)
			return
		}
		body[len(body)-60] ^= 1
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	forged := forgery(t)
	forgeries := map[string]func(*http.Response){
		"plain SOAP":        func(r *http.Response) { put(r, soapType, forged) },
		"empty":             func(r *http.Response) { put(r, soapType, "") },
		"empty sealed":      func(r *http.Response) { put(r, sealedType, "") },
		"garbage sealed":    func(r *http.Response) { put(r, sealedType, "--Encrypted Boundary\r\n\t\r\n\x00\xff") },
		"plain in a frame":  func(r *http.Response) { put(r, sealedType, frameOf(forged)) },
		"short frame":       func(r *http.Response) { put(r, sealedType, frameOf(forged)[:300]) },
		"HTML":              func(r *http.Response) { put(r, "text/html", "<html>proxy</html>") },
		"one bit":           flip,
		"not authenticated": func(r *http.Response) { r.StatusCode = http.StatusUnauthorized },
		"redirect": func(r *http.Response) {
			r.StatusCode = http.StatusTemporaryRedirect
			r.Header.Set("Location", "http://elsewhere.example/wsman")
			put(r, "text/html", "")
		},
	}
	for name, forge := range forgeries {
		for at := 3; at <= 6; at++ { // create, command, send, receive
			t.Run(fmt.Sprintf("%s at %d", name, at), func(t *testing.T) {
				l := newLab()
				var done atomic.Bool // only once: the shell must be removable afterwards
				e := mangle(l.memory(), func(n int, r *http.Response) {
					if n == at && done.CompareAndSwap(false, true) {
						forge(r)
					}
				})
				a := access(t, e)
				err := a.Start(t.Context(), "HV01", vmID)
				// Once the script may have run, nobody knows; before, nothing happened.
				if at >= 5 {
					wantKind(t, err, engine.FailureUnknown)
				} else {
					wantKind(t, err, engine.FailureRetryable)
				}
				if at > 3 { // nobody can delete a shell whose id never arrived
					l.noShells(t, a)
				}
			})
		}
	}
}

func frameOf(text string) string {
	return "--Encrypted Boundary\r\n\tContent-Type: application/HTTP-SPNEGO-session-encrypted\r\n" +
		fmt.Sprintf("\tOriginalContent: type=%s;Length=%d\r\n", soapType, len(text)) +
		"--Encrypted Boundary\r\n\tContent-Type: application/octet-stream\r\n" +
		string(binary.LittleEndian.AppendUint32(nil, 16)) + strings.Repeat("\x00", 16) + text + "--Encrypted Boundary--\r\n"
}

func TestStrippedProtectionIsRefused(t *testing.T) {
	const seal = 1 << 5
	l := newLab()
	e := mangle(l.memory(), func(n int, r *http.Response) {
		if n != 1 {
			return
		}
		raw, err := base64.StdEncoding.DecodeString(strings.TrimPrefix(r.Header.Get("WWW-Authenticate"), "Negotiate "))
		if err != nil {
			t.Error(err)
		}
		binary.LittleEndian.PutUint32(raw[20:], binary.LittleEndian.Uint32(raw[20:])&^seal)
		r.Header.Set("WWW-Authenticate", "Negotiate "+base64.StdEncoding.EncodeToString(raw))
	})
	_, err := access(t, e).Facts(t.Context(), "HV01")
	wantKind(t, err, engine.FailurePermission)
}

func TestBasicIsNeverUsed(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.Header.Get("Authorization"), "Basic") {
			t.Error("the password was sent")
		}
		w.Header().Set("WWW-Authenticate", `Basic realm="WSMAN"`)
		w.WriteHeader(http.StatusUnauthorized)
	}))
	defer s.Close()
	_, err := access(t, hyperv.Endpoint{URL: s.URL, User: user, Password: secret(password)}).Facts(t.Context(), "HV01")
	wantKind(t, err, engine.FailurePermission)
}

func TestEndpointsThatAreRefused(t *testing.T) {
	good := secret("x")
	for name, e := range map[string]hyperv.Endpoint{
		"no TLS":      {URL: "http://hv01:5985", User: "u", Password: good},
		"no scheme":   {URL: "hv01:5986", User: "u", Password: good},
		"no host":     {URL: "https://", User: "u", Password: good},
		"credentials": {URL: "https://u:p@hv01", User: "u", Password: good},
		"query":       {URL: "https://hv01/wsman?x", User: "u", Password: good},
		"no user":     {URL: "https://hv01", Password: good},
		"no password": {URL: "https://hv01", User: "u"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := hyperv.New(hyperv.Options{Hosts: map[string]hyperv.Endpoint{"HV01": e}})
			wantKind(t, err, engine.FailureUsage)
			if strings.Contains(err.Error(), "u:p") {
				t.Error("the message shows a password")
			}
		})
	}
	for name, e := range map[string]hyperv.Endpoint{
		"https":    {URL: "https://hv01", User: "u", Password: good},
		"sealed":   {URL: "http://hv01:5985", Sealed: true, User: "u", Password: good},
		"loopback": {URL: "http://[::1]:5985", User: "u", Password: good},
	} {
		if _, err := hyperv.New(hyperv.Options{Hosts: map[string]hyperv.Endpoint{"HV01": e}}); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestUnknownHost(t *testing.T) {
	l := newLab()
	_, err := access(t, l.memory()).Facts(t.Context(), "HV09")
	wantKind(t, err, engine.FailureUsage)
}

func TestTwoNamesForOneHost(t *testing.T) {
	l := newLab()
	_, err := hyperv.New(hyperv.Options{Hosts: map[string]hyperv.Endpoint{"HV01": l.memory(), "hv01": l.memory()}})
	wantKind(t, err, engine.FailureUsage)
}
