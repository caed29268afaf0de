package azure

import (
	"crypto/tls"
	"crypto/x509"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"failback/engine"
	"failback/providers/azure/record"
)

// Session is one sign-in to one cloud. It is safe for concurrent use and holds
// nothing that needs closing. Making one sends nothing: a wrong account shows at
// the first request.
type Session struct {
	place        place
	credential   azcore.TokenCredential
	transport    policy.Transporter // nil is the SDK's own
	fence        *fence             // set on loopback
	subscription string
	budget       *budget
	recorder     *record.Recorder // nil records nothing
}

// Open prepares a sign-in. It refuses a fixed token for any address off this
// machine, and any other sign-in without TLS.
func Open(o Options) (*Session, error) {
	p, err := o.Cloud.resolve()
	if err != nil {
		return nil, err
	}
	s := &Session{place: p, subscription: o.Subscription, budget: newBudget(o.RequestsPerMinute), recorder: o.Recorder}
	if o.Auth == AuthLoopback {
		return s.openLoopback(o)
	}
	if o.Token != "" {
		return nil, engine.Usagef("remove the token, or use sign-in "+AuthLoopback+" against a loopback address", "only sign-in %q takes a token", AuthLoopback)
	}
	if p.manager.Scheme != "https" {
		return nil, engine.Usagef("give the address with https", "%s would carry the credential unprotected", p.manager)
	}
	switch {
	case o.Transport != nil:
		s.transport = client(o.Transport)
	case o.Roots != nil:
		s.transport = client(outward(o.Roots))
	}
	s.credential, err = s.signIn(o.Auth)
	return s, err
}

func (s *Session) openLoopback(o Options) (*Session, error) {
	f, err := o.loopback(s.place)
	if err != nil {
		return nil, err
	}
	next := o.Transport
	if next == nil {
		next = outward(o.Roots)
	}
	s.fence, s.credential = &f, fixedToken(o.Token)
	s.transport = client(guarded{fence: f, next: next})
	return s, nil
}

// outward is the way out of this machine; nil roots mean the system's.
func outward(roots *x509.CertPool) http.RoundTripper {
	if roots == nil {
		return http.DefaultTransport
	}
	t := &http.Transport{Proxy: http.ProxyFromEnvironment}
	if usual, ok := http.DefaultTransport.(*http.Transport); ok {
		t = usual.Clone()
	}
	t.TLSClientConfig = &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}
	return t
}

// client carries requests over rt. It follows no redirect: the management API
// sends none, and a token must not travel on to where one points.
func client(rt http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     rt,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

func (s *Session) signIn(auth string) (azcore.TokenCredential, error) {
	co := policy.ClientOptions{Cloud: s.place.config, Transport: s.transport}
	switch auth {
	case "", AuthDefault:
		return azidentity.NewDefaultAzureCredential(&azidentity.DefaultAzureCredentialOptions{
			ClientOptions: co, DisableInstanceDiscovery: s.place.custom,
		})
	case AuthCLI:
		return azidentity.NewAzureCLICredential(nil)
	case AuthManagedIdentity:
		return azidentity.NewManagedIdentityCredential(&azidentity.ManagedIdentityCredentialOptions{ClientOptions: co})
	}
	return nil, engine.Usagef("use "+AuthDefault+", "+AuthCLI+", "+AuthManagedIdentity+" or "+AuthLoopback, "unknown sign-in %q", auth)
}

// Credential is what requests are signed with.
func (s *Session) Credential() azcore.TokenCredential { return s.credential }

// Subscription is the subscription the session was opened for.
func (s *Session) Subscription() string { return s.subscription }

// ClientOptions are the options for any client of the management API: cloud,
// transport, a client request id on every request, and the mark that [Effect]
// relies on. All clients of a session share its budget, and its recorder where it
// has one. Resource providers are never registered on the way.
func (s *Session) ClientOptions() *arm.ClientOptions {
	o := s.pipeline()
	o.PerCallPolicies = append(o.PerCallPolicies, renewed{}, gate{s.budget})
	o.PerRetryPolicies = append(o.PerRetryPolicies, meter{s.budget})
	if s.recorder != nil {
		o.PerRetryPolicies = append(o.PerRetryPolicies, s.recorder)
	}
	return &arm.ClientOptions{ClientOptions: o, DisableRPRegistration: true}
}

// Traffic is what the session asks of the management API. It is safe for concurrent
// use.
func (s *Session) Traffic() engine.Traffic { return s.budget.traffic() }

// readTimeout bounds one attempt of a read, its body included.
const readTimeout = time.Minute

func (s *Session) pipeline() policy.ClientOptions {
	return policy.ClientOptions{
		Cloud:                           s.place.config,
		Transport:                       s.transport,
		Telemetry:                       policy.TelemetryOptions{ApplicationID: "failback"},
		InsecureAllowCredentialWithHTTP: s.fence != nil,
		Retry:                           policy.RetryOptions{TryTimeout: readTimeout},
		PerCallPolicies:                 []policy.Policy{runtime.NewRequestIDPolicy()},
		PerRetryPolicies:                []policy.Policy{sendMarker{}},
	}
}
