// Package runs keeps the runs of a state directory and drives them: it ties a
// plan, the ports of a connection, a journal and the readers together.
//
// A run is driven by one process at a time, the one that holds its lock. Other
// processes read its journal and leave decisions for it.
package runs

import (
	"time"

	"failback/engine"
	"failback/engine/hub"
)

// Handle is a run that this process drives. All methods are safe for concurrent
// use.
type Handle interface {
	ID() engine.RunID
	// State is the run as it is now.
	State() engine.State
	// Subscribe returns a mailbox with every event so far and all to come. It
	// ends (io.EOF) when this process stops driving the run.
	Subscribe() *hub.Mailbox
	// Decide answers the open gate of an item. It is refused, with the reason,
	// where that gate is not open or the plan's window is closed and the
	// decision does not override it with a reason.
	Decide(item string, d engine.Decision) error
	// Look records what a person saw of an item's on-premises VM, without deciding
	// anything. It is refused before the VM was started.
	Look(item, by, saw string) error
	// Cancel asks to cancel the leg of an item, or all legs with item "". It is
	// refused after the switch to the on-premises VM.
	Cancel(item, by, reason string) error
	// Detach stops driving and leaves the Azure jobs alone.
	Detach()
	// Done is closed when this process has stopped driving the run.
	Done() <-chan struct{}
}

// Summary is one line about a run.
type Summary struct {
	ID        engine.RunID   `json:"id"`
	Item      string         `json:"item"` // names, joined with ", "
	Phase     engine.Phase   `json:"phase"`
	Gate      engine.Gate    `json:"gate,omitempty"` // open gate
	Outcome   engine.Outcome `json:"outcome"`        // "" while it goes on
	Started   time.Time      `json:"started"`
	Driver    string         `json:"driver"` // who drives or drove it
	Live      bool           `json:"live"`   // a process holds its lock now
	Resumable bool           `json:"resumable"`
	Rehearsal bool           `json:"rehearsal"`
	Profile   string         `json:"profile"`
	Damaged   bool           `json:"damaged"` // left so, and no later run has repaired it
	// Broken says why the journal could not be read; the other fields are then
	// what could be learnt without it.
	Broken string `json:"broken,omitempty"`
}
