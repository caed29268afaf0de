package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"failback/engine"
	"failback/engine/bundle"
	"failback/engine/journal"
	"failback/engine/runs"
	"failback/tui/text"
)

// bundleOptions say what goes into a bundle.
type bundleOptions struct {
	host  string
	run   string
	path  string
	since time.Duration
	names bool // take them out
}

// earlier is how long before a run's beginning its hosts' events are read from: clocks
// differ, and what went wrong may have begun before.
const earlier = 15 * time.Minute

func (a *app) hostBundleCommand() *cobra.Command {
	var o bundleOptions
	cmd := &cobra.Command{
		Use:   "bundle {HOST | --run RUN}",
		Short: "Collect event logs, versions and journals of a host or a run into a zip file",
		Long: `Collect what somebody who helps needs to see into one zip file: the facts of the
hosts with the versions of Windows, .NET, provider and agent, their event logs since
the run began, the VMs of the run, and the run's journal and plan. With a HOST alone
it is that host, and the journals of the runs of the last 24 hours on it (--since).

Everything is only read. Secrets are taken out always, names with --redact-names. A
host that can't be reached is a line in the bundle. The file is readable for its owner
alone and replaces no other; its manifest.json lists every file with its SHA-256.`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.host = args[0]
			}
			if o.host == "" && o.run == "" {
				return engine.Usagef("name a HOST, or a run with --run", "nothing is named")
			}
			if o.since <= 0 || o.since > 30*24*time.Hour {
				return engine.Usagef("write a time span of up to 720h, such as 24h", "--since %s is none", o.since)
			}
			return a.bundle(cmd.Context(), o)
		},
	}
	f := cmd.Flags()
	f.StringVar(&o.run, "run", "", "`RUN` whose hosts, events and journal are collected")
	f.StringVarP(&o.path, "file", "o", "", "`FILE` to write; failback-bundle-….zip in this folder where it is left out")
	f.DurationVar(&o.since, "since", 24*time.Hour, "with a HOST alone: how far back events and runs are looked for")
	f.BoolVar(&o.names, "redact-names", false, "take names of machines, people and networks out, too")
	return cmd
}

// collection is what is gathered for a bundle.
type collection struct {
	a     *app
	out   *bundle.Writer
	store *runs.Store
	since time.Time
}

// bundled is the result, as --output json gives it.
type bundled struct {
	Path string `json:"path"`
	bundle.Manifest
}

func (a *app) bundle(ctx context.Context, o bundleOptions) error {
	store, err := a.store()
	if err != nil {
		return err
	}
	now := time.Now().UTC()
	picked, since, err := bundledRuns(store, o, now)
	if err != nil {
		return err
	}
	hosts := hostsOfRuns(o, picked)
	m := bundle.Manifest{Program: a.deps.Build.Program(), Made: now, Since: since, NoNames: o.names, Hosts: slices.Clone(hosts), Runs: []string{}}
	for _, st := range picked {
		m.Runs = append(m.Runs, string(st.Run))
	}
	if o.path == "" {
		o.path = fmt.Sprintf("failback-bundle-%s.zip", now.Format("20060102T150405Z"))
	}
	clean := a.deps.Clean(o.names, hiddenNames(o, hosts, picked)...)
	out, err := bundle.Create(o.path, m, clean)
	if err != nil {
		return err
	}
	c := collection{a: a, out: out, store: store, since: since}
	if err := c.collect(ctx, o, hosts, picked); err != nil {
		return errors.Join(err, out.Abandon())
	}
	done, err := out.Close()
	if err != nil {
		return err
	}
	if abs, err := filepath.Abs(o.path); err == nil {
		o.path = abs
	}
	if a.flags.output == outputJSON {
		return writeJSON(a.deps.Streams.Out, bundled{o.path, done})
	}
	return show(a, []bundled{{o.path, done}}, bundleTable(done, o.path))
}

// bundledRuns are the run that was named, or those of the last time on the host.
func bundledRuns(store *runs.Store, o bundleOptions, now time.Time) ([]engine.State, time.Time, error) {
	if o.run != "" {
		id, err := store.Find(o.run)
		if err != nil {
			return nil, time.Time{}, err
		}
		st, err := store.State(id)
		if err != nil {
			return nil, time.Time{}, err
		}
		return []engine.State{st}, st.Created.Add(-earlier).UTC(), nil
	}
	since := now.Add(-o.since)
	all, err := store.List()
	if err != nil {
		return nil, since, err
	}
	const most = 5
	var out []engine.State
	for _, s := range all {
		if s.Broken != "" || s.Started.Before(since) || len(out) == most {
			continue
		}
		st, err := store.State(s.ID)
		if err == nil && slices.ContainsFunc(hostsOfPlan(st.Plan), func(h string) bool { return strings.EqualFold(h, o.host) }) {
			out = append(out, st)
		}
	}
	return out, since, nil
}

func hostsOfPlan(p engine.Plan) []string {
	var out []string
	for _, it := range p.Items {
		out = append(out, it.Host)
	}
	if p.Target.Alternate {
		out = append(out, p.Target.HostName)
	}
	slices.Sort(out)
	return slices.DeleteFunc(slices.Compact(out), func(h string) bool { return h == "" })
}

