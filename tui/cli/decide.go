package cli

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"failback/engine"
	"failback/engine/runs"
)

type decideOptions struct {
	run, gate, item, reason string

	lookedBy, saw string // at the commit gate
}

func (a *app) decideCommand() *cobra.Command {
	var o decideOptions
	cmd := &cobra.Command{
		Use:   "decide RUN {commit-failover | complete | commit | reprotect | manual-action}",
		Short: "Approve an open gate of a run, from another terminal or before a resume",
		Long: `Approve an open gate of a run. A process that drives the run takes the answer at
once; otherwise it is kept and used when the run is resumed.

complete   stops the Azure VM and switches ("Complete failover")
commit     accepts and deletes the Azure copy ("Commit")
reprotect  replicates to Azure again ("Reverse replicate")

A recovery plan's own job is answered once for all its items. While it waits for a
manual action, manual-action says that it is done; --reason goes with it.`,
		Args: takes(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.run, o.gate = args[0], args[1]
			if g := engine.Gate(o.gate); g != engine.GateManual && !slices.Contains(engine.AllGates, g) {
				return engine.Usagef("write commit-failover, complete, commit, reprotect or manual-action", "%q is no gate", o.gate)
			}
			if (o.saw != "" || o.lookedBy != "") && o.gate != string(engine.GateCommit) {
				return engine.Usagef("leave it out, or record a look with failback look", "--saw and --looked-by go with commit, where the machine is looked at")
			}
			return a.decide(cmd.Context(), o)
		},
	}
	cmd.Flags().StringVar(&o.item, "item", "", "`NAME` of the item, where several wait")
	cmd.Flags().StringVar(&o.reason, "reason", "", "why, for the evidence")
	cmd.Flags().StringVar(&o.saw, "saw", "", "at commit: what was seen when somebody looked at the machine")
	cmd.Flags().StringVar(&o.lookedBy, "looked-by", "", "at commit: `NAME` of who looked, where it was not who types")
	return cmd
}

func (a *app) decide(ctx context.Context, o decideOptions) error {
	store, st, err := a.runAsItStands(o.run)
	if err != nil {
		return err
	}
	g := engine.Gate(o.gate)
	l, err := waitingLeg(st, g, o.item)
	if err != nil {
		return err
	}
	d := engine.Decision{Gate: g, By: whoami()}
	if o.saw != "" || o.lookedBy != "" {
		d.LookedBy, d.Saw = lookedBy(o.lookedBy), strings.TrimSpace(o.saw)
	}
	if o.reason == "" && (l.Gate == nil || l.Gate.NeedsReason) {
		o.reason = d.Saw // what was seen is the reason then
	}
	d.Reason = o.reason
	if l.Gate != nil && l.Gate.Action != nil {
		d.For = l.Gate.Action.Name
	}
	if err := named(l, o.reason); err != nil {
		return err
	}
	d.Override = o.reason != "" && d.Gate == engine.GateComplete && !st.Plan.Window.Contains(time.Now())
	if (l.Gate == nil || l.Gate.NeedsReason) && o.reason == "" {
		return engine.Usagef("look at the machine, and say with --reason why it is well", "%s is not proven: this answer needs a reason", l.Item.Name)
	}
	if err := undecided(store, st, l, d); err != nil {
		return err
	}
	if err := store.Decide(st.Run, l.Item.Name, d); err != nil {
		return err
	}
	if !store.Live(st.Run) {
		a.say("kept: nobody drives run %s now, the answer is used by  %s", st.Run, a.command("resume", string(st.Run)))
		return nil
	}
	return a.awaitDecision(ctx, store, st, l.Item.Name, d.Gate)
}

// named wants every machine in the reason that nothing has shown to be well.
func named(l *engine.Leg, reason string) error {
	if l.Gate == nil {
		return nil
	}
	for _, name := range l.Gate.Unverified {
		if !strings.Contains(strings.ToLower(reason), strings.ToLower(name)) {
			return engine.Usagef("say with --reason why each of "+strings.Join(l.Gate.Unverified, ", ")+" counts all the same, by its name", "nothing has shown that %s is well", name)
		}
	}
	return nil
}

