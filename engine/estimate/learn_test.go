package estimate

import (
	"bytes"
	"encoding/json"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"failback/engine"
)

const mib = float64(1 << 20)

// ran is a past run of one item that held so many bytes, with rates of its own: what
// it took is reckoned here, not by the model.
func ran(option engine.SyncOption, held int64, compare, link float64) Past {
	p := Past{
		Profile: "prod", Option: option, Host: "hv01", Forecastable: true,
		Input:   engine.ForecastInput{Items: []engine.ForecastItem{{Name: "web", Bytes: 2 * held, Held: held, Age: 10 * 24 * 3600}}},
		Prepare: 40, Stop: 50, Boot: 70,
	}
	h := float64(held)
	if option == engine.SyncFull {
		p.Last, p.Final = h, 20+h/link
	} else {
		p.First, p.Last = 0.1*h, 0.001*h
		p.Initial, p.Final = 15+h/compare+p.First/link, 20+p.Last/link
		p.Window = p.Initial + 5
	}
	p.Downtime = p.Stop + p.Final + p.Boot
	p.Total = p.Prepare + p.Initial + p.Downtime
	return p
}

// runsOf are n deltas and n fulls of different sizes.
func runsOf(n int, compare, link float64) (out []Past) {
	for i := range n {
		held := int64(10+17*(i%7)) * gib
		out = append(out, ran(engine.SyncDelta, held, compare, link), ran(engine.SyncFull, held, compare, link))
	}
	return out
}

func learntInput(past []Past) Input {
	in := input(200*gib, 10, engine.Rates{})
	in.Allocated, in.Past = 100*gib, past
	return in
}

func TestS16WhatRunsMeasuredReplacesWhatIsAssumed(t *testing.T) {
	const compare, link = 150 * mib, 30 * mib
	f := For(learntInput(runsOf(6, compare, link)))
	want := ran(engine.SyncFull, 100*gib, compare, link)
	within(t, "full", f.Full.Total.P50.Seconds(), want.Total, 0.02)
	within(t, "full's downtime", f.Full.Downtime.P50.Seconds(), want.Downtime, 0.02)
	delta := ran(engine.SyncDelta, 100*gib, compare, link)
	within(t, "delta", f.Delta.Total.P50.Seconds(), delta.Total, 0.05)
	within(t, "delta's bytes", float64(f.Delta.Bytes), delta.First+delta.Last, 0.05)
	for _, a := range f.Assumed {
		for _, gone := range []string{"3 GB a minute", "100 Mbit/s", "rewritten a day", "to prepare", "to stop", "prove its boot"} {
			if strings.Contains(a, gone) {
				t.Errorf("%q was measured, and is assumed", a)
			}
		}
	}
	learnt := strings.Join(f.Learnt, "\n")
	for _, want := range []string{"checksums at 150", "a download of 30", "median of 6 runs", "median of 12 runs", "changed a day"} {
		if !strings.Contains(learnt, want) {
			t.Errorf("nothing learnt says %q:\n%s", want, learnt)
		}
	}
	if bare := For(learntInput(runsOf(1, compare, link))); len(bare.Learnt) > 0 {
		t.Errorf("two runs taught %q", bare.Learnt)
	}
}

func within(t *testing.T, what string, got, want, share float64) {
	t.Helper()
	if math.Abs(got/want-1) > share {
		t.Errorf("%s %.0f, want %.0f within %.0f %%", what, got, want, share*100)
	}
}

func TestS16OutliersMoveNoForecast(t *testing.T) {
	past := runsOf(6, 150*mib, 30*mib)
	calm := For(learntInput(past))
	for _, i := range []int{0, 1, 7} {
		p := past[i]
		p.Initial, p.Final, p.Boot, p.Stop, p.Total, p.Downtime = 50*p.Initial, 50*p.Final, 50*p.Boot, p.Stop/50, 50*p.Total, 50*p.Downtime
		past[i] = p
	}
	f := For(learntInput(past))
	within(t, "full", f.Full.Total.P50.Seconds(), calm.Full.Total.P50.Seconds(), 0.15)
	within(t, "delta", f.Delta.Total.P50.Seconds(), calm.Delta.Total.P50.Seconds(), 0.15)
}

