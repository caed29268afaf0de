package tui_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui"
	"failback/tui/glyph"
	"failback/tui/theme"
	"failback/tui/tuitest"
)

func planning(t *testing.T, w *tuitest.World, f func(*tuitest.Driver)) {
	t.Helper()
	tuitest.Run(t, func() tea.Model {
		return tui.New(w.Deps(), tui.Options{Start: tui.StartRehearsal, Theme: theme.None, NoMotion: true})
	}, w.Close, func(d *tuitest.Driver) {
		f(d.Advance(time.Second).Expect("Which way"))
	})
}

// S1, S2: what is not ready stays in the list with its reason and can't be
// chosen.
func TestS1ItemsNotReadySayWhy(t *testing.T) {
	planning(t, tuitest.Estate(), func(d *tuitest.Driver) {
		d.Press("enter").Expect("already on-premises", "out of scope: replicated by InMageRcm")
		d.Press("down", "down", "down").Expect("dc01: already on-premises.", "choose the direction").
			Press("enter").Expect("dc01 can't be chosen", "What comes home?")
	})
}

func TestS2DirectionDecidesWhatIsReady(t *testing.T) {
	w := tuitest.Estate()
	planning(t, w, func(d *tuitest.Driver) {
		d.Expect("3 of 5 items are ready", "1 of 5 items are ready").Press("down").Expect("Nothing is deleted").
			Press("enter").Expect("What goes to Azure?", "already in Azure")
		// No sync option and no target is asked on the way to Azure.
		d.Press("enter").Advance(time.Second).Expect("Which state of dc01 comes up in Azure?").
			Press("enter").Advance(time.Second).Expect("latest, made after the shutdown", "Type dc01 to start:").Type("dc01").Press("enter").Advance(time.Second)
		if got := w.Started(); len(got) != 1 || got[0].Direction != engine.ToAzure || got[0].Sync != engine.SyncUnknown {
			t.Errorf("started %+v", got)
		}
	})
}

// S25: both predictions stand side by side, with bars on one scale; neither option
// is under the cursor before a key put it there, and enter alone chooses none.
func TestS25BothOptionsSideBySide(t *testing.T) {
	planning(t, tuitest.Estate(), func(d *tuitest.Driver) {
		d.Press("enter", "enter").Advance(time.Second).
			Expect("○ Delta (recommended)", "○ Full", "6 min to 11 min", "1 h 08 min to 2 h 16 min", "3.0 GiB", "40.0 GiB", "no default", "█ likely (50 %)  ░ cautious (90 %)")
		d.Golden("wizard-sync-80x24").Press("pgdown", "pgdown").Expect("Assumed, not measured", "a download of 100 Mbit/s")
		d.Press("enter").Expect("Neither is chosen", "How does the data come home?")
		d.Size(120, 40).Press("pgup", "pgup").Golden("wizard-sync-120x40")
		d.Press("right").Expect("› Full", "○ Delta", "enter takes the one under the cursor").Press("left").Expect("› Delta").
			Press("enter").Expect("Where does it go?").Press("esc").Expect("› Delta")
	})
}

// What little a bar stands for is still seen, and nothing is drawn for nothing.
func TestS25TheBarsAreInProportion(t *testing.T) {
	for _, g := range []glyph.Set{glyph.Unicode(), glyph.ASCII()} {
		for _, c := range []struct {
			likely, cautious float64
			full, light      int
		}{{0.5, 1, 20, 20}, {0.001, 0.001, 1, 0}, {0, 0, 0, 0}, {1, 2, 40, 0}, {0.25, 0.25, 10, 0}, {0.0001, 0.5, 1, 19}} {
			if got, want := g.Span(c.likely, c.cautious, 40), strings.Repeat(g.Full, c.full)+strings.Repeat(g.Empty, c.light); got != want {
				t.Errorf("%v: %q, want %q", c, got, want)
			}
		}
		if g.Span(0.5, 1, 0) != "" || g.Span(0.5, 1, -3) != "" {
			t.Error("a bar without room")
		}
	}
}

