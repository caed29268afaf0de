package cli

import (
	"context"
	"errors"
	"maps"
	"slices"
	"time"

	"failback/engine"
)

// skewAllowed is how far a clock may be off before it is said: Kerberos and tokens
// allow five minutes.
const skewAllowed = 2 * time.Minute

// hostPatience bounds one look at a host.
const hostPatience = time.Minute

// remote looks at everything on the other side of the network.
func (d *doctor) remote(ctx context.Context, t Target) {
	if t.Profile != nil {
		err := d.app.deps.Reach(ctx, t, func(r Reached) { d.reached(r) })
		if err != nil {
			d.broken("cloud", err)
			return
		}
	}
	began := time.Now()
	s, err := d.app.connectTo(ctx, t)
	if err != nil {
		d.broken("sign-in and vault", err)
		return
	}
	defer s.close(d.app)
	hosts, err := s.conn.Ports.Inventory.Hosts(ctx)
	if err != nil {
		d.failed("sign-in and vault", err)
		return
	}
	d.ok("sign-in and vault", "%s answers in %s and has %d hosts", s.conn.Vault, roundTrip(time.Since(began)), len(hosts))
	if t.Profile == nil {
		for _, h := range hosts {
			if h.Kind != engine.HostVMM {
				d.host(ctx, s, h.Name)
			}
		}
		return
	}
	for _, name := range slices.Sorted(maps.Keys(t.Profile.Hosts)) {
		d.host(ctx, s, name)
	}
	for _, h := range hosts {
		if _, known := t.Profile.Hosts[h.Name]; !known && h.Kind != engine.HostVMM {
			d.warn("host "+h.Name, "write it under hosts in the profile (docs/config.md)", "the vault has it, the profile does not say how to reach it")
		}
	}
}

func (d *doctor) reached(r Reached) {
	check := "reach " + r.Service
	if r.Err != nil {
		s := Symptom{Check: check, Result: healthFailed, Observed: r.Address + ": " + r.Err.Error(), kind: engine.KindOf(r.Err)}
		var f *engine.Failure
		if errors.As(r.Err, &f) {
			s.Observed, s.Remedy = r.Address+": "+f.Why, f.Remedy
		}
		d.see(s)
		return
	}
	d.ok(check, "%s answers in %s", r.Address, roundTrip(r.Took))
	if r.Dated {
		d.skew("clock against "+r.Service, r.Behind)
	}
}

// skew compares two clocks; behind is how far this machine's is behind.
func (d *doctor) skew(check string, behind time.Duration) {
	const remedy = "set the clock right: sign-ins and certificates depend on it"
	switch {
	case behind > skewAllowed:
		d.warn(check, remedy, "this machine's clock is %s behind", engine.SpanWords(behind))
	case behind < -skewAllowed:
		d.warn(check, remedy, "this machine's clock is %s ahead", engine.SpanWords(-behind))
	}
}

func (d *doctor) host(ctx context.Context, s *session, name string) {
	ctx, done := context.WithTimeout(ctx, hostPatience)
	defer done()
	began := time.Now()
	facts, err := s.conn.Ports.Hosts.Facts(ctx, name)
	if err != nil {
		if errors.Is(err, context.Canceled) {
			return // the doctor was sent away
		}
		d.failed("host "+name, err)
		return
	}
	took := time.Since(began)
	d.ok("host "+name, "answers in %s: build %s, %d virtual switches; failback hosts selftest %s tries every script", roundTrip(took), facts.Build, len(facts.Switches), name)
	if !facts.Clock.IsZero() && !s.conn.Rehearsal {
		d.skew("clock against host "+name, facts.Clock.Sub(began.Add(took/2)))
	}
}

func roundTrip(d time.Duration) time.Duration { return d.Round(10 * time.Millisecond) }
