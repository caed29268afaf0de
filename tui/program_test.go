package tui_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"testing"
	"testing/synctest"
	"time"

	"failback/engine"
	"failback/tui"
	"failback/tui/theme"
	"failback/tui/tuitest"
)

// stalled is a terminal that takes no byte until it is let go.
type stalled struct{ free chan struct{} }

func (s stalled) Write(p []byte) (int, error) {
	<-s.free
	return len(p), nil
}

func drivenRun(t *testing.T, w *tuitest.World) tui.Options {
	t.Helper()
	h, err := w.Deps().Start(t.Context(), nil, tuitest.Plan(engine.SyncDelta, "web01"), nil)
	if err != nil {
		t.Fatal(err)
	}
	return tui.Options{Start: tui.StartRun(h), Theme: theme.None, NoMotion: true}
}

// A session that is closed from outside leaves the run running.
func TestRunDetachesWhenItsContextEnds(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := tuitest.Estate()
		ctx, cancel := context.WithCancel(t.Context())
		o := drivenRun(t, w)
		time.AfterFunc(3*time.Second, cancel)
		var out bytes.Buffer
		r, err := tui.Run(ctx, w.Deps(), o, nil, &out)
		if err != nil || !r.Detached || !r.Interrupted || r.Run != "20260101-000000-test0" {
			t.Errorf("the result is %+v, %v", r, err)
		}
		if len(w.Cancels()) != 0 {
			t.Error("the run was cancelled")
		}
		// The alternate screen was left again.
		if !bytes.Contains(out.Bytes(), []byte("\x1b[?1049l")) {
			t.Error("the terminal was not given back")
		}
		time.Sleep(time.Minute)
	})
}

// A terminal that stands still never holds the program up for more than seconds,
// nor the run at all.
func TestRunReturnsThoughTheTerminalStandsStill(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := tuitest.Estate()
		ctx, cancel := context.WithCancel(t.Context())
		o := drivenRun(t, w)
		began := time.Now()
		time.AfterFunc(3*time.Second, cancel)
		out := stalled{make(chan struct{})}
		r, err := tui.Run(ctx, w.Deps(), o, nil, out)
		if took := time.Since(began); took > 15*time.Second {
			t.Errorf("it took %v", took)
		}
		if !errors.Is(err, tui.ErrStandsStill) || !r.Detached {
			t.Errorf("the result is %+v, %v", r, err)
		}
		close(out.free)
		time.Sleep(time.Minute)
	})
}

// A terminal that never takes a byte stalls nothing: the run goes on, the screens
// follow it, and the key that leaves is heard.
func TestAStalledTerminalStallsNothing(t *testing.T) {
	for name, c := range map[string]struct {
		keys     []string
		ends     bool // the run, before somebody leaves
		detached bool
	}{
		"ctrl+c twice, it goes on": {[]string{"\x03", "\x03"}, false, true},
		"q after its end":          {[]string{"q"}, true, false},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				w := tuitest.Estate()
				h, err := w.Deps().Start(t.Context(), nil, tuitest.Plan(engine.SyncDelta, "web01"), nil)
				if err != nil {
					t.Fatal(err)
				}
				in, keyboard := io.Pipe()
				out := stalled{make(chan struct{})}
				var left time.Time
				go func() {
					time.Sleep(time.Hour)
					gates := []engine.Gate{engine.GateComplete}
					if c.ends {
						gates = append(gates, engine.GateCommit, engine.GateReprotect)
					}
					for _, g := range gates { // from another terminal
						if err := h.Decide("web01", engine.Decision{Gate: g, By: "lee@jump02"}); err != nil {
							t.Error(err)
						}
					}
					time.Sleep(time.Minute)
					left = time.Now()
					for _, k := range c.keys {
						if _, err := keyboard.Write([]byte(k)); err != nil {
							t.Error(err)
						}
						time.Sleep(time.Second)
					}
				}()
				r, err := tui.Run(t.Context(), w.Deps(), tui.Options{Start: tui.StartRun(h), Theme: theme.None, NoMotion: true}, in, out)
				if !errors.Is(err, tui.ErrStandsStill) || r.Detached != c.detached || r.State.Ended() != c.ends {
					t.Errorf("%v, detached %t, the screens saw the end: %t", err, r.Detached, r.State.Ended())
				}
				if took := time.Since(left); left.IsZero() || took > 10*time.Second {
					t.Errorf("it ended %s after the key", took)
				}
				if l := r.State.Leg("web01"); l == nil || !l.Passed(engine.PhaseFinalSync) {
					t.Error("the screens did not follow the run")
				}
				_ = keyboard.Close()
				close(out.free)
				time.Sleep(time.Minute)
			})
		})
	}
}

func TestRunEndsByItself(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		w := tuitest.Estate()
		in, keyboard := io.Pipe()
		go func() {
			time.Sleep(2 * time.Second)
			_, _ = keyboard.Write([]byte("q")) // read or not, Run ends
			_ = keyboard.Close()
		}()
		r, err := tui.Run(t.Context(), w.Deps(), tui.Options{Theme: theme.None, NoMotion: true}, in, io.Discard)
		if err != nil || r.Detached || r.Interrupted || r.Run != "" {
			t.Errorf("the result is %+v, %v", r, err)
		}
		time.Sleep(time.Minute)
	})
}
