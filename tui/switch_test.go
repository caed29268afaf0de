package tui_test

import (
	"context"
	"testing"
	"time"

	"failback/engine"
	"failback/tui/tuitest"
)

// desk is a host that has two adapters, and what was asked of it.
type desk struct {
	engine.HostDesk
	w     *tuitest.World
	fails error
	made  []engine.NewSwitch
}

func (d *desk) Network(context.Context, string) (engine.HostNetwork, error) {
	return engine.HostNetwork{
		Switches: []engine.HostSwitch{{Name: "DMZ", Type: engine.SwitchExternal, Adapters: []string{"NIC3"}}},
		Adapters: []engine.HostAdapter{{Name: "NIC1", Status: "Up", Addresses: []string{"192.0.2.7"}}, {Name: "NIC2", Status: "Up"}, {Name: "NIC3", Status: "Up", Switch: "DMZ"}},
	}, nil
}

func (d *desk) CreateSwitch(_ context.Context, _ string, n engine.NewSwitch) (bool, error) {
	if d.fails != nil {
		return false, d.fails
	}
	d.made = append(d.made, n)
	d.w.Findings = []engine.Finding{{Rule: "switch", Title: "Switches", Verdict: engine.VerdictOK, Observed: `the VM uses "LAN"`}}
	return true, nil
}

// missingSwitch is an estate whose alternate host lacks a switch.
func missingSwitch() (*tuitest.World, *desk) {
	w := tuitest.Estate()
	w.Findings = []engine.Finding{
		{Rule: "switch", Title: "Switches", Verdict: engine.VerdictBlock, Observed: `missing: "LAN"`, Remedy: "create it", Missing: "LAN"},
		{Rule: "off", Title: "The VM is off", Verdict: engine.VerdictOK, Observed: "off"},
	}
	d := &desk{w: w}
	w.Desk = d
	return w, d
}

// toPreflight answers up to the preflight, with another host as the target.
func toPreflight(d *tuitest.Driver) *tuitest.Driver {
	return d.Press("enter", "down", "enter").Advance(time.Second).Press("right", "enter").Press("down", "down", "enter").Advance(time.Second)
}

// S52: where a missing switch blocks, the preflight creates it after asking for type
// and adapter and having its name typed; then it checks again.
func TestS52ThePreflightCreatesAMissingSwitch(t *testing.T) {
	w, host := missingSwitch()
	planning(t, w, func(d *tuitest.Driver) {
		toPreflight(d).Expect("1 block", "s create the missing switch")
		d.Press("s").Advance(time.Second).Expect("Create the switch", "LAN", "NIC2, Up, free", "NIC3, Up, belongs to the switch DMZ")
		d.Type("bridge").Press("tab", "tab").Type("LAN").Press("enter").Expect("is no type of a switch", "bridge▌")
		d.Press("ctrl+u").Type("external").Press("tab").Type("NIC3").Press("enter").Expect("belongs to the switch")
		d.Press("tab", "ctrl+u").Type("NIC2").Press("tab").Refuse("accept the cut")
		d.Golden("wizard-switch-80x24").Press("enter").Advance(time.Second).Expect("Type db01 to start:")
	})
	if len(host.made) != 1 || host.made[0] != (engine.NewSwitch{Name: "LAN", Type: engine.SwitchExternal, Adapter: "NIC2"}) {
		t.Errorf("made %+v", host.made)
	}
}

// S52: the adapter that the host is reached over has to be typed twice, and what is
// refused by the host is said where it was asked.
func TestS52TheHostsOwnAdapterIsTypedTwice(t *testing.T) {
	w, host := missingSwitch()
	host.fails = engine.Refuse("create a virtual switch", "host hv02", "the adapter is in use", "name another one")
	planning(t, w, func(d *tuitest.Driver) {
		toPreflight(d).Press("s").Advance(time.Second).
			Type("external").Press("tab").Type("NIC1").Press("tab").Type("LAN").Press("enter").
			Expect("Type NIC1 to accept the cut:", "its network is cut for")
		d.Type("NIC2").Press("enter").Expect(`That is not "NIC1". Nothing was done.`).Press("ctrl+u").Type("NIC1").Press("enter").Advance(time.Second).
			Expect("the adapter is in use").Press("esc").Expect("1 block")
		d.Press("down", "s").Expect("No switch is created: the finding is not about a missing switch.")
	})
	if len(host.made) != 0 {
		t.Errorf("made %+v", host.made)
	}
}
