package azure

import (
	"context"
	"crypto"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"fmt"
	"io"
	"log"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"failback/engine"
)

const (
	tenant    = "11111111-2222-3333-4444-555555555555"
	appID     = "99999999-8888-7777-6666-555555555555"
	appSecret = "s3cr3t+of/the=application"
)

// entra is a sign-in service and a management API on one loopback port, with TLS
// and an authority of its own: azidentity's real clients sign in to it.
type entra struct {
	*httptest.Server
	ca string // file of its authority

	mu      sync.Mutex
	forms   []url.Values // what came to the token endpoint
	issued  []string     // tokens that were given out
	life    time.Duration
	pending int    // answers before a device code is entered
	refusal string // what the token endpoint answers instead of a token
	status  int
	header  http.Header
	key     *rsa.PublicKey // of the application's certificate
	reads   int            // of the management API
}

func newEntra(t *testing.T) *entra {
	t.Helper()
	e := &entra{life: time.Hour}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /{tenant}/v2.0/.well-known/openid-configuration", e.discovery)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/devicecode", e.deviceCode)
	mux.HandleFunc("GET /{tenant}/oauth2/v2.0/authorize", e.authorize)
	mux.HandleFunc("POST /{tenant}/oauth2/v2.0/token", e.token)
	mux.HandleFunc("GET /msi/token", e.machine)
	mux.HandleFunc("GET /metadata/identity/oauth2/token", e.machine)
	mux.HandleFunc("GET /subscriptions/{id}", e.management)
	e.Server = httptest.NewTLSServer(mux)
	e.Config.ErrorLog = log.New(io.Discard, "", 0) // handshakes that fail on purpose
	t.Cleanup(e.Close)
	e.ca = filepath.Join(t.TempDir(), "ca.pem")
	writePEM(t, e.ca, "CERTIFICATE", e.Certificate().Raw)
	for _, name := range []string{"HTTPS_PROXY", "HTTP_PROXY", "NO_PROXY", "AZURE_TENANT_ID", "AZURE_CLIENT_ID", "AZURE_FEDERATED_TOKEN_FILE", "IDENTITY_ENDPOINT", "IDENTITY_HEADER", "MSI_ENDPOINT"} {
		t.Setenv(name, "")
		_ = os.Unsetenv(name)
	}
	return e
}

func writePEM(t *testing.T, path, kind string, raw []byte) {
	t.Helper()
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: raw}), 0o600); err != nil {
		t.Fatal(err)
	}
}

// direct answers a request without a socket, whatever its host.
func (e *entra) direct(r *http.Request) (*http.Response, error) {
	w := httptest.NewRecorder()
	r.Host = r.URL.Host
	e.Config.Handler.ServeHTTP(w, r)
	return w.Result(), nil
}

// options are those of a profile with a custom cloud at this server.
func (e *entra) options(auth string) Options {
	return Options{
		Cloud: Cloud{ResourceManager: e.URL, Authority: e.URL, Storage: "blob.test"},
		Auth:  auth, Tenant: tenant, ClientID: appID, CA: e.ca, Subscription: "s1",
	}
}

func reply(w http.ResponseWriter, status int, v any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(v)
}

func (e *entra) discovery(w http.ResponseWriter, r *http.Request) {
	at := "https://" + r.Host + "/" + r.PathValue("tenant")
	reply(w, http.StatusOK, map[string]string{
		"issuer": at + "/v2.0", "authorization_endpoint": at + "/oauth2/v2.0/authorize", "token_endpoint": at + "/oauth2/v2.0/token",
	})
}

func (e *entra) deviceCode(w http.ResponseWriter, r *http.Request) {
	reply(w, http.StatusOK, map[string]any{
		"user_code": "ABCD-EFGH", "device_code": "the-device", "verification_uri": "https://" + r.Host + "/device",
		"expires_in": 900, "interval": 1, "message": "enter it",
	})
}

func (e *entra) authorize(w http.ResponseWriter, r *http.Request) {
	q := r.URL.Query()
	http.Redirect(w, r, q.Get("redirect_uri")+"?code=the-code&state="+url.QueryEscape(q.Get("state")), http.StatusFound)
}

func (e *entra) refuse(status int, body string) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.status, e.refusal = status, body
}

func (e *entra) token(w http.ResponseWriter, r *http.Request) {
	_ = r.ParseForm()
	e.mu.Lock()
	defer e.mu.Unlock()
	e.forms = append(e.forms, r.Form)
	for k, v := range e.header {
		w.Header()[k] = v
	}
	switch {
	case e.refusal != "":
		if w.Header().Get("Content-Type") == "" {
			w.Header().Set("Content-Type", "application/json")
		}
		w.WriteHeader(e.status)
		_, _ = io.WriteString(w, e.refusal)
	case r.Form.Get("device_code") != "" && e.pending > 0:
		e.pending--
		reply(w, http.StatusBadRequest, map[string]string{"error": "authorization_pending"})
	case !e.proven(r.Form):
		reply(w, http.StatusUnauthorized, map[string]string{"error": "invalid_client", "error_description": "AADSTS7000215: Invalid client secret provided. Trace ID: t Correlation ID: c"})
	default:
		reply(w, http.StatusOK, e.issue(r.Form, "https://"+r.Host+"/"+r.PathValue("tenant")))
	}
}

