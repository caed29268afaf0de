package tui_test

import (
	"errors"
	"slices"
	"testing"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/engine/runs"
	"failback/tui"
	"failback/tui/theme"
	"failback/tui/tuitest"
)

// begun is when the newest job began, before the clock of a bubble starts.
var begun = time.Date(1999, 12, 31, 23, 30, 0, 0, time.UTC)

// atJobs opens the jobs of the lab from the home screen.
func atJobs(t *testing.T, w *tuitest.World, ascii bool, f func(*tuitest.Driver)) {
	t.Helper()
	if w.Jobs == nil {
		w.Jobs = tuitest.SomeJobs(begun)
	}
	tuitest.Run(t, func() tea.Model {
		return tui.New(w.Deps(), tui.Options{Theme: theme.None, NoMotion: true, ASCII: ascii, Now: utc})
	}, w.Close, func(d *tuitest.Driver) {
		f(d.Advance(time.Second).Press("down", "J").Advance(2 * time.Second))
	})
}

// utc is the clock of the bubble, the same wherever the test runs.
func utc() time.Time { return time.Now().UTC() }

func TestS41JobsAreListedAndExplained(t *testing.T) {
	w := tuitest.Estate()
	w.Owners = map[string]runs.JobOwner{"4444dddd-0000-4000-8000-000000000004": {Run: "20260314-221500-lab01", Item: "crm01"}}
	atJobs(t, w, false, func(d *tuitest.Driver) {
		d.Expect("waits", "Planned failover of web01, Azure → on-premises", "waits for Complete failover", "Monitoring data synchronization", "1 job waits of 5")
		d.Golden("jobs-80x24").Size(120, 40).Golden("jobs-120x40").Size(80, 24)
		d.Press("down", "down").Advance(time.Second).Press("enter").Expect("× Enabling protection", "539: The requested action", "possible causes: The volume", "recommended: Make room")
		d.Golden("jobs-failed-80x24").Press("esc")
		d.Press("down", "enter").Advance(time.Second).Expect("of run 20260314-221500-lab01").Press("esc")
		d.Press("down", "enter").Advance(time.Second).Expect("? Brewing").Press("esc") // a state that nobody knows is shown as it is
		d.Press("/").Type("crm").Press("enter").Expect("Reverse replication").Refuse("Brew")
		d.Press("esc", "esc").Advance(time.Second).Expect("Rehearse")
	})
}

// What is shown says how old it is, also where no newer answer comes.
func TestS41StaleJobsSaySo(t *testing.T) {
	w := tuitest.Estate()
	atJobs(t, w, false, func(d *tuitest.Driver) {
		d.Advance(10 * time.Second).Expect("as of 1")
		d.Advance(10 * time.Second).Expect("as of ")
		w.SetJobs(w.Jobs, errors.New("no route to the vault"))
		d.Advance(40*time.Second).Expect("STALE: jobs as of ", "no route to the vault", "web01")
		w.SetJobs(tuitest.SomeJobs(begun)[2:], nil)
		d.Press("r").Advance(time.Second).Refuse("STALE", "web01").Expect("crm01", "1 job runs of 3")
	})
}

// A cancel says first what it leaves, and wants the item's name.
func TestS68CancelOfAJobIsTyped(t *testing.T) {
	w := tuitest.Estate()
	atJobs(t, w, false, func(d *tuitest.Driver) {
		d.Press("down").Advance(time.Second).Press("c").Expect("Cancel the job", "db01 will be DAMAGED", "Type db01:")
		d.Golden("jobs-cancel-80x24")
		d.Type("web01").Press("enter").Advance(time.Second)
		if acts := w.Acts(); len(acts) != 0 {
			t.Fatalf("sent %v", acts)
		}
		d.Press("ctrl+u").Type("db01").Press("enter").Advance(time.Second).Expect("Accepted")
		if acts := w.Acts(); !slices.Equal(acts, []string{"cancel 2222bbbb-0000-4000-8000-000000000002"}) {
			t.Errorf("sent %v", acts)
		}
	})
}

