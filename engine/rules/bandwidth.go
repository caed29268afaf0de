package rules

import (
	"fmt"
	"strings"
	"time"

	"failback/engine"
)

// bandwidthRules look at what holds the transfer back.
var bandwidthRules = []Rule{
	{
		ID: "throttle", Title: "The agent's throttle leaves room for the plan",
		Source: docCapacity, Severity: engine.VerdictBlock, Override: ByReason, Recheck: atComplete,
		needs: theItem | theFacts, applies: failback, evaluate: throttle,
	},
	{
		ID: "threads", Title: "The agent's download threads are set sensibly",
		Source: docCapacity, Severity: engine.VerdictWarn, Override: ByReason,
		needs: theItem | theFacts, applies: failback, evaluate: threads,
	},
}

// proposedThreads is what is spoken of where fewer are set; inferred.
const proposedThreads = 16

func threads(o *observation) answer {
	key := `HKLM\SOFTWARE\Microsoft\Windows Azure Backup\Replication, DownloadThreadsPerVM`
	if a, failed := part(o, "threads", "look on the host: "+key); failed {
		return a
	}
	t := o.facts.Threads
	set := "failback hosts threads " + targetHost(o.plan, o.item)
	switch {
	case t.Download < 0 || t.Download > engine.MostThreads:
		return warn(fmt.Sprintf("DownloadThreadsPerVM is %d", t.Download), fmt.Sprintf("set it between 1 and %d: %s --set %d (%s)", engine.MostThreads, set, proposedThreads, key))
	case t.Download == 0 && t.Parent != 0:
		return warn(fmt.Sprintf("DownloadThreadsPerVM is %d one key too high, where older documents put it: the agent takes its default, %d", t.Parent, engine.DefaultThreads),
			fmt.Sprintf("set it where the agent looks: %s --set %d (%s)", set, min(max(t.Parent, 1), engine.MostThreads), key))
	}
	a := ok(fmt.Sprintf("%d threads a VM", t.Download))
	if t.Download == 0 {
		a = ok(fmt.Sprintf("not set: the default of %d threads a VM", engine.DefaultThreads))
	}
	if max(t.Download, engine.DefaultThreads) < proposedThreads {
		a.observed += fmt.Sprintf("; %d would download faster where the line has room, %d is the most", proposedThreads, engine.MostThreads)
	}
	return a
}

// throttle reckons how long the plan's data takes at the limit. All of it crosses the
// line in a full download, while Azure is stopped; of a delta nobody knows how much
// will, so it is only an upper bound there.
func throttle(o *observation) answer {
	if a, failed := part(o, "throttle", "look on the host: Get-OBMachineSetting"); failed {
		return a
	}
	t := o.facts.Throttle
	if t == nil || t.Work <= 0 && t.NonWork <= 0 {
		return ok("none is set")
	}
	bytes := max(o.item.Bytes(), planned(o))
	begin := o.now
	if o.plan.Window.Start.After(begin) {
		begin = o.plan.Window.Start
	}
	took, ends := duration(*t, begin, bytes)
	seen := fmt.Sprintf("%s at work, %s else: %s take %s", rate(t.Work), rate(t.NonWork), engine.SizeWords(bytes), hours(took))
	if !ends {
		seen = fmt.Sprintf("%s at work, %s else: %s take more than %s", rate(t.Work), rate(t.NonWork), engine.SizeWords(bytes), hours(longest))
	}
	remedy := "lift it for the failback: Set-OBMachineSetting -NoThrottle; set it again afterwards"
	end, budget := o.plan.Window.End, o.plan.Budget
	switch late := !end.IsZero() && begin.Add(took).After(end); {
	case o.plan.Sync == engine.SyncFull && late:
		return block(seen+", beyond the end of the window", remedy)
	case o.plan.Sync == engine.SyncFull && budget > 0 && took > budget:
		return block(seen+", longer than the downtime budget of "+engine.SpanWords(budget), remedy)
	case o.plan.Sync == engine.SyncFull:
		return warn(seen+", with Azure stopped", remedy)
	case late:
		return warn("at most, if everything differs: "+seen+", beyond the end of the window", remedy)
	}
	return warn("at most, if everything differs: "+seen, remedy)
}

// planned are the bytes of all items of the plan that go to the same host.
func planned(o *observation) int64 {
	var n int64
	for _, it := range o.plan.Items {
		if o.plan.Target.Alternate || strings.EqualFold(it.Host, o.item.HostName) {
			n += it.Bytes
		}
	}
	return n
}

func hours(d time.Duration) string {
	if d < 2*time.Hour {
		return engine.SpanWords(d.Round(time.Minute))
	}
	return fmt.Sprintf("%.0f hours", d.Hours())
}

func rate(n int64) string {
	if n <= 0 {
		return "no limit"
	}
	return fmt.Sprintf("%.1f Mbit/s", float64(n)*8/1e6)
}

// longest bounds the reckoning; unlimited is what an unlimited hour carries, 1 Gbit/s.
const (
	longest   = 90 * 24 * time.Hour
	unlimited = int64(125e6)
)

// duration walks through the hours of the throttle's week in steps of a quarter.
func duration(t engine.Throttle, from time.Time, bytes int64) (took time.Duration, ends bool) {
	const step = 15 * time.Minute
	for took < longest {
		speed := speedAt(t, from.Add(took))
		carried := speed * int64(step/time.Second)
		if carried >= bytes {
			return took + time.Duration(float64(bytes)/float64(speed)*float64(time.Second)), true
		}
		bytes -= carried
		took += step
	}
	return took, false
}

// speedAt is the limit at a moment, by the host's own clock.
func speedAt(t engine.Throttle, at time.Time) int64 {
	n := t.LimitAt(at)
	if n <= 0 {
		return unlimited
	}
	return n
}
