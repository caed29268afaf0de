package azure

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine"
)

func (e *entra) withSecret() Options {
	o := e.options(AuthClientSecret)
	o.Secret = secret
	return o
}

// Each way in which a sign-in is refused says which sign-in, why, and what to do.
func TestRefusedSignInsSayWhy(t *testing.T) {
	for name, c := range map[string]struct {
		status   int
		header   http.Header
		body     string
		code     string
		why, now string
	}{
		"wrong tenant": {400, nil, `{"error":"invalid_request","error_description":"AADSTS90002: Tenant 'x' not found. Check to make sure you have the correct tenant ID. Trace ID: 1 Correlation ID: 2"}`,
			"AADSTS90002", "Tenant 'x' not found", "check tenant"},
		"application of another tenant": {400, nil, `{"error":"unauthorized_client","error_description":"AADSTS700016: Application with identifier 'x' was not found in the directory 'y'. Trace ID: 1"}`,
			"AADSTS700016", "was not found in the directory", "client_id"},
		"expired secret": {401, nil, `{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys for app 'x' are expired. Trace ID: 1"}`,
			"AADSTS7000222", "are expired", "failback secret set"},
		"clock behind": {401, http.Header{"Date": {time.Now().Add(20*time.Minute + 30*time.Second).UTC().Format(http.TimeFormat)}}, `{"error":"invalid_client","error_description":"AADSTS700024: Client assertion is not within its valid time range. Trace ID: 1"}`,
			"AADSTS700024", "clock is 20m", "set this machine's clock"},
		"unknown code": {400, nil, `{"error":"invalid_grant","error_description":"AADSTS1: something new. Trace ID: 1"}`,
			"AADSTS1", "something new", "correct the sign-in"},
		"a page of the network": {200, http.Header{"Content-Type": {"text/html"}}, `<html>please accept our terms</html>`,
			"", "did not answer as a sign-in service does (HTTP 200)", "check proxy"},
		"a proxy that forbids": {403, http.Header{"Content-Type": {"text/html"}}, `<html>category: cloud</html>`,
			"", "did not answer as a sign-in service does (HTTP 403)", "check proxy"},
	} {
		t.Run(name, func(t *testing.T) {
			e := newEntra(t)
			e.header = c.header
			e.refuse(c.status, c.body)
			f := e.refused(t, e.withSecret())
			if f.Kind != engine.FailurePermission || f.Code != c.code || !strings.Contains(f.Why, c.why) || !strings.Contains(f.Remedy, c.now) {
				t.Errorf("%+v", f)
			}
			if !strings.Contains(f.Where, "auth: client-secret, tenant "+tenant) || strings.Contains(f.Why, "Trace ID") {
				t.Errorf("%+v", f)
			}
		})
	}
}

func TestUnreachableSignInsSayWhy(t *testing.T) {
	e := newEntra(t)
	o := e.withSecret()
	o.CA = ""
	if f := e.refused(t, o); f.Kind != engine.FailurePermission || !strings.Contains(f.Why, "authority that this machine does not know") || !strings.Contains(f.Remedy, "ca in the profile") {
		t.Errorf("an unknown authority: %+v", f)
	}
}

func TestSignInServiceThatDoesNotAnswer(t *testing.T) {
	e := newEntra(t)
	synctest.Test(t, func(t *testing.T) {
		o := e.withSecret()
		o.Transport = roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("dial tcp: connection refused") })
		if f := e.refused(t, o); f.Kind != engine.FailureRetryable || !strings.Contains(f.Why, "connection refused") {
			t.Errorf("%+v", f)
		}
	})
}

// A network that is down while a token is renewed stops no run: it is tried again.
func TestTokenThatCannotBeRenewedForNowIsRetried(t *testing.T) {
	e := newEntra(t)
	synctest.Test(t, func(t *testing.T) {
		down := false
		o := e.withSecret()
		o.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			if down {
				return nil, errors.New("network is unreachable")
			}
			return e.direct(r)
		})
		s := e.signedIn(t, o)
		time.Sleep(2 * e.life)
		down = true
		_, err := get(t.Context(), t, s, e.URL+"/subscriptions/s1")
		if f := (Call{What: "read the job"}).Failure(err); engine.KindOf(f) != engine.FailureRetryable {
			t.Errorf("%v", f)
		}
		down = false
		e.works(t, s)
		if len(e.issued) != 2 {
			t.Errorf("%d tokens, want a new one", len(e.issued))
		}
	})
}

// A secret that runs out while a run goes on stops it at its next request, and
// says so.
func TestTokenThatCannotBeRenewedAnyMoreIsSaid(t *testing.T) {
	e := newEntra(t)
	synctest.Test(t, func(t *testing.T) {
		o := e.withSecret()
		o.Transport = roundTrip(e.direct)
		s := e.signedIn(t, o)
		e.refuse(http.StatusUnauthorized, `{"error":"invalid_client","error_description":"AADSTS7000222: The provided client secret keys for app 'x' are expired. Trace ID: 1"}`)
		time.Sleep(e.life / 2)
		e.works(t, s) // the token still lives
		time.Sleep(e.life)
		_, err := get(t.Context(), t, s, e.URL+"/subscriptions/s1")
		f := engine.AsFailure(Call{What: "read the job", Where: "job1"}.Failure(err), "", "")
		if f.Kind != engine.FailurePermission || f.Code != "AADSTS7000222" || f.What != "read the job" || !strings.Contains(f.Where, "job1, auth: client-secret") {
			t.Errorf("%+v", f)
		}
	})
}

