package hyperv_test

import (
	"context"
	"errors"
	"net/http"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine"
	"failback/providers/hyperv"
)

// TestSlowScript shows that a script may take longer than a host keeps one
// request open, and that all of it fits into a bubble.
func TestSlowScript(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab()
		l.site.delay = 70 * time.Second
		a := access(t, l.memory())
		began := time.Now()
		if _, err := a.VMs(t.Context(), "HV01"); err != nil {
			t.Fatal(err)
		}
		if took := time.Since(began); took != 70*time.Second {
			t.Errorf("it took %v", took)
		}
		l.noShells(t, a)
	})
}

func TestDeadlineIsKept(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab()
		l.site.delay = time.Hour
		a := access(t, l.memory())
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second)
		defer cancel()
		began := time.Now()
		_, err := a.Facts(ctx, "HV01")
		if took := time.Since(began); took != 3*time.Second {
			t.Errorf("it took %v", took)
		}
		wantKind(t, err, engine.FailureRetryable)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("no deadline in %v", err)
		}
		l.noShells(t, a)
		synctest.Wait()
		if _, busy, _ := l.site.counts(); busy != 0 {
			t.Error("the script goes on after its shell is gone")
		}
	})
}

func TestDefaultTimeout(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab()
		l.site.delay = time.Hour
		a := access(t, l.memory())
		began := time.Now()
		_, err := a.Facts(t.Context(), "HV01")
		wantKind(t, err, engine.FailureRetryable)
		if took := time.Since(began); took != hyperv.DefaultTimeout {
			t.Errorf("it took %v", took)
		}
		l.noShells(t, a)
	})
}

// TestLostAnswerOfAStart loses the answer by time, while the script runs.
func TestLostAnswerOfAStart(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab()
		l.site.delay = 30 * time.Second
		a := access(t, l.memory())
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		wantKind(t, a.Start(ctx, "HV01", vmID), engine.FailureUnknown)
		if runs, _, _ := l.site.counts(); runs != 1 {
			t.Errorf("the script was sent %d times", runs)
		}
		l.noShells(t, a)
	})
}

func TestGivenUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab()
		l.site.delay = time.Minute
		a := access(t, l.memory())
		ctx, cancel := context.WithCancelCause(t.Context())
		time.AfterFunc(time.Second, func() { cancel(errors.New("the operator left")) })
		_, err := a.Facts(ctx, "HV01")
		wantKind(t, err, engine.FailureCancelled)
		l.noShells(t, a)
	})
}

// TestSilentHost is a host that takes requests and never answers.
func TestSilentHost(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		e := newLab().memory()
		e.Connect = func() http.RoundTripper {
			return roundTripper(func(r *http.Request) (*http.Response, error) {
				<-r.Context().Done()
				return nil, r.Context().Err()
			})
		}
		began := time.Now()
		_, err := access(t, e).Facts(t.Context(), "HV01")
		wantKind(t, err, engine.FailureRetryable)
		if took := time.Since(began); took != 30*time.Second {
			t.Errorf("it took %v", took)
		}
	})
}

// TestFourShellsAtMost sends 200 calls at once: all are right, and the host
// never sees more than four shells.
func TestFourShellsAtMost(t *testing.T) {
	over(t, func(t *testing.T, l *lab, a *hyperv.Access) {
		l.site.delay = time.Millisecond
		var all sync.WaitGroup
		for range 200 {
			all.Go(func() {
				vm, err := a.VM(t.Context(), "HV01", vmID)
				if err != nil || vm.Name != "web01" {
					t.Errorf("%+v, %v", vm, err)
				}
			})
		}
		all.Wait()
		if runs, _, peak := l.site.counts(); runs != 200 || peak > 4 {
			t.Errorf("%d runs, %d at once", runs, peak)
		}
		l.noShells(t, a)
	})
}

// TestWaitingForAShell shows that a caller in the queue keeps its deadline too.
func TestWaitingForAShell(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab()
		l.site.delay = time.Minute
		a := access(t, l.memory())
		var all sync.WaitGroup
		for range 4 {
			all.Go(func() { _, _ = a.Facts(t.Context(), "HV01") })
		}
		synctest.Wait()
		ctx, cancel := context.WithTimeout(t.Context(), time.Second)
		defer cancel()
		began := time.Now()
		wantKind(t, a.Start(ctx, "HV01", vmID), engine.FailureRetryable) // it was never sent
		if took := time.Since(began); took != time.Second {
			t.Errorf("it took %v", took)
		}
		all.Wait()
		l.noShells(t, a)
	})
}
