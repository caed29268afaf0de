package cli

import (
	"context"
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"failback/engine"
	"failback/engine/runs"
)

type threadsOptions struct {
	host  string
	set   int
	unset bool
	yes   bool
}

// threadsView is what `hosts threads --output json` gives. Fields are added, never
// renamed.
type threadsView struct {
	Host string `json:"host"`
	engine.DownloadThreads
	Default  int                  `json:"default"`
	Most     int                  `json:"most"`
	Machines int                  `json:"machines"` // of the host that are in Azure
	Limit    int64                `json:"limit"`    // of the agent's throttle now, bytes a second; 0 for none
	Proposed int                  `json:"proposed"`
	Why      string               `json:"why"`
	HeldBy   []runs.ThreadsHolder `json:"held_by"`
}

func (a *app) hostThreadsCommand() *cobra.Command {
	var o threadsOptions
	cmd := &cobra.Command{
		Use:   "threads HOST",
		Short: "Show or set the download threads of a host's recovery services agent",
		Long: fmt.Sprintf(`Show how many threads the recovery services agent of a Hyper-V host downloads one VM
with (DownloadThreadsPerVM), what the documents allow, and what is proposed. The
default is %d, the most is %d; the proposal goes by processors, machines and the
agent's throttle, and is inferred: no document says how many are best.

--set changes the value for good, after the host's name was typed. A run that is
started with --threads changes it for its own time only, and puts it back.`, engine.DefaultThreads, engine.MostThreads),
		Args: takes(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.host = args[0]
			return a.hostThreads(cmd.Context(), o, cmd.Flags().Changed("set"))
		},
	}
	cmd.Flags().IntVar(&o.set, "set", 0, fmt.Sprintf("set it to `N`, 1 to %d", engine.MostThreads))
	cmd.Flags().BoolVar(&o.unset, "unset", false, "take the value away: the agent takes its default")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	return cmd
}

func (a *app) hostThreads(ctx context.Context, o threadsOptions, set bool) error {
	want := engine.ThreadValue{}
	switch {
	case set && o.unset:
		return engine.Usagef("give one of them", "--set and --unset contradict each other")
	case set:
		if err := engine.CheckThreads(o.set); err != nil {
			return err
		}
		want = engine.ThreadsOf(o.set)
	}
	s, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close(a)
	v, err := readThreads(ctx, s, o.host)
	if err != nil {
		return err
	}
	if set || o.unset {
		if err := a.changeThreads(ctx, s, v, want, o.yes); err != nil {
			return err
		}
		if v, err = readThreads(ctx, s, o.host); err != nil {
			return err
		}
	}
	if a.flags.output == outputJSON {
		return writeJSON(a.deps.Streams.Out, v)
	}
	return show(a, []threadsView{v}, threadsPage(v))
}

func readThreads(ctx context.Context, s *session, host string) (threadsView, error) {
	v := threadsView{Host: host, Default: engine.DefaultThreads, Most: engine.MostThreads, HeldBy: []runs.ThreadsHolder{}}
	var err error
	if v.DownloadThreads, err = s.conn.Ports.Hosts.Threads(ctx, host); err != nil {
		return v, err
	}
	if v.Machines, v.Limit, err = load(ctx, s, host); err != nil {
		return v, err
	}
	v.Proposed, v.Why = engine.ProposeThreads(v.Cores, min(v.Machines, engine.LegsAHost), v.Limit)
	held, err := s.store.ThreadsHolders(host)
	v.HeldBy = append(v.HeldBy, held...)
	return v, err
}

// load is how many machines of the host are in Azure, and what its agent may take now.
func load(ctx context.Context, s *session, host string) (machines int, limit int64, err error) {
	items, err := s.conn.Ports.Inventory.Items(ctx)
	if err != nil {
		return 0, 0, err
	}
	for _, it := range items {
		if it.Active == engine.LocationAzure && strings.EqualFold(it.HostName, host) {
			machines++
		}
	}
	f, err := s.conn.Ports.Hosts.Facts(ctx, host)
	return machines, f.Throttle.LimitAt(time.Now()), err
}

