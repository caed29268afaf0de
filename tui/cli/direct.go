package cli

import (
	"context"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"failback/config"
	"failback/engine"
	"failback/engine/estimate"
)

// directOptions are what an operator says about a failback without Site Recovery.
type directOptions struct {
	on         bool
	folder     string
	hostFolder string
	format     string
	keepDays   int
	vswitch    string
	limit      string
	machines   []string // Azure VMs that no vault replicates, by their resource ids
}

// directFlags are the flags that say nothing without --direct.
var directFlags = []string{"folder", "host-folder", "format", "keep-days", "switch", "azure-vm", "limit"}

func (o *directOptions) register(cmd *cobra.Command) {
	f := cmd.Flags()
	f.BoolVar(&o.on, "direct", false, "without Site Recovery: this program takes snapshots, writes the disks and has the host run them (docs/direct.md)")
	f.StringVar(&o.folder, "folder", "", "with --direct: the `DIR` that the disks are written to, of this machine or a share of the host")
	f.StringVar(&o.hostFolder, "host-folder", "", "with --direct: what the host calls that `DIR`, where it is not the same")
	f.StringVar(&o.format, "format", engine.DiskFormats[0], "with --direct: the format of the disks, vhdx or vhd")
	f.IntVar(&o.keepDays, "keep-days", 0, "with --direct: keep the last snapshots for `N` days after the commit; 0 keeps none")
	f.StringVar(&o.vswitch, "switch", "", "with --direct: the `NAME` of the virtual switch of a VM that is created")
	f.StringVar(&o.limit, "limit", "", "with --direct: the `RATE` that all disks together are read with, such as 20MiB/s, or by hours: 08:00-18:00=5MB/s,50MB/s")
	f.StringArrayVar(&o.machines, "azure-vm", nil, "with --direct: the resource `ID` of an Azure VM that no vault replicates; may be repeated")
}

// fromFile takes the plan file's words where no flag says otherwise.
func (o *directOptions) fromFile(flags *pflag.FlagSet, d *config.Direct) {
	if d == nil {
		return
	}
	o.on = true
	for _, w := range []struct {
		flag string
		said string
		to   *string
	}{{"folder", d.Folder, &o.folder}, {"host-folder", d.HostFolder, &o.hostFolder}, {"format", d.Format, &o.format}, {"switch", d.Switch, &o.vswitch}, {"limit", d.Limit, &o.limit}} {
		if w.said != "" && !flags.Changed(w.flag) {
			*w.to = w.said
		}
	}
	if !flags.Changed("keep-days") {
		o.keepDays = d.KeepDays
	}
	if len(o.machines) == 0 {
		o.machines = d.AzureVMs
	}
}

// check refuses what a failback without Site Recovery can't be.
func (o *planOptions) checkDirect(given func(flag string) bool) error {
	d := &o.direct
	if !d.on {
		for _, name := range directFlags {
			if given(name) {
				return engine.Usagef("say --direct, or leave it out", "--%s is for a failback without Site Recovery", name)
			}
		}
		return nil
	}
	switch {
	case d.folder == "":
		return engine.Usagef("name a folder of this machine, or a share of the host, with --folder", "--direct needs a place for the disks")
	case o.direction != string(engine.ToOnPremises):
		return engine.Usagef("leave it out", "--direct goes home; the direction is %s", engine.Direction(o.direction).Arrow())
	case !slices.Contains(engine.DiskFormats, strings.ToLower(d.format)):
		return engine.Usagef("write "+strings.Join(engine.DiskFormats, " or "), "--format %q is not known", d.format)
	case d.keepDays < 0 || d.keepDays > engine.MostKeepDays:
		return engine.Usagef("0 keeps nothing", "--keep-days %d is none of 0 to %d", d.keepDays, engine.MostKeepDays)
	case o.sync == string(engine.SyncFull):
		return engine.Usagef("leave --sync out, or say --sync delta", "--direct always copies the disks while the Azure VM runs; --sync full would stop it first and gain nothing")
	case o.commitFailover:
		return engine.Usagef("leave it out", "--commit-failover is Site Recovery's; --direct needs nothing of it")
	case len(d.machines) > 0 && (len(o.items) > 0 || o.recoveryPlan != ""):
		return engine.Usagef("give one of them", "--azure-vm is for a machine that no vault replicates; --item and --recovery-plan name what one does")
	case len(d.machines) > 0 && (o.to == "" || o.to == original):
		return engine.Usagef("name the host with --to", "--azure-vm has no original location that anybody knows of")
	}
	// A name, or the id of a host of the vault.
	if why := engine.WrongHostName(o.to); why != "" && o.to != "" && o.to != original && !strings.HasPrefix(o.to, "/") {
		return engine.Usagef("name the host as the vault or the profile does", "--to: %s", why)
	}
	for _, id := range d.machines {
		if engine.WrongMachineID(id) != "" {
			return engine.Usagef("write /subscriptions/…/resourceGroups/…/providers/Microsoft.Compute/virtualMachines/NAME", "--azure-vm %q is no resource id of an Azure VM", id)
		}
	}
	if _, err := engine.ReadLimit(d.limit); err != nil {
		if given("limit") {
			return engine.Usagef(engine.WriteLimit, "--limit: %v", err)
		}
		return o.written.Bad(err.Error()+"; "+engine.WriteLimit, "direct", "limit")
	}
	if o.sync == "" {
		o.sync = string(engine.SyncDelta)
	}
	return nil
}

