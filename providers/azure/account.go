package azure

import (
	"context"
	"strings"
	"sync"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"
	"github.com/Azure/azure-sdk-for-go/sdk/azidentity"

	"failback/engine"
)

// account is the credential of a session. It makes the real one when the first
// token is needed, gives a burst of clients one token, and turns what went wrong
// into a [signInError].
type account struct {
	auth, tenant string
	make         factory
	show         func(engine.SignInStep)
	secret       string // what was given as one, so that no error repeats it

	mu     sync.Mutex // one sign-in at a time
	inner  azcore.TokenCredential
	recent map[string]given
}

// given is a token that was just handed out.
type given struct {
	token azcore.AccessToken
	at    time.Time
}

// burst is how long a token is handed out again without asking. Every client of
// the SDK asks for its own, and the Azure CLI starts a process for each.
const burst = time.Minute

// GetToken implements [azcore.TokenCredential].
func (a *account) GetToken(ctx context.Context, o policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return a.token(ctx, o, func(ctx context.Context, c azcore.TokenCredential) (azcore.AccessToken, error) {
		return c.GetToken(ctx, o)
	})
}

// signIn gets the first token, with the help of a person where the way to sign in
// needs one. Later ones are got without: nobody may be watching then.
func (a *account) signIn(ctx context.Context, o policy.TokenRequestOptions) error {
	_, err := a.token(ctx, o, func(ctx context.Context, c azcore.TokenCredential) (azcore.AccessToken, error) {
		person, ok := c.(interface {
			Authenticate(context.Context, *policy.TokenRequestOptions) (azidentity.AuthenticationRecord, error)
		})
		if ok {
			if a.auth == AuthBrowser && a.show != nil {
				a.show(engine.SignInStep{})
			}
			if _, err := person.Authenticate(ctx, &o); err != nil {
				return azcore.AccessToken{}, err
			}
		}
		return c.GetToken(ctx, o)
	})
	return err
}

func (a *account) token(ctx context.Context, o policy.TokenRequestOptions,
	get func(context.Context, azcore.TokenCredential) (azcore.AccessToken, error),
) (azcore.AccessToken, error) {
	a.mu.Lock()
	defer a.mu.Unlock()
	key := strings.Join(append(o.Scopes, o.TenantID), " ")
	if g, ok := a.recent[key]; ok && a.slow() && o.Claims == "" && time.Since(g.at) < burst && time.Until(g.token.ExpiresOn) > 2*burst {
		return g.token, nil
	}
	inner, err := a.ready(ctx)
	if err != nil {
		return azcore.AccessToken{}, a.failed(err, heard{}, nil)
	}
	seen := &exchange{}
	t, err := get(context.WithValue(ctx, exchangeKey{}, seen), inner)
	if err != nil {
		return azcore.AccessToken{}, a.failed(err, seen.get(), ctx.Err())
	}
	if a.recent == nil {
		a.recent = map[string]given{}
	}
	a.recent[key] = given{token: t, at: time.Now()}
	return t, nil
}

// slow reports whether every token may start a process. The other ways to sign in
// keep their tokens themselves.
func (a *account) slow() bool { return a.auth == "" || a.auth == AuthDefault || a.auth == AuthCLI }

func (a *account) failed(err error, last heard, ended error) error {
	return &signInError{auth: a.auth, tenant: a.tenant, err: err, last: last, ended: ended, hide: a.secret}
}

// remember keeps the secret that ask gives.
func (a *account) remember(ask func(context.Context) (string, error)) func(context.Context) (string, error) {
	if ask == nil {
		return nil
	}
	return func(ctx context.Context) (string, error) {
		secret, err := ask(ctx)
		a.secret = secret
		return secret, err
	}
}

// ready makes the real credential, once.
func (a *account) ready(ctx context.Context) (azcore.TokenCredential, error) {
	if a.inner != nil {
		return a.inner, nil
	}
	c, err := a.make(ctx)
	if err == nil {
		a.inner = c
	}
	return c, err
}
