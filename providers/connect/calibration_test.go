package connect_test

import (
	"cmp"
	"context"
	"fmt"
	"math"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine"
	"failback/engine/estimate"
	"failback/engine/rules"
	"failback/engine/runs"
	"failback/providers/lab"
)

// sites is how many connections the runs of a calibration are spread over: each
// learns from its own alone.
const sites = 4

// TestS16Calibration plays whole failbacks of random estates in the lab, forecasts
// each before it begins from what the earlier runs' journals teach, and holds it
// against what it took. FAILBACK_CALIBRATION=200 is the calibration of
// docs/performance.md; without it a slice shows that the chain holds.
func TestS16Calibration(t *testing.T) {
	t.Parallel()
	n := 0
	if text := os.Getenv("FAILBACK_CALIBRATION"); text != "" {
		var err error
		if n, err = strconv.Atoi(text); err != nil || n < sites {
			t.Fatalf("FAILBACK_CALIBRATION: %q is no number of runs, from %d on", text, sites)
		}
	}
	if n == 0 {
		calibrationSlice(t)
		return
	}
	var mu sync.Mutex
	var all []outcome
	t.Run("sites", func(t *testing.T) {
		for s := range sites {
			t.Run(strconv.Itoa(s), func(t *testing.T) {
				t.Parallel()
				got := newSite(uint64(s)).play(t, n/sites)
				mu.Lock()
				defer mu.Unlock()
				all = append(all, got...)
			})
		}
	})
	report(t, all)
}

// calibrationSlice plays a few runs: the forecast is in the journal before anything
// begins, the outturn after, what was measured replaces what was assumed, and with it
// the forecast of the last run is nearer than that of the first.
func calibrationSlice(t *testing.T) {
	t.Helper()
	s := newSite(1)
	s.know = 0.1 // what is believed of the site is ten times too slow
	s.only, s.plain = engine.SyncFull, true
	s.poll = 45 * time.Second // fewer looks cost less computing
	got := s.play(t, 4)
	first, last := got[0], got[len(got)-1]
	if len(first.learnt) > 0 || len(last.learnt) < 3 {
		t.Errorf("the first forecast had learnt %q, the last %q", first.learnt, last.learnt)
	}
	if a, b := math.Abs(math.Log(first.off())), math.Abs(math.Log(last.off())); b > a/2 || b > 0.7 {
		t.Errorf("the first forecast was off by %.2f, the last by %.2f", first.off(), last.off())
	}
	for _, o := range got {
		if o.total.Fact <= o.downtime.Fact || o.downtime.Fact <= 0 || o.moved <= 0 || o.total.P90 <= o.total.P50 {
			t.Errorf("outturn %+v", o)
		}
	}
}

// outcome is one run of a calibration.
type outcome struct {
	earlier         int // runs of the site before it
	option          engine.SyncOption
	total, downtime engine.Fact
	measured        bool // the spread was that of residuals
	learnt          []string
	bytes, moved    int64
	left            []engine.Fact // what was said to be left while it ran, and what was
}

// off is what the run took against its likely forecast.
func (o outcome) off() float64 { return o.total.Fact / o.total.P50 }

// site is a connection whose line, disks and hosts stay as they are, within what a
// day brings.
type site struct {
	name          string
	rng           *rand.Rand
	link, compare float64 // bytes a modelled second
	lambda        float64 // share of the data that changes a day
	latency       time.Duration
	scale         float64 // of all fixed times
	know          float64 // how many times faster the site is believed to be than it is
	only          engine.SyncOption
	plain         bool // one machine a run, no throttle
	poll          time.Duration
	past          []estimate.Past
}

func newSite(seed uint64) *site {
	r := rand.New(rand.NewPCG(seed, 20261126))
	s := &site{name: fmt.Sprintf("site-%d", seed), rng: r, poll: 15 * time.Second}
	s.link = 12000 * s.about(0.5)
	s.compare = 48000 * s.about(0.5)
	s.lambda = 0.01 * s.about(0.7)
	s.latency = time.Duration(100 * s.about(0.7) * float64(time.Millisecond))
	s.scale = s.about(0.4)
	s.know = s.about(0.5)
	return s
}

// about is a factor around 1 with that spread of its logarithm.
func (s *site) about(sigma float64) float64 { return math.Exp(sigma * s.rng.NormFloat64()) }

func (s *site) play(t *testing.T, n int) []outcome {
	t.Helper()
	var out []outcome
	for i := range n {
		o, p, ok := s.run(t, i, i >= n/2)
		if t.Failed() {
			return out
		}
		if ok {
			out = append(out, o)
		}
		s.past = slices.Concat([]estimate.Past{p}, s.past)
	}
	return out
}

