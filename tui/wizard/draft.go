package wizard

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"failback/engine"
	"failback/engine/estimate"
)

// Draft is what was answered so far. It lives outside the steps: a step is
// rebuilt from it when it is entered again, so going back loses nothing.
type Draft struct {
	Direction    engine.Direction
	Items        []engine.Item
	Groups       map[string]int // boot group by item id, with a recovery plan
	RecoveryPlan string
	PlanID       string // resource id of the recovery plan
	Joint        bool   // it goes as its own job
	jobChosen    bool
	Skipped      []Skip
	Sync         engine.SyncOption
	Target       engine.Target
	targetChosen bool
	Point        engine.RecoveryPoint // towards Azure; the zero value is the latest
	CertPath     string
	Thumbprint   string
	certificate  *engine.Certificate // what Thumbprint names; in memory alone
	Reason       string
	Budget       string // as it was typed
	Threads      string // download threads for the run, as they were typed
	// Overrides are the operator's reasons against rules of the preflight. A repair of an
	// earlier plan begins without: a reason was given for what was seen then.
	Overrides []engine.Override
	Boot      engine.BootProof
	// Direct is set where the machines come home without Site Recovery.
	Direct *engine.Direct
	// What was typed last for an Azure VM and for a host, whether it was taken or not.
	typedID, typedHost string
}

// Skip is an item of a recovery plan that stays behind, and why.
type Skip struct {
	Name   string
	Reason string
}

// encrypted reports whether the certificate step applies: a VMM item with the
// retired data encryption is among the chosen ones.
func (d Draft) encrypted() bool {
	for _, it := range d.Items {
		if it.Kind == engine.KindVMM && it.Encryption {
			return true
		}
	}
	return false
}

// failback reports whether the plan brings machines home.
func (d Draft) failback() bool { return d.Direction == engine.ToOnPremises }

// phrase is what has to be typed to start: the item's name, for several items the
// word of the direction, for a recovery plan its name and that word.
func (d Draft) phrase() string {
	way := "azure"
	if d.failback() {
		way = "on-premises"
	}
	switch {
	case d.RecoveryPlan != "":
		return d.RecoveryPlan + " " + way
	case len(d.Items) == 1:
		return d.Items[0].Name
	}
	return way
}

// budget reads the downtime budget; an empty one is none.
func (d Draft) budget() (time.Duration, error) {
	if d.Budget == "" {
		return 0, nil
	}
	b, err := time.ParseDuration(d.Budget)
	if err != nil || b <= 0 {
		return 0, fmt.Errorf("a downtime budget is a length of time like 30m or 1h30m, not %q", d.Budget)
	}
	return b, nil
}

// threads reads the download threads; an empty answer leaves them as they are.
func (d Draft) threads() (int, error) {
	if d.Threads == "" || !d.failback() {
		return 0, nil
	}
	n, err := strconv.Atoi(strings.TrimSpace(d.Threads))
	if err != nil || engine.CheckThreads(n) != nil {
		return 0, fmt.Errorf("download threads are a number from 1 to %d, not %q; %d is the documented default", engine.MostThreads, d.Threads, engine.DefaultThreads)
	}
	return n, nil
}

// Plan makes the plan of the draft. The error names what is missing.
func (d Draft) Plan(c *engine.Connection, owner string) (engine.Plan, error) {
	budget, err := d.budget()
	if err != nil {
		return engine.Plan{}, err
	}
	threads, err := d.threads()
	if err != nil {
		return engine.Plan{}, err
	}
	p := engine.Plan{
		Version: engine.PlanVersion, Profile: c.Name, Rehearsal: c.Rehearsal, Vault: c.Vault,
		Owner: owner, Reason: d.Reason, Direction: d.Direction, Target: d.Target, Threads: threads,
		RecoveryPlan: d.RecoveryPlan, Budget: budget, CertificateThumbprint: d.Thumbprint,
		Overrides: slices.Clone(d.Overrides),
	}
	if d.RecoveryPlan != "" {
		p.RecoveryPlanID, p.Each = d.PlanID, !d.Joint
		for _, x := range d.Skipped {
			p.Skipped = append(p.Skipped, engine.SkippedItem(x))
		}
	}
	switch {
	case d.straight():
		direct := *d.Direct
		p.Sync, p.Direct, p.Threads, p.CertificateThumbprint = engine.SyncDelta, &direct, 0, ""
		p.Each = d.RecoveryPlan != ""
	case d.failback():
		p.Sync = d.Sync
	default:
		p.Target = engine.Target{}
	}
	for _, it := range d.Items {
		planned := engine.PlanItem{
			ID: it.ID, Name: it.Name, VMID: it.VMID, Host: it.HostName,
			Bytes: it.Bytes(), Disks: len(it.Disks), Group: d.Groups[it.ID],
			CommitFailover: it.Ready(d.Direction).CommitFirst && !d.straight(),
		}
		if !d.failback() && len(d.Items) == 1 && !d.Joint {
			planned.RecoveryPoint, planned.RecoveryPointTime = d.Point.ID, d.Point.Time
		}
		p.Items = append(p.Items, planned)
	}
	if d.failback() {
		if p.Boot = d.Boot.For(p.Items); len(p.Boot.Ports) == 0 {
			p.Boot.Ports = c.Prove
		}
	}
	return p, p.Validate()
}

// again fills a draft from an earlier plan and a fresh inventory: the repair of
// a cancelled run is the same plan once more.
func again(p engine.Plan, items []engine.Item) (Draft, error) {
	d := Draft{
		Direction: p.Direction, Sync: p.Sync, Target: p.Target, targetChosen: true,
		RecoveryPlan: p.RecoveryPlan, Reason: p.Reason, Groups: map[string]int{}, Boot: p.Boot,
	}
	if p.Direct != nil {
		direct := *p.Direct
		d.Direct = &direct
	}
	if p.Budget > 0 {
		d.Budget = p.Budget.String()
	}
	if p.Threads > 0 {
		d.Threads = strconv.Itoa(p.Threads)
	}
	for _, want := range p.Items {
		it, ok := find(items, want.ID)
		if !ok {
			return d, fmt.Errorf("%s is not in the vault any more", want.Name)
		}
		if ok, why := d.takes(it); !ok {
			d.Skipped = append(d.Skipped, Skip{it.Name, why})
			continue
		}
		d.Items = append(d.Items, it)
		d.Groups[it.ID] = want.Group
	}
	d.PlanID, d.Joint, d.jobChosen = p.RecoveryPlanID, p.Joint() && len(d.Skipped) == 0, true
	if len(d.Items) == 0 {
		return d, fmt.Errorf("no item of the plan can start now: %s", d.Skipped[0].Reason)
	}
	return d, nil
}

// selectable reports whether an item can be chosen: it is ready, or only the commit
// of its earlier failover stands in the way and the run makes that first.
func selectable(r engine.Readiness) bool { return r.Ready || r.CommitFirst }

// commitsFirst lists the items whose earlier failover the run commits first.
func (d Draft) commitsFirst() []string {
	var out []string
	for _, it := range d.Items {
		if it.Ready(d.Direction).CommitFirst && !d.straight() {
			out = append(out, it.Name)
		}
	}
	return out
}

func find(items []engine.Item, id string) (engine.Item, bool) {
	for _, it := range items {
		if engine.SameID(it.ID, id) {
			return it, true
		}
	}
	return engine.Item{}, false
}

// forecastOf is the prediction for the chosen option.
func (d Draft) forecastOf(f estimate.Forecasts) estimate.Forecast {
	if d.Sync == engine.SyncFull {
		return f.Full
	}
	return f.Delta
}
