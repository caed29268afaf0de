package engine

import (
	"encoding/json"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
)

func TestAForecastReadsAsItWasWritten(t *testing.T) {
	e := Event{V: 1, Seq: 4, Time: day, Run: "20261123-020000-abcdef", Body: ForecastMade{
		Option: SyncFull, Bytes: 5, Total: Spread{1, 2}, Downtime: Spread{0.5, 1}, Phases: []PhaseForecast{{PhaseFinalSync, Spread{0.25, 0.5}}},
		Biggest: "b", Learnt: []string{"l"}, Assumed: []string{"a"},
		From: ForecastInput{Items: []ForecastItem{{"web01", 10, -1, 3}}, Missing: true, Threads: 8, Throttle: 9},
	}}
	raw, err := json.Marshal(e)
	if err != nil {
		t.Fatal(err)
	}
	var back Event
	if err := json.Unmarshal(raw, &back); err != nil || !reflect.DeepEqual(e, back) {
		t.Errorf("%v\n%+v\n%+v", err, e, back)
	}
}

func TestWordsOfAForecastAndItsFact(t *testing.T) {
	s := Spread{300, 600}
	for fact, want := range map[float64]string{250: "within the likely end", 400: "within the forecast of 5 min to 10 min", 700: "beyond the forecast"} {
		f := Fact{s, fact}
		if got := f.Words(); !strings.Contains(got, want) || f.Within() != (fact <= 600) {
			t.Errorf("%.0f: %q", fact, got)
		}
	}
	// A journal may say anything.
	for _, odd := range []float64{-1, math.NaN(), math.Inf(1), 1e300} {
		if p50, p90 := (Spread{odd, odd}).Range(); p50 != 0 || p90 != 0 {
			t.Errorf("%v: %v to %v", odd, p50, p90)
		}
	}
}

// What waits at a gate, and what is compared after the boot, is in no outturn.
func TestS16AnOutturnLeavesWaitsOut(t *testing.T) {
	at := func(minutes int) time.Time { return day.Add(time.Duration(minutes) * time.Minute) }
	done := func(from, to int) PhaseRecord {
		return PhaseRecord{Status: StatusDone, Started: at(from), Ended: at(to), Tries: 1}
	}
	l := &Leg{
		Item: PlanItem{Name: "web01", Host: "hv01"}, Direction: ToOnPremises, Boot: &BootChecked{Result: BootProven},
		Phases: map[Phase]PhaseRecord{
			PhasePreflight: done(0, 50), PhasePrepare: done(50, 51), PhaseInitialSync: done(51, 61), // then a day at the gate
			PhaseStopAzure: done(1500, 1502), PhaseFinalSync: done(1502, 1503), PhaseStartOnPremises: done(1503, 1505), PhaseVerify: done(1505, 1600),
		},
		DowntimeFrom: at(1500), DowntimeTo: at(1506),
		Sync: map[Phase]SyncProgress{PhaseInitialSync: {Read: 100, Written: 7}, PhaseFinalSync: {Read: 2, Written: 3}},
	}
	s := State{Legs: []*Leg{l}, Forecast: &ForecastMade{Bytes: 11}}
	if o := s.Outturn(); o == nil || o.Total.Fact != 17*60 || o.Downtime.Fact != 6*60 || o.Bytes != 9 || o.ForecastBytes != 11 || o.Interrupted {
		t.Fatalf("%+v", o)
	}
	l.Phases[PhaseFinalSync] = PhaseRecord{Status: StatusDone, Started: at(1502), Ended: at(1503), Tries: 2}
	if o := s.Outturn(); o == nil || !o.Interrupted {
		t.Errorf("a phase that was begun twice: %+v", o)
	}
	l.Boot.Result = BootNotProven
	if o := s.Outturn(); o != nil {
		t.Errorf("of a boot that nobody has seen: %+v", o)
	}
}
