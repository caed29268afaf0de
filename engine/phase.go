package engine

// Phase is a step of a leg in which something is done.
type Phase string

// The phases of product.md, in order.
const (
	PhaseNone             Phase = ""
	PhasePreflight        Phase = "preflight"
	PhasePrepare          Phase = "prepare"
	PhaseInitialSync      Phase = "initial-sync"
	PhaseStopAzure        Phase = "stop-azure"
	PhaseFinalSync        Phase = "final-sync"
	PhaseStartOnPremises  Phase = "start-onprem"
	PhaseVerify           Phase = "verify"
	PhaseCommit           Phase = "commit"
	PhaseReverseReplicate Phase = "reverse-replicate"
	PhaseProtected        Phase = "protected"
	// PhaseCommitFailover commits an earlier failover to Azure, where a failback has
	// to begin with that.
	PhaseCommitFailover Phase = "commit-failover"
	// PhaseFailover is the one acting phase of the forward direction.
	PhaseFailover Phase = "failover"
)

// Gate is a place where a leg waits for a decision.
type Gate string

// The gates. Their verbs never share a label: the first stops a machine, the
// second deletes one.
const (
	GateNone      Gate = ""
	GateComplete  Gate = "complete"
	GateCommit    Gate = "commit"
	GateReprotect Gate = "reprotect"
	// GateCommitFailover stands before the commit of an earlier failover to Azure.
	GateCommitFailover Gate = "commit-failover"
	// GateManual opens in the middle of a phase, where the recovery plan's job
	// waits until a manual action of the plan is done.
	GateManual Gate = "manual-action"
)

// AllGates lists the gates that stand between phases, in order.
var AllGates = []Gate{GateCommitFailover, GateComplete, GateCommit, GateReprotect}

// Verb is what the gate's approval does, in our words.
func (g Gate) Verb() string {
	switch g {
	case GateComplete:
		return "Stop Azure and switch"
	case GateCommit:
		return "Accept and delete the Azure copy"
	case GateReprotect:
		return "Re-protect"
	case GateCommitFailover:
		return "Accept the earlier failover first"
	case GateManual:
		return "Manual action done"
	case GateNone:
	}
	return string(g)
}

// Portal is Microsoft's own term, shown in brackets beside the verb.
func (g Gate) Portal() string {
	switch g {
	case GateComplete:
		return "Complete failover"
	case GateCommit:
		return "Commit"
	case GateReprotect:
		return "Reverse replicate"
	case GateCommitFailover:
		return "Commit failover"
	case GateManual:
		return "Complete manual action"
	case GateNone:
	}
	return ""
}

// Action is the gate's verb and Microsoft's term for a direction. Towards Azure
// the same two places have other consequences, so they have other labels.
func (g Gate) Action(dir Direction) (verb, portal string) {
	if dir == ToAzure {
		switch g {
		case GateComplete:
			return "Stop on-premises and fail over", "Planned failover"
		case GateCommit:
			return "Accept the failover to Azure", "Commit failover"
		case GateReprotect, GateCommitFailover, GateManual, GateNone:
		}
	}
	return g.Verb(), g.Portal()
}

// Step is one row of the phase table: a phase, or a gate between phases.
type Step struct {
	Phase Phase
	Gate  Gate
}

// IsGate reports whether the step is a gate.
func (s Step) IsGate() bool { return s.Gate != GateNone }

// Name is the step's phase or gate name.
func (s Step) Name() string {
	if s.IsGate() {
		return string(s.Gate)
	}
	return string(s.Phase)
}

// PhaseInfo says what a phase is, for screens, runbooks and help.
type PhaseInfo struct {
	Phase    Phase
	Title    string
	Portal   string // Microsoft's term, empty where there is none
	Sentence string // what it does
	Azure    string // the Azure VM meanwhile
	OnPrem   string // the on-premises VM meanwhile
	Damages  bool   // cancelling here leaves the on-premises VM damaged
}

var phaseInfos = []PhaseInfo{
	{PhasePreflight, "Preflight", "", "Everything that can go wrong is checked; nothing is changed.", "running", "off", false},
	{PhaseCommitFailover, "Commit the failover", "Commit", "The earlier failover to Azure is committed: its recovery points are deleted, no machine is.", "running", "off", false},
	{PhasePrepare, "Prepare target", "Preparing the on-premises virtual machine", "The planned failover starts; at an alternate location the VM is created.", "running", "off", false},
	{PhaseInitialSync, "Initial sync", "Monitoring data synchronization", "A snapshot of the Azure disks is compared with the on-premises disks and what differs is copied.", "running", "off, being written", true},
	{PhaseStopAzure, "Stop Azure VM", "Shut down the Azure virtual machine", "The Azure VM is stopped and confirmed stopped. Downtime begins.", "stopping", "off", true},
	{PhaseFinalSync, "Final sync", "Monitoring data synchronization", "What changed since the snapshot is copied; with full sync, the whole disk.", "off", "off, being written", true},
	{PhaseStartOnPremises, "Start on-premises VM", "Starting the virtual machine", "Site Recovery starts the on-premises VM.", "off", "starting", false},
	{PhaseVerify, "Verify", "", "Heartbeat, uptime, addresses and the disks' checksums are looked at. Downtime ends with a proven boot.", "off", "running", false},
	{PhaseCommit, "Commit", "Commit", "The Azure VM and its disks are deleted.", "deleted", "running", false},
	{PhaseReverseReplicate, "Reverse replicate", "Reverse replication", "Replication to Azure starts: only what changed since the Azure VM stopped.", "–", "running", false},
	{PhaseProtected, "Protected", "Protected", "Replication to Azure is healthy again.", "–", "running, replicating", false},
	{PhaseFailover, "Fail over to Azure", "Planned failover", "The on-premises VM is shut down, the last changes are sent and the Azure VM is started.", "starting", "off", false},
}

// Info returns what is known of the phase; the zero value for an unknown one.
func (p Phase) Info() PhaseInfo {
	for _, i := range phaseInfos {
		if i.Phase == p {
			return i
		}
	}
	return PhaseInfo{Phase: p, Title: string(p)}
}

// StepsFor is the phase table of product.md for a plan's direction and sync
// option. With full sync the complete gate is asked before the start, since the
// Azure VM stops at once. A forward planned failover is one phase between
// preflight and its commit gate; that commit deletes nothing.
func StepsFor(dir Direction, opt SyncOption) []Step {
	p := func(x Phase) Step { return Step{Phase: x} }
	g := func(x Gate) Step { return Step{Gate: x} }
	if dir == ToAzure {
		return []Step{p(PhasePreflight), g(GateComplete), p(PhaseFailover), g(GateCommit), p(PhaseCommit)}
	}
	tail := []Step{
		p(PhaseStopAzure), p(PhaseFinalSync), p(PhaseStartOnPremises), p(PhaseVerify),
		g(GateCommit), p(PhaseCommit), g(GateReprotect), p(PhaseReverseReplicate), p(PhaseProtected),
	}
	if opt == SyncFull {
		return append([]Step{p(PhasePreflight), g(GateComplete), p(PhasePrepare)}, tail...)
	}
	return append([]Step{p(PhasePreflight), p(PhasePrepare), p(PhaseInitialSync), g(GateComplete)}, tail...)
}
