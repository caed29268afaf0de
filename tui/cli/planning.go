package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"failback/config"
	"failback/engine"
)

// planOptions are what an operator says about a run, by flags or by a file.
type planOptions struct {
	file           string
	items          []string
	recoveryPlan   string
	direction      string
	sync           string
	to             string
	createVM       bool
	certificate    string
	approve        []string
	window         string
	downtimeBudget time.Duration
	reason         string
	commitFailover bool
	point          string // recovery point, towards Azure
	override       []string
	each           bool // a recovery plan's items one by one
	threads        int  // download threads of the hosts' agents for the run
	prove          proveOptions
	direct         directOptions

	written config.PlanFile // the file that --file names

	notices []string // what the person should know of how it was read

	period engine.Window // window, once it was read
}

// original is what --to says for the VM's own host.
const original = "original"

func (o *planOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringArrayVar(&o.items, "item", nil, "`NAME` of an item; may be repeated")
	f.StringVar(&o.recoveryPlan, "recovery-plan", "", "`NAME` of a recovery plan: all its items, as its own job")
	f.BoolVar(&o.each, "each", false, "with --recovery-plan: each VM by itself; the recovery plan's scripts and manual actions are not run")
	f.StringVar(&o.sync, "sync", "", "delta (synchronise before failover) or full (during failover only)")
	f.StringVar(&o.to, "to", original, "original, or the name of another `HOST`")
	f.BoolVar(&o.createVM, "create-vm", false, "at another host: create the VM if it does not exist")
	f.StringVar(&o.direction, "direction", string(engine.ToOnPremises), "to-onprem (failback) or to-azure")
	f.BoolVar(&o.commitFailover, "commit-failover", false, "where an earlier failover to Azure is not committed: commit it first")
	f.StringArrayVar(&o.override, "override", nil, "`RULE=REASON`: take the block out of a rule that may be overridden; may be repeated")
	o.direct.register(cmd)
	f.StringVar(&o.point, "recovery-point", latestPoint, "on-premises → Azure: latest, the `ID` of a point, or a time; with --recovery-plan also latest-application-consistent or latest-processed")
}

func (o *planOptions) registerStart(cmd *cobra.Command) {
	o.register(cmd)
	f := cmd.Flags()
	f.StringVar(&o.file, "file", "", "read the plan from a YAML `FILE`")
	f.StringVar(&o.certificate, "certificate", "", "PFX `FILE` of a VMM item with the retired encryption")
	f.StringSliceVar(&o.approve, "approve", nil, "gates that policy may answer: none, commit-failover, complete, commit, reprotect, all")
	f.StringVar(&o.window, "window", "", "when the switch may happen: `START/END`, RFC 3339")
	f.DurationVar(&o.downtimeBudget, "downtime-budget", 0, "the downtime the owner accepts, such as 20m")
	f.StringVar(&o.reason, "reason", "", "why this is done, for the evidence")
	f.IntVar(&o.threads, "threads", 0, fmt.Sprintf("give the agents of the hosts `N` download threads a VM for this run, 1 to %d, and put back what was there", engine.MostThreads))
	o.prove.register(cmd)
}

// fromFile takes the plan file's words where no flag says otherwise.
func (o *planOptions) fromFile(cmd *cobra.Command, p config.PlanFile) {
	set := func(flag string, value string, to *string) {
		if value != "" && !cmd.Flags().Changed(flag) {
			*to = value
		}
	}
	if len(o.items) == 0 && o.recoveryPlan == "" {
		o.items, o.recoveryPlan = p.Items, p.RecoveryPlan
	}
	o.direct.fromFile(cmd.Flags(), p.Direct)
	set("direction", p.Direction, &o.direction)
	set("sync", p.Sync, &o.sync)
	set("to", p.To, &o.to)
	set("certificate", p.Certificate, &o.certificate)
	set("reason", p.Reason, &o.reason)
	set("recovery-point", p.RecoveryPoint, &o.point)
	o.written = p
	o.commitFailover = o.commitFailover || p.CommitFailover
	o.createVM = o.createVM || p.CreateVM
	o.each = o.each || p.Each
	set("prove-script", p.Prove.Script, &o.prove.script)
	if !cmd.Flags().Changed("prove-address") {
		o.prove.addresses = p.Prove.Addresses
	}
	if !cmd.Flags().Changed("prove-port") {
		o.prove.ports = p.Prove.Ports
	}
	if !cmd.Flags().Changed("prove-script-timeout") && p.Prove.ScriptTimeout != 0 {
		o.prove.timeout = p.Prove.ScriptTimeout.Std()
	}
	if !cmd.Flags().Changed("approve") {
		o.approve = p.Approve
	}
	if !cmd.Flags().Changed("downtime-budget") {
		o.downtimeBudget = p.DowntimeBudget.Std()
	}
	if !cmd.Flags().Changed("threads") {
		o.threads = p.Threads
	}
	if !cmd.Flags().Changed("window") {
		o.period = engine.Window{Start: p.Window.Start.Time, End: p.Window.End.Time}
	}
}