var windowsPath = regexp.MustCompile(`^([A-Za-z]:|\\\\)`)

// plan is what the plan keeps of it. A folder beside this process is written whole.
func (o *directOptions) plan() (*engine.Direct, error) {
	if !o.on {
		return nil, nil
	}
	folder := o.folder
	if !windowsPath.MatchString(folder) {
		whole, err := filepath.Abs(folder)
		if err != nil {
			return nil, engine.Usagef("name it whole", "--folder %s: %v", folder, err)
		}
		folder = whole
	}
	return &engine.Direct{
		Folder: folder, HostFolder: o.hostFolder, Format: strings.ToLower(o.format), KeepDays: o.keepDays, Switch: o.vswitch,
		Limit: strings.TrimSpace(o.limit),
	}, nil
}

// take reads the plan's items through its own ports, since Azure may have other disks
// than the vault knows of, and adds the machines that no vault replicates.
func (o *directOptions) take(ctx context.Context, s *session, p *engine.Plan) error {
	ports, err := s.conn.PortsFor(*p)
	if err != nil {
		return err
	}
	for _, id := range o.machines {
		p.Items = append(p.Items, engine.PlanItem{ID: id})
	}
	for i, planned := range p.Items {
		it, err := ports.Inventory.Item(ctx, planned.ID)
		if err != nil {
			return err
		}
		group := planned.Group
		p.Items[i] = planItem(it)
		p.Items[i].Group = group
	}
	return nil
}

// directTarget is a host for a failback without Site Recovery: one that the vault does
// not know, or can't be asked for, counts as it was typed, since only the host itself
// is asked for anything.
func (o *planOptions) directTarget(ctx context.Context, s *session) engine.Target {
	hosts, err := s.conn.Ports.Inventory.Hosts(ctx)
	if err != nil {
		hosts = nil
	}
	return s.conn.HostTarget(o.to, hosts)
}

// directWords are the flags that say again what a plan said.
func directWords(d *engine.Direct) []string {
	if d == nil {
		return nil
	}
	words := []string{"--direct", "--folder", shellWord(d.Folder)}
	if d.HostFolder != "" {
		words = append(words, "--host-folder", shellWord(d.HostFolder))
	}
	if d.DiskFormat() != engine.DiskFormats[0] {
		words = append(words, "--format", d.DiskFormat())
	}
	if d.KeepDays != 0 {
		words = append(words, "--keep-days", strconv.Itoa(d.KeepDays))
	}
	if d.Switch != "" {
		words = append(words, "--switch", shellWord(d.Switch))
	}
	if d.LimitWords() != "" {
		words = append(words, "--limit", shellWord(d.Limit))
	}
	return words
}

// straight is the command that carries a run over to a failback without Site Recovery.
// The folder is left for the operator to say.
func (a *app) straight(s engine.State, p engine.Plan) string {
	s.Plan, s.Legs = p, slices.DeleteFunc(slices.Clone(s.Legs), func(l *engine.Leg) bool { return !l.DirectHelps() })
	s.Plan.Direct = &engine.Direct{Folder: "DIR"}
	return a.startAgain(s)
}

// sayDirect says once, before a run, how it goes and what it gives up.
func (a *app) sayDirect(p engine.Plan) {
	if p.Direct == nil {
		return
	}
	a.say("%s", fmt.Sprintf("the machines come home %s", p.Direct.Words()))
	for _, line := range engine.WhatDirectLoses() {
		a.say("  %s", line)
	}
}

// directLine is the line of a run that goes without Site Recovery; empty for others.
func directLine(d *engine.Direct) string {
	if d == nil {
		return ""
	}
	return "direct    " + d.Words()
}

// directForecast says what a plan without Site Recovery is expected to take, and from
// what that is known.
func directForecast(ctx context.Context, s *session, p engine.Plan) []string {
	f, err := estimate.Plan(ctx, s.conn, p, s.store.Past(), time.Now())
	if err != nil {
		return []string{fmt.Sprintf("No forecast could be made: %v", err)}
	}
	out := []string{
		fmt.Sprintf("Expected: %s over the wire, downtime %s, %s in all, without waits at gates (estimate)", engine.SizeWords(f.Bytes), f.Downtime.Words(), f.Total.Words()),
		"Most of it: " + f.Biggest,
	}
	for _, w := range f.Learnt {
		out = append(out, "Learnt: "+w)
	}
	for _, w := range f.Assumed {
		out = append(out, "Assumed, not measured: "+w)
	}
	return out
}
