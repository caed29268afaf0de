package connect_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"failback/engine"
	"failback/engine/rules"
	"failback/providers/lab/world"
)

// ruled is an estate in which every rule is content: a Hyper-V site of two hosts and a
// VMM server, with an item on each and one at home. The variants replace parts of it.
const ruled = `name: ruled
fabrics: [{name: site, kind: hyperv-site}, {name: vmm01, kind: vmm}]
hosts:
  - {name: hv01, fabric: site, agent: {threads: {download: 16}}, switches: [{name: LAN, type: External}]}
  - {name: hv02, fabric: site, agent: {threads: {download: 16}}, switches: [{name: LAN, type: External}]}
  - {name: vmm01, fabric: vmm01, agent: {threads: {download: 16}}, switches: [{name: LAN, type: External}]}
items:
  - {name: web01, host: hv01, in_azure: 3d, disks: [{size: 16MiB}]}
  - {name: crm01, host: vmm01, in_azure: 3d, disks: [{size: 16MiB}]}
  - {name: dc01, host: hv01, state: protected, disks: [{size: 16MiB}]}
`

// trip is a variant of the estate, or of the plan, that trips a rule.
type trip struct {
	rule     string
	item     string   // web01 where empty
	swap     []string // pairs: what is replaced in the estate, and by what
	plan     func(*bed, *engine.Plan)
	verdict  engine.Verdict
	observed string
}

// planned is a plan for one item as an operator would make it.
func planned(b *bed, item string) engine.Plan {
	it := b.item(item)
	p := engine.Plan{
		Version: engine.PlanVersion, Owner: "anna", Direction: engine.ToOnPremises, Sync: engine.SyncDelta,
		Items: []engine.PlanItem{{ID: it.ID, Name: it.Name, VMID: it.VMID, Host: it.HostName, Bytes: it.Bytes(), Disks: len(it.Disks)}},
	}
	if it.Active == engine.LocationOnPremises && item == "dc01" {
		p.Direction = engine.ToAzure
	}
	return p
}

func toHV02(b *bed, p *engine.Plan) {
	h := b.host("hv02")
	p.Target = engine.Target{Alternate: true, HostID: h.ID, HostName: h.Name, CreateVM: true}
}

func findings(b *bed, p engine.Plan) map[string]engine.Finding {
	found := map[string]engine.Finding{}
	if err := rules.Check(b.t.Context(), b.conn.Ports, p, p.Items[0], func(f engine.Finding) { found[f.Rule] = f }); err != nil {
		b.t.Fatal(err)
	}
	return found
}

// run plays the variant in the lab, over the real providers.
func (c trip) run(t *testing.T) {
	t.Helper()
	if c.item == "" {
		c.item = "web01"
	}
	t.Run(c.rule+" "+c.observed, func(t *testing.T) {
		estate := ruled
		for i := 0; i+1 < len(c.swap); i += 2 {
			if !strings.Contains(estate, c.swap[i]) {
				t.Fatalf("the estate has no %q", c.swap[i])
			}
			estate = strings.Replace(estate, c.swap[i], c.swap[i+1], 1)
		}
		inBubble(t, estate, func(t *testing.T, b *bed) {
			p := planned(b, c.item)
			if c.plan != nil {
				c.plan(b, &p)
			}
			f, asked := findings(b, p)[c.rule]
			if !asked || f.Verdict != c.verdict || !strings.Contains(f.Observed+"\n"+f.Remedy, c.observed) {
				t.Errorf("%+v, want %s with %q", f, c.verdict, c.observed)
			}
			if f.Source == "" || f.Override == "" || f.Verdict != engine.VerdictOK && f.Remedy == "" {
				t.Errorf("it does not say where it comes from, what overrides it or what to do: %+v", f)
			}
		})
	})
}

func runTrips(t *testing.T, trips []trip) {
	t.Helper()
	for _, c := range trips {
		c.run(t)
	}
}

