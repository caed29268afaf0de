package azure

import (
	"context"
	"fmt"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/policy"

	"failback/engine"
)

// fence says which addresses a fixed token may be sent to.
type fence struct {
	// inMemory also admits hosts below .lab: they exist behind an injected
	// transport and never on a network.
	inMemory bool
}

// admits reports whether u lies on this machine.
func (f fence) admits(u *url.URL) bool {
	host := strings.ToLower(u.Hostname())
	if host == "localhost" {
		return true
	}
	if f.inMemory && strings.HasSuffix(host, ".lab") {
		return true
	}
	ip, err := netip.ParseAddr(host)
	return err == nil && ip.IsLoopback()
}

// outside is the refusal to send the fixed token off this machine. The retry
// policy leaves it alone.
type outside struct{ host string }

func (o *outside) Error() string {
	return fmt.Sprintf("a fixed token is for loopback addresses only, %s is not one", o.host)
}

// NonRetriable tells the SDK that another attempt is pointless.
func (o *outside) NonRetriable() {}

// guarded is the last station of a loopback session: addresses come from
// answers too (next pages, blobs), so every single request is looked at.
type guarded struct {
	fence fence
	next  http.RoundTripper
}

func (g guarded) RoundTrip(r *http.Request) (*http.Response, error) {
	if !g.fence.admits(r.URL) {
		return nil, &outside{host: r.URL.Host}
	}
	return g.next.RoundTrip(r)
}

// fixedToken is the credential of a loopback session.
type fixedToken string

// tokenLife is what a fixed token claims to live: it never expires, and the SDK
// asks again when the time is over.
const tokenLife = 24 * time.Hour

func (t fixedToken) GetToken(context.Context, policy.TokenRequestOptions) (azcore.AccessToken, error) {
	return azcore.AccessToken{Token: string(t), ExpiresOn: time.Now().Add(tokenLife)}, nil
}

func (o Options) loopback(p place) (fence, error) {
	f := fence{inMemory: o.Transport != nil}
	if o.Token == "" {
		return f, engine.Usagef("take the token that the lab printed when it started", "sign-in %q needs a token", AuthLoopback)
	}
	if !f.admits(p.manager) {
		return f, engine.Usagef("use another sign-in for a real cloud: "+AuthDefault+", "+AuthCLI+" or "+AuthManagedIdentity,
			"sign-in %q sends a fixed token and is for loopback addresses only, %s is not one", AuthLoopback, p.manager.Host)
	}
	return f, nil
}
