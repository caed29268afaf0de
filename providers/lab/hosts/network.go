package hosts

import (
	"cmp"
	"slices"

	"failback/providers/hyperv/scripts"
	"failback/providers/lab/estate"
	"failback/providers/lab/world"
)

// The adapters of a host whose estate names none.
const (
	labBound = "Ethernet 3" // the external switches are bound to it
	labOwn   = "Ethernet"   // the host is reached over it
	labFree  = "Ethernet 2"
)

func adaptersOf(h *world.Host) []estate.Adapter {
	if len(h.Adapters) > 0 {
		return h.Adapters
	}
	return []estate.Adapter{{Name: labOwn, Addresses: []string{world.AddressOf(h.ID)}}, {Name: labFree}, {Name: labBound}}
}

func description(adapter string) string { return "Lab " + adapter + " Adapter" }

func networkOf(s *world.State, h *world.Host) scripts.NetworkAnswer {
	n := scripts.NetworkAnswer{Switches: []scripts.NetworkSwitch{}, Adapters: []scripts.Adapter{}}
	bound := map[string]string{}
	for _, sw := range h.Switches {
		bound[sw.Name] = cmp.Or(sw.Adapter, labBound)
	}
	for _, sw := range switches(s, h) {
		out := scripts.NetworkSwitch{Name: sw.Name, Type: sw.Type, Management: sw.Type != scripts.SwitchPrivate, Cards: []string{}}
		if sw.Type == scripts.SwitchExternal {
			out.Cards = append(out.Cards, description(bound[sw.Name]))
		}
		n.Switches = append(n.Switches, out)
	}
	for _, a := range adaptersOf(h) {
		card := scripts.Adapter{Name: a.Name, Description: description(a.Name), Status: cmp.Or(a.Status, "Up"), Addresses: append([]string{}, a.Addresses...)}
		if slices.ContainsFunc(n.Switches, func(sw scripts.NetworkSwitch) bool { return slices.Contains(sw.Cards, card.Description) }) {
			card.Addresses = []string{} // the switch's own adapter has them
		}
		n.Adapters = append(n.Adapters, card)
	}
	return n
}

func (m Model) network(host string) (any, error) {
	var answer any
	m.World.Read(func(s *world.State) {
		if h := s.Host(host); h != nil {
			answer = networkOf(s, h)
		}
	})
	if answer == nil {
		return nil, scriptError(scripts.IDNotFound, "ObjectNotFound", "The lab has no host "+host+".")
	}
	return answer, nil
}

// newSwitch does what the script of that name does.
func (m Model) newSwitch(host string, p scripts.NewSwitchParams) (any, error) {
	var answer scripts.NewSwitchAnswer
	m.World.Read(func(s *world.State) {
		if h := s.Host(host); h != nil {
			answer.Before = networkOf(s, h).Switches
		}
	})
	answer.After = answer.Before
	err := m.World.EditHost(host, func(h *world.Host) error {
		if i := slices.IndexFunc(h.Switches, func(s estate.Switch) bool { return s.Name == p.Name }); i >= 0 {
			if h.Switches[i].Type != p.Type {
				return scriptError(scripts.IDPrecondition, "ResourceExists", "The host has a switch of that name already, of the type "+h.Switches[i].Type+".")
			}
			return nil
		}
		if err := free(h, p); err != nil {
			return err
		}
		h.Switches = append(h.Switches, estate.Switch{Name: p.Name, Type: p.Type, Adapter: p.Adapter})
		answer.Made = true
		return nil
	})
	if err != nil {
		return nil, err
	}
	if answer.Made {
		m.World.Read(func(s *world.State) { answer.After = networkOf(s, s.Host(host)).Switches })
	}
	return answer, nil
}

// free refuses a type that does not exist and an adapter that is not to be had.
func free(h *world.Host, p scripts.NewSwitchParams) error {
	switch p.Type {
	case scripts.SwitchInternal, scripts.SwitchPrivate:
		return nil
	case scripts.SwitchExternal:
	default:
		return scriptError(scripts.IDPrecondition, "InvalidArgument", "There is no switch of the type "+p.Type+".")
	}
	if !slices.ContainsFunc(adaptersOf(h), func(a estate.Adapter) bool { return a.Name == p.Adapter }) {
		return scriptError(scripts.IDNotFound, "ObjectNotFound", "The host has no network adapter with the name "+p.Adapter+".")
	}
	if slices.ContainsFunc(h.Switches, func(s estate.Switch) bool {
		return s.Type == scripts.SwitchExternal && cmp.Or(s.Adapter, labBound) == p.Adapter
	}) {
		return scriptError(scripts.IDPrecondition, "ResourceBusy", "The network adapter belongs to another switch.")
	}
	return nil
}