// TestARuledEstateTripsNoRule is the other half of every test of this file: the same
// estate without the change.
func TestARuledEstateTripsNoRule(t *testing.T) {
	seen := map[string]bool{}
	inBubble(t, ruled, func(t *testing.T, b *bed) {
		for _, c := range []trip{{item: "web01"}, {item: "crm01"}, {item: "dc01"}, {item: "web01", plan: toHV02}} {
			p := planned(b, c.item)
			if c.plan != nil {
				c.plan(b, &p)
			}
			for id, f := range findings(b, p) {
				seen[id] = true
				if f.Verdict != engine.VerdictOK {
					t.Errorf("%s to %s: %+v", c.item, p.Target.Label(), f)
				}
			}
		}
	})
	through := slices.DeleteFunc(rules.Rules(), ofDirect)
	for _, r := range through {
		if !seen[r.ID] {
			t.Errorf("no item of the estate is asked for rule %s", r.ID)
		}
	}
	for _, r := range through {
		worst := engine.VerdictOK
		for _, c := range everyTrip() {
			if c.rule == r.ID && urgency(c.verdict) > urgency(worst) {
				worst = c.verdict
			}
		}
		if worst == engine.VerdictOK {
			t.Errorf("no estate trips rule %s", r.ID)
		}
		if urgency(worst) != urgency(r.Severity) {
			t.Errorf("rule %s may say %s, and its estates trip it to %s", r.ID, r.Severity, worst)
		}
	}
}

// urgency orders verdicts; what is not known is less than what is wrong.
func urgency(v engine.Verdict) int {
	return slices.Index([]engine.Verdict{engine.VerdictOK, engine.VerdictUnknown, engine.VerdictWarn, engine.VerdictBlock}, v)
}

func everyTrip() []trip {
	return slices.Concat(tripsOfItems, tripsS11, tripsS12, tripsS13, tripsS14, tripsS15, tripsS17, tripsS18, tripsS50, tripsS51,
		tripsS52, tripsS53, tripsS55, tripsS59, tripsSPlus1, tripsSPlus2, tripsSPlus3, tripsSPlus4, tripsSPlus5, tripsSPlus6, tripsSPlus8, tripsSPlus9)
}

const (
	hv01  = "{name: hv01, fabric: site,"
	hv02  = "{name: hv02, fabric: site,"
	vmm01 = "{name: vmm01, fabric: vmm01,"
	web01 = "{name: web01, host: hv01, in_azure: 3d, disks: [{size: 16MiB}]}"
	crm01 = "{name: crm01, host: vmm01, in_azure: 3d,"
	dc01  = "{name: dc01, host: hv01, state: protected,"
)

// with adds keys to a row of the estate.
func with(row, keys string) []string { return []string{row, row + " " + keys} }

func web(keys, disks string) []string {
	return []string{web01, "{name: web01, host: hv01, in_azure: 3d, " + keys + "disks: [" + disks + "]}"}
}

// home is web01 with something odd about its VM.
func home(odd string) []string { return web("home: {"+odd+"}, ", "{size: 16MiB}") }

// file is web01 with something odd about its disk's file.
func file(odd string) []string { return web("", "{size: 16MiB, home: {"+odd+"}}") }

var tripsOfItems = []trip{
	{rule: "item", plan: func(_ *bed, p *engine.Plan) { p.Items[0].ID += "x" }, verdict: engine.VerdictBlock},
	{rule: "scope", swap: web("state: foreign, ", "{size: 16MiB}"), verdict: engine.VerdictBlock, observed: "out of scope"},
	{rule: "direction", item: "dc01", plan: func(_ *bed, p *engine.Plan) { p.Direction = engine.ToOnPremises }, verdict: engine.VerdictBlock, observed: "already on-premises"},
	{rule: "as-planned", plan: func(_ *bed, p *engine.Plan) { p.Items[0].VMID = "another" }, verdict: engine.VerdictBlock, observed: "another VM: the plan names another"},
	{rule: "azure-vm", plan: func(b *bed, _ *engine.Plan) {
		// Somebody deletes it in the portal; the lab itself never does.
		b.lab.World().Read(func(s *world.State) { s.AzureVMs = nil })
	}, verdict: engine.VerdictBlock, observed: "does not exist"},
	{rule: "as-planned", plan: func(_ *bed, p *engine.Plan) { p.Items[0].Host = "hv09" }, verdict: engine.VerdictWarn, observed: "hv09"},
	{rule: "encryption", item: "crm01", swap: with(crm01, "encryption: true,"), verdict: engine.VerdictBlock, observed: "2022-04-30"},
	{rule: "recovery-point", item: "dc01", plan: func(_ *bed, p *engine.Plan) { p.Items[0].RecoveryPoint = "gone" }, verdict: engine.VerdictBlock, observed: "not among"},
	{rule: "azure-vm", plan: func(b *bed, _ *engine.Plan) {
		if err := b.conn.Ports.Azure.Deallocate(b.t.Context(), b.item("web01").AzureVM); err != nil {
			b.t.Fatal(err)
		}
		time.Sleep(time.Hour) // the bubble's
	}, verdict: engine.VerdictWarn, observed: "deallocated"},
	{rule: "managed-disks", swap: web("managed: true, ", "{size: 16MiB}"), verdict: engine.VerdictWarn, observed: "the support matrix of 2026-09-11 says they can; Site Recovery offers the failback"},
}

