package replay

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/charmbracelet/x/ansi"

	"failback/engine"
	"failback/tui/text"
)

// From which height of the screen the bar has its line of cells, and the line of
// what happened over it.
const (
	heightCells = 10
	heightMarks = 15
)

// bar is where in the run one is: what happened when, the way so far, and in words
// whether it plays, how fast, when that was and which event.
func (s *Screen) bar(w, h int) []string {
	var out []string
	if h >= heightMarks {
		out = append(out, s.happened(w))
	}
	if h >= heightCells {
		out = append(out, s.way(w))
	}
	return append(out, s.words(w))
}

// way is the bar itself: full up to the place that is shown.
func (s *Screen) way(w int) string {
	passed, of := s.play.Passed()
	share := 1.0
	if of > 0 {
		share = float64(passed) / float64(of)
	}
	l := s.look
	at := min(int(share*float64(w)), w-1)
	return l.T.Accent.UnsetBold().Render(strings.Repeat(l.G.Full, at)) + l.T.Accent.Render(l.G.Caret) +
		l.T.Frame.Render(strings.Repeat(l.G.Empty, max(0, w-at-1)))
}

// Marks over the bar, the one that wins a cell last.
type mark int

const (
	markNone mark = iota
	markDown
	markDecided
	markGate
	markBad
)

// happened is a line of w cells over the bar: downtime, questions, answers and what
// went wrong.
func (s *Screen) happened(w int) string {
	cells := make([]mark, w)
	put := func(at time.Time, m mark) {
		if c := s.cell(at, w); cells[c] < m {
			cells[c] = m
		}
	}
	for _, l := range s.play.final.Legs {
		if l.DowntimeFrom.IsZero() {
			continue
		}
		to := l.DowntimeTo
		if to.IsZero() {
			to = s.play.end()
		}
		for c := s.cell(l.DowntimeFrom, w); c <= s.cell(to, w); c++ {
			cells[c] = max(cells[c], markDown)
		}
	}
	for _, i := range s.play.marks {
		switch s.play.events[i-1].Body.(type) {
		case engine.GateOpened:
			put(s.play.at[i-1], markGate)
		case engine.DecisionMade:
			put(s.play.at[i-1], markDecided)
		case engine.PhaseFailed, engine.CancelRequested, engine.DamageMarked:
			put(s.play.at[i-1], markBad)
		}
	}
	return s.drawn(cells)
}

func (s *Screen) cell(at time.Time, w int) int {
	_, of := s.play.Passed()
	if of <= 0 {
		return 0
	}
	return max(0, min(int(float64(at.Sub(s.play.at[0]))/float64(of)*float64(w)), w-1))
}

func (s *Screen) drawn(cells []mark) string {
	l := s.look
	var b strings.Builder
	for i := 0; i < len(cells); {
		n := i
		for n < len(cells) && cells[n] == cells[i] {
			n++
		}
		switch cells[i] {
		case markNone:
			b.WriteString(strings.Repeat(" ", n-i))
		case markDown:
			b.WriteString(l.T.Downtime.Render(strings.Repeat(l.G.Down, n-i)))
		case markDecided:
			b.WriteString(l.T.OK.Render(strings.Repeat(l.G.Done, n-i)))
		case markGate:
			b.WriteString(l.T.Warn.Render(strings.Repeat(l.G.Gate, n-i)))
		case markBad:
			b.WriteString(l.T.Bad.Render(strings.Repeat(l.G.Failed, n-i)))
		}
		i = n
	}
	return b.String()
}

// words are the place in words; from the right, what matters less is left out
// where the line is narrow.
func (s *Screen) words(w int) string {
	l := s.look
	plays := l.T.Warn.Render(l.G.Stopped + " " + l.Say("paused"))
	switch {
	case s.play.Playing():
		plays = l.T.OK.Render(l.G.Running + " " + l.Say("plays"))
	case s.play.AtEnd():
		plays = l.T.Text.Render(l.G.Stopped + " " + l.Say("at its end"))
	}
	passed, of := s.play.Passed()
	n, all := s.play.Told()
	now := s.play.Now()
	if !s.tick.Now.IsZero() {
		now = now.In(s.tick.Now.Location())
	}
	parts := []string{
		plays + " " + l.T.Strong.Render(SpeedWords(s.play.Speed())),
		l.T.Text.Render(text.Clock(passed)) + l.T.Muted.Render(l.Say(" of "+text.Clock(of))),
		l.T.Text.Render(now.Format("15:04:05")),
		l.T.Muted.Render(l.Say(fmt.Sprintf("event %d of %d", n, all))),
		l.T.Muted.Render(now.Format("2006-01-02 MST")),
	}
	for len(parts) > 1 && width(parts) > w {
		parts = parts[:len(parts)-1]
	}
	return l.Cut(strings.Join(parts, gap), w)
}

const gap = "   "

func width(parts []string) int { return ansi.StringWidth(strings.Join(parts, gap)) }

// SpeedWords write a speed: "10x".
func SpeedWords(speed float64) string { return strconv.FormatFloat(speed, 'f', -1, 64) + "x" }
