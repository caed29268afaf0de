package cli

import (
	"context"
	"strings"

	"github.com/spf13/cobra"

	"failback/engine"
	"failback/engine/runs"
)

// jobAct is what is asked to be done to a job, and the consent to it.
type jobAct struct {
	job     string
	offer   func(engine.Job) (engine.JobOffer, error)
	comment string
	// confirm and damage are what a person would type at the question, for
	// scripts. Damage has a word of its own: a consent given for a harmless cancel
	// is none to a damaging one.
	confirm, damage string
}

func offering(v engine.JobVerb) func(engine.Job) (engine.JobOffer, error) {
	return func(j engine.Job) (engine.JobOffer, error) { return j.Offer(v) }
}

func (o *jobAct) register(cmd *cobra.Command) {
	cmd.Flags().StringVar(&o.confirm, "confirm", "", "do not ask: `NAME` is what would be typed, the job's item or recovery plan")
}

func (a *app) jobCancelCommand() *cobra.Command {
	o := jobAct{offer: offering(engine.VerbCancel)}
	cmd := a.jobActCommand(&o, "cancel JOB", "Cancel a job; during a synchronisation this damages the on-premises VM",
		`Cancel a job that offers it. What that leaves behind is said first, and the name of
the job's item or recovery plan has to be typed; --confirm NAME answers for scripts.
Where on-premises disks are being written, a script needs --accept-damage NAME
instead: the machine stays damaged, not to be started, until a failback has run to its
end. A job of an unfinished run of this machine is cancelled with: failback cancel RUN`)
	cmd.Flags().StringVar(&o.damage, "accept-damage", "", "do not ask, and accept that the on-premises VM of `NAME` is left damaged")
	return cmd
}

func (a *app) jobRestartCommand() *cobra.Command {
	o := jobAct{offer: offering(engine.VerbRestart)}
	return a.jobActCommand(&o, "restart JOB", "Restart a failed job that offers it", `Begin a failed job again, under the same name. Few jobs offer that: most operations
that failed are started anew.`)
}

func (a *app) jobResumeCommand() *cobra.Command {
	o := jobAct{offer: engine.Job.Resumption}
	cmd := a.jobActCommand(&o, "resume JOB", "Let a waiting job go on: complete a failover, or confirm a manual action",
		`Resume a job for the one thing that it waits for. After a data synchronisation that
is Complete failover: the Azure VM is shut down. In a recovery plan it may be a manual
action. The two are asked for by other names, so that a consent to one is none to the
other: the item's or recovery plan's name for the first, the action's for the second.
A test failover is never resumed. The comment is kept with the job.`)
	cmd.Flags().StringVar(&o.comment, "comment", "", "`TEXT` that the service keeps with the job")
	return cmd
}

func (a *app) jobActCommand(o *jobAct, use, short, long string) *cobra.Command {
	cmd := &cobra.Command{
		Use: use, Short: short, Long: long, Args: takes(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			o.job = args[0]
			return a.actOnJob(cmd.Context(), *o)
		},
	}
	o.register(cmd)
	return cmd
}

func (a *app) actOnJob(ctx context.Context, o jobAct) error {
	s, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close(a)
	j, err := findJob(ctx, s, o.job)
	if err != nil {
		return err
	}
	offer, err := o.offer(j)
	if err != nil {
		return err
	}
	owners, err := s.store.JobOwners()
	if err != nil {
		return err
	}
	if r, ok := owners[j.Name]; ok && r.Open {
		return engine.Refuse(strings.ToLower(offer.Title), j.TargetName+", job "+j.Name,
			"it belongs to run "+string(r.Run)+", whose journal has to hold what is decided", a.throughRun(offer.Verb, r))
	}
	if offer.Comment && strings.TrimSpace(o.comment) == "" {
		return engine.Usagef("add --comment TEXT", "%s [%s] of %s is kept with a comment", offer.Title, offer.Portal, offer.Subject)
	}
	if err := a.consent(offer, o); err != nil {
		return err
	}
	if err := s.conn.Act(ctx, j.Name, offer, o.comment, runs.NewRequestID()); err != nil {
		return err
	}
	a.say("%s: accepted. Watch it with:  %s", offer.Title, a.reaching("jobs", "show", j.Name))
	return nil
}

// throughRun is the command that does it so that the run knows.
func (a *app) throughRun(v engine.JobVerb, r runs.JobOwner) string {
	run := string(r.Run)
	switch v {
	case engine.VerbCancel:
		return a.command("cancel", run, "--item", shellWord(r.Item))
	case engine.VerbComplete:
		return a.command("decide", run, string(engine.GateComplete), "--item", shellWord(r.Item))
	case engine.VerbRestart, engine.VerbConfirm:
	}
	return a.command("resume", run)
}

// consent says what would happen and has the subject's name typed.
func (a *app) consent(offer engine.JobOffer, o jobAct) error {
	a.say("%s [%s] of %s:", offer.Title, offer.Portal, offer.Subject)
	for _, c := range offer.Consequences {
		a.say("  - %s", c)
	}
	given, flag := o.confirm, "--confirm"
	if offer.Damages {
		given, flag = o.damage, "--accept-damage"
	} else if given == "" {
		given = o.damage // who accepts the worse accepts this
	}
	switch {
	case given == offer.Subject:
		return nil
	case given != "":
		return engine.Usagef("give "+flag+" "+shellWord(offer.Subject), "%s names %q; nothing was done", flag, given)
	case offer.Damages && o.confirm != "":
		return engine.Usagef("say "+flag+" "+shellWord(offer.Subject)+" if that is meant", "--confirm is no consent to damage; nothing was done")
	case !a.deps.Streams.InTerminal:
		return engine.Usagef("add "+flag+" "+shellWord(offer.Subject), "it needs a confirmation and there is no terminal to ask; nothing was done")
	}
	return a.typed(false, offer.Subject, "do it")
}
