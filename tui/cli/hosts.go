package cli

import (
	"context"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"failback/engine"
)

func (a *app) hostsCommand() *cobra.Command {
	cmd := &cobra.Command{
		Use:   "hosts",
		Short: "List the registered Hyper-V hosts and VMM servers; test one, its threads and switches; bundle what support needs",
		Args:  takes(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			hosts, err := list(cmd.Context(), a, engine.Inventory.Hosts)
			if err != nil {
				return err
			}
			return show(a, hosts, a.hostTable(hosts))
		},
	}
	cmd.AddCommand(a.hostSelfTestCommand(), a.hostThreadsCommand(), a.hostSwitchCommand(), a.hostBundleCommand(), a.hostManagersCommand())
	return cmd
}

// list opens the vault, reads one list of it and closes it again.
func list[T any](ctx context.Context, a *app, read func(engine.Inventory, context.Context) ([]T, error)) ([]T, error) {
	s, err := a.connect(ctx)
	if err != nil {
		return nil, err
	}
	defer s.close(a)
	return read(s.conn.Ports.Inventory, ctx)
}

func (a *app) hostTable(hosts []engine.Host) table {
	t := table{
		heads: []string{"NAME", "KIND", "CONNECTED", "LAST HEARTBEAT", "PROVIDER", "ITEMS", "FABRIC"},
		right: map[int]bool{5: true},
		none:  "no host is registered with the vault",
	}
	for _, h := range hosts {
		t.rows = append(t.rows, []string{
			h.Name, string(h.Kind), yesNo(h.Connected), a.when(h.LastHeartbeat), h.Version,
			strconv.Itoa(h.ProtectedItems), h.FabricName,
		})
	}
	return t
}

// when is a moment in the operator's zone.
func (a *app) when(t time.Time) string {
	if t.IsZero() {
		return "never"
	}
	return t.In(a.deps.Streams.Zone).Format("2006-01-02 15:04:05")
}
