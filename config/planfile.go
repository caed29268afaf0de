package config

import (
	"maps"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

// PlanFile is a plan as an operator writes it down: names, not ids. What they
// mean is looked up in the vault when the run starts.
type PlanFile struct {
	Path         string   `yaml:"-"`
	Profile      string   `yaml:"profile"`
	Lab          bool     `yaml:"lab"`
	Estate       string   `yaml:"estate"`
	Items        []string `yaml:"items"`
	RecoveryPlan string   `yaml:"recovery_plan"`
	Direction    string   `yaml:"direction"`
	Sync         string   `yaml:"sync"`
	// To is "original" or the name of a host.
	To             string   `yaml:"to"`
	CreateVM       bool     `yaml:"create_vm"`
	Certificate    string   `yaml:"certificate"`
	Approve        []string `yaml:"approve"`
	Window         Window   `yaml:"window"`
	DowntimeBudget Duration `yaml:"downtime_budget"`
	Reason         string   `yaml:"reason"`
	// CommitFailover commits an earlier failover to Azure first, where one waits.
	CommitFailover bool `yaml:"commit_failover"`
	// RecoveryPoint is "latest", the id of a point or a time.
	RecoveryPoint string `yaml:"recovery_point"`
	// Each sends a recovery plan's items one by one, without its scripts and
	// manual actions.
	Each bool `yaml:"each"`
	// Threads are the download threads that the agents of the hosts get for the run;
	// 0 leaves them as they are.
	Threads int `yaml:"threads"`
	// Override are reasons against rules of the preflight, by the rule's id. Whether a
	// rule may be overridden is not looked at here; [PlanFile.Bad] says it in the file's place.
	Override map[string]string `yaml:"override"`

	// Direct is written where the machines come home without Site Recovery.
	Direct *Direct `yaml:"direct"`

	doc document
	// Prove is what the boot of the machines is proven by, beside the usual.
	Prove Prove `yaml:"prove"`
}

// Prove is what a plan wants to see of a boot: [ITEM=]ADDRESS, [ITEM=][ADDRESS:]PORT,
// and a script that is run on the machine of whoever drives the run.
type Prove struct {
	Addresses     []string `yaml:"addresses"`
	Ports         []string `yaml:"ports"`
	Script        string   `yaml:"script"`
	ScriptTimeout Duration `yaml:"script_timeout"`
}

// Direct says how machines come home without Site Recovery.
type Direct struct {
	// Folder is where the disks are written, HostFolder what the host calls it.
	Folder     string `yaml:"folder"`
	HostFolder string `yaml:"host_folder"`
	Format     string `yaml:"format"`
	KeepDays   int    `yaml:"keep_days"`
	// Switch is the virtual switch of VMs that are created.
	Switch string `yaml:"switch"`
	// Limit is what all disks together are read with, as failback disk copy has it. It is
	// not looked at here; [PlanFile.Bad] says it in the file's place.
	Limit string `yaml:"limit"`
	// AzureVMs are the resource ids of Azure VMs that no vault replicates.
	AzureVMs []string `yaml:"azure_vms"`
}

// Bad is an error at a key of the file, such as "override", "space".
func (p PlanFile) Bad(why string, path ...string) *Error { return p.doc.bad(why, path...) }

// mostThreads is the most that the agent takes (Azure docs,
// vmm-to-azure-walkthrough-capacity).
const mostThreads = 32

// Window is when a switch may happen. Either end may be missing.
type Window struct {
	Start Moment `yaml:"start"`
	End   Moment `yaml:"end"`
}

// Set reports whether there is a window at all.
func (w Window) Set() bool { return !w.Start.IsZero() || !w.End.IsZero() }

// ReadPlan reads a plan file. Its words are checked here, its names against the
// vault by whoever starts the run.
func ReadPlan(path string) (PlanFile, error) {
	raw, err := readFile(path, "name the plan file with --file")
	if err != nil {
		return PlanFile{}, err
	}
	return ParsePlan(path, raw)
}

// ParsePlan decodes and checks a plan file; path names it in errors.
func ParsePlan(path string, raw []byte) (PlanFile, error) {
	var p PlanFile
	doc, err := decode(path, raw, &p)
	if err != nil {
		return PlanFile{}, err
	}
	p.Path, p.doc = path, doc
	p.Prove.Script = beside(filepath.Dir(path), p.Prove.Script)
	return p, p.check(doc)
}

func (p PlanFile) check(doc document) error {
	for _, w := range []struct {
		key, value string
		allowed    []string
	}{
		{"direction", p.Direction, []string{"", "to-onprem", "to-azure"}},
		{"sync", p.Sync, []string{"", "delta", "full"}},
	} {
		if !slices.Contains(w.allowed, w.value) {
			return doc.bad("\""+w.value+"\" is none of "+strings.Join(w.allowed[1:], ", "), w.key)
		}
	}
	for i, g := range p.Approve {
		if !slices.Contains([]string{"commit-failover", "complete", "commit", "reprotect", "all", "none"}, g) {
			return doc.bad("\""+g+"\" is none of commit-failover, complete, commit, reprotect, all, none", "approve", strconv.Itoa(i))
		}
	}
	for i, name := range p.Items {
		if strings.TrimSpace(name) == "" {
			return doc.bad("an item without a name", "items", strconv.Itoa(i))
		}
	}
	for _, rule := range slices.Sorted(maps.Keys(p.Override)) {
		if strings.TrimSpace(p.Override[rule]) == "" {
			return doc.bad("gives no reason; the evidence keeps it", "override", rule)
		}
	}
	if err := p.checkDirect(doc); err != nil {
		return err
	}
	switch {
	case len(p.Items) == 0 && p.RecoveryPlan == "" && (p.Direct == nil || len(p.Direct.AzureVMs) == 0):
		return doc.bad("a plan names items or a recovery_plan", "items")
	case len(p.Items) > 0 && p.RecoveryPlan != "":
		return doc.bad("a plan names items or a recovery_plan, not both", "recovery_plan")
	case p.Each && p.RecoveryPlan == "":
		return doc.bad("it is about a recovery_plan; items go by themselves anyway", "each")
	case p.Threads < 0 || p.Threads > mostThreads:
		return doc.bad("it is "+strconv.Itoa(p.Threads)+"; Microsoft documents 1 to "+strconv.Itoa(mostThreads), "threads")
	case p.Threads != 0 && p.Direction == "to-azure":
		return doc.bad("download threads are for a failback", "threads")
	case p.Prove.ScriptTimeout < 0:
		return doc.bad("it is negative", "prove", "script_timeout")
	case p.Prove.ScriptTimeout != 0 && p.Prove.Script == "":
		return doc.bad("there is no script that it is for", "prove", "script_timeout")
	case p.Lab && p.Profile != "":
		return doc.bad("a plan is for the lab or for a profile, not both", "profile")
	case p.Estate != "" && !p.Lab:
		return doc.bad("an estate belongs to the lab; say lab: true", "estate")
	case !p.Window.Start.IsZero() && !p.Window.End.IsZero() && !p.Window.Start.Before(p.Window.End.Time):
		return doc.bad("the window ends before it starts", "window", "end")
	}
	return nil
}

// checkDirect looks at the words about a failback without Site Recovery.
func (p PlanFile) checkDirect(doc document) error {
	d := p.Direct
	switch {
	case d == nil:
		return nil
	case strings.TrimSpace(d.Folder) == "":
		return doc.bad("it says where the disks are written", "direct", "folder")
	case !slices.Contains([]string{"", "vhdx", "vhd"}, d.Format):
		return doc.bad("\""+d.Format+"\" is none of vhdx, vhd", "direct", "format")
	case d.KeepDays < 0:
		return doc.bad("it is negative; 0 keeps nothing", "direct", "keep_days")
	case p.Direction == "to-azure":
		return doc.bad("a failback without Site Recovery goes home", "direct")
	case p.Sync == "full":
		return doc.bad("without Site Recovery it is always delta", "sync")
	case p.CommitFailover:
		return doc.bad("it is Site Recovery's, and nothing of it is needed", "commit_failover")
	case p.Threads != 0:
		return doc.bad("download threads are of Site Recovery's agent, which takes no part", "threads")
	case len(d.AzureVMs) > 0 && (len(p.Items) > 0 || p.RecoveryPlan != ""):
		return doc.bad("they are in no vault; items and recovery_plan name what a vault replicates", "direct", "azure_vms")
	}
	return nil
}
