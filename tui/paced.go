package tui

import (
	"io"
	"sync"
	"time"
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

// pace lets a frame through every so often and holds the next one up meanwhile. What
// changes in the time between is drawn as one.
type pace struct {
	to    io.Writer
	every time.Duration
	mu    sync.Mutex
	free  time.Time // when the next frame may be written
}

// Write writes a frame, or a few characters of control at once.
func (p *pace) Write(b []byte) (int, error) {
	if len(b) > control {
		p.mu.Lock()
		now := time.Now()
		wait := p.free.Sub(now)
		p.free = now.Add(max(0, wait) + p.every)
		p.mu.Unlock()
		if wait > 0 {
			time.Sleep(wait)
		}
	}
	return p.to.Write(b)
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
func paced(out io.Writer) io.Writer {
	p := &pace{to: out, every: time.Second / fps}
	if f, ok := out.(terminal); ok {
		return pacedFile{f, p}
	}
	return p
}
