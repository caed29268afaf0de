package hyperv

import (
	"context"
	"encoding/json"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"failback/engine"
	"failback/providers/hyperv/scripts"
)

var _ engine.HostDesk = (*Access)(nil)

// trialRun is one reading script in a self-test.
type trialRun struct {
	script string
	params func(vmID string) any // nil where it takes none
	ofVM   bool                  // it reads one VM
	answer func() any
	check  func(answer any, vmID string) error
}

// selfTests are the reading scripts, those that need no VM first. The list of VMs
// names the VM for the rest.
var selfTests = []trialRun{
	{script: scripts.HostFacts, answer: func() any { return new(scripts.HostFactsAnswer) }, check: checkFacts},
	{script: scripts.HostAgent, answer: func() any { return new(scripts.HostAgentAnswer) }, check: checkAgent},
	{script: scripts.ReadThreads, answer: func() any { return new(scripts.ThreadsAnswer) }, check: checkThreads},
	{script: scripts.ReadNetwork, answer: func() any { return new(scripts.NetworkAnswer) }, check: checkNetwork},
	{script: scripts.Activity, answer: func() any { return new(scripts.ActivityAnswer) }, check: checkActivity},
	{script: scripts.ListVMs, answer: func() any { return new(scripts.VMsAnswer) }, check: checkVMs},
	{script: scripts.ReadEvents, params: ofLastHour, answer: func() any { return new(scripts.EventsAnswer) }, check: checkEvents},
	{script: scripts.Reach, params: ofSignIn, answer: func() any { return new(scripts.ReachAnswer) }, check: checkReach},
	{script: scripts.ReadManagers, params: ofNone, answer: func() any { return new(scripts.ManagersAnswer) }, check: checkManagers},
	{script: scripts.ReadVM, params: ofVM, ofVM: true, answer: func() any { return new(scripts.VMAnswer) }, check: checkVM},
	{script: scripts.DiskSums, params: ofVM, ofVM: true, answer: func() any { return new(scripts.DiskSumsAnswer) }, check: checkSums},
}

func ofLastHour(string) any { return scripts.EventsParams{Since: time.Now().Add(-time.Hour).UTC()} }

func ofSignIn(string) any {
	return scripts.ReachParams{Addresses: []scripts.Address{{Host: signInAddress, Port: 443}}}
}

func ofNone(string) any { return scripts.ManagersParams{} }

func ofVM(id string) any { return scripts.VMParams{VMID: id} }

// SelfTest implements [engine.HostDesk]. Scripts that read one VM are run for the
// first one that the host lists.
func (a *Access) SelfTest(ctx context.Context, host string, report func(engine.ScriptCheck)) error {
	if err := a.known(host, "test a host"); err != nil {
		return err
	}
	vmID := ""
	for _, s := range selfTests {
		if err := ctx.Err(); err != nil {
			return engine.AsFailure(err, "test a host", host)
		}
		if s.ofVM && vmID == "" {
			report(engine.ScriptCheck{Script: s.script, For: purposes[s.script], SHA256: scripts.Hash(s.script), Result: engine.CheckNothing, Why: "no VM of the host is known"})
			continue
		}
		answer, check := a.try(ctx, host, s, vmID)
		if list, ok := answer.(*scripts.VMsAnswer); ok && check.Result == engine.CheckOK && len(list.VMs) > 0 {
			vmID = list.VMs[0].ID
		}
		report(check)
	}
	return nil
}

func (a *Access) try(ctx context.Context, host string, s trialRun, vmID string) (any, engine.ScriptCheck) {
	out := engine.ScriptCheck{Script: s.script, For: purposes[s.script], SHA256: scripts.Hash(s.script), Result: engine.CheckFailed}
	var params any = scripts.NoParams{}
	if s.params != nil {
		params = s.params(vmID)
	}
	if !s.ofVM {
		vmID = ""
	}
	var raw json.RawMessage
	begun := time.Now()
	err := a.on(ctx, host, s.script, vmID, params, &raw)
	out.Took, out.Bytes = time.Since(begun), len(raw)
	if err != nil {
		out.Kind, out.Why = engine.KindOf(err), engine.AsFailure(err, "", "").Why
		if s.script == scripts.DiskSums && out.Kind == engine.FailureNotFound {
			out.Kind, out.Result = "", engine.CheckNothing
		}
		return nil, out
	}
	answer := s.answer()
	if err = scripts.Strict(raw, answer); err == nil {
		err = s.check(answer, vmID)
	}
	if err != nil {
		out.Kind, out.Why = engine.FailureOther, "the answer is not as the program expects it: "+err.Error()
		return nil, out
	}
	out.Result = engine.CheckOK
	return answer, out
}

func checkFacts(answer any, _ string) error {
	f := answer.(*scripts.HostFactsAnswer)
	if _, err := strconv.Atoi(f.Build); err != nil {
		return fmt.Errorf("build %q is no number", f.Build)
	}
	switch {
	case strings.TrimSpace(f.Name) == "":
		return fmt.Errorf("name is empty")
	case f.Clock.IsZero():
		return fmt.Errorf("clock is empty")
	case len(f.Services) == 0:
		return fmt.Errorf("services: not one of those looked for is installed")
	case f.MemoryFree < 0:
		return fmt.Errorf("memory_free is negative")
	}
	for i, v := range f.Volumes {
		if v.Bytes <= 0 || v.Free < 0 || v.Free > v.Bytes {
			return fmt.Errorf("volumes[%d]: %d free of %d bytes", i, v.Free, v.Bytes)
		}
	}
	return nil
}

