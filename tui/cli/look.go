package cli

import (
	"context"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"failback/engine"
	"failback/engine/runs"
)

type lookOptions struct {
	run, item, by, saw string
}

func (a *app) lookCommand() *cobra.Command {
	var o lookOptions
	cmd := &cobra.Command{
		Use:   "look RUN --saw TEXT",
		Short: "Record that somebody has looked at the on-premises VM, and what they saw",
		Long: `Record with a name that somebody has looked at the on-premises VM of a run, and
what they saw. It decides nothing, and a look that speaks against the machine is
worth as much as one for it: both stand in the events, in show and in the report.
Whoever drives the run takes it at once, otherwise it is kept for the resume.`,
		Args: takes(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.run = args[0]
			if strings.TrimSpace(o.saw) == "" {
				return engine.Usagef(`say it with --saw "logged on, SQL answers"`, "--saw is missing: what was seen")
			}
			return a.lookAt(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.item, "item", "", "`NAME` of the item, where the run has several")
	cmd.Flags().StringVar(&o.saw, "saw", "", "what was seen, for the evidence")
	cmd.Flags().StringVar(&o.by, "by", "", "`NAME` of who looked, where it was not who types")
	return cmd
}

func (a *app) lookAt(ctx context.Context, o lookOptions) error {
	store, st, err := a.runAsItStands(o.run)
	if err != nil {
		return err
	}
	l, err := lookedLeg(st, o.item)
	if err != nil {
		return err
	}
	by := lookedBy(o.by)
	if err := store.Look(st.Run, l.Item.Name, by, strings.TrimSpace(o.saw)); err != nil {
		return err
	}
	if !store.Live(st.Run) {
		a.say("kept: nobody drives run %s now, the look is recorded by  %s", st.Run, a.command("resume", string(st.Run)))
		return nil
	}
	return a.awaitTaken(ctx, store, st, "look", func(e engine.Event) bool {
		b, ok := e.Body.(engine.MachineLooked)
		return ok && e.Item == l.Item.Name && b.By == by
	}, l.Item.Name+": the look is recorded")
}

// lookedBy is who looked: the name that was given, with who says so.
func lookedBy(name string) string {
	if name = strings.TrimSpace(name); name != "" {
		return name + " (told by " + whoami() + ")"
	}
	return whoami()
}

// lookedLeg is the leg whose machine was looked at.
func lookedLeg(st engine.State, item string) (*engine.Leg, error) {
	if item == "" && len(st.Legs) == 1 {
		item = st.Legs[0].Item.Name
	}
	for _, l := range st.Legs {
		if !strings.EqualFold(l.Item.Name, item) || item == "" {
			continue
		}
		if l.Direction != engine.ToOnPremises || l.Phases[engine.PhaseStartOnPremises].Started.IsZero() || l.Mode == engine.ModeEnded {
			return nil, engine.Refuse("record a look", string(st.Run), "there is no on-premises VM of this run to look at", "wait until it was started")
		}
		return l, nil
	}
	if item == "" {
		return nil, engine.Usagef("name it with --item", "the run has %d items", len(st.Legs))
	}
	return nil, engine.Usagef("failback show "+string(st.Run)+" lists its items", "run %s has no item %q", st.Run, item)
}

// awaitTaken waits until the driver of a run has taken or refused what was left for it.
func (a *app) awaitTaken(ctx context.Context, store *runs.Store, st engine.State, what string, taken func(engine.Event) bool, said string) error {
	ctx, done := context.WithTimeout(ctx, answerTime)
	defer done()
	tick := time.NewTicker(beat / 4)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
		case <-ctx.Done():
			a.say("left for the driver of run %s, which has not taken it yet", st.Run)
			return nil
		}
		events, err := store.Events(st.Run)
		if err != nil {
			return err
		}
		for _, e := range events[min(int(st.Seq), len(events)):] {
			if taken(e) {
				a.say("%s", said)
				return nil
			}
			if b, noted := e.Body.(engine.Noted); noted && e.Item == "" && b.Level == "warn" {
				return engine.Refuse(what, string(st.Run), b.Text, "failback show "+string(st.Run)+" tells how it stands")
			}
		}
	}
}