// check reads what can be read without a vault.
func (o *planOptions) check() error {
	switch {
	case len(o.items) == 0 && o.recoveryPlan == "" && len(o.direct.machines) == 0:
		return engine.Usagef("name items with --item or a recovery plan with --recovery-plan (start takes a plan with --file, too)", "nothing is named")
	case len(o.items) > 0 && o.recoveryPlan != "":
		return engine.Usagef("give one of them", "--item and --recovery-plan contradict each other")
	case o.direction != string(engine.ToOnPremises) && o.direction != string(engine.ToAzure):
		return engine.Usagef("write to-onprem or to-azure", "--direction %q is not known", o.direction)
	case o.direction == string(engine.ToOnPremises) && o.sync == "":
		return engine.Usagef("choose --sync delta (the Azure VM keeps running while data comes home) or --sync full (it stops at once)",
			"--sync is missing; there is no default")
	case !slices.Contains([]string{"", string(engine.SyncDelta), string(engine.SyncFull)}, o.sync):
		return engine.Usagef("write delta or full", "--sync %q is not known", o.sync)
	case o.each && o.recoveryPlan == "":
		return engine.Usagef("leave it out, or name the recovery plan with --recovery-plan", "--each is about a recovery plan's items; single items go by themselves anyway")
	case o.createVM && o.to == original && (o.recoveryPlan == "" || o.each) && !o.direct.on:
		return engine.Usagef("name the host with --to, or leave --create-vm out", "--create-vm is for another host, or for a recovery plan's own job; the original location never creates a VM")
	case o.commitFailover && o.direction != string(engine.ToOnPremises):
		return engine.Usagef("leave it out", "--commit-failover comes before a failback; on-premises → Azure there is nothing to commit first")
	case o.threads != 0 && o.direction != string(engine.ToOnPremises):
		return engine.Usagef("leave it out", "--threads is for a failback; on-premises → Azure nothing is downloaded")
	case o.downtimeBudget < 0:
		return engine.Usagef("write a time span such as 20m", "--downtime-budget %s is negative", o.downtimeBudget)
	}
	if o.threads != 0 {
		if err := engine.CheckThreads(o.threads); err != nil {
			return err
		}
	}
	if err := o.checkPoint(); err != nil {
		return err
	}
	return o.checkWindow(time.Now())
}

// checkWindow reads --window, and refuses one that nothing can happen in.
func (o *planOptions) checkWindow(now time.Time) error {
	if o.window != "" {
		var err error
		if o.period, err = parseWindow(o.window); err != nil {
			return err
		}
	}
	from, to := o.period.Start, o.period.End
	switch {
	case to.IsZero():
		return nil
	case !from.Before(to):
		return engine.Usagef("write START/END, the earlier one first", "--window ends (%s) before it starts (%s)", to.Format(time.RFC3339), from.Format(time.RFC3339))
	case !now.Before(to):
		return engine.Usagef("name one that is still to come, or leave it out", "--window has ended already, at %s", to.Format(time.RFC3339))
	}
	return nil
}

// parseWindow reads START/END; either may be missing.
func parseWindow(s string) (engine.Window, error) {
	var w engine.Window
	from, to, ok := strings.Cut(s, "/")
	if !ok || (from == "" && to == "") {
		return w, engine.Usagef("write START/END, such as 2026-11-23T22:00:00+01:00/2026-11-24T04:00:00+01:00", "--window %q has no two ends", s)
	}
	for _, end := range []struct {
		text string
		at   *time.Time
	}{{from, &w.Start}, {to, &w.End}} {
		if end.text == "" {
			continue
		}
		t, err := time.Parse(time.RFC3339, end.text)
		if err != nil {
			return w, engine.Usagef("write it with the zone, such as 2026-11-23T22:00:00+01:00", "--window: %q is no time", end.text)
		}
		*end.at = t
	}
	return w, nil
}