// checkAgent also fails where a part could not be read: on a host of the user's
// that is what a self-test is there to tell.
func checkAgent(answer any, _ string) error {
	g := answer.(*scripts.HostAgentAnswer)
	for part, why := range g.Unread {
		return fmt.Errorf("%s could not be read: %s", part, why)
	}
	switch g.Role {
	case "Enabled", "Disabled", "Absent":
	default:
		return fmt.Errorf("role %q is unknown", g.Role)
	}
	if t := g.Threads; min(t.Download, t.Upload, t.Parent) < 0 {
		return fmt.Errorf("threads are negative")
	}
	if g.CertificateExpires != "" {
		if _, err := time.Parse(time.RFC3339, g.CertificateExpires); err != nil {
			return fmt.Errorf("certificate_expires: %w", err)
		}
	}
	return nil
}

func checkThreads(answer any, _ string) error {
	t := answer.(*scripts.ThreadsAnswer)
	if t.Cores < 1 {
		return fmt.Errorf("cores: %d", t.Cores)
	}
	for at, v := range map[string]scripts.ThreadValue{"download": t.Download, "parent": t.Parent} {
		if v.Set != (v.Kind != "") || !v.Set && v.Value != 0 {
			return fmt.Errorf("%s can't be: %+v", at, v)
		}
	}
	return nil
}

func checkNetwork(answer any, _ string) error {
	n := answer.(*scripts.NetworkAnswer)
	for i, s := range n.Switches {
		if s.Name == "" || !slices.Contains([]string{scripts.SwitchExternal, scripts.SwitchInternal, scripts.SwitchPrivate}, s.Type) {
			return fmt.Errorf("switches[%d] is none: %+v", i, s)
		}
	}
	for i, c := range n.Adapters {
		if c.Name == "" || c.Description == "" || c.Status == "" {
			return fmt.Errorf("adapters[%d] is none: %+v", i, c)
		}
	}
	return nil
}

func checkActivity(answer any, _ string) error {
	a := answer.(*scripts.ActivityAnswer)
	if a.At.IsZero() || a.Processes < 0 || a.Read < 0 || a.Written < 0 {
		return fmt.Errorf("counters that can't be: %+v", *a)
	}
	return nil
}

// checkManagers holds what is said against itself: whoever has nodes has a name.
func checkManagers(answer any, _ string) error {
	m := answer.(*scripts.ManagersAnswer)
	for part, why := range m.Unread {
		return fmt.Errorf("%s: %s", part, why)
	}
	switch {
	case (m.Cluster == "") != (len(m.Nodes) == 0):
		return fmt.Errorf("cluster %q has the nodes %q", m.Cluster, m.Nodes)
	case m.VMM == "" && len(m.Clouds)+len(m.Hosts) > 0:
		return fmt.Errorf("no VMM server has the clouds %q and the hosts %q", m.Clouds, m.Hosts)
	}
	return nil
}

// checkReach takes any answer to the question that was asked: whether the host gets out
// is for the preflight to judge.
func checkReach(answer any, _ string) error {
	all := answer.(*scripts.ReachAnswer).Addresses
	if answer.(*scripts.ReachAnswer).TLS12 == "" {
		return fmt.Errorf("tls12 could not be read")
	}
	if len(all) != 1 || all[0].Host != signInAddress || all[0].Port != 443 {
		return fmt.Errorf("addresses: it answers about %+v", all)
	}
	return nil
}

// checkEvents also fails where a log could not be read.
func checkEvents(answer any, _ string) error {
	for i, l := range answer.(*scripts.EventsAnswer).Logs {
		switch {
		case l.Log == "":
			return fmt.Errorf("logs[%d] has no name", i)
		case l.Problem != "":
			return fmt.Errorf("logs[%d] (%s) could not be read: %s", i, l.Log, l.Problem)
		}
		for j, e := range l.Events {
			if e.At.IsZero() || e.Provider == "" {
				return fmt.Errorf("logs[%d].events[%d] is none: %+v", i, j, e)
			}
		}
	}
	return nil
}

func checkVMs(answer any, _ string) error {
	seen := map[string]bool{}
	for i, r := range answer.(*scripts.VMsAnswer).VMs {
		if err := checkRow(r); err != nil {
			return fmt.Errorf("vms[%d]: %w", i, err)
		}
		if seen[r.ID] {
			return fmt.Errorf("vms[%d]: id %s is listed twice", i, r.ID)
		}
		seen[r.ID] = true
	}
	return nil
}

func checkRow(r scripts.VMRow) error {
	switch {
	case !guid.MatchString(r.ID):
		return fmt.Errorf("id %q is no GUID", r.ID)
	case r.State == "":
		return fmt.Errorf("state is empty")
	case r.Uptime < 0 || r.CPUs < 0 || r.Memory < 0:
		return fmt.Errorf("uptime, cpus or memory is negative")
	}
	return nil
}

func checkVM(answer any, vmID string) error {
	v := answer.(*scripts.VMAnswer)
	if err := checkRow(v.VMRow); err != nil {
		return err
	}
	if !strings.EqualFold(v.ID, vmID) {
		return fmt.Errorf("asked for %s, it tells of %s", vmID, v.ID)
	}
	for i, d := range v.Disks {
		if d.Problem == "" && (d.Path == "" || d.Bytes <= 0 || d.File < 0) {
			return fmt.Errorf("disks[%d]: %q of %d bytes, file of %d", i, d.Path, d.Bytes, d.File)
		}
	}
	return nil
}

var sha256Text = regexp.MustCompile(`^[0-9a-fA-F]{64}$`)

func checkSums(answer any, _ string) error {
	for i, s := range answer.(*scripts.DiskSumsAnswer).Sums {
		if !sha256Text.MatchString(s.SHA256) || s.Bytes <= 0 || s.At.IsZero() {
			return fmt.Errorf("sums[%d] is none: %+v", i, s)
		}
	}
	return nil
}
