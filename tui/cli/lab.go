package cli

import (
	"encoding/json"

	"github.com/spf13/cobra"

	"failback/engine"
)

func (a *app) labCommand() *cobra.Command {
	lab := &cobra.Command{
		Use:   "lab",
		Short: "Serve the embedded lab, or begin it afresh",
		Args:  subcommand,
		RunE: func(*cobra.Command, []string) error {
			return engine.Usagef("write failback lab serve, or failback lab reset", "what should the lab do?")
		},
	}
	lab.AddCommand(
		a.labServeCommand(),
		&cobra.Command{
			Use:   "reset",
			Short: "Forget what was played in the lab and begin afresh",
			Args:  takes(0),
			RunE: func(cmd *cobra.Command, _ []string) error {
				l, err := a.theLab()
				if err != nil {
					return err
				}
				if err := a.deps.ResetLab(cmd.Context(), l); err != nil {
					return err
				}
				a.say("the lab begins afresh")
				return nil
			},
		},
	)
	return lab
}

func (a *app) labServeCommand() *cobra.Command {
	var tls bool
	cmd := &cobra.Command{
		Use:   "serve",
		Short: "Serve the lab on loopback for any Site Recovery client, until interrupted",
		Args:  takes(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			l, err := a.theLab()
			if err != nil {
				return err
			}
			l.TLS = tls
			return a.deps.ServeLab(cmd.Context(), l, a.serving)
		},
	}
	cmd.Flags().BoolVar(&tls, "tls", false, "serve over HTTPS, with an authority made for the state directory")
	return cmd
}

// theLab is the lab that the shared flags name; a profile is a contradiction.
func (a *app) theLab() (Lab, error) {
	if a.flags.profile != "" {
		return Lab{}, engine.Usagef("leave --profile out", "the lab is no profile")
	}
	dir, err := a.stateDir()
	return a.labAt(dir), err
}

// serving prints the line that clients and tests wait for.
func (a *app) serving(s Served) error {
	if err := json.NewEncoder(a.deps.Streams.Out).Encode(s); err != nil {
		return err
	}
	a.say("the lab listens on %s; press Ctrl-C to end it", s.Management)
	return nil
}
