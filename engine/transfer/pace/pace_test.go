package pace_test

import (
	"context"
	"sync"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine/transfer/pace"
)

func TestLimiterHoldsBytesAndRequests(t *testing.T) {
	for _, c := range []struct {
		rate  pace.Rate
		bytes int
		want  time.Duration
	}{
		{pace.Rate{Bytes: 1000}, 100, 10 * time.Second},
		{pace.Rate{Requests: 50}, 100, 2 * time.Second},
		{pace.Rate{Bytes: 1000, Requests: 5}, 100, 20 * time.Second},
		{pace.Rate{}, 1 << 30, 0},
	} {
		synctest.Test(t, func(t *testing.T) {
			share := pace.NewLimiter(pace.Schedule{Otherwise: c.rate}).Join()
			start := time.Now()
			for range 100 {
				if err := share.Wait(t.Context(), c.bytes); err != nil {
					t.Fatal(err)
				}
			}
			if took := time.Since(start); took > c.want || took < c.want*9/10 {
				t.Errorf("%+v: 100 requests took %v, want about %v", c.rate, took, c.want)
			}
		})
	}
}

func TestLimiterIsFairWhateverTheNumberOfStreams(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pace.NewLimiter(pace.Schedule{Otherwise: pace.Rate{Bytes: 1 << 20}})
		ctx, stop := context.WithCancel(t.Context())
		var moved [2]atomic.Int64
		var wg sync.WaitGroup
		for disk, streams := range []int{1, 16} {
			share := l.Join()
			for range streams {
				wg.Go(func() {
					for share.Wait(ctx, 4096) == nil {
						moved[disk].Add(4096)
					}
				})
			}
		}
		time.Sleep(20 * time.Second)
		stop()
		wg.Wait()
		a, b := moved[0].Load(), moved[1].Load()
		if a < b*9/10 || a > b*11/10 {
			t.Errorf("a disk with one stream got %d bytes, one with sixteen %d", a, b)
		}
		if sum := a + b; sum < 19<<20 || sum > 21<<20 {
			t.Errorf("%d bytes in 20 s of 1 MiB/s", sum)
		}
	})
}

func TestLimiterChangesWhileSomebodyWaits(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := pace.NewLimiter(pace.Schedule{Otherwise: pace.Rate{Bytes: 1}})
		share := l.Join()
		_ = share.Wait(t.Context(), 1000)
		go func() {
			time.Sleep(10 * time.Second)
			l.Set(pace.Schedule{Otherwise: pace.Rate{Bytes: 100}})
		}()
		start := time.Now()
		if err := share.Wait(t.Context(), 1); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took < 19*time.Second || took > 20*time.Second {
			t.Errorf("waited %v; 10 s at 1 B/s and the rest at 100 B/s are just under 20 s", took)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Millisecond)
		defer cancel()
		_ = share.Wait(t.Context(), 1000)
		if share.Wait(ctx, 1) == nil {
			t.Error("an ended context waits on")
		}
	})
}

func TestScheduleFollowsTheClock(t *testing.T) {
	night := pace.Rate{Bytes: 1e9}
	s := pace.Schedule{Windows: []pace.Window{{From: 22 * time.Hour, To: 6 * time.Hour, Rate: night}}, Otherwise: pace.Rate{Bytes: 1e6}}
	if err := s.Validate(); err != nil {
		t.Fatal(err)
	}
	for hour, want := range map[int]float64{0: 1e9, 5: 1e9, 6: 1e6, 12: 1e6, 21: 1e6, 22: 1e9} {
		if got := s.At(time.Date(2030, 1, 2, hour, 0, 0, 0, time.UTC)).Bytes; got != want {
			t.Errorf("%d:00 has %g", hour, got)
		}
	}
	synctest.Test(t, func(t *testing.T) { // the bubble's clock starts at midnight UTC
		now := time.Now().In(time.Local)
		begin := time.Duration(now.Hour())*time.Hour + time.Duration(now.Minute())*time.Minute + time.Hour
		s := pace.Schedule{
			Windows:   []pace.Window{{From: begin % (24 * time.Hour), To: (begin + time.Hour) % (24 * time.Hour), Rate: pace.Rate{Bytes: 1e9}}},
			Otherwise: pace.Rate{Bytes: 1},
		}
		share := pace.NewLimiter(s).Join()
		_ = share.Wait(t.Context(), 1e6)
		start := time.Now()
		_ = share.Wait(t.Context(), 1)
		if took := time.Since(start); took < 59*time.Minute || took > 62*time.Minute {
			t.Errorf("the fast window began after %v", took)
		}
	})
	for _, w := range []pace.Window{{From: -1, To: 1}, {From: 1, To: 25 * time.Hour}, {From: 1, To: 1}, {From: 1, To: 2, Rate: pace.Rate{Bytes: -1}}} {
		if (pace.Schedule{Windows: []pace.Window{w}}).Validate() == nil {
			t.Errorf("%+v is taken", w)
		}
	}
}

