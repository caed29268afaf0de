package engine

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"
)

// RunID names a run: a folder name, sortable by time.
type RunID string

var runIDForm = regexp.MustCompile(`^[0-9]{8}-[0-9]{6}-[a-z0-9]{4,12}$`)

// Valid reports whether the id has the form a run's folder has; anything else
// must never be joined to a path.
func (id RunID) Valid() bool { return runIDForm.MatchString(string(id)) }

// Direction is the way a planned failover goes.
type Direction string

// The directions. There is no default: a plan names one.
const (
	DirectionUnknown Direction = ""
	ToOnPremises     Direction = "to-onprem" // Azure → on-premises, a failback
	ToAzure          Direction = "to-azure"  // on-premises → Azure
)

// Arrow is the direction in words, as screens show it.
func (d Direction) Arrow() string {
	switch d {
	case ToOnPremises:
		return "Azure → on-premises"
	case ToAzure:
		return "on-premises → Azure"
	case DirectionUnknown:
	}
	return "unknown direction"
}

// SyncOption says how data comes home.
type SyncOption string

// The synchronisation options. There is no default (requirement S25).
const (
	SyncUnknown SyncOption = ""
	// SyncDelta is "synchronize data before failover": ForDownTime on the wire.
	SyncDelta SyncOption = "delta"
	// SyncFull is "during failover only": ForSynchronization on the wire.
	SyncFull SyncOption = "full"
)

// Target is where the machines go.
type Target struct {
	// Alternate is false for the original location.
	Alternate bool `json:"alternate"`
	// HostID and HostName name the alternate host; empty for the original.
	HostID   string `json:"host_id,omitempty"`
	HostName string `json:"host,omitempty"`
	// CreateVM lets the VM be created where it does not exist.
	CreateVM bool `json:"create_vm,omitempty"`
}

// Label is the target in words.
func (t Target) Label() string {
	if !t.Alternate && t.CreateVM {
		return "original location, create VMs that do not exist"
	}
	if !t.Alternate {
		return "original location"
	}
	s := "alternate host " + t.HostName
	if t.CreateVM {
		s += ", create the VM if it does not exist"
	}
	return s
}

// PlanPoint says which recovery point of each of its items a recovery plan's own job
// towards Azure brings up: a kind, since no point is shared by several machines.
type PlanPoint string

// The kinds of points that Site Recovery takes for a recovery plan (facts §3.3).
const (
	PointLatest        PlanPoint = "latest"                        // made after the shutdown; also the empty value
	PointAppConsistent PlanPoint = "latest-application-consistent" // the newest that applications took part in
	PointProcessed     PlanPoint = "latest-processed"              // the newest that Azure is through with
)

// PlanPoints lists them.
var PlanPoints = []PlanPoint{PointLatest, PointAppConsistent, PointProcessed}

// PlanItem is one item of a plan, with what the plan was made for: a run
// compares it with a fresh read before it acts.
type PlanItem struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	VMID  string `json:"vm_id"`
	Host  string `json:"host"`
	Bytes int64  `json:"bytes"`
	Disks int    `json:"disks"`
	Group int    `json:"group,omitempty"` // boot group of a recovery plan, from 1; 0 without
	// CommitFailover lets the run commit the item's earlier failover to Azure
	// before its failback; the recovery points of that failover go away.
	CommitFailover bool `json:"commit_failover,omitempty"`
	// RecoveryPoint is the id of the recovery point that a failover to Azure brings
	// up, empty for the latest; RecoveryPointTime is when it was taken.
	RecoveryPoint     string    `json:"recovery_point,omitempty"`
	RecoveryPointTime time.Time `json:"recovery_point_time,omitzero"`
}

// Window is when a switch may happen. The zero value means any time.
type Window struct {
	Start time.Time `json:"start,omitzero"`
	End   time.Time `json:"end,omitzero"`
}

// Set reports whether there is a window at all.
func (w Window) Set() bool { return !w.Start.IsZero() || !w.End.IsZero() }

// Contains reports whether t lies in the window: Start included, End not.
func (w Window) Contains(t time.Time) bool {
	return (w.Start.IsZero() || !t.Before(w.Start)) && (w.End.IsZero() || t.Before(w.End))
}

