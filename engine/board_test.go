package engine

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"testing"
	"testing/synctest"
	"time"
)

// vault answers a board and counts what it is asked.
type vault struct {
	Inventory
	AzureAccess

	mu    sync.Mutex
	jobs  map[string]Job
	asked map[string]int
	fail  error
	slow  time.Duration
}

func newVault(jobs int) *vault {
	v := &vault{jobs: map[string]Job{}, asked: map[string]int{}}
	for i := range jobs {
		n := jobNamed(i)
		v.jobs[n] = Job{Name: n, State: JobInProgress, TargetID: fmt.Sprintf("vm-%d", i)}
	}
	return v
}

func jobNamed(i int) string { return fmt.Sprintf("job-%03d", i) }

func (v *vault) count(what string) error {
	v.mu.Lock()
	slow := v.slow
	v.asked[what]++
	v.asked["all"]++
	err := v.fail
	v.mu.Unlock()
	time.Sleep(slow)
	return err
}

func (v *vault) times(what string) int {
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.asked[what]
}

func (v *vault) set(name string, s JobState) {
	v.mu.Lock()
	defer v.mu.Unlock()
	j := v.jobs[name]
	j.State = s
	v.jobs[name] = j
}

func (v *vault) Jobs(context.Context) ([]Job, error) {
	err := v.count("list")
	v.mu.Lock()
	defer v.mu.Unlock()
	var out []Job
	for _, j := range v.jobs {
		out = append(out, j)
	}
	return out, err
}

func (v *vault) Job(_ context.Context, name string) (Job, error) {
	err := v.count(name)
	v.mu.Lock()
	defer v.mu.Unlock()
	return v.jobs[name], err
}

func (v *vault) Item(_ context.Context, id string) (Item, error) {
	return Item{ID: id, AzureVM: AzureVMRef{Name: id}}, v.count("item")
}

func (v *vault) Power(context.Context, AzureVMRef) (Power, error) {
	return PowerRunning, v.count("power")
}

func (v *vault) Hosts(context.Context) ([]Host, error) {
	return []Host{{Name: "hv01", Connected: true}}, v.count("hosts")
}

const tick = 15 * time.Second

func (v *vault) board() *board {
	return newBoard(Ports{Inventory: v, Azure: v}, tick, 240, time.Now)
}

// watchAll has n legs look at all that a leg looks at, tick after tick.
func watchAll(t *testing.T, b *board, n int, d time.Duration) {
	t.Helper()
	var legs sync.WaitGroup
	for i := range n {
		legs.Go(func() {
			time.Sleep(time.Duration(i) * tick / time.Duration(n)) // each has a rhythm of its own
			for end := time.Now().Add(d); time.Now().Before(end); time.Sleep(tick) {
				it, err := b.item(t.Context(), PlanItem{ID: fmt.Sprintf("item-%d", i), VMID: fmt.Sprintf("vm-%d", i)}, glance)
				_, _, jErr := b.job(t.Context(), jobNamed(i), glance)
				_, pErr := b.power(t.Context(), it.AzureVM, glance)
				_, hErr := b.contacts(t.Context(), glance)
				if err := errors.Join(err, jErr, pErr, hErr); err != nil {
					t.Error(err)
				}
			}
		})
	}
	legs.Wait()
}

// A run of 500 items asks as often as one of 5, once all is known.
func TestRequestsDoNotGrowWithTheItems(t *testing.T) {
	minutes := map[int]float64{}
	for _, n := range []int{5, 500} {
		synctest.Test(t, func(t *testing.T) {
			v := newVault(n)
			b := v.board()
			watchAll(t, b, n, 2*tick)
			before, lists := v.times("all"), v.times("list")
			const span = 20 * time.Minute
			watchAll(t, b, n, span)
			minutes[n] = float64(v.times("all")-before) / span.Minutes()
			if got := v.times("list") - lists; got > int(span/tick)*11/10+1 {
				t.Errorf("%d items: %d lists of jobs in %d ticks", n, got, span/tick)
			}
		})
	}
	// Five items have fewer data than may take their turn; nobody has more.
	if most := 4.0 * (15 + 2) * 11 / 10; minutes[500] > most {
		t.Errorf("500 items: %.0f requests a minute, want at most %.0f", minutes[500], most)
	}
	if minutes[500] > minutes[5]*1.3 {
		t.Errorf("requests a minute: %v", minutes)
	}
}

func TestAChangedRowIsReadAtOnceTheOthersInTurn(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 100
		v := newVault(n)
		b := v.board()
		look := func(i int) (Job, time.Time) {
			j, at, err := b.job(t.Context(), jobNamed(i), glance)
			if err != nil {
				t.Fatal(err)
			}
			return j, at
		}
		for i := range n {
			look(i)
		}
		var oldest time.Duration
		for range 30 {
			time.Sleep(tick)
			v.set(jobNamed(7), JobState(time.Now().String()))
			if j, at := look(7); j.State != v.jobs[jobNamed(7)].State || time.Since(at) != 0 {
				t.Fatalf("a changed job was read %s ago", time.Since(at))
			}
			for i := range n {
				_, at := look(i)
				oldest = max(oldest, time.Since(at))
			}
		}
		// 99 jobs, 15 turns a tick.
		if oldest > 8*tick || oldest < 5*tick {
			t.Errorf("the oldest job seen was %s old", oldest)
		}
		if got := v.times(jobNamed(8)); got < 4 {
			t.Errorf("a job whose row never changed was read %d times", got)
		}
	})
}