func TestBackKeepsTheAnswers(t *testing.T) {
	w := tuitest.Estate()
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("enter", "down", "enter").Advance(time.Second).Press("right", "enter").Press("down", "down", "enter").Advance(time.Second).
			Expect("Type db01 to start:").Press("tab").Type("drill").Golden("wizard-review-80x24")
		d.Press("esc", "esc", "esc", "esc", "esc").Expect("Which way")
		// The same answers lie under the cursor all the way.
		d.Press("enter", "enter").Advance(time.Second).Press("enter", "enter").Advance(time.Second).Press("enter").
			Expect("Type db01 to start:", "hv02", "Full", "drill")
		d.Type("db01").Press("enter").Advance(time.Second)
		if got := w.Started(); len(got) != 1 || got[0].Reason != "drill" || got[0].Target.HostName != "hv02" {
			t.Errorf("started %+v", got)
		}
	})
}

// S21, S23, S24: a recovery plan brings its items in group order, says who stays
// behind, and is confirmed with the word of the direction.
func TestS23RecoveryPlanIsConfirmedWithTheDirection(t *testing.T) {
	w := tuitest.Estate()
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("enter", "p").Expect("shop", "2 ready, 1 stay behind", "dc01 stays behind: already on-premises")
		d.Press("enter").Expect("dc01 can't go")
		d.Press("enter").Advance(time.Second).Press("left", "enter", "enter").Advance(time.Second)
		d.Expect("Type shop on-premises to start:", "recovery plan shop", "db01, then web01: 2 disks, 160.0 GiB", "each VM by itself")
		d.Type("shop azure").Press("enter").Advance(time.Second).Expect("Nothing was done.")
		for range "shop azure" {
			d.Press("backspace")
		}
		d.Type("shop on-premises").Press("enter").Advance(time.Second)
		got := w.Started()
		if len(got) != 1 || got[0].Items[0].Name != "db01" || got[0].Items[0].Group != 1 || got[0].Items[1].Group != 2 {
			t.Errorf("started %+v", got)
		}
		if len(got) == 1 && (got[0].Joint() || len(got[0].Skipped) != 1 || got[0].Skipped[0].Name != "dc01") {
			t.Errorf("started %+v", got[0])
		}
	})
}

// S21: a recovery plan goes as its own job where nothing speaks against it; what
// becomes of its scripts and manual actions is said for both ways.
func TestS21RecoveryPlanAsItsOwnJob(t *testing.T) {
	w := tuitest.Estate()
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("enter", "p", "down", "enter").Expect("How does recovery plan store go?", "Its 1 script and 1 manual action")
		d.Press("down").Expect("are NOT", "Another host can be chosen").Press("up", "enter").Advance(time.Second)
		d.Press("left", "enter").Expect("takes no host", "Create VMs that do not exist").Press("enter").Advance(time.Second)
		d.Expect("Type store on-premises to start:", "the recovery plan's own, with 1 script and 1 manual action")
		d.Type("store on-premises").Press("enter").Advance(time.Second)
		got := w.Started()
		if len(got) != 1 || !got[0].Joint() || got[0].RecoveryPlanID != "/plans/store" || got[0].Target.CreateVM || got[0].Validate() != nil {
			t.Errorf("started %+v", got)
		}
	})
}

// S39: the certificate is asked for encrypted VMM items alone; its password is
// never on the screen.
func TestS39CertificateOfAnEncryptedItem(t *testing.T) {
	w := tuitest.Estate()
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("enter").Refuse("Certificate").Press("down", "down", "enter").Advance(time.Second).Press("left", "enter")
		d.Expect("retired on 2022-04-30", "PFX file", "not sent").Type("/media/crm.pfx").Press("enter").Type("wrong").Press("enter").
			Advance(time.Second).Expect("the password is wrong").Refuse("wrong|")
		for range "wrong" {
			d.Press("backspace")
		}
		d.Type("sesame").Expect("******").Refuse("sesame").Press("enter").Advance(time.Second).Expect("Where does it go?")
		d.Press("enter").Advance(time.Second).Expect("AB12CD34").Type("crm01").Press("enter").Advance(time.Second)
		if got := w.Started(); len(got) != 1 || got[0].CertificateThumbprint != "AB12CD34" {
			t.Errorf("started %+v", got)
		}
	})
}

// S55: hosts that can't take the VM are listed with the reason.
func TestS55UnfitHostsSayWhy(t *testing.T) {
	planning(t, tuitest.Estate(), func(d *tuitest.Driver) {
		d.Size(120, 30).Press("enter", "enter").Advance(time.Second).Press("left", "enter").
			Expect("not connected to the vault", "another site than web01's", "its own host", "ago")
		d.Press("down", "down", "down", "enter").Expect("can't be the target").Press("g", "enter").Advance(time.Second).Expect("Type web01 to start:")
	})
}

