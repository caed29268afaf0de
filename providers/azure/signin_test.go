package azure

import (
	"context"
	"crypto"
	"crypto/x509"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"failback/engine"
)

func TestSignInWithAClientSecret(t *testing.T) {
	e := newEntra(t)
	o := e.options(AuthClientSecret)
	o.Secret = secret
	s := e.signedIn(t, o)
	form := e.last()
	if form.Get("grant_type") != "client_credentials" || form.Get("client_id") != appID || form.Get("client_secret") != appSecret || form.Get("scope") != e.URL+"/.default openid offline_access profile" {
		t.Errorf("asked for a token with %v", form)
	}
	// Many clients, one token.
	for range 5 {
		e.works(t, s)
	}
	if len(e.forms) != 1 {
		t.Errorf("%d tokens for one session", len(e.forms))
	}
}

func TestSignInWithACertificate(t *testing.T) {
	e := newEntra(t)
	certs, key := certificate(t)
	e.key = &key.PublicKey
	o := e.options(AuthClientCertificate)
	o.Certificate = func(context.Context) ([]*x509.Certificate, crypto.PrivateKey, error) { return certs, key, nil }
	e.signedIn(t, o)
	if e.last().Get("client_assertion_type") == "" || e.last().Get("client_secret") != "" {
		t.Errorf("asked for a token with %v", e.last())
	}
}

func TestSignInWithAWorkloadIdentity(t *testing.T) {
	e := newEntra(t)
	file := filepath.Join(t.TempDir(), "token")
	if err := os.WriteFile(file, []byte("federated"), 0o600); err != nil {
		t.Fatal(err)
	}
	o := e.options(AuthWorkloadIdentity)
	o.TokenFile = file
	e.signedIn(t, o)
	if e.last().Get("client_assertion") != "federated" {
		t.Errorf("asked for a token with %v", e.last())
	}
	// Where the profile says nothing, the environment does.
	t.Setenv("AZURE_TENANT_ID", tenant)
	t.Setenv("AZURE_CLIENT_ID", appID)
	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", file)
	o.TokenFile, o.Tenant, o.ClientID = "", "", ""
	e.signedIn(t, o)

	t.Setenv("AZURE_FEDERATED_TOKEN_FILE", file+".gone")
	if f := e.refused(t, o); f.Kind != engine.FailurePermission || !strings.Contains(f.Why, "token.gone") {
		t.Errorf("%+v", f)
	}
}

func TestSignInWithAManagedIdentity(t *testing.T) {
	t.Run("of an app service", func(t *testing.T) {
		e := newEntra(t)
		t.Setenv("IDENTITY_ENDPOINT", e.URL+"/msi/token")
		t.Setenv("IDENTITY_HEADER", "let-me-in")
		e.signedIn(t, e.options(AuthManagedIdentity))
		if e.last().Get("client_id") != appID || e.last().Get("resource") != e.URL {
			t.Errorf("asked with %v", e.last())
		}
		o := e.options(AuthManagedIdentity)
		o.ClientID = ""
		e.signedIn(t, o)
		if e.last().Has("client_id") {
			t.Errorf("the machine's own identity was asked for with %v", e.last())
		}
	})
	t.Run("of a virtual machine", func(t *testing.T) {
		e := newEntra(t)
		metadata := httptest.NewServer(e.Config.Handler)
		defer metadata.Close()
		o := e.options(AuthManagedIdentity)
		o.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
			if r.URL.Host == "169.254.169.254" && r.URL.Scheme == "http" {
				return rerouted(metadata.Listener.Addr().String()).RoundTrip(r)
			}
			return e.Client().Transport.RoundTrip(r)
		})
		e.signedIn(t, o)
		if e.last().Get("client_id") != appID {
			t.Errorf("asked with %v", e.last())
		}
	})
}

func TestSignInWithADeviceCode(t *testing.T) {
	e := newEntra(t)
	e.pending = 2
	var steps []engine.SignInStep
	o := e.options(AuthDeviceCode)
	o.Show = func(s engine.SignInStep) { steps = append(steps, s) }
	e.signedIn(t, o)
	if len(steps) != 1 || steps[0].Code != "ABCD-EFGH" || steps[0].Address != e.URL+"/device" {
		t.Errorf("the person was shown %+v", steps)
	}
	// Later tokens come without the person; where they can't, the call fails and
	// says so instead of waiting for somebody who may be asleep.
	e.life = time.Second
	again := e.session(t, o)
	if err := again.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.works(t, again)
	if e.last().Get("grant_type") != "refresh_token" {
		t.Errorf("the second token was asked for with %v", e.last())
	}
	shown := len(steps)
	e.refuse(http.StatusBadRequest, `{"error":"invalid_grant","error_description":"AADSTS70043: The refresh token has expired. Trace ID: x"}`)
	_, err := get(t.Context(), t, again, e.URL+"/subscriptions/s1")
	f := engine.AsFailure(Call{What: "read the job", Where: "job1"}.Failure(err), "", "")
	if f.Kind != engine.FailurePermission || !strings.Contains(f.Why, "can't be renewed without a person") || !strings.Contains(f.Remedy, "failback resume") || len(steps) != shown {
		t.Errorf("%+v after %d codes", f, len(steps))
	}
}

func TestDeviceCodeIsGivenUpWithItsContext(t *testing.T) {
	e := newEntra(t)
	e.pending = 1 << 30
	ctx, cancel := context.WithCancel(t.Context())
	o := e.options(AuthDeviceCode)
	o.Show = func(engine.SignInStep) { cancel() }
	if err := e.session(t, o).SignIn(ctx); engine.KindOf(err) != engine.FailureCancelled {
		t.Errorf("%v", err)
	}
	o.Show = nil
	if f := e.refused(t, o); !strings.Contains(f.Why, "nobody can be shown a code") {
		t.Errorf("%+v", f)
	}
}

// TestMain is also the browser that TestSignInWithABrowser starts.
func TestMain(m *testing.M) {
	if os.Getenv("FAILBACK_TEST_BROWSER") == "" {
		os.Exit(m.Run())
	}
	trusting, err := transport(Options{CA: os.Getenv("FAILBACK_TEST_BROWSER")})
	if err != nil {
		panic(err)
	}
	answer, err := (&http.Client{Transport: trusting}).Get(os.Args[1])
	if err != nil {
		_, _ = os.Stderr.WriteString(err.Error())
		os.Exit(1)
	}
	_ = answer.Body.Close()
}

func TestSignInWithABrowser(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("a browser is found in the PATH on Linux only")
	}
	e := newEntra(t)
	self, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	if err := os.Symlink(self, filepath.Join(dir, "xdg-open")); err != nil {
		t.Fatal(err)
	}
	t.Setenv("PATH", dir)
	t.Setenv("FAILBACK_TEST_BROWSER", e.ca)
	var steps []engine.SignInStep
	o := e.options(AuthBrowser)
	o.Show = func(s engine.SignInStep) { steps = append(steps, s) }
	e.signedIn(t, o)
	if e.last().Get("code") != "the-code" || len(steps) != 1 || steps[0] != (engine.SignInStep{}) {
		t.Errorf("asked with %v, shown %v", e.last(), steps)
	}
	t.Setenv("PATH", t.TempDir())
	if f := e.refused(t, o); f.Kind != engine.FailurePermission || !strings.Contains(f.Why, "xdg-open") {
		t.Errorf("without a browser: %+v", f)
	}
}
