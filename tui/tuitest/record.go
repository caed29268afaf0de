package tuitest

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"failback/engine"
	"failback/engine/hub"
)

// Record plays a whole run that goes well, with a clock of its own, and returns
// its events: what a journal of such a run holds.
func Record(p engine.Plan, from time.Time) []engine.Event {
	now := from
	var k kept
	stream := engine.NewStream("20260314-221500-lab01", engine.State{}, &k, hub.New(), func() time.Time { return now })
	s := script{stream: stream, plan: p, pace: func(d time.Duration) { now = now.Add(d) }}
	s.begin()
	for _, g := range engine.AllGates {
		for _, it := range p.Items {
			if !slices.Contains(p.Steps(it), engine.Step{Gate: g}) {
				continue
			}
			s.wait(3 * time.Minute)
			s.emit(it.Name, "", engine.DecisionMade{Decision: engine.Decision{Gate: g, By: "kim@jump01", Reason: "looked at by kim"}})
			s.after(it.Name, g)
		}
	}
	s.emit("", "", engine.RunFinished{Outcome: engine.OutcomeSucceeded})
	return k.events
}

// Recorded reads the events of testdata/name.ndjson; with -update it first
// writes them.
func Recorded(t *testing.T, name string, fresh func() []engine.Event) []engine.Event {
	t.Helper()
	path := filepath.Join("testdata", name+".ndjson")
	if updating() {
		var b bytes.Buffer
		enc := json.NewEncoder(&b)
		for _, e := range fresh() {
			if err := enc.Encode(e); err != nil {
				t.Fatal(err)
			}
		}
		if err := os.WriteFile(path, b.Bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	raw, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []engine.Event
	for dec := json.NewDecoder(bytes.NewReader(raw)); dec.More(); {
		var e engine.Event
		if err := dec.Decode(&e); err != nil {
			t.Fatal(err)
		}
		out = append(out, e)
	}
	return out
}

// Then adds a fact, a second later, to the events of a run.
func Then(events []engine.Event, item string, p engine.Phase, b engine.Body) []engine.Event {
	last := events[len(events)-1]
	return append(slices.Clip(events), engine.Event{
		V: last.V, Seq: last.Seq + 1, Time: last.Time.Add(time.Second), Run: last.Run, Item: item, Phase: p, Body: b,
	})
}

// Replay is a handle of a run that stands where its events end. Nothing can be
// decided there.
func Replay(events []engine.Event) *Handle {
	state, err := engine.Fold(events)
	if err != nil {
		panic(err)
	}
	h := &Handle{id: state.Run, world: &World{}, hub: hub.New(events...), done: make(chan struct{})}
	h.stream = engine.NewStream(h.id, state, &h.kept, h.hub, func() time.Time { return state.Updated })
	h.script = script{stream: h.stream, plan: state.Plan}
	return h
}
