package cli

import (
	"errors"
	"strings"
	"testing"

	"failback/engine"
	"failback/tui/ask"
)

// mendInLines answers what is asked where a missing switch blocks.
func mendInLines(t *testing.T, conn *engine.Connection, missing string, typed ...string) (said string, err error) {
	t.Helper()
	var out strings.Builder
	lines := make(chan string, len(typed))
	for _, s := range typed {
		lines <- s
	}
	close(lines)
	l := &linePlan{a: &app{deps: Deps{Streams: Streams{Err: &out}}}, t: ask.New(lines, &out), s: &session{conn: conn},
		plan: engine.Plan{Target: engine.Target{HostName: "hv02"}}}
	rows := []checkRow{
		{Item: "app01", Finding: engine.Finding{Rule: "switch", Verdict: engine.VerdictBlock, Missing: missing}},
		{Item: "app02", Finding: engine.Finding{Rule: "switch", Verdict: engine.VerdictBlock, Missing: missing}},
	}
	err = l.mend(t.Context(), rows, []string{"app01", "app02"})
	return out.String(), err
}

// S52: lines create a missing switch as the screens do: type and adapter by number,
// the switch's name typed, and the adapter's where the host is reached over it.
func TestS52LinesCreateAMissingSwitch(t *testing.T) {
	for name, c := range map[string]struct {
		typed []string
		made  engine.NewSwitch
		said  string
		err   error
	}{
		"private":                   {[]string{"3", "3", "LAN"}, engine.NewSwitch{Name: "LAN", Type: engine.SwitchPrivate}, "The private switch LAN was created on hv02.", nil},
		"external":                  {[]string{"3", "1", "2", "LAN"}, engine.NewSwitch{Name: "LAN", Type: engine.SwitchExternal, Adapter: "NIC2"}, "no network is behind the switch now", nil},
		"on the host's own adapter": {[]string{"3", "1", "1", "LAN", "NIC1"}, engine.NewSwitch{Name: "LAN", Type: engine.SwitchExternal, Adapter: "NIC1"}, "the host itself is reached over NIC1", nil},
		"the adapter not typed":     {[]string{"3", "1", "1", "LAN", "yes", "b"}, engine.NewSwitch{}, "No switch was created.", nil},
		"an adapter that is taken":  {[]string{"3", "1", "3", "b"}, engine.NewSwitch{}, "3 can't be chosen: it is taken", nil},
		"the name typed wrong":      {[]string{"3", "3", "lan", "q"}, engine.NewSwitch{}, "That is not LAN", ask.ErrLeave},
		"the input ends":            {[]string{"3", "2"}, engine.NewSwitch{}, "an internal switch reaches the host", ask.ErrEnded},
		"only checked again":        {[]string{"1"}, engine.NewSwitch{}, "3. Create the missing switch LAN on hv02", nil},
		"offered once for all":      {[]string{"4", "1"}, engine.NewSwitch{}, `"4" is none of the numbers`, nil},
	} {
		t.Run(name, func(t *testing.T) {
			d := newDesk()
			d.net.Switches[0].Name = "DMZ"
			said, err := mendInLines(t, &engine.Connection{Hosts: d}, "LAN", c.typed...)
			if !errors.Is(err, c.err) || c.err == nil && err != nil || !strings.Contains(said, c.said) {
				t.Errorf("%v:\n%s", err, said)
			}
			var made engine.NewSwitch
			if d.asked > 0 {
				s := d.net.Switches[len(d.net.Switches)-1]
				made = engine.NewSwitch{Name: s.Name, Type: s.Type, Adapter: s.Adapters[0]}
			}
			if made != c.made || d.asked > 1 {
				t.Errorf("asked %d times, made %+v", d.asked, made)
			}
		})
	}
}

// A refusal of the host is told and leads back to the preflight; where no host can be
// asked, nothing is offered.
func TestS52LinesSayWhyNoSwitchIsCreated(t *testing.T) {
	d := newDesk()
	d.net.Switches[0] = engine.HostSwitch{Name: "LAN", Type: engine.SwitchExternal, Adapters: []string{"NIC3"}}
	if said, err := mendInLines(t, &engine.Connection{Hosts: d}, "LAN", "3", "3"); err != nil || !strings.Contains(said, "it is external, not private") || d.asked > 0 {
		t.Errorf("%v:\n%s", err, said)
	}
	if said, err := mendInLines(t, &engine.Connection{}, "LAN", "3", "1"); err != nil || !strings.Contains(said, "3 can't be chosen: the host can't be asked") {
		t.Errorf("%v:\n%s", err, said)
	}
	if said, err := mendInLines(t, &engine.Connection{Hosts: d}, "Lan ", "3", "1"); err != nil || !strings.Contains(said, `Create the missing switch "Lan " on hv02 (not possible: its name begins or ends with a blank`) {
		t.Errorf("%v:\n%s", err, said)
	}
}