// changeThreads sets the value once somebody has agreed to it.
func (a *app) changeThreads(ctx context.Context, s *session, v threadsView, want engine.ThreadValue, yes bool) error {
	switch {
	case v.Download == want:
		a.say("download threads on %s: %s already, nothing was changed", v.Host, want.Words())
		return nil
	case v.Kind != "" && v.Kind != engine.ThreadsKind:
		return engine.Refuse("set the download threads", "host "+v.Host, "the value in the registry is of the kind "+v.Kind+", not "+engine.ThreadsKind, "look at it on the host and delete it there")
	}
	a.say("Download threads on %s: %s -> %s a VM.", v.Host, v.Download.Words(), want.Words())
	for _, line := range []string{
		"it holds for every VM that the host's agent brings home from now on, and stays until somebody changes it",
		"nothing is restarted; whether a synchronisation that runs already takes it is not documented",
		"more threads take more of the line, and of what else the host does",
		"back:  " + a.command("hosts", "threads", shellWord(v.Host), threadsFlag(v.Download)),
	} {
		a.say("  - %s", line)
	}
	for _, h := range v.HeldBy {
		a.say("  - %s", heldWords(h))
	}
	if err := a.typed(yes, v.Host, "set them"); err != nil {
		return err
	}
	err := s.conn.Ports.Hosts.SetThreads(ctx, v.Host, engine.ThreadChange{Expect: v.Download, Want: want})
	if engine.KindOf(err) != engine.FailureUnknown {
		return err
	}
	if now, looked := s.conn.Ports.Hosts.Threads(ctx, v.Host); looked == nil && now.Download == want {
		return nil
	}
	return err
}

func threadsFlag(v engine.ThreadValue) string {
	if !v.Set {
		return "--unset"
	}
	return fmt.Sprintf("--set %d", v.Value)
}

func heldWords(h runs.ThreadsHolder) string {
	if h.Live {
		return fmt.Sprintf("run %s goes on with %s and puts back %s at its end; a change meanwhile is left alone", h.Run, h.Want.Words(), h.Was.Words())
	}
	return fmt.Sprintf("run %s has set %s, %s before, and nobody drives it: failback resume %s puts them back", h.Run, h.Want.Words(), h.Was.Words(), h.Run)
}

// threadsPage is the view for people.
type threadsPage threadsView

func (p threadsPage) write(w io.Writer, _ int) error {
	now := fmt.Sprintf("%s a VM", p.Download.Words())
	if !p.Download.Set {
		now = fmt.Sprintf("not set: the agent takes its default, %d a VM", engine.DefaultThreads)
	}
	limit := "none in force"
	if p.Limit > 0 {
		limit = engine.SizeWords(p.Limit) + "/s"
	}
	rows := [][2]string{
		{"host", p.Host},
		{"threads", now},
		{"allowed", fmt.Sprintf("1 to %d; the documented default is %d", p.Most, p.Default)},
		{"proposed", fmt.Sprintf("%d (%s; inferred)", p.Proposed, p.Why)},
		{"machines", fmt.Sprintf("%d of the host in Azure", p.Machines)},
		{"throttle", limit},
	}
	if !p.Agent {
		rows = append(rows, [2]string{"mind", "no recovery services agent is installed there: nothing reads the value"})
	}
	if p.Kind != "" && p.Kind != engine.ThreadsKind {
		rows = append(rows, [2]string{"mind", "the value is of the kind " + p.Kind + ", not " + engine.ThreadsKind})
	}
	if p.Parent.Set {
		rows = append(rows, [2]string{"mind", fmt.Sprintf("%s stands one key too high, where the agent does not look", p.Parent.Words())})
	}
	for _, h := range p.HeldBy {
		rows = append(rows, [2]string{"run", heldWords(h)})
	}
	for _, r := range rows {
		if err := writeLine(w, fmt.Sprintf("%-9s %s", r[0], r[1])); err != nil {
			return err
		}
	}
	return nil
}
