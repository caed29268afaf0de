package tui

import (
	"bytes"
	"strings"
	"testing"
	"testing/synctest"
	"time"
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
		out := paced(s)
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
