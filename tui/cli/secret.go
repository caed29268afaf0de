package cli

import (
	"bufio"
	"context"
	"strings"

	"github.com/spf13/cobra"

	"failback/config"
	"failback/engine"
)

// secretChoice is which secret is meant: the profile's own, or that of a host.
type secretChoice struct {
	profile config.Profile
	host    string
}

func (a *app) secretCommand() *cobra.Command {
	var host string
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
client-secret, or the certificate's password of auth: client-certificate. With
--host it is the password of the sign-in at a Hyper-V host: one for all hosts of
the profile that name the same account of a domain. Without a terminal it is the
first line of standard input. It is never a flag.`,
			Args: cobra.NoArgs,
			RunE: func(cmd *cobra.Command, _ []string) error {
				return a.setSecret(cmd.Context(), host)
			},
		},
		&cobra.Command{
			Use:   "forget",
			Short: "Take the profile's secret out of the keyring",
			Args:  cobra.NoArgs,
			RunE: func(*cobra.Command, []string) error {
				s, err := a.secretOf(host)
				if err != nil {
					return err
				}
				if err := s.forget(); err != nil {
					return err
				}
				a.say("the keyring holds no %s any more", s.name())
				return nil
			},
		},
	)
	c.PersistentFlags().StringVar(&host, "host", "", "the Hyper-V host of the profile whose sign-in is meant")
	return c
}

// secretOf finds the secret in the profile that the shared flags name.
func (a *app) secretOf(host string) (secretChoice, error) {
	if a.flags.lab {
		return secretChoice{}, engine.Usagef("leave --lab out", "the lab has no secret")
	}
	t, err := a.profileTarget(a.flags.profile)
	if err != nil {
		return secretChoice{}, err
	}
	if _, known := t.Profile.Hosts[host]; host != "" && !known {
		return secretChoice{}, engine.Usagef("name one that stands below hosts in the profile", "profile %s has no host %s", t.Profile.Name, host)
	}
	return secretChoice{*t.Profile, host}, nil
}

// name is empty where there is no use for a secret.
func (s secretChoice) name() string {
	if s.host != "" {
		return s.profile.HostSecretName(s.host)
	}
	return s.profile.SecretName()
}

func (s secretChoice) store(secret string) error {
	if s.host != "" {
		return s.profile.StoreHostSecret(s.host, secret)
	}
	return s.profile.StoreSecret(secret)
}

func (s secretChoice) forget() error {
	if s.host != "" {
		return s.profile.ForgetHostSecret(s.host)
	}
	return s.profile.ForgetSecret()
}

func (a *app) setSecret(ctx context.Context, host string) error {
	s, err := a.secretOf(host)
	if err != nil {
		return err
	}
	secret := ""
	if what := s.name(); what != "" { // else storing it says why not
		if secret, err = a.readSecret(ctx, what); err != nil {
			return err
		}
	}
	if err := s.store(secret); err != nil {
		return err
	}
	a.say("the %s is kept in this machine's keyring", s.name())
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
