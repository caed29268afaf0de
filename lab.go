package main

import (
	"context"
	"errors"
	"path/filepath"
	"slices"
	"time"

	"failback/engine"
	"failback/providers/azure"
	"failback/providers/connect"
	"failback/providers/hyperv"
	"failback/providers/lab"
	"failback/providers/lab/estate"
	"failback/tui/cli"
)

// A lab's time may run faster than the wall's: it is looked at as often in its
// own time as a vault in ours, but not more than a few times a second.
const (
	labPoll     = 10 * time.Second
	labPollLow  = 250 * time.Millisecond
	labPollHigh = 2 * time.Second
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
	open, err := lab.Open(context.WithoutCancel(ctx), o)
	if err != nil {
		return nil, err
	}
	at := open.Endpoints()
	name := o.Estate
	if name == "" {
		name = open.Estate()
	}
	hosts := make(map[string]hyperv.Endpoint, len(at.Hosts))
	for _, h := range at.Hosts {
		hosts[h.Name] = hyperv.Endpoint{
			URL: h.WinRM, User: open.WinRMUser(),
			Password: func(context.Context) (string, error) { return at.Token, nil },
		}
	}
	conn, err := connect.Open(ctx, connect.Options{
		Name: name, Rehearsal: true, Poll: pollAt(open.Speed()), Hosts: hosts,
		Azure: azure.Options{
			Cloud: azure.Cloud{ResourceManager: at.Management, Storage: at.Storage},
			Auth:  azure.AuthLoopback, Token: at.Token, Subscription: at.Subscription,
		},
		ResourceGroup: at.ResourceGroup, Vault: at.Vault,
	})
	if err != nil {
		return nil, errors.Join(err, open.Close())
	}
	closeConn := conn.Close
	conn.Close = func() error { return errors.Join(closeConn(), open.Close()) }
	return conn, nil
}

func pollAt(speed float64) time.Duration {
	return min(labPollHigh, max(labPollLow, time.Duration(float64(labPoll)/max(1, speed))))
}

func serveLab(ctx context.Context, l cli.Lab, ready func(cli.Served) error) error {
	o, err := options(l)
	if err != nil {
		return err
	}
	return lab.Serve(ctx, o, func(e lab.Endpoints) error {
		s := cli.Served{
			Management: e.Management, Storage: e.Storage, Token: e.Token, CA: e.CA,
			Subscription: e.Subscription, ResourceGroup: e.ResourceGroup, Vault: e.Vault,
		}
		for _, h := range e.Hosts {
			s.Hosts = append(s.Hosts, cli.ServedHost{Name: h.Name, WinRM: h.WinRM})
		}
		return ready(s)
	})
}

func resetLab(ctx context.Context, l cli.Lab) error {
	o, err := options(l)
	if err != nil {
		return err
	}
	return lab.Reset(ctx, o)
}
