package engine

import (
	"fmt"
	"sync"
	"time"
)

// Recorder keeps events for good. Append returns only when the event is on
// disk; it is never called concurrently.
type Recorder interface {
	Append(Event) error
}

// Publisher hands events to readers. Publish never blocks.
type Publisher interface {
	Publish(Event)
}

// progressEvery is how often progress of one leg and phase reaches the journal.
const progressEvery = time.Second

// Stream is the one stream of events of a run. It stamps an event, asks the
// state machine, has the event written, folds it and only then publishes it. It
// is safe for concurrent use. After a failed write the stream is broken: every
// later Emit fails, since acting on facts that nobody kept is not allowed.
type Stream struct {
	mu       sync.Mutex
	state    State
	run      RunID
	recorder Recorder
	readers  Publisher
	now      func() time.Time
	broken   error
	progress map[string]time.Time
	changed  chan struct{}
}

// NewStream continues from state, which is the fold of what recorder holds
// already. now may be nil for the wall clock.
func NewStream(run RunID, state State, recorder Recorder, readers Publisher, now func() time.Time) *Stream {
	if now == nil {
		now = time.Now
	}
	return &Stream{
		run: run, state: state, recorder: recorder, readers: readers, now: now,
		progress: map[string]time.Time{}, changed: make(chan struct{}),
	}
}

// State is the fold of everything emitted so far.
func (s *Stream) State() State {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state
}

// Now is the stream's clock.
func (s *Stream) Now() time.Time { return s.now().UTC() }

// Broken is the error that ended the journal, nil while it can be written.
func (s *Stream) Broken() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.broken
}

// Changed returns the state and a channel that is closed at the next event that
// moved something (passing progress does not), or when the stream breaks.
func (s *Stream) Changed() (State, <-chan struct{}) {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.state, s.changed
}

// Emit records a fact about an item (or the run, with item "") in a phase. When
// it returns nil the fact is on disk. A fact that is not legal now is refused
// with an [*Illegal] error and leaves no trace.
func (s *Stream) Emit(item string, phase Phase, body Body) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.broken != nil {
		return fmt.Errorf("the journal can't be written any more: %w", s.broken)
	}
	if _, resumed := body.(RunResumed); s.state.Ended() && !resumed {
		// The end is the last line; what comes after it would be done by nobody.
		return Refuse("go on", string(s.run), "the run has ended ("+string(s.state.Outcome)+") and nobody drives it", "resume it first")
	}
	e := Event{V: SchemaVersion, Time: s.now().UTC().Round(0), Run: s.run, Item: item, Phase: phase, Body: body}
	if s.passes(e) {
		return s.pass(e)
	}
	e.Seq = s.state.Seq + 1
	next, err := s.state.Apply(e)
	if err != nil {
		return err
	}
	if err := s.recorder.Append(e); err != nil {
		s.broken = err
		s.wake() // whoever waits for a change would wait for ever
		return fmt.Errorf("journal: %w", err)
	}
	s.state = next
	s.readers.Publish(e)
	s.wake()
	return nil
}

func (s *Stream) wake() {
	close(s.changed)
	s.changed = make(chan struct{})
}

// passes reports whether the journal does without the fact.
func (s *Stream) passes(e Event) bool {
	switch e.Body.(type) {
	case JobSeen, BootSeen:
		return true
	case SyncProgress:
		return !s.keepProgress(e.Item, e.Phase, e.Time)
	}
	return false
}

// pass hands a fact to readers that the journal does not keep.
func (s *Stream) pass(e Event) error {
	next, err := s.state.Apply(e)
	if err != nil {
		return err
	}
	s.state = next
	s.readers.Publish(e)
	return nil
}

func (s *Stream) keepProgress(item string, phase Phase, at time.Time) bool {
	key := item + "/" + string(phase)
	if last, ok := s.progress[key]; ok && at.Sub(last) < progressEvery {
		return false
	}
	s.progress[key] = at
	return true
}
