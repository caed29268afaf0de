package connect_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"failback/engine"
	"failback/engine/rules"
	"failback/engine/runs"
	"failback/providers/azure"
	"failback/providers/connect"
	"failback/providers/hyperv"
)

const applicationSecret = "s3cr3t-of-the-application"

// authority signs an application in to the lab, for a few minutes at a time. It
// answers beside the lab, by the name of its host.
type authority struct {
	lab   http.RoundTripper
	token string

	mu      sync.Mutex
	signIns int
	refuse  string // AADSTS code and words; empty signs in
}

func (a *authority) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Host != "login.lab" {
		plain := r.Clone(r.Context()) // the lab in memory knows no TLS
		plain.URL.Scheme = "http"
		return a.lab.RoundTrip(plain)
	}
	w := httptest.NewRecorder()
	w.Header().Set("Content-Type", "application/json")
	if strings.HasSuffix(r.URL.Path, "/openid-configuration") {
		at := "https://login.lab/" + strings.Split(r.URL.Path, "/")[1]
		_, _ = fmt.Fprintf(w, `{"issuer":%q,"authorization_endpoint":%q,"token_endpoint":%q}`, at+"/v2.0", at+"/authorize", at+"/token")
		return w.Result(), nil
	}
	form, err := io.ReadAll(r.Body)
	if err != nil {
		return nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	switch {
	case a.refuse != "" || !strings.Contains(string(form), applicationSecret):
		w.WriteHeader(http.StatusUnauthorized)
		_, _ = fmt.Fprintf(w, `{"error":"invalid_client","error_description":"%s You sent %s. Trace ID: 1"}`, a.refuse, form)
	default:
		a.signIns++
		_, _ = fmt.Fprintf(w, `{"token_type":"Bearer","expires_in":420,"access_token":%q}`, a.token)
	}
	return w.Result(), nil
}

func (a *authority) refuses(why string) {
	a.mu.Lock()
	defer a.mu.Unlock()
	a.refuse = why
}

// signedIn reconnects the bed through a real sign-in with a client secret.
func (b *bed) signedIn() *authority {
	b.t.Helper()
	e := b.lab.Endpoints()
	a := &authority{lab: b.lab.Transport(), token: e.Token}
	hosts := map[string]hyperv.Endpoint{}
	for _, h := range e.Hosts {
		hosts[h.Name] = hyperv.Endpoint{URL: h.WinRM, User: b.lab.WinRMUser(), Connect: b.lab.Connect(h.Name), Sealed: true,
			Password: func(context.Context) (string, error) { return e.Token, nil }}
	}
	conn, err := connect.Open(b.t.Context(), connect.Options{
		Name: "test", ResourceGroup: e.ResourceGroup, Vault: e.Vault, Hosts: hosts, Poll: 5 * time.Second,
		Azure: azure.Options{
			Cloud: azure.Cloud{ResourceManager: "https://management.lab", Authority: "https://login.lab", Storage: "lab"},
			Auth:  azure.AuthClientSecret, Tenant: "contoso.test", ClientID: "app1", Subscription: e.Subscription, Transport: a,
			Secret: func(context.Context) (string, error) { return applicationSecret, nil },
		},
	})
	if err != nil {
		b.t.Fatal(err)
	}
	if err := b.conn.Close(); err != nil {
		b.t.Fatal(err)
	}
	b.conn = conn
	b.m = runs.NewManager(b.store, conn, runs.Settings{Program: "test", Driver: "anna@jump01", Preflight: rules.Check})
	return a
}

// hides fails the test where a secret or a token stands in what runs leave behind.
func (b *bed) hides(secrets ...string) {
	b.t.Helper()
	files := 0
	err := filepath.WalkDir(filepath.Join(b.dir, "runs"), func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		files++
		raw, err := os.ReadFile(path)
		for _, s := range secrets {
			if strings.Contains(string(raw), s) {
				b.t.Errorf("%s holds %q", path, s)
			}
		}
		return err
	})
	if err != nil || files == 0 {
		b.t.Errorf("%d files, %v", files, err)
	}
}

// A token that runs out while a run goes on is renewed, again and again, and the
// run does not notice.
func TestARunOutlivesItsTokens(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow), func(t *testing.T, b *bed) {
		a := b.signedIn()
		b.succeeded(b.run(b.plan(engine.SyncDelta, "app01")))
		if a.signIns < 3 {
			t.Errorf("%d sign-ins: the tokens never ran out", a.signIns)
		}
		b.hides(applicationSecret, a.token)
	})
}

// A secret that runs out while a run goes on stops the run, which says so; with a
// new one it goes on, and nothing was begun twice.
func TestARunStopsWhereItsSignInEndsAndGoesOnAfterAnother(t *testing.T) {
	t.Parallel()
	inBubble(t, estateWith(slow), func(t *testing.T, b *bed) {
		a := b.signedIn()
		h := b.start(b.plan(engine.SyncDelta, "app01"))
		b.until(h, "in initial sync", inPhase("app01", engine.PhaseInitialSync))
		a.refuses("AADSTS7000222: The provided client secret keys are expired.")
		b.failed(b.finish(h), "app01", engine.FailurePermission, "AADSTS7000222", "auth: client-secret, tenant contoso.test", "failback secret set")
		b.hides(applicationSecret, a.token)
		a.refuses("")
		b.succeeded(b.finish(b.resume(h.ID())))
		for verb, n := range b.posts() {
			if n != 1 {
				t.Errorf("%s was accepted %d times", verb, n)
			}
		}
	})
}
