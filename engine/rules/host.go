package rules

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"failback/engine"
)

// ClockWarn is the difference between the host's clock and this machine's from
// which a check warns; inferred.
const ClockWarn = 2 * time.Minute

// hostRules look at what the target host says of itself over WinRM.
var hostRules = []Rule{
	{
		ID: hostRule, Title: "The Hyper-V host answers", Direct: true,
		Source: docFailback, Dated: datedFailback, Severity: engine.VerdictBlock, Override: ByNobody, Recheck: atBoth,
		needs: theItem | theFacts, unread: engine.VerdictBlock, applies: always,
		evaluate: func(o *observation) answer { return ok(o.facts.Name + " answers") },
	},
	{
		ID: "vmms", Title: "The Hyper-V management service runs", Direct: true,
		Source: docFailback, Dated: datedFailback, Severity: engine.VerdictBlock, Override: ByNobody, Recheck: atBoth,
		needs: theItem | theFacts, applies: always, evaluate: management,
	},
	{
		ID: "services", Title: "Site Recovery's services run on the host",
		Source: docTroubleshoot, Severity: engine.VerdictBlock, Override: ByNobody, Recheck: atAllGates,
		needs: theItem | theFacts, applies: always, evaluate: services,
	},
	{
		ID: "windows", Title: "The host runs a supported Windows Server",
		Source: docMatrix, Dated: datedMatrix, Severity: engine.VerdictBlock, Override: ByDocument,
		needs: theItem | theFacts, applies: always, evaluate: windows,
	},
	{
		ID: "edition", Title: "No document speaks against the host's edition",
		Source: docMatrix, Dated: datedMatrix, Severity: engine.VerdictWarn, Override: ByDocument,
		needs: theItem | theFacts, applies: always, evaluate: edition,
	},
	{
		ID: "clock", Title: "The host's clock is right", Direct: true,
		Source: inferred, Severity: engine.VerdictWarn, Override: ByReason, Recheck: atAllGates,
		needs: theItem | theFacts, applies: always, evaluate: clock,
	},
}

// management asks for vmms; on a VMM server that is no Hyper-V host, for VMM's
// own service.
func management(o *observation) answer {
	state, installed := o.facts.Services["vmms"]
	name := "vmms"
	if !installed && o.item.Kind == engine.KindVMM {
		name = "SCVMMService"
		state, installed = o.facts.Services[name]
	}
	switch {
	case len(o.facts.Services) == 0:
		return unknown("the host named no services", "look at the service vmms on the host")
	case !installed:
		return block("vmms is not installed", "install the role on the host: "+installRole)
	case state != running:
		return block(name+" is "+state, "start the service on the host: Start-Service "+name)
	}
	return ok(name + " runs")
}

const running = "Running"

// agents are the services that a failback needs beside vmms, with the words for
// them.
var agents = []struct{ name, words string }{
	{"obengine", "the recovery services agent"},
	{"dra", "the Site Recovery provider"},
	{"Winmgmt", "the WMI service"},
}

// ofVMMServer are VMM's own; they are judged where they are installed.
var ofVMMServer = []struct{ name, words string }{
	{"SCVMMService", "VMM's service"},
	{"SCVMMAgent", "VMM's agent"},
}

// services judges what is installed. Only on a host of a Hyper-V site must both
// be: in a VMM estate the agent and the provider live on different machines.
func services(o *observation) answer {
	var bad, start []string
	for _, a := range agents {
		state, installed := o.facts.Services[a.name]
		switch {
		case state == running || !installed && o.item.Kind == engine.KindVMM:
		case !installed:
			bad = append(bad, fmt.Sprintf("%s (%s) is not installed", a.words, a.name))
		default:
			bad = append(bad, fmt.Sprintf("%s (%s) is %s", a.words, a.name, state))
			start = append(start, a.name)
		}
	}
	for _, a := range ofVMMServer {
		if state, installed := o.facts.Services[a.name]; installed && state != running && o.item.Kind == engine.KindVMM {
			bad = append(bad, fmt.Sprintf("%s (%s) is %s", a.words, a.name, state))
			start = append(start, a.name)
		}
	}
	switch {
	case len(o.facts.Services) == 0:
		return unknown("the host named no services", "look at the services obengine and dra on the host")
	case len(bad) == 0:
		return ok("they run")
	case len(start) == 0:
		return block(strings.Join(bad, "; "), "install what is missing; without it no data moves")
	}
	return block(strings.Join(bad, "; "), "start them on the host: Start-Service "+strings.Join(start, ", "))
}

