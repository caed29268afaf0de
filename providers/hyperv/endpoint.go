package hyperv

import (
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"time"
)

// Endpoint is how one host is reached. Passwords are only ever used for NTLM and
// Kerberos: they are never sent, not even encrypted.
type Endpoint struct {
	// URL is https://host:5986/wsman. The path may be left out.
	//
	// With http:// every message is sealed with keys of the sign-in. That hides
	// and protects the text, but proves only the user to the host, not the host
	// to the user, so it has to be asked for with Sealed, except on loopback.
	URL string
	// Sealed allows http:// beyond loopback.
	Sealed bool
	// Auth is the way to sign in.
	Auth Auth
	// User is user, DOMAIN\user or user@domain.
	User string
	// Password is asked for each sign-in; its value is not kept.
	Password func(ctx context.Context) (string, error)
	// Kerberos is for AuthKerberos.
	Kerberos Kerberos
	// Identity is the certificate of AuthCertificate, its chain and its key. It is
	// asked for each connection; the key is not kept.
	Identity func(ctx context.Context) ([]*x509.Certificate, crypto.PrivateKey, error)
	// Roots are the authorities that may vouch for the host, the system's if nil.
	Roots *x509.CertPool
	// Fingerprint is the SHA-256 of the one certificate that the host may show,
	// whoever issued it and whatever name stands in it; beside Roots, both hold.
	Fingerprint []byte
	// Connect opens a connection that is not TCP: every round tripper it returns
	// is one connection, used by one shell. Nil means TCP.
	Connect func() http.RoundTripper
}

// The limits of reaching a host. A host that is off must not cost a run more.
const (
	dialTimeout    = 10 * time.Second
	tlsTimeout     = 10 * time.Second
	requestTimeout = 30 * time.Second
	maxHeaders     = 256 << 10 // a ticket in a header may have 64 KiB
)

// checked is an endpoint whose settings make sense.
type checked struct {
	Endpoint
	url    *url.URL
	auth   Auth
	sealed bool // messages are sealed, since nothing below protects them
	login  *kerberosLogin
	trial  *trial
	tape   *Tape // nil where nothing is recorded
}

func (e Endpoint) check() (checked, error) {
	u, err := url.Parse(e.URL)
	if err != nil {
		return checked{}, errors.New("the WinRM address is not a URL")
	}
	if u.Host == "" || u.User != nil || u.RawQuery != "" || u.Fragment != "" {
		return checked{}, fmt.Errorf("the WinRM address %q must be https://host:port and nothing else", u.Redacted())
	}
	if u.Path == "" || u.Path == "/" {
		u.Path = "/wsman"
	}
	switch {
	case u.Scheme != "https" && u.Scheme != "http":
		return checked{}, fmt.Errorf("the WinRM address %q must begin with https://", u)
	case u.Scheme == "http" && !e.Sealed && e.Connect == nil && !loopback(u.Hostname()):
		return checked{}, fmt.Errorf("the WinRM address %q has no TLS: use https:// and port 5986, or allow sealed messages over http:// for this host", u)
	}
	auth := e.way()
	if err := e.checkAuth(auth, u.Scheme == "https"); err != nil {
		return checked{}, err
	}
	if u.Port() == "" {
		u.Host = net.JoinHostPort(u.Hostname(), map[string]string{"https": "5986", "http": "5985"}[u.Scheme])
	}
	c := checked{Endpoint: e, url: u, auth: auth, sealed: u.Scheme == "http", trial: newTrial()}
	if auth == AuthKerberos {
		c.login = newKerberosLogin(e, u.Hostname(), c.trial)
	}
	return c, nil
}

func loopback(name string) bool {
	address, err := netip.ParseAddr(name)
	return name == "localhost" || err == nil && address.IsLoopback()
}

// connection opens the way to the host for one session. NTLM signs a connection
// in, so a session never shares one, and what it opened it closes.
func (c checked) connection(ctx context.Context) (client *http.Client, closeIdle func(), err error) {
	client = &http.Client{CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	if c.Connect != nil {
		client.Transport = c.Connect()
		return client, func() {}, nil
	}
	config, err := c.tlsConfig(ctx)
	if err != nil {
		return nil, nil, err
	}
	// No proxy: the environment must not be able to move a host elsewhere.
	t := &http.Transport{
		DialContext:            (&net.Dialer{Timeout: dialTimeout}).DialContext,
		TLSClientConfig:        config,
		TLSHandshakeTimeout:    tlsTimeout,
		MaxConnsPerHost:        1,
		MaxResponseHeaderBytes: maxHeaders,
		DisableCompression:     true,
	}
	client.Transport = t
	return client, t.CloseIdleConnections, nil
}
