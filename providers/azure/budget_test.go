package azure

import (
	"context"
	"net/http"
	"slices"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/Azure/azure-sdk-for-go/sdk/azcore/arm"
	"github.com/Azure/azure-sdk-for-go/sdk/azcore/runtime"

	"failback/engine"
)

// budgeted is a session of so many requests a minute.
func budgeted(t *testing.T, perMinute int, rt roundTrip) *Session {
	t.Helper()
	s, err := Open(Options{
		Cloud: Cloud{ResourceManager: "http://management.lab"}, Auth: AuthLoopback, Token: "t",
		RequestsPerMinute: perMinute, Transport: rt,
	})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// ask sends one request through a client of its own, as providers have several.
func ask(ctx context.Context, t *testing.T, s *Session, method string) error {
	t.Helper()
	c, err := arm.NewClient("test", "v0.0.0", s.Credential(), s.ClientOptions())
	if err != nil {
		t.Fatal(err)
	}
	r, err := runtime.NewRequest(ctx, method, "http://management.lab/x")
	if err != nil {
		t.Fatal(err)
	}
	answer, err := c.Pipeline().Do(r)
	if err == nil {
		err = answer.Body.Close()
	}
	return err
}

// most is the largest number of times within any minute.
func most(times []time.Time) int {
	slices.SortFunc(times, time.Time.Compare)
	top, first := 0, 0
	for i, at := range times {
		for at.Sub(times[first]) >= time.Minute {
			first++
		}
		top = max(top, i-first+1)
	}
	return top
}

func TestNoMinuteHasMoreReadsThanTheBudget(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var mu sync.Mutex
		var times []time.Time
		s := budgeted(t, 40, func(r *http.Request) (*http.Response, error) {
			mu.Lock()
			defer mu.Unlock()
			times = append(times, time.Now())
			return respond(r, http.StatusOK, nil, "{}"), nil
		})
		begun := time.Now()
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				if err := ask(t.Context(), t, s, http.MethodGet); err != nil {
					t.Error(err)
				}
			})
		}
		time.Sleep(time.Second)
		if got := s.Traffic(); got.Budget != 40 || got.LastMinute == 0 || got.Waiting == 0 {
			t.Errorf("traffic %+v while reads wait", got)
		}
		all.Wait()
		if n := most(times); n > 40 {
			t.Errorf("%d requests within a minute, the budget is 40", n)
		}
		if took := time.Since(begun); took < 4*time.Minute || took > 8*time.Minute {
			t.Errorf("200 reads took %s at 40 a minute", took)
		}
		time.Sleep(time.Minute)
		if got := s.Traffic(); got.LastMinute != 0 || got.Waiting != 0 {
			t.Errorf("traffic %+v after a quiet minute", got)
		}
	})
}

// What changes something, and what is read on its way, never waits behind reads.
func TestEffectsAndUrgentReadsGoFirst(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := budgeted(t, 4, func(r *http.Request) (*http.Response, error) { return respond(r, http.StatusOK, nil, "{}"), nil })
		ctx, stop := context.WithCancel(t.Context())
		var all sync.WaitGroup
		for range 50 {
			all.Go(func() { _ = ask(ctx, t, s, http.MethodGet) })
		}
		synctest.Wait()
		begun := time.Now()
		effect, _ := Effect(t.Context(), "r1")
		if err := ask(effect, t, s, http.MethodPost); err != nil {
			t.Fatal(err)
		}
		if err := ask(engine.Urgent(t.Context()), t, s, http.MethodGet); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(begun); took != 0 {
			t.Errorf("they waited for %s", took)
		}
		stop()
		all.Wait()
	})
}

// A read that is throttled keeps all the others back for as long as Azure asks.
func TestS41RetryAfterHoldsEveryRead(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		var early int
		begun := time.Now()
		s := budgeted(t, 1000, func(r *http.Request) (*http.Response, error) {
			since := time.Since(begun)
			switch {
			case since == 0:
				return respond(r, http.StatusTooManyRequests, http.Header{"Retry-After": {"37"}}, "{}"), nil
			case since < 37*time.Second && r.Method == http.MethodGet:
				early++
			}
			return respond(r, http.StatusOK, nil, "{}"), nil
		})
		var all sync.WaitGroup
		all.Go(func() { _ = ask(t.Context(), t, s, http.MethodGet) })
		time.Sleep(time.Second)
		if until := s.Traffic().Until; !until.Equal(begun.Add(37 * time.Second)) {
			t.Errorf("throttled until %s", until.Sub(begun))
		}
		for range 20 {
			all.Go(func() {
				if err := ask(t.Context(), t, s, http.MethodGet); err != nil {
					t.Error(err)
				}
			})
		}
		effect, _ := Effect(t.Context(), "r1")
		if err := ask(effect, t, s, http.MethodPost); err != nil || time.Since(begun) > 2*time.Second {
			t.Errorf("an effect after %s: %v", time.Since(begun), err)
		}
		all.Wait()
		if early != 0 || time.Since(begun) < 37*time.Second {
			t.Errorf("%d reads came early, all were through after %s", early, time.Since(begun))
		}
	})
}

// A wait ends with its caller.
func TestAWaitingReadCanBeCalledOff(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := budgeted(t, 4, func(r *http.Request) (*http.Response, error) { return respond(r, http.StatusOK, nil, "{}"), nil })
		for range 1 {
			if err := ask(t.Context(), t, s, http.MethodGet); err != nil {
				t.Fatal(err)
			}
		}
		ctx, stop := context.WithTimeout(t.Context(), time.Second)
		defer stop()
		if err := ask(ctx, t, s, http.MethodGet); err == nil {
			t.Error("it went at once")
		}
	})
}

// A token that is not accepted any more is fetched anew, once and for reads only.
func TestAReadSignsInAfreshOnce(t *testing.T) {
	tries := map[string]int{}
	refuse := 1
	s := budgeted(t, 0, func(r *http.Request) (*http.Response, error) {
		tries[r.Method]++
		if tries[r.Method] <= refuse {
			return respond(r, http.StatusUnauthorized, nil, `{"error":{"code":"ExpiredAuthenticationToken","message":"The access token expiry is earlier than now."}}`), nil
		}
		return respond(r, http.StatusOK, nil, "{}"), nil
	})
	for _, method := range []string{http.MethodGet, http.MethodPost} {
		if err := ask(t.Context(), t, s, method); err != nil {
			t.Fatal(err)
		}
	}
	if tries[http.MethodGet] != 2 || tries[http.MethodPost] != 1 {
		t.Errorf("tries %v", tries)
	}
	refuse, tries = 100, map[string]int{}
	_ = ask(t.Context(), t, s, http.MethodGet)
	if tries[http.MethodGet] != 2 {
		t.Errorf("%d tries where it is refused for good", tries[http.MethodGet])
	}
}
