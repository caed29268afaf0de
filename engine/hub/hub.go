// Package hub fans the events of a run out to its readers. Between the engine
// and each reader stands a [Mailbox]: putting never blocks, transitions are never
// lost, and newer passing progress replaces older progress of the same leg and
// phase. A reader that stands still stalls nobody.
package hub

import (
	"context"
	"io"
	"slices"
	"sync"

	"failback/engine"
)

// Hub keeps the events of one run and hands them to any number of readers. It
// is safe for concurrent use. The zero value is ready.
type Hub struct {
	mu     sync.Mutex
	kept   []engine.Event
	boxes  []*Mailbox
	closed bool
}

// New returns a hub that has the given events already.
func New(past ...engine.Event) *Hub { return &Hub{kept: slices.Clone(past)} }

// Publish hands the event to every reader and never blocks.
func (h *Hub) Publish(e engine.Event) {
	h.mu.Lock()
	defer h.mu.Unlock()
	if e.Seq != 0 {
		h.kept = append(h.kept, e)
	}
	for _, b := range h.boxes {
		b.put(e)
	}
}

// Subscribe returns a mailbox that first holds every event so far and then
// receives what comes. The reader stops with [Mailbox.Close].
func (h *Hub) Subscribe() *Mailbox {
	h.mu.Lock()
	defer h.mu.Unlock()
	b := &Mailbox{hub: h, waiting: slices.Clone(h.kept), ready: make(chan struct{}, 1), closed: h.closed}
	if !h.closed {
		h.boxes = append(h.boxes, b)
	}
	b.signal()
	return b
}

// Close tells every reader that nothing more will come. What waits in their
// mailboxes is still delivered. Closing twice is harmless.
func (h *Hub) Close() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.closed = true
	for _, b := range h.boxes {
		b.end()
	}
	h.boxes = nil
}

func (h *Hub) remove(b *Mailbox) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.boxes = slices.DeleteFunc(h.boxes, func(o *Mailbox) bool { return o == b })
}

// Mailbox is what waits for one reader. One goroutine reads it.
type Mailbox struct {
	hub     *Hub
	mu      sync.Mutex
	waiting []engine.Event
	passing map[string]int // index into waiting of replaceable progress
	ready   chan struct{}
	closed  bool
}

func (b *Mailbox) put(e engine.Event) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if e.Seq == 0 {
		key := e.Item + "/" + string(e.Phase) + "/" + string(e.Type())
		if i, ok := b.passing[key]; ok {
			b.waiting[i] = e
			return
		}
		if b.passing == nil {
			b.passing = map[string]int{}
		}
		b.passing[key] = len(b.waiting)
	} else {
		// Order within a leg matters: passing progress from before a kept
		// event must not be replaced by progress from after it.
		clear(b.passing)
	}
	b.waiting = append(b.waiting, e)
	b.signal()
}

func (b *Mailbox) signal() {
	select {
	case b.ready <- struct{}{}:
	default:
	}
}

func (b *Mailbox) end() {
	b.mu.Lock()
	b.closed = true
	b.mu.Unlock()
	b.signal()
}

// Next returns everything that waits, in order, blocking until there is
// something. It returns io.EOF after the hub was closed and all was delivered,
// and the context's error when ctx ends.
func (b *Mailbox) Next(ctx context.Context) ([]engine.Event, error) {
	for {
		b.mu.Lock()
		batch, closed := b.waiting, b.closed
		b.waiting = nil
		clear(b.passing)
		b.mu.Unlock()
		if len(batch) > 0 {
			return batch, nil
		}
		if closed {
			return nil, io.EOF
		}
		select {
		case <-b.ready:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// Close lets go of the mailbox: what waits is still delivered, then Next returns
// io.EOF.
func (b *Mailbox) Close() {
	b.hub.remove(b)
	b.end()
}
