package azure

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"time"

	"golang.org/x/net/http/httpproxy"

	"failback/engine"
)

// How a connection that died without a word is found out: by a ping after a
// while of silence. The SDK's own transport does the same.
const (
	pingAfter   = 10 * time.Second
	pingTimeout = 5 * time.Second
)

// diskStreams is how many connections to one host are kept: as many as the mover
// may have requests in flight, and some.
const diskStreams = 32

// transport is the one transport of a session: sign-in, management and storage
// share its proxy and its trust.
func transport(o Options) (http.RoundTripper, error) {
	if o.Transport != nil {
		return o.Transport, nil
	}
	roots := o.Roots
	if o.CA != "" {
		var err error
		if roots, err = Trusted("ca in the profile", o.CA); err != nil {
			return nil, err
		}
	}
	proxy, err := proxied(o.Proxy)
	if err != nil {
		return nil, err
	}
	t := http.DefaultTransport.(*http.Transport).Clone()
	t.Proxy = proxy
	t.MaxIdleConnsPerHost, t.ReadBufferSize = diskStreams, 64<<10
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	t.HTTP2 = &http.HTTP2Config{SendPingTimeout: pingAfter, PingTimeout: pingTimeout}
	return t, nil
}

// Trusted is the system's authorities and those of a file of PEM certificates.
// key is where the file is named, for the refusal, which is one of kind usage.
func Trusted(key, file string) (*x509.CertPool, error) {
	remedy := "name a file of PEM certificates with " + key
	pem, err := os.ReadFile(file)
	if err != nil {
		return nil, engine.Usagef(remedy, "ca: %s", err)
	}
	pool, err := x509.SystemCertPool()
	if err != nil {
		return nil, engine.Usagef("mend the system's list of authorities", "the system's authorities can't be read: %s", err)
	}
	if !pool.AppendCertsFromPEM(pem) {
		return nil, engine.Usagef(remedy, "ca: %s holds no certificate in PEM form", file)
	}
	return pool, nil
}

// proxied chooses the proxy of a request: the given one, else the environment's.
// NO_PROXY holds for both. This machine and the address that tells a virtual
// machine about itself are never asked through one.
func proxied(address string) (func(*http.Request) (*url.URL, error), error) {
	settings := httpproxy.FromEnvironment()
	if address != "" {
		u, err := url.Parse(address)
		if err != nil || u.Host == "" || (u.Scheme != "http" && u.Scheme != "https") {
			return nil, engine.Usagef("give an address such as http://proxy.example:3128", "the proxy %q is none", address)
		}
		settings.HTTPProxy, settings.HTTPSProxy = address, address
	}
	choose := settings.ProxyFunc()
	return func(r *http.Request) (*url.URL, error) {
		if ip, err := netip.ParseAddr(r.URL.Hostname()); err == nil && ip.IsLinkLocalUnicast() {
			return nil, nil
		}
		return choose(r.URL)
	}, nil
}
