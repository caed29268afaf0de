package replay_test

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"time"

	"failback/engine"
	"failback/tui/replay"
	"failback/tui/tuitest"

	"pgregory.net/rapid"
)

var at = time.Date(2026, 3, 14, 22, 15, 0, 0, time.UTC)

func recording() []engine.Event {
	return tuitest.Record(tuitest.Plan(engine.SyncDelta, "web01", "db01"), at)
}

func player(t interface {
	Helper()
	Fatal(...any)
}, events []engine.Event) *replay.Player {
	t.Helper()
	p, err := replay.New(events)
	if err != nil {
		t.Fatal(err)
	}
	return p
}

// Wherever one goes, in whatever way, the state is the fold of the events before
// it, and the time is never before the last of them nor after the next.
func TestSeekAnywhereEqualsTheFoldOfThePrefix(t *testing.T) {
	events := recording()
	folds := make([]engine.State, len(events)+1)
	for i, e := range events {
		next, err := folds[i].Apply(e)
		if err != nil {
			t.Fatal(err)
		}
		folds[i+1] = next
	}
	rapid.Check(t, func(t *rapid.T) {
		p := player(t, events)
		for range rapid.IntRange(1, 25).Draw(t, "moves") {
			switch rapid.IntRange(0, 9).Draw(t, "move") {
			case 0:
				p.Step(rapid.IntRange(-len(events), len(events)).Draw(t, "events"))
			case 1:
				p.Skip(time.Duration(rapid.Int64Range(-int64(time.Hour), int64(time.Hour)).Draw(t, "time")))
			case 2:
				p.Seek(time.Unix(rapid.Int64Range(0, 4e9).Draw(t, "unix"), 0))
			case 3:
				p.Toggle()
			case 4:
				p.Advance(time.Duration(rapid.Int64Range(0, int64(time.Minute)).Draw(t, "real")))
			case 5:
				p.Faster()
			case 6:
				p.Slower()
			case 7:
				p.NextMark()
			case 8:
				p.PreviousMark()
			case 9:
				p.SetSpeed(rapid.Float64Range(1, 1e12).Draw(t, "speed"))
			}
			n, of := p.Told()
			if n < 1 || n > of || of != len(events) {
				t.Fatalf("told %d of %d", n, of)
			}
			if !reflect.DeepEqual(p.State(), folds[n]) {
				t.Fatalf("after %d events the state is not their fold", n)
			}
			if p.Now().Before(events[n-1].Time) || n < of && p.Now().After(events[n].Time) {
				t.Fatalf("it is %s after event %d of %s", p.Now(), n, events[n-1].Time)
			}
			if d, whole := p.Passed(); d < 0 || d > whole {
				t.Fatalf("%s of %s passed", d, whole)
			}
		}
	})
}

func TestItPlaysAtItsSpeedAndStopsAtTheEnd(t *testing.T) {
	p := player(t, recording())
	p.SetSpeed(60)
	p.Advance(time.Second)
	if d, _ := p.Passed(); d != 0 {
		t.Errorf("paused, and %s passed", d)
	}
	p.Toggle()
	p.Advance(2 * time.Second)
	if d, _ := p.Passed(); d != 2*time.Minute {
		t.Errorf("two seconds at 60 are %s", d)
	}
	p.Advance(time.Hour)
	if p.Playing() || !p.AtEnd() || p.State().Outcome != engine.OutcomeSucceeded {
		t.Errorf("playing %v, at the end %v, outcome %q", p.Playing(), p.AtEnd(), p.State().Outcome)
	}
	p.Toggle()
	if n, _ := p.Told(); n != 1 || !p.Playing() {
		t.Errorf("played again it stands at event %d", n)
	}
}

func TestSpeedsGoUpAndDownToTheirEnds(t *testing.T) {
	p := player(t, recording())
	p.SetSpeed(7)
	p.Faster()
	if p.Speed() != 10 {
		t.Errorf("faster than 7 is %v", p.Speed())
	}
	for range 30 {
		p.Slower()
	}
	if p.Speed() != 1 {
		t.Errorf("slowest is %v", p.Speed())
	}
	for range 30 {
		p.Faster()
	}
	if p.Speed() != 3600 {
		t.Errorf("fastest is %v", p.Speed())
	}
}

// Marks are where one wants to look: gates among them, in order, and back.
func TestMarksLeadThroughTheRun(t *testing.T) {
	p := player(t, recording())
	var gates int
	seen := 0
	for !p.AtEnd() {
		before, _ := p.Told()
		p.NextMark()
		if n, _ := p.Told(); n <= before {
			t.Fatalf("from event %d to %d", before, n)
		}
		seen++
		if len(p.State().Waiting()) > 0 {
			gates++
		}
	}
	if gates == 0 {
		t.Error("no mark stands at a gate")
	}
	for range seen {
		p.PreviousMark()
	}
	if n, _ := p.Told(); n != 1 {
		t.Errorf("back at event %d", n)
	}
}

// A clock that was set back plays on, and never backwards.
func TestAClockSetBackPlaysForward(t *testing.T) {
	events := recording()
	for i := len(events) / 2; i < len(events); i++ {
		events[i].Time = events[i].Time.Add(-time.Hour)
	}
	p := player(t, events)
	p.Toggle()
	last := p.Now()
	for p.Playing() {
		p.Advance(time.Second)
		if p.Now().Before(last) {
			t.Fatalf("%s after %s", p.Now(), last)
		}
		last = p.Now()
	}
	if !p.AtEnd() {
		t.Error("it stopped before the end")
	}
}

// What is no recording of a run is refused with the reason and with what to do.
func TestWhatIsNoRunIsRefused(t *testing.T) {
	whole := recording()
	foreign := append([]engine.Event(nil), whole[:6]...)
	foreign[5].Item = "nobody"
	newer := append([]engine.Event(nil), whole[:1]...)
	newer[0].Body = engine.StreamOpened{Schema: 99}
	gap := append(append([]engine.Event(nil), whole[:5]...), whole[7:]...)
	for _, c := range []struct {
		name   string
		events []engine.Event
		says   string
	}{
		{"nothing", nil, "nothing was recorded"},
		{"the middle", whole[4:], "it begins with"},
		{"foreign", foreign, `names "nobody"`},
		{"newer", newer, "schema 99"},
		{"gap", gap, "follows event 5"},
	} {
		_, err := replay.New(c.events)
		var f *engine.Failure
		if !errors.As(err, &f) || f.Kind != engine.FailureUsage || f.Remedy == "" || !strings.Contains(err.Error(), c.says) {
			t.Errorf("%s: %v", c.name, err)
		}
	}
}