// builds are the Windows Server builds that the support matrix names.
var builds = map[string]string{
	"9600": "Windows Server 2012 R2", "14393": "Windows Server 2016", "17763": "Windows Server 2019",
	"20348": "Windows Server 2022", "26100": "Windows Server 2025",
}

// oldestBuild is Windows Server 2012 R2, the oldest one named.
const oldestBuild = 9600

func windows(o *observation) answer {
	build := buildOf(o.facts)
	if name := builds[build]; name != "" {
		return ok(strings.TrimSpace(fmt.Sprintf("%s (build %s) %s", name, build, o.facts.Edition)))
	}
	var n int
	if _, err := fmt.Sscanf(build, "%d", &n); err != nil {
		return unknown(fmt.Sprintf("the host gives no build (%q)", o.facts.Build), "look at the host's version")
	}
	if n < oldestBuild {
		return block("build "+build+" is older than any supported one", "use a host with Windows Server 2012 R2 or later")
	}
	return unknown("build "+build+" is in no document", "decide yourself: the document names the releases 2012 R2 to 2025 only")
}

// buildOf is the build number alone, also where the host said "10.0.17763.1".
func buildOf(f engine.HostFacts) string {
	if parts := strings.Split(f.Build, "."); len(parts) >= 3 {
		return parts[2]
	}
	return f.Build
}

// caveats are what documents say against certain hosts. Where a newer document
// says otherwise, both stand in the finding.
var caveats = []struct {
	build  string
	meets  func(*observation) bool
	says   string
	source string
	dated  string
}{
	{
		build: "17763", meets: func(o *observation) bool { return o.facts.Core },
		says: "Windows Server 2019 Core: the matrix of 2020-01-27 says it can neither fail over nor fail back; " +
			"the matrix of 2026-09-11 lists Server Core as supported",
		source: docMatrix, dated: datedMatrix2020 + " against " + datedMatrix,
	},
	{
		build: "14393", meets: func(o *observation) bool { return toAlternate(o.plan, o.item) },
		says: "Windows Server 2016 as an alternate location: the matrix of 2018 excludes it; " +
			"later ones, up to 2026-09-11, no longer say so",
		source: docMatrix, dated: "2018 against " + datedMatrix,
	},
	{
		build: "20348", meets: func(o *observation) bool { return o.facts.Core && o.item.Kind == engine.KindVMM },
		says:   "Windows Server 2022 Core under VMM: the matrix of 2026-09-11 does not support it",
		source: docMatrix, dated: datedMatrix,
	},
}

func edition(o *observation) answer {
	build := buildOf(o.facts)
	for _, c := range caveats {
		if c.build == build && c.meets(o) {
			a := warn(c.says, "decide yourself; a drill of one VM first shows who is right")
			a.source, a.dated = c.source, c.dated
			return a
		}
	}
	kind := "with desktop"
	if o.facts.Core {
		kind = "Server Core"
	}
	return ok(firstOf(builds[build], "build "+build) + ", " + kind)
}

func clock(o *observation) answer {
	if o.facts.Clock.IsZero() {
		return unknown("the host gave no time", "compare the clocks by hand")
	}
	skew := o.facts.Clock.Sub(o.factsAt).Truncate(time.Second)
	if skew.Abs() >= ClockWarn {
		return warn(fmt.Sprintf("the host's clock differs from this machine's by %s", engine.SpanWords(skew)),
			"set the clocks right: sign-in, heartbeats and recovery points depend on them")
	}
	return ok("within " + engine.SpanWords(ClockWarn) + " of this machine's")
}

// volumeOf is the host's volume that holds the path: the longest mount path that
// begins it. Windows paths do not tell case apart.
func volumeOf(volumes []engine.Volume, path string) (engine.Volume, bool) {
	path = strings.ToLower(path)
	best := -1
	for i, v := range volumes {
		mount := strings.ToLower(strings.TrimRight(v.Path, `\`)) + `\`
		if strings.HasPrefix(path, mount) && (best < 0 || len(v.Path) > len(volumes[best].Path)) {
			best = i
		}
	}
	if best < 0 {
		return engine.Volume{}, false
	}
	return volumes[best], true
}

// switchNames are the host's switch names in order.
func switchNames(f engine.HostFacts) []string {
	var out []string
	for _, s := range f.Switches {
		out = append(out, s.Name)
	}
	slices.Sort(out)
	return out
}
