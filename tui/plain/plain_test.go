package plain

import (
	"bufio"
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"time"

	"failback/engine"
)

var begun = time.Date(2026, 11, 23, 22, 0, 0, 0, time.UTC)

// story is a delta failback up to its first gate.
func story(t *testing.T) []engine.Event {
	t.Helper()
	plan := engine.Plan{
		Version: engine.PlanVersion, Profile: "site", Vault: "v", Owner: "ann@jump",
		Direction: engine.ToOnPremises, Sync: engine.SyncDelta,
		Items: []engine.PlanItem{{ID: "/i/1", Name: "web01"}, {ID: "/i/2", Name: "sql\x1b[31m01"}},
	}
	finding := func(v engine.Verdict) engine.Body {
		return engine.PreflightChecked{Finding: engine.Finding{Rule: "r-" + string(v), Title: "Host", Verdict: v, Observed: "seen " + string(v)}}
	}
	var out []engine.Event
	add := func(item string, p engine.Phase, b engine.Body) {
		n := len(out)
		out = append(out, engine.Event{V: 1, Seq: uint64(n + 1), Time: begun.Add(time.Duration(n) * time.Second), Run: "20261123-220000-aaaaaa", Item: item, Phase: p, Body: b})
	}
	add("", "", engine.StreamOpened{Schema: 1, Program: "failback test"})
	add("", "", engine.RunPlanned{Plan: plan})
	add("", "", engine.RunStarted{Driver: "ann@jump"})
	add("web01", engine.PhasePreflight, engine.PhaseStarted{})
	add("web01", engine.PhasePreflight, finding(engine.VerdictOK))
	add("web01", engine.PhasePreflight, finding(engine.VerdictWarn))
	add("web01", engine.PhasePreflight, engine.PhaseFinished{})
	add("web01", engine.PhasePrepare, engine.PhaseStarted{})
	add("web01", engine.PhasePrepare, engine.PhaseFinished{})
	add("web01", engine.PhaseInitialSync, engine.PhaseStarted{})
	return out
}

func printed(t *testing.T, events []engine.Event) (*Text, *bytes.Buffer) {
	t.Helper()
	var out bytes.Buffer
	p := NewText(&out, time.UTC)
	for _, e := range events {
		if err := p.Event(e); err != nil {
			t.Fatal(err)
		}
	}
	return p, &out
}

