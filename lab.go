package main

import (
	"context"
	"errors"
	"path/filepath"
	"slices"

	"failback/engine"
	"failback/providers/connect"
	"failback/providers/lab"
	"failback/providers/lab/estate"
	"failback/tui/cli"
)

// options says which lab is meant. An estate that can't be read is wrong use. A
// file is named by its whole path, so that a run of it can be resumed from
// another folder.
func options(l cli.Lab) (lab.Options, error) {
	if l.Estate != "" && !slices.Contains(lab.Estates(), l.Estate) {
		if path, err := filepath.Abs(l.Estate); err == nil {
			l.Estate = path
		}
	}
	if _, err := estate.Load(l.Estate); err != nil {
		f := engine.Usagef("name a built-in estate or correct the file", "%s", err)
		f.Err = err
		return lab.Options{}, f
	}
	return lab.Options{StateDir: l.StateDir, Estate: l.Estate, Seed: l.Seed}, nil
}

// openLab opens the lab as a vault: the same providers, other addresses.
func openLab(ctx context.Context, l cli.Lab) (*engine.Connection, error) {
	o, err := options(l)
	if err != nil {
		return nil, err
	}
	// The lab lives as long as the connection, also while an interrupted
	// program lets go of its run.
	conn, err := connect.Lab(context.WithoutCancel(ctx), o)
	if err != nil {
		return nil, labFailure(o, err)
	}
	if o.Estate != "" {
		conn.Name = o.Estate // a run is resumed by it, from whatever folder
	}
	if err := tellOutdated(l, o); err != nil {
		return nil, errors.Join(err, conn.Close())
	}
	return conn, nil
}

// labFailure says what to do about a lab that can't be served.
func labFailure(o lab.Options, err error) error {
	return &engine.Failure{Kind: engine.FailureOther, What: "open the lab", Where: o.StateDir, Why: err.Error(), Err: err,
		Remedy: "make room in the state directory or name another one with --state-dir; failback lab reset begins a broken lab afresh"}
}

// tellOutdated says that a lab goes on as it was made, where its estate's file or
// the seed that is asked for says something else by now.
func tellOutdated(l cli.Lab, o lab.Options) error {
	if l.Notice == nil || (l.Estate == "" && l.Seed == 0) {
		return nil
	}
	old, err := lab.Outdated(o)
	if old {
		l.Notice("the lab goes on as it was made: its estate or seed was another one then; failback lab reset, with the same flags, begins it afresh")
	}
	return err
}

func serveLab(ctx context.Context, l cli.Lab, ready func(cli.Served) error) error {
	o, err := options(l)
	if err != nil {
		return err
	}
	if err := tellOutdated(l, o); err != nil {
		return err
	}
	return inUse("serve the lab", o, lab.Serve(ctx, o, func(e lab.Endpoints) error {
		s := cli.Served{
			Management: e.Management, Storage: e.Storage, Token: e.Token, CA: e.CA,
			Subscription: e.Subscription, ResourceGroup: e.ResourceGroup, Vault: e.Vault,
		}
		for _, h := range e.Hosts {
			s.Hosts = append(s.Hosts, cli.ServedHost{Name: h.Name, WinRM: h.WinRM})
		}
		return ready(s)
	}))
}

func resetLab(ctx context.Context, l cli.Lab) error {
	o, err := options(l)
	if err != nil {
		return err
	}
	return inUse("begin the lab afresh", o, lab.Reset(ctx, o))
}

// inUse says what to do about a lab that another process uses.
func inUse(what string, o lab.Options, err error) error {
	if err == nil {
		return nil
	}
	return &engine.Failure{Kind: engine.FailureOther, What: what, Where: o.StateDir, Why: err.Error(), Err: err,
		Remedy: "end what uses it, or name another state directory with --state-dir"}
}