func TestS16NewRunsCountMoreThanOldOnes(t *testing.T) {
	past := slices.Concat(runsOf(8, 150*mib, 60*mib), runsOf(12, 150*mib, 10*mib)) // newest first
	if f := For(learntInput(past)); f.Full.Total.P50.Seconds() > 1.3*float64(100*gib)/(60*mib) {
		t.Errorf("full in %v with a line that has become six times as fast", f.Full.Total.P50)
	}
}

// The spread is called measured from nine runs of the option on, and then nine of ten
// of them lie within it.
func TestS16ASpreadIsMeasuredOrSaidToBeAGuess(t *testing.T) {
	noisy := func(n int) []Past {
		var out []Past
		for i := range n {
			p := ran(engine.SyncFull, int64(10+7*(i%5))*gib, 150*mib, 30*mib*(1+0.5*math.Sin(float64(i*i))))
			out = append(out, p)
		}
		return out
	}
	few := For(learntInput(noisy(8)))
	if few.Full.Residuals != 0 || !strings.Contains(strings.Join(few.Assumed, "\n"), "the 90 % value takes half the link") {
		t.Errorf("%d residuals of eight runs; assumed %q", few.Full.Residuals, few.Assumed)
	}
	past := noisy(30)
	in := learntInput(past)
	in.Allocated = 30 * gib
	f := For(in)
	if f.Full.Residuals < 25 || !strings.Contains(strings.Join(f.Learnt, "\n"), "the spread of full: how far 30 runs were off") {
		t.Errorf("%d residuals; learnt %q", f.Full.Residuals, f.Learnt)
	}
	if !strings.Contains(strings.Join(f.Assumed, "\n"), "the 90 % value of delta takes half the link") {
		t.Errorf("assumed %q", f.Assumed)
	}
	inside := 0
	for i, p := range past {
		at := p.asInput(in)
		at.Past = past
		if i%3 == 0 && p.Total <= For(at).Full.Total.P90.Seconds() {
			inside++
		}
	}
	if wide := f.Full.Total.P90.Seconds() / f.Full.Total.P50.Seconds(); inside < 8 || wide > 2.5 {
		t.Errorf("%d of 10 runs lie within the cautious end, which is %.2f times the likely one", inside, wide)
	}
	// Nothing shows that the residuals hold for a machine far larger than any before.
	in.Items[0].Disks[0].Bytes, in.Allocated = 2000*gib, 1000*gib
	if big := For(in).Full; big.Residuals != 0 || big.Total.P90.Seconds() < 1.9*big.Total.P50.Seconds() {
		t.Errorf("of a large machine %d residuals, %v", big.Residuals, big.Total)
	}
}

func TestS16ARunTeachesOnlyAboutItsOwnConnection(t *testing.T) {
	past := runsOf(10, 150*mib, 30*mib)
	for i := range past {
		past[i].Rehearsal = i%2 == 0
		if i >= 12 {
			past[i].Host = "hv02"
		}
	}
	if got := Relevant(past, "other", false, ""); len(got) != 0 {
		t.Errorf("%d runs of another connection", len(got))
	}
	for _, p := range Relevant(past, "prod", false, "hv02") {
		if p.Rehearsal {
			t.Error("a rehearsal teaches about the real thing")
		}
	}
	if got := Relevant(runsOf(10, mib, mib), "prod", false, "hv09"); len(got) != 20 {
		t.Errorf("%d runs for a host that no run went to, want all", len(got))
	}
}

