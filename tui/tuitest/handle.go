package tuitest

import (
	"fmt"
	"sync"
	"time"

	"failback/engine"
	"failback/engine/hub"
)

// Handle is a scripted run. Its events pass the engine's own stream and state
// machine, so that a script can't tell what a real run could not.
type Handle struct {
	id     engine.RunID
	world  *World
	hub    *hub.Hub
	stream *engine.Stream
	script script
	kept   kept
	done   chan struct{}
	once   sync.Once
}

// kept records events in memory.
type kept struct {
	mu     sync.Mutex
	events []engine.Event
}

// Append keeps an event.
func (k *kept) Append(e engine.Event) error {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.events = append(k.events, e)
	return nil
}

func newHandle(w *World, p engine.Plan) *Handle {
	h := &Handle{
		id:    engine.RunID(fmt.Sprintf("20260101-000000-test%d", len(w.handles))),
		world: w, hub: hub.New(), done: make(chan struct{}),
	}
	now := w.Now
	if now == nil {
		now = time.Now
	}
	h.stream = engine.NewStream(h.id, engine.State{}, &h.kept, h.hub, now)
	h.script = script{stream: h.stream, plan: p}
	h.script.begin()
	return h
}

func (h *Handle) events() []engine.Event {
	h.kept.mu.Lock()
	defer h.kept.mu.Unlock()
	return append([]engine.Event(nil), h.kept.events...)
}

// ID is the run's id.
func (h *Handle) ID() engine.RunID { return h.id }

// State is the run as it is now.
func (h *Handle) State() engine.State { return h.stream.State() }

// Subscribe returns a mailbox with everything so far and to come.
func (h *Handle) Subscribe() *hub.Mailbox { return h.hub.Subscribe() }

// Decide takes a decision and goes on to the next gate.
func (h *Handle) Decide(item string, d engine.Decision) error {
	if err := h.stream.Emit(item, engine.PhaseNone, engine.DecisionMade{Decision: d}); err != nil {
		return err
	}
	h.world.mu.Lock()
	h.world.decisions = append(h.world.decisions, d)
	h.world.mu.Unlock()
	h.script.after(item, d.Gate)
	h.endIfAllEnded()
	return nil
}

// Look records what a person saw.
func (h *Handle) Look(item, by, saw string) error {
	return h.stream.Emit(item, engine.PhaseNone, engine.MachineLooked{By: by, Saw: saw})
}

// Cancel cancels a leg; it leaves the machine damaged where the engine says so.
func (h *Handle) Cancel(item, by, reason string) error {
	leg := h.State().Leg(item)
	_, damages := leg.CanCancel()
	phase := leg.Phase()
	if err := h.stream.Emit(item, phase, engine.CancelRequested{By: by, Reason: reason}); err != nil {
		return err
	}
	h.world.mu.Lock()
	h.world.cancels = append(h.world.cancels, item)
	h.world.mu.Unlock()
	if damages {
		h.script.emit(item, phase, engine.DamageMarked{Reason: "cancelled during " + phase.Info().Title})
	}
	h.script.emit(item, engine.PhaseNone, engine.LegFinished{Outcome: engine.OutcomeCancelled})
	h.endIfAllEnded()
	return nil
}

func (h *Handle) endIfAllEnded() {
	outcome := engine.OutcomeSucceeded
	for _, l := range h.State().Legs {
		if l.Outcome == engine.OutcomeNone {
			return
		}
		if l.Outcome != engine.OutcomeSucceeded {
			outcome = l.Outcome
		}
	}
	h.script.emit("", engine.PhaseNone, engine.RunFinished{Outcome: outcome})
	h.Detach()
}

// Detach stops driving the run.
func (h *Handle) Detach() {
	h.once.Do(func() {
		h.hub.Close()
		close(h.done)
	})
}

// Done is closed when the run is not driven any more.
func (h *Handle) Done() <-chan struct{} { return h.done }
