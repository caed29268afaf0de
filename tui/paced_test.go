package tui

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"
	"testing/synctest"
	"time"
	"unicode/utf8"
)

// stamped notes when it was written to.
type stamped struct {
	bytes.Buffer
	at []time.Duration
	t0 time.Time
}

func (s *stamped) Write(b []byte) (int, error) {
	s.at = append(s.at, time.Since(s.t0))
	return s.Buffer.Write(b)
}

// The first frame goes out at once, then at most fps a second; control characters
// are not held up. Nothing is lost.
func TestFramesArePaced(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stamped{t0: time.Now()}
		out, _ := paced(s)
		frame := []byte(strings.Repeat("x", 200))
		for range 31 {
			for _, b := range [][]byte{frame, []byte("\x1b[?25l")} {
				if _, err := out.Write(b); err != nil {
					t.Fatal(err)
				}
			}
		}
		if s.at[0] != 0 || s.at[1] != 0 {
			t.Errorf("the first came after %s, %s", s.at[0], s.at[1])
		}
		if last := s.at[len(s.at)-1]; last < 1990*time.Millisecond || last > 2010*time.Millisecond {
			t.Errorf("31 frames took %s", last)
		}
		if s.Len() != 31*206 {
			t.Errorf("%d bytes", s.Len())
		}
		time.Sleep(time.Hour)
		before := time.Now()
		if _, err := out.Write(frame); err != nil || time.Since(before) != 0 {
			t.Errorf("after a pause it waits %s", time.Since(before))
		}
	})
}

// stuck is a terminal that takes what it has room for, and nothing more until it is
// let go.
type stuck struct {
	bytes.Buffer
	room int
	free chan struct{}
}

func (s *stuck) Write(b []byte) (int, error) {
	if s.Len()+len(b) > s.room {
		<-s.free
	}
	return s.Buffer.Write(b)
}

// A terminal that stands still holds nobody up for longer than the first time, and
// nothing is kept for it beyond a bound. Once it takes bytes again, the words of
// control come in order and the screen is drawn anew, once.
func TestAStuckTerminalHoldsNobodyUp(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &stuck{room: 1000, free: make(chan struct{})}
		out, p := paced(s)
		drawn := 0
		p.redraw = func() { drawn++ }
		frame := []byte(strings.Repeat("x", 3*piece))
		began := time.Now()
		for range 5000 {
			if n, err := out.Write(frame); n != len(frame) || err != nil {
				t.Fatal(n, err)
			}
			if _, err := out.Write([]byte("\x1b[?25l")); err != nil {
				t.Fatal(err)
			}
		}
		if took := time.Since(began); took != standstill {
			t.Errorf("5000 frames took %s", took)
		}
		if len(p.held) > kept+len(frame) {
			t.Errorf("%d bytes are kept", len(p.held))
		}
		began = time.Now()
		if p.settled(time.Second) || time.Since(began) != time.Second {
			t.Errorf("settled after %s", time.Since(began))
		}
		close(s.free)
		if !p.settled(time.Second) {
			t.Error("not settled though it takes its bytes")
		}
		synctest.Wait()
		if got := s.String(); !strings.HasPrefix(got, string(frame)+"\x1b[?25l") || len(got) > len(frame)+kept {
			t.Errorf("it got %d bytes", len(got))
		}
		if _, err := out.Write(frame); err != nil || drawn != 1 || !strings.HasSuffix(s.String(), string(frame)) {
			t.Errorf("%v, drawn anew %d times", err, drawn)
		}
		time.Sleep(time.Minute)
	})
}

// A slow terminal is no stuck one: each frame waits until it has the one before, and
// none is lost.
func TestASlowTerminalGetsEveryFrame(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := &slow{}
		out, p := paced(s)
		p.redraw = func() { t.Error("drawn anew") }
		frame := []byte(strings.Repeat("─", piece))
		for range 4 {
			if _, err := out.Write(frame); err != nil {
				t.Fatal(err)
			}
		}
		if s.String() != strings.Repeat(string(frame), 4) || s.torn {
			t.Errorf("%d bytes, torn characters: %t", s.Len(), s.torn)
		}
	})
}

// slow takes a piece in a little less than what counts as standing still.
type slow struct {
	bytes.Buffer
	torn bool
}

func (s *slow) Write(b []byte) (int, error) {
	time.Sleep(standstill - time.Millisecond)
	s.torn = s.torn || !utf8.Valid(b)
	return s.Buffer.Write(b)
}

// A terminal that is gone is an error of every write.
func TestAClosedTerminalIsAnError(t *testing.T) {
	out, p := paced(closed{})
	for range 2 {
		if _, err := out.Write([]byte("x")); !errors.Is(err, io.ErrClosedPipe) {
			t.Error(err)
		}
	}
	if !p.settled(time.Second) {
		t.Error("somebody still waits for it")
	}
}

type closed struct{}

func (closed) Write([]byte) (int, error) { return 0, io.ErrClosedPipe }
