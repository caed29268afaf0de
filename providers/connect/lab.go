package connect

import (
	"cmp"
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"failback/engine"
	"failback/providers/azure"
	"failback/providers/azure/record"
	"failback/providers/hyperv"
	"failback/providers/jumpbox"
	"failback/providers/lab"
	"failback/providers/lab/estate"
)

// shortestPoll keeps a fast lab from being asked all the time.
const shortestPoll = 200 * time.Millisecond

// Recording is what is recorded of a connection; the zero value is nothing.
type Recording struct {
	Azure *record.Recorder
	Hosts *hyperv.Tape
}

// Lab opens the lab and connects to it as to any vault. Closing the connection
// closes the lab too, where this process serves it. rec records what is asked of the
// lab.
func Lab(ctx context.Context, o lab.Options, rec Recording) (*engine.Connection, error) {
	l, err := lab.Open(ctx, o)
	if err != nil {
		return nil, err
	}
	settings := Rehearsal(l.Endpoints(), l.WinRMUser())
	if err := settings.trust(l.Endpoints().CA); err != nil {
		return nil, errors.Join(err, l.Close())
	}
	settings.Name, settings.Azure.Recorder = l.Estate(), rec.Azure
	settings.Tape = rec.Hosts
	settings.Reach = guestsOf(l.Endpoints(), settings.Azure.Roots)
	settings.Poll = pollAt(l.Speed())
	settings.Jobs = filepath.Join(o.Folder(l.Estate()), "direct")
	settings.Rates = ratesAt(l.Speed(), o, l.Estate())
	c, err := Open(ctx, settings)
	if err != nil {
		return nil, errors.Join(err, l.Close())
	}
	hosts := c.Close
	c.Close = func() error { return errors.Join(hosts(), l.Close()) }
	return c, nil
}

// Rehearsal is the settings for a lab at these addresses: a fixed token,
// loopback only, and the same token as password at its hosts.
func Rehearsal(e lab.Endpoints, user string) Options {
	hosts := make(map[string]hyperv.Endpoint, len(e.Hosts))
	password := func(context.Context) (string, error) { return e.Token, nil }
	for _, h := range e.Hosts {
		hosts[h.Name] = hyperv.Endpoint{URL: h.WinRM, User: user, Password: password}
	}
	return Options{
		Name: "lab", Rehearsal: true, ResourceGroup: e.ResourceGroup, Vault: e.Vault, Hosts: hosts,
		Azure: azure.Options{
			Cloud: azure.Cloud{Name: azure.CloudCustom, ResourceManager: e.Management},
			Auth:  azure.AuthLoopback, Token: e.Token, Subscription: e.Subscription,
		},
	}
}

// guestsOf tries the ports of a lab's guests where the lab answers for them.
func guestsOf(e lab.Endpoints, roots *x509.CertPool) jumpbox.Reach {
	t := &http.Transport{TLSClientConfig: &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}, DisableKeepAlives: true}
	return func(ctx context.Context, address string, port int) error { return e.Reach(ctx, t, address, port) }
}

// trust makes the certificate in a file the one authority for the vault and its
// hosts; nil changes nothing.
func (o *Options) trust(ca *string) error {
	if ca == nil {
		return nil
	}
	text, err := os.ReadFile(*ca)
	if err != nil {
		return fmt.Errorf("read whom the lab's servers are vouched for by: %w", err)
	}
	roots := x509.NewCertPool()
	if !roots.AppendCertsFromPEM(text) {
		return fmt.Errorf("no certificate in %s, which the lab's servers are vouched for by", *ca)
	}
	o.Azure.Roots = roots
	for name, h := range o.Hosts {
		h.Roots = roots
		o.Hosts[name] = h
	}
	return nil
}

// pollAt is the poll interval where speed modelled seconds pass in one of ours.
func pollAt(speed float64) time.Duration {
	return max(shortestPoll, faster(defaultPoll, speed))
}

func faster(d time.Duration, speed float64) time.Duration {
	if speed <= 0 {
		return d
	}
	return time.Duration(float64(d) / speed)
}

// ratesAt turns the estate's modelled speeds and times into those of the wall.
// A lab that another process serves from a file of its own does not tell them:
// a forecast then takes the documented values.
func ratesAt(speed float64, o lab.Options, name string) engine.Rates {
	e, err := described(o, name)
	if err != nil || speed <= 0 {
		return engine.Rates{}
	}
	return engine.Rates{
		Compare: int64(float64(e.Rates.Compare) * speed),
		Link:    int64(float64(e.Rates.Link) * speed),
		Prepare: faster(e.Times.Prepare, speed),
		Stop:    faster(e.Times.Stop, speed),
		Boot:    faster(e.Times.Boot, speed),
	}
}

func described(o lab.Options, name string) (estate.Estate, error) {
	if o.Data != nil {
		return estate.Decode(name, o.Data)
	}
	return estate.Load(cmp.Or(o.Estate, name))
}
