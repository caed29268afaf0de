package estimate

import (
	"context"
	"errors"
	"math"
	"strings"
	"testing"
	"time"

	"failback/engine"
)

var now = time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)

const gib = int64(1) << 30

// vm is an item of one disk that failed over so many days ago.
func vm(name string, size int64, days int) engine.Item {
	return engine.Item{
		Name: name, FailedOver: now.Add(-time.Duration(days) * 24 * time.Hour),
		Disks: []engine.Disk{{ID: name + "-os", Name: "os", Bytes: size}},
	}
}

func input(size int64, days int, r engine.Rates) Input {
	return Input{Items: []engine.Item{vm("web", size, days)}, Allocated: -1, Now: now, Rates: r}
}

// share gives the change rate that rewrites this share of size within days.
func share(size int64, days int, of float64) int64 {
	return int64(float64(size) * of / float64(days*24))
}

func TestS35FullIsRecommendedWhenMostChanged(t *testing.T) {
	const size, days = 1000 * gib, 10
	fast := engine.Rates{Link: 125_000_000}
	for _, c := range []struct {
		changed float64
		want    engine.SyncOption
	}{{0.01, engine.SyncDelta}, {0.95, engine.SyncFull}} {
		r := fast
		r.Change = share(size, days, c.changed)
		f := For(input(size, days, r))
		if f.Recommended != c.want {
			t.Errorf("%.0f %% changed: %s recommended, want %s (%q)", c.changed*100, f.Recommended, c.want, f.Why)
		}
		if len(f.Why) < 2 {
			t.Errorf("%.0f %% changed: only %q as reasons", c.changed*100, f.Why)
		}
	}
}

func TestS35FullSendsNoTimeOnChecksums(t *testing.T) {
	slow, quick := input(100*gib, 5, engine.Rates{Compare: 1_000_000}), input(100*gib, 5, engine.Rates{Compare: 1_000_000_000})
	if a, b := For(slow).Full, For(quick).Full; a.Total != b.Total {
		t.Errorf("the checksum rate moved the full forecast: %v, %v", a.Total, b.Total)
	}
}

func TestS37AMonthInAzure(t *testing.T) {
	const size = 1000 * gib
	// A fast link makes a full download quicker than checksums; little changed.
	fast := engine.Rates{Link: 125_000_000, Change: share(size, 30, 0.10)}
	for days, want := range map[int]engine.SyncOption{29: engine.SyncDelta, 30: engine.SyncFull, 31: engine.SyncFull} {
		f := For(input(size, days, fast))
		if f.Recommended != want {
			t.Errorf("%d days: %s recommended, want %s (%q)", days, f.Recommended, want, f.Why)
		}
	}
}

func TestS37NumbersMaySayOtherwiseAndBothReasonsShow(t *testing.T) {
	// A slow link makes the full download the slower one by far.
	slow := engine.Rates{Link: 2_000_000, Change: share(1000*gib, 45, 0.02)}
	f := For(input(1000*gib, 45, slow))
	if f.Recommended != engine.SyncDelta {
		t.Fatalf("%s recommended (%q)", f.Recommended, f.Why)
	}
	all := strings.Join(f.Why, "\n")
	for _, want := range []string{"45 days in Azure", "expected in all", "against it"} {
		if !strings.Contains(all, want) {
			t.Errorf("%q does not name %q", all, want)
		}
	}
}

func TestS38MissingTarget(t *testing.T) {
	in := input(100*gib, 3, engine.Rates{})
	in.TargetMissing = true
	f := For(in)
	if f.Recommended != engine.SyncFull || !strings.Contains(f.Why[0], "alternate location") {
		t.Errorf("%s recommended (%q)", f.Recommended, f.Why)
	}
	if f.Delta.Bytes < 100*gib {
		t.Errorf("delta would send %d bytes although nothing is there", f.Delta.Bytes)
	}
}