// tool puts a program of that name before everything else in the PATH.
func tool(t *testing.T, name, script string) {
	t.Helper()
	if runtime.GOOS == "windows" {
		t.Skip("the tool of this test is a shell script")
	}
	dir := t.TempDir()
	if script != "" {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("#!/bin/sh\n"+script), 0o700); err != nil { //nolint:gosec // it has to run
			t.Fatal(err)
		}
	}
	t.Setenv("PATH", dir)
}

func TestAzureCLI(t *testing.T) {
	e := newEntra(t)
	o := e.options(AuthCLI)
	tool(t, "az", "")
	if f := e.refused(t, o); f.Kind != engine.FailurePermission || !strings.Contains(f.Why, "not installed") || !strings.Contains(f.Remedy, "install it") {
		t.Errorf("without az: %+v", f)
	}
	tool(t, "az", "echo \"ERROR: Please run 'az login' to setup account.\" >&2; exit 1\n")
	if f := e.refused(t, o); f.Kind != engine.FailurePermission || !strings.Contains(f.Why, "az login") || f.Remedy != "sign the Azure CLI in: az login --tenant "+tenant {
		t.Errorf("az is not signed in: %+v", f)
	}
	calls := filepath.Join(t.TempDir(), "calls")
	e.issued = []string{"from-az"}
	tool(t, "az", `echo "$@" >>`+calls+`; echo '{"accessToken":"from-az","expires_on":`+fmt.Sprint(time.Now().Add(time.Hour).Unix())+"}'\n")
	s := e.signedIn(t, o)
	for range 4 {
		e.works(t, s)
	}
	if raw, err := os.ReadFile(calls); err != nil || strings.Count(string(raw), "\n") != 1 || !strings.Contains(string(raw), "--tenant "+tenant) {
		t.Errorf("az was started with %q, %v", raw, err)
	}
}

func TestDefaultChainSaysWhatItTried(t *testing.T) {
	e := newEntra(t)
	tool(t, "az", "")
	o := e.options(AuthDefault)
	var f *engine.Failure
	synctest.Test(t, func(t *testing.T) {
		o.Transport = roundTrip(func(*http.Request) (*http.Response, error) { return nil, errors.New("no route to host") })
		f = e.refused(t, o)
	})
	if f.Kind != engine.FailurePermission || !strings.Contains(f.Why, "EnvironmentCredential") || !strings.Contains(f.Why, "AzureCLICredential") || strings.Contains(f.Why, "\n") || !strings.Contains(f.Remedy, "az login") {
		t.Errorf("%+v", f)
	}
}

// Whatever a service sends back, and however an error is printed: no secret and no
// token is in it.
func TestNoSecretAndNoTokenIsInAnError(t *testing.T) {
	for name, body := range map[string]string{
		"an echo":           `{"error":"invalid_client","error_description":"AADSTS1: you sent client_secret=` + appSecret + `, ` + url.QueryEscape(appSecret) + `"}`,
		"half a token":      `{"access_token":"precious-token","expires_in":"soon`,
		"a token of a kind": `{"access_token":"precious-token","expires_in":{"a":1}}`,
		"a page":            `<html>` + appSecret + ` precious-token</html>`,
	} {
		for _, status := range []int{http.StatusOK, http.StatusBadRequest, http.StatusForbidden} {
			e := newEntra(t)
			e.refuse(status, body)
			s := e.session(t, e.withSecret())
			err := s.SignIn(t.Context())
			_, later := get(t.Context(), t, s, e.URL+"/subscriptions/s1")
			for _, err := range []error{err, later, Call{What: "read"}.Failure(later)} {
				if err == nil {
					t.Fatalf("%s, HTTP %d: signed in", name, status)
				}
				text := fmt.Sprint(err)
				for e := err; e != nil; e = errors.Unwrap(e) {
					text += e.Error()
				}
				for _, secret := range []string{appSecret, url.QueryEscape(appSecret), "precious-token"} {
					if strings.Contains(text, secret) {
						t.Errorf("%s, HTTP %d: %q is in %s", name, status, secret, text)
					}
				}
			}
		}
	}
}

// A secret that can't be had is the failure of the sign-in, in its own words.
func TestMissingSecretIsToldAsItIs(t *testing.T) {
	e := newEntra(t)
	o := e.options(AuthClientSecret)
	o.Secret = func(context.Context) (string, error) {
		return "", &engine.Failure{Kind: engine.FailurePermission, What: "x", Why: "none is in the keyring", Remedy: "failback secret set"}
	}
	if f := e.refused(t, o); f.Kind != engine.FailurePermission || f.Why != "none is in the keyring" || f.Remedy != "failback secret set" || f.What != "sign in to Azure" {
		t.Errorf("%+v", f)
	}
	for _, o := range []Options{{Auth: AuthClientSecret, Secret: secret}, {Auth: AuthClientCertificate, Tenant: tenant, ClientID: appID}} {
		if _, err := Open(o); engine.KindOf(err) != engine.FailureUsage {
			t.Errorf("%v", err)
		}
	}
}
