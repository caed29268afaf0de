package tui

import (
	"io"
	"sync"
	"time"
	"unicode/utf8"
)

// The renderer looks often whether there is something to draw, so that the first
// frame and the answer to a key come soon; how many frames a second reach the
// terminal is bounded by themselves. More than fps helps nobody and loads remote
// desktops.
const (
	looks = 60
	fps   = 15
)

// control is the length up to which a write is none of a frame: switching the
// alternate screen or the cursor is not held up.
const control = 24

const (
	// piece is how much is handed to the terminal at once: how slow it may be and
	// still counts as one that takes its bytes follows from it.
	piece = 4096
	// standstill is how long a terminal may take none of them until what is drawn is
	// not waited for any more.
	standstill = 2 * time.Second
	// kept bounds what is held for a terminal that stands still.
	kept = 64 << 10
)

// pace lets a frame through every so often and holds the next one up meanwhile. What
// changes in the time between is drawn as one.
//
// A slow terminal holds the drawing up, so that nothing queues before it. One that
// stands still does not: keys have to work on it, the one that leaves above all.
// Frames are dropped then, and once it takes bytes again the screen is drawn anew.
type pace struct {
	to     io.Writer
	every  time.Duration
	redraw func() // asks for the whole screen; nil while nobody can be asked

	mu     sync.Mutex
	free   time.Time     // when the next frame may be written
	held   []byte        // what the terminal has not been handed yet
	busy   bool          // somebody hands it over
	moved  chan struct{} // closed whenever the terminal took something
	took   time.Time     // when it did last
	still  bool          // it has stood still for too long
	torn   bool          // something that was drawn never reached it
	failed error
}

// Write writes a frame, or a few characters of control at once. It returns when the
// terminal has it, or stands still.
func (p *pace) Write(b []byte) (int, error) {
	if len(b) > control {
		p.wait()
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	switch {
	case p.failed != nil:
		return 0, p.failed
	case p.still && (len(b) > control || len(p.held)+len(b) > kept):
		p.torn = true
		return len(b), nil
	}
	p.held = append(p.held, b...)
	if !p.busy {
		p.busy, p.took, p.moved = true, time.Now(), make(chan struct{})
		go p.hand()
	}
	p.watch(standstill)
	return len(b), p.failed
}

// wait holds a frame up until its time.
func (p *pace) wait() {
	p.mu.Lock()
	if p.still {
		p.mu.Unlock()
		return
	}
	now := time.Now()
	wait := p.free.Sub(now)
	p.free = now.Add(max(0, wait) + p.every)
	p.mu.Unlock()
	if wait > 0 {
		time.Sleep(wait)
	}
}

// watch waits until the terminal has everything, or has stood still for so long. It
// is called with the lock and holds it again afterwards.
func (p *pace) watch(patience time.Duration) {
	for p.busy && !p.still {
		left := patience - time.Since(p.took)
		if left <= 0 {
			p.still = true
			return
		}
		moved := p.moved
		p.mu.Unlock()
		t := time.NewTimer(left)
		select {
		case <-moved:
		case <-t.C:
		}
		t.Stop()
		p.mu.Lock()
	}
}

// hand gives the terminal what is held for it, piece by piece.
func (p *pace) hand() {
	p.mu.Lock()
	for len(p.held) > 0 && p.failed == nil {
		next := p.held[:whole(p.held, piece)]
		p.held = p.held[len(next):]
		p.mu.Unlock()
		_, err := p.to.Write(next)
		p.mu.Lock()
		p.failed, p.took = err, time.Now()
		close(p.moved)
		p.moved = make(chan struct{})
	}
	p.held, p.busy, p.still = nil, false, false
	again := p.torn && p.failed == nil && p.redraw != nil
	p.torn = false
	close(p.moved)
	p.mu.Unlock()
	if again {
		p.redraw()
	}
}

// whole is how long a piece of at most n bytes is that breaks no character.
func whole(b []byte, n int) int {
	if len(b) <= n {
		return len(b)
	}
	for at := n; at > n-utf8.UTFMax; at-- {
		if utf8.RuneStart(b[at]) {
			return at
		}
	}
	return n // no text
}

// settled waits so long for a terminal that stands still, and reports whether it has
// everything that it was left.
func (p *pace) settled(patience time.Duration) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.still, p.took = false, time.Now()
	p.watch(patience)
	return !p.busy
}

// terminal is what Bubble Tea takes for a terminal's file.
type terminal interface {
	io.ReadWriteCloser
	Fd() uintptr
}

// pacedFile is a terminal that is written to at a pace.
type pacedFile struct {
	terminal
	pace *pace
}

func (f pacedFile) Write(b []byte) (int, error) { return f.pace.Write(b) }

// paced is out with at most fps frames a second. A terminal stays one.
func paced(out io.Writer) (io.Writer, *pace) {
	p := &pace{to: out, every: time.Second / fps}
	if f, ok := out.(terminal); ok {
		return pacedFile{f, p}, p
	}
	return p, p
}