// S40: a second enter never starts a second run.
func TestS40SecondEnterStartsNothing(t *testing.T) {
	w := tuitest.Estate()
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("enter", "enter").Advance(time.Second).Press("left", "enter", "enter").Advance(time.Second).
			Type("web01").Press("enter", "enter", "enter").Advance(time.Second)
		if n := len(w.Started()); n != 1 {
			t.Errorf("%d runs were started", n)
		}
	})
}

func TestRefusedStartStaysAtTheReview(t *testing.T) {
	w := tuitest.Estate()
	w.Refusal = engine.Refuse("start a run", "web01", "run 20260314 works on it", "resume that run")
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("enter", "enter").Advance(time.Second).Press("left", "enter", "enter").Advance(time.Second).
			Type("web01").Press("enter").Advance(time.Second).Expect("run 20260314 works on it", "resume that run", "to start:")
	})
}

// A budget that is none is refused, and the cursor goes to where it was typed.
func TestWrongBudgetIsAskedForAgain(t *testing.T) {
	planning(t, tuitest.Estate(), func(d *tuitest.Driver) {
		d.Press("enter", "enter").Advance(time.Second).Press("left", "enter", "enter").Advance(time.Second).
			Press("tab", "tab").Type("soon").Press("tab", "tab").Type("web01").Press("enter").Advance(time.Second).
			Expect("a length of time like 30m", "soon▌").
			Press("ctrl+u").Type("30m").Press("enter").Advance(time.Second).Refuse("to start:")
	})
}

// S17: threads outside the documents are refused where they were typed; those of the
// documents are in the plan, and without an answer there are none.
func TestS17ThreadsAreAnAnswerOfTheReview(t *testing.T) {
	w := tuitest.Estate()
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("enter", "enter").Advance(time.Second).Press("left", "enter", "enter").Advance(time.Second).
			Type("web01").Press("shift+tab").Type("40").Press("enter").Advance(time.Second).
			Expect("download threads are a number from 1 to 32", "40▌").
			Press("ctrl+u").Type("16").Press("enter").Advance(time.Second)
		if got := w.Started(); len(got) != 1 || got[0].Threads != 16 {
			t.Errorf("started %+v", got)
		}
	})
}

func TestHelpComesFromTheKeyMap(t *testing.T) {
	planning(t, tuitest.Estate(), func(d *tuitest.Driver) {
		d.Press("enter", "?").Expect("Help: Plan a failback", "mark all that are ready", "Everywhere").Press("esc").Expect("What comes home?")
		d.Press("/").Type("?db").Expect("nothing matches; esc shows all again").Press("esc").Expect("web01")
	})
}

// A slow line delivers in one piece what was typed: nothing of it gets lost, or the
// enter after it would choose another machine. A paste is no command.
func TestLettersThatComeTogetherAreTaken(t *testing.T) {
	w := tuitest.Estate()
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("enter", "/db01", "enter", "enter").Advance(time.Second).Expect("How does the data come home?", "db01")
		d.Press("esc").Paste("/web").Refuse("Filter")
	})
}

func TestLeavingTheWizardClosesTheConnection(t *testing.T) {
	w := tuitest.Estate()
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("esc").Advance(time.Second).Expect("Rehearse", "prod")
		if w.Closed() != 1 {
			t.Errorf("%d connections were closed", w.Closed())
		}
	})
}

// From the last item to the list of recovery plans, which is shorter.
func TestRecoveryPlansFromTheEndOfTheItems(t *testing.T) {
	planning(t, tuitest.Estate(), func(d *tuitest.Driver) {
		d.Press("enter", "G", "p").Expect("Recovery plan", "shop").Press("p").Expect("What comes home?")
	})
}

// A single letter does not throw the answers away.
func TestQuitIsNoLetterInTheWizard(t *testing.T) {
	planning(t, tuitest.Estate(), func(d *tuitest.Driver) {
		d.Press("enter", "q").Expect("What comes home?", "Still here: esc goes back, ctrl+c leaves.")
		d.Press("?").Expect("quit: not now, the", "answers would be lost")
	})
}

