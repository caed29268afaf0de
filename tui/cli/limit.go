package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"failback/engine"
)

func (a *app) limitCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "limit RUN RATE",
		Short: "Change what a failback without Site Recovery reads its disks with: a rate, rates by hours, or off",
		Long: `Change what the disks of a run without Site Recovery are read with, all of them
together, from any terminal on the machine that drives it. RATE is written as for
start --limit: 20MiB/s, or by hours 08:00-18:00=5MB/s,50MB/s; off takes the limit
away. Whoever drives the run takes it within a second, otherwise it is kept for the
resume. It holds for the rest of the run and stands in its events.

A single copy is limited with failback disk limit, Site Recovery's agent on its host.`,
		Args: takes(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.limit(cmd.Context(), args[0], strings.TrimSpace(args[1]))
		},
	}
}

func (a *app) limit(ctx context.Context, typed, rate string) error {
	if _, err := engine.ReadLimit(rate); err != nil || rate == "" {
		if err == nil {
			return engine.Usagef(engine.WriteLimit+", or "+engine.NoLimit, "the limit is empty")
		}
		return engine.Usagef(engine.WriteLimit+", or "+engine.NoLimit, "the limit: %v", err)
	}
	store, st, err := a.runAsItStands(typed)
	switch {
	case err != nil:
		return err
	case st.Plan.Direct == nil:
		return engine.Refuse("change the limit", string(st.Run), "its data is moved by Site Recovery's agent, not by this program", "a single copy is limited with failback disk limit TARGET RATE")
	case !st.Resumable():
		return engine.Refuse("change the limit", string(st.Run), "every leg of it has ended", "nothing is left to be read")
	}
	by := whoami()
	if err := store.Limit(st.Run, by, rate); err != nil {
		return err
	}
	if !store.Live(st.Run) {
		a.say("kept: nobody drives run %s now, the limit is taken over by  %s", st.Run, a.command("resume", string(st.Run)))
		return nil
	}
	changed := engine.LimitChanged{By: by, Limit: rate}
	return a.awaitTaken(ctx, store, st, "change the limit", func(e engine.Event) bool {
		b, ok := e.Body.(engine.LimitChanged)
		return ok && b == changed
	}, st.Sentence(engine.Event{Body: changed}))
}
