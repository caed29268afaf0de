package azure

import (
	"context"
	"net/http"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"failback/engine"
	"failback/providers/azure/record"
)

// Session is one sign-in to one cloud. It is safe for concurrent use. Making one
// sends nothing: a wrong account shows when it signs in, or at the first request.
type Session struct {
	place        place
	credential   azcore.TokenCredential
	account      *account // nil on loopback, where nobody signs in
	transport    *http.Client
	fence        *fence // set on loopback
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
	next, err := transport(o)
	if err != nil {
		return nil, err
	}
	s.transport = client(listener{next})
	if err := s.prepare(o); err != nil {
		return nil, err
	}
	return s, nil
}

// prepare chooses the credential. The real one is made when it is needed.
func (s *Session) prepare(o Options) error {
	s.account = &account{auth: o.Auth, tenant: o.Tenant, show: o.Show}
	o.Secret = s.account.remember(o.Secret)
	var err error
	s.account.make, err = o.factory(s.place, policy.ClientOptions{Cloud: s.place.config, Transport: s.transport})
	s.credential = s.account
	return err
}

// SignIn gets a first token for the management API, so that a wrong account shows
// before anything is asked for, and so that a person who is needed for it is
// asked now. It does nothing on loopback.
func (s *Session) SignIn(ctx context.Context) error {
	if s.account == nil {
		return nil
	}
	audience := s.place.config.Services[cloud.ResourceManager].Audience
	err := s.account.signIn(ctx, policy.TokenRequestOptions{Scopes: []string{audience + "/.default"}, EnableCAE: true})
	return Call{Action: noAction, What: "sign in to Azure"}.Failure(err)
}

// Close lets go of connections that are open and unused.
func (s *Session) Close() { s.transport.CloseIdleConnections() }

func (s *Session) openLoopback(o Options) (*Session, error) {
	f, err := o.loopback(s.place)
	if err != nil {
		return nil, err
	}
	next, err := transport(o)
	if err != nil {
		return nil, err
	}
	s.fence, s.credential = &f, fixedToken(o.Token)
	s.transport = client(guarded{fence: f, next: next})
	return s, nil
}

// client carries requests over rt. It follows no redirect: the management API
// sends none, and a token must not travel on to where one points.
func client(rt http.RoundTripper) *http.Client {
	return &http.Client{
		Transport:     rt,
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
}

// Credential is what requests are signed with.
func (s *Session) Credential() azcore.TokenCredential { return s.credential }

// In is the same sign-in, budget and connections for VMs of another subscription.
func (s *Session) In(subscription string) *Session {
	other := *s
	other.subscription = subscription
	return &other
}

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