// Plan is what the operator decided. It is written before a run starts and
// never changes afterwards.
type Plan struct {
	Version      int        `json:"version"`
	Profile      string     `json:"profile"` // profile or estate
	Rehearsal    bool       `json:"rehearsal,omitempty"`
	Vault        string     `json:"vault"`
	Owner        string     `json:"owner"`
	Reason       string     `json:"reason,omitempty"`
	Direction    Direction  `json:"direction"`
	Sync         SyncOption `json:"sync"`
	Target       Target     `json:"target"`
	Items        []PlanItem `json:"items"`
	RecoveryPlan string     `json:"recovery_plan,omitempty"` // name it was made from
	// RecoveryPlanID is the recovery plan's resource id. With it the run is that
	// plan's own job, unless Each says that every item has a job of its own.
	RecoveryPlanID string `json:"recovery_plan_id,omitempty"`
	Each           bool   `json:"each,omitempty"`
	// Point is what a recovery plan's own job towards Azure brings up; empty for
	// the latest.
	Point PlanPoint `json:"recovery_point,omitempty"`
	// Skipped are items of the recovery plan that stay behind.
	Skipped []SkippedItem `json:"skipped,omitempty"`
	// Approve lists the gates that policy may answer.
	Approve []Gate `json:"approve,omitempty"`
	Window  Window `json:"window,omitzero"`
	// Budget is the downtime the owner accepts; 0 means none was stated.
	Budget time.Duration `json:"downtime_budget,omitempty"`
	// CertificateThumbprint names the certificate that was checked; the
	// certificate itself is never kept.
	CertificateThumbprint string `json:"certificate_thumbprint,omitempty"`
	// Threads are the download threads that the agents of the hosts get for the run;
	// 0 leaves them as they are.
	Threads int `json:"threads,omitempty"`
	// Direct is set where the machines come home without Site Recovery.
	Direct *Direct `json:"direct,omitempty"`
	// Overrides are rules of the preflight that the operator has a reason against.
	Overrides []Override `json:"overrides,omitempty"`
	// Boot is what the boot of the machines is proven by, beside the usual.
	Boot BootProof `json:"prove,omitzero"`
}

// Override takes the block out of a rule that may be overridden.
type Override struct {
	Rule   string `json:"rule"`
	Reason string `json:"reason"`
}

func (o Override) incomplete() bool { return o.Rule == "" || strings.TrimSpace(o.Reason) == "" }

// SkippedItem is an item of a recovery plan that a run leaves where it is.
type SkippedItem struct {
	Name   string `json:"name"`
	Reason string `json:"reason"`
}

// Joint reports whether the run is one job of Site Recovery: the recovery plan's
// own, with its scripts and manual actions.
func (p Plan) Joint() bool { return p.RecoveryPlanID != "" && !p.Each }

// PlanVersion is the version of plans this program writes.
const PlanVersion = 1

// wrongPoint says what is wrong with the plan's kind of recovery point; empty where
// nothing is.
func (p Plan) wrongPoint() string {
	switch {
	case p.Point == "":
		return ""
	case !slices.Contains(PlanPoints, p.Point):
		return fmt.Sprintf("%q is no kind of recovery point", p.Point)
	case p.Direction != ToAzure || !p.Joint():
		return "a kind of recovery point is for a recovery plan's own job towards Azure"
	}
	return ""
}

