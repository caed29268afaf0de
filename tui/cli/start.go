package cli

import (
	"context"
	"errors"
	"io/fs"
	"os"

	"github.com/spf13/cobra"

	"failback/config"
	"failback/engine"
)

func (a *app) startCommand() *cobra.Command {
	var o planOptions
	cmd := &cobra.Command{
		Use:   "start {--item NAME | --recovery-plan NAME | --file plan.yaml} --sync {delta | full}",
		Short: "Start a run and follow it, without the terminal program",
		Long: `Start a run and print its events. At a gate that policy may not answer it asks,
where a person sits at the terminal; without one it detaches with exit status 8
and says how to decide and go on. Leaving it (Ctrl-C) cancels nothing in Azure.`,
		Args: takes(0),
		RunE: func(cmd *cobra.Command, _ []string) error {
			if err := a.planFile(cmd, &o); err != nil {
				return err
			}
			if err := o.checkDirect(cmd.Flags().Changed); err != nil {
				return err
			}
			if err := o.check(); err != nil {
				return err
			}
			if _, err := o.gates(); err != nil {
				return err
			}
			if err := o.prove.read(a.deps.ScriptSum); err != nil {
				return err
			}
			return a.start(cmd.Context(), &o)
		},
	}
	o.registerStart(cmd)
	return cmd
}

// planFile reads --file into the options, and into the shared flags where these
// do not say what to connect to.
func (a *app) planFile(cmd *cobra.Command, o *planOptions) error {
	if o.file == "" {
		return nil
	}
	p, err := config.ReadPlan(o.file)
	if err != nil {
		return err
	}
	o.fromFile(cmd, p)
	if !a.flags.lab && a.flags.profile == "" {
		a.flags.lab, a.flags.profile, a.flags.estate = p.Lab, p.Profile, p.Estate
	}
	return nil
}

func (a *app) start(ctx context.Context, o *planOptions) error {
	cert, err := a.certificate(ctx, o.certificate)
	if err != nil {
		return err
	}
	s, err := a.connect(ctx)
	if err != nil {
		return err
	}
	defer s.close(a)
	if o.direction == string(engine.ToAzure) {
		s.cert = cert
	}
	p, err := o.plan(ctx, s)
	if err != nil {
		return err
	}
	p.CertificateThumbprint = cert.Thumbprint()
	o.sayNotices(a)
	a.sayDirect(p)
	for _, x := range p.Skipped {
		a.say("%s stays behind: %s", x.Name, x.Reason)
	}
	return a.startPlan(ctx, s, p)
}

// startPlan begins a run and follows it to its end.
func (a *app) startPlan(ctx context.Context, s *session, p engine.Plan) error {
	// The run outlives an interrupt by the moment it takes to detach in order.
	h, err := s.manager().Start(context.WithoutCancel(ctx), p)
	if err != nil {
		return err
	}
	a.say("run %s", h.ID())
	return a.follow(ctx, s, h)
}

// passwordVariable holds a certificate's password where no terminal can ask.
const passwordVariable = "FAILBACK_CERTIFICATE_PASSWORD"

// certificate reads the certificate file into memory; nil for no path. The password
// is asked without echo and kept nowhere.
func (a *app) certificate(ctx context.Context, path string) (*engine.Certificate, error) {
	if path == "" {
		return nil, nil
	}
	if _, err := os.Stat(path); err != nil {
		return nil, badCertificate(path, err)
	}
	password, given := os.LookupEnv(passwordVariable)
	if !given {
		if a.deps.Streams.Secret == nil {
			return nil, engine.Usagef("set "+passwordVariable, "there is no terminal to ask for the certificate's password")
		}
		var err error
		if password, err = a.deps.Streams.Secret(ctx, "Password of "+path+": "); err != nil {
			return nil, err
		}
	}
	cert, err := a.deps.Certificate(path, password)
	if err != nil {
		return nil, badCertificate(path, err)
	}
	return cert, nil
}

func badCertificate(path string, err error) error {
	why := err.Error()
	var file *fs.PathError
	if errors.As(err, &file) {
		why = file.Err.Error()
	}
	return &engine.Failure{Kind: engine.FailureUsage, What: "read the certificate", Where: path, Why: why,
		Remedy: "name with --certificate the PFX that was made when the Provider was set up, and give its password", Err: err}
}
