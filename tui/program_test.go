package tui_test

import (
	"bytes"
	"context"
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
		if err == nil || !r.Detached {
			t.Errorf("the result is %+v, %v", r, err)
		}
		close(out.free)
		time.Sleep(time.Minute)
	})
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