func TestItemsThatTripRules(t *testing.T) { runTrips(t, tripsOfItems) }

var tripsS11 = []trip{
	{rule: "host", swap: []string{"items:", "faults: [{when: always, what: host-unreachable, host: hv01}]\nitems:"}, verdict: engine.VerdictBlock},
	{rule: "vmms", swap: with(hv01, "services: {vmms: Stopped},"), verdict: engine.VerdictBlock, observed: "Start-Service vmms"},
	{rule: "dotnet", swap: with(hv01, "dotnet: 394271,"), verdict: engine.VerdictWarn, observed: "4.6.2"},
	{rule: "dotnet", swap: with(hv01, "unread: {dotnet: AccessDenied},"), verdict: engine.VerdictUnknown, observed: "AccessDenied"},
	{rule: "agent-version", swap: []string{"agent: {threads", "agent: {version: 2.0.9000.0, threads", "disks: [{size: 16MiB}]}", "disks: [{size: 5TiB}]}"}, verdict: engine.VerdictBlock, observed: "2.0.9214.0"},
	{rule: "proxy", swap: []string{"agent: {threads", "agent: {proxy: 'https://proxy:443', threads"}, verdict: engine.VerdictWarn, observed: "HTTPS proxy"},
	{rule: "azure-reach", swap: with(hv01, "unreachable: [login.microsoftonline.com],"), verdict: engine.VerdictWarn, observed: "login.microsoftonline.com:443 (TimedOut)"},
	{rule: "azure-reach", swap: []string{"agent: {threads", "unreachable: ['*'], agent: {proxy: 'http://proxy:3128', threads"}, verdict: engine.VerdictUnknown, observed: "whether the proxy http://proxy:3128 lets it through was not tried"},
	{rule: "tls", swap: with(hv01, "tls12: DisabledByDefault,"), verdict: engine.VerdictWarn, observed: "DisabledByDefault"},
	{rule: "azure-backup", swap: []string{"agent: {threads", "agent: {backup: true, threads"}, verdict: engine.VerdictWarn, observed: "backup policy"},
	{rule: "storage-spaces", swap: with(hv01, "storage_pools: 2,"), verdict: engine.VerdictWarn, observed: "2 storage pools"},
	{rule: "memory", swap: with(hv01, "memory_free: 1GiB,"), verdict: engine.VerdictBlock, observed: "1.0 GiB"},
	{rule: "space", swap: with(hv01, `volumes: [{path: 'D:\', size: 1TiB, free: 1GiB}],`), verdict: engine.VerdictWarn, observed: "make room"},
}

func TestS11TheHostInTheLab(t *testing.T) { runTrips(t, tripsS11) }

var tripsS12 = []trip{
	{rule: "vmm", item: "crm01", swap: with(vmm01, "heartbeat_age: 2h,"), verdict: engine.VerdictBlock, observed: "vmm01"},
	{rule: "services", item: "crm01", swap: with(vmm01, "services: {SCVMMService: Stopped},"), verdict: engine.VerdictBlock, observed: "SCVMMService"},
}

func TestS12TheVMMServerInTheLab(t *testing.T) {
	runTrips(t, tripsS12)
	inBubble(t, strings.Replace(ruled, vmm01, vmm01+" heartbeat_age: 2h,", 1), func(t *testing.T, b *bed) {
		if f, asked := findings(b, planned(b, "web01"))["vmm"]; asked {
			t.Errorf("an item of a Hyper-V site is asked for VMM: %+v", f)
		}
	})
}

