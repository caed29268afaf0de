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
		Args: takes(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if a.flags.profile != "" {
				return engine.Usagef("leave --profile out", "a rehearsal happens in the lab, never against a profile")
			}
			a.flags.lab = true
			if a.interactive() {
				return a.screens(cmd.Context(), true)
			}
			if a.deps.Streams.InTerminal && a.flags.output == outputText {
				a.say("%s", a.whyLines())
				return a.lineRehearsal(cmd.Context())
			}
			return a.rehearsePlain(cmd.Context())
		},
	}
}

// interactive reports whether the terminal program can run.
func (a *app) interactive() bool {
	return a.deps.Streams.InTerminal && a.deps.Streams.OutTerminal && a.deps.Streams.LinesOnly == "" && !a.flags.plain && a.flags.output == outputText
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
	if err := a.unfinished(s); err != nil {
		return nil, nil, err
	}
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

// unfinished refuses to begin a lab afresh while a run in it can go on: its
// world would be taken from under it.
func (a *app) unfinished(s *session) error {
	all, err := s.store.List()
	if err != nil {
		return err
	}
	for _, r := range all {
		if r.Rehearsal && r.Profile == s.conn.Name && r.Outcome != engine.OutcomeBlocked && (r.Live || r.Resumable) {
			return engine.Refuse("rehearse", s.conn.Name, "nothing else in it may fail back, and run "+string(r.ID)+" of "+r.Item+" is not finished",
				"go on with it: "+a.command("resume", string(r.ID))+"; or give it up and begin afresh: "+a.command("lab", "reset"))
		}
	}
	return nil
}

// firstReady chooses the first item that may fail back now and that preflight
// lets pass: a plain one of a Hyper-V site where there is one. Nil where there
// is none at all.
func firstReady(ctx context.Context, s *session) (*planOptions, error) {
	items, err := s.items(ctx)
	if err != nil {
		return nil, err
	}
	ready := slices.DeleteFunc(items, func(it engine.Item) bool { return !it.Ready(engine.ToOnPremises).Ready })
	slices.SortStableFunc(ready, func(a, b engine.Item) int { return oddity(a) - oddity(b) })
	for _, it := range ready {
		o := &planOptions{
			items: []string{it.Name}, direction: string(engine.ToOnPremises),
			sync: string(engine.SyncDelta), to: original, reason: "rehearsal",
		}
		p, err := o.plan(ctx, s)
		if err != nil {
			return nil, err
		}
		if _, stopped, err := checkAll(ctx, s, p); err != nil || len(stopped) == 0 {
			return o, err
		}
	}
	return nil, nil
}

// oddity ranks items for a first rehearsal: a VM that is damaged or that VMM
// manages is a lesson of its own, and managed disks can't be compared byte for
// byte yet.
func oddity(it engine.Item) int {
	n := 0
	if it.Kind != engine.KindHyperVSite {
		n++
	}
	if slices.ContainsFunc(it.Disks, func(d engine.Disk) bool { return d.Managed }) {
		n++
	}
	if it.Damaged != nil {
		n += 2
	}
	return n
}
