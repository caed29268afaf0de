package engine

import (
	"cmp"
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// DiskFormats are what the disks of a direct failback can be written as.
var DiskFormats = []string{"vhdx", "vhd"}

// MostKeepDays is the longest that a plan may keep snapshots for: what is kept costs
// money until somebody deletes it.
const MostKeepDays = 365

// What the host calls a file, and what this machine does.
var (
	hostPath  = regexp.MustCompile(`^([A-Za-z]:\\|\\\\[^\\/]+\\[^\\/]+)`)
	localPath = regexp.MustCompile(`^(/|[A-Za-z]:[\\/]|\\\\[^\\/]+\\[^\\/]+)`)
)

// MostDirectPasses is how many passes of changes are brought while the machine runs. A
// set of snapshots a pass stays far below the seven of a disk that Azure takes in five
// minutes.
const MostDirectPasses = 5

// DirectBudget is how long the rest may take before the machine is stopped for it, given
// the downtime that the plan allows; 0 for a plan that says none.
func DirectBudget(downtime time.Duration) time.Duration {
	const fits = 2 * time.Minute
	if downtime > 0 {
		return min(fits, downtime)
	}
	return fits
}

// DiskFormat is the format of new disks.
func (d Direct) DiskFormat() string { return cmp.Or(strings.ToLower(d.Format), "vhdx") }

// OnHost is the folder by the host's own name.
func (d Direct) OnHost() string { return cmp.Or(d.HostFolder, d.Folder) }

// Words say how the machines come home, as every place that shows a plan says it.
func (d Direct) Words() string {
	s := "without Site Recovery: new " + strings.ToUpper(d.DiskFormat()) + " disks in " + d.Folder
	if d.HostFolder != "" && d.HostFolder != d.Folder {
		s += ", which the host calls " + d.HostFolder
	}
	s += "; " + d.KeepWords()
	if words := d.LimitWords(); words != "" {
		s += "; " + words
	}
	return s
}

// KeepWords say what is left in Azure after the commit.
func (d Direct) KeepWords() string {
	switch d.KeepDays {
	case 0:
		return "no snapshot is kept after the commit"
	case 1:
		return "the last snapshots are kept for 1 day after the commit"
	}
	return fmt.Sprintf("the last snapshots are kept for %d days after the commit", d.KeepDays)
}

// WhatDirectLoses says in sentences what a failback without Site Recovery gives up,
// for whoever chooses it.
func WhatDirectLoses() []string {
	return []string{
		"Site Recovery takes no part: its item stays as it is until protection is enabled afresh, and the portal shows no job.",
		"Protection is enabled afresh afterwards: everything is sent to Azure again, not only what has changed.",
		"The recovery points of before are of no use to the machine any more.",
		"The data goes through the machine that this program runs on, and not through the host's agent.",
	}
}

// wrongDirect says what of a plan without Site Recovery is wrong, and why; the field
// is empty where nothing is.
func (p Plan) wrongDirect() (field, why string) {
	d := p.Direct
	switch {
	case d == nil:
		return "", ""
	case p.Direction != ToOnPremises:
		return "direct", "a failback without Site Recovery goes home; the direction is " + p.Direction.Arrow()
	case p.Sync == SyncFull:
		return "sync", "without Site Recovery the disks are always copied while the Azure VM runs, and only what changed after it stopped; full would stop it first and gain nothing. Say delta"
	case p.Joint():
		return "direct", "a recovery plan's own job is Site Recovery's; bring each VM home by itself"
	case p.Target.Alternate && !p.Target.CreateVM:
		return "target", "without Site Recovery the VM is created at another host; say that it may be"
	case p.Target.Alternate && p.Target.HostID == "" && WrongHostName(p.Target.HostName) != "":
		return "target", WrongHostName(p.Target.HostName)
	case p.Threads != 0:
		return "threads", "download threads are of Site Recovery's agent, which takes no part"
	case slices.ContainsFunc(p.Items, func(it PlanItem) bool { return it.CommitFailover }):
		return "items", "an earlier failover is not committed first: that is Site Recovery's, and nothing of it is needed"
	case d.KeepDays < 0 || d.KeepDays > MostKeepDays:
		return "direct.keep_days", fmt.Sprintf("it is %d; 0 keeps nothing, %d is the most", d.KeepDays, MostKeepDays)
	case !slices.Contains(DiskFormats, d.DiskFormat()):
		return "direct.format", fmt.Sprintf("%q is neither %s", d.Format, strings.Join(DiskFormats, " nor "))
	}
	if _, err := ReadLimit(d.Limit); err != nil {
		return "direct.limit", err.Error() + "; " + WriteLimit
	}
	return p.wrongFolder()
}

// wrongFolder looks at how this machine and the host call the place of the disks. A
// rehearsal's host is this program: it calls files what this machine calls them.
func (p Plan) wrongFolder() (field, why string) {
	d := p.Direct
	switch {
	case strings.TrimSpace(d.Folder) == "":
		return "direct.folder", "say where the disks are written: a folder of this machine, or a share of the host"
	case strings.ContainsFunc(d.Folder+d.HostFolder+d.Switch+d.Limit, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return "direct", "a name has a control character in it"
	case !localPath.MatchString(d.Folder):
		return "direct.folder", fmt.Sprintf("%q begins at no root; write it whole, such as D:\\vms or \\\\host\\vms", d.Folder)
	case d.HostFolder != "" && !hostPath.MatchString(d.HostFolder) && !p.Rehearsal:
		return "direct.host_folder", fmt.Sprintf("%q is no folder of a Windows host; write it whole, such as D:\\vms", d.HostFolder)
	case !hostPath.MatchString(d.OnHost()) && !p.Rehearsal:
		return "direct.host_folder", fmt.Sprintf("the host can't know %q: say what it calls that folder", d.Folder)
	}
	return "", ""
}

// DirectHelps reports whether a failback without Site Recovery could bring the leg's
// machine home where it stopped: Site Recovery has refused it, or what blocks is about
// Site Recovery alone.
func (l *Leg) DirectHelps() bool {
	if l.Direct || l.Direction != ToOnPremises || l.Failure == nil || l.Outcome == OutcomeNone || !l.DowntimeFrom.IsZero() {
		return false
	}
	if l.Failure.Kind != FailureBlocked {
		return l.Failure.Direct
	}
	some := false
	for _, f := range l.Findings {
		if f.Verdict == VerdictBlock && !f.OfVault {
			return false
		}
		some = some || f.Verdict == VerdictBlock
	}
	return some
}

// WithoutSiteRecovery carries the run's plan over to a failback without Site Recovery,
// with the legs that it helps; ok is false where it helps none. What only Site Recovery
// knows is left out, and where the disks go has still to be said.
func (s State) WithoutSiteRecovery() (p Plan, ok bool) {
	p = s.Plan
	p.Direct, p.Sync, p.Threads, p.CertificateThumbprint = &Direct{}, SyncDelta, 0, ""
	p.RecoveryPlan, p.RecoveryPlanID, p.Each, p.Skipped, p.Items, p.Overrides = "", "", false, nil, nil, nil
	p.Target.CreateVM = p.Target.Alternate
	for _, l := range s.Legs {
		if l.DirectHelps() {
			it := l.Item
			it.CommitFailover = false
			p.Items = append(p.Items, it)
		}
	}
	return p, len(p.Items) > 0
}

// Straight says why an item can't come home without Site Recovery, as far as the vault
// tells; empty where it may.
func (it Item) Straight() string {
	switch {
	case it.OutOfScope != "":
		return "out of scope: " + it.OutOfScope
	case it.Active != LocationAzure || it.AzureVM.Name == "":
		return "it does not run in Azure"
	case slices.ContainsFunc(it.Disks, func(d Disk) bool { return d.BlobURL != "" && !d.Managed }):
		return "page blobs: only managed disks come home this way"
	}
	return ""
}

// OutsideVault reports whether the item is an Azure VM that no vault replicates: its
// id is the VM's own.
func (it PlanItem) OutsideVault() bool { return IsMachineID(it.ID) }

var machineID = regexp.MustCompile(`(?i)^/subscriptions/[^/]+/resourceGroups/[^/]+/providers/Microsoft\.Compute/virtualMachines/[^/]+$`)

// IsMachineID reports whether the resource id is that of an Azure VM.
func IsMachineID(id string) bool { return machineID.MatchString(id) }

// OutsideVault reports whether nothing of the plan is in a vault.
func (p Plan) OutsideVault() bool {
	return !slices.ContainsFunc(p.Items, func(it PlanItem) bool { return !it.OutsideVault() })
}
