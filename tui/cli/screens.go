package cli

import (
	"cmp"
	"context"
	"errors"
	"io"
	"time"

	"failback/config"
	"failback/engine"
	"failback/engine/estimate"
	"failback/engine/runs"
	"failback/tui"
)

// screens runs the terminal program, at a rehearsal or at its home screen.
func (a *app) screens(ctx context.Context, rehearsal bool) error {
	store, err := a.store()
	if err != nil {
		return err
	}
	file, o, err := a.configured(rehearsal)
	if err != nil {
		return err
	}
	switch {
	case rehearsal || a.flags.lab:
		o.Start = tui.StartRehearsal
	case a.flags.profile != "":
		if _, err := file.Profile(a.flags.profile); err != nil {
			return err
		}
		o.Start = tui.StartProfile(a.flags.profile)
	}
	result, err := tui.Run(ctx, a.screenDeps(store, file), o, a.deps.Streams.In, a.terminal)
	return a.screensLeft(result, err)
}

// screensLeft is how the command ends after the screens. A terminal that stands still
// is told nothing more: the words would keep the program from its end.
func (a *app) screensLeft(result tui.Result, err error) error {
	if errors.Is(err, tui.ErrStandsStill) {
		a.log.failed(err)
		a.deps.Streams.Err = io.Discard
		return cmp.Or(screensEnded(result), err)
	}
	if err != nil {
		return err
	}
	return screensEnded(result)
}

// configured reads the configuration and what it says of the screens. A rehearsal
// needs none, so a broken one does not stop it: it is told and left out.
func (a *app) configured(rehearsal bool) (config.File, tui.Options, error) {
	file, err := a.configuration()
	if err == nil {
		var o tui.Options
		if o, err = a.appearance(file); err == nil {
			return file, o, nil
		}
	}
	if !rehearsal {
		return file, tui.Options{}, err
	}
	a.say("The configuration is left out, a rehearsal needs none: %s", err)
	o, err := a.appearance(config.File{})
	return config.File{}, o, err
}

// screensEnded is how the command ends after the terminal was given back.
func screensEnded(r tui.Result) error {
	switch {
	case r.Run != "" && (r.Detached || r.Outcome != engine.OutcomeNone):
		e := &ended{state: r.State, interrupted: r.Interrupted && r.Detached}
		if e.status() == exitDone {
			return nil
		}
		return e
	case r.Interrupted:
		return errInterrupted
	}
	return nil
}

// screenDeps gives the screens what the commands use, too.
func (a *app) screenDeps(store *runs.Store, file config.File) tui.Deps {
	d := tui.Deps{
		ConfigFile: cmp.Or(file.Path, config.Path(a.flags.config)), Command: a.command,
		Version: a.deps.Build.Version, User: whoami(), Runs: store, Certificate: a.deps.Certificate,
		Vaults: func(ctx context.Context, profile string, person engine.Person) ([]engine.Vault, error) {
			t, err := a.profileTarget(profile)
			if err != nil {
				return nil, err
			}
			t.Person = person
			return a.vaults(ctx, t)
		},
		Open: func(ctx context.Context, profile, vault string, person engine.Person) (*engine.Connection, error) {
			s, err := a.openProfile(ctx, profile, vault, person)
			if err != nil {
				return nil, err
			}
			a.sets.Store(s.conn, s.rules)
			return s.conn, nil
		},
		Start: func(ctx context.Context, c *engine.Connection, p engine.Plan, cert *engine.Certificate) (runs.Handle, error) {
			s := &session{conn: c, store: store, who: whoami(), build: a.deps.Build, cert: cert, rules: a.rulesOf(c)}
			return s.manager().Start(context.WithoutCancel(ctx), p)
		},
		Resume: a.resumeForScreens,
		Check: func(ctx context.Context, c *engine.Connection, p engine.Plan, emit func(string, engine.Finding)) error {
			ports, err := c.PortsFor(p)
			if err != nil {
				return err
			}
			return a.rulesOf(c).All(ctx, ports, p, emit)
		},
		ForecastPlan: func(ctx context.Context, c *engine.Connection, p engine.Plan) (engine.ForecastMade, error) {
			return estimate.Plan(ctx, c, p, store.Past(), time.Now())
		},
		Forecast: forecast(store), JobOwners: store.JobOwners,
		Report: func(_ context.Context, id engine.RunID) (string, error) {
			return fileReport(store, id)
		},
	}
	for _, name := range file.Names() {
		p := tui.Profile{Name: name, Vault: a.flags.vault}
		if of := file.Profiles[name]; p.Vault == "" && of.NamesVault() {
			p.Vault = of.Vault
		}
		d.Profiles = append(d.Profiles, p)
	}
	return d
}

// openProfile opens a profile with the vault of that name, or the lab with "".
func (a *app) openProfile(ctx context.Context, profile, vault string, person engine.Person) (*session, error) {
	if profile != "" {
		t, err := a.profileTarget(profile)
		if err != nil {
			return nil, err
		}
		t.Person = person
		t.AskNow = true
		if vault == "" {
			vault = a.flags.vault
		}
		return a.connectToVault(ctx, t, vault)
	}
	dir, err := a.stateDir()
	if err != nil {
		return nil, err
	}
	lab := a.labAt(dir)
	lab.Notice = nil // a line would tear the screen
	return a.connectToVault(ctx, Target{Lab: lab}, "")
}

// resumeForScreens takes a run over with a connection of its own, which is
// closed when the run is let go of.
func (a *app) resumeForScreens(ctx context.Context, id engine.RunID, person engine.Person) (runs.Handle, error) {
	s, _, err := a.reopen(ctx, string(id), person)
	if err != nil {
		return nil, err
	}
	h, err := s.manager().Resume(context.WithoutCancel(ctx), id)
	if err != nil {
		s.close(a)
		return nil, err
	}
	go func() {
		<-h.Done()
		s.close(a)
	}()
	return h, nil
}

// forecast measures what can be measured, learns from the runs on this machine and
// predicts both options.
func forecast(store *runs.Store) func(context.Context, *engine.Connection, []engine.Item) (estimate.Forecasts, error) {
	return func(ctx context.Context, c *engine.Connection, items []engine.Item) (estimate.Forecasts, error) {
		return estimate.Make(ctx, c, estimate.Asked{Items: items, Past: store.Past(), Now: time.Now()}), nil
	}
}
