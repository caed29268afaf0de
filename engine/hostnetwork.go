package engine

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"
)

// SwitchType is the kind of a virtual switch, in Hyper-V's words.
type SwitchType string

// The types. An external switch is bound to a physical adapter; an internal one
// reaches the host, a private one only the VMs on it.
const (
	SwitchExternal SwitchType = "External"
	SwitchInternal SwitchType = "Internal"
	SwitchPrivate  SwitchType = "Private"
)

// SwitchTypes lists them.
var SwitchTypes = []SwitchType{SwitchExternal, SwitchInternal, SwitchPrivate}

// HostSwitch is a virtual switch of a host and what it is bound to.
type HostSwitch struct {
	Name string     `json:"name"` // exact, blanks included
	Type SwitchType `json:"type"`
	// Management says that the host itself has an adapter on it.
	Management bool     `json:"management"`
	Adapters   []string `json:"adapters"` // names of the physical adapters
}

// HostAdapter is a physical network adapter of a host.
type HostAdapter struct {
	Name        string `json:"name"`
	Description string `json:"description"`
	Status      string `json:"status"`           // Windows's word: Up, Disconnected, Disabled, …
	Switch      string `json:"switch,omitempty"` // the one it is bound to, empty where it is free
	// Addresses are the host's own on it: it is reached over this adapter.
	Addresses []string `json:"addresses"`
}

// Words say the adapter in one line: its name, and whether it is free.
func (a HostAdapter) Words() string {
	words := a.Name + ", " + a.Status
	switch {
	case a.Switch != "":
		return words + ", belongs to the switch " + a.Switch
	case len(a.Addresses) > 0:
		return words + ", the host itself is reached over it (" + strings.Join(a.Addresses, ", ") + ")"
	}
	return words + ", free"
}

// HostNetwork are a host's virtual switches and physical adapters.
type HostNetwork struct {
	Switches []HostSwitch  `json:"switches"`
	Adapters []HostAdapter `json:"adapters"`
}

// NewSwitch describes a switch to create. Adapter is for an external one.
type NewSwitch struct {
	Name    string     `json:"name"`
	Type    SwitchType `json:"type"`
	Adapter string     `json:"adapter,omitempty"`
}

// maxSwitchName bounds the name of a switch. Inferred: Hyper-V documents no limit.
const maxSwitchName = 256