func TestS16OverlapAndSharingAreLearnt(t *testing.T) {
	const compare, link = 100 * mib, 20 * mib
	var past []Past
	for i := range 12 {
		held := []int64{int64(10+5*(i%5)) * gib, int64(4+3*(i%3)) * gib}
		p := ran(engine.SyncDelta, held[0], compare, link)
		if i%2 == 0 {
			p.Input.Items = append(p.Input.Items, engine.ForecastItem{Name: "db", Bytes: 2 * held[1], Held: held[1], Age: 9 * 24 * 3600})
		}
		p.First = 0.3 * sumOf(p.held())
		p.Initial = load(p.held(), true) / compare // nothing adds up
		past = append(past, p)
	}
	two := learntInput(past)
	two.Items = []engine.Item{vm("a", 40*gib, 10), vm("b", 40*gib, 10)}
	two.Allocated = 40 * gib
	f := For(two)
	m := newModel(two)
	if !m.learnt.each || !m.learnt.overlap {
		t.Fatalf("each %v, overlap %v; learnt %q", m.learnt.each, m.learnt.overlap, f.Learnt)
	}
	if got := m.partsOf(engine.SyncDelta, m.expected, false); math.Abs(got.compare/(float64(20*gib)/compare)-1) > 0.1 {
		t.Errorf("checksums of two items that do not slow each other down: %.0f s", got.compare)
	}
}

func TestS16ThrottleAndThreads(t *testing.T) {
	in := learntInput(nil)
	in.Throttle = 1_000_000
	slow := For(in)
	if want := float64(in.Allocated) / 1e6; slow.Full.Downtime.P50.Seconds() < want {
		t.Errorf("full in %v through a throttle of 1 MB/s", slow.Full.Downtime.P50)
	}
	if !strings.Contains(strings.Join(slow.Assumed, "\n"), "throttle") || len(slow.Full.Levers) == 0 || !strings.Contains(slow.Full.Levers[0].What, "throttle") {
		t.Errorf("assumed %q, levers %+v", slow.Assumed, slow.Full.Levers)
	}
	// Measured without a throttle, it still holds back; measured with more threads, it
	// is not taken for as fast with fewer.
	past := runsOf(6, 150*mib, 30*mib)
	free := For(learntInput(past))
	in.Past = past
	if f := For(in); f.Full.Downtime.P50.Seconds() < float64(in.Allocated)/1e6 {
		t.Errorf("full in %v through a throttle of 1 MB/s, measured without", f.Full.Downtime.P50)
	}
	for i := range past {
		past[i].Threads = 16
	}
	fewer := For(learntInput(past)) // 4, the default
	if fewer.Full.Downtime.P50 < 3*free.Full.Downtime.P50 {
		t.Errorf("with a quarter of the threads full in %v instead of %v", fewer.Full.Downtime.P50, free.Full.Downtime.P50)
	}
}

func TestS16TheBiggestFactorOfBothEnds(t *testing.T) {
	// Expected, the checksums take longest; at its worst twice the changes over half
	// the line do.
	r := engine.Rates{Compare: 40 << 20, Link: 20 << 20, Change: share(1000*gib, 10, 0.3), Prepare: 1, Stop: 1, Boot: 1}
	f := For(input(1000*gib, 10, r)).Delta
	if !strings.Contains(f.Reasons[0], "checksums") || !strings.Contains(f.Cautious[0], "download") {
		t.Errorf("likely %q, cautious %q", f.Reasons[0], f.Cautious[0])
	}
	if len(f.Levers) < 2 || !strings.Contains(f.Levers[0].What, "download") && !strings.Contains(f.Levers[0].What, "checksums") {
		t.Errorf("levers %+v", f.Levers)
	}
	if !slices.IsSortedFunc(f.Levers, func(a, b Lever) int { return int(b.Total - a.Total) }) {
		t.Errorf("levers %+v are not sorted", f.Levers)
	}
}