// estate is a random estate of one run: one to three machines, the line and the disks
// as they are today, with a throttle on some days.
func (s *site) estate(tuned bool) (text string, names []string) {
	n := 1
	if s.rng.Float64() < 0.3 && !s.plain {
		n = 2 + s.rng.IntN(2)
	}
	link, compare := s.link*s.about(0.2), s.compare*s.about(0.15)
	if s.rng.Float64() < 0.1 {
		link *= 0.5 // a bad day
	}
	threads, throttle := 4, ""
	if tuned {
		threads = 16
	}
	if s.rng.Float64() < 0.25 && !s.plain {
		// The lab's copying goes by the estate's rate alone, which the threads speed up:
		// the line is what the throttle lets through of it, and each machine has one.
		limit := s.link * (0.4 + s.rng.Float64())
		link = min(link, limit/math.Sqrt(float64(threads)/4)/float64(n))
		throttle = fmt.Sprintf(", throttle: {work: %d, non_work: %d, from: 0h, to: 24h, days: [Monday]}", int(limit), int(limit))
	}
	var b strings.Builder
	fmt.Fprintf(&b, "name: %s\nspeed: 1\nguest_every: %ds\nrates: {compare: %d, link: %d}\n", s.name, 20+s.rng.IntN(60), int(compare), int(link))
	span := func(seconds float64) int { return max(1, int(seconds*s.scale*s.about(0.25))) }
	fmt.Fprintf(&b, "times: {check: %ds, prepare: %ds, initiate: %ds, stop: %ds, finalize: %ds, boot: %ds, commit: 5s, protect: 5s}\n",
		span(15), span(60), span(20), span(90), span(30), span(120))
	fmt.Fprintf(&b, "fabrics: [{name: site, kind: hyperv-site}]\nhosts: [{name: hv01, fabric: site, switches: [{name: LAN, type: External}], agent: {threads: {download: %d}%s}}]\nitems:\n", threads, throttle)
	for i := range n {
		names = append(names, fmt.Sprintf("vm%02d", i))
		days := 1 + s.rng.IntN(40)
		change := min(0.95, s.lambda*s.about(0.5)*float64(days))
		content := int(512<<10*math.Exp(2*s.rng.Float64())) / 65536 * 64
		fmt.Fprintf(&b, "  - {name: %s, host: hv01, state: failed-over, in_azure: %dd, change: %.4f, disks: [{size: 16MiB, content: %dKiB}]}\n",
			names[i], days, change, content)
	}
	return b.String(), names
}

// distant is a vault that takes its time to answer.
type distant struct {
	next http.RoundTripper
	by   time.Duration
}

func (d distant) RoundTrip(r *http.Request) (*http.Response, error) {
	time.Sleep(d.by)
	return d.next.RoundTrip(r)
}

func (s *site) run(t *testing.T, earlier int, tuned bool) (o outcome, p estimate.Past, ok bool) {
	t.Helper()
	estate, names := s.estate(tuned)
	option := engine.SyncDelta
	if s.rng.Float64() < 0.35 {
		option = engine.SyncFull
	}
	if s.only != engine.SyncUnknown {
		option = s.only
	}
	dir := t.TempDir()
	synctest.Test(t, func(t *testing.T) {
		b := openBedOver(t, dir, estate, func(m *lab.Memory) http.RoundTripper { return distant{m.Transport(), s.latency} }, nil)
		defer b.close()
		b.conn.Name, b.conn.Poll = s.name, s.poll
		b.conn.Rates = engine.Rates{
			Link: int64(s.link * s.know), Compare: int64(s.compare * s.know),
			Prepare: time.Minute, Stop: 90 * time.Second, Boot: 2 * time.Minute,
		}
		var f engine.ForecastMade
		b.m = runs.NewManager(b.store, b.conn, runs.Settings{Program: "test", Driver: "anna@jump01", Preflight: rules.Check,
			Forecast: func(ctx context.Context, plan engine.Plan) (engine.ForecastMade, error) {
				var err error
				f, err = estimate.Plan(ctx, b.conn, plan, s.past, time.Now())
				return f, err
			}})
		plan := b.plan(option, names...)
		plan.Profile, plan.Approve = s.name, []engine.Gate{engine.GateComplete}
		h := b.start(plan)
		var said []saidLeft
		b.until(h, "to its commit", func(st engine.State) bool {
			said = append(said, leftNow(st, names)...)
			return len(st.Waiting()) == len(names) || isDone(h)
		})
		h.Detach()
		st := b.finish(h)
		turn := st.Outturn()
		read := b.store.Past() // as the next forecast would find it
		events, err := b.store.Events(h.ID())
		if err != nil {
			t.Fatal(err)
		}
		if end, ok := events[len(events)-1].Body.(engine.RunFinished); !ok || end.Outturn == nil {
			t.Errorf("the journal's last line holds no outturn: %+v", end)
		}
		if st.Forecast == nil || turn == nil || len(read) != 1 {
			b.dump(st)
			t.Errorf("run %d: forecast %v, outturn %v, %d journals teach", earlier, st.Forecast, turn, len(read))
			return
		}
		p, ok = read[0], !turn.Interrupted
		o = outcome{earlier: earlier, option: option, total: turn.Total, downtime: turn.Downtime, learnt: f.Learnt, bytes: turn.ForecastBytes, moved: turn.Bytes}
		for _, s := range said {
			if f, ok := s.against(st); ok {
				o.left = append(o.left, f)
			}
		}
		o.measured = slices.ContainsFunc(f.Learnt, func(w string) bool { return strings.HasPrefix(w, "the spread of "+string(option)) })
	})
	return o, p, ok
}