func TestTextIsOneLineAFactWithTimeAndItem(t *testing.T) {
	_, out := printed(t, story(t))
	for _, want := range []string{
		"22:00:03  web01", "Preflight started", "warn: Host: seen warn", "22:00:09  web01", "Initial sync started",
	} {
		if !strings.Contains(out.String(), want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
	if strings.Contains(out.String(), "seen ok") {
		t.Errorf("a rule that found nothing is told:\n%s", out)
	}
}

func TestTextCleansWhatComesFromOutside(t *testing.T) {
	events := story(t)
	last := events[len(events)-1]
	last.Seq++
	last.Body = engine.Noted{Level: "warn", Text: "the host said\x1b]0;owned\x07 \u202eevil\nand a second line"}
	_, out := printed(t, append(events, last))
	if strings.ContainsAny(out.String(), "\x1b\x07\u202e") {
		t.Errorf("control characters reach the terminal:\n%q", out)
	}
	if n := strings.Count(out.String(), "second line"); n != 1 || strings.Contains(out.String(), "\nand a second") {
		t.Errorf("a text from outside begins a line of its own:\n%s", out)
	}
}

func TestTextIsNeverSilentForLongerThanTenSeconds(t *testing.T) {
	p, out := printed(t, story(t))
	sync := engine.Event{V: 1, Time: begun.Add(10 * time.Second), Run: "20261123-220000-aaaaaa", Item: "web01", Phase: engine.PhaseInitialSync,
		Body: engine.SyncProgress{Read: 1 << 30, Total: 4 << 30, Estimate: true}}
	if err := p.Event(sync); err != nil {
		t.Fatal(err)
	}
	out.Reset()
	for s := 10; s <= 60; s++ {
		if err := p.Tick(begun.Add(time.Duration(s) * time.Second)); err != nil {
			t.Fatal(err)
		}
	}
	lines := strings.Split(strings.TrimSpace(out.String()), "\n")
	var times []time.Time
	for _, l := range lines {
		at, err := time.Parse(time.TimeOnly, l[:8])
		if err != nil {
			t.Fatalf("%q has no time: %v", l, err)
		}
		times = append(times, at)
	}
	for i := 1; i < len(times); i++ {
		if d := times[i].Sub(times[i-1]); d > silence {
			t.Errorf("silent for %v", d)
		}
	}
	if !strings.Contains(lines[0], "still: Initial sync, 1.0 GiB of 4.0 GiB read by the host's agent (estimate) [10 s elapsed]") {
		t.Errorf("first line %q", lines[0])
	}
	// A fifth is enough to tell, once it has lasted.
	if last := lines[len(lines)-2]; strings.Contains(lines[0], "left until") || !strings.Contains(last, "left until the switch, estimate]") {
		t.Errorf("first line %q, last line %q", lines[0], last)
	}
}

func TestGateTellsItsConsequencesAndThatItWaits(t *testing.T) {
	events := story(t)
	n := uint64(len(events))
	at := begun.Add(20 * time.Second)
	events = append(events,
		engine.Event{V: 1, Seq: n + 1, Time: at, Item: "web01", Phase: engine.PhaseInitialSync, Body: engine.PhaseFinished{}},
		engine.Event{V: 1, Seq: n + 2, Time: at, Item: "web01", Body: engine.GateOpened{
			Gate: engine.GateComplete, Verb: "Stop Azure and switch", Portal: "Complete failover", Consequences: []string{"the Azure VM web01 stops"}}},
	)
	p, out := printed(t, events)
	if !strings.Contains(out.String(), "- the Azure VM web01 stops") {
		t.Errorf("no consequence in:\n%s", out)
	}
	out.Reset()
	if err := p.Tick(at.Add(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(out.String(), "still waiting for a decision: Stop Azure and switch [1 min]") {
		t.Errorf("after a minute:\n%s", out)
	}
}

func TestJSONIsTheJournalsEventsAndNothingElse(t *testing.T) {
	events := story(t)
	passing := events[len(events)-1]
	passing.Seq, passing.Body = 0, engine.SyncProgress{Read: 1}
	var out bytes.Buffer
	j := NewJSON(&out)
	for _, e := range append(events, passing) {
		if err := j.Event(e); err != nil {
			t.Fatal(err)
		}
	}
	in := bufio.NewScanner(&out)
	n := 0
	for in.Scan() {
		var e engine.Event
		if err := json.Unmarshal(in.Bytes(), &e); err != nil {
			t.Fatalf("line %d: %v", n+1, err)
		}
		if e.Seq != events[n].Seq || e.Type() != events[n].Type() {
			t.Errorf("line %d is %d %s, want %d %s", n+1, e.Seq, e.Type(), events[n].Seq, events[n].Type())
		}
		n++
	}
	if n != len(events) {
		t.Errorf("%d lines, want %d", n, len(events))
	}
}

func TestLastWritesTheOutcomeAlone(t *testing.T) {
	events := story(t)
	end := engine.Event{V: 1, Seq: uint64(len(events) + 1), Time: begun, Body: engine.RunFinished{Outcome: engine.OutcomeDetached}}
	var out bytes.Buffer
	l := NewLast(&out)
	early := end
	early.Body = engine.RunFinished{Outcome: engine.OutcomeFailed} // before a resume
	for _, e := range append([]engine.Event{early}, append(events, end)...) {
		if err := l.Event(e); err != nil {
			t.Fatal(err)
		}
	}
	if err := l.Close(); err != nil {
		t.Fatal(err)
	}
	var got map[string]any
	if err := json.Unmarshal(out.Bytes(), &got); err != nil || got["outcome"] != "detached" {
		t.Errorf("%s (%v)", &out, err)
	}
}

// What blocks is said once, on the lines of the findings; the failure of the
// preflight points there. A start that is refused without findings says why.
func TestABlockedStartSaysWhyOnce(t *testing.T) {
	events := story(t)[:4]
	add := func(b engine.Body) {
		n := len(events)
		events = append(events, engine.Event{V: 1, Seq: uint64(n + 1), Time: begun.Add(time.Duration(n) * time.Second), Run: events[0].Run, Item: "web01", Phase: engine.PhasePreflight, Body: b})
	}
	refused := &engine.Failure{Kind: engine.FailureBlocked, What: "preflight", Where: "web01", Why: "Host: it is off", Remedy: "switch it on"}
	without := len(events)
	add(engine.PhaseFailed{Failure: refused})
	if _, out := printed(t, events); !strings.Contains(out.String(), "Preflight failed: preflight: web01: Host: it is off") {
		t.Errorf("without a finding the reason is missing:\n%s", out)
	}
	events = events[:without]
	add(engine.PreflightChecked{Finding: engine.Finding{Rule: "host", Title: "Host", Verdict: engine.VerdictBlock, Observed: "it is off", Remedy: "switch it on"}})
	add(engine.PhaseFailed{Failure: refused})
	_, out := printed(t, events)
	if n := strings.Count(out.String(), "it is off"); n != 1 || !strings.Contains(out.String(), "Preflight failed: blocked by what is named above") {
		t.Errorf("said %d times:\n%s", n, out)
	}
}