func TestARecordHoldsWhatTheForecastSays(t *testing.T) {
	f := For(learntInput(runsOf(12, 150*mib, 30*mib)))
	for _, o := range []Forecast{f.Delta, f.Full} {
		r := f.Record(o.Option)
		var sum float64
		for _, p := range r.Phases {
			sum += p.P50
			if p.P90 < p.P50 {
				t.Errorf("%s: %+v", o.Option, p)
			}
		}
		within(t, string(o.Option)+"'s phases", sum, o.Total.P50.Seconds(), 0.001)
		if r.Bytes != o.Bytes || r.Biggest != o.Reasons[0] || len(r.From.Items) != 1 || r.From.Items[0].Held != 100*gib || r.From.Items[0].Age != 10*24*3600 {
			t.Errorf("%+v", r)
		}
	}
}

// FuzzPast reads whatever a journal may say: nothing of it breaks a forecast.
func FuzzPast(f *testing.F) {
	for _, option := range []engine.SyncOption{engine.SyncDelta, engine.SyncFull} {
		f.Add(journalOf(f, option, 1), uint8(9))
		f.Add(journalOf(f, option, -1), uint8(3))
	}
	f.Add([]byte(`{"v":1,"seq":0,"type":"forecast.made","total":{"p50_s":1e308,"p90_s":-5},"from":{"items":[{"bytes":-1,"held":9e18,"age_s":-1e300}]}}`), uint8(12))
	f.Fuzz(func(t *testing.T, raw []byte, times uint8) {
		var s engine.State
		for text := range bytes.Lines(raw) {
			var e engine.Event
			if json.Unmarshal(text, &e) != nil {
				continue
			}
			if next, err := s.Apply(e); err == nil {
				s = next
			}
		}
		_ = Left(s, "web", now)
		p, ok := Observe(s)
		if !ok {
			return
		}
		in := learntInput(slices.Repeat([]Past{p}, int(times%20)))
		for _, o := range []Forecast{For(in).Delta, For(in).Full} {
			if o.Bytes < 0 || o.Total.P50 < 0 || o.Total.P90 < o.Total.P50 || o.Downtime.P90 < o.Downtime.P50 || o.Downtime.P50 > o.Total.P50 {
				t.Fatalf("%+v from %+v", o, p)
			}
			if _, err := json.Marshal(For(in).Record(o.Option)); err != nil {
				t.Fatalf("no journal can hold the forecast: %v", err)
			}
		}
	})
}

// journalOf is a run's events as lines, its clock going forwards or back.
func journalOf(t testing.TB, option engine.SyncOption, way time.Duration) []byte {
	t.Helper()
	var out bytes.Buffer
	for _, e := range eventsOf(t, option, way*time.Minute) {
		raw, err := json.Marshal(e)
		if err != nil {
			t.Fatal(err)
		}
		out.Write(append(raw, '\n'))
	}
	return out.Bytes()
}

// eventsOf are the events of a whole run up to its boot, each a step after the last.
func eventsOf(t testing.TB, option engine.SyncOption, step time.Duration) []engine.Event {
	t.Helper()
	k := &kept{}
	at := now
	s := engine.NewStream("20261123-120000-abcdef", engine.State{}, k, k, func() time.Time { at = at.Add(step); return at })
	emit := func(item string, p engine.Phase, bodies ...engine.Body) {
		for _, b := range bodies {
			if err := s.Emit(item, p, b); err != nil {
				t.Fatal(err)
			}
		}
	}
	plan := engine.Plan{Version: 1, Profile: "prod", Owner: "anna", Direction: engine.ToOnPremises, Sync: option,
		Items: []engine.PlanItem{{ID: "/i/web", Name: "web", Host: "hv01", Bytes: 200 * gib, Disks: 1}}}
	in := learntInput(nil)
	emit("", "", engine.StreamOpened{Schema: 1}, engine.RunPlanned{Plan: plan}, engine.RunStarted{Driver: "anna"}, For(in).Record(option))
	for _, st := range plan.Steps(plan.Items[0]) {
		if st.IsGate() {
			if st.Gate == engine.GateCommit {
				break
			}
			emit("web", "", engine.GateOpened{Gate: st.Gate}, engine.DecisionMade{Decision: engine.Decision{Gate: st.Gate, By: "anna"}})
			continue
		}
		emit("web", st.Phase, engine.PhaseStarted{})
		switch st.Phase {
		case engine.PhaseInitialSync:
			emit("web", st.Phase, engine.SyncProgress{Read: 50 * gib, Written: gib, Total: 100 * gib, Estimate: true}, engine.SyncProgress{Read: 100 * gib, Written: 2 * gib, Total: 100 * gib, Estimate: true})
		case engine.PhaseStopAzure:
			emit("web", st.Phase, engine.DowntimeBegan{}, engine.PowerChanged{Side: engine.LocationAzure, Power: engine.PowerDeallocated})
		case engine.PhaseFinalSync:
			emit("web", st.Phase, engine.SyncProgress{Read: gib, Written: gib, Estimate: true})
		case engine.PhaseVerify:
			emit("web", st.Phase, engine.BootChecked{Result: engine.BootProven})
		default:
		}
		emit("web", st.Phase, engine.PhaseFinished{})
	}
	return k.events
}

