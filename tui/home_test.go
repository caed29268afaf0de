package tui_test

import (
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

func atHome(t *testing.T, w *tuitest.World, f func(*tuitest.Driver)) {
	t.Helper()
	tuitest.Run(t, func() tea.Model {
		return tui.New(w.Deps(), tui.Options{Theme: theme.None, NoMotion: true})
	}, w.Close, func(d *tuitest.Driver) { f(d.Advance(time.Second)) })
}

func TestHomeListsUnfinishedRunsAndReports(t *testing.T) {
	w := tuitest.Estate()
	w.Summaries = []runs.Summary{
		{ID: "20260314-221500-lab01", Item: "web01", Gate: engine.GateCommit, Resumable: true, Rehearsal: true},
		{ID: "20260314-221500-lab02", Item: "db01", Phase: engine.PhaseInitialSync, Live: true, Resumable: true, Driver: "lee@jump02"},
		{ID: "20260313-221500-lab03", Item: "crm01", Outcome: engine.OutcomeCancelled, Damaged: true},
		{ID: "20260312-221500-lab04", Item: "old01", Broken: "line 7: the chain is broken"},
	}
	atHome(t, w, func(d *tuitest.Driver) {
		d.Expect("Unfinished runs", "waits: Accept and delete the Azure copy", "Reports", "cancelled, DAMAGED", "1 run left a DAMAGED machine")
		d.Golden("home-80x24")
		d.Press("down").Expect("driven by lee@jump02 now").Press("enter").Expect("Not now: driven by lee@jump02")
		d.Press("G").Expect("the chain is broken")
	})
}

func TestReadingAReport(t *testing.T) {
	w := tuitest.Estate()
	atHome(t, w, func(d *tuitest.Driver) {
		h, err := w.Deps().Start(t.Context(), nil, tuitest.Plan(engine.SyncDelta, "web01"), nil)
		if err != nil {
			t.Fatal(err)
		}
		if err := h.Cancel("web01", "kim", "drill"); err != nil {
			t.Fatal(err)
		}
		w.Summaries = []runs.Summary{{ID: h.ID(), Item: "web01", Outcome: engine.OutcomeCancelled, Damaged: true}}
		d.Press("down", "enter").Advance(time.Second).Press("esc").Advance(time.Second).Expect("Reports", "web01")
		d.Press("G", "enter").Advance(time.Second).Expect("DAMAGED", "repair: run again")
		d.Press("l").Advance(time.Second).Expect("Initial sync").Press("enter").Expect("repair: run again")
		d.Press("r").Advance(time.Second).Expect("Report: /var/lib/failback")
	})
}

func TestAnUnreachableVaultSaysSo(t *testing.T) {
	w := tuitest.Estate()
	tuitest.Run(t, func() tea.Model {
		return tui.New(w.Deps(), tui.Options{Start: tui.StartProfile("broken"), Theme: theme.None, NoMotion: true})
	}, w.Close, func(d *tuitest.Driver) {
		d.Advance(time.Second).Expect("No connection to the vault of broken", "no route to the vault", "Not connected. Nothing was changed.")
		d.Press("r").Advance(time.Second).Expect("no route").Press("esc").Advance(time.Second).Expect("Rehearse")
	})
}

// A run that left a machine damaged says so while it is, and only tells of it when
// a later run has repaired the machine.
func TestRepairedDamageIsHistory(t *testing.T) {
	for _, still := range []bool{true, false} {
		w := tuitest.Estate()
		atHome(t, w, func(d *tuitest.Driver) {
			h, err := w.Deps().Start(t.Context(), nil, tuitest.Plan(engine.SyncDelta, "web01"), nil)
			if err != nil {
				t.Fatal(err)
			}
			if err := h.Cancel("web01", "kim", "drill"); err != nil {
				t.Fatal(err)
			}
			w.Summaries = []runs.Summary{{ID: h.ID(), Item: "web01", Outcome: engine.OutcomeCancelled, Damaged: still}}
			d.Press("down", "enter").Advance(time.Second).Press("esc").Advance(time.Second).Press("G")
			if still {
				d.Expect("DAMAGED machine").Press("enter").Advance(time.Second).Expect("web01 is DAMAGED on-premises", "repair: run again")
				return
			}
			d.Refuse("DAMAGED").Press("enter").Advance(time.Second)
			// Back from the live screen it is the same story.
			for range 2 {
				d.Expect("A later run has repaired it").Refuse("DAMAGED on-premises", "repair: run again").
					Press("l").Advance(time.Second).Press("esc").Advance(time.Second)
			}
		})
	}
}

func TestWaitingOfARunThatWasLeftIsSaid(t *testing.T) {
	w := tuitest.Estate()
	w.Summaries = []runs.Summary{{ID: "20260314-221500-lab01", Item: "web01", Gate: engine.GateCommit, Outcome: engine.OutcomeDetached, Resumable: true}}
	atHome(t, w, func(d *tuitest.Driver) {
		d.Expect("1 run waits for a decision", "Goes on with run 20260314-221500-lab01")
	})
}

func TestRunOfAnotherProcessIsSaid(t *testing.T) {
	w := tuitest.Estate()
	w.Summaries = []runs.Summary{{ID: "20260314-221500-lab01", Item: "web01", Phase: engine.PhaseFinalSync, Live: true, Resumable: true, Driver: "lee@jump02"}}
	atHome(t, w, func(d *tuitest.Driver) {
		d.Expect("1 run goes on in another process").Press("up", "up", "enter").Expect("watch it with: failback attach")
	})
}

// A profile that names no vault: the screen asks which, and connects to that one.
func TestAProfileWithoutAVaultAsksForIt(t *testing.T) {
	w := tuitest.Estate()
	w.Profiles = []tui.Profile{{Name: "open"}}
	w.Vaults = []engine.Vault{
		{ID: "rsv-east", Name: "rsv-east", ResourceGroup: "rg-east", SubscriptionName: "Production", Location: "eastus"},
		{ID: "rsv-west", Name: "rsv-west", ResourceGroup: "rg-west", SubscriptionName: "Production", Location: "westus"},
	}
	atHome(t, w, func(d *tuitest.Driver) {
		d.Expect("asks for the vault").Press("down", "enter").Advance(time.Second)
		d.Expect("Which vault?", "rsv-east", "rg-west", "Production", "names no vault; its sign-in sees 2")
		d.Press("/", "w", "e", "s", "t", "enter", "enter").Advance(time.Second)
		d.Expect("open", "rsv-west", "Which way do the machines go?")
		d.Press("esc").Advance(time.Second).Expect("Rehearse")
	})
	w.Vaults = nil
	atHome(t, w, func(d *tuitest.Driver) {
		d.Press("down", "enter").Advance(time.Second).Expect("the sign-in sees no vault")
	})
}

// What cannot be done from home names the file or the whole command that can.
func TestHomeNamesTheFileAndTheWholeCommand(t *testing.T) {
	w := tuitest.Estate()
	w.Summaries = []runs.Summary{{ID: "20260314-221500-lab02", Item: "db01", Phase: engine.PhaseInitialSync, Live: true, Resumable: true, Driver: "lee@jump02"}}
	deps := w.Deps()
	deps.Profiles, deps.ConfigFile = nil, "/etc/failback/config.yaml"
	deps.Command = func(words ...string) string { return "failback " + strings.Join(words, " ") + " --state-dir /srv/runs" }
	tuitest.Run(t, func() tea.Model { return tui.New(deps, tui.Options{Theme: theme.None, NoMotion: true}) }, w.Close, func(d *tuitest.Driver) {
		d.Advance(time.Second).Press("g").Expect("watch it with: failback attach", "20260314-221500-lab02 --state-dir /srv/runs")
		d.Press("down").Expect("no profile yet", "Write one in /etc/failback/config.yaml;", "docs/config.md shows how")
	})
}

// A key that does nothing now says why.
func TestJobsOfNoVaultSayWhyNot(t *testing.T) {
	w := tuitest.Estate()
	w.Summaries = []runs.Summary{{ID: "20260314-221500-lab01", Item: "web01", Gate: engine.GateCommit, Resumable: true, Rehearsal: true}}
	atHome(t, w, func(d *tuitest.Driver) {
		d.Press("J").Expect("Not now: put the cursor on a vault").Press("down").Refuse("Not now")
	})
}
