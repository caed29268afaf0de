package hyperv

import (
	"context"
	"fmt"

	"failback/engine"
	"failback/providers/hyperv/scripts"
)

// signInAddress is what Azure's public cloud is signed in to at (Azure docs:
// site-recovery-URLS).
const signInAddress = "login.microsoftonline.com"

// Reach implements [engine.HostAccess]. A host that answers for other addresses than
// it was asked about is not believed.
func (a *Access) Reach(ctx context.Context, host string, names []string) (engine.HostWay, error) {
	const https = 443
	p := scripts.ReachParams{Addresses: []scripts.Address{{Host: a.signIn, Port: https}}}
	for _, n := range names {
		p.Addresses = append(p.Addresses, scripts.Address{Host: n, Port: https})
	}
	var answer scripts.ReachAnswer
	if err := a.on(ctx, host, scripts.Reach, "", p, &answer); err != nil {
		return engine.HostWay{}, err
	}
	bad := func(why string) error {
		return &engine.Failure{
			Kind: engine.FailureOther, What: purposes[scripts.Reach], Where: where(host, scripts.Reach, ""),
			Why: why, Remedy: "Look at the host's way to Azure by hand: Test-NetConnection " + a.signIn + " -Port 443",
		}
	}
	if len(answer.Addresses) != len(p.Addresses) {
		return engine.HostWay{}, bad(fmt.Sprintf("%d addresses were asked about, %d are answered", len(p.Addresses), len(answer.Addresses)))
	}
	out := make([]engine.HostReach, len(p.Addresses))
	for i, r := range answer.Addresses {
		if r.Host != p.Addresses[i].Host || r.Port != https {
			return engine.HostWay{}, bad(fmt.Sprintf("it answers about %s:%d, not %s", r.Host, r.Port, p.Addresses[i].Host))
		}
		out[i] = engine.HostReach{Address: fmt.Sprintf("%s:%d", r.Host, r.Port), Why: r.Why}
	}
	return engine.HostWay{Reach: out, TLS12: answer.TLS12}, nil
}
