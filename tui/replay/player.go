// Package replay plays the events of a recorded run: a player, which is pure
// logic, and the screen around it, which is the live screen of then with a bar.
package replay

import (
	"slices"
	"sort"
	"time"

	"failback/engine"
)

// Player stands somewhere in a recorded run: at a moment and behind a number of
// events. It reads no clock; whoever has one tells it how much time has passed.
// Use it on one goroutine.
type Player struct {
	events []engine.Event
	at     []time.Time // when each event is told: its time, but never before the one before it
	marks  []int       // positions where something was decided, began or broke
	final  engine.State

	kept   []engine.State // the state after every stride-th event, from none on
	stride int

	pos     int // events told, at least one
	now     time.Time
	state   engine.State
	speed   float64
	playing bool
}

// The speeds that a key goes through; any other may be given at the start.
var speeds = []float64{1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600}

// DefaultSpeed is how many times faster than it was a run is played.
const DefaultSpeed = 10

// checkpoints bounds how many states a player keeps for going back.
const checkpoints = 200

// New makes a player that stands at the beginning of a run. Events that are no
// run, or that this program can't follow, are a usage failure that names the event.
func New(events []engine.Event) (*Player, error) {
	p := &Player{events: events, speed: DefaultSpeed, stride: max(32, len(events)/checkpoints)}
	if len(events) == 0 {
		return nil, unplayable("", "nothing was recorded: the journal has no event", nil)
	}
	if _, opened := events[0].Body.(engine.StreamOpened); !opened {
		return nil, unplayable(events[0].Run, "it is no recording of a run: it begins with "+string(events[0].Type()), nil)
	}
	var s engine.State
	for i, e := range events {
		if i%p.stride == 0 {
			p.kept = append(p.kept, s)
		}
		next, err := s.Apply(e)
		if err != nil {
			return nil, unplayable(events[0].Run, err.Error(), err)
		}
		s = next
		told := e.Time
		if i > 0 && told.Before(p.at[i-1]) {
			told = p.at[i-1] // the clock was set back
		}
		p.at = append(p.at, told)
		if marks(e) {
			p.marks = append(p.marks, i+1)
		}
	}
	p.final = s
	p.to(1)
	return p, nil
}

func unplayable(run engine.RunID, why string, err error) error {
	return &engine.Failure{Kind: engine.FailureUsage, What: "replay run", Where: string(run), Why: why,
		Remedy: "failback verify says what is wrong with a journal", Err: err}
}

// marks reports whether one would want to jump to an event.
func marks(e engine.Event) bool {
	switch e.Body.(type) {
	case engine.PhaseStarted, engine.PhaseFailed, engine.GateOpened, engine.DecisionMade, engine.CancelRequested,
		engine.DamageMarked, engine.RunResumed, engine.RunFinished:
		return true
	}
	return false
}

// State is the run as it was. It is the fold of the events told so far.
func (p *Player) State() engine.State { return p.state }

// Final is the run as its last event left it.
func (p *Player) Final() engine.State { return p.final }

// Now is the time of then.
func (p *Player) Now() time.Time { return p.now }

// Told is how many events were told, and of how many.
func (p *Player) Told() (n, of int) { return p.pos, len(p.events) }

// Passed is how far into the run it stands, and how long the run took.
func (p *Player) Passed() (d, of time.Duration) {
	return p.now.Sub(p.at[0]), p.end().Sub(p.at[0])
}

func (p *Player) end() time.Time { return p.at[len(p.at)-1] }

// AtEnd reports whether every event was told.
func (p *Player) AtEnd() bool { return p.pos == len(p.events) }

// Playing reports whether time passes.
func (p *Player) Playing() bool { return p.playing }

// Toggle plays or pauses; at the end it plays from the beginning.
func (p *Player) Toggle() {
	if !p.playing && p.AtEnd() {
		p.to(1)
	}
	p.playing = !p.playing
}

// Speed is how many times faster than it was the run is played.
func (p *Player) Speed() float64 { return p.speed }

// SetSpeed sets the speed, which is greater than 0.
func (p *Player) SetSpeed(s float64) { p.speed = s }

// Faster takes the next speed up, Slower the next one down.
func (p *Player) Faster() {
	if i := slices.IndexFunc(speeds, func(s float64) bool { return s > p.speed }); i >= 0 {
		p.speed = speeds[i]
	}
}

// Slower takes the next speed down.
func (p *Player) Slower() {
	for _, s := range slices.Backward(speeds) {
		if s < p.speed {
			p.speed = s
			return
		}
	}
}

// Advance lets real time pass: so much, times the speed, passes in the run. At the
// end it pauses.
func (p *Player) Advance(by time.Duration) {
	if !p.playing {
		return
	}
	passes := time.Duration(float64(by) * p.speed)
	if left := p.end().Sub(p.now); passes > left || passes < 0 { // a huge speed overflows
		passes = left
	}
	p.now = p.now.Add(passes)
	p.tell(max(p.pos, p.before(p.now)))
	if p.AtEnd() && !p.now.Before(p.end()) {
		p.playing = false
	}
}

// before counts the events told by a moment.
func (p *Player) before(t time.Time) int {
	return sort.Search(len(p.at), func(i int) bool { return p.at[i].After(t) })
}

// Seek goes to a moment; one outside of the run is its beginning or end.
func (p *Player) Seek(t time.Time) {
	if t.Before(p.at[0]) {
		t = p.at[0]
	}
	if t.After(p.end()) {
		t = p.end()
	}
	p.now = t
	p.tell(max(1, p.before(t)))
}

// Skip goes on or back by time in the run.
func (p *Player) Skip(by time.Duration) { p.Seek(p.now.Add(by)) }

// Step goes on or back by events.
func (p *Player) Step(by int) { p.to(p.pos + by) }

// First goes to the beginning, Last to the end.
func (p *Player) First() { p.to(1) }

// Last goes to the end.
func (p *Player) Last() { p.to(len(p.events)) }

// NextMark goes to where the next phase began, gate opened, decision was made, or
// something broke; to the end where there is none.
func (p *Player) NextMark() {
	if i, _ := slices.BinarySearch(p.marks, p.pos+1); i < len(p.marks) {
		p.to(p.marks[i])
		return
	}
	p.Last()
}

// PreviousMark goes back to the last such place, or to the beginning.
func (p *Player) PreviousMark() {
	if i, _ := slices.BinarySearch(p.marks, p.pos); i > 0 {
		p.to(p.marks[i-1])
		return
	}
	p.First()
}

// to stands right behind the n-th event.
func (p *Player) to(n int) {
	n = max(1, min(n, len(p.events)))
	p.tell(n)
	p.now = p.at[n-1]
}

// tell makes the state the one after n events, from the nearest one known.
func (p *Player) tell(n int) {
	from, s := n/p.stride, p.pos
	if from >= len(p.kept) {
		from = len(p.kept) - 1
	}
	state := p.state
	if n < s || from*p.stride > s {
		s, state = from*p.stride, p.kept[from]
	}
	for _, e := range p.events[s:n] {
		state, _ = state.Apply(e) // every event was applied in New already
	}
	p.pos, p.state = n, state
}
