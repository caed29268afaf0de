package estimate

import (
	"slices"
	"testing"
	"time"

	"failback/engine"
)

// upTo is a run up to the first event of the phase, and that event's time.
func upTo(t *testing.T, option engine.SyncOption, p engine.Phase) (engine.State, time.Time) {
	t.Helper()
	events := eventsOf(t, option, time.Minute)
	cut := slices.IndexFunc(events, func(e engine.Event) bool { return e.Phase == p })
	s, err := engine.Fold(events[:cut+1])
	if err != nil {
		t.Fatal(err)
	}
	return s, events[cut].Time
}

// moved says what the agent has moved by then.
func moved(t *testing.T, s engine.State, at time.Time, p engine.Phase, read, total int64) engine.State {
	t.Helper()
	next, err := s.Apply(engine.Event{Time: at, Item: "web", Phase: p, Body: engine.SyncProgress{Read: read, Written: read / 10, Total: total, Estimate: true}})
	if err != nil {
		t.Fatal(err)
	}
	return next
}

func TestS16TheTimeLeftIsCorrectedByWhatMoved(t *testing.T) {
	s, begun := upTo(t, engine.SyncDelta, engine.PhaseInitialSync)
	before := Left(s, "web", begun)
	if !before.Known() || before.Measured || before.Until != UntilSwitch || before.P90 <= before.P50 {
		t.Fatalf("at the start %+v", before)
	}
	at := begun.Add(time.Hour)
	half := Left(moved(t, s, at, engine.PhaseInitialSync, 50*gib, 100*gib), "web", at)
	if !half.Measured || half.P50 < 55*time.Minute || half.P50 > 65*time.Minute {
		t.Errorf("after an hour for one half %+v", half)
	}
	slow := Left(moved(t, s, at, engine.PhaseInitialSync, 10*gib, 100*gib), "web", at)
	if slow.P50 < 3*half.P50 {
		t.Errorf("after an hour for a tenth %+v", slow)
	}
	near := Left(moved(t, s, at, engine.PhaseInitialSync, 99*gib, 100*gib), "web", at)
	if near.P90 < near.P50+near.P50/20 || float64(near.P90)/float64(near.P50) >= float64(half.P90)/float64(half.P50) {
		t.Errorf("near the end %+v, at the half %+v", near, half)
	}
}

// The cautious end never comes down to the likely one, whatever has moved when.
func TestS16TheCautiousEndStaysAbove(t *testing.T) {
	for _, option := range []engine.SyncOption{engine.SyncDelta, engine.SyncFull} {
		for _, p := range []engine.Phase{engine.PhasePrepare, engine.PhaseInitialSync, engine.PhaseStopAzure, engine.PhaseFinalSync, engine.PhaseStartOnPremises} {
			if option == engine.SyncFull && p == engine.PhaseInitialSync {
				continue
			}
			s, begun := upTo(t, option, p)
			for gone := time.Duration(0); gone < 40*time.Hour; gone += 7 * time.Minute {
				for _, read := range []int64{0, 1, 30 * gib, 70 * gib, 100 * gib} {
					at := begun.Add(gone)
					r := Left(moved(t, s, at, p, read, 100*gib), "web", at)
					if r.Known() && (r.P50 < 0 || r.P90 < r.P50+r.P50/20) {
						t.Fatalf("%s, %s after %v with %d read: %+v", option, p, gone, read, r)
					}
				}
			}
		}
	}
}

func TestS16NoTimeLeftBeforeItIsHonest(t *testing.T) {
	s, begun := upTo(t, engine.SyncDelta, engine.PhaseInitialSync)
	if r := Left(s, "web", begun.Add(1000*time.Hour)); r.Known() {
		t.Errorf("long after the cautious end, nothing measured: %+v", r)
	}
	s.Forecast = nil
	if r := Left(s, "web", begun.Add(time.Minute)); r.Known() {
		t.Errorf("without a forecast: %+v", r)
	}
	early := begun.Add(10 * time.Second)
	if r := Left(moved(t, s, early, engine.PhaseInitialSync, 90*gib, 100*gib), "web", early); r.Known() {
		t.Errorf("of ten seconds: %+v", r)
	}
	if r := Left(s, "nobody", begun); r.Known() {
		t.Errorf("of an item that is not there: %+v", r)
	}
	gate, at := upTo(t, engine.SyncFull, engine.PhasePrepare)
	gate.Legs[0].Mode = engine.ModeWaiting
	if r := Left(gate, "web", at); r.Known() {
		t.Errorf("at a gate: %+v", r)
	}
}

func TestS16ASlowLineMakesTheSwitchLonger(t *testing.T) {
	s, begun := upTo(t, engine.SyncDelta, engine.PhaseStopAzure)
	usual := Left(s, "web", begun)
	l := *s.Legs[0]
	r := l.Phases[engine.PhaseInitialSync]
	f, _ := forecastOf(s, engine.PhaseInitialSync)
	r.Started = r.Ended.Add(-seconds(3 * f.p50))
	l.Phases = map[engine.Phase]engine.PhaseRecord{engine.PhaseInitialSync: r, engine.PhaseStopAzure: l.Phases[engine.PhaseStopAzure]}
	s.Legs = []*engine.Leg{&l}
	if slow := Left(s, "web", begun); usual.Until != UntilBoot || slow.P50 <= usual.P50 {
		t.Errorf("after a first synchronisation three times as long as forecast %+v, else %+v", slow, usual)
	}
}

// What lasts longer than was likely tends to last longer still, and half of what comes
// lies below the likely end at any moment.
func TestS16WhatLastsLongerTendsToLastLongerStill(t *testing.T) {
	f := part{100, 200}
	start, ok := f.after(0)
	if !ok || start.p50 < 99.9 || start.p50 > 100.1 || start.p90 < 199 || start.p90 > 201 {
		t.Fatalf("at the start %+v", start)
	}
	half, _ := f.after(50)
	late, ok := f.after(180)
	if half.p50 >= 60 || half.p50 <= 50 || !ok || late.p50 <= 0 || late.p90 <= 20 {
		t.Errorf("after 50 s %+v, after 180 s %+v", half, late)
	}
	if _, ok := f.after(400); ok {
		t.Error("a time is said of what hardly anything outlasts")
	}
}

// The agent's counters are the host's: what one leg reads is no part of another's.
func TestS16TheCountersOfAHostAreSharedByItsLegs(t *testing.T) {
	s, begun := upTo(t, engine.SyncDelta, engine.PhaseInitialSync)
	at := begun.Add(time.Hour)
	s = moved(t, s, at, engine.PhaseInitialSync, 50*gib, 100*gib)
	alone := Left(s, "web", at)
	other := *s.Legs[0]
	other.Item.Name = "db"
	s.Legs = append(slices.Clone(s.Legs), &other)
	if both := Left(s, "web", at); both.P50 < 2*alone.P50 {
		t.Errorf("alone %+v, of two that read from one host %+v", alone, both)
	}
	other.Item.Host = "hv02"
	if apart := Left(s, "web", at); apart != alone {
		t.Errorf("alone %+v, beside one of another host %+v", alone, apart)
	}
}
