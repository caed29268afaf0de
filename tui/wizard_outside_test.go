package tui_test

import (
	"errors"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/engine/runs"
	"failback/tui"
	"failback/tui/theme"
	"failback/tui/tuitest"
)

const lnxID = "/subscriptions/s1/resourceGroups/rg-old/providers/Microsoft.Compute/virtualMachines/lnx01"

// beside is the small world with a machine that no vault replicates and a host that the
// vault does not list.
func beside() *tuitest.World {
	w := straight()
	w.Machines = []engine.Item{{
		ID: lnxID, Name: "lnx01", VMID: strings.ToLower(lnxID), Active: engine.LocationAzure, State: engine.ItemFailedOver, Allowed: []string{engine.AllowFailback},
		AzureVM: engine.AzureVMRef{Subscription: "s1", ResourceGroup: "rg-old", Name: "lnx01"}, Disks: []engine.Disk{{Name: "lnx01-os", Bytes: 20 << 30, OS: true, Managed: true}},
	}}
	w.Reaches = []string{"hv02", "hv07"}
	return w
}

// startedOne is the plan of the one run that was started.
func startedOne(t *testing.T, w *tuitest.World) engine.Plan {
	t.Helper()
	got := w.Started()
	if len(got) != 1 || len(got[0].Items) != 1 || got[0].Direct == nil {
		t.Fatalf("started %+v", got)
	}
	return got[0]
}

// The host that a machine came from was replaced by one that the vault does not
// know: it is named in the wizard, and what was typed is kept.
func TestTheWizardTakesAHostThatTheVaultDoesNotList(t *testing.T) {
	w := beside()
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("enter", "d", "up", "up", "up", "enter").Expect("Where does it go?", "hv07", "not in the vault", "another host…")
		d.Press("G", "enter").Expect("Name of the host:").Type("hv 02").Press("enter").Expect(`"hv 02" has a blank or a control character in it`, "Where does it go?")
		d.Press("ctrl+u").Type("https://hv99").Press("enter").Expect("write the name alone, such as hv02").Golden("wizard-host-80x24")
		d.Press("ctrl+u").Type("HV01").Press("enter").Expect("hv01: its own host, the original")
		d.Press("ctrl+u").Paste("hv99\x1b[2J").Press("esc", "enter").Expect("hv99[2J").Press("backspace", "backspace", "backspace", "enter")
		d.Expect("Where do the disks go?").Type("/disks").Press("esc").Expect("another host…", "A host that the vault does not know").Press("enter").Expect("hv99").Press("enter")
		d.Expect("Where do the disks go?", "/disks").Press("enter").Advance(time.Second)
		d.Expect("alternate host hv99").Type("web01").Press("enter").Advance(time.Second)
	})
	if got := startedOne(t, w).Target; got != (engine.Target{Alternate: true, HostName: "hv99", CreateVM: true}) {
		t.Errorf("to %+v", got)
	}
}

// Hosts of the configuration are listed beside those of the vault, once each, and a
// name that the vault has is the vault's.
func TestTheWizardListsTheHostsOfTheConfiguration(t *testing.T) {
	w := beside()
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("enter", "d", "up", "up", "up", "enter").Press("G", "up").Expect("hv07: a VM is created there with Azure's generation")
		if n := strings.Count(d.View(), "hv02"); n != 1 {
			t.Errorf("hv02 is listed %d times:\n%s", n, d.View())
		}
		d.Press("enter").Expect("Where do the disks go?").Press("esc").Expect("hv07: a VM is created there")
		d.Press("G", "enter").Type("HV02").Press("enter").Type("/disks").Press("enter").Advance(time.Second).Type("web01").Press("enter").Advance(time.Second)
	})
	if got := startedOne(t, w).Target; got != (engine.Target{Alternate: true, HostID: "/hosts/hv02", HostName: "hv02", CreateVM: true}) {
		t.Errorf("to %+v", got)
	}
}

// A machine in Azure that is in no vault is named by its resource id. It has no
// original location, and goes in a run of its own.
func TestTheWizardTakesAMachineThatNoVaultReplicates(t *testing.T) {
	w := beside()
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("enter").Press("i").Expect("Which Azure VM?", "Nobody knows of an original location", "Resource id:").Press("enter").Expect("Which Azure VM?")
		d.Type("lnx01").Press("enter").Expect(`"lnx01" is no resource id of an Azure VM`).Golden("wizard-machine-80x24")
		d.Press("esc").Expect("What comes home?").Press("i").Expect("lnx01").Press("ctrl+u").Paste(strings.Replace(lnxID, "lnx01", "gone", 1)).Press("enter").Advance(time.Second)
		d.Expect("there is none").Press("ctrl+u").Paste(lnxID).Press("enter").Advance(time.Second)
		d.Expect("What comes home without Site Recovery?", "named by its resource id", "lnx01: 1 disk, Azure VM lnx01 in rg-old").Golden("wizard-outside-80x24")
		d.Press("d").Expect("What comes home?").Refuse("lnx01").Press("d").Expect("lnx01")
		d.Press("a", "enter").Expect("goes in a run of its own").Press("a").Press("G", "enter")
		d.Expect("Where does it go?", "nobody knows where it was").Press("g").Press("enter").Expect("can't be the target").Expect("no original location")
		d.Press("down", "enter").Type("/disks").Press("enter").Advance(time.Second)
		d.Expect("Azure VM lnx01 in rg-old, named by its", "Type lnx01 to start:").Type("lnx01").Press("enter").Advance(time.Second)
	})
	p := startedOne(t, w)
	if got := p.Items[0]; got.ID != lnxID || got.VMID != w.Machines[0].VMID || got.Bytes != 20<<30 || !p.Target.Alternate {
		t.Errorf("started %+v, to %+v", got, p.Target)
	}
}

