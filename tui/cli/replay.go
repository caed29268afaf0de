package cli

import (
	"context"
	"math"
	"strconv"
	"time"

	"github.com/spf13/cobra"

	"failback/engine"
	"failback/tui"
	"failback/tui/plain"
	"failback/tui/replay"
)

// atOnce is the speed at which nothing is waited for.
const atOnce = 0

func (a *app) replayCommand() *cobra.Command {
	var speed string
	cmd := &cobra.Command{
		Use:   "replay RUN",
		Short: "Play a recorded run again, as it went",
		Long: `Play a recorded run again: the screens as they were, with a bar to pause and to go
through it by time, by event and by step. Without a terminal, or with --plain or
another --output, its events at the same pace. Nothing is decided and nothing is
asked of Azure or a host: the run's journal is all that is read.`,
		Args: takes(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			pace, err := speedOf(speed)
			if err != nil {
				return err
			}
			store, id, err := a.findRun(args[0])
			if err != nil {
				return err
			}
			events, err := store.Events(id)
			if err != nil {
				return err
			}
			p, err := replay.New(events)
			if err != nil {
				return err
			}
			if !a.interactive() {
				return tellAgain(cmd.Context(), a.printer(), events, pace)
			}
			return a.replayOnScreen(cmd.Context(), p, pace)
		},
	}
	cmd.Flags().StringVar(&speed, "speed", strconv.Itoa(replay.DefaultSpeed), "`N` times as fast as it was, from 1; 0 or max: without waiting")
	return cmd
}

func speedOf(typed string) (float64, error) {
	if typed == "max" {
		return atOnce, nil
	}
	n, err := strconv.ParseFloat(typed, 64)
	if err != nil || math.IsNaN(n) || math.IsInf(n, 0) || n != atOnce && n < 1 {
		return 0, engine.Usagef("write a number from 1, such as 60, or max", "--speed %q is no speed", typed)
	}
	return n, nil
}

// replayOnScreen plays a run on the screens; without waiting it stands at its end.
func (a *app) replayOnScreen(ctx context.Context, p *replay.Player, pace float64) error {
	store, err := a.store()
	if err != nil {
		return err
	}
	file, o, err := a.configured(true)
	if err != nil {
		return err
	}
	if pace == atOnce {
		p.Last()
	} else {
		p.SetSpeed(pace)
	}
	o.Start = tui.StartReplay(p)
	result, err := tui.Run(ctx, a.screenDeps(store, file), o, a.deps.Streams.In, a.terminal)
	return a.screensLeft(result, err)
}

// silence is how long nothing may be printed before what goes on is said again.
const silence = 10 * time.Second

// tellAgain prints events as far apart as they were, over the pace.
func tellAgain(ctx context.Context, printer plain.Printer, events []engine.Event, pace float64) error {
	last := events[0].Time
	for _, e := range events {
		if pace != atOnce && e.Time.After(last) {
			if err := between(ctx, printer, last, e.Time, pace); err != nil {
				return err
			}
			last = e.Time
		}
		if ctx.Err() != nil {
			return errInterrupted
		}
		if err := printer.Event(e); err != nil {
			return err
		}
	}
	return printer.Close()
}

// between waits for as long as two moments of the run lie apart, and breaks the
// silence with how things stood.
func between(ctx context.Context, printer plain.Printer, from, to time.Time, pace float64) error {
	step := time.Duration(min(float64(silence)*pace, float64(math.MaxInt64/2))) // of the run, in one silence
	for at := from; at.Before(to); {
		next := to
		if to.Sub(at) > step {
			next = at.Add(step)
		}
		t := time.NewTimer(time.Duration(float64(next.Sub(at)) / pace))
		select {
		case <-t.C:
		case <-ctx.Done():
			t.Stop()
			return errInterrupted
		}
		at = next
		if at.Before(to) {
			if err := printer.Tick(at); err != nil {
				return err
			}
		}
	}
	return nil
}
