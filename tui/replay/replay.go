package replay

import (
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"failback/engine"
	"failback/tui/keymap"
	"failback/tui/look"
	"failback/tui/run"
)

// NothingDecided is why keys that decide do nothing here.
const NothingDecided = "a replay: nothing is decided here"

// LeaveMsg says that the operator has seen enough.
type LeaveMsg struct{ Run engine.RunID }

// Screen is a run as it was: the live screen at the time of then, with a bar that
// says where in the run that is. Use it through a pointer, on the update loop alone.
type Screen struct {
	look  look.Look
	play  *Player
	live  *run.Live
	tick  look.Tick
	beats int       // generation of the beats that move it
	last  time.Time // the wall clock at the last beat
}

// beatMsg moves a replay that plays.
type beatMsg struct {
	of    *Screen
	beats int
	at    time.Time
}

// How often a replay that plays is moved on: with and without motion.
const (
	beatMoving = 100 * time.Millisecond
	beatStill  = time.Second
)

// NewScreen makes the screen of a player. It plays from [Screen.Init] on, unless the
// player stands at its end.
func NewScreen(l look.Look, p *Player) *Screen {
	s := &Screen{look: l, play: p, live: run.Watching(l, NothingDecided)}
	s.tell()
	return s
}

// Init begins to play.
func (s *Screen) Init() tea.Cmd {
	if s.play.AtEnd() {
		return nil
	}
	s.play.Toggle()
	return s.moved()
}

// State is the run at the place that is shown.
func (s *Screen) State() engine.State { return s.play.State() }

// Title names the screen.
func (s *Screen) Title() string { return "Replay of run " + string(s.play.State().Run) }

// Scope names the keys of the screen.
func (s *Screen) Scope() keymap.Scope { return keymap.ScopeReplay }

// Modal reports whether letters are typed.
func (s *Screen) Modal() bool { return s.live.Modal() }

// tell shows the run as it was at the time of then, in the zone of now.
func (s *Screen) tell() {
	now := s.play.Now()
	if !s.tick.Now.IsZero() {
		now = now.In(s.tick.Now.Location())
	}
	s.live.Update(look.Tick{Now: now, Beat: s.tick.Beat})
	s.live.Show(s.play.State())
}

// moved shows a new place, and waits for the next beat where it plays.
func (s *Screen) moved() tea.Cmd {
	s.tell()
	s.beats++
	s.last = time.Time{}
	return s.beat()
}

func (s *Screen) beat() tea.Cmd {
	if !s.play.Playing() {
		return nil
	}
	every, beats := beatMoving, s.beats
	if s.look.Still {
		every = beatStill
	}
	return tea.Tick(every, func(t time.Time) tea.Msg { return beatMsg{s, beats, t} })
}

// Update takes in a message.
func (s *Screen) Update(msg tea.Msg) tea.Cmd {
	switch m := msg.(type) {
	case look.Tick:
		s.tick = m
		s.tell()
		return nil
	case beatMsg:
		if m.of != s || m.beats != s.beats {
			return nil
		}
		passed := beatMoving
		if s.look.Still {
			passed = beatStill
		}
		if !s.last.IsZero() {
			passed = m.at.Sub(s.last)
		}
		s.last = m.at
		s.play.Advance(passed)
		s.tell()
		return s.beat()
	case tea.KeyMsg:
		if s.live.Modal() {
			return s.live.Update(m)
		}
		return s.key(m)
	}
	return nil
}

// watched is how far a key goes on or back in time: what would be seen in so long.
const watched = 5 * time.Second

func (s *Screen) key(k tea.KeyMsg) tea.Cmd {
	s.live.Quiet()
	skip := time.Duration(s.play.Speed() * float64(watched))
	switch {
	case keymap.Play.Is(k):
		s.play.Toggle()
	case keymap.Rewind.Is(k):
		s.play.Skip(-skip)
	case keymap.Forward.Is(k):
		s.play.Skip(skip)
	case keymap.EventOff.Is(k):
		s.play.Step(-1)
	case keymap.EventOn.Is(k):
		s.play.Step(1)
	case keymap.MarkOff.Is(k):
		s.play.PreviousMark()
	case keymap.MarkOn.Is(k):
		s.play.NextMark()
	case keymap.Faster.Is(k):
		s.play.Faster()
	case keymap.Slower.Is(k):
		s.play.Slower()
	case keymap.Top.Is(k):
		s.play.First()
	case keymap.Bottom.Is(k):
		s.play.Last()
	case keymap.Back.Is(k):
		if s.live.Back() {
			return nil
		}
		leave := LeaveMsg{s.play.State().Run}
		return func() tea.Msg { return leave }
	default:
		return s.live.Update(k)
	}
	return s.moved()
}

// Hints are the keys of the screen.
func (s *Screen) Hints() []keymap.Binding {
	if s.live.Modal() {
		return s.live.Hints()
	}
	play := keymap.Play.But("play")
	if s.play.Playing() {
		play = keymap.Play.But("pause")
	}
	return append([]keymap.Binding{play, keymap.Rewind, keymap.Forward, keymap.MarkOn.But("next step"), keymap.Faster, keymap.Slower, keymap.Back}, s.live.Hints()...)
}

// Keys are the keys of the screen for the help.
func (s *Screen) Keys() []keymap.Group {
	if s.live.Modal() {
		return s.live.Keys()
	}
	return append([]keymap.Group{{Title: "Replay", Bindings: []keymap.Binding{
		keymap.Play, keymap.Rewind, keymap.Forward, keymap.EventOff, keymap.EventOn, keymap.MarkOff, keymap.MarkOn,
		keymap.Slower, keymap.Faster, keymap.Top.But("to the beginning"), keymap.Bottom.But("to the end"),
	}}}, s.live.Keys()...)
}

// Status is the state line of then, and that it is of then.
func (s *Screen) Status() look.Status {
	st := s.live.Status()
	st.Text = "REPLAY · " + st.Text
	return st
}

// View draws the run as it was and the bar below it.
func (s *Screen) View(w, h int) []string {
	bar := s.bar(w, h)
	room := max(0, h-len(bar))
	out := s.look.Clamp(s.live.View(w, room), w, room)
	for len(out) < room {
		out = append(out, "")
	}
	return append(out, bar...)
}