func TestS25BothOptionsArePredicted(t *testing.T) {
	f := For(input(100*gib, 3, engine.Rates{}))
	if f.Delta.Option != engine.SyncDelta || f.Full.Option != engine.SyncFull {
		t.Fatalf("options %q and %q", f.Delta.Option, f.Full.Option)
	}
	for _, c := range []Forecast{f.Delta, f.Full} {
		if c.Bytes <= 0 || c.Total.P50 <= 0 || c.Downtime.P50 <= 0 || len(c.Reasons) < 4 {
			t.Errorf("%s: %+v", c.Option, c)
		}
		if c.Total.P90 < c.Total.P50 || c.Downtime.P90 < c.Downtime.P50 || c.Total.P50 < c.Downtime.P50 {
			t.Errorf("%s: out of order: %+v", c.Option, c)
		}
	}
	if f.Delta.Downtime.P50 >= f.Full.Downtime.P50 {
		t.Errorf("delta's downtime %v is no shorter than full's %v", f.Delta.Downtime.P50, f.Full.Downtime.P50)
	}
	if !strings.Contains(f.Full.Reasons[0], "download the disks") {
		t.Errorf("the biggest factor of full is %q", f.Full.Reasons[0])
	}
}

func TestS25ArithmeticOfTheDocumentedFormula(t *testing.T) {
	r := engine.Rates{
		Compare: 100 << 20, Link: 10 << 20, Change: 36 << 20, // 10 KiB a second
		Prepare: time.Minute, Stop: 2 * time.Minute, Boot: 3 * time.Minute,
	}
	in := input(10*gib, 1, r)
	in.Allocated = 4 * gib
	f := For(in)
	changed := float64(24 * 36 << 20)
	first := 4*1024.0/100 + changed/float64(10<<20) // checksums of what is allocated, then download
	last := float64(36<<20) / 3600 * first / float64(10<<20)
	wantDown := 5*time.Minute + time.Duration(last*float64(time.Second))
	near(t, "delta downtime", f.Delta.Downtime.P50, wantDown)
	near(t, "delta total", f.Delta.Total.P50, wantDown+time.Minute+time.Duration(first*float64(time.Second)))
	near(t, "full downtime", f.Full.Downtime.P50, 5*time.Minute+time.Duration(4*1024/10.0*float64(time.Second)))
	if f.Full.Bytes != 4*gib {
		t.Errorf("full sends %d bytes, 4 GiB are allocated", f.Full.Bytes)
	}
}

func near(t *testing.T, what string, got, want time.Duration) {
	t.Helper()
	if d := got - want; d > time.Second || d < -time.Second {
		t.Errorf("%s %v, want %v", what, got, want)
	}
}

func TestS16EveryFactorMovesTheForecast(t *testing.T) {
	base := engine.Rates{Compare: 50 << 20, Link: 10 << 20, Change: 100 << 20, Prepare: time.Minute, Stop: time.Minute, Boot: time.Minute}
	normal := input(200*gib, 10, base)
	normal.Allocated = 150 * gib
	worse := map[string]func(*Input){
		"size":      func(in *Input) { in.Items = []engine.Item{vm("web", 400*gib, 10)}; in.Allocated = 300 * gib },
		"age":       func(in *Input) { in.Items = []engine.Item{vm("web", 200*gib, 20)} },
		"change":    func(in *Input) { in.Rates.Change *= 2 },
		"checksums": func(in *Input) { in.Rates.Compare /= 2 },
		"link":      func(in *Input) { in.Rates.Link /= 2 },
		"prepare":   func(in *Input) { in.Rates.Prepare *= 2 },
		"stop":      func(in *Input) { in.Rates.Stop *= 2 },
		"boot":      func(in *Input) { in.Rates.Boot *= 2 },
	}
	for name, change := range worse {
		in := normal
		change(&in)
		a, b := For(normal).Delta.Total, For(in).Delta.Total
		if b.P50 <= a.P50 || b.P90 <= a.P90 {
			t.Errorf("worse %s: delta %v became %v", name, a, b)
		}
	}
	for _, name := range []string{"size", "link", "prepare", "stop", "boot"} {
		in := normal
		worse[name](&in)
		if a, b := For(normal).Full.Total, For(in).Full.Total; b.P50 <= a.P50 || b.P90 <= a.P90 {
			t.Errorf("worse %s: full %v became %v", name, a, b)
		}
	}
	less := normal
	less.Allocated = 50 * gib
	if a, b := For(normal).Full, For(less).Full; b.Total.P50 >= a.Total.P50 || b.Bytes >= a.Bytes {
		t.Errorf("less allocated: full %v became %v", a.Total, b.Total)
	}
}

