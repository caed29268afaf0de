package cli

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine"
	"failback/engine/runs"
)

// desk is a host's network that can lose an answer.
type desk struct {
	engine.HostDesk
	net    engine.HostNetwork
	lost   bool
	silent int // looks that get no answer after the lost one
	asked  int
}

func newDesk() *desk {
	return &desk{net: engine.HostNetwork{
		Switches: []engine.HostSwitch{{Name: "Lan ", Type: engine.SwitchExternal, Adapters: []string{"NIC3"}}},
		Adapters: []engine.HostAdapter{
			{Name: "NIC1", Status: "Up", Addresses: []string{"192.0.2.7"}}, {Name: "NIC2", Status: "Disconnected"}, {Name: "NIC3", Status: "Up", Switch: "Lan "},
		},
	}}
}

func (d *desk) Network(context.Context, string) (engine.HostNetwork, error) {
	if d.asked > 0 && d.silent > 0 {
		d.silent--
		return engine.HostNetwork{}, &engine.Failure{Kind: engine.FailureRetryable, What: "read", Why: "no answer"}
	}
	return d.net, nil
}

func (d *desk) CreateSwitch(_ context.Context, _ string, n engine.NewSwitch) (bool, error) {
	d.asked++
	d.net.Switches = append(d.net.Switches, engine.HostSwitch{Name: n.Name, Type: n.Type, Adapters: []string{n.Adapter}})
	if d.lost {
		return false, &engine.Failure{Kind: engine.FailureUnknown, What: "create a switch", Why: "connection reset"}
	}
	return true, nil
}

// create plays hosts switch --create for somebody who types lines.
func (d *desk) create(t *testing.T, n engine.NewSwitch, typed ...string) (said string, err error) {
	t.Helper()
	var out strings.Builder
	a := &app{deps: Deps{Streams: Streams{In: strings.NewReader(strings.Join(typed, "\n") + "\n"), Err: &out, InTerminal: true}}}
	if err = a.askSwitch(d.net, &n); err == nil {
		err = a.createSwitch(t.Context(), &session{conn: &engine.Connection{Hosts: d}}, switchOptions{host: "hv02"}, d.net, n)
	}
	return out.String(), err
}

// S52: a person is asked for type and adapter, and types the switch's name; the
// adapter that carries the host itself is typed once more, after what that means.
func TestS52ASwitchIsCreatedAfterAsking(t *testing.T) {
	for name, c := range map[string]struct {
		switchName string
		typed      []string
		made       bool
		said       string
	}{
		"private":                   {"LAN", []string{"private", "LAN"}, true, "reaches the VMs on it and nothing else"},
		"a name like another one":   {"LAN", []string{"internal", "LAN"}, true, `the host has "Lan " as well`},
		"on the host's own adapter": {"LAN", []string{"External", "NIC1", "LAN", "NIC1"}, true, "the host itself is reached over NIC1 (192.0.2.7)"},
		"without the adapter typed": {"LAN", []string{"external", "NIC1", "LAN", "yes"}, false, "network is cut"},
		"on one without a cable":    {"LAN", []string{"external", "NIC2", "LAN"}, true, "no network is behind the switch"},
		"the name typed wrong":      {"LAN", []string{"private", "lan"}, false, "Type  LAN  to create it."},
		"on one that is taken":      {"LAN", []string{"external", "NIC3"}, false, "belongs to the switch Lan"},
		"no such type":              {"LAN", []string{"bridge"}, false, "Which type"},
		"the input ends":            {"LAN", nil, false, "Which type"},
		"it is there":               {"Lan ", []string{"external", "NIC3"}, false, "nothing was changed"},
		"it is there, another type": {"Lan ", []string{"private"}, false, ""},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk()
			said, err := d.create(t, engine.NewSwitch{Name: c.switchName}, c.typed...)
			if (d.asked == 1) != c.made || !strings.Contains(said, c.said) || (err == nil) != (c.made || strings.Contains(said, "nothing was changed")) {
				t.Errorf("asked %d times, %v:\n%s", d.asked, err, said)
			}
		})
	}
}

// S52: an answer that the switch itself tore is looked for, and never asked again.
func TestS52ASwitchThatTearsTheConnectionIsLookedFor(t *testing.T) {
	for silent, found := range map[int]bool{0: true, 5: true, 100: false} {
		synctest.Test(t, func(t *testing.T) {
			d := newDesk()
			d.lost, d.silent = true, silent
			began := time.Now()
			said, err := d.create(t, engine.NewSwitch{Name: "LAN", Type: engine.SwitchExternal, Adapter: "NIC1"}, "LAN", "NIC1")
			if (err == nil) != found || strings.Contains(said, "created") != found || d.asked != 1 || time.Since(began) > 3*time.Minute {
				t.Errorf("%d: %v after %s:\n%s", silent, err, time.Since(began), said)
			}
		})
	}
}

// S17: consent to threads is the host's name, typed; without a terminal it is a flag.
func TestS17ThreadsAreSetAfterConsent(t *testing.T) {
	for name, c := range map[string]struct {
		typed    string
		terminal bool
		yes      bool
		want     error
	}{
		"typed": {"hv01\n", true, false, nil}, "flag": {"", false, true, nil}, "wrong": {"hv02\n", true, false, errors.New("not confirmed")},
		"end of input": {"", true, false, errInterrupted}, "nobody there": {"hv01\n", false, false, errors.New("no terminal")},
	} {
		t.Run(name, func(t *testing.T) {
			hosts := &oneThread{}
			var out strings.Builder
			a := &app{deps: Deps{Streams: Streams{In: strings.NewReader(c.typed), Err: &out, InTerminal: c.terminal}}}
			v := threadsView{Host: "hv01", HeldBy: []runs.ThreadsHolder{{Run: "20261123-020000-abcdef", HostThreads: engine.HostThreads{Was: engine.ThreadsOf(2), Want: engine.ThreadsOf(16)}}}}
			err := a.changeThreads(t.Context(), &session{conn: &engine.Connection{Ports: engine.Ports{Hosts: hosts}}}, v, engine.ThreadsOf(16), c.yes)
			if (err == nil) != (c.want == nil) || err != nil && !strings.Contains(err.Error(), c.want.Error()) || (hosts.changed == 1) != (err == nil) {
				t.Errorf("%v, changed %d times", err, hosts.changed)
			}
			if !strings.Contains(out.String(), "failback resume 20261123-020000-abcdef puts them back") {
				t.Errorf("the run that holds them is not named:\n%s", out.String())
			}
		})
	}
}

// oneThread counts the changes of a host's threads.
type oneThread struct {
	engine.HostAccess
	changed int
}

func (o *oneThread) SetThreads(context.Context, string, engine.ThreadChange) error {
	o.changed++
	return nil
}