// proven checks what an application proves itself with.
func (e *entra) proven(form url.Values) bool {
	if secret := form.Get("client_secret"); secret != "" {
		return secret == appSecret
	}
	assertion := form.Get("client_assertion")
	if assertion == "" || assertion == "federated" {
		return form.Get("grant_type") != "client_credentials" || assertion != ""
	}
	parts := strings.Split(assertion, ".")
	signature, err := base64.RawURLEncoding.DecodeString(parts[2])
	if err != nil || e.key == nil {
		return false
	}
	sum := sha256.Sum256([]byte(parts[0] + "." + parts[1]))
	return rsa.VerifyPSS(e.key, crypto.SHA256, sum[:], signature, nil) == nil || rsa.VerifyPKCS1v15(e.key, crypto.SHA256, sum[:], signature) == nil
}

// issue makes a token, and for a person what the SDK remembers an account by.
func (e *entra) issue(form url.Values, issuer string) map[string]any {
	token := fmt.Sprintf("token-%d", len(e.issued)+1)
	e.issued = append(e.issued, token)
	out := map[string]any{"token_type": "Bearer", "expires_in": int(e.life.Seconds()), "access_token": token, "scope": form.Get("scope")}
	if form.Get("grant_type") != "client_credentials" {
		claims := map[string]any{"iss": issuer, "aud": appID, "oid": "o", "sub": "s", "tid": tenant, "preferred_username": "kim@contoso.test", "exp": time.Now().Add(time.Hour).Unix()}
		out["refresh_token"] = "refresh-me"
		out["id_token"] = segmentOf(map[string]string{"alg": "none"}) + "." + segmentOf(claims) + ".x"
		out["client_info"] = segmentOf(map[string]string{"uid": "o", "utid": tenant})
	}
	return out
}

func segmentOf(v any) string {
	raw, _ := json.Marshal(v)
	return base64.RawURLEncoding.EncodeToString(raw)
}

// machine is the identity endpoint of a virtual machine and of an app service.
func (e *entra) machine(w http.ResponseWriter, r *http.Request) {
	if r.Header.Get("Metadata") != "true" && r.Header.Get("X-IDENTITY-HEADER") != "let-me-in" {
		w.WriteHeader(http.StatusBadRequest)
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	e.forms = append(e.forms, r.URL.Query())
	token := fmt.Sprintf("token-%d", len(e.issued)+1)
	e.issued = append(e.issued, token)
	reply(w, http.StatusOK, map[string]any{"access_token": token, "expires_on": fmt.Sprint(time.Now().Add(time.Hour).Unix()), "token_type": "Bearer", "resource": r.URL.Query().Get("resource")})
}

// management answers who brings the newest token.
func (e *entra) management(w http.ResponseWriter, r *http.Request) {
	e.mu.Lock()
	defer e.mu.Unlock()
	e.reads++
	if len(e.issued) == 0 || r.Header.Get("Authorization") != "Bearer "+e.issued[len(e.issued)-1] {
		reply(w, http.StatusUnauthorized, map[string]any{"error": map[string]string{"code": "InvalidAuthenticationToken", "message": "not this one"}})
		return
	}
	reply(w, http.StatusOK, map[string]any{})
}

// last is the newest form that came to the token endpoint.
func (e *entra) last() url.Values {
	e.mu.Lock()
	defer e.mu.Unlock()
	if len(e.forms) == 0 {
		return nil
	}
	return e.forms[len(e.forms)-1]
}

// signedIn opens a session, signs in and reads from the management API with what
// it was given.
func (e *entra) signedIn(t *testing.T, o Options) *Session {
	t.Helper()
	s := e.session(t, o)
	if err := s.SignIn(t.Context()); err != nil {
		t.Fatal(err)
	}
	e.works(t, s)
	return s
}

func (e *entra) session(t *testing.T, o Options) *Session {
	t.Helper()
	s, err := Open(o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	return s
}

func (e *entra) works(t *testing.T, s *Session) {
	t.Helper()
	answer, err := get(t.Context(), t, s, e.URL+"/subscriptions/s1")
	if err != nil {
		t.Fatal(err)
	}
	_ = answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		t.Fatalf("the token was not taken: HTTP %d", answer.StatusCode)
	}
}

// refused signs in and gives back why it could not.
func (e *entra) refused(t *testing.T, o Options) *engine.Failure {
	t.Helper()
	err := e.session(t, o).SignIn(t.Context())
	f := engine.AsFailure(err, "", "")
	if f == nil {
		t.Fatal("signed in")
	}
	if f.What == "" || f.Where == "" || f.Why == "" || f.Remedy == "" {
		t.Errorf("not complete: %+v", f)
	}
	return f
}

func secret(context.Context) (string, error) { return appSecret, nil }

// certificate makes a key and a certificate of its own for the application.
func certificate(t *testing.T) ([]*x509.Certificate, *rsa.PrivateKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "failback"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	raw, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(raw)
	if err != nil {
		t.Fatal(err)
	}
	return []*x509.Certificate{cert}, key
}

// rerouted dials one place whatever the address, as for the metadata service.
func rerouted(to string) *http.Transport {
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = nil
	t.DialContext = func(ctx context.Context, network, _ string) (net.Conn, error) {
		return (&net.Dialer{}).DialContext(ctx, network, to)
	}
	return t
}
