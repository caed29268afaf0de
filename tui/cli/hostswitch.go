package cli

import (
	"context"
	"fmt"
	"io"
	"strings"

	"github.com/spf13/cobra"

	"failback/engine"
	"failback/tui/text"
)

type switchOptions struct {
	host    string
	name    string
	kind    string
	adapter string
	// confirm and cut are what a person would type, for scripts.
	confirm, cut string
}

func (a *app) hostSwitchCommand() *cobra.Command {
	var o switchOptions
	cmd := &cobra.Command{
		Use:   "switch HOST",
		Short: "List a host's virtual switches and adapters, or create a missing switch",
		Long: `List the virtual switches and physical adapters of a Hyper-V host. An alternate
location needs a switch of exactly the name that the VM's own host has.

--create makes one that is missing. What is not said with --type and --adapter is
asked for, and the switch's name has to be typed. Binding an external switch to the
adapter that the host itself is reached over can cut its network: that adapter's name
has to be typed as well. --confirm NAME and --accept-cut ADAPTER answer for scripts.
A switch of that name and type that is there already is left as it is.`,
		Args: takes(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.host = args[0]
			return a.hostSwitch(cmd.Context(), o, cmd.Flags().Changed("create"))
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.name, "create", "", "create the switch `NAME`")
	f.StringVar(&o.kind, "type", "", "external, internal or private")
	f.StringVar(&o.adapter, "adapter", "", "`NAME` of the physical adapter of an external switch")
	f.StringVar(&o.confirm, "confirm", "", "do not ask: `NAME` is what would be typed, the switch's name")
	f.StringVar(&o.cut, "accept-cut", "", "do not ask, and accept that the host's own network over `ADAPTER` is cut")
	return cmd
}

func (a *app) hostSwitch(ctx context.Context, o switchOptions, create bool) error {
	if !create && (o.kind != "" || o.adapter != "" || o.confirm != "" || o.cut != "") {
		return engine.Usagef("name the switch with --create", "nothing is to be created")
	}
	n := engine.NewSwitch{Name: o.name, Type: switchType(o.kind), Adapter: o.adapter}
	if create && (o.kind != "" || !a.deps.Streams.InTerminal) {
		if n.Type == engine.SwitchExternal && n.Adapter == "" && a.deps.Streams.InTerminal {
			n.Adapter = "asked for" // below, with the host's adapters in sight
		}
		if err := n.Validate(); err != nil {
			return err
		}
		n.Adapter = o.adapter
	}
	s, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close(a)
	net, err := s.conn.Hosts.Network(ctx, o.host)
	if err != nil {
		return err
	}
	if create {
		if err := a.askSwitch(net, &n); err != nil {
			return err
		}
		if err := a.createSwitch(ctx, s, o, net, n); err != nil {
			return err
		}
		if net, err = s.conn.Hosts.Network(ctx, o.host); err != nil {
			return err
		}
	}
	if a.flags.output == outputJSON {
		return writeJSON(a.deps.Streams.Out, net)
	}
	return show(a, []engine.HostNetwork{net}, networkPage{net})
}

// switchType reads a type in any case; what is none comes back as it is, to be
// refused with its own word.
func switchType(word string) engine.SwitchType {
	for _, t := range engine.SwitchTypes {
		if strings.EqualFold(string(t), word) {
			return t
		}
	}
	return engine.SwitchType(word)
}

// askSwitch asks for what was not said, with the host's adapters in sight.
func (a *app) askSwitch(net engine.HostNetwork, n *engine.NewSwitch) error {
	if n.Type == "" {
		a.say("Which type does the switch %q have? Type  external,  internal  or  private.", n.Name)
		line, err := a.line()
		if err != nil && line == "" {
			return errInterrupted
		}
		n.Type = switchType(strings.TrimSpace(line))
	}
	if n.Type != engine.SwitchExternal || n.Adapter != "" {
		return n.Validate()
	}
	a.say("Which adapter does it use? Type its name.")
	for _, c := range net.Adapters {
		a.say("  %s", c.Words())
	}
	line, err := a.line()
	if err != nil && line == "" {
		return errInterrupted
	}
	n.Adapter = strings.TrimSpace(line)
	return n.Validate()
}

// createSwitch says what will happen, has it agreed to, and sees the switch there.
func (a *app) createSwitch(ctx context.Context, s *session, o switchOptions, net engine.HostNetwork, n engine.NewSwitch) error {
	c, err := net.Consider("host "+o.host, n)
	if err != nil {
		return err
	}
	if c.There {
		a.say("%s has the %s switch %q already; nothing was changed", o.host, strings.ToLower(string(n.Type)), n.Name)
		return nil
	}
	a.say("Create the %s switch %q on %s:", strings.ToLower(string(n.Type)), n.Name, o.host)
	for _, line := range c.Consequences {
		a.say("  - %s", line)
	}
	if err := a.agreed("--confirm", o.confirm, n.Name, "create it"); err != nil {
		return err
	}
	if c.Cuts {
		if err := a.agreed("--accept-cut", o.cut, n.Adapter, "accept that the host's own network over it is cut"); err != nil {
			return err
		}
	}
	made, err := engine.MakeSwitch(ctx, s.conn.Hosts, o.host, n, func(lost error) {
		a.say("the answer was lost, looking whether the switch is there: %s", lost)
	})
	if err == nil && made {
		a.say("created")
	}
	return err
}

func writeLine(w io.Writer, line string) error {
	_, err := fmt.Fprintln(w, text.Clean(line))
	return err
}

// networkPage is a host's network for people.
type networkPage struct{ net engine.HostNetwork }

func (p networkPage) write(w io.Writer, width int) error {
	switches := table{heads: []string{"SWITCH", "TYPE", "ADAPTER", "HOST ON IT"}, none: "the host has no virtual switch"}
	for _, s := range p.net.Switches {
		switches.rows = append(switches.rows, []string{exactly(s.Name), strings.ToLower(string(s.Type)), strings.Join(s.Adapters, ", "), yesNo(s.Management)})
	}
	if err := switches.write(w, width); err != nil {
		return err
	}
	if _, err := fmt.Fprintln(w); err != nil {
		return err
	}
	adapters := table{heads: []string{"ADAPTER", "STATUS", "SWITCH", "ADDRESSES", "DESCRIPTION"}, none: "the host has no physical adapter"}
	for _, c := range p.net.Adapters {
		adapters.rows = append(adapters.rows, []string{c.Name, c.Status, exactly(c.Switch), strings.Join(c.Addresses, ", "), c.Description})
	}
	return adapters.write(w, width)
}

// exactly shows a name so that blanks at its ends are seen.
func exactly(name string) string {
	if strings.TrimSpace(name) == name {
		return name
	}
	return fmt.Sprintf("%q", name)
}