// The machines that are down are looked at sooner.
func TestMachinesThatAreDownComeSooner(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		const n = 200
		v := newVault(n)
		b := v.board()
		for range 60 {
			for i := range n {
				g := glance
				if i < 10 {
					g = pressing
				}
				if _, _, err := b.job(t.Context(), jobNamed(i), g); err != nil {
					t.Fatal(err)
				}
			}
			time.Sleep(tick)
		}
		if down, up := v.times(jobNamed(3)), v.times(jobNamed(150)); down < 2*up {
			t.Errorf("read %d times while down, %d times while up", down, up)
		}
	})
}

func TestADecisionIsAlwaysOnAFreshRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVault(1)
		b := v.board()
		for range 3 {
			if _, _, err := b.job(t.Context(), jobNamed(0), afresh); err != nil {
				t.Fatal(err)
			}
			if _, err := b.power(t.Context(), AzureVMRef{Name: "vm"}, afresh); err != nil {
				t.Fatal(err)
			}
			if _, err := b.contacts(t.Context(), afresh); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		for _, what := range []string{jobNamed(0), "power", "hosts"} {
			if got := v.times(what); got != 3 {
				t.Errorf("%s was read %d times for 3 decisions", what, got)
			}
		}
		if got := v.times("list"); got != 0 {
			t.Errorf("%d lists for decisions on a job", got)
		}
	})
}

// A job that the list does not have can't be told to be unchanged.
func TestAJobOutsideTheListIsReadEveryTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVault(0)
		b := v.board()
		for range 5 {
			if _, _, err := b.job(t.Context(), "gone", glance); err != nil {
				t.Fatal(err)
			}
			time.Sleep(time.Second)
		}
		if got := v.times("gone"); got != 5 {
			t.Errorf("read %d times in 5 looks", got)
		}
	})
}

// Several legs may hang on one job: one of them reads it for all.
func TestLegsOfOneJobShareItsReading(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVault(1)
		v.slow = time.Second
		b := v.board()
		var legs sync.WaitGroup
		for range 50 {
			legs.Go(func() {
				if _, _, err := b.job(t.Context(), jobNamed(0), glance); err != nil {
					t.Error(err)
				}
			})
		}
		legs.Wait()
		if v.times(jobNamed(0)) != 1 || v.times("list") != 1 {
			t.Errorf("read %d times, listed %d times", v.times(jobNamed(0)), v.times("list"))
		}
	})
}

// A list that can't be read is one failure a tick, whoever looks; one that was cut
// short by its reader's own end is nobody else's failure.
func TestATickSharesItsFailure(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		v := newVault(3)
		v.fail = &Failure{Kind: FailureRetryable, What: "list the jobs"}
		b := v.board()
		for i := range 3 {
			if _, _, err := b.job(t.Context(), jobNamed(i), glance); KindOf(err) != FailureRetryable {
				t.Errorf("error %v", err)
			}
		}
		if v.times("list") != 1 {
			t.Errorf("%d lists in a tick", v.times("list"))
		}
		time.Sleep(tick)
		gone, stop := context.WithCancel(t.Context())
		stop()
		v.fail = context.Canceled
		if _, _, err := b.job(gone, jobNamed(0), glance); err == nil {
			t.Error("a look that was called off found something")
		}
		v.fail = nil
		if _, _, err := b.job(t.Context(), jobNamed(0), glance); err != nil {
			t.Errorf("somebody else's end: %v", err)
		}
	})
}

// BenchmarkWatch is a run that only watches, at its usual tick. What it costs is told
// in requests a minute: of a board, and of legs that each ask for themselves, which is
// the floor that nothing needs to be shared for.
func BenchmarkWatch(b *testing.B) {
	for _, n := range []int{1, 10, 100, 500} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			v := newVault(n)
			clock := time.Date(2026, 11, 26, 2, 0, 0, 0, time.UTC)
			board := newBoard(Ports{Inventory: v, Azure: v}, tick, 240, func() time.Time { return clock })
			var oldest time.Duration
			ticks := 0
			round := func() {
				for i := range n {
					it, err := board.item(b.Context(), PlanItem{ID: fmt.Sprint("item-", i), VMID: fmt.Sprint("vm-", i)}, glance)
					_, at, jErr := board.job(b.Context(), jobNamed(i), glance)
					_, pErr := board.power(b.Context(), it.AzureVM, glance)
					_, hErr := board.contacts(b.Context(), glance)
					if err := errors.Join(err, jErr, pErr, hErr); err != nil {
						b.Fatal(err)
					}
					oldest = max(oldest, clock.Sub(at))
				}
				clock = clock.Add(tick)
				ticks++
			}
			for range 100 { // until each turn has come
				round()
			}
			before, hosts, begun := v.times("all"), v.times("hosts"), ticks
			for b.Loop() {
				round()
			}
			minutes := float64(ticks-begun) * tick.Minutes()
			// The list of hosts is two requests: fabrics and providers.
			asked := v.times("all") - before + v.times("hosts") - hosts
			b.ReportMetric(float64(asked)/minutes, "requests/min")
			b.ReportMetric(float64(5*n)/tick.Minutes(), "alone/min") // job, item, power, two lists of hosts
			b.ReportMetric(oldest.Seconds(), "oldest-s")
		})
	}
}
