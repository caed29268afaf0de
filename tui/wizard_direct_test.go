package tui_test

import (
	"testing"
	"time"

	"failback/engine"
	"failback/engine/runs"
	"failback/tui/tuitest"
)

// straight is the small world with both ways home.
func straight() *tuitest.World {
	w := tuitest.Estate()
	w.Direct = true
	return w
}

// S10: what the vault does not offer can still come home without it. What is lost is
// said before anything is asked for, and again at the review.
func TestS10TheWizardPlansWithoutSiteRecovery(t *testing.T) {
	w := straight()
	w.Items[0].Allowed, w.Items[0].RawState = nil, "Failed over, and the host is lost"
	w.Straight = engine.ForecastMade{
		Bytes: 40 << 30, Total: engine.Spread{P50: 7200, P90: 14400}, Downtime: engine.Spread{P50: 600, P90: 1200},
		Biggest: "90 min: the first copy: 40.0 GiB at 8.0 MiB/s", Assumed: []string{"the machines share the line"},
	}
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("enter").Press("up").Expect("web01: ", "Or without Site Recovery, where that can't be mended: d.", "d without Site Recovery")
		d.Press("d").Expect("What comes home without Site Recovery?", "can come home without it", "d through Site Recovery")
		d.Press("down", "down", "down").Expect("dc01: it does not run in Azure.").Press("enter").Expect("dc01 can't be chosen")
		d.Press("up", "up", "up", "enter").Expect("Where does it go?", "gets new disks in the place of its", "create VMs that do not exist there any more")
		d.Press("down").Expect("its own host, the original").Press("down", "enter").Expect("Where do the disks go?", "Protection is enabled afresh", "Folder:").Golden("wizard-direct-80x24")
		d.Press("enter").Expect("Where do the disks go?").Type("disks").Press("enter").Expect("begins at no root")
		d.Press("ctrl+u").Type("/disks").Press("tab", "tab", "tab", "ctrl+u").Type("few").Press("enter").Expect("is no number of days")
		d.Press("ctrl+u").Type("7").Press("tab", "tab").Type("much").Press("enter").Expect("is no rate").Press("ctrl+u").Type("8MiB/s").Press("enter").Advance(time.Second)
		d.Expect("without Site Recovery: new VHDX disks in /disks", "kept for 7 days", "2 h to 4 h, download 40.0 GiB").Golden("wizard-direct-review-80x24")
		d.Press("pgdown", "pgdown", "pgdown", "pgdown").Expect("the first copy: 40.0 GiB", "Assumed: the machines share the line")
		d.Type("web01").Press("enter").Advance(time.Second)
	})
	got := w.Started()
	if len(got) != 1 || got[0].Direct == nil || *got[0].Direct != (engine.Direct{Folder: "/disks", Format: "vhdx", KeepDays: 7, Limit: "8MiB/s"}) || got[0].Sync != engine.SyncDelta || !got[0].Target.CreateVM {
		t.Errorf("started %+v", got)
	}
}

// S10: where everything that blocks is about Site Recovery, the preflight offers the
// way without it and carries the plan over.
func TestS10ThePreflightOffersTheWayWithoutSiteRecovery(t *testing.T) {
	w := straight()
	w.Findings = append(w.Findings, engine.Finding{Rule: "connected", Title: "The provider is connected", Verdict: engine.VerdictBlock, Observed: "lost", Remedy: "bring it back", OfVault: true})
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("enter", "enter").Advance(time.Second).Press("left", "enter", "enter").Advance(time.Second)
		d.Expect("1 block", "d without Site Recovery").Press("enter").Expect("the machine can come home")
		d.Press("d").Expect("Where do the disks go?").Type("/disks").Press("enter").Advance(time.Second).Expect("Type web01 to start:")
	})
	w.Findings = append(w.Findings, engine.Finding{Rule: "off", Title: "The VM is off", Verdict: engine.VerdictBlock, Observed: "it runs", Remedy: "stop it"})
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("enter", "enter").Advance(time.Second).Press("left", "enter", "enter").Advance(time.Second)
		d.Expect("2 block").Refuse("d without Site Recovery").Press("d").Expect("not about Site Recovery alone")
	})
}

// S10: a run that Site Recovery refused offers the way without it, with its plan.
func TestS10ARefusedRunIsCarriedOver(t *testing.T) {
	w := straight()
	at := time.Date(2026, 3, 14, 22, 15, 0, 0, time.UTC)
	plan := tuitest.Plan(engine.SyncFull, "web01")
	plan.Reason = "site is back"
	events := []engine.Event{{V: engine.SchemaVersion, Seq: 1, Time: at, Run: "20260314-221500-lab01", Body: engine.StreamOpened{Schema: engine.SchemaVersion}}}
	then := func(item string, p engine.Phase, b engine.Body) { events = tuitest.Then(events, item, p, b) }
	then("", "", engine.RunPlanned{Plan: plan})
	then("", "", engine.RunStarted{Driver: "kim"})
	then("web01", engine.PhasePreflight, engine.PhaseStarted{})
	then("web01", engine.PhasePreflight, engine.PhaseFailed{Failure: &engine.Failure{Kind: engine.FailureRefused, What: "start", Why: "Expected 'Blob', Actual 'ManagedDisk'", Direct: true}})
	then("web01", engine.PhasePreflight, engine.LegFinished{Outcome: engine.OutcomeFailed})
	then("", "", engine.RunFinished{Outcome: engine.OutcomeFailed})
	w.Recorded = map[engine.RunID][]engine.Event{"20260314-221500-lab01": events}
	w.Summaries = []runs.Summary{{ID: "20260314-221500-lab01", Item: "web01", Outcome: engine.OutcomeFailed, Rehearsal: true}}
	atHome(t, w, func(d *tuitest.Driver) {
		d.Press("G", "enter").Advance(time.Second).Expect("Expected 'Blob', Actual 'ManagedDisk'", "d without Site Recovery")
		d.Press("d").Advance(time.Second).Expect("Where do the disks go?").Type("/disks").Press("enter").Advance(time.Second)
		d.Expect("Type web01 to start:", "site is back").Type("web01").Press("enter").Advance(time.Second)
	})
	if got := w.Started(); len(got) != 1 || got[0].Direct == nil || got[0].Direct.Folder != "/disks" || got[0].Sync != engine.SyncDelta {
		t.Errorf("started %+v", got)
	}
}