// kept is a recorder in memory that also is nobody's reader.
type kept struct{ events []engine.Event }

func (k *kept) Append(e engine.Event) error {
	k.events = append(k.events, e)
	return nil
}

func (k *kept) Publish(engine.Event) {}

func TestS16ARunIsMeasuredFromItsJournal(t *testing.T) {
	s, err := engine.Fold(eventsOf(t, engine.SyncDelta, time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	p, ok := Observe(s)
	if !ok || !p.Forecastable || p.Prepare != 60 || p.Initial != 180 || p.First != float64(2*gib) || p.Last != float64(gib) || p.Host != "hv01" || p.Total == 0 || p.Downtime == 0 {
		t.Errorf("%v %+v", ok, p)
	}
	turn := s.Outturn()
	if turn == nil || turn.Interrupted || turn.Total.Fact != p.Total || turn.Bytes != 3*gib {
		t.Errorf("outturn %+v", turn)
	}
	// A phase that was begun twice measures nothing; nor does a clock that ran back.
	events := eventsOf(t, engine.SyncDelta, time.Minute)
	cut := slices.IndexFunc(events, func(e engine.Event) bool { return e.Phase == engine.PhaseInitialSync })
	s, _ = engine.Fold(events[:cut+1])
	again := events[cut]
	for _, b := range []engine.Body{engine.RunFinished{Outcome: engine.OutcomeDetached}, engine.RunResumed{Driver: "bert"}, engine.PhaseStarted{}} {
		again.Seq, again.Time, again.Body = again.Seq+1, again.Time.Add(time.Hour), b
		again.Item, again.Phase = "", ""
		if _, starts := b.(engine.PhaseStarted); starts {
			again.Item, again.Phase = "web", engine.PhaseInitialSync
		}
		if s, err = s.Apply(again); err != nil {
			t.Fatal(err)
		}
	}
	again.Seq, again.Time, again.Body = again.Seq+1, again.Time.Add(time.Hour), engine.PhaseFinished{}
	if s, err = s.Apply(again); err != nil {
		t.Fatal(err)
	}
	if p, _ := Observe(s); p.Initial != 0 || p.Prepare == 0 {
		t.Errorf("an interrupted phase was measured: %+v", p)
	}
	s, err = engine.Fold(eventsOf(t, engine.SyncFull, -time.Minute))
	if err != nil {
		t.Fatal(err)
	}
	if p, ok := Observe(s); ok {
		t.Errorf("a clock that ran back measured %+v", p)
	}
}

// BenchmarkFor is a forecast that looks back at as many runs as one does.
func BenchmarkFor(b *testing.B) {
	in := learntInput(runsOf(mostRuns/2, 150*mib, 30*mib))
	for b.Loop() {
		For(in)
	}
}