// saidLeft is a time that was said to be left, and when.
type saidLeft struct {
	item string
	at   time.Time
	estimate.Remaining
}

// leftNow is what is said to be left of each item, twice a minute.
func leftNow(st engine.State, names []string) (out []saidLeft) {
	at := time.Now()
	if at.Unix()%30 != 0 {
		return nil
	}
	for _, n := range names {
		if r := estimate.Left(st, n, at); r.Known() {
			out = append(out, saidLeft{n, at, r})
		}
	}
	return out
}

// against is what was really left.
func (s saidLeft) against(st engine.State) (engine.Fact, bool) {
	l := st.Leg(s.item)
	end := l.DowntimeTo
	if s.Until == estimate.UntilSwitch {
		end = l.Phases[engine.PhaseInitialSync].Ended
	}
	left := end.Sub(s.at).Seconds()
	return engine.Fact{Spread: engine.Spread{P50: s.P50.Seconds(), P90: s.P90.Seconds()}, Fact: left}, left > 0 && s.P50 > 0
}

// report says how often the facts stayed within the forecasts, and fails where the
// cautious end of a measured spread is far from nine in ten.
func report(t *testing.T, all []outcome) {
	t.Helper()
	kinds := []struct {
		name string
		of   func(outcome) bool
	}{
		{"all", func(outcome) bool { return true }},
		{"fewer than 3 runs before it", func(o outcome) bool { return o.earlier < 3 }},
		{"3 to 12 runs before it", func(o outcome) bool { return o.earlier >= 3 && o.earlier <= 12 }},
		{"more than 12 runs before it", func(o outcome) bool { return o.earlier > 12 }},
		{"guessed spread", func(o outcome) bool { return !o.measured }},
		{"measured spread", func(o outcome) bool { return o.measured }},
		{"measured spread, delta", func(o outcome) bool { return o.measured && o.option == engine.SyncDelta }},
		{"measured spread, full", func(o outcome) bool { return o.measured && o.option == engine.SyncFull }},
	}
	for _, k := range kinds {
		some := slices.DeleteFunc(slices.Clone(all), func(o outcome) bool { return !k.of(o) })
		total := coverOf(some, func(o outcome) engine.Fact { return o.total })
		down := coverOf(some, func(o outcome) engine.Fact { return o.downtime })
		t.Logf("%-30s %4d runs | total: %s | downtime: %s", k.name, len(some), total, down)
		var left []engine.Fact
		for _, o := range some {
			left = append(left, o.left...)
		}
		running := coverOf(left, func(f engine.Fact) engine.Fact { return f })
		t.Logf("%-30s %4d times left said: %s", "", len(left), running)
		// Of 100 draws with nine in ten, 84 to 96 lie within twice the standard error.
		if margin := 2 * math.Sqrt(0.09/float64(max(1, len(some)))); k.name == "measured spread" && len(some) >= 50 {
			for what, c := range map[string]cover{"total": total, "downtime": down, "the time left": running} {
				if c.p90 < 0.9-margin-0.02 || c.p90 > 0.99 {
					t.Errorf("%s: %.0f %% of %d facts within the cautious end", what, c.p90*100, len(some))
				}
			}
		}
	}
}

// cover is the share of facts within each end, and how far off the likely end is.
type cover struct{ p50, p90, off, wide float64 }

func (c cover) String() string {
	return fmt.Sprintf("P50 %3.0f %%, P90 %3.0f %%, median error %3.0f %%, P90/P50 %.2f", c.p50*100, c.p90*100, c.off*100, c.wide)
}

func coverOf[T any](all []T, of func(T) engine.Fact) (c cover) {
	if len(all) == 0 {
		return c
	}
	var off, wide []float64
	for _, o := range all {
		f := of(o)
		if f.Fact <= f.P50 {
			c.p50++
		}
		if f.Within() {
			c.p90++
		}
		off, wide = append(off, math.Abs(f.Fact/f.P50-1)), append(wide, f.P90/f.P50)
	}
	c.p50, c.p90 = c.p50/float64(len(all)), c.p90/float64(len(all))
	slices.SortFunc(off, cmp.Compare[float64])
	slices.SortFunc(wide, cmp.Compare[float64])
	c.off, c.wide = off[len(off)/2], wide[len(wide)/2]
	return c
}