// hostsOfRuns are the host that was named, or all of the run.
func hostsOfRuns(o bundleOptions, picked []engine.State) []string {
	if o.host != "" {
		return []string{o.host}
	}
	return hostsOfPlan(picked[0].Plan)
}

// hiddenNames are those that are known before anything is read.
func hiddenNames(o bundleOptions, hosts []string, picked []engine.State) []string {
	out := append([]string{whoami(), o.host}, hosts...)
	for _, st := range picked {
		out = append(out, st.Plan.Vault, st.Plan.Profile, st.Plan.Owner, st.Plan.RecoveryPlan, st.Driver)
		for _, it := range st.Plan.Items {
			out = append(out, it.Name, it.Host)
		}
	}
	return out
}

// collect fills the bundle. What can't be had is a line in it; an error is one of the
// bundle itself.
func (c *collection) collect(ctx context.Context, o bundleOptions, hosts []string, picked []engine.State) error {
	err := c.out.Value("program.json", map[string]string{
		"program": c.a.deps.Build.Program(), "commit": c.a.deps.Build.Commit, "go": runtime.Version(), "os": runtime.GOOS, "arch": runtime.GOARCH,
	})
	if err != nil {
		return err
	}
	for _, st := range picked {
		dir, in := c.store.Dir(st.Run), "runs/"+string(st.Run)+"/"
		c.may(in+journal.FileName, c.out.Lines(in+journal.FileName, filepath.Join(dir, journal.FileName)))
		c.may(in+"plan.yaml", c.out.Text(in+"plan.yaml", filepath.Join(dir, "plan.yaml")))
	}
	s, err := c.connect(ctx, o, picked)
	if ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		c.out.Problem("hosts", err)
		return nil
	}
	defer s.close(c.a)
	for _, told := range askHosts(ctx, s.conn, hosts, picked, c.since) {
		for _, p := range told {
			if p.err != nil {
				c.out.Problem(p.name, p.err)
			} else {
				c.may(p.name, c.out.Value(p.name, p.value))
			}
		}
	}
	return ctx.Err()
}

// may notes what could not be put into the bundle.
func (c *collection) may(name string, err error) {
	if err != nil {
		c.out.Problem(name, err)
	}
}

// connect opens what the run belongs to, or what the flags name.
func (c *collection) connect(ctx context.Context, o bundleOptions, picked []engine.State) (*session, error) {
	if o.run == "" {
		return c.a.connect(ctx)
	}
	s, _, err := c.a.reopen(ctx, string(picked[0].Run), c.a.person())
	return s, err
}

// told is one thing that a host said, or why it did not.
type told struct {
	name  string
	value any
	err   error
}

// askHosts asks all hosts side by side; the answers stand in their order.
func askHosts(ctx context.Context, conn *engine.Connection, hosts []string, picked []engine.State, since time.Time) [][]told {
	out := make([][]told, len(hosts))
	var g errgroup.Group
	g.SetLimit(8)
	for i, h := range hosts {
		g.Go(func() error {
			out[i] = askHost(ctx, conn, h, picked, since)
			return nil
		})
	}
	_ = g.Wait() // what went wrong is in the answers
	return out
}

func askHost(ctx context.Context, conn *engine.Connection, host string, picked []engine.State, since time.Time) []told {
	in := "hosts/" + host + "/"
	facts, err := conn.Ports.Hosts.Facts(ctx, host)
	if err != nil {
		return []told{{name: in, err: err}} // it would say the same to everything
	}
	out := []told{{name: in + "facts.json", value: facts}}
	events, err := conn.Hosts.Events(ctx, host, since)
	out = append(out, told{in + "events.json", events, err})
	for _, st := range picked {
		for _, it := range st.Plan.Items {
			if it.VMID == "" || !strings.EqualFold(it.Host, host) && !(st.Plan.Target.Alternate && strings.EqualFold(st.Plan.Target.HostName, host)) {
				continue
			}
			vm, err := conn.Ports.Hosts.VM(ctx, host, it.VMID)
			out = append(out, told{in + "vms/" + it.Name + ".json", vm, err})
		}
	}
	return out
}

// bundlePage is what a bundle holds, a line each.
type bundlePage []string

func (p bundlePage) write(w io.Writer, _ int) error {
	for _, l := range p {
		if _, err := fmt.Fprintln(w, text.Clean(l)); err != nil {
			return err
		}
	}
	return nil
}

func bundleTable(m bundle.Manifest, path string) bundlePage {
	out := bundlePage{path}
	for _, f := range m.Files {
		words := fmt.Sprintf("  %-48s %9s", f.Name, engine.SizeWords(int64(f.Bytes)))
		if f.Cut > 0 {
			words += "  the newest part; " + engine.SizeWords(f.Cut) + " before it are left out"
		}
		out = append(out, words)
	}
	for _, p := range m.Problems {
		out = append(out, "  not collected: "+p.Where+": "+p.Why)
	}
	return out
}
