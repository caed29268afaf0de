package cli

import (
	"context"

	"github.com/spf13/cobra"

	"failback/engine"
	"failback/engine/runs"
)

func (a *app) resumeCommand() *cobra.Command {
	var certificate string
	cmd := &cobra.Command{
		Use:   "resume RUN",
		Short: "Go on with a run that nobody drives",
		Long: `Go on with a run that nobody drives any more. RUN is its id, a unique beginning
of it, or "last". It looks before it acts: nothing that was done is done again.

A certificate is kept nowhere: a run that still has to send one asks for its file
again, with --certificate.`,
		Args: takes(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return a.resume(cmd.Context(), args[0], certificate)
		},
	}
	cmd.Flags().StringVar(&certificate, "certificate", "", "PFX `FILE` that the run's plan names")
	return cmd
}

func (a *app) resume(ctx context.Context, typed, certificate string) error {
	cert, err := a.certificate(ctx, certificate)
	if err != nil {
		return err
	}
	s, id, err := a.reopen(ctx, typed, a.person())
	if err != nil {
		return err
	}
	defer s.close(a)
	s.cert = cert
	h, err := s.manager().Resume(context.WithoutCancel(ctx), id)
	if err != nil {
		return err
	}
	return a.follow(ctx, s, h)
}

// reopen connects to what a run was started against.
func (a *app) reopen(ctx context.Context, typed string, person engine.Person) (*session, engine.RunID, error) {
	store, id, err := a.findRun(typed)
	if err != nil {
		return nil, "", err
	}
	t, err := a.targetOf(store, id)
	if err != nil {
		return nil, "", err
	}
	t.Person = person
	t.AskNow = true
	st, err := store.State(id)
	if err != nil {
		return nil, "", err
	}
	vault := a.flags.vault
	if vault == "" && t.Profile != nil && !t.Profile.NamesVault() {
		vault = st.Plan.Vault // the run knows which one it was started against
	}
	s, err := a.connectToVault(ctx, t, vault)
	return s, id, err
}

// targetOf is the profile or the lab of a run's plan. The shared flags may name
// another file or profile, where what the plan names has moved.
func (a *app) targetOf(store *runs.Store, id engine.RunID) (Target, error) {
	st, err := store.State(id)
	if err != nil {
		return Target{}, err
	}
	if !st.Plan.Rehearsal {
		name := a.flags.profile
		if name == "" {
			name = st.Plan.Profile
		}
		if a.flags.lab {
			return Target{}, engine.Usagef("leave --lab out", "run %s is no rehearsal: it belongs to profile %s", id, st.Plan.Profile)
		}
		return a.profileTarget(name)
	}
	if a.flags.profile != "" {
		return Target{}, engine.Usagef("leave --profile out", "run %s is a rehearsal in the lab", id)
	}
	dir, err := a.stateDir()
	if err != nil {
		return Target{}, err
	}
	lab := a.labAt(dir)
	lab.Notice = nil // a run goes on in the world it began in
	if lab.Estate == "" {
		lab.Estate = st.Plan.Profile
	}
	return Target{Lab: lab}, nil
}
