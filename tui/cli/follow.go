package cli

import (
	"context"
	"errors"
	"io"
	"slices"
	"time"

	"failback/engine"
	"failback/engine/runs"
	"failback/tui/plain"
)

const (
	// beat is how often the follower looks at the clock.
	beat = time.Second
	// patience is how long an open gate that nobody here can answer may wait for
	// an answer left by another terminal before the run is detached. It is longer
	// than the driver needs to read its inbox.
	patience = 2 * time.Second
)

// follower prints a run that this process drives, asks at its gates, and lets go
// of it when it is interrupted or nobody can answer.
type follower struct {
	a       *app
	handle  runs.Handle
	printer plain.Printer
	who     string
	lines   <-chan string // what the person types; nil where nobody sits
	ahead   bool          // what is typed before it is asked for waits for its question
	held    bool          // an answer was given, and what became of it is still to be seen
	state   engine.State
	stuck   time.Time // since when nothing moves but for an answer
	left    bool      // detached by us
}

// follow prints the run to its end, or to the moment this process lets go of it,
// and leaves the evidence beside its journal.
func (a *app) follow(ctx context.Context, s *session, h runs.Handle) error {
	f := &follower{a: a, handle: h, printer: a.printer(), who: s.who}
	switch {
	case a.answers != nil: // a conversation goes on
		f.lines, f.ahead = a.answers, true
	case a.deps.Streams.InTerminal:
		f.lines = readLines(a.deps.Streams.In)
	}
	err := errors.Join(f.loop(ctx), f.printer.Close())
	interrupted := ctx.Err() != nil && f.handle.State().Outcome == engine.OutcomeDetached
	h.Detach()
	<-h.Done()
	end := &ended{state: h.State(), interrupted: interrupted}
	if !end.state.Ended() {
		return a.journalLost(h)
	}
	if path, err := fileReport(s.store, h.ID()); err != nil {
		a.say("failback: the evidence can't be written: %s", err)
	} else {
		a.say("evidence: %s", path)
	}
	if end.status() == exitDone {
		a.say("run %s succeeded", end.state.Run)
		return err
	}
	if err != nil {
		a.say("failback: %s", err)
	}
	return end
}

// journalLost explains a run that stopped without its last event.
func (a *app) journalLost(h runs.Handle) error {
	var why error
	if e, ok := h.(interface{ Err() error }); ok {
		why = e.Err()
	}
	if why == nil {
		why = errors.New("the run stopped without saying how")
	}
	return &engine.Failure{Kind: engine.FailureOther, What: "run", Where: string(h.ID()), Why: why.Error(),
		Remedy: "make room in the state directory, then: " + a.command("resume", string(h.ID())), Err: why}
}

// printer is the reader that --output asks for.
func (a *app) printer() plain.Printer {
	a.lines = true
	switch a.flags.output {
	case outputNDJSON:
		return plain.NewJSON(a.deps.Streams.Out)
	case outputJSON:
		return plain.NewLast(a.deps.Streams.Out)
	}
	a.shown = a.deps.Streams.OutTerminal
	return plain.NewText(a.deps.Streams.Out, a.deps.Streams.Zone).In(a.language())
}

func (f *follower) loop(ctx context.Context) error {
	box := f.handle.Subscribe()
	defer box.Close()
	batches := make(chan []engine.Event)
	reading, stop := context.WithCancel(context.WithoutCancel(ctx))
	defer stop()
	go pump(reading, box.Next, batches)
	tick := time.NewTicker(beat)
	defer tick.Stop()
	interrupt := ctx.Done()
	for {
		select {
		case batch, ok := <-batches:
			if !ok {
				return nil
			}
			if err := f.take(batch); err != nil {
				return err
			}
		case now := <-tick.C:
			if err := f.printer.Tick(now); err != nil {
				return err
			}
			f.giveUp(now)
		case line, ok := <-f.typed():
			if !ok {
				f.lines = nil
				continue
			}
			f.answer(ctx, line)
		case <-interrupt:
			interrupt = nil
			f.a.say("interrupted: letting go of the run; press Ctrl-C again to leave at once")
			f.detach()
		}
	}
}

