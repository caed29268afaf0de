package cli

import (
	"context"
	"fmt"
	"strings"

	"github.com/spf13/cobra"

	"failback/engine"
)

func (a *app) hostManagersCommand() *cobra.Command {
	var item string
	cmd := &cobra.Command{
		Use:   "managers HOST",
		Short: "Say what manages a host: its cluster, its VMM server and that server's clouds",
		Long: `Read the cluster that a host is a node of and, where VMM is installed on it, the
server, its clouds and the hosts that it manages. Nothing is changed there. With --item
it also says which node of the cluster has that item's VM now: a clustered VM is to be
seen on its owner alone.`,
		Args: takes(1),
		RunE: func(cmd *cobra.Command, args []string) error { return a.hostManagers(cmd.Context(), args[0], item) },
	}
	cmd.Flags().StringVar(&item, "item", "", "`NAME` of an item whose VM is looked for")
	return cmd
}

func (a *app) hostManagers(ctx context.Context, host, item string) error {
	s, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close(a)
	vmID := ""
	if item != "" {
		items, err := s.items(ctx)
		if err != nil {
			return err
		}
		it, err := findItem(item, items)
		if err != nil {
			return err
		}
		vmID = it.HyperVID
	}
	m, err := s.conn.Hosts.Managers(ctx, host, vmID)
	if err != nil {
		return err
	}
	if a.flags.output == outputJSON {
		return writeJSON(a.deps.Streams.Out, m)
	}
	return show(a, []engine.HostManagers{m}, managerTable(m, item))
}

func managerTable(m engine.HostManagers, item string) table {
	t := table{heads: []string{"WHAT", "VALUE"}}
	row := func(what, value string) {
		if value != "" {
			t.rows = append(t.rows, []string{what, value})
		}
	}
	row("cluster", withWhy(m.Cluster, m.Unread["cluster"]))
	row("nodes", strings.Join(m.Nodes, ", "))
	row(item, m.Owner)
	row("VMM server", withWhy(strings.TrimSpace(m.VMM+" "+m.VMMVersion), m.Unread["vmm"]))
	row("clouds", strings.Join(m.Clouds, ", "))
	row("hosts of VMM", strings.Join(m.Hosts, ", "))
	t.none = "nothing: no cluster, and no VMM on it"
	return t
}

// withWhy is a name, or why it could not be read.
func withWhy(name, why string) string {
	if why != "" {
		return strings.TrimSpace(fmt.Sprintf("%s (not read: %s)", name, why))
	}
	return name
}
