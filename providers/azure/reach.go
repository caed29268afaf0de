package azure

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/cloud"

	"failback/engine"
)

// Reached says how one service of the cloud answered to somebody who shows no
// credential. That it answered at all is what counts: it is there, its certificate
// is trusted, and nobody stands between.
type Reached struct {
	Service string // in words
	Address string
	Took    time.Duration
	// Behind is how far this machine's clock is behind the service's, known by
	// whole seconds; Dated says that the answer told the time.
	Behind time.Duration
	Dated  bool
	Err    error // an [engine.Failure] with its remedy; nil where it answered
}

// reachPatience bounds one look at a service.
const reachPatience = 15 * time.Second

// Reach looks at the services that a sign-in and a failback need, one after the
// other, and reports each. It sends no credential and asks for nothing. The error
// is for options that make no cloud.
func Reach(ctx context.Context, o Options, report func(Reached)) error {
	p, err := o.Cloud.resolve()
	if err != nil {
		return err
	}
	t, err := transport(o)
	if err != nil {
		return err
	}
	asked := false
	for _, s := range []struct{ service, address string }{
		{"sign-in", p.config.ActiveDirectoryAuthorityHost},
		{"management", p.config.Services[cloud.ResourceManager].Endpoint},
	} {
		if s.address == "" { // a cloud on loopback has no authority
			continue
		}
		asked = true
		report(reach(ctx, t, s.service, s.address))
	}
	if !asked {
		return errors.New("the cloud names no service")
	}
	return nil
}

func reach(ctx context.Context, t http.RoundTripper, service, address string) Reached {
	r := Reached{Service: service, Address: address}
	ctx, done := context.WithTimeout(ctx, reachPatience)
	defer done()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(address, "/")+"/", http.NoBody)
	if err != nil {
		r.Err = err
		return r
	}
	began := time.Now()
	// A client of its own follows no redirection: whoever answers first is who is there.
	client := &http.Client{Transport: t, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	answer, err := client.Do(req)
	r.Took = time.Since(began)
	if err != nil {
		var asked *url.Error // who was asked stands in Where
		if errors.As(err, &asked) {
			err = asked.Err
		}
		why, remedy, _ := unreachable(err)
		r.Err = &engine.Failure{Kind: engine.FailureRetryable, What: "reach " + service, Where: address, Why: why, Remedy: remedy, Err: err}
		return r
	}
	defer func() { _ = answer.Body.Close() }()
	_, _ = io.CopyN(io.Discard, answer.Body, 1<<16) // the connection can be used again
	if answer.StatusCode == http.StatusProxyAuthRequired {
		r.Err = &engine.Failure{Kind: engine.FailureRefused, What: "reach " + service, Where: address,
			Why: "the proxy asks for a sign-in of its own", Remedy: "use a proxy that lets this machine through"}
		return r
	}
	if at, err := http.ParseTime(answer.Header.Get("Date")); err == nil {
		r.Behind, r.Dated = at.Sub(began.Add(r.Took/2)).Round(time.Second), true
	}
	return r
}
