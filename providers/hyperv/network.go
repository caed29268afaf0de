package hyperv

import (
	"context"
	"slices"

	"failback/engine"
	"failback/providers/hyperv/scripts"
)

// Network implements [engine.HostDesk].
func (a *Access) Network(ctx context.Context, host string) (engine.HostNetwork, error) {
	var answer scripts.NetworkAnswer
	if err := a.run(ctx, host, scripts.ReadNetwork, &answer); err != nil {
		return engine.HostNetwork{}, err
	}
	return network(answer), nil
}

// network gives switches and adapters each other's names: the host binds them by the
// adapter's description.
func network(a scripts.NetworkAnswer) engine.HostNetwork {
	n := engine.HostNetwork{Switches: []engine.HostSwitch{}, Adapters: []engine.HostAdapter{}}
	names := map[string]string{}
	for _, c := range a.Adapters {
		names[c.Description] = c.Name
	}
	for _, s := range a.Switches {
		out := engine.HostSwitch{Name: s.Name, Type: engine.SwitchType(s.Type), Management: s.Management, Adapters: []string{}}
		for _, card := range s.Cards {
			if name, known := names[card]; known {
				card = name // else a team or a card that is gone: its description has to do
			}
			out.Adapters = append(out.Adapters, card)
		}
		n.Switches = append(n.Switches, out)
	}
	for _, c := range a.Adapters {
		out := engine.HostAdapter{Name: c.Name, Description: c.Description, Status: c.Status, Addresses: c.Addresses}
		if i := slices.IndexFunc(a.Switches, func(s scripts.NetworkSwitch) bool { return slices.Contains(s.Cards, c.Description) }); i >= 0 {
			out.Switch = a.Switches[i].Name
		}
		n.Adapters = append(n.Adapters, out)
	}
	return n
}

// CreateSwitch implements [engine.HostDesk].
func (a *Access) CreateSwitch(ctx context.Context, host string, s engine.NewSwitch) (bool, error) {
	if err := s.Validate(); err != nil {
		return false, err
	}
	var answer scripts.NewSwitchAnswer
	params := scripts.NewSwitchParams{Name: s.Name, Type: string(s.Type), Adapter: s.Adapter}
	if err := a.on(ctx, host, scripts.NewSwitch, "", params, &answer); err != nil {
		return false, err
	}
	there := slices.ContainsFunc(answer.After, func(n scripts.NetworkSwitch) bool { return n.Name == s.Name && n.Type == string(s.Type) })
	if !there {
		return false, &engine.Failure{
			Kind: engine.FailureOther, What: purposes[scripts.NewSwitch], Where: where(host, scripts.NewSwitch, ""),
			Why: "the host accepted it, but does not list it", Remedy: "Look at the host's virtual switches in Hyper-V Manager.",
		}
	}
	return answer.Made, nil
}
