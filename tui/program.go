package tui

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime/debug"
	"time"

	tea "github.com/charmbracelet/bubbletea"

	"failback/tui/glyph"
)

// shutdownPatience bounds how long a terminal that does not take its bytes may
// hold the end of the program up.
const shutdownPatience = 5 * time.Second

// ErrStandsStill is a terminal that took nothing any more when the screens ended:
// nothing can be said on it, and it was left as it is.
var ErrStandsStill = errors.New("the terminal does not answer; it was left as it is")

// Run shows the screens until the operator leaves or ctx ends, gives the
// terminal back, and says what happened. A run that still goes on when Run
// returns was detached from, never cancelled. Run returns within seconds of the
// end of ctx, or of the screens, even if the terminal does not answer; the error is
// [ErrStandsStill] then, beside the result.
func Run(ctx context.Context, d Deps, o Options, in io.Reader, out io.Writer) (Result, error) {
	o.ASCII = o.ASCII || !o.Unicode && glyph.WantsASCII(os.Getenv)
	m := newModel(ctx, d, o, out)
	defer m.end()
	screen, pace := paced(out)
	p := tea.NewProgram(m, tea.WithContext(ctx), tea.WithInput(in), tea.WithOutput(screen),
		tea.WithAltScreen(), tea.WithFPS(looks), tea.WithoutSignalHandler(), tea.WithFilter(sized))
	pace.redraw = func() { p.Send(tea.ClearScreen()) }
	final := make(chan ended, 1)
	go func() { final <- show(p) }()

	end, err := await(ctx, final)
	var result Result
	if last, ok := end.model.(Model); ok {
		result = last.Result()
	}
	m.held.letGo(&result)
	result.Interrupted = result.Interrupted || ctx.Err() != nil
	if errors.Is(err, tea.ErrProgramKilled) && ctx.Err() != nil {
		err = nil // the end that was asked for
	}
	if !pace.settled(standstill) {
		err = ErrStandsStill
	}
	return result, err
}

// The largest terminal that is drawn for. A Windows console can say how large its
// buffer is, thousands of lines, where its window is meant.
const (
	mostColumns = 500
	mostLines   = 200
)

// sized keeps sizes within what can be drawn, and takes out those that are known
// already: each one has all of the screen written anew.
func sized(m tea.Model, msg tea.Msg) tea.Msg {
	size, ok := msg.(tea.WindowSizeMsg)
	if !ok {
		return msg
	}
	size.Width, size.Height = min(max(1, size.Width), mostColumns), min(max(1, size.Height), mostLines)
	if at, ok := m.(Model); ok && at.sized && at.width == size.Width && at.height == size.Height {
		return nil
	}
	return size
}

// ended is how a program came back.
type ended struct {
	model tea.Model
	err   error
}

// show runs the program. A panic outside of what Bubble Tea recovers by itself
// still gives the terminal back.
func show(p *tea.Program) (e ended) {
	defer func() {
		if r := recover(); r != nil {
			_ = p.RestoreTerminal() // the panic is what matters
			e.err = fmt.Errorf("the screens broke: %v\n%s", r, debug.Stack())
		}
	}()
	e.model, e.err = p.Run()
	return e
}

func await(ctx context.Context, final <-chan ended) (ended, error) {
	select {
	case e := <-final:
		return e, e.err
	case <-ctx.Done():
	}
	// WithContext kills the program; a terminal that takes no bytes can still
	// hold it.
	t := time.NewTimer(shutdownPatience)
	defer t.Stop()
	select {
	case e := <-final:
		return e, e.err
	case <-t.C:
		return ended{}, ErrStandsStill
	}
}

// letGo detaches from a run that still goes on and closes the connection. What
// the screens could not say any more about the run, it says.
func (h *held) letGo(r *Result) {
	h.mu.Lock()
	handle, conn := h.handle, h.conn
	h.mu.Unlock()
	if handle != nil {
		select {
		case <-handle.Done():
		default:
			r.Run, r.State = handle.ID(), handle.State()
			r.Detached = !r.State.Ended()
			handle.Detach()
			waitFor(handle.Done())
		}
	}
	if conn != nil && conn.Close != nil {
		_ = conn.Close() // nothing remote hangs on it
	}
}

func waitFor(done <-chan struct{}) {
	t := time.NewTimer(detachPatience)
	defer t.Stop()
	select {
	case <-done:
	case <-t.C:
	}
}
