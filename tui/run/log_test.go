package run_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"failback/engine"
	"failback/tui/glyph"
	"failback/tui/look"
	"failback/tui/run"
)

// longLog is a run whose log holds n lines, some of them broken.
func longLog(n int) engine.State {
	s := engine.State{Created: begun, Updated: begun, Legs: []*engine.Leg{{}, {}}}
	for i := range n {
		s.Log = append(s.Log, engine.LogLine{At: begun.Add(time.Duration(i) * time.Second), Item: "web01", Level: "info", Text: fmt.Sprintf("line %d. %s", i, strings.Repeat("more of it ", i%15))})
	}
	return s
}

func logPanel(s engine.State) *run.Live {
	r := run.New(plainLook(glyph.Unicode()), "kim")
	r.Update(look.Tick{Now: begun})
	r.Show(s)
	press(r, "l")
	return r
}

// The whole log begins at its end and scrolls to its beginning and back, no line
// twice and none left out.
func TestTheWholeLogScrolls(t *testing.T) {
	s := longLog(60)
	r := logPanel(s)
	view := drawn(r, 78, 20)
	if !strings.Contains(view, "line 59.") || strings.Contains(view, "line 0.") {
		t.Fatalf("it does not begin at its end:\n%s", view)
	}
	seen := map[string]bool{}
	for range 40 {
		for _, line := range r.View(78, 20) {
			seen[line] = true
		}
		press(r, "pgup")
	}
	view = drawn(r, 78, 20)
	for i := range s.Log {
		if !strings.Contains(strings.Join(keysOf(seen), "\n"), fmt.Sprintf("line %d. ", i)) && i%15 > 0 {
			t.Errorf("line %d was never in sight", i)
		}
	}
	if !strings.Contains(view, "line 0.") {
		t.Errorf("its first line is not in sight at its top:\n%s", view)
	}
	press(r, "pgdown")
	if again := drawn(r, 78, 20); again == view {
		t.Error("the first key back does not move it")
	}
	next := s
	next.Log = append(next.Log[10:], engine.LogLine{At: begun.Add(time.Hour), Level: "warn", Text: "the news"})
	r = logPanel(s)
	r.View(78, 20)
	r.Show(next)
	if lines := r.View(78, 20); !strings.Contains(lines[len(lines)-1], "the news") {
		t.Errorf("the news are not at the bottom:\n%s", strings.Join(lines, "\n"))
	}
}

func keysOf(m map[string]bool) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	return out
}

// A frame of the log costs what is in sight, however long the log is.
func TestAFrameOfTheLogAllocatesForWhatIsInSight(t *testing.T) {
	frame := func(n int) float64 {
		r := logPanel(longLog(n))
		return testing.AllocsPerRun(5, func() { r.View(198, 55) })
	}
	few, many := frame(60), frame(400)
	if many > few+5 {
		t.Errorf("a frame of 400 lines takes %v allocations, of 60 %v", many, few)
	}
}

func BenchmarkFrameOfTheLog(b *testing.B) {
	r := logPanel(longLog(400))
	b.ReportAllocs()
	for b.Loop() {
		r.View(198, 55)
	}
}
