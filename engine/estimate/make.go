package estimate

import (
	"context"
	"slices"
	"strings"
	"time"

	"failback/engine"
)

const (
	// mostDisks bounds how many disks are asked what they hold; of more the whole size
	// is taken.
	mostDisks = 64
	// mostHosts bounds how many hosts are asked for threads and throttle.
	mostHosts = 4
	// listFrom is from how many items on one list is read instead of each item.
	listFrom = 4
)

// Asked is what a forecast is wanted for.
type Asked struct {
	Items   []engine.Item
	Host    string // of an alternate location; empty for each item's own
	Threads int    // download threads that the run sets, 0 for those of the host
	Past    []Past // of all runs, newest first
	Now     time.Time
}

// Make reads what can be read of the connection and forecasts both options. What can't
// be read is assumed, and said.
func Make(ctx context.Context, c *engine.Connection, a Asked) Forecasts {
	in := Input{Items: a.Items, Allocated: -1, Now: a.Now, Rates: c.Rates, Threads: a.Threads}
	if disksOf(a.Items) <= mostDisks {
		in.Allocated, _ = Measure(ctx, c.Ports.Azure, a.Items)
	}
	var silent []string
	in.TargetMissing, silent = missing(ctx, c.Ports.Hosts, a)
	hosts := hostsOf(a)
	in.lookAt(ctx, c.Ports.Hosts, hosts, silent)
	host := ""
	if len(hosts) == 1 {
		host = hosts[0]
	}
	in.Past = Relevant(a.Past, c.Name, c.Rehearsal, host)
	return For(in)
}

// Plan forecasts a plan that is about to run. It fails where the items can't be read.
func Plan(ctx context.Context, c *engine.Connection, p engine.Plan, past []Past, now time.Time) (engine.ForecastMade, error) {
	if p.Direct != nil {
		return directPlan(ctx, c, p, past, now)
	}
	items, err := planned(ctx, c.Ports.Inventory, p)
	if err != nil {
		return engine.ForecastMade{}, err
	}
	return Make(ctx, c, Asked{Items: items, Host: p.Target.HostName, Threads: p.Threads, Past: past, Now: now}).Record(p.Sync), nil
}

func planned(ctx context.Context, inv engine.Inventory, p engine.Plan) ([]engine.Item, error) {
	var out []engine.Item
	if len(p.Items) < listFrom {
		for _, it := range p.Items {
			item, err := inv.Item(ctx, it.ID)
			if err != nil {
				return nil, err
			}
			out = append(out, item)
		}
		return out, nil
	}
	all, err := inv.Items(ctx)
	if err != nil {
		return nil, err
	}
	for _, it := range p.Items {
		i := slices.IndexFunc(all, func(o engine.Item) bool { return strings.EqualFold(o.ID, it.ID) })
		if i < 0 {
			return nil, engine.Refuse("forecast", it.Name, "the vault does not list it", "")
		}
		out = append(out, all[i])
	}
	return out, nil
}

func disksOf(items []engine.Item) (n int) {
	for _, it := range items {
		n += len(it.Disks)
	}
	return n
}

// missing reports whether an on-premises VM does not exist, and which hosts did not
// answer: that says nothing about their VMs, and they are not asked again.
func missing(ctx context.Context, hosts engine.HostAccess, a Asked) (gone bool, silent []string) {
	if hosts == nil {
		return false, nil
	}
	for _, it := range a.Items {
		host := it.HostName
		if a.Host != "" {
			host = a.Host
		}
		if slices.Contains(silent, host) {
			continue
		}
		_, err := hosts.VM(ctx, host, it.HyperVID)
		switch {
		case engine.KindOf(err) == engine.FailureNotFound:
			return true, silent
		case err != nil:
			silent = append(silent, host)
		}
	}
	return false, silent
}

func hostsOf(a Asked) []string {
	if a.Host != "" {
		return []string{a.Host}
	}
	var out []string
	for _, it := range a.Items {
		if !slices.Contains(out, it.HostName) {
			out = append(out, it.HostName)
		}
	}
	return out
}

// lookAt takes the threads and the throttle of the host that has the fewest and the
// lowest: it is the one that is waited for.
func (in *Input) lookAt(ctx context.Context, from engine.HostAccess, hosts, silent []string) {
	if from == nil {
		return
	}
	given := in.Threads > 0
	for _, h := range hosts[:min(len(hosts), mostHosts)] {
		if slices.Contains(silent, h) {
			continue
		}
		f, err := from.Facts(ctx, h)
		if err != nil {
			continue
		}
		if n := f.Threads.Download; !given && n > 0 && (in.Threads == 0 || n < in.Threads) {
			in.Threads = n
		}
		if n := f.Throttle.LimitAt(in.Now); n > 0 && (in.Throttle == 0 || n < in.Throttle) {
			in.Throttle = n
		}
	}
}