func TestS42CompleteAndRestartOfAJob(t *testing.T) {
	w := tuitest.Estate()
	atJobs(t, w, false, func(d *tuitest.Driver) {
		d.Press("s").Expect("Not now: Site Recovery does not offer it now") // a waiting job is not restarted
		d.Press("d").Expect("Complete failover", "users are without it", "Comment:")
		d.Type("web01").Press("enter").Expect("Comment:") // the comment is missing
		d.Type("the site is back").Press("enter").Advance(time.Second).Expect("Accepted")
		d.Press("down", "down").Advance(time.Second).Press("d").Expect("Not now: it waits for nothing that a resume is for")
		d.Press("s").Expect("begins again").Type("crm01").Press("enter").Advance(time.Second)
		want := []string{"complete 1111aaaa-0000-4000-8000-000000000001 the site is back", "restart 3333cccc-0000-4000-8000-000000000003"}
		if acts := w.Acts(); !slices.Equal(acts, want) {
			t.Errorf("sent %v", acts)
		}
	})
}

// Where the job has moved on while somebody typed, nothing is sent.
func TestS42ConsentToSomethingElseSendsNothing(t *testing.T) {
	w := tuitest.Estate()
	atJobs(t, w, false, func(d *tuitest.Driver) {
		d.Press("d").Expect("Complete failover")
		moved := tuitest.SomeJobs(begun)
		moved[0].State, moved[0].Detail = engine.JobInProgress, "InProgress"
		w.SetJobs(moved, nil)
		d.Type("web01").Press("enter").Type("now").Press("enter").Advance(time.Second).Expect("does not wait for its completion")
		if acts := w.Acts(); len(acts) != 0 {
			t.Errorf("sent %v", acts)
		}
	})
}

func TestJobOfAnOpenRunGoesThroughTheRun(t *testing.T) {
	w := tuitest.Estate()
	w.Owners = map[string]runs.JobOwner{"1111aaaa-0000-4000-8000-000000000001": {Run: "20260314-221500-lab01", Item: "web01", Open: true}}
	atJobs(t, w, false, func(d *tuitest.Driver) {
		d.Press("d").Expect("belongs to run 20260314-221500-lab01").Press("c").Expect("belongs to run").Refuse("Type web01")
	})
}

// The jobs lie over a plan or a run, which goes on below.
func TestJobsOverAPlanAndOverARun(t *testing.T) {
	w := tuitest.Estate()
	w.Jobs = tuitest.SomeJobs(begun)
	tuitest.Run(t, func() tea.Model {
		return tui.New(w.Deps(), tui.Options{Start: tui.StartRehearsal, Theme: theme.None, NoMotion: true, Now: utc})
	}, w.Close, func(d *tuitest.Driver) {
		d.Advance(time.Second).Press("enter").Expect("What comes home?").Press("J").Advance(time.Second).Expect("web01, Azure").Press("esc").Expect("What comes home?")
		d.Press("enter").Advance(time.Second).Press("left", "enter", "enter").Advance(time.Second).Press("enter").Expect("to start:")
		d.Type("web01").Press("enter").Advance(2 * time.Second).Expect("Type web01 to approve").Press("esc")
		d.Press("J").Advance(time.Second).Expect("1 job waits of 5").Press("J").Expect("waits for a decision")
	})
}

func TestJobsFitEverySize(t *testing.T) {
	for _, ascii := range []bool{false, true} {
		w := tuitest.Estate()
		atJobs(t, w, ascii, func(d *tuitest.Driver) {
			fits(t, d.Model(), "1 job waits of 5", ascii)
			d.Press("down", "down").Advance(time.Second).Press("enter")
			fits(t, d.Model(), "1 job waits of 5", ascii)
			d.Press("esc", "up").Advance(time.Second).Press("c")
			fits(t, d.Model(), "1 job waits of 5", ascii)
		})
	}
}