// What somebody has to look at is on top once everything was checked.
func TestPreflightPutsTheWorstFirst(t *testing.T) {
	w := tuitest.Estate()
	w.Findings = append(w.Findings, engine.Finding{Rule: "a", Title: "Warned of", Verdict: engine.VerdictWarn, Observed: "so so"},
		engine.Finding{Rule: "b", Title: "Blocked by", Verdict: engine.VerdictBlock, Observed: "bad", Remedy: "mend it"})
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("enter", "enter").Advance(time.Second).Press("left", "enter", "enter").Advance(time.Second).Expect("1 block  1 warn", "mend it")
		view := d.View()
		block, warn, ok := strings.Index(view, "Blocked by"), strings.Index(view, "Warned of"), strings.Index(view, "ok   ")
		if block < 0 || block > warn || warn > ok {
			t.Errorf("block at %d, warn at %d, the first ok at %d:\n%s", block, warn, ok, view)
		}
	})
}

// S39: the certificate is found by browsing; only folders and certificates are
// listed, and names can't move the cursor of the terminal.
func TestS39CertificateIsPicked(t *testing.T) {
	dir := t.TempDir()
	if err := os.Mkdir(filepath.Join(dir, "keys"), 0o700); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"notes.txt", "keys/crm.pfx", "keys/o\u202eld.p12"} {
		if err := os.WriteFile(filepath.Join(dir, filepath.FromSlash(name)), nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	planning(t, tuitest.Estate(), func(d *tuitest.Driver) {
		d.Press("enter", "down", "down", "enter").Advance(time.Second).Press("left", "enter").Expect("PFX file")
		d.Type(dir).Press("ctrl+o").Expect("keys", "..").Refuse("notes.txt").Press("down", "enter").Expect("crm.pfx", "old.p12")
		d.Press("esc").Expect("ctrl+o browse").Press("ctrl+o", "down", "enter", "enter")
		d.Expect("crm.pfx", "not shown, not kept").Refuse("certificate file")
		d.Type("sesame").Press("enter").Advance(time.Second).Expect("Where does it go?")
	})
}

// The list begins on an item that simply goes, not on one that needs a commit or a
// repair before.
func TestTheCursorBeginsOnWhatIsReady(t *testing.T) {
	w := tuitest.Estate()
	first := w.Items[0]
	first.ID, first.Name, first.Damaged = first.ID+"-hurt", "aaa01", &engine.Damage{Reason: "a cancelled failback"}
	w.Items = append([]engine.Item{first}, w.Items...)
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("enter").Expect("aaa01", "› □ web01").Press("up").Expect("› □ aaa01", "Damaged on-premises")
	})
}

// A rule that may be overridden takes a reason, which goes into the plan; one that may
// not keeps its block, and a reason can be taken back.
func TestAReasonAgainstARuleIsAnAnswerOfThePreflight(t *testing.T) {
	w := tuitest.Estate()
	w.Findings = []engine.Finding{
		{Rule: "space", Title: "Room for the disks", Verdict: engine.VerdictBlock, Observed: "1 GiB free", Remedy: "make room", Override: "a reason"},
		{Rule: "off", Title: "The VM is off", Verdict: engine.VerdictBlock, Observed: "it runs", Remedy: "stop it", Override: engine.OverrideByNobody},
	}
	planning(t, w, func(d *tuitest.Driver) {
		d.Press("enter", "enter").Advance(time.Second).Press("left", "enter", "enter").Advance(time.Second).Expect("2 block", "w override with a reason")
		d.Press("down", "w").Expect("Not overridden: nobody may override it: do away with its cause.")
		d.Press("up", "w").Expect("Your reason:").Press("enter").Expect("Nothing is overridden without a reason").
			Press("esc").Refuse("Your reason:").Expect("2 block")
		d.Press("w").Type("thin disks").Press("enter").Advance(time.Second).Expect("1 block  1 warn").
			Press("down").Expect("1 GiB free; overridden by kim@jump01: thin disks")
		d.Press("w", "ctrl+u", "enter").Advance(time.Second).Expect("2 block")
		d.Press("w").Type("thin disks").Press("enter").Advance(time.Second).Expect("1 block  1 warn").Press("enter").Expect("must be put right first")
		w.Findings = w.Findings[:1]
		d.Press("r").Advance(time.Second).Press("enter").Expect("Type web01 to start:", "The rule space is overridden: thin disks")
		d.Type("web01").Press("enter").Advance(time.Second)
	})
	if got := w.Started(); len(got) != 1 || len(got[0].Overrides) != 1 || got[0].Overrides[0] != (engine.Override{Rule: "space", Reason: "thin disks"}) {
		t.Errorf("started %+v", got)
	}
}
