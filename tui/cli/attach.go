package cli

import (
	"context"
	"time"

	"github.com/spf13/cobra"

	"failback/engine"
	"failback/engine/runs"
)

func (a *app) attachCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "attach RUN",
		Short: "Watch a run that another process drives",
		Args:  takes(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			store, id, err := a.findRun(args[0])
			if err != nil {
				return err
			}
			return a.watch(cmd.Context(), store, id)
		},
	}
}

// watch prints a run from its journal until nobody drives it any more.
func (a *app) watch(ctx context.Context, store *runs.Store, id engine.RunID) error {
	var state engine.State
	printer := a.printer()
	tick := time.NewTicker(beat)
	defer tick.Stop()
	for {
		// Asked before reading: what the driver wrote last is then not missed.
		live := store.Live(id)
		events, err := store.Events(id)
		if err != nil {
			return err
		}
		for _, e := range events[min(int(state.Seq), len(events)):] {
			if err := printer.Event(e); err != nil {
				return err
			}
			if state, err = state.Apply(e); err != nil {
				return err
			}
		}
		if !live {
			if err := printer.Close(); err != nil {
				return err
			}
			if end := (&ended{state: state}); end.status() != exitDone {
				return end
			}
			return nil
		}
		select {
		case now := <-tick.C:
			if err := printer.Tick(now); err != nil {
				return err
			}
		case <-ctx.Done():
			return errInterrupted
		}
	}
}
