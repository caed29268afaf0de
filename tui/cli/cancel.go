package cli

import (
	"bufio"
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"failback/engine"
	"failback/engine/runs"
)

type cancelOptions struct {
	run, item, reason string
	yes               bool
}

func (a *app) cancelCommand() *cobra.Command {
	var o cancelOptions
	cmd := &cobra.Command{
		Use:   "cancel RUN",
		Short: "Cancel a run's jobs; during a synchronisation of Site Recovery this damages the on-premises VM",
		Long: `Cancel the jobs of a run. Site Recovery writes in place: a cancel while data is
synchronised leaves the on-premises VM damaged, not to be started, until a failback
runs to its end. After the switch there is nothing left that a cancel could undo.
It ends with exit status 5.

A failback without Site Recovery (--direct) damages nothing: its files and snapshots
are removed. Where such a run has failed, what it brought stays for the next failback
of the item; named here it is listed and, once that is confirmed, removed. A disk that
a VM has is never removed. That ends with exit status 0, or 1 where something stays.`,
		Args: takes(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.run = args[0]
			return a.cancel(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.item, "item", "", "`NAME` of one item; without it every item")
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, for the evidence")
	cmd.Flags().BoolVar(&o.yes, "yes", false, "do not ask")
	return cmd
}

func (a *app) cancel(ctx context.Context, o cancelOptions) error {
	store, st, err := a.runAsItStands(o.run)
	if err != nil {
		return err
	}
	items, err := a.cancellable(st, o.item)
	if jobs := st.FailedDirect(o.item); err != nil && len(jobs) > 0 {
		return a.clearLeft(ctx, st, jobs, o)
	}
	if err != nil {
		return err
	}
	if err := a.confirmCancel(st, items, o.yes); err != nil {
		return err
	}
	if store.Live(st.Run) {
		if err := store.RequestCancel(st.Run, o.item, whoami(), o.reason); err != nil {
			return err
		}
		a.say("asked the driver of run %s to cancel", st.Run)
		if over, err := a.awaitCancel(ctx, store, st.Run, items); over || err != nil {
			return err
		}
	}
	return a.cancelHere(ctx, o)
}

// cancellable lists the items a cancel would stop, and says what it would leave.
func (a *app) cancellable(st engine.State, item string) ([]string, error) {
	if err := st.CancelAlone(item); err != nil {
		return nil, err
	}
	var items []string
	for _, l := range st.Legs {
		if item != "" && !strings.EqualFold(item, l.Item.Name) {
			continue
		}
		ok, damages := l.CanCancel()
		if !ok {
			continue
		}
		items = append(items, l.Item.Name)
		if damages {
			a.say("%s: its on-premises VM will be DAMAGED: it must not be started until a failback has run to its end", l.Item.Name)
		}
	}
	if len(items) > 0 {
		return items, nil
	}
	if item != "" && st.Leg(item) == nil {
		return nil, engine.Usagef("failback show "+string(st.Run)+" lists its items", "run %s has no item %q", st.Run, item)
	}
	return nil, engine.Refuse("cancel", string(st.Run), "nothing of it can be cancelled: the switch has been made, or it has ended", "failback show "+string(st.Run)+" tells how it stands")
}

// confirmCancel lets a person type the name of what they stop.
func (a *app) confirmCancel(st engine.State, items []string, yes bool) error {
	if yes {
		return nil
	}
	if !a.deps.Streams.InTerminal {
		return engine.Usagef("add --yes", "a cancel needs a confirmation and there is no terminal to ask")
	}
	want := string(st.Run)
	if len(items) == 1 {
		want = items[0]
	}
	a.say("Type  %s  to cancel.", want)
	line, err := bufio.NewReader(a.deps.Streams.In).ReadString('\n')
	if strings.TrimSpace(line) == want {
		return nil
	}
	if err != nil {
		return errInterrupted
	}
	return engine.Usagef("type it exactly as shown", "not confirmed, nothing is cancelled")
}

// awaitCancel waits for the driver's result. It reports false where the driver
// went away before it had cancelled.
func (a *app) awaitCancel(ctx context.Context, store *runs.Store, id engine.RunID, items []string) (bool, error) {
	tick := time.NewTicker(beat / 4)
	defer tick.Stop()
	for {
		live := store.Live(id)
		st, err := store.State(id)
		if err != nil {
			return true, err
		}
		open := false
		for _, name := range items {
			l := st.Leg(name)
			if ok, _ := l.CanCancel(); !ok && l.Cancel == nil {
				return true, engine.Refuse("cancel", name, "the switch was made before the cancel arrived", "failback show "+string(id)+" tells how it stands")
			}
			open = open || l.Outcome == engine.OutcomeNone
		}
		switch {
		case !open:
			st.Outcome = engine.OutcomeCancelled // of the items that were asked for
			return true, &ended{state: st}
		case !live:
			return false, nil
		}
		select {
		case <-tick.C:
		case <-ctx.Done():
			a.say("the driver of run %s goes on cancelling", id)
			return true, errInterrupted
		}
	}
}

// cancelHere takes the run over and cancels it from here.
func (a *app) cancelHere(ctx context.Context, o cancelOptions) error {
	s, id, err := a.reopen(ctx, o.run, a.person())
	if err != nil {
		return err
	}
	defer s.close(a)
	// The cancel comes before anything else: no policy may switch in between.
	h, err := s.manager().Cancel(context.WithoutCancel(ctx), id, o.item, s.who, o.reason)
	if err != nil {
		return err
	}
	return a.follow(ctx, s, h)
}
