package estimate

import (
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"failback/engine"
)

// straight is a machine of 90 GB, with everything known but the line.
func straight() DirectInput {
	return DirectInput{
		Items: []engine.Item{{Name: "db01", Disks: []engine.Disk{{Bytes: 60e9}, {Bytes: 30e9}}}},
		Now:   time.Date(2030, 1, 1, 7, 0, 0, 0, time.UTC),
		Rates: engine.Rates{Link: 100e6, Change: 3.6e9, Prepare: time.Minute, Stop: time.Minute, Boot: 3 * time.Minute},
	}
}

func forecastOfDirect(t *testing.T, in DirectInput) engine.ForecastMade {
	t.Helper()
	f, err := ForDirect(in)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func about(t *testing.T, what string, got, want float64) {
	t.Helper()
	if math.Abs(got-want) > 0.02*want+1 {
		t.Errorf("%s: %.0f, want %.0f", what, got, want)
	}
}

// TestADirectForecastOfKnownNumbers is reckoned by hand: 90 GB at 100 MB/s are 900 s; 1 MB
// a second changes: 0.9 GB and 9 s in the pass, with two minutes for a set each.
func TestADirectForecastOfKnownNumbers(t *testing.T) {
	f := forecastOfDirect(t, straight())
	const last = 129 + 60 // MB: what changed in the pass and while the machine stopped
	about(t, "downtime", f.Downtime.P50, 60+120+last/100.0+180)
	about(t, "total", f.Total.P50, 60+120+900+129+60+120+last/100.0+180)
	about(t, "MB", float64(f.Bytes)/1e6, 90000+900+last)
	about(t, "cautious total", f.Total.P90, 120+240+1800+(240+72)+120+(240+0)+360+(240+72+120)*2/50+0)
	if !strings.Contains(f.Biggest, "the first copy: 83.8 GiB at 95.4 MiB/s") || f.From.Items[0].Held != -1 {
		t.Errorf("%q, %+v", f.Biggest, f.From)
	}
	if said := strings.Join(f.Assumed, "\n"); !strings.Contains(said, "do not tell how much of them is used") || !strings.Contains(said, "3.4 GiB an hour") {
		t.Error(said)
	}
	if len(f.Phases) != 5 || f.Phases[1].Phase != engine.PhaseInitialSync {
		t.Errorf("%+v", f.Phases)
	}
}

// TestADirectForecastKeepsToTheLimit by the hours: from seven to eight nothing holds it,
// then 5 MB/s; at the switch the slowest hour is the cautious one.
func TestADirectForecastKeepsToTheLimit(t *testing.T) {
	in := straight()
	in.Limit = "10MB/s"
	f := forecastOfDirect(t, in)
	first := f.Phases[1]
	about(t, "a limit below the line", first.P50, 9000+120+2*120+1032) // 10 MB of every second's change take a tenth of it
	if first.P90 > 1.5*first.P50 {
		t.Errorf("the limit is known, the line hardly matters: %+v", first)
	}
	in.Rates.Link, in.Limit = 10e6, "08:00-18:00=5MB/s"
	in.Rates.Change = 1 // nothing
	f = forecastOfDirect(t, in)
	// 07:03 to 08:00 at 10 MB/s, the rest at 5 MB/s.
	before := 57 * 60.0 * 10e6
	about(t, "by hours", f.Phases[1].P50, 57*60+(90e9-before)/5e6+2*120)
}

func TestADirectForecastSaysWhatItDoesNotKnow(t *testing.T) {
	in := straight()
	in.Rates = engine.Rates{}
	f := forecastOfDirect(t, in)
	if f.Total.P90 < 4*f.Total.P50 || !slices.ContainsFunc(f.Assumed, func(s string) bool { return strings.HasPrefix(s, "no run without a limit has measured the line") }) {
		t.Errorf("a line that nothing has measured: %+v", f)
	}
	for name, bad := range map[string]DirectInput{
		"no size": {Items: []engine.Item{{Name: "db01"}}}, "nothing": {}, "limit": {Items: straight().Items, Limit: "fast"},
	} {
		if f, err := ForDirect(bad); err == nil {
			t.Errorf("%s: %+v", name, f)
		}
	}
}

// TestADirectForecastLearnsFromItsOwnRuns and from no other.
func TestADirectForecastLearnsFromItsOwnRuns(t *testing.T) {
	in := straight()
	in.Rates = engine.Rates{}
	past := []Past{{Profile: "prod", Direct: false, First: 1, Initial: 1000}, {Profile: "prod", Direct: true, Rehearsal: true}}
	for i := range 10 {
		past = append(past, Past{
			Profile: "prod", Direct: true, Input: engine.ForecastInput{Items: []engine.ForecastItem{{Name: "x", Bytes: 100e9, Held: -1}}},
			Prepare: 10, Initial: 1000, Stop: 30, Final: 60, Boot: 90, First: 50e9, Last: 1e9, Window: 3600,
			Total: 1000 * (1 + float64(i)/10), Downtime: 200, ForecastTotal: 1000, ForecastDown: 100,
		})
	}
	in.Past = RelevantDirect(past, "prod", false)
	if len(in.Past) != 10 || len(Relevant(past, "prod", false, "")) != 1 {
		t.Fatalf("%d runs of its own, %d of the agent", len(in.Past), len(Relevant(past, "prod", false, "")))
	}
	f := forecastOfDirect(t, in)
	about(t, "half of the size at 50 MB/s", float64(f.Bytes)/1e9, 45.5)
	if !strings.Contains(f.Biggest, "47.7 MiB/s") || len(f.Assumed) > 2 {
		t.Errorf("%q; %q", f.Biggest, f.Assumed)
	}
	// Downtimes were twice what was forecast: 30 s, 40 s and the changes, 90 s.
	if f.Downtime.P50 < 300 || f.Downtime.P50 > 420 || f.Total.P90 < 1.7*f.Total.P50/1.5 {
		t.Errorf("the spread is not that of the runs: %+v", f)
	}
	for i := range past {
		past[i].Limited = true
	}
	in.Past = RelevantDirect(past, "prod", false)
	if f := forecastOfDirect(t, in); strings.Contains(f.Biggest, "47.7 MiB/s") {
		t.Errorf("runs that a limit held teach a line: %q", f.Biggest)
	}
}
