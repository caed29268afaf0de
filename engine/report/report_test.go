package report

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"failback/engine"
)

var update = flag.Bool("update", false, "write the golden files anew")

var histories = map[string]func(*testing.T) []engine.Event{
	"succeeded": succeeded, "cancelled": cancelledAndDamaged, "failed": failed, "detached": detached,
}

func build(t *testing.T, events []engine.Event) Report {
	t.Helper()
	r, err := Build(events)
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func markdown(t *testing.T, r Report) string {
	t.Helper()
	var b bytes.Buffer
	if err := r.WriteMarkdown(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestReportsMatchTheirGoldenFiles(t *testing.T) {
	for name, history := range histories {
		r := build(t, history(t))
		var doc bytes.Buffer
		if err := r.WriteJSON(&doc); err != nil {
			t.Fatal(err)
		}
		golden(t, name+".json", doc.Bytes())
		golden(t, name+".md", []byte(markdown(t, r)))
	}
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(path, got, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, bytes.ReplaceAll(want, []byte("\r\n"), []byte("\n"))) {
		t.Errorf("%s is different (run with -update and look at the difference):\n%s", name, got)
	}
}

func TestTheJSONReadsBackAsTheSameReport(t *testing.T) {
	for name, history := range histories {
		r := build(t, history(t))
		var doc bytes.Buffer
		if err := r.WriteJSON(&doc); err != nil {
			t.Fatal(err)
		}
		var again Report
		if err := json.Unmarshal(doc.Bytes(), &again); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(r, again) {
			t.Errorf("%s: the report changed on its way through JSON", name)
		}
		if strings.Contains(doc.String(), ": null") {
			t.Errorf("%s: a list is null", name)
		}
	}
}

// A report of the events as they were read from a journal file is the same one.
func TestAReportOfAReadJournalIsTheSame(t *testing.T) {
	for name, history := range histories {
		events := history(t)
		read := make([]engine.Event, len(events))
		for i, e := range events {
			line, err := json.Marshal(e)
			if err != nil {
				t.Fatal(err)
			}
			if err := json.Unmarshal(line, &read[i]); err != nil {
				t.Fatal(err)
			}
		}
		if a, b := markdown(t, build(t, events)), markdown(t, build(t, read)); a != b {
			t.Errorf("%s: the reports differ", name)
		}
	}
}

// Every beginning of a run has a report, and none but the whole run is called
// finished.
func TestEveryPrefixIsReportedAsUnfinished(t *testing.T) {
	events := succeeded(t)
	for n := 1; n < len(events); n++ {
		r := build(t, events[:n])
		doc := markdown(t, r)
		if r.Outcome != engine.OutcomeNone || !r.Finished.IsZero() || !strings.Contains(doc, "**This run has not finished.**") {
			t.Fatalf("after %d events the run counts as finished:\n%s", n, doc)
		}
		if strings.Contains(doc, "| equal |") != hasEqual(events[:n]) {
			t.Fatalf("after %d events the disks are claimed equal without proof:\n%s", n, doc)
		}
	}
}

func hasEqual(events []engine.Event) bool {
	for _, e := range events {
		if p, ok := e.Body.(engine.DiskProved); ok && p.Equal {
			return true
		}
	}
	return false
}

func TestS7EqualityIsClaimedOnlyWhenBothSumsWereRead(t *testing.T) {
	for _, c := range []struct {
		proof engine.DiskProved
		want  Claim
	}{
		{engine.DiskProved{Source: "a", Target: "a", Equal: true}, ClaimEqual},
		{engine.DiskProved{Source: "a", Target: "b"}, ClaimDiffers},
		{engine.DiskProved{Source: "a", Target: "b", Equal: true}, ClaimDiffers},
		{engine.DiskProved{Source: "a", Equal: true}, ClaimNotCompared},
		{engine.DiskProved{Equal: true}, ClaimNotCompared},
		{engine.DiskProved{Source: "a", Target: "a", Equal: true, Missing: "read too late"}, ClaimNotCompared},
	} {
		if got := claim(c.proof); got != c.want {
			t.Errorf("%+v is called %s, want %s", c.proof, got, c.want)
		}
	}
}

func TestDowntimeAgainstTheBudget(t *testing.T) {
	r := build(t, succeeded(t))
	if doc := markdown(t, r); !strings.Contains(doc, "within the budget of 30 min") {
		t.Errorf("the budget is not named:\n%s", doc)
	}
	r.Plan.Budget = time.Second
	if doc := markdown(t, r); !strings.Contains(doc, "over the budget of 1 s") {
		t.Errorf("the overrun is not named:\n%s", doc)
	}
	if doc := markdown(t, build(t, failed(t))); !strings.Contains(doc, "had not ended at the last event") || strings.Contains(doc, "within the budget") {
		t.Errorf("a downtime that goes on is judged:\n%s", doc)
	}
}

func TestDamageThatWasRepairedIsStillTold(t *testing.T) {
	j := begin(t, plan(engine.SyncDelta))
	j.phase(engine.PhasePreflight, 0)
	j.in(engine.PhasePrepare, engine.PhaseStarted{})
	j.in(engine.PhasePrepare, engine.DamageMarked{Reason: "left by an earlier run"})
	j.in(engine.PhasePrepare, engine.DamageCleared{})
	r := build(t, j.events)
	if d := r.Items[0].Damage; len(d) != 1 || d[0].Cleared.IsZero() {
		t.Fatalf("%+v", d)
	}
	if doc := markdown(t, r); strings.Contains(doc, "must not be started") || !strings.Contains(doc, "left by an earlier run") {
		t.Errorf("\n%s", doc)
	}
}

func TestAPhaseThatBeganAgainHasTwoTriesAndItsFailure(t *testing.T) {
	j := begin(t, plan(engine.SyncDelta))
	j.in(engine.PhasePreflight, engine.PhaseStarted{})
	j.in(engine.PhasePreflight, engine.PhaseFailed{Failure: &engine.Failure{Kind: engine.FailureBlocked, What: "preflight", Why: "the host is off"}})
	j.at(engine.LegFinished{Outcome: engine.OutcomeBlocked})
	j.finish(engine.OutcomeFailed)
	j.all(engine.RunResumed{Driver: "ben@jump2"})
	j.phase(engine.PhasePreflight, time.Minute)
	r := build(t, j.events)
	it := r.Items[0]
	if len(it.Phases) != 1 || it.Phases[0].Tries != 2 || it.Phases[0].Status != engine.StatusDone || len(it.Failures) != 1 {
		t.Errorf("%+v, %+v", it.Phases, it.Failures)
	}
	if r.Outcome != engine.OutcomeNone || it.Outcome != engine.OutcomeNone || len(r.Drivers) != 2 || !r.Drivers[1].Resumed {
		t.Errorf("a run that was taken over counts as ended: %q, %q, %+v", r.Outcome, it.Outcome, r.Drivers)
	}
}

func TestGatesAndRequestsWithoutAnAnswerSaySo(t *testing.T) {
	doc := markdown(t, build(t, detached(t)))
	for _, want := range []string{"no decision was made", "found by looking", "its driver left it", "This was a rehearsal", "Running, not proven", "No disk was compared"} {
		if !strings.Contains(doc, want) {
			t.Errorf("%q is not said:\n%s", want, doc)
		}
	}
	j := begin(t, plan(engine.SyncDelta))
	j.phase(engine.PhasePreflight, 0)
	j.in(engine.PhasePrepare, engine.PhaseStarted{})
	j.in(engine.PhasePrepare, engine.IntentRecorded{Op: engine.OpStart, Request: "r"})
	if doc := markdown(t, build(t, j.events)); !strings.Contains(doc, "no acceptance was seen") {
		t.Errorf("an intent counts as accepted:\n%s", doc)
	}
}

func TestUnknownFactsAreKeptAsNotes(t *testing.T) {
	j := begin(t, plan(engine.SyncDelta))
	j.at(engine.Other{Name: "guest.asked"})
	j.all(engine.Other{Name: "weather.changed"})
	j.all(engine.Noted{Level: "warn", Text: "the way to Azure is slow"})
	doc := markdown(t, build(t, j.events))
	for _, want := range []string{"guest.asked", "weather.changed", "the way to Azure is slow"} {
		if !strings.Contains(doc, want) {
			t.Errorf("%q is lost:\n%s", want, doc)
		}
	}
}

func TestIllegalHistoriesHaveNoReport(t *testing.T) {
	whole := succeeded(t)
	missing := append(append([]engine.Event{}, whole[:10]...), whole[11:]...)
	foreign := append([]engine.Event{}, whole...)
	foreign[5].Run = "20261123-200000-zzzz"
	for name, events := range map[string][]engine.Event{"nothing": nil, "no beginning": {{V: 1, Body: engine.Noted{}}}, "a gap": missing, "another run's event": foreign} {
		if _, err := Build(events); err == nil {
			t.Errorf("%s: a report was made", name)
		}
	}
}

// refusing is a writer that takes nothing.
type refusing struct{}

var errFull = errors.New("disk full")

func (refusing) Write([]byte) (int, error) { return 0, errFull }

func TestWriteErrorsAreReturned(t *testing.T) {
	r := build(t, succeeded(t))
	if err := r.WriteJSON(refusing{}); !errors.Is(err, errFull) {
		t.Errorf("JSON: %v", err)
	}
	if err := r.WriteMarkdown(refusing{}); !errors.Is(err, errFull) {
		t.Errorf("Markdown: %v", err)
	}
}

func TestAGateThatIsAskedAgainSaysWhy(t *testing.T) {
	j := begin(t, plan(engine.SyncFull))
	j.phase(engine.PhasePreflight, 0)
	verb, portal := engine.GateComplete.Action(engine.ToOnPremises)
	asked := engine.GateOpened{Gate: engine.GateComplete, Verb: verb, Portal: portal}
	j.at(asked)
	first := j.now
	j.all(engine.RunResumed{Driver: "ben@jump2"})
	asked.Again = "another process took over"
	j.at(asked)
	j.at(engine.DecisionMade{Decision: engine.Decision{Gate: engine.GateComplete, By: "ben@jump2", Reason: "late", Override: true}})
	r := build(t, j.events)
	if d := r.Items[0].Decisions; len(d) != 1 || !d[0].Asked.Equal(first) || !d[0].Override {
		t.Fatalf("%+v", d)
	}
	doc := markdown(t, r)
	for _, want := range []string{"Asked again: another process took over.", "late (outside the window)"} {
		if !strings.Contains(doc, want) {
			t.Errorf("%q is not said:\n%s", want, doc)
		}
	}
}