// drive runs requests of a second's tenth against a source whose goodput is
// that of at most knee requests.
func drive(t *testing.T, g *pace.Governor, knee int, length time.Duration) {
	t.Helper()
	ctx, stop := context.WithTimeout(t.Context(), length)
	defer stop()
	var wg sync.WaitGroup
	var active atomic.Int64
	for range 64 {
		wg.Go(func() {
			for g.Acquire(ctx) == nil {
				n := int(active.Add(1))
				time.Sleep(100 * time.Millisecond * time.Duration(max(n, knee)) / time.Duration(knee))
				active.Add(-1)
				g.Release(1 << 20)
			}
		})
	}
	wg.Wait()
}

func TestGovernorFindsTheKneeAndNeverFreezes(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := pace.NewGovernor(4, 64)
		drive(t, g, 10, 60*time.Second)
		if n := g.Limit(); n < 8 || n > 16 {
			t.Fatalf("%d in flight against a source that gains up to 10", n)
		}
	})
	synctest.Test(t, func(t *testing.T) {
		g := pace.NewGovernor(4, 64)
		drive(t, g, 4, 60*time.Second)
		before := g.Limit()
		drive(t, g, 30, 200*time.Second)
		if n := g.Limit(); n <= before+5 {
			t.Errorf("%d in flight, %d before the source got faster", n, before)
		}
	})
}

func TestGovernorCutsOnceAndHonoursRetryAfter(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := pace.NewGovernor(10, 64)
		for range 5 {
			g.Throttled(3 * time.Second)
		}
		if n := g.Limit(); n != 7 {
			t.Errorf("%d after one burst of refusals, want 7", n)
		}
		start := time.Now()
		if err := g.Acquire(t.Context()); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(start); took != 3*time.Second {
			t.Errorf("went on after %v", took)
		}
		for range 20 {
			time.Sleep(2 * time.Second)
			g.Throttled(0)
		}
		if n := g.Limit(); n != 1 {
			t.Errorf("%d left", n)
		}
	})
}

func TestEstimatorSaysNothingBeforeItKnows(t *testing.T) {
	var e pace.Estimator
	at := time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC)
	for i := range 8 {
		e.Add(at.Add(time.Duration(i)*time.Second), int64(i)*100)
		if _, _, known := e.Left(at.Add(time.Duration(i)*time.Second), 1000); known {
			t.Fatalf("knows after %d s", i)
		}
	}
	e.Add(at.Add(8*time.Second), 800)
	low, high, known := e.Left(at.Add(8*time.Second), 1000)
	if !known || low != 10*time.Second || high != 10*time.Second {
		t.Errorf("%v to %v (%v) at a steady 100 a second", low, high, known)
	}
	if _, _, known := e.Left(at.Add(40*time.Second), 1000); known {
		t.Error("knows although nothing moves")
	}
	done := int64(800)
	for i := 9; i < 60; i++ {
		done += int64(100 + 100*(i/10%2))
		e.Add(at.Add(time.Duration(i)*time.Second), done)
	}
	low, high, known = e.Left(at.Add(59*time.Second), 3000)
	if !known || low >= high || low < 15*time.Second || high > 30*time.Second {
		t.Errorf("%v to %v (%v) between 100 and 200 a second", low, high, known)
	}
}