// typed is where the next line comes from. In a conversation whose answers may have
// been written down before it, a line waits until a gate is open.
func (f *follower) typed() <-chan string {
	if f.ahead && !f.a.deps.Streams.InTerminal && (f.held || !slices.ContainsFunc(f.state.Legs, f.asks)) {
		return nil
	}
	return f.lines
}

// asks reports whether the leg waits for a person.
func (f *follower) asks(l *engine.Leg) bool {
	return l.Gate != nil && (!f.state.Plan.MayAnswer(l.Gate.Gate) || l.Gate.NeedsReason)
}

// pump hands over batches of events until there are no more.
func pump(ctx context.Context, next func(context.Context) ([]engine.Event, error), out chan<- []engine.Event) {
	defer close(out)
	for {
		batch, err := next(ctx)
		if err != nil {
			return // io.EOF, or nobody reads any more
		}
		select {
		case out <- batch:
		case <-ctx.Done():
			return
		}
	}
}

func (f *follower) take(batch []engine.Event) error {
	for _, e := range batch {
		if err := f.printer.Event(e); err != nil {
			return err
		}
		next, err := f.state.Apply(e)
		if err != nil {
			return err
		}
		f.state, f.held = next, f.held && e.Seq == 0
		if _, progress := e.Body.(engine.SyncProgress); e.Seq != 0 && !progress {
			f.stuck = time.Time{}
		}
		if _, ok := e.Body.(engine.GateOpened); ok && f.lines != nil {
			f.prompt(f.state.Leg(e.Item))
		}
	}
	return nil
}

// giveUp detaches a run that waits for an answer nobody here can give.
func (f *follower) giveUp(now time.Time) {
	switch {
	case f.lines != nil || f.left || !nobodyToAsk(f.state, now):
		f.stuck = time.Time{}
	case f.stuck.IsZero():
		f.stuck = now
	case now.Sub(f.stuck) >= patience:
		f.detach()
	}
}

func (f *follower) detach() {
	f.left = true
	f.handle.Detach()
}

// nobodyToAsk reports whether at least one leg waits at a gate that policy may
// not answer, or not any more since its window is over, and every other leg has
// ended or waits, too.
func nobodyToAsk(s engine.State, now time.Time) bool {
	over := !s.Plan.Window.End.IsZero() && !now.Before(s.Plan.Window.End)
	waits := false
	manual := slices.ContainsFunc(s.Legs, func(l *engine.Leg) bool { return l.Gate != nil && l.Gate.Gate == engine.GateManual })
	for _, l := range s.Legs {
		switch {
		case l.Outcome != engine.OutcomeNone || l.Mode == engine.ModeEnded:
		case l.Gate != nil && (!s.Plan.MayAnswer(l.Gate.Gate) || l.Gate.NeedsReason || over && l.Gate.Gate == engine.GateComplete):
			waits = true
		case l.Mode == engine.ModeReady && l.Step().IsGate() && l.Item.Group > 1:
			// A later boot group waits for the groups before it.
		case manual && l.Gate == nil && l.Mode == engine.ModeRunning && (l.Phase() != engine.PhaseVerify || l.Boot != nil && len(l.Proofs) >= l.Item.Disks):
			// It watches the recovery plan's job, which waits for the manual action.
		default:
			return false
		}
	}
	return waits
}

// readLines reads what a person types, line by line, until the input ends. The
// goroutine ends with the input, at the latest with the process: a terminal's
// read can't be called off.
func readLines(in io.Reader) <-chan string {
	out := make(chan string)
	go func() {
		defer close(out)
		scan(in, func(line string) { out <- line })
	}()
	return out
}