// undecided refuses an answer that would be of no use: a second one, and one that
// comes after the window without saying why it counts all the same.
func undecided(store *runs.Store, st engine.State, l *engine.Leg, d engine.Decision) error {
	end := st.Plan.Window.End
	if d.Gate == engine.GateComplete && d.Reason == "" && !end.IsZero() && time.Now().After(end) {
		return engine.Usagef("say with --reason why it may happen outside the window", "the plan's window ended at %s", end.Format(time.RFC3339))
	}
	if old, ok := store.Pending(st.Run, l.Item.Name, d.Gate); ok && (old.Reason != "" || d.Reason == "") {
		return engine.Refuse("decide", string(st.Run), old.By+" has approved "+string(d.Gate)+" of "+l.Item.Name+" already, and the answer is not used yet",
			"failback resume "+string(st.Run)+" uses it, where nobody drives the run")
	}
	return nil
}

// waitingLeg finds the leg an answer is for.
func waitingLeg(st engine.State, g engine.Gate, item string) (*engine.Leg, error) {
	var waiting []*engine.Leg
	for _, l := range st.Legs {
		if answerable(l, g) && (item == "" || strings.EqualFold(item, l.Item.Name)) {
			waiting = append(waiting, l)
		}
	}
	switch {
	case len(waiting) == 1, len(waiting) > 1 && st.Plan.Shared(g):
		return waiting[0], nil
	case len(waiting) == 0:
		return nil, noSuchGate(st, g, item)
	}
	names := make([]string, len(waiting))
	for i, l := range waiting {
		names[i] = l.Item.Name
	}
	return nil, engine.Usagef("name one with --item", "%d items wait at %s: %s", len(names), g, quoteAll(names))
}

// answerable reports whether the leg waits at the gate, or stopped before it
// because only a person may say that a boot without proof is well.
func answerable(l *engine.Leg, g engine.Gate) bool {
	if l.Gate != nil {
		return l.Gate.Gate == g
	}
	return g == engine.GateCommit && l.Mode == engine.ModeFailed && l.Failure != nil && l.Failure.Kind == engine.FailureBoot &&
		l.Phase() == engine.PhaseVerify
}

func noSuchGate(st engine.State, g engine.Gate, item string) error {
	if item != "" && !slices.ContainsFunc(st.Legs, func(l *engine.Leg) bool { return strings.EqualFold(l.Item.Name, item) }) {
		return engine.Usagef("failback show "+string(st.Run)+" lists its items", "run %s has no item %q", st.Run, item)
	}
	if st.Ended() && !st.Resumable() {
		return engine.Refuse("decide", string(st.Run), "the run has ended: "+string(st.Outcome), "failback show "+string(st.Run)+" tells how")
	}
	now := "no gate is open"
	if w := st.Waiting(); len(w) > 0 {
		open := make([]string, len(w))
		for i, name := range w {
			open[i] = name + " waits at " + string(st.Leg(name).Gate.Gate)
		}
		now = quoteAll(open)
	}
	return engine.Refuse("decide", string(st.Run), "gate "+string(g)+" is not open; "+now, "wait until it opens, or answer the one that is")
}

// answerTime is how long a driver may take to read an answer.
const answerTime = 15 * time.Second

// awaitDecision waits until the driver has taken or refused the answer.
func (a *app) awaitDecision(ctx context.Context, store *runs.Store, st engine.State, item string, g engine.Gate) error {
	return a.awaitTaken(ctx, store, st, "decide", func(e engine.Event) bool {
		b, ok := e.Body.(engine.DecisionMade)
		return ok && e.Item == item && b.Gate == g
	}, fmt.Sprintf("%s: %s: taken by the driver of run %s", item, g, st.Run))
}