// gates reads --approve.
func (o *planOptions) gates() ([]engine.Gate, error) {
	var out []engine.Gate
	none := false
	for _, word := range o.approve {
		switch g := engine.Gate(word); {
		case word == "none":
			none = true
		case word == "all":
			out = append(out, engine.AllGates...)
		case !slices.Contains(engine.AllGates, g):
			return nil, engine.Usagef("write none, commit-failover, complete, commit, reprotect or all", "--approve %q is no gate", word)
		default:
			out = append(out, g)
		}
	}
	if none && len(out) > 0 {
		return nil, engine.Usagef("leave none out, or the gates", "--approve none contradicts %s", strings.Join(o.approve, ", "))
	}
	return slices.DeleteFunc(slices.Clone(engine.AllGates), func(g engine.Gate) bool { return !slices.Contains(out, g) }), nil
}

// plan resolves the options against a fresh inventory.
func (o *planOptions) plan(ctx context.Context, s *session) (engine.Plan, error) {
	var items []engine.Item
	var err error
	if len(o.direct.machines) == 0 { // else the vault need not answer
		if items, err = s.items(ctx); err != nil {
			return engine.Plan{}, err
		}
	}
	p := engine.Plan{
		Version: engine.PlanVersion, Profile: s.conn.Name, Rehearsal: s.conn.Rehearsal, Vault: s.conn.Vault,
		Owner: s.who, Reason: o.reason, Direction: engine.Direction(o.direction), Sync: engine.SyncOption(o.sync),
		Window: o.period, Budget: o.downtimeBudget, Threads: o.threads, Boot: o.prove.boot,
	}
	if p.Direction == engine.ToOnPremises && len(p.Boot.Ports) == 0 {
		p.Boot.Ports = s.conn.Prove // the profile's
	}
	if p.Approve, err = o.gates(); err != nil {
		return p, err
	}
	if p.Overrides, err = o.overrides(s.rules); err != nil {
		return p, err
	}
	if p.Direct, err = o.direct.plan(); err != nil {
		return p, err
	}
	if p.Target, err = o.target(ctx, s); err != nil {
		return p, err
	}
	if err = o.takeItems(ctx, s, &p, items); err != nil {
		return p, err
	}
	o.commitFirst(p.Items, items)
	if err := o.choosePoints(ctx, s, p.Items); err != nil {
		return p, err
	}
	return p, p.Validate()
}

// takeItems fills the plan with what goes.
func (o *planOptions) takeItems(ctx context.Context, s *session, p *engine.Plan, items []engine.Item) error {
	var err error
	switch {
	case o.recoveryPlan != "":
		if p.Direction == engine.ToAzure && o.point != "" && o.point != latestPoint {
			p.Point = engine.PlanPoint(o.point)
		}
		err = o.takeRecoveryPlan(ctx, s, p, items)
	case len(o.direct.machines) == 0:
		p.Items, err = namedItems(o.items, items)
	}
	if err != nil || p.Direct == nil {
		return err
	}
	return o.direct.take(ctx, s, p)
}

func (o *planOptions) target(ctx context.Context, s *session) (engine.Target, error) {
	if o.to == "" || o.to == original {
		return engine.Target{CreateVM: o.createVM}, nil
	}
	if o.direct.on {
		return o.directTarget(ctx, s), nil
	}
	hosts, err := s.conn.Ports.Inventory.Hosts(ctx)
	if err != nil {
		return engine.Target{}, err
	}
	h, err := findHost(o.to, hosts)
	if err != nil {
		return engine.Target{}, err
	}
	return engine.Target{Alternate: true, HostID: h.ID, HostName: h.Name, CreateVM: o.createVM}, nil
}

func namedItems(names []string, items []engine.Item) ([]engine.PlanItem, error) {
	out := make([]engine.PlanItem, 0, len(names))
	for _, name := range names {
		it, err := findItem(name, items)
		if err != nil {
			return nil, err
		}
		out = append(out, planItem(it))
	}
	return out, nil
}

func planItem(it engine.Item) engine.PlanItem {
	return engine.PlanItem{ID: it.ID, Name: it.Name, VMID: it.VMID, Host: it.HostName, Bytes: it.Bytes(), Disks: len(it.Disks)}
}