// Validate checks the plan by itself, without looking at the world. The error
// is a usage [Failure] that names the field.
func (p Plan) Validate() error {
	bad := func(field, why string) error {
		return &Failure{Kind: FailureUsage, What: "plan", Where: field, Why: why, Remedy: "correct the plan and start again"}
	}
	switch {
	case p.Version != PlanVersion:
		return bad("version", fmt.Sprintf("this program writes and reads version %d, the plan says %d", PlanVersion, p.Version))
	case p.Direction != ToOnPremises && p.Direction != ToAzure:
		return bad("direction", fmt.Sprintf("%q is neither %s nor %s", p.Direction, ToOnPremises, ToAzure))
	case len(p.Items) == 0:
		return bad("items", "no item is named")
	case strings.TrimSpace(p.Owner) == "":
		return bad("owner", "a plan has an owner")
	case p.Direction == ToOnPremises && p.Sync != SyncDelta && p.Sync != SyncFull:
		return bad("sync", fmt.Sprintf("%q is neither %s nor %s; there is no default", p.Sync, SyncDelta, SyncFull))
	case p.Target.Alternate && p.Direction == ToAzure:
		return bad("target", "an alternate host is for a failback; the direction is on-premises → Azure")
	case p.Target.Alternate && p.Target.HostID == "" && (p.Direct == nil || p.Target.HostName == ""):
		return bad("target", "an alternate location needs a host")
	case !p.Target.Alternate && p.Target.CreateVM && !p.Joint() && p.Direct == nil:
		return bad("target", "the original location never creates a VM; name an alternate host to create one")
	case p.Target.Alternate && p.Joint():
		return bad("target", "a recovery plan's own job has no choice of a host; bring each VM home by itself")
	case p.Joint() && len(p.Items) > MaxPlanItems:
		return bad("items", fmt.Sprintf("the recovery plan has %d items, and Site Recovery fails over at most %d with one; split it in the portal, or bring each VM home by itself", len(p.Items), MaxPlanItems))
	case p.wrongPoint() != "":
		return bad("recovery_point", p.wrongPoint())
	case p.Window.Set() && !p.Window.Start.IsZero() && !p.Window.End.IsZero() && !p.Window.Start.Before(p.Window.End):
		return bad("window", "it ends before it starts")
	case p.Budget < 0:
		return bad("downtime_budget", "it is negative")
	case p.Threads != 0 && p.Direction != ToOnPremises:
		return bad("threads", "download threads are for a failback")
	case p.Threads != 0 && CheckThreads(p.Threads) != nil:
		return bad("threads", fmt.Sprintf("%d is none of 1 to %d (%d is the documented default)", p.Threads, MostThreads, DefaultThreads))
	}
	if field, why := p.wrongDirect(); field != "" {
		return bad(field, why)
	}
	if field, why := p.wrongBoot(); field != "" {
		return bad(field, why)
	}
	if i := slices.IndexFunc(p.Overrides, Override.incomplete); i >= 0 {
		return bad(fmt.Sprintf("overrides[%d]", i), "an override names a rule and a reason")
	}
	if field, why := p.wrongItem(); field != "" {
		return bad(field, why)
	}
	for _, g := range p.Approve {
		if !slices.Contains(AllGates, g) {
			return bad("approve", fmt.Sprintf("%q is no gate", g))
		}
	}
	return nil
}

// wrongItem says which item is wrong, and why; the field is empty where none is.
func (p Plan) wrongItem() (field, why string) {
	seen := map[string]bool{}
	for i, it := range p.Items {
		if it.ID == "" || it.Name == "" {
			return fmt.Sprintf("items[%d]", i), "an item needs an id and a name"
		}
		if it.CommitFailover && p.Direction != ToOnPremises {
			return fmt.Sprintf("items[%d].commit_failover", i), "only a failback may commit an earlier failover first"
		}
		if it.RecoveryPoint != "" && p.Direction != ToAzure {
			return fmt.Sprintf("items[%d].recovery_point", i), "a failback brings home what is in Azure now; recovery points are for on-premises → Azure"
		}
		if it.RecoveryPoint != "" && p.Joint() {
			return fmt.Sprintf("items[%d].recovery_point", i), "a recovery plan's own job takes a kind of recovery point, not one of an item"
		}
		if seen[it.Name] {
			return fmt.Sprintf("items[%d]", i), it.Name + " is named twice"
		}
		seen[it.Name] = true
	}
	return "", ""
}

// Steps is the way of one item of the plan through the phase table.
func (p Plan) Steps(it PlanItem) []Step {
	steps := StepsFor(p.Direction, p.Sync)
	if it.CommitFailover && p.Direction == ToOnPremises {
		steps = slices.Insert(steps, 1, Step{Gate: GateCommitFailover}, Step{Phase: PhaseCommitFailover})
	}
	return steps
}

// MayAnswer reports whether policy may answer the gate. That a manual action of a
// recovery plan is done is said by a person; only a rehearsal whose every gate is
// left to policy says it by itself.
func (p Plan) MayAnswer(g Gate) bool {
	if g == GateManual {
		return p.Rehearsal && !slices.ContainsFunc(AllGates, func(g Gate) bool { return !slices.Contains(p.Approve, g) })
	}
	return slices.Contains(p.Approve, g)
}