var tripsS13 = []trip{
	{rule: "connected", swap: with(hv01, "heartbeat_age: 6m,"), verdict: engine.VerdictWarn, observed: "6 min"},
	{rule: "connected", swap: with(hv01, "heartbeat_age: 60m,"), verdict: engine.VerdictBlock, observed: "hv01"},
	{rule: "host-health", swap: with(hv01, "health: The provider is out of date.,"), verdict: engine.VerdictWarn, observed: "out of date"},
	{rule: "provider-version", swap: with(hv01, "provider_status: UpdateRequired,"), verdict: engine.VerdictWarn, observed: "UpdateRequired"},
	{rule: "provider-certificate", swap: with(hv01, `certificate_expires: "1999-12-31",`), verdict: engine.VerdictWarn, observed: "1999-12-31"},
	{rule: "provider-installed", swap: with(hv01, "provider_installed: 5.26.0.0,"), verdict: engine.VerdictWarn, observed: "installed 5.26.0.0, the vault knows"},
	{rule: "provider-installed", swap: with(hv01, "unread: {versions: AccessDenied},"), verdict: engine.VerdictUnknown, observed: "AccessDenied"},
}

func TestS13ContactInTheLab(t *testing.T) { runTrips(t, tripsS13) }

var tripsS14 = []trip{
	{rule: "committed", swap: web("state: failover-pending, ", "{size: 16MiB}"), verdict: engine.VerdictBlock, observed: "commit"},
	{rule: "offered", plan: func(_ *bed, p *engine.Plan) { p.Direction = engine.ToAzure }, verdict: engine.VerdictBlock},
	{rule: "idle", plan: func(b *bed, p *engine.Plan) {
		if _, err := b.conn.Ports.Failover.Start(b.t.Context(), engine.StartRequest{
			Item: b.item("web01"), Direction: engine.ToOnPremises, Sync: engine.SyncDelta, RequestID: "5f0c0c54-0000-4000-8000-000000000001",
		}); err != nil {
			b.t.Fatal(err)
		}
	}, verdict: engine.VerdictBlock, observed: "is running"},
}

func TestS14CommittedInTheLab(t *testing.T) { runTrips(t, tripsS14) }

var tripsS15 = []trip{{rule: "no-extra", swap: with(hv01, "services: {cxprocessserver: Running},"), verdict: engine.VerdictWarn, observed: "VMware"}}

func TestS15NothingExtraInTheLab(t *testing.T) { runTrips(t, tripsS15) }

var tripsS17 = []trip{
	{rule: "threads", swap: []string{"download: 16", "download: 40"}, verdict: engine.VerdictWarn, observed: "40"},
	{rule: "threads", swap: []string{"download: 16", "parent: 16"}, verdict: engine.VerdictWarn, observed: "one key too high"},
	{rule: "threads", swap: []string{"download: 16", "download: 4"}, verdict: engine.VerdictOK, observed: "16 would download faster"},
}

func TestS17ThreadsInTheLab(t *testing.T) { runTrips(t, tripsS17) }

// 500 GiB at 10 Mbit/s take 119 hours.
var tripsS18 = []trip{{
	rule: "throttle", observed: "119 hours", verdict: engine.VerdictBlock,
	swap: []string{
		"agent: {threads", "agent: {throttle: {work: 1250000, non_work: 1250000, from: 8h, to: 18h, days: [Monday]}, threads",
		"disks: [{size: 16MiB}]}", "disks: [{size: 500GiB}]}",
	},
	plan: func(_ *bed, p *engine.Plan) {
		p.Sync, p.Window = engine.SyncFull, engine.Window{End: time.Now().Add(8 * time.Hour)}
	},
}}

func TestS18ThrottleInTheLab(t *testing.T) { runTrips(t, tripsS18) }

var tripsS50 = []trip{{rule: "windows", swap: with(hv01, `build: "7601",`), verdict: engine.VerdictBlock, observed: "older"}}

func TestS50BuildsInTheLab(t *testing.T) { runTrips(t, tripsS50) }

var tripsS51 = []trip{{rule: "role", swap: with(hv01, "role: Absent,"), verdict: engine.VerdictBlock, observed: "Install-WindowsFeature -Name Hyper-V -IncludeManagementTools -Restart"}}

func TestS51RoleInTheLab(t *testing.T) { runTrips(t, tripsS51) }

