package cli

import (
	"context"
	"slices"

	"github.com/spf13/cobra"

	"failback/engine"
)

func (a *app) rehearseCommand() *cobra.Command {
	return &cobra.Command{
		Use:   "rehearse",
		Short: "Rehearse a failback in the embedded lab; needs no configuration",
		Long: `Rehearse a failback in the embedded lab: the same program, the same wire, and
nothing real at stake. Without a terminal it plays one failback in plain text,
with its gates answered by policy.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.flags.profile != "" {
				return engine.Usagef("leave --profile out", "a rehearsal happens in the lab, never against a profile")
			}
			a.flags.lab = true
			if a.interactive() {
				return a.screens(cmd.Context(), true)
			}
			return a.rehearsePlain(cmd.Context())
		},
	}
}

// interactive reports whether the terminal program can run.
func (a *app) interactive() bool {
	return a.deps.Streams.InTerminal && a.deps.Streams.OutTerminal && !a.flags.plain && a.flags.output == outputText
}

// rehearsePlain plays the default rehearsal: the first item that may fail back
// now, delta, to its original location.
func (a *app) rehearsePlain(ctx context.Context) error {
	s, o, err := a.rehearsal(ctx)
	if err != nil {
		return err
	}
	defer s.close(a)
	if a.deps.Streams.InTerminal {
		a.say("Rehearsal in the lab: nothing real is at stake.")
	} else {
		o.approve = []string{"all"}
		a.say("Rehearsal in the lab: nothing real is at stake. There is no terminal to ask, so the gates are answered by policy.")
	}
	p, err := o.plan(ctx, s)
	if err != nil {
		return err
	}
	return a.startPlan(ctx, s, p)
}

// rehearsal opens the lab and chooses what to play. A lab that was played to its
// end begins afresh: a rehearsal always has something to rehearse.
func (a *app) rehearsal(ctx context.Context) (*session, *planOptions, error) {
	s, err := a.connect(ctx)
	if err != nil {
		return nil, nil, err
	}
	o, err := firstReady(ctx, s)
	if err != nil || o != nil {
		return s, o, err
	}
	s.close(a)
	a.say("The lab has been played to its end; it begins afresh, as with  failback lab reset.")
	lab, err := a.theLab()
	if err != nil {
		return nil, nil, err
	}
	if err := a.deps.ResetLab(ctx, lab); err != nil {
		return nil, nil, err
	}
	if s, err = a.connect(ctx); err != nil {
		return nil, nil, err
	}
	if o, err = firstReady(ctx, s); err == nil && o == nil {
		err = engine.Refuse("rehearse", s.conn.Name, "the estate has no item that may fail back", "choose another one with --estate")
	}
	if err != nil {
		s.close(a)
		return nil, nil, err
	}
	return s, o, nil
}

// firstReady chooses the first item that may fail back now: a plain one of a
// Hyper-V site where there is one; nil where there is none at all.
func firstReady(ctx context.Context, s *session) (*planOptions, error) {
	items, err := s.items(ctx)
	if err != nil {
		return nil, err
	}
	ready := slices.DeleteFunc(items, func(it engine.Item) bool { return !it.Ready(engine.ToOnPremises).Ready })
	if len(ready) == 0 {
		return nil, nil
	}
	i := max(0, slices.IndexFunc(ready, func(it engine.Item) bool { return it.Damaged == nil && it.Kind == engine.KindHyperVSite }))
	return &planOptions{
		items: []string{ready[i].Name}, direction: string(engine.ToOnPremises),
		sync: string(engine.SyncDelta), to: original, reason: "rehearsal",
	}, nil
}
