package azure

import (
	"context"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"sync"
	"testing"

	"failback/engine"
)

// proxy is an HTTP proxy that leads every name to one address and remembers which
// were asked for.
type proxy struct {
	*httptest.Server
	to string

	mu    sync.Mutex
	asked []string
}

func newProxy(t *testing.T, to string) *proxy {
	p := &proxy{to: to}
	p.Server = httptest.NewServer(p)
	t.Cleanup(p.Close)
	return p
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	p.mu.Lock()
	p.asked = append(p.asked, r.Host)
	p.mu.Unlock()
	there, err := (&net.Dialer{}).DialContext(r.Context(), "tcp", p.to)
	if err != nil || r.Method != http.MethodConnect {
		w.WriteHeader(http.StatusBadGateway)
		return
	}
	here, read, err := http.NewResponseController(w).Hijack()
	if err != nil {
		return
	}
	_, _ = io.WriteString(here, "HTTP/1.1 200 OK\r\n\r\n")
	go func() { _, _ = io.Copy(there, read); _ = there.Close() }()
	_, _ = io.Copy(here, there)
	_ = here.Close()
}

func (p *proxy) hosts() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := slices.Clone(p.asked)
	slices.Sort(out)
	return slices.Compact(out)
}

// Sign-in, management and storage go through the same proxy and trust the same
// authority.
func TestProxyAndAuthorityHoldForEverything(t *testing.T) {
	for _, given := range []string{"profile", "environment"} {
		t.Run(given, func(t *testing.T) {
			e := newEntra(t)
			p := newProxy(t, e.Listener.Addr().String())
			o := e.withSecret()
			o.Cloud = Cloud{ResourceManager: "https://management.example.com", Authority: "https://login.example.com", Storage: "example.com"}
			if given == "profile" {
				o.Proxy = p.URL
			} else {
				t.Setenv("HTTPS_PROXY", p.URL)
			}
			s := e.session(t, o)
			if err := s.SignIn(t.Context()); err != nil {
				t.Fatal(err)
			}
			answer, err := get(t.Context(), t, s, "https://management.example.com/subscriptions/s1")
			if err != nil {
				t.Fatal(err)
			}
			_ = answer.Body.Close()
			// The server has no such blob: that it was asked is what counts.
			_, err = NewAccess(s).Allocated(t.Context(), engine.Disk{Name: "os", BlobURL: "https://acct.example.com/asr/os.vhd"})
			if engine.KindOf(err) != engine.FailureNotFound {
				t.Errorf("%v", err)
			}
			if want := []string{"acct.example.com:443", "login.example.com:443", "management.example.com:443"}; !slices.Equal(p.hosts(), want) {
				t.Errorf("through the proxy went %v, want %v", p.hosts(), want)
			}
		})
	}
}

func TestProxyIsChosenByAddress(t *testing.T) {
	t.Setenv("HTTPS_PROXY", "http://env.example:1")
	t.Setenv("HTTP_PROXY", "http://env.example:1")
	t.Setenv("NO_PROXY", "direct.example")
	for _, c := range []struct{ given, target, want string }{
		{"", "https://management.azure.com", "env.example:1"},
		{"http://own.example:2", "https://management.azure.com", "own.example:2"},
		{"http://own.example:2", "https://direct.example", ""},
		{"http://own.example:2", "https://127.0.0.1:8443", ""},
		{"http://own.example:2", "http://169.254.169.254/metadata/identity/oauth2/token", ""},
		{"", "http://169.254.169.254/metadata/identity/oauth2/token", ""},
	} {
		choose, err := proxied(c.given)
		if err != nil {
			t.Fatal(err)
		}
		target, err := url.Parse(c.target)
		if err != nil {
			t.Fatal(err)
		}
		got, err := choose((&http.Request{URL: target}).WithContext(context.Background()))
		if err != nil || (got == nil) != (c.want == "") || got != nil && got.Host != c.want {
			t.Errorf("%q for %s: %v, %v, want %q", c.given, c.target, got, err, c.want)
		}
	}
}

func TestProxyAndAuthorityThatAreNone(t *testing.T) {
	empty := filepath.Join(t.TempDir(), "empty.pem")
	if err := os.WriteFile(empty, []byte("no certificate"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, o := range map[string]Options{
		"proxy without a scheme": {Auth: AuthCLI, Proxy: "proxy.example:3128"},
		"socks":                  {Auth: AuthCLI, Proxy: "socks5://proxy.example"},
		"no such file":           {Auth: AuthCLI, CA: empty + ".gone"},
		"no certificate in it":   {Auth: AuthCLI, CA: empty},
		"authority without TLS":  {Auth: AuthCLI, Cloud: Cloud{ResourceManager: "https://m.example", Authority: "http://login.example"}},
	} {
		if _, err := Open(o); engine.KindOf(err) != engine.FailureUsage {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// Each cloud signs in at its own authority and asks for a token of its own
// management API.
func TestCloudsHaveTheirOwnAuthorityAndAudience(t *testing.T) {
	for cloud, want := range map[string]struct{ authority, scope string }{
		CloudPublic: {"login.microsoftonline.com", "https://management.core.windows.net//.default"},
		CloudUSGov:  {"login.microsoftonline.us", "https://management.core.usgovcloudapi.net/.default"},
		CloudChina:  {"login.chinacloudapi.cn", "https://management.core.chinacloudapi.cn/.default"},
	} {
		t.Run(cloud, func(t *testing.T) {
			e := newEntra(t)
			var hosts []string
			o := e.withSecret()
			o.Cloud = Cloud{Name: cloud}
			o.Transport = roundTrip(func(r *http.Request) (*http.Response, error) {
				hosts = append(hosts, r.URL.Host)
				return e.direct(r)
			})
			if err := e.session(t, o).SignIn(t.Context()); err != nil {
				t.Fatal(err)
			}
			if got := e.last().Get("scope"); got != want.scope+" openid offline_access profile" {
				t.Errorf("scope %q", got)
			}
			for _, h := range hosts {
				if h != want.authority {
					t.Errorf("asked %s, want %s alone", h, want.authority)
				}
			}
		})
	}
}