var tripsS52 = []trip{
	{rule: "switch", swap: []string{
		hv02 + " agent: {threads: {download: 16}}, switches: [{name: LAN,", hv02 + " agent: {threads: {download: 16}}, switches: [{name: 'LAN ',",
	}, plan: toHV02, verdict: engine.VerdictBlock, observed: `"LAN" ("LAN " is not the same name)`},
	{rule: "switch-type", swap: []string{"type: External", "type: Private"}, verdict: engine.VerdictWarn, observed: `"LAN" is private`},
	{rule: "switch-type", swap: home("loose_adapters: 1"), verdict: engine.VerdictWarn, observed: "without a switch"},
}

func TestS52SwitchesInTheLab(t *testing.T) { runTrips(t, tripsS52) }

// S53: the path is the same wherever the item is found; the group shows in the scope.
var tripsS53 = []trip{
	{rule: "scope", verdict: engine.VerdictOK, observed: "protected in the Hyper-V site site"},
	{rule: "scope", item: "crm01", verdict: engine.VerdictOK, observed: "through VMM in vmm01"},
}

func TestS53TheGroupIsShown(t *testing.T) { runTrips(t, tripsS53) }

var tripsS55 = []trip{
	{rule: "alternate-host", plan: func(b *bed, p *engine.Plan) {
		h := b.host("vmm01")
		p.Target = engine.Target{Alternate: true, HostID: h.ID, HostName: h.Name, CreateVM: true}
	}, verdict: engine.VerdictBlock, observed: "vmm01"},
	{rule: "alternate-memory", swap: with(hv02, "memory_free: 1GiB,"), plan: toHV02, verdict: engine.VerdictBlock, observed: "1.0 GiB"},
	{rule: "space", swap: with(hv02, `volumes: [{path: 'D:\', size: 1TiB, free: 1GiB}],`), plan: toHV02, verdict: engine.VerdictBlock, observed: "1.0 GiB free"},
}

func TestS55AlternateHostInTheLab(t *testing.T) { runTrips(t, tripsS55) }

var tripsS59 = []trip{
	{rule: "vm-name", swap: []string{dc01, "{name: dc02, host: hv02, home: {name: web01}, state: protected, disks: [{size: 16MiB}]}\n  - " + dc01}, plan: toHV02, verdict: engine.VerdictBlock, observed: "another VM named"},
	{rule: "vm-name", plan: func(b *bed, p *engine.Plan) { toHV02(b, p); p.Target.CreateVM = false }, verdict: engine.VerdictBlock, observed: "does not create it"},
}

func TestS59WhatIsCreatedInTheLab(t *testing.T) { runTrips(t, tripsS59) }

var tripsSPlus1 = []trip{
	{rule: "original-vm", swap: web("state: home-deleted, ", "{size: 16MiB}"), verdict: engine.VerdictBlock, observed: "no VM with the id"},
	{rule: "original-vm", swap: []string{
		web01, "{name: web01, host: hv01, in_azure: 3d, state: home-deleted, disks: [{size: 16MiB}]}", hv01, hv01 + " services: {ClusSvc: Running},",
	}, verdict: engine.VerdictBlock, observed: "which node owns the VM"},
	{rule: "off", swap: home("state: Running"), verdict: engine.VerdictBlock, observed: "shut it down"},
	{rule: "original-copy", swap: home("state: Running"), plan: toHV02, verdict: engine.VerdictBlock, observed: "twice"},
	{rule: "checkpoints", swap: web("checkpoints: 2, ", "{size: 16MiB}"), verdict: engine.VerdictBlock, observed: "2 checkpoints"},
	{rule: "differencing", swap: file(`type: Differencing, parent: 'D:\base.vhdx'`), verdict: engine.VerdictBlock, observed: "base.vhdx"},
	{rule: "auto-start", swap: home("auto_start: Start"), verdict: engine.VerdictWarn, observed: "always start"},
	{rule: "damage", swap: web("state: damaged, ", "{size: 16MiB}"), verdict: engine.VerdictWarn, observed: "this run repairs it"},
}

func TestSPlus1TheVMInTheLab(t *testing.T) { runTrips(t, tripsSPlus1) }