// Validate checks the description by itself. The error is a usage [Failure].
func (n NewSwitch) Validate() error {
	switch {
	case strings.TrimSpace(n.Name) == "":
		return Usagef("name the switch as the VM's own host has it", "a switch needs a name")
	case len(n.Name) > maxSwitchName || strings.ContainsFunc(n.Name, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return Usagef("name it as the VM's own host has it", "%q is no name of a switch: too long, or with control characters", n.Name)
	case !slices.Contains(SwitchTypes, n.Type):
		return Usagef("write external, internal or private", "%q is no type of a switch", n.Type)
	case n.Type == SwitchExternal && n.Adapter == "":
		return Usagef("name the physical adapter with --adapter", "an external switch needs a physical adapter")
	case n.Type != SwitchExternal && n.Adapter != "":
		return Usagef("leave the adapter out, or create an external switch", "an %s switch has no physical adapter", strings.ToLower(string(n.Type)))
	}
	return nil
}

// SwitchConsent is what creating a switch needs and does.
type SwitchConsent struct {
	// There says that the switch exists already: nothing needs to be done.
	There bool
	// Consequences are what the person should know before.
	Consequences []string
	// Cuts says that the host itself is reached over the adapter: its name has to be
	// typed as well.
	Cuts bool
}

// Consider holds a wish for a switch against what the host has. It is refused where
// the name belongs to a switch of another kind, or the adapter is not free.
func (h HostNetwork) Consider(host string, n NewSwitch) (SwitchConsent, error) {
	var c SwitchConsent
	if err := n.Validate(); err != nil {
		return c, err
	}
	what := "create the switch " + fmt.Sprintf("%q", n.Name)
	for _, s := range h.Switches {
		switch {
		case s.Name != n.Name && strings.EqualFold(strings.TrimSpace(s.Name), strings.TrimSpace(n.Name)):
			c.Consequences = append(c.Consequences, fmt.Sprintf("the host has %q as well: not the same name, and easily taken for it", s.Name))
		case s.Name != n.Name:
		case s.Type != n.Type:
			return c, Refuse(what, host, fmt.Sprintf("the host has a switch of that name, and it is %s, not %s", strings.ToLower(string(s.Type)), strings.ToLower(string(n.Type))),
				"use it as it is, or change it on the host by hand")
		case n.Adapter != "" && !slices.Contains(s.Adapters, n.Adapter):
			return c, Refuse(what, host, "the host has an external switch of that name, bound to "+firstOf(strings.Join(s.Adapters, ", "), "another adapter"),
				"use it as it is, or change it on the host by hand")
		default:
			c.There = true
		}
	}
	if c.There || n.Type != SwitchExternal {
		return c.told(n), nil
	}
	i := slices.IndexFunc(h.Adapters, func(a HostAdapter) bool { return a.Name == n.Adapter })
	if i < 0 {
		return c, Refuse(what, host, fmt.Sprintf("the host has no physical adapter %q; it has %s", n.Adapter, h.adapterNames()), "name one of them, exactly")
	}
	a := h.Adapters[i]
	if a.Switch != "" {
		return c, Refuse(what, host, fmt.Sprintf("the adapter %q belongs to the switch %q", a.Name, a.Switch), "name an adapter that is free, or use that switch")
	}
	if a.Status != "Up" {
		c.Consequences = append(c.Consequences, fmt.Sprintf("the adapter is %q: no network is behind the switch now", a.Status))
	}
	c.Cuts = len(a.Addresses) > 0
	if c.Cuts {
		c.Consequences = append(c.Consequences,
			fmt.Sprintf("the host itself is reached over %s (%s): its network is cut for some seconds while the address moves to the switch, and stays cut where that goes wrong", a.Name, strings.Join(a.Addresses, ", ")),
			"be able to reach the host's console before this is done; whatever it has open over the network is torn")
	}
	return c.told(n), nil
}

// told adds what each type of switch means.
func (c SwitchConsent) told(n NewSwitch) SwitchConsent {
	switch n.Type {
	case SwitchExternal:
		c.Consequences = append(c.Consequences, "the adapter "+n.Adapter+" is bound to the switch; the host keeps an adapter of its own on it")
	case SwitchInternal:
		c.Consequences = append(c.Consequences, "an internal switch reaches the host and no network outside of it")
	case SwitchPrivate:
		c.Consequences = append(c.Consequences, "a private switch reaches the VMs on it and nothing else")
	}
	return c
}

func (h HostNetwork) adapterNames() string {
	if len(h.Adapters) == 0 {
		return "none"
	}
	names := make([]string, len(h.Adapters))
	for i, a := range h.Adapters {
		names[i] = fmt.Sprintf("%q", a.Name)
	}
	return strings.Join(names, ", ")
}

// The looks for a switch whose creation tore the connection.
const (
	switchLooks = 12
	switchPause = 10 * time.Second
)

// MakeSwitch creates a switch and, where the answer was lost, looks for some two
// minutes whether it is there; it is never asked for twice, and what was begun is not aborted. lost is called once
// then.
// made is false where the switch was there before.
func MakeSwitch(ctx context.Context, desk HostDesk, host string, n NewSwitch, lost func(error)) (made bool, err error) {
	begun, done := acting(ctx)
	made, err = desk.CreateSwitch(begun, host, n)
	done()
	if KindOf(err) != FailureUnknown {
		return made, err
	}
	lost(err)
	for range switchLooks {
		net, looked := desk.Network(ctx, host)
		if looked == nil {
			if c, refused := net.Consider(host, n); refused == nil && c.There {
				return true, nil
			}
			return false, err
		}
		if sleep(ctx, switchPause) != nil {
			return false, err
		}
	}
	return false, err
}