// What is named and what the vault has is the vault's item: more is known of that one.
func TestTheWizardKnowsTheMachineThatTheVaultHas(t *testing.T) {
	planning(t, beside(), func(d *tuitest.Driver) {
		d.Press("enter", "i").Paste(strings.NewReplacer("rg-old", "RG-prod", "lnx01", "DB01").Replace(lnxID)).Press("enter")
		d.Expect("The vault has this machine, as db01.", "What comes home without Site Recovery?", "db01: 1 disk").Refuse("lnx01")
	})
	w := tuitest.Estate()
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("enter").Refuse("an Azure VM by its id").Press("i").Expect("No machine can be named: this connection")
	})
	planning(t, beside(), func(d *tuitest.Driver) {
		d.Press("down", "enter").Expect("What goes to Azure?").Press("i").Expect("without Site Recovery machines only come home")
	})
}

// The vault is lost, or empty: a machine can be named all the same.
func TestTheWizardGoesOnWithoutTheVault(t *testing.T) {
	w := beside()
	w.Lost = errors.New("the vault is gone")
	tuitest.Run(t, func() tea.Model {
		return tui.New(w.Deps(), tui.Options{Start: tui.StartRehearsal, Theme: theme.None, NoMotion: true})
	}, w.Close, func(d *tuitest.Driver) {
		d.Advance(time.Second).Expect("The plan can't be made.", "the vault is gone", "i without the vault: an Azure VM by its id").Press("i")
		d.Expect("Which Azure VM?").Press("esc").Expect("The vault could not be read.", "the vault is gone", "comes home without it: i.").Golden("wizard-lost-80x24")
		d.Press("i").Paste(lnxID).Press("enter").Advance(time.Second).Press("enter").Expect("nobody knows where it was", "hv07", "hv02")
		d.Press("enter").Type("/disks").Press("enter").Advance(time.Second).Type("lnx01").Press("enter").Advance(time.Second)
	})
	if got := startedOne(t, w).Target; got.HostName != "hv02" || got.HostID != "" {
		t.Errorf("to %+v", got)
	}
	w = beside()
	w.Items, w.Hosts, w.Plans = nil, nil, nil
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("enter").Expect("The vault has no item.", "comes home without it: i.").Press("i").Paste(lnxID).Press("enter").Advance(time.Second).Expect("named by its resource id")
	})
}

// What no vault replicates is read again for the same plan once more, whether the vault
// answers or not.
func TestTheWizardPlansAgainWhatNoVaultReplicates(t *testing.T) {
	for name, lost := range map[string]error{"the vault answers": nil, "the vault is gone": errors.New("gone")} {
		t.Run(name, func(t *testing.T) {
			w := beside()
			w.Lost = lost
			id := engine.RunID("20260314-221500-lab01")
			plan := tuitest.Plan(engine.SyncDelta, "web01")
			plan.Items = []engine.PlanItem{{ID: lnxID, Name: "lnx01", VMID: w.Machines[0].VMID, Bytes: 20 << 30, Disks: 1}}
			plan.Direct, plan.Target = &engine.Direct{Folder: "/disks"}, engine.Target{Alternate: true, HostName: "hv99", CreateVM: true}
			at := time.Date(2026, 3, 14, 22, 15, 0, 0, time.UTC)
			events := []engine.Event{{V: engine.SchemaVersion, Seq: 1, Time: at, Run: id, Body: engine.StreamOpened{Schema: engine.SchemaVersion}}}
			for _, body := range []engine.Body{engine.RunPlanned{Plan: plan}, engine.RunStarted{Driver: "kim"}} {
				events = tuitest.Then(events, "", "", body)
			}
			events = tuitest.Then(events, "lnx01", engine.PhasePreflight, engine.PhaseStarted{})
			events = tuitest.Then(events, "lnx01", engine.PhasePreflight, engine.CancelRequested{By: "kim", Reason: "later"})
			events = tuitest.Then(events, "lnx01", engine.PhasePreflight, engine.LegFinished{Outcome: engine.OutcomeCancelled})
			events = tuitest.Then(events, "", "", engine.RunFinished{Outcome: engine.OutcomeCancelled})
			w.Recorded = map[engine.RunID][]engine.Event{id: events}
			w.Summaries = []runs.Summary{{ID: id, Item: "lnx01", Outcome: engine.OutcomeCancelled, Rehearsal: true}}
			atHome(t, w, func(d *tuitest.Driver) {
				d.Press("G", "enter").Advance(time.Second).Press("R").Advance(time.Second).Expect("Where do the disks go?", "/disks")
				d.Press("esc").Expect("another host…", "nobody knows where it was").Press("enter").Expect("hv99").Press("enter", "enter").Advance(time.Second)
				d.Expect("Azure VM lnx01 in rg-old, named by its", "Type lnx01 to start:")
			})
		})
	}
}
