package connect_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"testing"
	"time"

	"failback/engine"
	"failback/engine/hub"
	"failback/engine/journal"
	"failback/engine/racetest"
	"failback/engine/rules"
)

// tiny is the quickest whole failback: a crash is tried at each of its facts.
const tiny = `
name: tiny
speed: 1
guest_every: 5s
fabrics: [{name: site, kind: hyperv-site}]
hosts: [{name: hv01, fabric: site, switches: [{name: LAN, type: External}]}]
items: [{name: app01, host: hv01, state: failed-over, in_azure: 3d, disks: [{size: 16MiB, content: 256KiB}]}]
`

// power is a journal in memory that loses its power at the n-th fact.
type power struct {
	events []engine.Event
	left   int
}

var errPower = errors.New("the power went")

func (p *power) Append(e engine.Event) error {
	if p.left--; p.left < 0 {
		return errPower
	}
	p.events = append(p.events, e)
	return nil
}

// drive runs or resumes from what the journal holds.
func (b *bed) drive(p *power, plan engine.Plan) (engine.State, error) { return b.driveOn(p, p, plan) }

// driveOn is drive where rec writes to what p holds.
func (b *bed) driveOn(rec engine.Recorder, p *power, plan engine.Plan) (engine.State, error) {
	past, err := engine.Fold(p.events)
	if err != nil {
		return past, err
	}
	s := engine.NewStream("20261123-020000-abcdef", past, rec, hub.New(), nil)
	first := []engine.Body{engine.RunResumed{Driver: "bert@jump02"}}
	if len(p.events) < 2 {
		p.events = nil
		s = engine.NewStream("20261123-020000-abcdef", engine.State{}, rec, hub.New(), nil)
		first = []engine.Body{engine.StreamOpened{Schema: 1, Program: "test"}, engine.RunPlanned{Plan: plan}, engine.RunStarted{Driver: "anna@jump01"}}
	}
	for _, body := range first {
		if err := s.Emit("", engine.PhaseNone, body); err != nil {
			return s.State(), err
		}
	}
	n := 0
	r := &engine.Runner{
		Ports: b.conn.Ports, Stream: s, Preflight: rules.Check, Poll: b.conn.Poll,
		NewID: func() string { n++; return fmt.Sprintf("request-%d-%d", len(p.events), n) },
	}
	ctx, done := context.WithTimeout(context.Background(), 24*time.Hour)
	defer done()
	_, err = r.Run(ctx)
	return s.State(), err
}

// A crash after any fact, and a resume, come to the same end with every
// operation accepted exactly once: intent, look, act, watch.
func TestACrashAtAnyFactResumesToTheSameEnd(t *testing.T) {
	t.Parallel()
	for _, sync := range []engine.SyncOption{engine.SyncDelta, engine.SyncFull} {
		t.Run(string(sync), func(t *testing.T) {
			total := 0
			inBubble(t, tiny, func(t *testing.T, b *bed) {
				p := &power{left: 1 << 20}
				s, err := b.drive(p, b.plan(sync, "app01"))
				if err != nil {
					t.Fatal(err)
				}
				b.succeeded(s)
				total = len(p.events)
			})
			// Each crash costs most of a second of computing: every fact only where
			// somebody asks for it.
			step := 11
			if racetest.Detector() {
				step = 41
			}
			if os.Getenv("FAILBACK_EVERY_CRASH") != "" {
				step = 1
			}
			// How often a wait looks is not the same in each bubble: the last few facts
			// may come one earlier or later.
			for n := 3; n < total-3; n += step {
				crashAt(t, sync, n)
			}
		})
	}
}

func crashAt(t *testing.T, sync engine.SyncOption, n int) {
	t.Helper()
	inBubble(t, tiny, func(t *testing.T, b *bed) {
		p := &power{left: n}
		plan := b.plan(sync, "app01")
		_, err := b.drive(p, plan)
		if err == nil && len(p.events) <= n {
			return // this run had fewer facts than the first one: a look came at another moment
		}
		if !errors.Is(err, errPower) {
			t.Fatalf("fact %d: the power did not go: %v", n, err)
		}
		at := p.events[len(p.events)-1]
		p.left = 1 << 20
		s, err := b.drive(p, plan)
		if err != nil {
			t.Fatalf("crash after fact %d (%s %s): %v", n, at.Phase, at.Type(), err)
		}
		if s.Outcome != engine.OutcomeSucceeded {
			b.dump(s)
			t.Fatalf("crash after fact %d (%s %s): %s", n, at.Phase, at.Type(), s.Outcome)
		}
		for verb, count := range b.posts() {
			if count != 1 && verb != "deallocate" {
				t.Errorf("crash after fact %d (%s %s): %s was accepted %d times", n, at.Phase, at.Type(), verb, count)
			}
		}
		if home := b.home("app01"); !home.Booted || b.azureVM("app01") != nil {
			t.Errorf("crash after fact %d: on-premises booted %v, Azure copy %v", n, home.Booted, b.azureVM("app01"))
		}
	})
}

// decideAndDie leaves what a process leaves that died right after it had taken the
// answer at an item's complete gate.
func (b *bed) decideAndDie(id engine.RunID, item string) {
	b.t.Helper()
	w, past, err := journal.Open(filepath.Join(b.store.Dir(id), journal.FileName))
	if err != nil {
		b.t.Fatal(err)
	}
	st, err := engine.Fold(past)
	if err != nil {
		b.t.Fatal(err)
	}
	s := engine.NewStream(id, st, w, hub.New(), nil)
	err = errors.Join(
		s.Emit("", engine.PhaseNone, engine.RunResumed{Driver: "bert@jump02"}),
		s.Emit(item, engine.PhaseNone, engine.GateOpened{Gate: engine.GateComplete}),
		s.Emit(item, engine.PhaseNone, engine.DecisionMade{Decision: engine.Decision{Gate: engine.GateComplete, By: "anna"}}),
		w.Close())
	if err != nil {
		b.t.Fatal(err)
	}
}