func TestAssumptionsAreNamed(t *testing.T) {
	bare := For(Input{Items: []engine.Item{{Name: "web", Disks: []engine.Disk{{Bytes: gib}}}}, Allocated: -1, Now: now})
	all := strings.Join(bare.Assumed, "\n")
	for _, want := range []string{"3 GB a minute", "100 Mbit/s", "rewritten a day", "failover is not known", "could not be read", "to prepare", "to stop", "prove its boot"} {
		if !strings.Contains(all, want) {
			t.Errorf("nothing says %q in\n%s", want, all)
		}
	}
	known := input(gib, 3, engine.Rates{Compare: 1, Link: 1, Change: 1, Prepare: 1, Stop: 1, Boot: 1})
	known.Allocated = gib
	for _, a := range For(known).Assumed {
		if strings.Contains(a, "Mbit") || strings.Contains(a, "rewritten") {
			t.Errorf("%q was given, not assumed", a)
		}
	}
}

func TestNoInputBreaksAForecast(t *testing.T) {
	huge := engine.Item{Name: "huge", Disks: []engine.Disk{{Bytes: math.MaxInt64}}, FailedOver: time.Unix(0, 0)}
	for name, in := range map[string]Input{
		"nothing":       {},
		"empty item":    {Items: []engine.Item{{Name: "a"}}, Now: now},
		"negative size": {Items: []engine.Item{{Name: "a", Disks: []engine.Disk{{Bytes: -5}}}}, Now: now, Allocated: 10},
		"huge":          {Items: []engine.Item{huge}, Now: now, Allocated: math.MaxInt64, Rates: engine.Rates{Link: 1, Compare: 1, Change: math.MaxInt64}},
		"from the future": {Items: []engine.Item{vm("a", gib, -5)}, Now: now, Rates: engine.Rates{
			Link: -1, Compare: -1, Change: -1, Prepare: -1, Stop: -1, Boot: -1}},
	} {
		f := For(in)
		for _, c := range []Forecast{f.Delta, f.Full} {
			if c.Bytes < 0 || c.Total.P50 < 0 || c.Total.P90 < c.Total.P50 || c.Downtime.P50 > c.Total.P50 {
				t.Errorf("%s: %+v", name, c)
			}
		}
		if f.Recommended != engine.SyncDelta && f.Recommended != engine.SyncFull {
			t.Errorf("%s: %q recommended", name, f.Recommended)
		}
	}
}

func TestSeveralItemsShareTheLink(t *testing.T) {
	one := input(100*gib, 5, engine.Rates{})
	two := one
	two.Items = []engine.Item{vm("web", 100*gib, 5), vm("db", 100*gib, 40)}
	a, b := For(one), For(two)
	if b.Full.Bytes != 2*a.Full.Bytes || b.Full.Total.P50 <= a.Full.Total.P50 {
		t.Errorf("one item %+v, two items %+v", a.Full, b.Full)
	}
	if all := strings.Join(b.Why, "\n"); !strings.Contains(all, "40 days") {
		t.Errorf("the oldest failover is not named: %q", all)
	}
}

// disks is an Azure that knows what disks hold.
type disks struct {
	engine.AzureAccess
	held map[string]int64
}

func (d disks) Allocated(_ context.Context, disk engine.Disk) (int64, error) {
	n, ok := d.held[disk.ID]
	if !ok {
		return 0, errors.New("no access to " + disk.ID)
	}
	return n, nil
}

func TestMeasureSumsOrSaysUnknown(t *testing.T) {
	items := []engine.Item{vm("a", gib, 1), vm("b", gib, 1)}
	n, err := Measure(t.Context(), disks{held: map[string]int64{"a-os": 5, "b-os": 7}}, items)
	if n != 12 || err != nil {
		t.Errorf("measured %d, %v", n, err)
	}
	n, err = Measure(t.Context(), disks{held: map[string]int64{"a-os": 5}}, items)
	if n != -1 || err == nil {
		t.Errorf("half a sum: %d, %v", n, err)
	}
	if n, err = Measure(t.Context(), nil, items); n != -1 || err == nil {
		t.Errorf("without access: %d, %v", n, err)
	}
}
