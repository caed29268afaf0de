package cli

import (
	"bufio"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"failback/config"
	"failback/engine"
)

func (a *app) secretCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "secret",
		Short: "Keep a profile's secret in this machine's keyring, or forget it",
		Args:  cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			return engine.Usagef("write failback secret set, or failback secret forget", "what should be done with the secret?")
		},
	}
	c.AddCommand(
		&cobra.Command{
			Use:   "set",
			Short: "Ask for the profile's secret, without showing it, and keep it in the keyring",
			Long: `Ask for the secret that the profile signs in with, without showing it, and keep
it in the keyring of this user on this machine: the client secret of auth:
client-secret, or the certificate's password of auth: client-certificate. Without
a terminal it is the first line of standard input. It is never a flag.`,
			Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return a.setSecret(cmd.Context())
			},
		},
		&cobra.Command{
			Use:   "forget",
			Short: "Take the profile's secret out of the keyring",
			Args:  cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				p, err := a.secretProfile()
				if err != nil {
					return err
				}
				if err := p.ForgetSecret(); err != nil {
					return err
				}
				a.say("the keyring holds no %s any more", p.SecretName())
				return nil
			},
		},
	)
	return c
}

// secretProfile is the profile that the shared flags name.
func (a *app) secretProfile() (config.Profile, error) {
	if a.flags.lab {
		return config.Profile{}, engine.Usagef("leave --lab out", "the lab has no secret")
	}
	t, err := a.profileTarget(a.flags.profile)
	if err != nil {
		return config.Profile{}, err
	}
	return *t.Profile, nil
}

func (a *app) setSecret(ctx context.Context) error {
	p, err := a.secretProfile()
	if err != nil {
		return err
	}
	secret := ""
	if what := p.SecretName(); what != "" { // else storing it says why not
		if secret, err = a.readSecret(ctx, what); err != nil {
			return err
		}
	}
	if err := p.StoreSecret(secret); err != nil {
		return err
	}
	a.say("the %s is kept in this machine's keyring", p.SecretName())
	return nil
}

func (a *app) readSecret(ctx context.Context, what string) (string, error) {
	if ask := a.person().Secret; ask != nil {
		secret, err := ask(ctx, what)
		if err == nil && secret == "" {
			err = engine.Usagef("type or paste it, then press enter", "no secret was typed")
		}
		return secret, err
	}
	in := bufio.NewScanner(a.deps.Streams.In)
	in.Buffer(nil, longestLine)
	in.Scan()
	secret := strings.TrimRight(in.Text(), "\r\n")
	if err := in.Err(); err != nil || secret == "" {
		return "", engine.Usagef("give it as the first line of standard input, or run this on a terminal", "standard input holds no secret")
	}
	return secret, nil
}
