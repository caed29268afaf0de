package cli

import (
	"context"
	"errors"
	"slices"
	"strings"

	"failback/engine"
	"failback/tui/ask"
)

// missingSwitches are the switches that the target host lacks, as the rules found.
func missingSwitches(rows []checkRow) []string {
	var names []string
	for _, r := range rows {
		if r.Missing != "" && !slices.Contains(names, r.Missing) {
			names = append(names, r.Missing)
		}
	}
	return names
}

// switchChoice offers to create a switch on the target host.
func (l *linePlan) switchChoice(name string) ask.Choice {
	c := ask.Choice{Label: "Create the missing switch " + exactly(name) + " on " + l.plan.Target.HostName,
		About: "type and adapter are asked for, and its name is typed before anything is done"}
	switch {
	case l.s.conn.Hosts == nil:
		c.Off = "the host can't be asked"
	case exactly(name) != name:
		c.Off = "its name begins or ends with a blank, which no line can say: use failback hosts switch"
	}
	return c
}

// createSwitch asks for type and adapter, says what will happen, has the name typed
// and has the host create the switch. What was created shows in the next check.
func (l *linePlan) createSwitch(ctx context.Context, name string) error {
	err := l.makeSwitch(ctx, name)
	switch {
	case errors.Is(err, ask.ErrBack):
		l.t.Say("No switch was created.")
		return nil
	case errors.Is(err, ask.ErrLeave), errors.Is(err, ask.ErrEnded), ctx.Err() != nil:
		return err
	case err != nil:
		l.a.complain(err)
	}
	return nil
}

func (l *linePlan) makeSwitch(ctx context.Context, name string) error {
	host := l.plan.Target.HostName
	net, err := l.s.conn.Hosts.Network(ctx, host)
	if err != nil {
		return err
	}
	n := engine.NewSwitch{Name: name}
	if n.Type, err = l.switchType(ctx, name); err != nil {
		return err
	}
	if n.Type == engine.SwitchExternal {
		if n.Adapter, err = l.adapter(ctx, net); err != nil {
			return err
		}
	}
	c, err := net.Consider("host "+host, n)
	if err != nil {
		return err
	}
	if c.There {
		l.t.Say("%s has the %s switch %s already; nothing was changed.", host, strings.ToLower(string(n.Type)), name)
		return nil
	}
	l.t.Say("")
	for _, line := range c.Consequences {
		l.t.Say("What it does: %s.", line)
	}
	if err := l.t.Word(ctx, "create the switch", name); err != nil {
		return err
	}
	if c.Cuts {
		if err := l.t.Word(ctx, "accept that the host's own network over it is cut", n.Adapter); err != nil {
			return err
		}
	}
	made, err := engine.MakeSwitch(ctx, l.s.conn.Hosts, host, n, func(lost error) {
		l.t.Say("The answer was lost, looking whether the switch is there: %s", lost)
	})
	if err == nil && made {
		l.t.Say("The %s switch %s was created on %s.", strings.ToLower(string(n.Type)), name, host)
	}
	return err
}

func (l *linePlan) switchType(ctx context.Context, name string) (engine.SwitchType, error) {
	about := map[engine.SwitchType]string{
		engine.SwitchExternal: "bound to a physical adapter: the VMs reach the network behind it",
		engine.SwitchInternal: "reaches the VMs on it and the host",
		engine.SwitchPrivate:  "reaches the VMs on it alone",
	}
	choices := make([]ask.Choice, len(engine.SwitchTypes))
	for i, t := range engine.SwitchTypes {
		choices[i] = ask.Choice{Label: strings.ToLower(string(t)), About: about[t]}
	}
	n, err := l.t.One(ctx, ask.Question{Ask: "Which type does the switch " + name + " have?", Choices: choices})
	if err != nil {
		return "", err
	}
	return engine.SwitchTypes[n], nil
}

// adapter asks which physical adapter an external switch is bound to.
func (l *linePlan) adapter(ctx context.Context, net engine.HostNetwork) (string, error) {
	choices := make([]ask.Choice, len(net.Adapters))
	for i, a := range net.Adapters {
		choices[i] = ask.Choice{Label: a.Words()}
		if a.Switch != "" {
			choices[i].Off = "it is taken"
		}
	}
	n, err := l.t.One(ctx, ask.Question{Ask: "Which adapter does it use?", Choices: choices})
	if err != nil {
		return "", err
	}
	return net.Adapters[n].Name, nil
}