var tripsSPlus2 = []trip{
	{rule: "generation", swap: file("format: VHD"), verdict: engine.VerdictBlock, observed: "VHDX"},
	{rule: "vm-security", swap: home("secure_boot: true"), verdict: engine.VerdictWarn, observed: "secure boot"},
	{rule: "vm-security", swap: home("tpm: true"), verdict: engine.VerdictWarn, observed: "BitLocker"},
	{rule: "vm-security", swap: home("shielded: true"), verdict: engine.VerdictWarn, observed: "shielded"},
}

func TestSPlus2FirmwareInTheLab(t *testing.T) { runTrips(t, tripsSPlus2) }

var tripsSPlus3 = []trip{
	{rule: "edition", swap: with(hv01, `build: "17763", core: true,`), verdict: engine.VerdictWarn, observed: "2026-09-11 lists Server Core as supported"},
	{rule: "edition", swap: with(hv02, `build: "14393",`), plan: toHV02, verdict: engine.VerdictWarn, observed: "2018"},
	{rule: "edition", item: "crm01", swap: with(vmm01, `build: "20348", core: true,`), verdict: engine.VerdictWarn, observed: "under VMM"},
}

func TestSPlus3EditionsInTheLab(t *testing.T) { runTrips(t, tripsSPlus3) }

var tripsSPlus4 = []trip{
	{rule: "disk-count", swap: file("size: 32MiB"), verdict: engine.VerdictWarn, observed: "resized"},
	{rule: "as-planned", swap: web("", "{size: 16MiB}, {size: 16MiB}"), plan: func(_ *bed, p *engine.Plan) { p.Items[0].Disks = 1 }, verdict: engine.VerdictWarn, observed: "added"},
	{rule: "disk-files", swap: file("problem: ObjectNotFound"), verdict: engine.VerdictWarn, observed: "ObjectNotFound"},
}

func TestSPlus4ChangedDisksInTheLab(t *testing.T) { runTrips(t, tripsSPlus4) }

var tripsSPlus5 = []trip{
	{rule: "disk-limits", swap: web("", "{size: 16MiB}, {size: 5TiB}"), verdict: engine.VerdictWarn, observed: "2020-01-27"},
	{rule: "shared-disks", swap: file("shared: true"), verdict: engine.VerdictBlock, observed: "shared"},
	{rule: "pass-through", swap: file("pass_through: true"), verdict: engine.VerdictWarn},
	{rule: "sectors", swap: file("sector: 4096"), verdict: engine.VerdictWarn, observed: "4096"},
}

func TestSPlus5LimitsInTheLab(t *testing.T) { runTrips(t, tripsSPlus5) }

var tripsSPlus6 = []trip{
	{rule: "services", swap: with(hv01, "services: {obengine: Stopped},"), verdict: engine.VerdictBlock, observed: "Start-Service obengine"},
	{rule: "services", swap: with(hv01, "services: {dra: absent},"), verdict: engine.VerdictBlock, observed: "not installed"},
	{rule: "services", swap: with(hv01, "services: {Winmgmt: Stopped},"), verdict: engine.VerdictBlock, observed: "Winmgmt"},
}

func TestSPlus6ServicesInTheLab(t *testing.T) { runTrips(t, tripsSPlus6) }

var tripsSPlus8 = []trip{
	{rule: "replication", item: "dc01", swap: with(dc01, "ailing: The upload timed out.,"), verdict: engine.VerdictWarn, observed: "after 1, 2, 4, 8 and 10 minutes, then every 30"},
	{rule: "test-failover", swap: web("test_failover: WaitingForCompletion, ", "{size: 16MiB}"), verdict: engine.VerdictWarn, observed: "clean the test failover up"},
	{rule: "azure-name", item: "dc 01", swap: []string{"name: dc01", "name: dc 01"}, plan: func(_ *bed, p *engine.Plan) { p.Direction = engine.ToAzure }, verdict: engine.VerdictWarn, observed: "hyphens"},
}

func TestSPlus8RetriesInTheLab(t *testing.T) { runTrips(t, tripsSPlus8) }

var tripsSPlus9 = []trip{{rule: "clock", swap: with(hv01, "clock_off: 1h,"), verdict: engine.VerdictWarn, observed: "1 h"}}

func TestSPlus9ClockInTheLab(t *testing.T) { runTrips(t, tripsSPlus9) }
