package azure

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"failback/engine"
)

// roundTrip is a transport made of a function.
type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

func respond(r *http.Request, status int, header http.Header, body string) *http.Response {
	if header == nil {
		header = http.Header{}
	}
	return &http.Response{StatusCode: status, Header: header, Body: io.NopCloser(strings.NewReader(body)), Request: r}
}

var nowhere = roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("no network here") })

func TestFixedTokenIsForLoopbackOnly(t *testing.T) {
	for url, want := range map[string]struct{ bare, injected bool }{
		"http://127.0.0.1:8080":         {true, true},
		"http://127.9.9.9":              {true, true},
		"http://[::1]:9":                {true, true},
		"https://localhost":             {true, true},
		"http://management.lab":         {false, true},
		"https://management.azure.com":  {false, false},
		"http://192.168.1.10":           {false, false},
		"http://127.0.0.1.evil.example": {false, false},
		"http://localhost.evil.example": {false, false},
		"http://evil.example/.lab":      {false, false},
		"http://[::ffff:10.0.0.1]":      {false, false},
		"ftp://127.0.0.1":               {false, false},
	} {
		o := Options{Cloud: Cloud{ResourceManager: url}, Auth: AuthLoopback, Token: "t"}
		if _, err := Open(o); (err == nil) != want.bare {
			t.Errorf("%s: error = %v, want admitted %v", url, err, want.bare)
		}
		o.Transport = nowhere
		if _, err := Open(o); (err == nil) != want.injected {
			t.Errorf("%s behind a transport: error = %v, want admitted %v", url, err, want.injected)
		}
	}
}

func TestOpenRefusesWhatMakesNoSense(t *testing.T) {
	for name, o := range map[string]Options{
		"no token":                   {Cloud: Cloud{ResourceManager: "http://127.0.0.1"}, Auth: AuthLoopback},
		"public cloud on loopback":   {Auth: AuthLoopback, Token: "t"},
		"a token for a real cloud":   {Auth: AuthCLI, Token: "t"},
		"a real sign-in without TLS": {Cloud: Cloud{ResourceManager: "http://127.0.0.1"}, Auth: AuthCLI},
		"unknown cloud":              {Cloud: Cloud{Name: "mars"}},
		"unknown sign-in":            {Auth: "magic"},
		"custom without an address":  {Cloud: Cloud{Name: CloudCustom}},
	} {
		if _, err := Open(o); engine.KindOf(err) != engine.FailureUsage {
			t.Errorf("%s: error = %v, want one of kind usage", name, err)
		}
	}
	for _, cloud := range []string{"", CloudPublic, CloudUSGov, CloudChina} {
		for _, auth := range []string{"", AuthDefault, AuthCLI, AuthManagedIdentity} {
			if s, err := Open(Options{Cloud: Cloud{Name: cloud}, Auth: auth, Subscription: "s"}); err != nil || s.Credential() == nil || s.Subscription() != "s" {
				t.Errorf("cloud %q, sign-in %q: %v", cloud, auth, err)
			}
		}
	}
}

// get reads url through the session's pipeline, as any SDK client does.
func get(ctx context.Context, t *testing.T, s *Session, url string) (*http.Response, error) {
	t.Helper()
	c, err := arm.NewClient("test", "v0.0.0", s.Credential(), s.ClientOptions())
	if err != nil {
		t.Fatal(err)
	}
	r, err := runtime.NewRequest(ctx, http.MethodGet, url)
	if err != nil {
		t.Fatal(err)
	}
	return c.Pipeline().Do(r)
}

func TestTokenNeverFollowsAnAddressOffThisMachine(t *testing.T) {
	var asked []string
	s := loopbackSession(t, "http://management.lab", roundTrip(func(r *http.Request) (*http.Response, error) {
		asked = append(asked, r.URL.Host)
		return respond(r, http.StatusTemporaryRedirect, http.Header{"Location": {"http://evil.example/"}}, ""), nil
	}))
	answer, err := get(t.Context(), t, s, "http://evil.example/next")
	if err == nil {
		_ = answer.Body.Close()
	}
	if f := (Call{What: "read"}).Failure(err); engine.KindOf(f) != engine.FailureRefused || len(asked) != 0 {
		t.Errorf("error = %v after asking %v, want a refusal", f, asked)
	}
	answer, err = get(t.Context(), t, s, "http://management.lab/")
	if err != nil || answer.StatusCode != http.StatusTemporaryRedirect || len(asked) != 1 {
		t.Fatalf("a redirect was followed: %v, asked %v", err, asked)
	}
	_ = answer.Body.Close()
}

func TestRequestsCarryTokenAndRequestID(t *testing.T) {
	var seen http.Header
	server := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { seen = r.Header }))
	defer server.Close()
	answer, err := get(t.Context(), t, loopbackSession(t, server.URL, nil), server.URL)
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if seen.Get("Authorization") != "Bearer t" || len(seen.Get(requestIDHeader)) != 36 {
		t.Errorf("headers = %v", seen)
	}
}

func TestReadsHonourRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, tries := time.Now(), 0
		s := loopbackSession(t, "http://management.lab", roundTrip(func(r *http.Request) (*http.Response, error) {
			if tries++; tries == 1 {
				return respond(r, http.StatusTooManyRequests, http.Header{"Retry-After": {"17"}}, ""), nil
			}
			return respond(r, http.StatusOK, nil, "{}"), nil
		}))
		answer, err := get(t.Context(), t, s, "http://management.lab/")
		if err != nil {
			t.Fatal(err)
		}
		_ = answer.Body.Close()
		if waited := time.Since(begin); tries != 2 || waited != 17*time.Second {
			t.Errorf("%d tries after %v, want 2 after 17s", tries, waited)
		}
	})
}

func TestReadsOfASilentServiceEnd(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		begin, tries := time.Now(), 0
		s := loopbackSession(t, "http://management.lab", roundTrip(func(r *http.Request) (*http.Response, error) {
			tries++
			<-r.Context().Done()
			return nil, r.Context().Err()
		}))
		answer, err := get(t.Context(), t, s, "http://management.lab/")
		if err == nil {
			_ = answer.Body.Close()
		}
		waited := time.Since(begin)
		if f := (Call{What: "read"}).Failure(err); engine.KindOf(f) != engine.FailureRetryable || tries != 4 || waited > 5*time.Minute {
			t.Errorf("%v after %d tries and %v", f, tries, waited)
		}
	})
}

// A cancelled context does not cut off a request whose answer decides what happened,
// and a service that never answers does not hold it for ever.
func TestEffectWaitsForItsAnswerWithinBounds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		sends := 0
		s := loopbackSession(t, "http://management.lab", roundTrip(func(r *http.Request) (*http.Response, error) {
			sends++
			<-r.Context().Done()
			return nil, r.Context().Err()
		}))
		ctx, cancel := context.WithCancel(t.Context())
		effect, sent := Effect(ctx, "req-1")
		cancel()
		begin := time.Now()
		answer, err := get(effect, t, s, "http://management.lab/")
		if err == nil {
			_ = answer.Body.Close()
		}
		f := engine.AsFailure(Call{What: "start", Sent: sent, Request: "req-1"}.Failure(err), "", "")
		if waited := time.Since(begin); sends != 1 || waited != effectTimeout || f.Kind != engine.FailureUnknown || f.Request != "req-1" {
			t.Errorf("%d sends, waited %v, failure %+v", sends, waited, f)
		}
	})
}

type noAccount struct{}

func (noAccount) Error() string { return "no account found" }
func (noAccount) NonRetriable() {}

func TestFailedSignInSentNothing(t *testing.T) {
	effect, sent := Effect(t.Context(), "")
	if effect.Err() != nil {
		t.Fatal(effect.Err())
	}
	if err := (Call{What: "start", Sent: sent}).Failure(noAccount{}); engine.KindOf(err) != engine.FailurePermission {
		t.Errorf("error = %v, want permission: nothing was sent", err)
	}
}

func TestStorageErrorsKeepTheirWords(t *testing.T) {
	r := respond(nil, http.StatusForbidden, http.Header{"X-Ms-Error-Code": {"AuthorizationPermissionMismatch"}},
		`<?xml version="1.0"?><Error><Code>AuthorizationPermissionMismatch</Code><Message>not this one</Message></Error>`)
	r.Request = httptest.NewRequest(http.MethodGet, "/", nil)
	f := engine.AsFailure(Call{What: "read"}.Failure(runtime.NewResponseError(r)), "", "")
	if f.Kind != engine.FailurePermission || f.Code != "AuthorizationPermissionMismatch" || f.Why != "not this one" || f.Remedy == "" {
		t.Errorf("failure = %+v", f)
	}
	var answer *azcore.ResponseError
	if !errors.As(f, &answer) {
		t.Error("the cause is lost")
	}
}

// FuzzAnswer: whatever stands in an error's body, its words can be read.
func FuzzAnswer(f *testing.F) {
	f.Add([]byte(`{"error":{"code":"a","message":"b","details":[{"code":"c","message":"d"}]}}`))
	f.Add([]byte(`<Error><Code>x</Code><Message>y</Message></Error>`))
	f.Add([]byte(`{"error":"x"}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		got := read(&azcore.ResponseError{StatusCode: 502, RawResponse: respond(httptest.NewRequest(http.MethodGet, "/", nil), 502, nil, string(body))})
		if got.Message == "" {
			t.Errorf("no words for %q", body)
		}
	})
}

func loopbackSession(tb testing.TB, url string, transport http.RoundTripper) *Session {
	tb.Helper()
	s, err := Open(Options{Cloud: Cloud{ResourceManager: url}, Auth: AuthLoopback, Token: "t", Transport: transport, Subscription: "s1"})
	if err != nil {
		tb.Fatal(err)
	}
	return s
}

// refusal is what the SDK makes of an answer with a JSON body.
func refusal(status int, body string) error {
	r := respond(httptest.NewRequest(http.MethodGet, "https://management.azure.com/x", nil), status, http.Header{"Content-Type": {"application/json"}}, body)
	return runtime.NewResponseError(r)
}
